//! The whole economy in one genesis, as Wasm on the chain: every contract knows the others by the addresses that the genesis gives
//! them, in whatever order they are created, and the hooks do the rest.

use florin_claims::{Claims, ClaimsClient};
use florin_emission::{Emission, EmissionClient, EpochSettled, StepFailed};
use florin_recycling::{Recycling, RecyclingClient};
use florin_registry::{Registry, RegistryClient};
use florin_rewards::{Rewards, RewardsClient};
use florin_runtime::genesis::GenesisCall;
use florin_sandbox::{
    Account, Address, B256, Balance, Bytes, Client, Gas, Sandbox, Status, WEI_PER_MDT as MDT, Wallet,
};
use florin_sdk::client::RawCall;
use florin_sdk::words::selector;
use florin_sdk::{SYSTEM, vote::Possession};
use florin_slashing::{DEFAULTS, Slashing, SlashingClient};
use florin_staking::{Staking, StakingClient};
use florin_tokenomics::commitment::Commitment;
use florin_tokenomics::split::RowKind;
use florin_tokenomics::{ClaimTree, Scope};
use florin_treasury::Treasury;

use crate::economy::{key, sign};

pub(crate) const TREASURY: Address = Address::repeat_byte(0xf1);
pub(crate) const STAKING: Address = Address::repeat_byte(0xf2);
pub(crate) const SLASHING: Address = Address::repeat_byte(0xf3);
const REGISTRY: Address = Address::repeat_byte(0xf4);
pub(crate) const EMISSION: Address = Address::repeat_byte(0xf5);
pub(crate) const REWARDS: Address = Address::repeat_byte(0xf6);
pub(crate) const RECYCLING: Address = Address::repeat_byte(0xf7);
pub(crate) const CLAIMS: Address = Address::repeat_byte(0xf8);
/// Everything that holds money of the economy.
const HOLDERS: [Address; 8] = [TREASURY, STAKING, SLASHING, REGISTRY, EMISSION, REWARDS, RECYCLING, CLAIMS];

pub(crate) const EPOCH: u64 = 12;
pub(crate) const FEE: u128 = MDT;
const STAKE: u128 = 100 * MDT;
const WINDOW: u64 = 30;
pub(crate) const HOOK_GAS: Gas = Gas(100_000_000);

pub(crate) struct Circle {
    pub(crate) sandbox: Sandbox,
    pub(crate) validators: Vec<Account>,
    pub(crate) miners: Vec<Account>,
}

impl Circle {
    /// A chain on which accounts validate from the genesis on, the first with one stake, the second with two, and so forth.
    pub(crate) fn new(validators: u32, miners: u32, emission_gas: Gas) -> Self {
        let owner = Account::named("owner").address();
        let row = |kind: RowKind| (400_000, kind.code(), Address::ZERO);
        let rows = vec![row(RowKind::Miners), row(RowKind::Staking), (200_000, RowKind::Account.code(), TREASURY)];
        let rules = (50 * MDT, 210_000, 500_000, 10_000, 500_000, 300_000, 200_000, WINDOW, 2, rows);
        let emission = (owner, REWARDS, RECYCLING, REGISTRY, STAKING, EPOCH, rules);
        // Each of them names others that come later.
        let mut builder = Sandbox::builder()
            .contract::<Emission>(EMISSION, SYSTEM, &emission)
            .and_then(|builder| {
                builder.contract::<Slashing>(SLASHING, SYSTEM, &(owner, STAKING, RECYCLING, EPOCH, DEFAULTS))
            })
            .and_then(|builder| {
                builder.contract::<Staking>(STAKING, SYSTEM, &(SLASHING, REWARDS, EPOCH, STAKE, 100 * EPOCH))
            })
            .and_then(|builder| builder.contract::<Recycling>(RECYCLING, SYSTEM, &(owner, EMISSION, CLAIMS)))
            .and_then(|builder| {
                builder.contract::<Registry>(REGISTRY, SYSTEM, &(owner, STAKING, RECYCLING, EPOCH, FEE, 4_096))
            })
            .and_then(|builder| {
                builder.contract::<Rewards>(REWARDS, SYSTEM, &(EMISSION, CLAIMS, RECYCLING, REGISTRY, STAKING))
            })
            .and_then(|builder| builder.contract::<Claims>(CLAIMS, REWARDS, &()))
            .and_then(|builder| builder.contract::<Treasury>(TREASURY, SYSTEM, &(owner,)))
            .unwrap()
            .mint(EMISSION)
            .burn(SLASHING)
            .burn(RECYCLING);
        for (contract, gas) in [(SLASHING, HOOK_GAS), (EMISSION, emission_gas), (RECYCLING, HOOK_GAS)] {
            builder = builder.hook(contract, Bytes::copy_from_slice(&selector("onBlock()")), gas);
        }
        let validators: Vec<_> = (0..validators).map(|number| Account::named(&format!("validator {number}"))).collect();
        for (place, validator) in (1_u128..).zip(&validators) {
            let value = Balance::new(place * STAKE);
            builder = builder.allocate(validator.address(), value);
            builder = builder.call(GenesisCall {
                caller: validator.address(),
                contract: STAKING,
                value,
                message: registration(validator),
            });
        }
        let sandbox = builder.build().unwrap();
        let miners = (0..miners).map(|number| sandbox.account(&format!("miner {number}"))).collect();
        for validator in &validators {
            sandbox.account(validator.name());
        }
        Self { sandbox, validators, miners }
    }

