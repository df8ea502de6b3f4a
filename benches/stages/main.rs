//! Each stage of the way of a transaction, named `stage/parameters`.
//!
//! ```text
//! cargo bench -p florin-benches                      everything
//! cargo bench -p florin-benches -- --quick verify    one stage, roughly
//! ```

mod code_cache;
mod decode;
mod execute;
mod state;
mod verify;
mod vm;

use criterion::Criterion;
use florin_benches::ledger::WorkloadError;

fn main() -> Result<(), WorkloadError> {
    let mut criterion = Criterion::default().configure_from_args();
    decode::bench(&mut criterion)?;
    verify::bench(&mut criterion);
    vm::bench(&mut criterion)?;
    code_cache::bench(&mut criterion)?;
    execute::bench(&mut criterion)?;
    state::bench(&mut criterion);
    criterion.final_summary();
    Ok(())
}
