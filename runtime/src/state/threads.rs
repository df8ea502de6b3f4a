//! Work of a commit on several threads: the one place in the state that starts any.
//!
//! A commit waits for memory most of its time: for what it replaces, and for the pages of the tree. These are thousands of
//! reads that do not depend on each other, so that a few threads wait at the same time. What comes out is put together in
//! the order of the items, whichever thread has done them, so the number of threads changes no result.
//!
//! The process has one pool, which starts with the first large commit and sleeps when there is nothing to do: a thread that is
//! new for each call takes a heap of its own each time, and page faults until that is filled. The caller works too, and does
//! all of it if the system gives no threads. No call returns before all of its work is done.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;

use rayon_core::{ThreadPool, ThreadPoolBuilder};

/// The most threads at a time, the caller's own among them.
const THREADS_MAX: usize = 4;

/// Does the same work on each item; returns what comes out in the order of the items.
pub(super) fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let count = items.len();
    let waiting = Mutex::new(items.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    let drain = || {
        let next = || lock(&waiting).next();
        while let Some((index, item)) = next() {
            let result = work(item);
            lock(&done).push((index, result));
        }
    };
    match pool().filter(|_| count > 1) {
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 1..count.min(pool.current_num_threads().saturating_add(1)) {
                scope.spawn(|_| drain());
            }
            drain();
        }),
        None => drain(),
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
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
        let other = lock(&other).take();
        other.into_iter().for_each(|other| other());
    };
    let both = || {
        let result = own();
        // If no thread has come to it yet.
        run();
        result
    };
    match pool() {
        Some(pool) => pool.in_place_scope(|scope| {
            scope.spawn(|_| run());
            both()
        }),
        None => both(),
    }
}

/// Returns the threads beside the caller's, which the first call starts; nothing if there are none.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let threads = available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let others = threads.checked_sub(1).filter(|others| *others > 0)?;
        ThreadPoolBuilder::new().num_threads(others).thread_name(|_| "state".to_owned()).build().ok()
    };
    POOL.get_or_init(start).as_ref()
}

/// What panics under a lock has left it as it was, and the panic reaches the caller.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert!(std::panic::catch_unwind(|| beside(|| panic!("the other"), || ())).is_err());
        // And the pool goes on.
        assert_eq!(each(vec![1, 2, 3], |item| item), [1, 2, 3]);
    }

    #[test]
    fn work_may_be_divided_again_by_whoever_does_it() {
        let sum = |items: &[u64]| parts(items, 1, |part| part.iter().sum::<u64>()).into_iter().sum::<u64>();
        let mut other = 0;
        let own = beside(|| other = sum(&[1, 2, 3]), || each(vec![[4, 5], [6, 7]], |items| sum(&items)));
        assert_eq!((other, own), (6, vec![9, 13]));
    }
}
