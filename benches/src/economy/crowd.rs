//! One validator with very many delegators, all of whom unbond: what a reward, a slash and everybody's own messages cost, beside a
//! validator with two delegators.
//!
//! Guarantees that what is compared are the same messages on the same contract. A crowd is made by messages of its accounts, executed
//! as a transaction's are, without signatures and fees; a delegator costs some 15 us for each message.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use florin_abi::vote::Possession;
use florin_runtime::block::{BlockContext, ParentSigners};
use florin_runtime::execution::Session;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::{Genesis, GenesisContract};
use florin_runtime::ledger::{Balance, WEI_PER_MDT as MDT};
use florin_runtime::state::State;
use florin_runtime::transaction::Domain;
use florin_runtime::vm::{Vm, VmConfig};
use florin_sdk::native::NativeTransport;
use florin_sdk::{Client, Contract, SYSTEM};
use florin_staking::{Staking, StakingClient};
use sp_core::{Pair, ed25519};

use super::calls::Calls;
use super::{Operation, Scale};
use crate::contracts::artifact;
use crate::ledger::{WorkloadError, recipient};

const STAKING: Address = Address::repeat_byte(0xb1);
/// The slashing contract and the rewards contract, which are played here.
const SLASHING: Address = Address::repeat_byte(0xb2);
const REWARDS: Address = Address::repeat_byte(0xb3);
const VALIDATOR: Address = Address::repeat_byte(0xb4);
/// Who has all the money at first.
const BANK: Address = Address::repeat_byte(0xb5);

const EPOCH_BLOCKS: u64 = 50;
const UNBONDING_BLOCKS: u64 = 151_200;
/// What a delegator stakes; it unbonds half of it.
const STAKE: u128 = 1_000;
/// A tenth of the stake, as the slashing contract asks for it.
const TENTH: u64 = 100_000_000_000;
/// The delegators that a crowd is compared with: more than one, so that what a delegator leaves behind is not nothing.
const FEW: u32 = 2;
/// The delegators that withdraw in the end.
const WITHDRAWALS: usize = 1_000;

/// A staking contract with its crowd.
pub struct Crowd {
    vm: Vm,
    state: Arc<State>,
    block: BlockContext,
    delegators: u32,
}

/// What the messages around a crowd cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// The reward of the validator, to be divided among its delegators.
    pub reward: Gas,
    /// A slash of a tenth of all that is bonded and unbonding.
    pub slash: Gas,
    /// A delegator takes its rewards.
    pub claim: Gas,
    /// The first delegator takes back what it unbonded.
    pub withdraw: Gas,
}

/// A call as the staking contract's client encodes it.
macro_rules! input {
    ($message:ident($($argument:expr),*)) => {
        StakingClient::new(STAKING, NativeTransport { caller: BANK }).$message($($argument),*).raw().input.clone()
    };
}

/// Measures a crowd beside a few delegators.
///
/// # Errors
/// If the contract fails.
pub fn measure(scale: Scale) -> Result<Vec<Operation>, WorkloadError> {
    let mut operations = Vec::new();
    for delegators in [FEW, scale.delegators] {
        let (costs, _) = Crowd::new(delegators)?.costs()?;
        let Costs { reward, slash, claim, withdraw } = costs;
        let messages = [
            ("reward of a validator", reward),
            ("slash with all of them unbonding", slash),
            ("claim of rewards by one", claim),
            ("withdrawal by one", withdraw),
        ];
        let named = |(name, gas): (&str, Gas)| Operation { name: format!("{name}, {delegators} delegators"), gas };
        operations.extend(messages.map(named));
    }
    Ok(operations)
}

