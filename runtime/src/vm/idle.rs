//! Instances that were set back and wait for their next call, by code, bounded in all.
//!
//! Guarantees that at most so many wait as was said: beyond that, those of the code that has not been called for the longest
//! time go, all at once. Of one code, the instance that was used last is taken first: its memory is still near the processor.
//! Costs one lock to take and one to put; what goes is dropped after the lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// The name of a code among those that have waiting instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shelf(u64);

/// Waiting instances, of type `T`.
pub(super) struct Idle<T>(Mutex<State<T>>);

struct State<T> {
    shelves: LruCache<Shelf, Vec<T>>,
    next: u64,
    held: usize,
    held_max: usize,
}

impl<T> Idle<T> {
    /// Makes room for so many waiting instances.
    pub(super) fn new(held_max: usize) -> Self {
        Self(Mutex::new(State { shelves: LruCache::unbounded(), next: 0, held: 0, held_max }))
    }

    /// Names a new code.
    pub(super) fn shelf(&self) -> Shelf {
        let mut state = self.lock();
        state.next = state.next.wrapping_add(1);
        Shelf(state.next)
    }

    /// Takes the instance of a code that was put last.
    pub(super) fn take(&self, shelf: Shelf) -> Option<T> {
        let mut state = self.lock();
        let taken = state.shelves.get_mut(&shelf)?.pop()?;
        state.held = state.held.saturating_sub(1);
        Some(taken)
    }

    /// Keeps an instance for the next call of its code.
    pub(super) fn put(&self, shelf: Shelf, instance: T) {
        let mut gone = Vec::new();
        let mut state = self.lock();
        while state.held >= state.held_max {
            let Some((oldest, instances)) = state.shelves.pop_lru() else { return };
            if oldest == shelf {
                // Nobody else has one to give: what waits is as good as this one.
                state.shelves.put(shelf, instances);
                return;
            }
            state.held = state.held.saturating_sub(instances.len());
            gone.push(instances);
        }
        state.held = state.held.saturating_add(1);
        state.shelves.get_or_insert_mut(shelf, Vec::new).push(instance);
        drop(state);
    }

    /// Drops the instances of a code.
    pub(super) fn clear(&self, shelf: Shelf) {
        let mut state = self.lock();
        let gone = state.shelves.pop(&shelf);
        state.held = state.held.saturating_sub(gone.as_ref().map_or(0, Vec::len));
        drop(state);
        drop(gone);
    }

    /// Returns how many instances wait.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.lock().held
    }

    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_instance_that_was_put_last_is_taken_first_and_only_by_its_code() {
        let idle = Idle::new(4);
        let (one, other) = (idle.shelf(), idle.shelf());
        idle.put(one, 1);
        idle.put(one, 2);
        assert_eq!(idle.take(other), None);
        assert_eq!([idle.take(one), idle.take(one), idle.take(one)], [Some(2), Some(1), None]);
    }

    #[test]
    fn a_full_pool_gives_up_the_code_that_was_not_called_for_the_longest_time() {
        let idle = Idle::new(3);
        let [oldest, old, new] = [(); 3].map(|()| idle.shelf());
        idle.put(old, 1);
        idle.put(oldest, 2);
        idle.put(oldest, 3);
        let taken = idle.take(old).unwrap();
        idle.put(old, taken);
        idle.put(new, 4);
        assert_eq!([idle.take(oldest), idle.take(old), idle.take(new)], [None, Some(1), Some(4)]);
    }

    #[test]
    fn no_more_wait_than_was_said() {
        let token = Arc::new(());
        let waiting = || Arc::strong_count(&token) - 1;
        for held_max in [0, 1, 5] {
            let idle = Idle::new(held_max);
            let shelves = [(); 3].map(|()| idle.shelf());
            for round in 0..40 {
                idle.put(shelves[round * 7 % 3], Arc::clone(&token));
                assert!(waiting() <= held_max, "{} wait, {held_max} at most", waiting());
            }
            assert!(waiting() > 0 || held_max == 0);
            for shelf in shelves {
                idle.clear(shelf);
            }
            assert_eq!(waiting(), 0);
        }
    }
}
