//! Generated contracts on every engine, from any entropy.

use super::{agreed, with_engines};
use crate::reference::generate::case;

/// Generates a contract from the bytes and runs it on every engine. Returns whether it is legal.
///
/// # Panics
/// If engines differ in anything that can be seen.
pub fn differential(data: &[u8]) -> bool {
    let Some(case) = case(data) else { return false };
    agreed(with_engines(|engines| engines.compare(&case)));
    true
}
