//! Adds up what the hooks tell, and keeps it: the messages of a transaction, and for each of them a tree of functions.
//!
//! Guarantees that no tick is lost or told twice: what the functions of a call burnt is what the call burnt, without its
//! nested calls. A call's ticks are split where the counter is read: when a function begins, when it returns, and when the
//! call ends; what was charged in between belongs to the function that stood innermost. Metering charges a run of operators
//! ahead, and small functions with their caller, so a function may pay for a little of what it calls.
//!
//! Bounded: [`CALLS_MAX`] messages and [`FUNCTIONS_MAX`] places of the tree. What comes after belongs to the last place that
//! is known, and [`Trace::truncated`] says so.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes};
use florin_abi::Status;

use crate::receipt::Event;
use crate::vm::frame::Message;

/// Messages of one trace.
pub const CALLS_MAX: usize = 10_000;

/// Places in the trees of functions of one trace.
pub const FUNCTIONS_MAX: usize = 100_000;

/// What a transaction, or a simulated call, did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The messages, each behind the one that sent it.
    pub calls: Vec<CallRecord>,
    /// The trees of functions of all messages; what a function is called from stands before it.
    pub functions: Vec<FunctionRecord>,
    /// Whether there was more than a trace holds.
    pub truncated: bool,
}

/// One message, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The message that sent it, by its place in [`Trace::calls`]; none if it is the transaction's own.
    pub parent: Option<usize>,
    /// The place in [`Trace::functions`] from which it was sent.
    pub sent_from: Option<usize>,
    /// The place in [`Trace::functions`] of the call itself.
    pub root: usize,
    /// What was asked, by whom and on what terms.
    pub message: Message,
    /// The hash of the code that ran; none if no code ran.
    pub code: Option<B256>,
    /// The ticks that it was given.
    pub ticks_given: u64,
    /// What it burnt, nested calls included.
    pub ticks_used: u64,
    /// What became of it.
    pub status: Status,
    /// Return data or revert data.
    pub output: Bytes,
    /// The events that it emitted itself. They stand if it and all that sent it succeeded.
    pub events: Vec<Event>,
    /// Where it stood when it failed, the innermost function first. Empty if it did not fail in running code.
    pub backtrace: Vec<Site>,
}

/// A function, or the call itself, as it was reached by one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRecord {
    /// What called it, by its place in [`Trace::functions`]; none if it is the call itself.
    pub parent: Option<usize>,
    /// The message, by its place in [`Trace::calls`].
    pub call: usize,
    /// What it is.
    pub function: Function,
    /// How often it was entered.
    pub count: u64,
    /// What it burnt itself, without what it called.
    pub ticks: u64,
}

/// What can burn ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// The call before its first function: making the instance.
    Call,
    /// A function of the module, by its index.
    Code(u32),
    /// A host function, by its name in the import table.
    Host(&'static str),
}

/// A place in running code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function.
    pub function: Function,
    /// Where in it: an offset from the beginning of the code section of the uploaded module, as debug information counts.
    /// Of the innermost function the operator that stopped, of the others the call.
    pub offset: Option<u32>,
}

/// Makes a [`Trace`].
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    trace: Trace,
    /// The messages in progress, the innermost last.
    open: Vec<OpenCall>,
    /// The places of the trees by what they are called from.
    known: BTreeMap<(usize, Function), usize>,
}

#[derive(Debug)]
struct OpenCall {
    /// Its place; none if there was no room for it.
    place: Option<usize>,
    given: u64,
    /// The last reading of its counter, less what nested calls will have taken from it.
    ticks_left: u64,
    /// The functions in progress, the innermost last; the first one is the call itself.
    stack: Vec<OpenFunction>,
}

#[derive(Clone, Copy, Debug)]
struct OpenFunction {
    place: usize,
    offset: Option<u32>,
}

impl Recorder {
    /// Returns what was recorded.
    pub(crate) fn finish(self) -> Trace {
        self.trace
    }

    /// Notes that a message is sent.
    pub(crate) fn begin(&mut self, message: &Message, ticks: u64) {
        // The counter holds no more.
        let ticks = ticks.min(i64::MAX.unsigned_abs());
        let above = self.open.last();
        let (parent, sent_from) = match above {
            Some(above) => (above.place, above.stack.last().map(|function| function.place)),
            None => (None, None),
        };
        let room = self.trace.calls.len() < CALLS_MAX && self.trace.functions.len() < FUNCTIONS_MAX;
        let known = room && (above.is_none() || parent.is_some());
        self.trace.truncated |= !known;
        let (mut place, mut stack) = (None, Vec::new());
        if known {
            let (call, root) = (self.trace.calls.len(), self.trace.functions.len());
            let function = FunctionRecord { parent: None, call, function: Function::Call, count: 1, ticks: 0 };
            self.trace.functions.push(function);
            self.trace.calls.push(CallRecord {
                parent,
                sent_from,
                root,
                message: message.clone(),
                code: None,
                ticks_given: ticks,
                ticks_used: 0,
                status: Status::Internal,
                output: Bytes::new(),
                events: Vec::new(),
                backtrace: Vec::new(),
            });
            stack.push(OpenFunction { place: root, offset: None });
            place = Some(call);
        }
        self.open.push(OpenCall { place, given: ticks, ticks_left: ticks, stack });
    }

