//! The epoch machine as Wasm on the chain: emission, rewards, recycling pool and claims by the hooks of a genesis, beside the
//! formulas and trees of the definitions.

use florin_claims::{Claims, ClaimsClient};
use florin_emission::{Emission, EmissionClient, EmissionError, EpochSettled, RuleTerms, StepFailed};
use florin_recycling::{Recycling, RecyclingClient};
use florin_rewards::{PAGE_REWARDS, Rewards, RewardsClient, RewardsListed};
use florin_runtime::genesis::GenesisContract;
use florin_runtime::vm::VmConfig;
use florin_sandbox::{
    Account, Address, B256, Bytes, Client, EngineKind, Gas, Sandbox, SandboxBuilder, Status, WEI_PER_MDT as MDT,
};
use florin_sdk::abi::Octets;
use florin_sdk::words::selector;
use florin_sdk::{ContractError, SYSTEM};
use florin_tokenomics::split::RowKind;
use florin_tokenomics::{ClaimTree, Scope};

use crate::engines::ENGINES;

const SOURCE: Address = Address::repeat_byte(0xa1);
const CLAIMS: Address = Address::repeat_byte(0xa2);
const RECYCLING: Address = Address::repeat_byte(0xa3);
const REWARDS: Address = Address::repeat_byte(0xa4);
const EMISSION: Address = Address::repeat_byte(0xa5);
const TREASURY: Address = Address::repeat_byte(0xa6);
const EPOCH: u64 = 5;
const WINDOW: u64 = 40;
const HOOK_GAS: Gas = Gas(100_000_000);
/// Everything that holds money in these tests.
const HOLDERS: [Address; 6] = [SOURCE, CLAIMS, RECYCLING, REWARDS, EMISSION, TREASURY];

/// Returns a registry and staking contract of this size.
fn source(miners: u32, validators: u32, quality: u32) -> Vec<u8> {
    let mut text = include_str!("scores.wat").to_owned();
    let numbers = [("MINERS", miners), ("VALIDATORS", validators), ("QUALITY", quality)];
    let selectors = [
        ("SELECTOR_OUTCOME", "outcome(uint64)"),
        ("SELECTOR_SCORES", "scores(uint64,uint32)"),
        ("SELECTOR_VALIDATORS", "validators(uint64,address,uint32)"),
        ("SELECTOR_STAKE", "totalStake(uint64)"),
        ("SELECTOR_METRICS", "metrics(uint64)"),
        ("SELECTOR_REWARD", "reward(uint64,address)"),
        ("SELECTOR_CLOSE", "closeEpoch(uint64)"),
    ];
    for (name, signature) in selectors {
        text = text.replace(name, &u32::from_le_bytes(selector(signature)).to_string());
    }
    for (name, number) in numbers {
        text = text.replace(name, &number.to_string());
    }
    wat::parse_str(text).unwrap()
}

fn miner(number: u32) -> Address {
    let mut address = [0; 20];
    address[..4].copy_from_slice(&(number + 1).to_be_bytes());
    Address::new(address)
}

fn score(number: u32) -> u128 {
    u128::from(number) * 7_919 % 1_000_000 + 1
}

fn rules(kinds: [RowKind; 2]) -> RuleTerms {
    let [first, second] = kinds.map(RowKind::code);
    let nobody = Address::ZERO;
    let rows = vec![(400_000, first, nobody), (400_000, second, nobody), (200_000, 0, TREASURY)];
    (50 * MDT, 210_000, 500_000, 10_000, 500_000, 300_000, 200_000, WINDOW, 2, rows)
}

fn call(name: &str) -> Bytes {
    Bytes::copy_from_slice(&selector(name))
}

struct Chain {
    sandbox: Sandbox,
    alice: Account,
}

impl Chain {
    fn new(miners: u32, validators: u32, kinds: [RowKind; 2]) -> Self {
        Self::with(miners, validators, kinds, 1_000_000, VmConfig { instances_max: 16, ..VmConfig::default() })
    }

