//! Every epoch computed a second time, from what validators sent and by the formulas alone.
//!
//! Guarantees that what an epoch settled is, to the wei: the metrics that more than two thirds of the stake reported, utility and
//! emission of them, the split, each miner's reward by its score, each validator's by its stake, and the root over the list; and
//! so what an offence cost, and what a grant has paid.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use florin_tokenomics::Ppm;
use florin_tokenomics::emission::EmissionRules;
use florin_tokenomics::shares::divide;
use florin_tokenomics::slash::{Offence, SLASH_RATE, SlashParts, slash, slash_parts};
use florin_tokenomics::split::SplitTable;
use florin_tokenomics::utility::{Metrics, TASKS_FULL, UtilityWeights, utility};
use florin_tokenomics::vesting::Vesting;

use super::EconomyError;
use super::books::Books;
use super::contracts::{Emission, Slashing};
use super::mining::Mining;
use super::voting::{Member, Voting};

/// The shares of miners, validators and treasury, in ppm.
const SHARES: [u128; 3] = [400_000, 400_000, 200_000];

/// What the audit of an epoch looks at.
pub(super) struct Evidence<'a> {
    pub(super) height: u64,
    pub(super) settled: &'a Emission::EpochSettled,
    /// The set of the epoch.
    pub(super) set: &'a [Member],
    pub(super) voting: &'a Voting,
    pub(super) mining: &'a Mining,
    pub(super) books: &'a Books,
    /// What was allocated, in wei.
    pub(super) genesis: u128,
}

/// What was told of epochs that are not settled.
#[derive(Default)]
pub(super) struct Audit {
    accepted: BTreeMap<u64, Metrics>,
    rewarded: BTreeMap<u64, BTreeMap<Address, u128>>,
    scored: BTreeMap<u64, u64>,
}

impl Audit {
    /// Takes note of accepted metrics.
    pub(super) fn learn_metrics(&mut self, epoch: u64, metrics: Metrics) {
        self.accepted.insert(epoch, metrics);
    }

    /// Takes note of a validator's reward.
    pub(super) fn learn_reward(&mut self, epoch: u64, validator: Address, amount: u128) {
        self.rewarded.entry(epoch).or_default().insert(validator, amount);
    }

    /// Takes note of the sum of all scores of an epoch.
    pub(super) fn learn_scores(&mut self, epoch: u64, total: u64) {
        self.scored.insert(epoch, total);
    }

    /// Computes an epoch a second time, when it is booked and before its rewards are claimed.
    ///
    /// # Errors
    /// Says what differs.
    pub(super) fn check(&mut self, evidence: &Evidence<'_>) -> Result<(), EconomyError> {
        let Evidence { height, settled, set, voting, mining, .. } = *evidence;
        let epoch = settled.epoch;
        let compare = Compare { height };
        let none = Metrics { tasks: 0, difficulty: Ppm::ZERO, participation: Ppm::ZERO, quality: Ppm::ZERO };
        let metrics = voting.metrics(epoch, set.len()).unwrap_or(none);
        compare.same("accepted metrics", &metrics, &self.accepted.remove(&epoch).unwrap_or(none))?;
        let expected = (metrics.tasks, metrics.difficulty.get(), metrics.participation.get(), metrics.quality.get());
        compare.same("metrics of the epoch", &expected, &settled.metrics)?;
        self.check_emission(evidence, &metrics)?;

        let scores = voting.scores(epoch);
        let score = |slot: usize| u128::from(scores.get(slot).copied().unwrap_or(Ppm::ZERO).get());
        let scored: Vec<(Address, u128)> =
            mining.miners_of(epoch).map(|(miner, slot)| (miner, score(slot))).filter(|(_, score)| *score > 0).collect();
        let total = scored.iter().fold(0_u128, |sum, (_, score)| sum.saturating_add(*score));
        let told = self.scored.remove(&epoch).unwrap_or_default();
        compare.same("sum of the scores", &total, &u128::from(told))?;
        let stake = set.iter().fold(0_u128, |sum, member| sum.saturating_add(member.stake));
        let pools = pools(settled.figures.2, [total > 0, stake > 0]);
        compare.same("pools of the epoch", &pools, &settled.pools)?;

        let pool = |row: usize| pools.get(row).copied().unwrap_or_default();
        compare.same("rewards of miners", &shared(pool(0), scored), &mining.list(epoch).to_vec())?;
        let stakes = set.iter().map(|member| (member.address, member.stake)).collect();
        let rewarded = self.rewarded.remove(&epoch).unwrap_or_default().into_iter().collect();
        compare.same("rewards of validators", &shared(pool(1), stakes), &rewarded)
    }

