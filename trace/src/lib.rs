//! From a recorded trace to what an author reads: names and lines in place of indices and offsets.
//!
//! Guarantees that what is told is the trace's and nothing is made up: a contract that the book does not know is told by its
//! address, a function without a name by its index, bytes that no ABI decodes as hex. Foreign text is escaped. Costs nothing
//! until a trace is read.
//!
//! ```text
//! vm::trace::Trace + Book -> Report -> a tree for people (Display), JSON (serde)
//!                         -> folded stacks, for flame graphs
//! ```
//! - [`Book`]: which contracts and accounts there are, by name; what their ABI and their debug information say.
//! - [`Report`]: the calls of one transaction, one within the other. [`folded`]: its gas by function.

mod abi;
mod book;
mod folded;
mod report;
mod symbols;
mod tree;

pub use abi::{ArgumentError, encode_arguments};
pub use book::{Book, BookError, Debugging};
pub use folded::{INTRINSIC, folded};
pub use report::{Call, Report, Step};
pub use symbols::{Line, Symbols};

/// Returns a foreign text without what could do something to a terminal.
fn printable(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { kept.extend(letter.escape_default()) } else { kept.push(letter) }
    }
    kept
}
