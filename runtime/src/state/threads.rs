//! Work of a commit on several threads: the one place in the state that starts any.
//!
//! A commit waits for memory most of its time: for what it replaces, and for the pages of the tree. These are thousands of
//! reads that do not depend on each other, so that a few threads wait at the same time. What comes out is put together in
//! the order of the items, whichever thread has done them, so the number of threads changes no result. The threads end with
//! the call; if the system gives none, the caller's own does the work.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, scope};

/// The most threads at a time, the caller's own among them.
const THREADS_MAX: usize = 4;

/// Does the same work on each item; returns what comes out in the order of the items.
pub(super) fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(items.len());
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let drain = || {
        let mut done = Vec::new();
        while let Some((index, item)) = next() {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = scope(|scope| {
        let start = |_| Builder::new().name("state".to_owned()).spawn_scoped(scope, drain).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut done = drain();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Does the same work on parts of a list, none of them smaller than `least` unless the list is; returns what comes out in the
/// order of the list.
pub(super) fn parts<T: Sync, R: Send>(items: &[T], least: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    // More parts than threads, so that none waits long for the last.
    let size = items.len().div_ceil(THREADS_MAX.saturating_mul(2)).max(least).max(1);
    if items.len() <= size { vec![work(items)] } else { each(items.chunks(size).collect(), work) }
}

/// Does two pieces of work at the same time; returns what comes out of the second.
pub(super) fn beside<R>(other: impl FnOnce() + Send, own: impl FnOnce() -> R) -> R {
    let other = Mutex::new(Some(other));
    let run = || {
        let other = other.lock().unwrap_or_else(PoisonError::into_inner).take();
        other.into_iter().for_each(|other| other());
    };
    scope(|scope| {
        let thread = Builder::new().name("state".to_owned()).spawn_scoped(scope, run).ok();
        let result = own();
        match thread {
            Some(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            None => run(),
        }
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_in_the_order_of_what_went_in() {
        let items: Vec<u64> = (0..10_000).collect();
        let twice = |item: u64| item.saturating_mul(2);
        assert_eq!(each(items.clone(), twice), items.iter().copied().map(twice).collect::<Vec<_>>());
        for least in [1, 7, 5_000, 20_000] {
            assert_eq!(parts(&items, least, <[u64]>::to_vec).concat(), items);
        }
        assert_eq!(parts(&[0_u8; 0], 1, <[u8]>::len), [0]);
    }

    #[test]
    fn a_panic_on_another_thread_is_one_of_the_caller() {
        let panics = || each((0..100_u64).collect(), |item| assert!(item != 99, "the last"));
        assert!(std::panic::catch_unwind(panics).is_err());
    }
}
