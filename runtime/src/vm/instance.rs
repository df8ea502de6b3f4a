//! One call: a fresh instance, its ticks before and after, and what its ending means, whatever engine runs it.
//!
//! Guarantees that the status and the ticks of a call follow from the metered bytes alone: a call that ends below zero
//! ticks, however it ends, is out of gas and burnt all that it was given; any other call burnt exactly what the counter
//! says, on a trap as on success. A host function that panics ends its call with `Internal` and no more.
//!
//! ```text
//! host failed                         -> Fault
//! native stack ended before the logical -> Fault
//! ticks < 0                           -> Trapped(OutOfGas)
//! unreachable, stack < 0              -> Trapped(StackLimit)
//! trap                                -> Trapped(its status)
//! finish | revert | return            -> Finished | Reverted | Finished
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};

use florin_abi::Status;

use super::memory::Abort;
use super::{Exit, RunOutcome};
use crate::fault::Fault;

/// How an instance stopped, in the words of no engine.
#[derive(Debug)]
pub(super) enum Ending {
    /// The entry returned.
    Returned,
    /// A host function ended the call.
    Aborted(Abort),
    /// The code trapped.
    Trapped(Status),
    /// The engine's own stack ended before the logical one.
    NativeStack,
}

/// What an engine reports of a call.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ending: Ending,
    /// The tick counter, as it was left.
    pub(super) ticks_left: i64,
    /// The stack counter, as it was left.
    pub(super) stack_left: i32,
}

impl Ran {
    /// Reports a call that could not begin.
    pub(super) fn not_at_all(fault: Fault, ticks: i64) -> Self {
        Self { ending: Ending::Aborted(Abort::Fault(fault)), ticks_left: ticks, stack_left: 0 }
    }

    /// Tells what became of a call that was given so many ticks.
    pub(super) fn settle(self, given: u64) -> RunOutcome {
        let left = u64::try_from(self.ticks_left).unwrap_or(0);
        let exit = match self.ending {
            Ending::Aborted(Abort::Fault(fault)) => Exit::Fault(fault),
            Ending::NativeStack => Exit::Fault(Fault::Invariant("the native stack ended before the logical one")),
            _ if self.ticks_left < 0 => Exit::Trapped(Status::OutOfGas),
            Ending::Trapped(Status::Unreachable) if self.stack_left < 0 => Exit::Trapped(Status::StackLimit),
            Ending::Trapped(status) | Ending::Aborted(Abort::Trap(status)) => Exit::Trapped(status),
            Ending::Aborted(Abort::Revert) => Exit::Reverted,
            Ending::Aborted(Abort::Finish) | Ending::Returned => Exit::Finished,
        };
        RunOutcome { exit, ticks_used: given.saturating_sub(left) }
    }
}

/// Runs a host function; a panic in it becomes the trap `Internal`.
pub(super) fn guarded<R>(name: &'static str, function: impl FnOnce() -> Result<R, Abort>) -> Result<R, Abort> {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        fail_point::pass(name);
        function()
    }));
    attempt.unwrap_or(Err(Abort::Trap(Status::Internal)))
}

/// Where a test can make a host function panic.
#[cfg(not(test))]
mod fail_point {
    /// Does nothing.
    pub(super) const fn pass(_name: &str) {}
}

/// Where a test can make a host function panic.
#[cfg(test)]
pub(super) mod fail_point {
    use std::cell::Cell;

    thread_local! {
        static ARMED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Makes the host function of this name panic on this thread, from now on.
    pub(in crate::vm) fn arm(name: Option<&'static str>) {
        ARMED.set(name);
    }

    /// Panics if the host function of this name is armed.
    pub(super) fn pass(name: &str) {
        assert!(ARMED.get() != Some(name), "a test made {name} panic");
    }
}
