//! The real economy: every contract as Wasm, wired by a genesis, driven by hooks and signed transactions.

use std::sync::OnceLock;

use florin_claims::ClaimsClient;
use florin_emission::EmissionClient;
use florin_recycling::RecyclingClient;
use florin_registry::RegistryClient;
use florin_rewards::RewardsClient;
use florin_runtime::hook::HookReceipt;
use florin_runtime::transaction::Rejection;
use florin_sandbox::{Account, Address, B256, Client, Sandbox, Snapshot, TransactionReceipt, Wallet};
use florin_sdk::client::RawCall;
use florin_sdk::native::NativeTransport;
use florin_sdk::vote::{Possession, Vote};
use florin_slashing::SlashingClient;
use florin_staking::StakingClient;
use florin_tokenomics::commitment::Commitment;
use florin_treasury::TreasuryClient;
use sp_core::{Pair, ed25519};

use super::act::{Act, Airdrop, Call, Committed, Line, Proof, Signed, Terms, Usurped};
use super::model::{Model, target};
use super::terms::{
    CHAIN_ID, CLAIMS, EMISSION, NAMES, OWNER, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY, accounts,
    address, other_rules,
};
use crate::claim_tree;

/// A contract whose code is another's, by its address.
pub(crate) type Twin = (Address, Vec<u8>);

/// The account that the sandbox adds to every genesis, and what it holds.
pub(crate) fn faucet() -> (Address, u128) {
    (Account::named("faucet").address(), 10_000_000 * super::terms::MDT)
}

/// A chain with the economy on it.
pub(crate) struct Chain {
    pub(crate) sandbox: Sandbox,
    genesis: Snapshot,
}

/// What became of a block.
pub(crate) struct Seen {
    pub(crate) outcomes: Vec<Result<TransactionReceipt, Rejection>>,
    pub(crate) hooks: Vec<HookReceipt>,
}

impl Chain {
    /// Starts a chain; a twin takes the place of the contract at its address.
    pub(crate) fn new(twin: Option<&Twin>) -> Self {
        let mut genesis = super::genesis::genesis();
        if let Some((address, code)) = twin {
            let contract = genesis.contracts.iter_mut().find(|contract| contract.address == *address);
            contract.unwrap().code = code.clone().into();
        }
        let sandbox = Sandbox::builder().genesis(genesis).build().unwrap();
        Self { genesis: sandbox.snapshot(), sandbox }
    }

    /// Goes back to the genesis.
    pub(crate) fn restart(&self) {
        self.sandbox.revert(&self.genesis);
    }

    /// Makes a block; `signers` is who signed the head, by places in its set.
    pub(crate) fn block(&self, calls: &[Call], model: &Model, signers: &[usize]) -> Seen {
        let mut bitmap = vec![0_u8; signers.iter().max().map_or(0, |place| place / 8 + 1)];
        signers.iter().for_each(|place| bitmap[place / 8] |= 1 << (place % 8));
        self.sandbox.set_parent_signers(&bitmap);
        let mut block = self.sandbox.block();
        for call in calls {
            let raw = RawCall { value: call.value, ..encode(call, model) };
            block.push(&self.sandbox.by(&accounts()[call.by]), &raw).unwrap();
        }
        let outcomes = block.mine().unwrap();
        Seen { outcomes, hooks: self.sandbox.hook_receipts() }
    }

    /// Who asks for views.
    pub(crate) fn reader(&self) -> Wallet {
        self.sandbox.by(&accounts()[OWNER])
    }

    pub(crate) fn balance(&self, account: Address) -> u128 {
        self.sandbox.balance(account).unwrap().wei()
    }
}

/// The consensus keys of the accounts.
fn keys() -> &'static [ed25519::Pair] {
    static KEYS: OnceLock<Vec<ed25519::Pair>> = OnceLock::new();
    KEYS.get_or_init(|| {
        NAMES.iter().map(|name| ed25519::Pair::from_seed(&alloy_primitives::keccak256(name).0)).collect()
    })
}

pub(crate) fn key(place: usize) -> B256 {
    B256::new(keys()[place].public().0)
}

pub(crate) fn sign(place: usize, bytes: &[u8]) -> [B256; 2] {
    let signature = keys()[place].sign(bytes);
    let (r, s) = signature.0.split_at(32);
    [B256::from_slice(r), B256::from_slice(s)]
}

pub(crate) fn block_hash(block: u8) -> B256 {
    B256::repeat_byte(block)
}

fn signed(height: u64, view: u64, vote: &Signed) -> (B256, [B256; 2]) {
    let Signed { key, chain_id, block, is_of_other_height } = *vote;
    let block_hash = block_hash(block);
    let vote = Vote { chain_id, height: height + u64::from(is_of_other_height), view, block_hash: block_hash.0 };
    (block_hash, sign(key, &vote.encode()))
}

