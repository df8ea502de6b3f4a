//! Gas by function as folded stacks, the text that flame graphs are drawn from (`flamegraph.pl`, inferno).
//!
//! ```text
//! (transaction) 21544
//! token;florin_call;token::Token::transfer;florin::storage_write 1234
//! ```
//! Guarantees that the figures add up to the gas of the transaction, to the unit: ticks are counted together before they are
//! rounded. Stacks stand in their order of bytes, each once; one without a whole unit of gas of its own is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use florin_runtime::gas::Gas;
use florin_runtime::vm::trace::{Function, Trace};

use crate::book::Book;
use crate::report;

/// The stack of what a transaction costs before anything runs.
pub const INTRINSIC: &str = "(transaction)";

/// Returns the folded stacks of a transaction that used so much gas; its trace tells where.
pub fn folded(trace: &Trace, gas_used: Gas, book: &Book) -> String {
    let ticks: u64 = trace.functions.iter().map(|function| function.ticks).fold(0, u64::saturating_add);
    let mut text = String::new();
    let intrinsic = gas_used.saturating_sub(Gas::from_ticks(ticks));
    if intrinsic.0 > 0 {
        let _ = writeln!(text, "{INTRINSIC} {}", intrinsic.0);
    }
    let mut stacks = BTreeMap::<String, u64>::new();
    for (stack, function) in stacks_of(trace, book).into_iter().zip(&trace.functions) {
        let sum = stacks.entry(stack).or_default();
        *sum = sum.saturating_add(function.ticks);
    }
    let (mut before, mut sum) = (0, 0_u64);
    for (stack, ticks) in stacks {
        sum = sum.saturating_add(ticks);
        let after = Gas::from_ticks(sum).0;
        if after > before {
            let _ = writeln!(text, "{stack} {}", after.saturating_sub(before));
        }
        before = after;
    }
    text
}

/// Returns the stack of every function of a trace. What stands above a function stands before it.
fn stacks_of(trace: &Trace, book: &Book) -> Vec<String> {
    let mut stacks: Vec<String> = Vec::with_capacity(trace.functions.len());
    for record in &trace.functions {
        let call = trace.calls.get(record.call);
        let contract = call.and_then(|call| book.contract(call.code));
        let above = match record.function {
            Function::Call => call.and_then(|call| call.sent_from),
            _ => record.parent,
        };
        let name = match (record.function, call) {
            (Function::Call, Some(call)) => {
                let name = contract.and_then(|contract| contract.name.clone());
                name.unwrap_or_else(|| book.account(call.message.contract))
            }
            (function, _) => report::function(contract, function),
        };
        let name = name.replace(';', ":");
        let above = above.and_then(|above| stacks.get(above));
        stacks.push(above.map_or_else(|| name.clone(), |above| format!("{above};{name}")));
    }
    stacks
}
