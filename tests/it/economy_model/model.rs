//! The whole economy in plain Rust: what the definitions say becomes of every message and every block.
//!
//! Written from `docs/economy.md`, with an arithmetic of its own; what it does not know is gas. It keeps history where the contracts
//! keep what they need next: the stakes of every epoch, the rewards of every share in every epoch, the lists of every campaign.

pub(crate) mod arithmetic;
pub(crate) mod claims;
pub(crate) mod epochs;
pub(crate) mod registry;
pub(crate) mod slashing;
pub(crate) mod staking;
pub(crate) mod treasury;

use std::collections::{BTreeMap, BTreeSet};

use florin_emission::EmissionError;
use florin_recycling::RecyclingError;
use florin_rewards::RewardsError;
use florin_sandbox::Address;
use florin_sdk::error::{ContractError, DispatchError};
use florin_staking::StakingError;

use super::act::{Act, Call, Usurped};
use super::terms::{
    CANDIDATES, CLAIMS, CONTRACTS, EMISSION, FEE, FIRST_MINERS, FIRST_VALIDATORS, MDT, MINTABLE, NAMES, PROPOSER,
    PURSE, RECYCLING, REGISTRY, REWARDS, SINK, SLASHING, STAKING, TREASURE, TREASURY, address,
};
use claims::{Claims, RecyclingPool};
use epochs::Epochs;
use registry::Registry;
use slashing::Slashing;
use staking::Staking;
use treasury::Treasury;

/// Who has what, fees aside.
#[derive(Clone, Debug)]
pub(crate) struct Money {
    pub(crate) balances: BTreeMap<Address, u128>,
    pub(crate) genesis: u128,
    pub(crate) max_supply: u128,
    pub(crate) minted: u128,
    pub(crate) burned: u128,
    /// Of that, burned of slashes.
    pub(crate) slashed_and_burned: u128,
}

impl Money {
    pub(crate) fn of(&self, account: Address) -> u128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    pub(crate) fn pay(&mut self, from: Address, to: Address, amount: u128) {
        *self.balances.get_mut(&from).unwrap() -= amount;
        *self.balances.get_mut(&to).unwrap() += amount;
    }

    pub(crate) fn mint(&mut self, to: Address, amount: u128) {
        *self.balances.get_mut(&to).unwrap() += amount;
        self.minted += amount;
    }

    pub(crate) fn burn(&mut self, of: Address, amount: u128) {
        *self.balances.get_mut(&of).unwrap() -= amount;
        self.burned += amount;
    }
}

/// What is said to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is done; the numbers that it answers with.
    Done(Vec<u128>),
    /// It is refused with these bytes; and how they read.
    Refused(Vec<u8>, String),
    /// It never gets into a block.
    Rejected,
}

/// The economy after a block.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) height: u64,
    pub(crate) money: Money,
    pub(crate) staking: Staking,
    pub(crate) slashing: Slashing,
    pub(crate) registry: Registry,
    pub(crate) epochs: Epochs,
    pub(crate) claims: Claims,
    pub(crate) pool: RecyclingPool,
    pub(crate) treasury: Treasury,
    /// The validators that sign, by place.
    pub(crate) signing: BTreeSet<usize>,
    /// The last evidence that was brought, to bring it again.
    pub(crate) evidence: Option<Act>,
    /// The steps that were taken, and the kinds of those to come.
    pub(crate) steps: usize,
    pub(crate) plan: std::sync::Arc<[super::transition::Kind]>,
}

impl Model {
    /// The economy of the genesis; `faucet` is an account beside it that never does anything.
    pub(crate) fn genesis((faucet, reserve): (Address, u128), plan: std::sync::Arc<[super::transition::Kind]>) -> Self {
        let mut balances: BTreeMap<Address, u128> = (0..NAMES.len()).map(|place| (address(place), PURSE)).collect();
        balances.extend(CONTRACTS.into_iter().chain([PROPOSER, SINK]).map(|account| (account, 0)));
        balances.insert(TREASURY, TREASURE);
        balances.insert(faucet, reserve);
        let genesis = balances.values().sum();
        let (minted, burned, slashed_and_burned) = (0, 0, 0);
        let max_supply = genesis + MINTABLE;
        let mut model = Self {
            height: 0,
            money: Money { balances, genesis, max_supply, minted, burned, slashed_and_burned },
            staking: Staking::new(),
            slashing: Slashing::new(),
            registry: Registry::new(),
            epochs: Epochs::new(),
            claims: Claims::default(),
            pool: RecyclingPool::default(),
            treasury: Treasury::default(),
            signing: CANDIDATES.into(),
            evidence: None,
            steps: 0,
            plan,
        };
        for call in genesis_calls() {
            assert!(matches!(model.act(&call), Reply::Done(_)), "{call:?}");
        }
        model
    }

