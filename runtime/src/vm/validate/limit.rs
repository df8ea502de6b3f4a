//! The bridge from a constant of the limits table to its row, so that a refusal can name limit, value and unit.
//!
//! Resolved at compile time: a name that is not in the table does not build.

use florin_abi::{LIMITS, Limit};

use crate::vm::refusal::Reason;

/// Hands out the row of a limit by its constant's name.
macro_rules! limit {
    ($name:ident) => {
        const { $crate::vm::validate::limit::row(stringify!($name)) }
    };
}
pub(super) use limit;

/// Returns the row with this name; only for [`limit!`], which evaluates it at compile time.
pub(super) const fn row(name: &str) -> &'static Limit {
    let mut index: usize = 0;
    while index < LIMITS.len() {
        if equal(LIMITS[index].name.as_bytes(), name.as_bytes()) {
            return &LIMITS[index];
        }
        index = index.saturating_add(1);
    }
    panic!("no such limit")
}

/// Refuses more than the limit.
pub(super) fn at_most(limit: &'static Limit, actual: u64) -> Result<(), Reason> {
    if actual > limit.value { Err(Reason::Limit { limit, actual }) } else { Ok(()) }
}

const fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index: usize = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index = index.saturating_add(1);
    }
    true
}
