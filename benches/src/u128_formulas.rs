//! What the economy's arithmetic of 128 bits costs in a contract, over what it costs natively.
//!
//! The contract `formulas/` runs metered in the engine, as any contract does. Beside it runs the same Rust code natively,
//! and the same formulas with the native operators `*` and `/` of `u128`, which the processor divides by in one
//! instruction: of the two native times the smaller one is the baseline, so that no figure looks better because the
//! formulas were made for contracts. All answer with one checksum. A figure is the median CPU time of rounds that
//! alternate.

use std::hint::black_box;
use std::time::Duration;

use alloy_sol_types::{SolCall, SolValue, sol};
use cpu_time::ThreadTime;
use florin_formulas::formulas::Formulas;
use florin_formulas::operands::{Operands, ROWS, bits};
use florin_formulas::work::{self, FORMULAS, LENGTH, POOL, TOTAL};
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_sandbox::{Address, Client, Sandbox, Wallet};
use florin_tokenomics::units::{PPM, WEI_PER_MDT};

use crate::ledger::WorkloadError;

sol! {
    function compute(uint32 formula, uint32 rounds) external view returns (uint64);
}

/// What the operands are made from.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// How often a call goes over all operands: so often that entering the contract is less than a hundredth of it.
const REPETITIONS: u32 = 400;

/// Gas of a call; more than it burns.
const GAS: Gas = Gas(1 << 40);

/// One formula, in the contract and natively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Median CPU time of a call of the contract.
    pub contract: Duration,
    /// Median CPU time of the same code natively.
    pub native: Duration,
    /// Median CPU time of native operators.
    pub operators: Duration,
}

impl Row {
    /// Returns the time in the contract over the smaller of the native times.
    #[allow(clippy::float_arithmetic, reason = "a figure of a report")]
    pub fn ratio(&self) -> f64 {
        self.contract.as_secs_f64() / self.native.min(self.operators).as_secs_f64()
    }

    /// Returns a time for one use of the formula, in nanoseconds.
    #[allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a figure of a report")]
    pub fn each_ns(time: Duration) -> f64 {
        time.as_nanos() as f64 / (ROWS as f64 * f64::from(REPETITIONS))
    }
}

/// Returns the geometric mean of the ratios: the key `u128_over_native`.
#[allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a figure of a report")]
pub fn geometric_mean(rows: &[Row]) -> f64 {
    let logarithms: f64 = rows.iter().map(|row| row.ratio().ln()).sum();
    (logarithms / rows.len() as f64).exp()
}

/// Measures every formula in so many rounds.
///
/// # Errors
/// If the contract fails, or a checksum is not that of the others.
pub fn measure(rounds: usize) -> Result<Vec<Row>, WorkloadError> {
    let failed = |error: &dyn std::fmt::Debug| WorkloadError::Contract(format!("{error:?}"));
    let sandbox = Sandbox::new();
    let client = sandbox.deploy::<Formulas>((SEED,)).map_err(|error| failed(&error))?;
    let (wallet, contract) = (client.transport().with_gas_limit(GAS), client.address());
    let operands = Operands::new(SEED);
    (0..).zip(FORMULAS).map(|(formula, name)| row(formula, name, &operands, (&wallet, contract), rounds)).collect()
}

fn row(
    formula: u32,
    name: &'static str,
    operands: &Operands,
    (wallet, contract): (&Wallet, Address),
    rounds: usize,
) -> Result<Row, WorkloadError> {
    let input = computeCall { formula, rounds: REPETITIONS }.abi_encode();
    let ways: [&dyn Fn() -> Result<u64, WorkloadError>; 3] = [
        &|| {
            let seen = wallet.simulate(contract, Balance::ZERO, input.clone());
            let seen = seen.map_err(|error| WorkloadError::Contract(error.to_string()))?;
            u64::abi_decode(&seen.output).map_err(|_| WorkloadError::Contract(format!("{:?}", seen.status)))
        },
        &|| Ok(work::compute(black_box(formula), black_box(operands), REPETITIONS)),
        &|| Ok(by_operators(black_box(formula), black_box(operands), REPETITIONS)),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let mut sums = [0; 3];
        for ((way, sum), times) in ways.iter().zip(&mut sums).zip(&mut times) {
            let start = ThreadTime::now();
            *sum = way()?;
            times.push(start.elapsed());
        }
        if sums != [sums[0]; 3] {
            return Err(WorkloadError::Contract(format!("{name}: the checksums {sums:x?} differ")));
        }
    }
    let [contract, native, operators] = times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    });
    Ok(Row { name, contract, native, operators })
}

/// The formulas by native operators. What does not fit them, 256 bits, is the economy's own division. The parameters of
/// the genesis are hidden from the compiler, as they are from that of the contract.
fn by_operators(formula: u32, operands: &Operands, repetitions: u32) -> u64 {
    let million = black_box(u128::from(PPM));
    let scale = black_box(florin_tokenomics::reward_index::INDEX_SCALE);
    let total = black_box(TOTAL);
    let halving = black_box(210_000);
    let ppm = |word: &u64| bits(*word, 19);
    let product = u128::wrapping_mul;
    let over = |dividend: u128, divisor: u128| dividend.checked_div(divisor).unwrap_or_default();
    match formula {
        1 => operands.sum(repetitions, |[a, _, _]| {
            let dividend = product(POOL, bits(*a, 45));
            over(dividend, total).wrapping_add(dividend.checked_rem(total).unwrap_or_default())
        }),
        2 => operands.sum(repetitions, |[a, b, _]| over(product(bits(*a, 36), scale), bits(*b, 50) | 1)),
        3 => operands.sum(repetitions, |[a, b, _]| over(product(bits(*b, 62), bits(*a, 45)), scale)),
        4 => operands.sum(repetitions, |[a, b, _]| over(product(bits(*a, 54), ppm(b)), million)),
        5 => operands.sum(repetitions, |[a, b, c]| {
            let tasks = product(500_000 * 1_000_000, u128::from(a >> 50).min(10_000));
            let ratios = product(300_000, ppm(b)).wrapping_add(product(200_000, ppm(c)));
            over(tasks.wrapping_add(product(ratios, 10_000)), product(million, 10_000))
        }),
        6 => operands.sum(repetitions, |[a, b, c]| {
            let halvings = u32::try_from((a >> 44).checked_div(halving).unwrap_or_default()).unwrap_or(u32::MAX);
            let emitted = over(product(50 * WEI_PER_MDT, ppm(b)), million) >> halvings;
            let unmet = over(product(emitted, 500_000_u128.saturating_sub(ppm(c))), million);
            let distributed = emitted.wrapping_sub(unmet);
            distributed.wrapping_sub(distributed.min(1_000)).wrapping_add(unmet)
        }),
        7 => operands.sum(repetitions, |[a, b, c]| {
            over(product(bits(*a, 54), product(ppm(b), ppm(c))), product(million, million))
        }),
        8 => operands.sum(repetitions, |[a, b, _]| {
            let (elapsed, length) = (b >> 44, LENGTH | (b >> 40));
            let whole = bits(*a, 54);
            if elapsed >= length { whole } else { over(product(whole, elapsed.into()), length.into()) }
        }),
        _ => work::compute(formula, operands, repetitions),
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMULAS, geometric_mean, measure};

    #[test]
    fn a_contract_computes_every_formula_as_native_operators_do() {
        let rows = measure(1).expect("every formula runs");
        assert_eq!(rows.len(), FORMULAS.len());
        assert!(geometric_mean(&rows).is_finite());
    }
}
