//! Time of the processor: what this thread, or this process with all its threads, has had of it.
//!
//! Guarantees that waiting for a turn is not counted, so that a busy machine does not make work look longer than it is.
//! Costs a system call of about 200 ns, so that what is timed should take a hundred times as long.

use cpu_time::{ProcessTime, ThreadTime};

/// Whose time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// This thread's.
    Thread,
    /// That of all threads of this process, for work that is shared.
    Process,
}

impl Clock {
    /// Does the work; returns the nanoseconds that it had, and what it gave.
    pub fn time<R>(self, work: impl FnOnce() -> R) -> (f64, R) {
        match self {
            Self::Thread => {
                let start = ThreadTime::now();
                let result = work();
                (start.elapsed().as_secs_f64() * 1e9, result)
            }
            Self::Process => {
                let start = ProcessTime::now();
                let result = work();
                (start.elapsed().as_secs_f64() * 1e9, result)
            }
        }
    }
}