    pub(crate) fn by(&self, account: &Account) -> Wallet {
        self.sandbox.by(account).with_gas_limit(Gas(15_000_000))
    }

    /// Mines one block of calls, and checks what must hold after each: hooks and their steps succeed, and the supply is where it
    /// is.
    pub(crate) fn block(&self, calls: &[(&Account, RawCall)]) {
        let mut block = self.sandbox.block();
        for (account, call) in calls {
            block.push(&self.by(account), call).unwrap();
        }
        for outcome in block.mine().unwrap() {
            assert_eq!(outcome.unwrap().status, Status::Success);
        }
        for receipt in self.sandbox.hook_receipts() {
            assert_eq!(receipt.status, Status::Success, "{receipt:?}");
        }
        assert_eq!(self.sandbox.hook_events_of::<StepFailed>(), []);
    }

    /// Mines calls of many accounts, one each, a few in a block.
    fn many(&self, accounts: &[Account], call: impl Fn(&Account) -> RawCall) {
        for group in accounts.chunks(60) {
            let calls: Vec<_> = group.iter().map(|account| (account, call(account))).collect();
            self.block(&calls);
        }
    }

    /// The epoch of the next block.
    pub(crate) fn epoch(&self) -> u64 {
        (self.sandbox.height() + 1) / EPOCH
    }

    /// Mines until the next block is the first of an epoch; returns the epochs that were settled meanwhile.
    pub(crate) fn next_epoch(&self) -> Vec<EpochSettled> {
        let (epoch, mut settled) = (self.epoch(), Vec::new());
        while self.epoch() == epoch {
            self.block(&[]);
            settled.extend(self.sandbox.hook_events_of::<EpochSettled>());
        }
        settled
    }

    /// Has all validators commit to weights for the epoch that runs, show them in the next one, and report full work.
    fn work(&self, epoch: u64, weights: &[B256]) {
        self.many(&self.validators, |validator| {
            self.registry(validator).commit(self.commitment(validator, epoch, weights)).raw().clone()
        });
        assert_eq!(self.epoch(), epoch);
        self.next_epoch();
        let salt = B256::repeat_byte(7);
        self.many(&self.validators, |validator| self.registry(validator).reveal(salt, weights.to_vec()).raw().clone());
        self.many(&self.validators, |validator| {
            self.registry(validator).report(10_000, 1_000_000, 1_000_000, 1_000_000).raw().clone()
        });
    }

    pub(crate) fn registry(&self, by: &Account) -> RegistryClient<Wallet> {
        RegistryClient::new(REGISTRY, self.by(by))
    }

    pub(crate) fn staking(&self, by: &Account) -> StakingClient<Wallet> {
        StakingClient::new(STAKING, self.by(by))
    }

    fn balance(&self, of: impl Into<Address>) -> u128 {
        self.sandbox.balance(of).unwrap().wei()
    }

