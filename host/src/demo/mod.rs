//! The demo: every claim of a real allocation list, paid through real contracts.
//!
//! - [`list`]: the allocation list, built in or read from CSV.

pub mod list;