    fn with(miners: u32, validators: u32, kinds: [RowKind; 2], quality: u32, vm: VmConfig) -> Self {
        let owner = Address::repeat_byte(0x0e);
        let code = source(miners, validators, quality).into();
        let args = (owner, REWARDS, RECYCLING, SOURCE, SOURCE, EPOCH, rules(kinds));
        let builder = Sandbox::builder()
            .vm(vm)
            .contract_wasm(GenesisContract { address: SOURCE, creator: SYSTEM, code, arguments: Bytes::new() })
            .contract::<Claims>(CLAIMS, REWARDS, &())
            .and_then(|builder| builder.contract::<Recycling>(RECYCLING, SYSTEM, &(owner, EMISSION, CLAIMS)))
            .and_then(|builder| {
                builder.contract::<Rewards>(REWARDS, SYSTEM, &(EMISSION, CLAIMS, RECYCLING, SOURCE, SOURCE))
            })
            .and_then(|builder| builder.contract::<Emission>(EMISSION, SYSTEM, &args))
            .unwrap();
        let sandbox = Self::hooks(builder).build().unwrap();
        let alice = sandbox.account("alice");
        Self { sandbox, alice }
    }

    fn hooks(builder: SandboxBuilder) -> SandboxBuilder {
        let builder = builder.mint(EMISSION).burn(RECYCLING);
        builder.hook(RECYCLING, call("onBlock()"), Gas(10_000_000)).hook(EMISSION, call("onBlock()"), HOOK_GAS)
    }

    fn emission(&self) -> EmissionClient<florin_sandbox::Wallet> {
        EmissionClient::new(EMISSION, self.sandbox.by(&self.alice))
    }

    /// Mines one block and checks what must hold after each: every hook and each of its steps succeeded within its gas, and the supply
    /// is where it is.
    fn block(&self) {
        let before = self.elsewhere();
        let circulating = self.sandbox.supply().unwrap().circulating().unwrap().wei();
        self.sandbox.advance(1).unwrap();
        for receipt in self.sandbox.hook_receipts() {
            assert_eq!(receipt.status, Status::Success, "{receipt:?}");
            assert!(receipt.gas_used < HOOK_GAS);
        }
        assert_eq!(self.sandbox.hook_events_of::<StepFailed>(), []);
        let supply = self.sandbox.supply().unwrap();
        assert_eq!(self.elsewhere(), before, "an empty block moves money of nobody else");
        assert!(supply.circulating().unwrap().wei() >= circulating);
        assert_eq!(supply.circulating().unwrap().wei() - before, self.held());
    }

    /// What the contracts of these tests hold.
    fn held(&self) -> u128 {
        HOLDERS.iter().map(|holder| self.sandbox.balance(*holder).unwrap().wei()).sum()
    }

    /// What everybody else holds.
    fn elsewhere(&self) -> u128 {
        self.sandbox.supply().unwrap().circulating().unwrap().wei() - self.held()
    }

    /// Mines until an epoch is settled; returns its event and the rewards that were listed on the way.
    fn settle(&self, epoch: u64) -> (EpochSettled, Vec<(Address, u128)>) {
        let mut list = Vec::new();
        for _ in 0..400 {
            self.block();
            for event in self.sandbox.hook_events_of::<RewardsListed>() {
                if event.epoch == epoch {
                    assert_eq!(event.first as usize, list.len());
                    list.extend(entries(&event.entries.0));
                }
            }
            let settled = self.sandbox.hook_events_of::<EpochSettled>();
            if let Some(event) = settled.into_iter().find(|event| event.epoch == epoch) {
                return (event, list);
            }
        }
        panic!("epoch {epoch} is not settled after 400 blocks");
    }
}

fn entries(page: &[u8]) -> Vec<(Address, u128)> {
    let entry =
        |entry: &[u8]| (Address::from_slice(&entry[..20]), u128::from_le_bytes(entry[20..].try_into().unwrap()));
    page.chunks_exact(36).map(entry).collect()
}

/// Returns the rewards of miners by the definition.
fn defined(pool: u128, miners: u32) -> Vec<(Address, u128)> {
    let weights: Vec<u128> = (0..miners).map(score).collect();
    let shares = florin_tokenomics::shares::divide(pool, &weights).unwrap();
    (0..miners).map(miner).zip(shares).filter(|(_, amount)| *amount > 0).collect()
}

fn tree(chain_id: u64, epoch: u64, list: &[(Address, u128)]) -> ClaimTree {
    let scope = Scope { chain_id, contract: CLAIMS.into_array(), campaign: epoch };
    let list: Vec<_> = list.iter().map(|(account, amount)| (account.into_array(), *amount)).collect();
    ClaimTree::from_allocations(scope, &list).unwrap()
}