    /// Notes which code runs.
    pub(crate) fn code(&mut self, hash: B256) {
        if let Some(call) = self.call() {
            call.code = Some(hash);
        }
    }

    /// Notes that a function begins; `offset` is where its caller stands.
    pub(crate) fn enter(&mut self, function: Function, offset: Option<u32>, ticks: u64) {
        self.read(ticks);
        let Some(open) = self.open.last_mut() else { return };
        let Some(caller) = open.stack.last_mut() else { return };
        caller.offset = offset.or(caller.offset);
        let (caller, full) = (caller.place, self.trace.functions.len() >= FUNCTIONS_MAX);
        let place = match (self.known.get(&(caller, function)), open.place) {
            (Some(place), _) => *place,
            (None, Some(call)) if !full => {
                let place = self.trace.functions.len();
                self.trace.functions.push(FunctionRecord { parent: Some(caller), call, function, count: 0, ticks: 0 });
                self.known.insert((caller, function), place);
                place
            }
            _ => {
                self.trace.truncated = true;
                caller
            }
        };
        if let Some(record) = self.trace.functions.get_mut(place) {
            record.count = record.count.saturating_add(1);
        }
        open.stack.push(OpenFunction { place, offset: None });
    }

    /// Notes that the innermost function returned.
    pub(crate) fn exit(&mut self, ticks: u64) {
        self.read(ticks);
        if let Some(open) = self.open.last_mut().filter(|open| open.stack.len() > 1) {
            open.stack.pop();
        }
    }

    /// Notes where the code stood when the call ended.
    pub(crate) fn stopped(&mut self, offset: Option<u32>) {
        let Self { trace, open, .. } = self;
        let Some(open) = open.last_mut() else { return };
        let is_code = |function: &&mut OpenFunction| {
            let record = trace.functions.get(function.place);
            record.is_some_and(|record| matches!(record.function, Function::Code(_)))
        };
        if let Some(function) = open.stack.iter_mut().rev().find(is_code) {
            function.offset = offset;
        }
    }

    /// Notes an event.
    pub(crate) fn event(&mut self, event: &Event) {
        if let Some(call) = self.call() {
            call.events.push(event.clone());
        }
    }

    /// Notes that the innermost message was answered.
    pub(crate) fn end(&mut self, status: Status, ticks_used: u64, output: &Bytes) {
        let left = self.open.last().map_or(0, |open| open.given.saturating_sub(ticks_used));
        self.read(left);
        let Some(ended) = self.open.pop() else { return };
        let backtrace = if status.is_success() { Vec::new() } else { self.backtrace(&ended) };
        if let Some(call) = ended.place.and_then(|place| self.trace.calls.get_mut(place)) {
            (call.status, call.ticks_used, call.output, call.backtrace) =
                (status, ticks_used, output.clone(), backtrace);
        }
        let Some(above) = self.open.last_mut() else { return };
        above.ticks_left = above.ticks_left.saturating_sub(ticks_used);
        // What has no place of its own belongs to whoever sent it.
        if ended.place.is_none()
            && let Some(function) = above.stack.last()
            && let Some(record) = self.trace.functions.get_mut(function.place)
        {
            record.ticks = record.ticks.saturating_add(ticks_used);
        }
    }

    /// Reads the counter: what it lost since the last time belongs to the innermost function.
    fn read(&mut self, ticks: u64) {
        let Some(open) = self.open.last_mut() else { return };
        let burnt = open.ticks_left.saturating_sub(ticks);
        open.ticks_left = open.ticks_left.min(ticks);
        let innermost = open.stack.last().and_then(|function| self.trace.functions.get_mut(function.place));
        if let Some(record) = innermost {
            record.ticks = record.ticks.saturating_add(burnt);
        }
    }

    fn backtrace(&self, ended: &OpenCall) -> Vec<Site> {
        let site = |function: &OpenFunction| {
            let record = self.trace.functions.get(function.place)?;
            (record.function != Function::Call).then_some(Site { function: record.function, offset: function.offset })
        };
        ended.stack.iter().rev().filter_map(site).collect()
    }

    fn call(&mut self) -> Option<&mut CallRecord> {
        let place = self.open.last()?.place?;
        self.trace.calls.get_mut(place)
    }
}