    /// The hash that a validator commits to with these weights.
    pub(crate) fn commitment(&self, validator: &Account, epoch: u64, weights: &[B256]) -> B256 {
        let head = Commitment {
            chain_id: self.sandbox.domain().chain_id,
            contract: REGISTRY.into_array(),
            epoch,
            validator: validator.address().into_array(),
            salt: [7; 32],
        };
        let bytes: Vec<u8> = weights.iter().flat_map(|word| word.0).collect();
        alloy_primitives::keccak256(head.encode(&bytes))
    }
}

/// The genesis' registration of a validator with its key.
pub(crate) fn registration(validator: &Account) -> Bytes {
    let chain_id = Sandbox::new().domain().chain_id;
    let key = key(validator.name());
    let statement = Possession { chain_id, validator: validator.address().into_array(), key: key.0 };
    let arguments = (key, sign(validator.name(), &statement.encode()), 50_000_u32);
    let encoded = alloy_sol_types::SolValue::abi_encode_params(&arguments);
    let selector = selector("register(bytes32,bytes32[2],uint32)");
    [&selector[..], &encoded].concat().into()
}

/// Weights in the order of the slots, as words of eight.
pub(crate) fn words(weights: &[u32]) -> Vec<B256> {
    let word = |part: &[u32]| {
        let mut bytes: Vec<u8> = part.iter().flat_map(|ppm| ppm.to_be_bytes()).collect();
        bytes.resize(32, 0);
        B256::from_slice(&bytes)
    };
    weights.chunks(8).map(word).collect()
}

#[test]
fn work_is_weighed_settled_paid_and_claimed_by_contracts_that_know_each_other_from_the_genesis() {
    let circle = Circle::new(3, 4, HOOK_GAS);
    circle.many(&circle.miners, |miner| circle.registry(miner).register().value(FEE).raw().clone());
    let anybody = circle.sandbox.account("anybody");
    let mut pool = RecyclingClient::new(RECYCLING, circle.by(&anybody));
    assert_eq!((pool.pool().view().unwrap(), pool.recycled(0).view().unwrap()), (4 * FEE, 4 * FEE));
    circle.next_epoch();

    let epoch = circle.epoch();
    let weights = words(&[400_000, 300_000, 200_000, 100_000]);
    circle.work(epoch, &weights);
    circle.next_epoch();
    let settled = circle.next_epoch();
    assert_eq!((settled.len(), settled[0].epoch), (1, epoch));
    let event = &settled[0];
    assert_eq!(event.figures, (50 * MDT, 0, 50 * MDT, 4 * FEE, 46 * MDT));
    assert_eq!(event.pools, [20 * MDT, 20 * MDT, 10 * MDT]);
    assert_eq!((circle.balance(TREASURY), event.leaf_count, event.claimable), (10 * MDT, 4, 20 * MDT));

    // A sixth of the validators' pool, two and three. What the index of a stake cannot express waits for the next reward.
    let owed: Vec<u128> = circle
        .validators
        .iter()
        .map(|validator| {
            circle.staking(validator).delegation(validator.address(), validator.address()).view().unwrap().1
        })
        .collect();
    assert_eq!(owed, [3_333_333_333, 6_666_666_667, 9_999_999_999]);
    let staked = 6 * STAKE;
    assert_eq!(circle.balance(STAKING), staked + 20 * MDT);
    let mut first = circle.staking(&circle.validators[0]);
    assert_eq!(first.claim_rewards(circle.validators[0].address()).send().unwrap(), owed[0]);

    // Miners claim by proofs of the kept list.
    let mut rewards = RewardsClient::new(REWARDS, circle.by(&anybody));
    let list = rewards.list(epoch, 0).view().unwrap().0;
    let entry = |entry: &[u8]| {
        (<[u8; 20]>::try_from(&entry[..20]).unwrap(), u128::from_le_bytes(entry[20..].try_into().unwrap()))
    };
    let list: Vec<_> = list.chunks_exact(36).map(entry).collect();
    let scope = Scope { chain_id: circle.sandbox.domain().chain_id, contract: CLAIMS.into_array(), campaign: epoch };
    let tree = ClaimTree::from_allocations(scope, &list).unwrap();
    assert_eq!(event.root.0, tree.root());
    let mut claims = ClaimsClient::new(CLAIMS, circle.by(&anybody));
    let mut paid = 0;
    for claim in &tree.claims()[1..] {
        let proof = tree.proof(claim.index).unwrap().into_iter().map(B256::from).collect();
        claims.claim(epoch, claim.index, Address::new(claim.account), claim.amount, proof).send().unwrap();
        paid += claim.amount;
    }
    // What the first has not claimed in time comes back to the pool.
    while pool.recycled(4).view().unwrap() == 0 {
        assert!(circle.sandbox.height() < 100);
        circle.block(&[]);
    }
    assert_eq!((pool.recycled(4).view().unwrap(), circle.balance(CLAIMS)), (20 * MDT - paid, 0));

    // A validator that signs two blocks pays the reporter, the fire and the pool.
    let (offender, height) = (&circle.validators[2], circle.sandbox.height());
    let vote = |hash: B256| {
        let chain_id = circle.sandbox.domain().chain_id;
        let vote = florin_sdk::vote::Vote { chain_id, height, view: 0, block_hash: hash.0 };
        sign(offender.name(), &vote.encode())
    };
    let [a, b] = [1, 2].map(B256::repeat_byte);
    let mut slashing = SlashingClient::new(SLASHING, circle.by(&anybody));
    let slashed = slashing.report_double_sign(offender.address(), height, 0, a, vote(a), b, vote(b)).send().unwrap();
    assert_eq!((slashed, pool.recycled(1).view().unwrap()), (30 * MDT, 15 * MDT));
    assert_eq!(circle.sandbox.supply().unwrap().burned_by_contracts.wei(), 30 * MDT * 450_000 / 1_000_000);
    assert_eq!([SLASHING, REGISTRY, EMISSION, REWARDS].map(|contract| circle.balance(contract)), [0; 4]);
}

