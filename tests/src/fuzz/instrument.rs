//! Any module through the metering pass.

use florin_runtime::vm::reference::{instrument_any, well_formed};
use florin_runtime::vm::{EngineKind, Vm};
use wasmparser::{Operator, Parser, Payload};

use super::{agreed, with_engines};
use crate::reference::generate::{Case, case, initial_memory};

/// Ticks of a call: instance, some loops, and not the whole of an endless one.
const TICKS: u64 = 1 << 18;

/// Meters a module, the bytes themselves or one that is generated from them, and runs it. Returns whether there is one.
///
/// # Panics
/// If the metered module is not valid, or engines differ in its gas or anything else that can be seen.
pub fn instrument(data: &[u8]) -> bool {
    let Some(case) = raw(data).or_else(|| case(data)) else { return false };
    let metered = instrument_any(&case.code).unwrap_or_else(|fault| panic!("{fault}"));
    well_formed(&metered).unwrap_or_else(|refusal| panic!("metered: {refusal}"));
    // The interpreter's release 2.0.0 takes some choices wrongly; what is generated keeps them apart for it.
    let interpreted = case.code != data || !chooses(data);
    let wanted = |engine| interpreted || engine != EngineKind::Interpreted;
    agreed(with_engines(|engines| engines.compare_on(&case, wanted)));
    true
}

/// Returns the bytes as a contract, if they are one.
fn raw(data: &[u8]) -> Option<Case> {
    let info = Vm::check(data).ok()?;
    let memory = initial_memory(data, info.memory_pages_min)?;
    Some(Case { code: data.to_vec(), ticks: TICKS, input: Vec::new(), memory })
}

/// Tells whether a module holds a `select`.
fn chooses(code: &[u8]) -> bool {
    Parser::new(0).parse_all(code).flatten().any(|payload| {
        let Payload::CodeSectionEntry(body) = payload else { return false };
        body.get_operators_reader()
            .is_ok_and(|operators| operators.into_iter().flatten().any(|operator| matches!(operator, Operator::Select)))
    })
}