/// Weights as words: 8 slots each, 4 bytes a slot.
fn words(weights: &[u32]) -> Vec<B256> {
    let word = |slots: &[u32]| {
        let mut word = [0; 32];
        slots.iter().zip(word.chunks_mut(4)).for_each(|(weight, bytes)| bytes.copy_from_slice(&weight.to_be_bytes()));
        B256::new(word)
    };
    weights.chunks(8).map(word).collect()
}

fn hash_of(commitment: &Committed) -> B256 {
    let Committed { validator, epoch, salt, weights } = commitment;
    let (contract, validator) = (REGISTRY.into_array(), address(*validator).into_array());
    let head = Commitment { chain_id: CHAIN_ID, contract, epoch: *epoch, validator, salt: [*salt; 32] };
    let bytes: Vec<u8> = words(weights).into_iter().flat_map(|word| word.0).collect();
    alloy_primitives::keccak256(head.encode(&bytes))
}

/// The tree over a campaign's list.
fn leaves(campaign: u64, list: &[(Address, u128)]) -> Vec<claim_tree::Hash> {
    claim_tree::Campaign { chain_id: CHAIN_ID, contract: CLAIMS, number: campaign }.leaves(list)
}

/// The proof of a line, from an independent tree over the list that the model knows.
fn proof(model: &Model, campaign: u64, line: &Line) -> Vec<B256> {
    let Some(known) = model.claims.campaigns.get(&campaign) else { return Vec::new() };
    let list = &known.terms.list;
    let index = (line.index as usize).min(list.len() - 1);
    let mut proof: Vec<B256> = claim_tree::proof(&leaves(campaign, list), index).into_iter().map(B256::from).collect();
    if line.proof == Proof::Broken {
        match proof.first_mut() {
            Some(node) => node.0[0] ^= 1,
            None => proof.push(B256::ZERO),
        }
    }
    proof
}

/// A message in the bytes of its contract's ABI.
pub(crate) fn encode(call: &Call, model: &Model) -> RawCall {
    let caller = address(call.by);
    let transport = || NativeTransport { caller };
    let to = target(&call.act);
    let mut staking = StakingClient::new(STAKING, transport());
    let mut registry = RegistryClient::new(REGISTRY, transport());
    match &call.act {
        Act::Transfer { to } => RawCall { to: *to, value: call.value, input: Vec::new() },
        Act::Register { key: place, prover, commission } => {
            let key = key(*place);
            let proven = Possession { chain_id: CHAIN_ID, validator: caller.into_array(), key: key.0 };
            staking.register(key, sign(*prover, &proven.encode()), *commission).raw().clone()
        }
        Act::Delegate { validator } => staking.delegate(address(*validator)).raw().clone(),
        Act::SetCommission { ppm } => staking.set_commission(*ppm).raw().clone(),
        Act::Unbond { validator, amount } => staking.unbond(address(*validator), *amount).raw().clone(),
        Act::Withdraw { validator } => staking.withdraw(address(*validator)).raw().clone(),
        Act::ClaimRewards { validator } => staking.claim_rewards(address(*validator)).raw().clone(),
        Act::Unjail => staking.unjail().raw().clone(),
        Act::Retire { validator } => staking.retire(address(*validator)).raw().clone(),
        Act::RegisterMiner => registry.register().raw().clone(),
        Act::Deregister => registry.deregister().raw().clone(),
        Act::Commit { commitment } => registry.commit(hash_of(commitment)).raw().clone(),
        Act::Reveal { salt, weights } => registry.reveal(B256::repeat_byte(*salt), words(weights)).raw().clone(),
        Act::Report { tasks, difficulty, participation, quality } => {
            registry.report(*tasks, *difficulty, *participation, *quality).raw().clone()
        }
        Act::Finalize { steps } => registry.finalize(*steps).raw().clone(),
        Act::SetRegistry { fee, miners_max } => registry.set_parameters(*fee, *miners_max).raw().clone(),
        Act::SetRules { which } => {
            EmissionClient::new(EMISSION, transport()).set_parameters(other_rules(*which)).raw().clone()
        }
        Act::Usurp { which } => usurped(*which, caller),
        _ if to == SLASHING => encode_evidence(&call.act, caller),
        _ if to == CLAIMS => encode_claim(&call.act, caller, model),
        _ => encode_money(&call.act, caller),
    }
}