#[test]
fn an_epoch_is_settled_by_the_chain_and_claimed_by_proof() {
    let chain = Chain::new(300, 40, [RowKind::Miners, RowKind::Staking]);
    let (event, list) = chain.settle(0);
    assert_eq!(chain.sandbox.height(), 2 * EPOCH, "the first block in which epoch 0 is due");
    assert_eq!((event.utility, event.figures), (1_000_000, (50 * MDT, 0, 50 * MDT, 0, 50 * MDT)));
    assert_eq!(event.pools, [20 * MDT, 20 * MDT, 10 * MDT]);
    assert_eq!(list, defined(20 * MDT, 300));
    let tree = tree(chain.sandbox.domain().chain_id, 0, &list);
    assert_eq!((event.root.0, event.leaf_count, event.claimable), (tree.root(), 300, 20 * MDT));
    // Validators got theirs through the staking contract, the treasury by transfer.
    assert_eq!(chain.sandbox.balance(SOURCE).unwrap().wei(), 20 * MDT);
    assert_eq!(chain.sandbox.balance(TREASURY).unwrap().wei(), 10 * MDT);
    let mut claims = ClaimsClient::new(CLAIMS, chain.sandbox.by(&chain.alice));
    for claim in tree.claims().iter().step_by(37) {
        let proof: Vec<B256> = tree.proof(claim.index).unwrap().into_iter().map(B256::from).collect();
        let account = Address::new(claim.account);
        claims.claim(0, claim.index, account, claim.amount, proof.clone()).send().unwrap();
        assert_eq!(chain.sandbox.balance(account).unwrap().wei(), claim.amount);
        assert!(claims.claim(0, claim.index, account, claim.amount, proof).send().is_err());
    }
    // The contract keeps the list, page by page.
    let mut rewards = RewardsClient::new(REWARDS, chain.sandbox.by(&chain.alice));
    let kept: Vec<_> = (0..300_u32.div_ceil(PAGE_REWARDS))
        .flat_map(|page| entries(&rewards.list(0, page).view().unwrap().0))
        .collect();
    assert_eq!(kept, list);
}

#[test]
fn an_account_with_two_roles_has_one_leaf_with_the_sum() {
    let chain = Chain::new(100, 20, [RowKind::Miners, RowKind::Validators]);
    let (_, list) = chain.settle(0);
    let stakes: Vec<u128> = (1..=20).map(|stake| stake * MDT).collect();
    let by_stake = florin_tokenomics::shares::divide(20 * MDT, &stakes).unwrap();
    let mut expected = defined(20 * MDT, 100);
    for (place, amount) in by_stake.into_iter().enumerate() {
        expected[3 * place].1 += amount;
    }
    assert_eq!(list, expected);
}

/// The size that the design promises: every block within its gas and its memory, and the list to the wei.
#[test]
fn a_settlement_of_100_000_accounts_stays_within_its_gas_in_every_block() {
    let chain = Chain::new(100_000, 0, [RowKind::Miners, RowKind::Staking]);
    let mut blocks = 0;
    let mut dearest = Gas(0);
    let mut list = Vec::new();
    let event = loop {
        chain.block();
        dearest = dearest.max(chain.sandbox.hook_receipts()[1].gas_used);
        blocks += u64::from(chain.sandbox.height() >= 2 * EPOCH);
        for event in chain.sandbox.hook_events_of::<RewardsListed>() {
            if event.epoch == 0 {
                list.extend(entries(&event.entries.0));
            }
        }
        if let Some(event) = chain.sandbox.hook_events_of::<EpochSettled>().into_iter().next() {
            break event;
        }
        assert!(blocks < 50, "a settlement of 100,000 accounts takes less than an epoch");
    };
    println!("100,000 accounts: {blocks} blocks, the dearest with {dearest}");
    assert!(dearest <= HOOK_GAS);
    assert_eq!(list, defined(20 * MDT, 100_000));
    assert_eq!(event.root.0, tree(chain.sandbox.domain().chain_id, 0, &list).root());
    assert_eq!(event.claimable, 20 * MDT);
}