    /// Checks utility, emission and where it came from.
    fn check_emission(&self, evidence: &Evidence<'_>, metrics: &Metrics) -> Result<(), EconomyError> {
        let Evidence { height, settled, books, genesis, .. } = *evidence;
        let compare = Compare { height };
        let utility = utility(metrics, TASKS_FULL, &UtilityWeights::default());
        compare.same("utility", &utility.get(), &settled.utility)?;
        let pool = books.pool_of_epoch();
        // The books hold the epoch itself already. What is burned as unmet is minted first.
        let (_, unmet, .., minted) = settled.figures;
        let ever = genesis.saturating_add(books.minted).saturating_add(books.unmet.wei);
        let before = ever.saturating_sub(minted).saturating_sub(unmet);
        let closed = EmissionRules::default().close(settled.epoch, utility, metrics.quality, pool, before);
        let expected = (closed.emitted, closed.unmet, closed.distributed, closed.from_pool, closed.minted);
        compare.same("figures of the epoch", &expected, &settled.figures)
    }
}

/// Checks what claims are made of.
///
/// # Errors
/// Says what differs.
pub(super) fn check_tree(
    height: u64,
    settled: &Emission::EpochSettled,
    tree: (B256, u32, u128),
) -> Result<(), EconomyError> {
    Compare { height }.same("claim tree", &tree, &(settled.root, settled.leafCount, settled.claimable))
}

/// Checks what an offence cost: a part of the stake that counted in its epoch, the delegators' included.
///
/// # Errors
/// Says what differs.
pub(super) fn check_slash(height: u64, punished: &Slashing::Punished, set: &[Member]) -> Result<(), EconomyError> {
    let member = set.iter().find(|member| member.address == punished.validator);
    let stake = member.map_or(0, |member| member.stake);
    let offence = if punished.kind == Offence::Downtime.code() { Offence::Downtime } else { Offence::DoubleSign };
    // All of it is still bonded or unbonding: the unbonding of the demo takes longer than its evidence.
    let amount = slash(stake, stake, SLASH_RATE, offence.severity());
    let SlashParts { reporter, burned, recycled } = slash_parts(amount);
    let told = (punished.amount, punished.rewarded, punished.burned, punished.recycled);
    Compare { height }.same("what an offence cost", &(amount, reporter, burned, recycled), &told)
}

/// Checks what a grant has paid up to a height.
///
/// # Errors
/// Says what differs.
pub(super) fn check_vesting(height: u64, released: u128, grant: Option<Vesting>) -> Result<(), EconomyError> {
    let vested = grant.map_or(0, |grant| grant.vested(height));
    Compare { height }.same("what a grant has paid", &vested, &released)
}

/// Splits a distribution; the treasury gets what has no recipient.
fn pools(distributed: u128, has_recipient: [bool; 2]) -> Vec<u128> {
    let [miners, validators] = has_recipient;
    let table = SplitTable::new(&SHARES.map(Ppm::saturating), 2);
    let has_recipient = |row: usize| match row {
        0 => miners,
        1 => validators,
        _ => true,
    };
    table.ok().and_then(|table| table.split(distributed, has_recipient).ok()).unwrap_or_default()
}

/// Divides a pool by weights, in the order of the accounts; rewards of zero are left out.
fn shared(pool: u128, mut weights: Vec<(Address, u128)>) -> Vec<(Address, u128)> {
    weights.sort_unstable();
    let only: Vec<u128> = weights.iter().map(|(_, weight)| *weight).collect();
    let shares = divide(pool, &only).unwrap_or_default();
    weights
        .into_iter()
        .zip(shares)
        .map(|((account, _), share)| (account, share))
        .filter(|(_, share)| *share > 0)
        .collect()
}

/// Compares at a height.
struct Compare {
    height: u64,
}

impl Compare {
    fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &'static str,
        expected: &T,
        actual: &T,
    ) -> Result<(), EconomyError> {
        if expected == actual {
            return Ok(());
        }
        let (expected, actual) = (shortened(format!("{expected:?}")), shortened(format!("{actual:?}")));
        Err(EconomyError::Differs { height: self.height, what, expected, actual })
    }
}

