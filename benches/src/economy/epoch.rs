//! What utility, emission and split of an epoch take in a contract: one call that computes all three and answers with them, beside the
//! same functions natively.
//!
//! The contract is `benches/formulas`, which takes the metrics as arguments; the emission contract does the same between asking the
//! registry and paying the rows, which are no part of the figure. The call is a view, so the time has everything that a call has: an
//! instance, arguments and answer in the ABI.

use std::hint::black_box;

use alloy_sol_types::{SolCall, sol};
use florin_formulas::formulas::Formulas;
use florin_formulas::work;
use florin_runtime::ledger::{Balance, WEI_PER_MDT as MDT};
use florin_sandbox::{Client, Sandbox};

use super::{Figure, Scale, median};
use crate::calibrate::clock::Clock;
use crate::ledger::WorkloadError;

sol! {
    function epoch(uint64 epoch, (uint64, uint32, uint32, uint32) metrics, (uint128, uint128) funds) external view
        returns (uint32, uint128, uint128, uint128[]);
}

/// Calls of a run: enough for the clock.
const CALLS: u32 = 200;

/// Measures both ways, and that they agree.
///
/// # Errors
/// If the contract is not there, or answers otherwise.
pub fn measure(scale: Scale) -> Result<Vec<Figure>, WorkloadError> {
    let failed = |error: &dyn std::fmt::Debug| WorkloadError::Contract(format!("{error:?}"));
    let sandbox = Sandbox::new();
    let client = sandbox.deploy::<Formulas>((1,)).map_err(|error| failed(&error))?;
    let (mut in_contract, mut native) = (Vec::new(), Vec::new());
    for run in 0..u64::from(scale.runs.max(1)) {
        // A remainder in every division, and no two runs alike.
        let arguments = (210_001 + run, (7_919 + run, 654_321, 987_654, 345_678), (3 * MDT + 1, 7_000_000 * MDT));
        let input = epochCall { epoch: arguments.0, metrics: arguments.1, funds: arguments.2 }.abi_encode();
        let (nanoseconds, output) = Clock::Thread.time(|| {
            let mut answer = None;
            for _ in 0..CALLS {
                answer = Some(client.transport().simulate(client.address(), Balance::ZERO, input.clone()));
            }
            answer
        });
        in_contract.push(nanoseconds / f64::from(CALLS));
        let (nanoseconds, computed) = Clock::Thread.time(|| {
            let mut answer = None;
            for _ in 0..CALLS {
                answer = Some(work::epoch(black_box(arguments.0), black_box(arguments.1), black_box(arguments.2)));
            }
            answer
        });
        native.push(nanoseconds / f64::from(CALLS));
        let output = output.ok_or_else(|| failed(&"no call"))?.map_err(|error| failed(&error))?;
        let answer = epochCall::abi_decode_returns(&output.output).map_err(|error| failed(&error))?;
        let (utility, emission, rows) = computed.ok_or_else(|| failed(&"no call"))?;
        let expected = (utility.get(), emission.emitted, emission.minted, rows);
        if (answer._0, answer._1, answer._2, answer._3) != expected {
            return Err(failed(&format!("the contract answers other than {expected:?}")));
        }
    }
    let figure = |key, what: &str, value, bound| Figure { key, what: what.to_owned(), value, unit: "us", bound };
    let (contract, native) = (median(in_contract) / 1e3, median(native) / 1e3);
    Ok(vec![
        figure(
            "epoch_formulas_us",
            "utility, emission and split together, one call of a contract",
            contract,
            Some(20.0),
        ),
        figure("epoch_formulas_native_us", "the same functions natively", native, None),
    ])
}