impl Crowd {
    /// Makes a validator with so many delegators, whose stakes count from epoch 1 on.
    ///
    /// # Errors
    /// If the contract was not built or refuses.
    pub fn new(delegators: u32) -> Result<Self, WorkloadError> {
        let arguments = Staking::encode_init(&(SLASHING, REWARDS, EPOCH_BLOCKS, 100 * MDT, UNBONDING_BLOCKS));
        let code = artifact("staking")?.into();
        let genesis = Genesis {
            allocations: vec![(BANK, Balance::new(1_000_000 * MDT))],
            contracts: vec![GenesisContract { address: STAKING, creator: SYSTEM, code, arguments: arguments.into() }],
            ..Genesis::default()
        };
        let vm = Vm::new(VmConfig::default())?;
        let refused = |error: florin_runtime::genesis::GenesisError| WorkloadError::Contract(error.to_string());
        let changes = genesis.build(&vm)?.map_err(refused)?;
        let mut state = State::new();
        state.commit(&changes);
        let block = context(genesis.chain_id);
        let mut crowd = Self { vm, state: Arc::new(state), block, delegators };
        crowd.within(1, |calls| {
            let (key, possession) = possession(genesis.chain_id);
            calls.transfer(BANK, VALIDATOR, 200 * MDT)?;
            calls.send(VALIDATOR, STAKING, 200 * MDT, input!(register(key, possession, 0)))?;
            for delegator in 0..delegators {
                calls.transfer(BANK, recipient(delegator as usize), STAKE)?;
                calls.send(recipient(delegator as usize), STAKING, STAKE, input!(delegate(VALIDATOR)))?;
            }
            Ok(())
        })?;
        Ok(crowd)
    }

    /// Lets the validator be rewarded, everybody unbond half of its stake, and the validator be slashed; then the last
    /// [`WITHDRAWALS`] withdraw. Returns what each of the messages cost, and what became of the money.
    ///
    /// # Errors
    /// If a message fails.
    pub fn costs(mut self) -> Result<(Costs, Balances), WorkloadError> {
        let delegators = self.delegators;
        let bonded = 200 * MDT + STAKE * u128::from(delegators);
        let (mut reward, mut claim) = (Gas(0), Gas(0));
        self.within(2 * EPOCH_BLOCKS, |calls| {
            calls.transfer(BANK, REWARDS, MDT)?;
            reward = calls.send(REWARDS, STAKING, MDT, input!(reward(1, VALIDATOR)))?.0;
            calls.send(REWARDS, STAKING, 0, input!(close_epoch(1)))?;
            claim = calls.send(recipient(0), STAKING, 0, input!(claim_rewards(VALIDATOR)))?.0;
            for delegator in 0..delegators {
                calls.send(recipient(delegator as usize), STAKING, 0, input!(unbond(VALIDATOR, STAKE / 2)))?;
            }
            Ok(())
        })?;
        let (mut slash, mut slashed) = (Gas(0), 0);
        self.within(2 * EPOCH_BLOCKS + 1, |calls| {
            let before = calls.balance(SLASHING)?;
            slash = calls.send(SLASHING, STAKING, 0, input!(slash(VALIDATOR, 2, TENTH, 0)))?.0;
            slashed = calls.balance(SLASHING)?.saturating_sub(before);
            Ok(())
        })?;
        let (mut withdraw, mut withdrawn) = (Gas(0), 0_u128);
        self.within(4 * EPOCH_BLOCKS + UNBONDING_BLOCKS, |calls| {
            for delegator in (0..delegators).rev().take(WITHDRAWALS) {
                let account = recipient(delegator as usize);
                let before = calls.balance(account)?;
                let gas = calls.send(account, STAKING, 0, input!(withdraw(VALIDATOR)))?.0;
                withdraw = if withdrawn == 0 { gas } else { withdraw };
                withdrawn = withdrawn.saturating_add(calls.balance(account)?.saturating_sub(before));
            }
            Ok(())
        })?;
        Ok((Costs { reward, slash, claim, withdraw }, Balances { bonded, slashed, withdrawn }))
    }