    /// What a block does: the hooks, then the messages. Returns what is said to each.
    pub(crate) fn block(&mut self, calls: &[Call]) -> Vec<Reply> {
        let (parent, signers) = (self.height, self.signers());
        self.height += 1;
        self.record_signers(parent, &signers);
        self.settle_due();
        self.take_back();
        calls.iter().map(|call| self.act(call)).collect()
    }

    /// What a message does.
    fn act(&mut self, call: &Call) -> Reply {
        let (by, to) = (address(call.by), target(&call.act));
        if call.value > self.money.of(by) {
            return Reply::Rejected;
        }
        // The amount is with the contract before it looks at the message; a refusal sends it back.
        self.money.pay(by, to, call.value);
        let reply = self.reply(call.by, call.value, &call.act);
        if !matches!(reply, Reply::Done(_)) {
            self.money.pay(to, by, call.value);
        }
        reply
    }

    fn reply(&mut self, place: usize, value: u128, act: &Act) -> Reply {
        let (by, height) = (address(place), self.height);
        match act {
            Act::Transfer { to } if CONTRACTS.contains(to) => refused(&DispatchError::ShortCalldata { length: 0 }),
            Act::Transfer { .. } | Act::Deposit => Reply::Done(Vec::new()),
            Act::Register { key, prover, commission } => {
                done(self.staking.register(height, place, value, (*key, *prover, *commission)))
            }
            Act::Delegate { validator } => done(self.staking.delegate(height, by, address(*validator), value)),
            Act::SetCommission { ppm } => done(self.staking.set_commission(height, by, *ppm)),
            Act::Unbond { validator, amount } => {
                number(self.staking.unbond(height, by, address(*validator), *amount).map(u128::from))
            }
            Act::Withdraw { validator } => {
                let amount = self.staking.withdraw(height, by, address(*validator));
                self.money.pay(STAKING, by, amount);
                Reply::Done(vec![amount])
            }
            Act::ClaimRewards { validator } => {
                let amount = self.staking.claim_rewards(by, address(*validator));
                self.money.pay(STAKING, by, amount);
                Reply::Done(vec![amount])
            }
            Act::Unjail => done(self.staking.unjail(height, by)),
            Act::Retire { validator } => done(self.staking.retire(height, address(*validator))),
            Act::DoubleSign { validator, height, view, votes } => {
                self.evidence = Some(act.clone());
                number(self.double_sign(by, *validator, (*height, *view), votes))
            }
            Act::InvalidVote { validator, height, view, vote } => {
                self.evidence = Some(act.clone());
                number(self.invalid_vote(by, *validator, (*height, *view), vote))
            }
            Act::Downtime { validator } => number(self.downtime(by, address(*validator))),
            Act::SetSlashing { terms } => done(self.set_slashing(place, *terms)),
            Act::SetStaking { min_stake, unbonding } => done(self.set_staking(place, *min_stake, *unbonding)),
            _ => self.reply_of_the_others(place, value, act),
        }
    }

    fn reply_of_the_others(&mut self, place: usize, value: u128, act: &Act) -> Reply {
        let by = address(place);
        match act {
            Act::RegisterMiner => number(self.register_miner(by, value).map(u128::from)),
            Act::Deregister => done(self.deregister(by)),
            Act::Commit { commitment } => done(self.commit(by, commitment)),
            Act::Reveal { salt, weights } => done(self.reveal(place, *salt, weights)),
            Act::Report { tasks, difficulty, participation, quality } => {
                done(self.report(by, (*tasks, *difficulty, *participation, *quality)))
            }
            // The hook has finalized what there was, earlier in the block.
            Act::Finalize { .. } => Reply::Done(vec![self.registry.next.into()]),
            Act::SetRegistry { fee, miners_max } => done(self.set_registry(place, *fee, *miners_max)),
            Act::SetRules { which } => number(self.set_rules(place, *which).map(u128::from)),
            Act::CreateCampaign { terms } => done(self.create_campaign(by, value, terms)),
            Act::Claim { campaign, line } => done(self.claim(*campaign, std::slice::from_ref(line))),
            Act::ClaimMany { campaign, lines } => done(self.claim(*campaign, lines)),
            Act::Sweep { campaign } => done(self.sweep(*campaign)),
            Act::Recycle { source } => done(self.recycle(value, *source)),
            Act::BurnPenalty => done(self.burn_penalty(place, value)),
            Act::Spend { to, amount } => done(self.spend(place, *to, *amount)),
            Act::Grant { terms } => number(self.grant(place, *terms).map(u128::from)),
            Act::Release { id } => number(self.release(*id)),
            Act::Revoke { id } => number(self.revoke(place, *id)),
            Act::Usurp { which } => self.refuse_usurper(by, *which),
            _ => unreachable!("the messages of stakes and slashes are told before"),
        }
    }