/// Returns the beginning of a long text.
fn shortened(text: String) -> String {
    const CHARACTERS_MAX: usize = 400;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{} ..", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_primitives::{Address, B256};
    use florin_tokenomics::Ppm;
    use florin_tokenomics::utility::Metrics;

    use super::{
        Audit, Books, Emission, Evidence, Member, Mining, Slashing, Vesting, Voting, check_slash, check_tree,
        check_vesting, pools,
    };

    /// An epoch in which nobody worked.
    fn idle() -> Emission::EpochSettled {
        Emission::EpochSettled {
            epoch: 0,
            metrics: (0, 0, 0, 0),
            utility: 0,
            figures: (0, 0, 0, 0, 0),
            pools: vec![0; 3],
            root: B256::ZERO,
            leafCount: 0,
            claimable: 0,
        }
    }

    fn wrong(audit: &mut Audit, settled: &Emission::EpochSettled) -> Option<String> {
        let (voting, mining, books) = (&Voting::new(0), &Mining::default(), &Books::default());
        let evidence = Evidence { height: 9, settled, set: &[], voting, mining, books, genesis: 0 };
        audit.check(&evidence).err().map(|error| error.to_string())
    }

    #[test]
    fn each_figure_that_is_not_the_formulas_is_found() {
        assert_eq!(wrong(&mut Audit::default(), &idle()), None);
        let found = |settled| wrong(&mut Audit::default(), &settled).unwrap();
        let metrics = Emission::EpochSettled { metrics: (1, 0, 0, 0), ..idle() };
        assert!(found(metrics).contains("metrics of the epoch after block 9"));
        assert!(found(Emission::EpochSettled { utility: 1, ..idle() }).contains("utility"));
        let minted = Emission::EpochSettled { figures: (1, 0, 1, 0, 1), ..idle() };
        assert!(found(minted).contains("figures of the epoch"));
        assert!(found(Emission::EpochSettled { pools: vec![0, 1, 0], ..idle() }).contains("pools of the epoch"));
        let tree = (B256::repeat_byte(1), 0, 0);
        assert!(check_tree(9, &idle(), tree).unwrap_err().to_string().contains("claim tree"));
    }

    #[test]
    fn metrics_scores_and_rewards_that_nobody_is_owed_are_found() {
        let mut audit = Audit::default();
        let metrics = Metrics { tasks: 1, difficulty: Ppm::ZERO, participation: Ppm::ZERO, quality: Ppm::ZERO };
        audit.learn_metrics(0, metrics);
        assert!(wrong(&mut audit, &idle()).unwrap().contains("accepted metrics"));
        let mut audit = Audit::default();
        audit.learn_scores(0, 1);
        assert!(wrong(&mut audit, &idle()).unwrap().contains("sum of the scores"));
        let mut audit = Audit::default();
        audit.learn_reward(0, Address::repeat_byte(1), 5);
        assert!(wrong(&mut audit, &idle()).unwrap().contains("rewards of validators"));
    }

    #[test]
    fn a_slash_and_a_grant_of_another_amount_are_found() {
        let address = Address::repeat_byte(1);
        let set = [Member { number: 0, address, stake: 1_000 }];
        let punished = |amount, burned| Slashing::Punished {
            validator: address,
            reporter: Address::ZERO,
            kind: 0,
            height: 3,
            amount,
            rewarded: 5,
            burned,
            recycled: 50,
            jailedUntil: 0,
        };
        assert!(check_slash(9, &punished(100, 45), &set).is_ok());
        let error = check_slash(9, &punished(101, 46), &set).unwrap_err();
        assert!(error.to_string().contains("what an offence cost after block 9"), "{error}");
        let grant = || Vesting::new(100, 10, 0, 5, 10).ok();
        assert!(check_vesting(10, 55, grant()).is_ok());
        assert!(check_vesting(10, 56, grant()).unwrap_err().to_string().contains("55 expected, 56 found"));
    }

    #[test]
    fn what_has_no_recipient_is_the_treasurys() {
        assert_eq!(pools(10, [true, true]), [4, 4, 2]);
        assert_eq!(pools(10, [false, true]), [0, 4, 6]);
        assert_eq!(pools(10, [false, false]), [0, 0, 10]);
    }
}
