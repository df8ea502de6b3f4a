//! Spreading work over threads: chunks of fixed size from one queue, results in place.
//!
//! Guarantees that the chunks do not depend on the number of threads, that results keep the order of the items, and that
//! the work is done even if no thread can be started: the caller works too.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Items that one thread takes at a time; also the largest batch of signatures.
pub(super) const CHUNK_ITEMS: usize = 128;

/// Calls `work` with every chunk of items and the results' places.
pub(super) fn over_threads<T: Sync, R: Send>(
    items: &[T],
    results: &mut [R],
    threads: usize,
    work: impl Fn(&[T], &mut [R]) + Sync,
) {
    let chunks = items.len().div_ceil(CHUNK_ITEMS);
    let queue = Mutex::new(items.chunks(CHUNK_ITEMS).zip(results.chunks_mut(CHUNK_ITEMS)));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let drain = || {
        while let Some((items, results)) = next() {
            work(items, results);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(chunks) {
            let builder = thread::Builder::new().name("signature".to_owned());
            if builder.spawn_scoped(scope, drain).is_err() {
                break;
            }
        }
        drain();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_in_its_place() {
        for count in [0, 1, CHUNK_ITEMS - 1, CHUNK_ITEMS, CHUNK_ITEMS + 1, 1_000] {
            for threads in [0, 1, 2, 8, 1_000] {
                let items: Vec<usize> = (0..count).collect();
                let mut results = vec![0; count];
                over_threads(&items, &mut results, threads, |items, results| {
                    for (item, result) in items.iter().zip(results) {
                        *result += item + 1;
                    }
                });
                assert!(results.iter().enumerate().all(|(index, result)| *result == index + 1));
            }
        }
    }
}
