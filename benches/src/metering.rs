//! What metering costs: the CPU time of metered code over that of the same code unmetered.
//!
//! Both run in one engine and one process, in rounds that alternate; a figure is the median of its rounds, and a ratio is
//! of two such medians. The kernels are in `kernels/`, built as contracts are; the transfer is one of the token contract
//! between two accounts, on a state in memory, with everything that a call has.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use cpu_time::ThreadTime;
use florin_runtime::block::{BlockContext, ParentSigners};
use florin_runtime::execution::Session;
use florin_runtime::gas::Gas;
use florin_runtime::state::State;
use florin_runtime::transaction::Domain;
use florin_runtime::vm::frame::{Entry, Frame, Message};
use florin_runtime::vm::{Code, Exit, LoadError, Vm, VmConfig};

use crate::contracts::{artifact, token_transfer};
use crate::ledger::WorkloadError;

/// The kernels: name and module.
pub const KERNELS: [(&str, &[u8]); 6] = [
    ("u128 fixed point, 10,000 elements", include_bytes!("../kernels/fixed_point.wasm")),
    ("u128 division", include_bytes!("../kernels/division.wasm")),
    ("SHA-256", include_bytes!("../kernels/sha256.wasm")),
    ("mixed integer loop", include_bytes!("../kernels/mixed.wasm")),
    ("sort", include_bytes!("../kernels/sort.wasm")),
    ("Merkle proof", include_bytes!("../kernels/merkle.wasm")),
];

/// More than anything here burns.
const TICKS: u64 = 1 << 50;

const OWNER: Address = Address::repeat_byte(1);
const TOKEN: Address = Address::repeat_byte(2);

/// Calls of one round of the transfer: enough for the clock.
const TRANSFERS: u32 = 200;

/// One workload, metered and not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What ran.
    pub name: &'static str,
    /// Median CPU time of a call, metered.
    pub metered: Duration,
    /// Median CPU time of a call, not metered.
    pub unmetered: Duration,
}

impl Row {
    /// Returns the time of metered code over the time of the same code unmetered.
    #[allow(clippy::float_arithmetic, reason = "a figure of a report")]
    pub fn ratio(&self) -> f64 {
        self.metered.as_secs_f64() / self.unmetered.as_secs_f64()
    }
}

/// Returns the geometric mean of the ratios.
#[allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a figure of a report")]
pub fn geometric_mean(rows: &[Row]) -> f64 {
    let logarithms: f64 = rows.iter().map(|row| row.ratio().ln()).sum();
    (logarithms / rows.len() as f64).exp()
}

/// Measures the kernels in so many rounds.
///
/// # Errors
/// If a kernel is refused or fails.
pub fn kernels(rounds: usize) -> Result<Vec<Row>, WorkloadError> {
    let vm = machine()?;
    let mut rows = Vec::new();
    for (name, module) in KERNELS {
        let codes = both(&vm, module)?;
        let mut session = Some(session());
        let [metered, unmetered] =
            medians(rounds, &codes, |code| run(&vm, code, &mut session, Entry::Call, Bytes::new()))?;
        rows.push(Row { name, metered, unmetered });
    }
    Ok(rows)
}

/// Measures a transfer of the token contract in so many rounds of many calls.
///
/// # Errors
/// If the contract is not there or fails.
pub fn transfer(rounds: usize) -> Result<Row, WorkloadError> {
    let vm = machine()?;
    let codes = both(&vm, &artifact("token")?)?;
    let mut session = Some(session());
    let args = ("Florin".to_owned(), "FLN".to_owned(), U256::from(9), OWNER, U256::from(u64::MAX));
    run(&vm, &codes[0], &mut session, Entry::Init, args.abi_encode_params().into())?;
    let input: Bytes = token_transfer(Address::repeat_byte(3), 1).into();
    let [metered, unmetered] = medians(rounds, &codes, |code| {
        (0..TRANSFERS).try_for_each(|_| run(&vm, code, &mut session, Entry::Call, input.clone()))
    })?;
    let each = |round: Duration| round.checked_div(TRANSFERS).unwrap_or_default();
    Ok(Row { name: "token transfer", metered: each(metered), unmetered: each(unmetered) })
}

fn machine() -> Result<Vm, WorkloadError> {
    Ok(Vm::new(VmConfig { instances_max: 16, ..VmConfig::default() })?)
}

/// Returns the compiled code of a module, metered and not.
fn both(vm: &Vm, module: &[u8]) -> Result<[Arc<Code>; 2], WorkloadError> {
    let refused = |error: LoadError| WorkloadError::Contract(error.to_string());
    let hash = keccak256(module);
    Ok([vm.load(hash, module).map_err(refused)?, Arc::new(vm.load_uncounted(hash, module).map_err(refused)?)])
}

fn session() -> Session {
    let block = BlockContext {
        parent_hash: B256::ZERO,
        height: 1,
        time: 1_700_000_000,
        domain: Domain { chain_id: 1, genesis_hash: B256::ZERO },
        proposer: Address::ZERO,
        gas_limit: Gas(1 << 40),
        base_gas_price: 1,
        fee_burn_ppm: 0,
        state_root: B256::ZERO,
        parent_signers: ParentSigners::unknown(),
    };
    Session::new(Arc::new(State::new()), Arc::new(block))
}

/// Runs one call, which must finish.
fn run(
    vm: &Vm,
    code: &Arc<Code>,
    session: &mut Option<Session>,
    entry: Entry,
    input: Bytes,
) -> Result<(), WorkloadError> {
    let message = Message { caller: OWNER, contract: TOKEN, value: 0, input, read_only: false, depth: 1, entry };
    let Some(own) = session.take() else {
        return Err(WorkloadError::Contract("the session did not come back".to_owned()));
    };
    let (mut frame, outcome) = vm.run(code, Frame::new(own, message, vm.clone()), TICKS);
    frame.session.end_transaction();
    *session = Some(frame.session);
    match outcome.exit {
        Exit::Finished => Ok(()),
        other => Err(WorkloadError::Contract(format!("{other:?}"))),
    }
}

/// Returns the median CPU time of a round of each, in rounds that alternate.
fn medians(
    rounds: usize,
    codes: &[Arc<Code>; 2],
    mut round: impl FnMut(&Arc<Code>) -> Result<(), WorkloadError>,
) -> Result<[Duration; 2], WorkloadError> {
    let mut times = [Vec::new(), Vec::new()];
    codes.iter().try_for_each(&mut round)?;
    for _ in 0..rounds {
        for (code, times) in codes.iter().zip(&mut times) {
            let start = ThreadTime::now();
            round(code)?;
            times.push(start.elapsed());
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }))
}

#[cfg(test)]
mod tests {
    use super::{KERNELS, kernels, transfer};

    #[test]
    fn every_workload_finishes_metered_and_not() {
        let rows = kernels(1).expect("every kernel runs");
        assert_eq!(rows.len(), KERNELS.len());
        let transfer = transfer(1).expect("a transfer runs");
        assert!(rows.iter().chain([&transfer]).all(|row| row.ratio().is_finite() && row.ratio() > 0.0));
    }
}
