//! Each formula on a row of operands, by the economy's own functions.

use alloc::vec::Vec;

use florin_tokenomics::division::mul_div;
use florin_tokenomics::emission::{Emission, EmissionRules};
use florin_tokenomics::ratio::Ppm;
use florin_tokenomics::reward_index::RewardIndex;
use florin_tokenomics::shares::Pool;
use florin_tokenomics::slash::slash;
use florin_tokenomics::split::SplitTable;
use florin_tokenomics::utility::{Metrics, TASKS_FULL, UtilityWeights, utility};
use florin_tokenomics::vesting::Vesting;

use crate::operands::{Operands, Row, bits};

/// The formulas, in the order of their numbers.
pub const FORMULAS: [&str; 10] = [
    "multiply and add",
    "share of a pool",
    "reward index",
    "reward of a stake",
    "part in ppm",
    "utility",
    "emission",
    "slash",
    "vesting",
    "256-bit mul-div",
];

/// What the shares are parts of.
pub const POOL: u128 = 20_000_000_123;
/// The sum of all weights.
pub const TOTAL: u128 = 12_345_678_901_234_567;
/// The length of a grant, in blocks.
pub const LENGTH: u64 = 2_628_001;

/// What tasks, difficulty and participation weigh, in ppm.
const SHARES: [u32; 3] = [500_000, 300_000, 200_000];
/// The rows of the split, in ppm.
const ROWS_PPM: [u32; 3] = [400_000, 400_000, 200_000];

/// Computes a formula over all operands, so many times; returns the checksum of the results.
pub fn compute(formula: u32, operands: &Operands, rounds: u32) -> u64 {
    match formula {
        0 => operands.chain(rounds, |sum, [a, b, _]| sum.wrapping_mul(u128::from(*a)).wrapping_add((*b).into())),
        1 => shares(operands, rounds),
        2 => operands.sum(rounds, index),
        3 => operands.sum(rounds, |[a, b, _]| {
            RewardIndex(bits(*b, 62)).owed(bits(*a, 45), RewardIndex::default()).unwrap_or_default()
        }),
        4 => operands.sum(rounds, |[a, b, _]| ppm(*b).part_of(bits(*a, 54))),
        5 => utilities(operands, rounds),
        6 => emissions(operands, rounds),
        7 => operands.sum(rounds, |[a, b, c]| slash(bits(*a, 54), u128::MAX, ppm(*b), ppm(*c))),
        8 => vested(operands, rounds),
        _ => operands.sum(rounds, |row| {
            let [a, b, c] = wide(row);
            mul_div(a, b, c).unwrap_or_default()
        }),
    }
}

/// Computes utility, emission and split of an epoch, with the parameters checked as if they came from the state: metrics are tasks,
/// difficulty, participation and quality; funds are the recycling pool and what is minted.
pub fn epoch(
    epoch: u64,
    (tasks, difficulty, participation, quality): (u64, u32, u32, u32),
    (pool, minted): (u128, u128),
) -> (Ppm, Emission, Vec<u128>) {
    let [difficulty, participation, quality] =
        [difficulty, participation, quality].map(|ppm| Ppm::saturating(ppm.into()));
    let weights = SHARES.map(|ppm| Ppm::saturating(ppm.into()));
    let metrics = Metrics { tasks, difficulty, participation, quality };
    let weights = UtilityWeights::new(weights[0], weights[1], weights[2]).unwrap_or_default();
    let utility = utility(&metrics, TASKS_FULL, &weights);
    let emission = EmissionRules::default().close(epoch, utility, quality, pool, minted);
    let rows = SplitTable::new(&ROWS_PPM.map(|ppm| Ppm::saturating(ppm.into())), 2).unwrap_or_default();
    (utility, emission, rows.split(emission.distributed, |_| true).unwrap_or_default())
}

/// A ratio below one whole.
pub fn ppm(word: u64) -> Ppm {
    Ppm::saturating(bits(word, 19))
}

/// Three numbers of two words, the last no less than the others.
pub fn wide([a, b, c]: &Row) -> [u128; 3] {
    let join = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
    [join(a >> 2, *b), join(b >> 2, *c), join(c | 1 << 63, *a)]
}

fn shares(operands: &Operands, rounds: u32) -> u64 {
    let Ok(pool) = Pool::new(POOL, TOTAL) else { return 0 };
    operands.sum(rounds, |[a, _, _]| {
        pool.share(bits(*a, 45)).map_or(0, |share| share.quotient.wrapping_add(share.remainder))
    })
}

fn index([a, b, _]: &Row) -> u128 {
    RewardIndex::default().accrue(bits(*a, 36), bits(*b, 50) | 1).map_or(0, |index| index.0)
}

fn utilities(operands: &Operands, rounds: u32) -> u64 {
    let weights = UtilityWeights::default();
    operands.sum(rounds, |[a, b, c]| {
        let metrics = Metrics { tasks: a >> 50, difficulty: ppm(*b), participation: ppm(*c), quality: Ppm::ONE };
        u128::from(utility(&metrics, TASKS_FULL, &weights).get())
    })
}

fn emissions(operands: &Operands, rounds: u32) -> u64 {
    let rules = EmissionRules::default();
    operands.sum(rounds, |[a, b, c]| {
        let emission = rules.close(a >> 44, ppm(*b), ppm(*c), 1_000, 1_000_000);
        emission.minted.wrapping_add(emission.unmet)
    })
}

fn vested(operands: &Operands, rounds: u32) -> u64 {
    operands.sum(rounds, |[a, b, _]| {
        let grant = Vesting::new(bits(*a, 54), 0, 0, 0, LENGTH | (b >> 40)).ok();
        grant.map_or(0, |grant| grant.vested(b >> 44))
    })
}
