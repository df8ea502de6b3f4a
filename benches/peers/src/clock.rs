//! How time is taken: the CPU time of the measuring thread, in rounds that alternate, and of those the median.
//!
//! Guarantees that what is compared runs in one process group, within milliseconds of each other, in every round; that a
//! round is long enough for the clock; and that the first round, which warms caches, does not count.

use std::time::Duration;

use cpu_time::ThreadTime;

use crate::failure::Failure;

/// Nanoseconds, with a fraction.
pub type Nanoseconds = f64;

/// One of those that are compared: runs its work once and tells the CPU time of one unit of it.
pub type Side<'a> = Box<dyn FnMut() -> Result<Nanoseconds, Failure> + 'a>;

/// Runs the work and returns the CPU time of this thread over the number of units that it did.
///
/// # Errors
/// The work's.
pub fn timed(units: u32, work: impl FnOnce() -> Result<(), Failure>) -> Result<Nanoseconds, Failure> {
    let clock = ThreadTime::now();
    work()?;
    Ok(each(clock.elapsed(), units))
}

/// Returns the time of one unit.
pub fn each(time: Duration, units: u32) -> Nanoseconds {
    time.as_secs_f64() * 1e9 / f64::from(units.max(1))
}

/// Runs all sides in turn, so many times, and returns the median of each.
///
/// # Errors
/// The first that a side meets.
pub fn medians<const N: usize>(rounds: usize, mut sides: [Side<'_>; N]) -> Result<[Nanoseconds; N], Failure> {
    let mut times: [Vec<Nanoseconds>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            let time = side()?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    Ok(times.map(median))
}

/// Returns the median; of an even number the upper one.
pub fn median(mut times: Vec<Nanoseconds>) -> Nanoseconds {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Side, median, medians};

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn sides_take_turns_and_the_first_round_does_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let side = |name: char| -> Side<'_> {
            let mut calls = 0;
            let order = &order;
            Box::new(move || {
                order.borrow_mut().push(name);
                calls += 1;
                Ok(f64::from(calls))
            })
        };
        let [one, two] = medians(3, [side('a'), side('b')]).unwrap_or([0.0; 2]);
        assert_eq!(*order.borrow(), "abababab");
        // Rounds 2, 3 and 4.
        assert!((one - 3.0).abs() < 1e-9 && (two - 3.0).abs() < 1e-9);
    }
}