fn encode_evidence(act: &Act, caller: Address) -> RawCall {
    let mut slashing = SlashingClient::new(SLASHING, NativeTransport { caller });
    match act {
        Act::DoubleSign { validator, height, view, votes } => {
            let [(hash_a, signature_a), (hash_b, signature_b)] = [0, 1].map(|at| signed(*height, *view, &votes[at]));
            let (validator, height) = (address(*validator), *height);
            let call = slashing.report_double_sign(validator, height, *view, hash_a, signature_a, hash_b, signature_b);
            call.raw().clone()
        }
        Act::InvalidVote { validator, height, view, vote } => {
            let (hash, signature) = signed(*height, *view, vote);
            slashing.report_invalid_vote(address(*validator), *height, *view, hash, signature).raw().clone()
        }
        Act::Downtime { validator } => slashing.report_downtime(address(*validator)).raw().clone(),
        Act::SetSlashing { terms } => slashing.set_parameters(*terms).raw().clone(),
        Act::SetStaking { min_stake, unbonding } => {
            slashing.set_staking_parameters(*min_stake, *unbonding).raw().clone()
        }
        _ => unreachable!("{act:?} is no message of the slashing contract"),
    }
}

fn encode_claim(act: &Act, caller: Address, model: &Model) -> RawCall {
    let mut claims = ClaimsClient::new(CLAIMS, NativeTransport { caller });
    match act {
        Act::CreateCampaign { terms } => {
            let Airdrop { campaign, list, leaf_count, total, first_block, last_block, target } = terms;
            let root = claim_tree::root(&leaves(*campaign, list)).into();
            let (token, first, last) = (Address::ZERO, *first_block, *last_block);
            claims.create_campaign(*campaign, token, root, *leaf_count, *total, first, last, *target).raw().clone()
        }
        Act::Claim { campaign, line } => {
            let Line { index, account, amount, .. } = *line;
            claims.claim(*campaign, index, account, amount, proof(model, *campaign, line)).raw().clone()
        }
        Act::ClaimMany { campaign, lines } => {
            let line = |line: &Line| (line.index, line.account, line.amount, proof(model, *campaign, line));
            claims.claim_many(*campaign, lines.iter().map(line).collect()).raw().clone()
        }
        Act::Sweep { campaign } => claims.sweep(*campaign).raw().clone(),
        _ => unreachable!("{act:?} is no message of the claims contract"),
    }
}

fn encode_money(act: &Act, caller: Address) -> RawCall {
    let mut recycling = RecyclingClient::new(RECYCLING, NativeTransport { caller });
    let mut treasury = TreasuryClient::new(TREASURY, NativeTransport { caller });
    match act {
        Act::Recycle { source } => recycling.recycle(*source).raw().clone(),
        Act::BurnPenalty => recycling.burn_quality_penalty().raw().clone(),
        Act::Deposit => treasury.deposit().raw().clone(),
        Act::Spend { to, amount } => treasury.spend(*to, *amount, B256::repeat_byte(5)).raw().clone(),
        Act::Grant { terms } => {
            let Terms { holder, total, at_start, start, cliff, length, is_revocable } = *terms;
            treasury.grant(holder, total, at_start, start, cliff, length, is_revocable).raw().clone()
        }
        Act::Release { id } => treasury.release(*id).raw().clone(),
        Act::Revoke { id } => treasury.revoke(*id).raw().clone(),
        _ => unreachable!("{act:?} is no message of the recycling pool or the treasury"),
    }
}

fn usurped(which: Usurped, caller: Address) -> RawCall {
    let mut staking = StakingClient::new(STAKING, NativeTransport { caller });
    let mut slashing = SlashingClient::new(SLASHING, NativeTransport { caller });
    let mut rewards = RewardsClient::new(REWARDS, NativeTransport { caller });
    let mut recycling = RecyclingClient::new(RECYCLING, NativeTransport { caller });
    let somebody = address(1);
    match which {
        Usurped::EmissionHook => EmissionClient::new(EMISSION, NativeTransport { caller }).on_block().raw().clone(),
        Usurped::RecyclingHook => recycling.on_block().raw().clone(),
        Usurped::SlashingHook => slashing.on_block().raw().clone(),
        Usurped::RefusedBlock => slashing.on_refused(1, block_hash(1)).raw().clone(),
        Usurped::TakeFromPool => recycling.close_epoch(1).raw().clone(),
        Usurped::BeginSettlement => rewards.begin(0, 9, vec![1], vec![0], vec![1]).raw().clone(),
        Usurped::AdvanceSettlement => rewards.advance().raw().clone(),
        Usurped::PayReward => staking.reward(0, somebody).raw().clone(),
        Usurped::CloseRewards => staking.close_epoch(0).raw().clone(),
        Usurped::Slash => staking.slash(somebody, 0, 1_000_000, 0).raw().clone(),
        Usurped::SetStaking => staking.set_parameters(1, 1).raw().clone(),
    }
}