#[test]
fn what_nobody_claims_is_recycled_before_anything_is_minted() {
    let chain = Chain::new(10, 0, [RowKind::Miners, RowKind::Miners]);
    let (first, _) = chain.settle(0);
    assert_eq!(first.claimable, 40 * MDT);
    let mut recycling = RecyclingClient::new(RECYCLING, chain.sandbox.by(&chain.alice));
    while recycling.recycled(4).view().unwrap() == 0 {
        assert!(chain.sandbox.height() < 2 * EPOCH + WINDOW + 2);
        chain.block();
    }
    // The window has closed with block 2 * EPOCH + WINDOW - 1.
    assert_eq!(chain.sandbox.height(), 2 * EPOCH + WINDOW);
    let swept = recycling.recycled(4).view().unwrap();
    let epoch = chain.emission().next_epoch().view().unwrap();
    assert_eq!(swept, 40 * MDT);
    let (figures, ..) = {
        let record = chain.emission().record(epoch - 1).view().unwrap();
        (record.2, record.3)
    };
    assert_eq!((figures.3, figures.4), (40 * MDT, 10 * MDT), "out of the pool, then minted");
}

#[test]
fn want_of_quality_is_burned_in_the_ledger_and_told_by_reason() {
    let vm = VmConfig { instances_max: 16, ..VmConfig::default() };
    let chain = Chain::with(3, 0, [RowKind::Miners, RowKind::Staking], 400_000, vm);
    let (event, _) = chain.settle(0);
    assert_eq!(event.figures, (50 * MDT, 5 * MDT, 45 * MDT, 0, 45 * MDT));
    let supply = chain.sandbox.supply().unwrap();
    assert_eq!((supply.minted.wei(), supply.burned_by_contracts.wei()), (50 * MDT, 5 * MDT));
    let mut recycling = RecyclingClient::new(RECYCLING, chain.sandbox.by(&chain.alice));
    assert_eq!(recycling.burned(0).view().unwrap(), 5 * MDT);
    assert_eq!(recycling.burned(1).view().unwrap(), supply.burned_fees.wei());
}

#[test]
fn case_93_epochs_that_were_missed_are_caught_up_in_order() {
    let chain = Chain::new(50, 0, [RowKind::Miners, RowKind::Staking]);
    let mut settled = Vec::new();
    while chain.sandbox.height() < 12 * EPOCH {
        chain.block();
        settled.extend(chain.sandbox.hook_events_of::<EpochSettled>().into_iter().map(|event| event.epoch));
    }
    assert_eq!(settled, (0..=10).collect::<Vec<_>>());
    // What was not claimed in time came back and was not minted anew.
    let minted = chain.sandbox.supply().unwrap().minted.wei();
    let reused = RecyclingClient::new(RECYCLING, chain.sandbox.by(&chain.alice)).statistics().view().unwrap().2;
    assert!(reused > 0);
    assert_eq!(minted + reused, 11 * 50 * MDT);
    // A transaction calls the hook in vain.
    let refused = chain.emission().on_block().send().unwrap_err().reverted();
    assert!(matches!(refused, Some(EmissionError::OnlyTheChain { .. })));
    assert_eq!(chain.sandbox.supply().unwrap().minted.wei(), minted);
}

#[test]
fn a_step_that_fails_is_told_with_its_reason_and_leaves_the_hook_standing() {
    let vm = VmConfig { instances_max: 16, ..VmConfig::default() };
    let chain = Chain::with(3, 0, [RowKind::Miners, RowKind::Staking], 1_000_001, vm);
    chain.sandbox.advance(2 * EPOCH - 1).unwrap();
    let reason = Octets(EmissionError::InvalidRatio { ppm: 1_000_001 }.encode());
    for _ in 0..3 {
        chain.sandbox.advance(1).unwrap();
        assert!(chain.sandbox.hook_receipts().iter().all(|receipt| receipt.status == Status::Success));
        let failed = StepFailed { epoch: 0, status: Status::Reverted.code(), reason: reason.clone() };
        assert_eq!(chain.sandbox.hook_events_of::<StepFailed>(), [failed]);
        assert_eq!(chain.sandbox.supply().unwrap().minted.wei(), 0);
    }
    // A transaction calls a step of the hook in vain.
    let refused = chain.emission().begin_next().send().unwrap_err().reverted();
    assert_eq!(refused, Some(EmissionError::OnlyTheChain { caller: chain.alice.address() }));
}

#[test]
fn a_settlement_is_the_same_on_every_engine() {
    let told = ENGINES.map(|engine: EngineKind| {
        let vm = VmConfig { engine, instances_max: 16, ..VmConfig::default() };
        let chain = Chain::with(700, 30, [RowKind::Miners, RowKind::Validators], 300_000, vm);
        let (event, list) = chain.settle(0);
        (event, list, chain.sandbox.hook_receipts(), chain.sandbox.state_root())
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}
