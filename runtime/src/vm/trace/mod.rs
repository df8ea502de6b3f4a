//! Tracing: who called whom, what each function burnt, and where a call stopped. For authors; no part of consensus.
//!
//! Guarantees that a traced run and an untraced one are the same run: the same result, effects, ticks and stack units,
//! because the hooks stand beside the metered code and no hook is counted. A machine reports functions only if it was made by
//! [`Vm::traced`](super::Vm::traced); a session is observed only if it was told to. Otherwise a host function costs one
//! comparison more, and nothing else is there.
//!
//! ```text
//! metered bytes --rewrite--> traced bytes --engine--> enter, exit --recorder--> Trace
//! ```
//! - `rewrite` adds to the metered bytes: hooks that tell which function begins and ends with how many ticks left, and a global
//!   that holds the place of the last operator that could stop the code. Every engine runs them alike, so the stack of a trap
//!   needs nothing of an engine.
//! - `recorder` adds up what the hooks tell.
//!
//! A trace holds indices and offsets of the module as it was uploaded. Names and lines are a reader's business.

mod recorder;
mod rewrite;

pub(crate) use recorder::Recorder;
pub use recorder::{CALLS_MAX, CallRecord, FUNCTIONS_MAX, Function, FunctionRecord, Site, Trace};

use super::frame::Frame;
use super::instrument::{self, INSTRUMENTATION_ID};
use super::memory::{Abort, Guest};
use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// The module of the hooks. The upload check refuses imports of it, as of every module but the one of the import table.
pub(super) const HOOKS: &str = "florin:trace";

/// The hook at a function's beginning: its index, the caller's place, the ticks left.
pub(super) const ENTER: &str = "enter";

/// The hook at a function's end: the ticks left.
pub(super) const EXIT: &str = "exit";

/// The export that holds the place of the last operator that could stop the code.
pub(super) const PLACE_EXPORT: &str = "florin:place";

/// The name of hooked code in cache keys.
const HOOKED_ID: &str = "florin/instrumentation/traced/1";

/// Whether a machine tells of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tracing {
    /// It runs metered code.
    Off,
    /// It runs metered code with hooks.
    Functions,
}

impl Tracing {
    /// Meters a module, and adds hooks if there are to be any.
    pub(super) fn instrument(self, code: &[u8], prices: &OperatorPrices) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Off => instrument::instrument(code, prices),
            Self::Functions => {
                let (metered, places) = instrument::instrument_with_places(code, prices)?;
                rewrite::add_hooks(&metered, &places)
            }
        }
    }

    /// Returns the name of what [`Tracing::instrument`] writes in cache keys.
    pub(super) const fn instrumentation(self) -> &'static str {
        match self {
            Self::Off => INSTRUMENTATION_ID,
            Self::Functions => HOOKED_ID,
        }
    }
}

/// Tells the frame's recorder that a function begins.
pub(super) fn enter(frame: &mut Frame, function: u32, place: u32, ticks: i64) {
    frame.session.observe(|recorder| recorder.enter(Function::Code(function), Some(place), unsigned(ticks)));
}

/// Tells the frame's recorder that a function returned.
pub(super) fn exit(frame: &mut Frame, ticks: i64) {
    frame.session.observe(|recorder| recorder.exit(unsigned(ticks)));
}

/// Tells the frame's recorder where the code stood when it stopped.
pub(super) fn stopped(frame: &mut Frame, place: Option<i32>) {
    frame.session.observe(|recorder| recorder.stopped(place.map(i32::cast_unsigned)));
}

/// Runs a host function, observed if the session is. One that does not return stays on the stack of its call.
pub(super) fn host<R>(
    name: &'static str,
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    function: impl FnOnce(&mut Guest<'_>, &mut Frame) -> Result<R, Abort>,
) -> Result<R, Abort> {
    frame.session.observe(|recorder| recorder.enter(Function::Host(name), None, guest.ticks_left()));
    let result = function(guest, frame);
    if result.is_ok() {
        frame.session.observe(|recorder| recorder.exit(guest.ticks_left()));
    }
    result
}

/// A counter below zero has nothing left.
fn unsigned(ticks: i64) -> u64 {
    u64::try_from(ticks).unwrap_or(0)
}
