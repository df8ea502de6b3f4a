//! The writer first: who reads at an earlier height lets a block pass that is being committed.
//!
//! A commit is short and waits for memory most of its time; threads that read as fast as they can would take from it processors and
//! the lines of the processor's cache. So a read of a key at an earlier height that begins meanwhile waits for the end of the
//! commit, but never longer than the configuration says. The writer waits for nobody, takes no lock while it works, and nothing that a block
//! reads when it executes waits here, as that is at the newest height. Cost of a read while nothing is committed: one look at a flag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Whether a block is being committed.
#[derive(Debug)]
pub(super) struct Precedence {
    wait_max: Duration,
    /// Decides about nothing but waiting, so that no order of memory hangs on it.
    commits: AtomicBool,
    lock: Mutex<()>,
    ended: Condvar,
}

/// A commit, until this is dropped.
#[derive(Debug)]
pub(super) struct Commit<'a>(&'a Precedence);

impl Precedence {
    /// Nobody waits longer than this.
    pub(super) fn new(wait_max: Duration) -> Self {
        Self { wait_max, commits: AtomicBool::new(false), lock: Mutex::default(), ended: Condvar::new() }
    }

    /// Begins a commit, of which there is one at a time.
    pub(super) fn commit(&self) -> Commit<'_> {
        self.commits.store(true, Ordering::Relaxed);
        Commit(self)
    }

    /// Waits for the end of a commit, if there is one.
    pub(super) fn let_pass(&self) {
        if self.commits.load(Ordering::Relaxed) && !self.wait_max.is_zero() {
            let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            let commits = |(): &mut ()| self.commits.load(Ordering::Relaxed);
            drop(self.ended.wait_timeout_while(guard, self.wait_max, commits));
        }
    }
}

impl Drop for Commit<'_> {
    fn drop(&mut self) {
        let guard = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.commits.store(false, Ordering::Relaxed);
        drop(guard);
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests;