    fn refuse_usurper(&self, caller: Address, which: Usurped) -> Reply {
        match which {
            Usurped::EmissionHook => refused(&EmissionError::OnlyTheChain { caller }),
            Usurped::RecyclingHook => refused(&RecyclingError::OnlyTheChain { caller }),
            Usurped::SlashingHook | Usurped::RefusedBlock => refused(&self.only_the_chain()),
            Usurped::TakeFromPool => refused(&RecyclingError::OnlyTheEmission { caller }),
            Usurped::BeginSettlement | Usurped::AdvanceSettlement => refused(&RewardsError::OnlyTheEmission { caller }),
            Usurped::PayReward | Usurped::CloseRewards => refused(&StakingError::Unauthorized { allowed: REWARDS }),
            Usurped::Slash | Usurped::SetStaking => refused(&StakingError::Unauthorized { allowed: SLASHING }),
        }
    }
}

/// The first messages: who validates and who mines from the beginning.
pub(crate) fn genesis_calls() -> Vec<Call> {
    let validators = FIRST_VALIDATORS.into_iter().map(|(place, stake, commission)| {
        Call::with(place, stake * MDT, Act::Register { key: place, prover: place, commission })
    });
    let miners = FIRST_MINERS.into_iter().map(|place| Call::with(place, FEE, Act::RegisterMiner));
    validators.chain(miners).collect()
}

/// Whom a message goes to.
pub(crate) fn target(act: &Act) -> Address {
    match act {
        Act::Transfer { to } => *to,
        Act::Register { .. }
        | Act::Delegate { .. }
        | Act::SetCommission { .. }
        | Act::Unbond { .. }
        | Act::Withdraw { .. }
        | Act::ClaimRewards { .. }
        | Act::Unjail
        | Act::Retire { .. } => STAKING,
        Act::DoubleSign { .. }
        | Act::InvalidVote { .. }
        | Act::Downtime { .. }
        | Act::SetSlashing { .. }
        | Act::SetStaking { .. } => SLASHING,
        Act::RegisterMiner
        | Act::Deregister
        | Act::Commit { .. }
        | Act::Reveal { .. }
        | Act::Report { .. }
        | Act::Finalize { .. }
        | Act::SetRegistry { .. } => REGISTRY,
        Act::SetRules { .. } => EMISSION,
        Act::CreateCampaign { .. } | Act::Claim { .. } | Act::ClaimMany { .. } | Act::Sweep { .. } => CLAIMS,
        Act::Recycle { .. } | Act::BurnPenalty => RECYCLING,
        Act::Deposit | Act::Spend { .. } | Act::Grant { .. } | Act::Release { .. } | Act::Revoke { .. } => TREASURY,
        Act::Usurp { which } => match which {
            Usurped::EmissionHook => EMISSION,
            Usurped::RecyclingHook | Usurped::TakeFromPool => RECYCLING,
            Usurped::SlashingHook | Usurped::RefusedBlock => SLASHING,
            Usurped::BeginSettlement | Usurped::AdvanceSettlement => REWARDS,
            Usurped::PayReward | Usurped::CloseRewards | Usurped::Slash | Usurped::SetStaking => STAKING,
        },
    }
}

fn done<E: ContractError + std::fmt::Debug>(answer: Result<(), E>) -> Reply {
    match answer {
        Ok(()) => Reply::Done(Vec::new()),
        Err(error) => refused(&error),
    }
}

fn number<E: ContractError + std::fmt::Debug>(answer: Result<u128, E>) -> Reply {
    match answer {
        Ok(number) => Reply::Done(vec![number]),
        Err(error) => refused(&error),
    }
}

fn refused<E: ContractError + std::fmt::Debug>(error: &E) -> Reply {
    Reply::Refused(error.encode(), format!("{error:?}"))
}