    /// Executes and commits messages of one block.
    fn within(
        &mut self,
        height: u64,
        act: impl FnOnce(&mut Calls<'_>) -> Result<(), WorkloadError>,
    ) -> Result<(), WorkloadError> {
        let block = BlockContext { height, time: height, ..self.block.clone() };
        let base = Arc::clone(&self.state);
        let mut calls = Calls::new(&self.vm, Session::new(base, Arc::new(block)));
        act(&mut calls)?;
        let changes = calls.into_changes()?;
        Arc::make_mut(&mut self.state).commit(&changes);
        Ok(())
    }
}

/// What became of the money of a crowd, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// What was bonded at first.
    pub bonded: u128,
    /// What was slashed.
    pub slashed: u128,
    /// What the delegators that withdrew got together.
    pub withdrawn: u128,
}

fn context(chain_id: u64) -> BlockContext {
    BlockContext {
        parent_hash: B256::ZERO,
        height: 1,
        time: 1,
        domain: Domain { chain_id, genesis_hash: B256::ZERO },
        proposer: Address::ZERO,
        gas_limit: Gas(u64::MAX / 16),
        base_gas_price: 1,
        fee_burn_ppm: 0,
        state_root: B256::ZERO,
        parent_signers: ParentSigners::unknown(),
    }
}

/// Returns the validator's consensus key, and the proof that it holds it.
fn possession(chain_id: u64) -> (B256, [B256; 2]) {
    let pair = ed25519::Pair::from_seed(&[7; 32]);
    let key = pair.public().0;
    let signature = pair.sign(&Possession { chain_id, validator: VALIDATOR.into_array(), key }.encode()).0;
    let (r, s) = signature.split_at(32);
    (B256::new(key), [B256::from_slice(r), B256::from_slice(s)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_94_105_nothing_that_happens_to_a_validator_costs_more_for_its_crowd() {
        let (few, _) = Crowd::new(FEW).and_then(Crowd::costs).expect("a few delegators");
        let (crowded, balances) = Crowd::new(20_000).and_then(Crowd::costs).expect("many delegators");
        assert_eq!(crowded, few);
        // A tenth of everything is gone, of what was unbonding as of the rest.
        assert_eq!(balances.slashed, balances.bonded / 10);
        assert_eq!(balances.withdrawn, WITHDRAWALS as u128 * (STAKE / 2) * 9 / 10);
    }

    #[test]
    fn case_96_ten_thousand_claims_of_rewards_gain_nothing_over_one() {
        let mut crowd = Crowd::new(2).expect("two delegators");
        let [often, once] = [recipient(0), recipient(1)];
        let (mut paid_often, mut paid_once) = (0, 0);
        for epoch in 1..=500 {
            // One wei and a part of a wei for each of the two.
            let reward = 200 * MDT / STAKE + 77_777_777 * u128::from(epoch) % (100 * MDT / STAKE);
            let took = |calls: &mut Calls<'_>, of: Address| -> Result<u128, WorkloadError> {
                let before = calls.balance(of)?;
                calls.send(of, STAKING, 0, input!(claim_rewards(VALIDATOR)))?;
                Ok(calls.balance(of)? - before)
            };
            let within = crowd.within((epoch + 1) * EPOCH_BLOCKS, |calls| {
                calls.transfer(BANK, REWARDS, reward)?;
                calls.send(REWARDS, STAKING, reward, input!(reward(epoch, VALIDATOR)))?;
                calls.send(REWARDS, STAKING, 0, input!(close_epoch(epoch)))?;
                for _ in 0..20 {
                    paid_often += took(calls, often)?;
                }
                if epoch == 500 {
                    paid_once = took(calls, once)?;
                }
                Ok(())
            });
            within.expect("rewards are paid and claimed");
        }
        assert!(paid_often <= paid_once, "{paid_often} {paid_once}");
        assert!(paid_once - paid_often <= 500, "at most a wei is rounded off in each epoch");
        assert!(paid_often >= 500);
    }
}
