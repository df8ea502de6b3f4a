//! Finding the bad signatures of a batch.
//!
//! ```text
//! batch holds ----------------------------------------> all valid
//!       fails, at most SINGLES_MAX items -------------> each alone
//!       fails, else split in two: both halves fail ---> each alone
//!                                 one half fails -----> the same again with it
//! ```
//! Cost of n signatures of which any may be bad: at most 3n in batches (n, and n, n/2, n/4, .. for the halves) plus n alone,
//! so that a sender of bad signatures gains a factor below 3 over verifying each alone. One bad signature among n costs 3n in
//! batches and at most [`SINGLES_MAX`] alone.

/// Up to so many signatures, each alone is cheaper than to search further.
pub(super) const SINGLES_MAX: usize = 8;

/// Writes each item's verdict. `whole` tells whether all items are valid, `single` whether one is; they must agree.
pub(super) fn verdicts<T>(
    items: &[T],
    verdicts: &mut [bool],
    whole: impl Fn(&[T]) -> bool + Copy,
    single: impl Fn(&T) -> bool + Copy,
) {
    if items.len() > 1 && whole(items) {
        verdicts.fill(true);
    } else {
        search(items, verdicts, whole, single);
    }
}

/// Writes the verdicts of items that are not all valid, or too few to ask for all at once.
fn search<T>(
    items: &[T],
    verdicts: &mut [bool],
    whole: impl Fn(&[T]) -> bool + Copy,
    single: impl Fn(&T) -> bool + Copy,
) {
    if items.len() <= SINGLES_MAX {
        return alone(items, verdicts, single);
    }
    let middle = items.len() / 2;
    let (first, second) = items.split_at(middle);
    let (first_verdicts, second_verdicts) = verdicts.split_at_mut(middle);
    match (whole(first), whole(second)) {
        // Only a batch that contradicts its halves gets here; the halves are as good as the whole.
        (true, true) => verdicts.fill(true),
        (true, false) => {
            first_verdicts.fill(true);
            search(second, second_verdicts, whole, single);
        }
        (false, true) => {
            second_verdicts.fill(true);
            search(first, first_verdicts, whole, single);
        }
        (false, false) => alone(items, verdicts, single),
    }
}

fn alone<T>(items: &[T], verdicts: &mut [bool], single: impl Fn(&T) -> bool) {
    for (item, verdict) in items.iter().zip(verdicts) {
        *verdict = single(item);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "small figures")]

    use core::cell::Cell;

    use super::*;

    /// Returns the verdicts over `bad` items among `count`, and the items that were looked at in batches and alone.
    fn run(count: usize, bad: &[usize]) -> (Vec<bool>, usize, usize) {
        let items: Vec<bool> = (0..count).map(|index| !bad.contains(&index)).collect();
        let (batched, alone) = (Cell::new(0), Cell::new(0));
        let whole = |items: &[bool]| {
            batched.set(batched.get() + items.len());
            items.iter().all(|valid| *valid)
        };
        let single = |item: &bool| {
            alone.set(alone.get() + 1);
            *item
        };
        let mut found = vec![false; count];
        verdicts(&items, &mut found, whole, single);
        assert_eq!(found, items);
        (found, batched.get(), alone.get())
    }

    #[test]
    fn a_good_batch_is_asked_once() {
        let (_, batched, alone) = run(128, &[]);
        assert_eq!((batched, alone), (128, 0));
    }

    #[test]
    fn one_bad_item_is_found_wherever_it_stands() {
        for bad in 0..128 {
            let (verdicts, batched, alone) = run(128, &[bad]);
            assert_eq!(verdicts.iter().filter(|valid| !**valid).count(), 1);
            assert!(batched <= 3 * 128 && alone <= SINGLES_MAX);
        }
    }

    #[test]
    fn all_bad_items_cost_two_batches_and_each_alone() {
        let (_, batched, alone) = run(128, &(0..128).collect::<Vec<_>>());
        assert_eq!((batched, alone), (2 * 128, 128));
    }

    #[test]
    fn any_two_bad_items_stay_within_the_bound() {
        for first in 0..64 {
            for second in 0..64 {
                let (_, batched, alone) = run(64, &[first, second]);
                assert!(batched <= 3 * 64 && alone <= 64);
            }
        }
    }

    #[test]
    fn no_items_have_no_verdicts() {
        assert_eq!(run(0, &[]), (vec![], 0, 0));
    }
}