#[test]
fn who_does_not_sign_the_blocks_is_down_by_the_record_of_the_hook() {
    let circle = Circle::new(3, 0, HOOK_GAS);
    // Places in the set are in the order of the addresses.
    let mut order: Vec<&Account> = circle.validators.iter().collect();
    order.sort_by_key(|validator| validator.address());
    circle.sandbox.set_parent_signers(&[0b101]);
    circle.sandbox.advance(101).unwrap();
    let anybody = circle.sandbox.account("anybody");
    let mut slashing = SlashingClient::new(SLASHING, circle.by(&anybody));
    assert_eq!(slashing.signatures(order[0].address()).view().unwrap(), (100, 100));
    assert_eq!(slashing.signatures(order[1].address()).view().unwrap(), (0, 100));
    let stake = circle.staking(order[1]).effective_stake(order[1].address(), 0).view().unwrap();
    assert_eq!(slashing.report_downtime(order[1].address()).send().unwrap(), stake / 100);
    assert!(slashing.report_downtime(order[2].address()).send().is_err());
}

/// A step that the hook begins must end within what it keeps for one, in the largest set that there may be; else it would fail in
/// every block anew.
#[test]
fn the_scores_and_rewards_of_256_validators_are_settled_by_a_hook_with_little_gas() {
    const MINERS: u32 = 1_300;
    let circle = Circle::new(256, MINERS, Gas(13_000_000));
    circle.many(&circle.miners, |miner| circle.registry(miner).register().value(FEE).raw().clone());
    circle.next_epoch();
    let epoch = circle.epoch();
    let mut weights = vec![1_000_000 / MINERS; MINERS as usize];
    weights[0] += 1_000_000 % MINERS;
    circle.work(epoch, &words(&weights));
    let (mut emission, start) = (EmissionClient::new(EMISSION, circle.by(&circle.miners[0])), circle.sandbox.height());
    while emission.next_epoch().view().unwrap() <= epoch {
        circle.block(&[]);
        assert!(circle.sandbox.height() < start + 200);
    }
    println!("settled in {} blocks", circle.sandbox.height() - start);
    let held: u128 = HOLDERS.iter().map(|holder| circle.balance(*holder)).sum();
    assert_eq!(held, u128::from(MINERS) * FEE + STAKE * 256 * 257 / 2);
}
