//! The economy's contracts on one chain: staking, slashing and registry as Wasm, which know each other's addresses.
//!
//! The account "rewards" pays them; a module that accepts everything stands for the recycling pool.

use florin_registry::Registry;
use florin_sandbox::{Account, Address, B256, Balance, Client, ClientOf, Sandbox};
use florin_sdk::vote::{Possession, Vote};
use florin_slashing::{DEFAULTS, Slashing};
use florin_staking::Staking;
use sp_core::{Pair, ed25519};

pub(crate) const MDT: u128 = 1_000_000_000;
pub(crate) const EPOCH_BLOCKS: u64 = 10;
pub(crate) const UNBONDING_BLOCKS: u64 = 60;
pub(crate) const FEE: u128 = MDT;

/// Accepts every call.
const POOL: &str = r#"(module
    (import "florin" "finish" (func $finish (param i32 i32)))
    (memory (export "memory") 1 1)
    (func (export "florin_call") (call $finish (i32.const 0) (i32.const 0))))"#;

pub(crate) struct Economy {
    pub(crate) sandbox: Sandbox,
    pub(crate) staking: ClientOf<Staking>,
    pub(crate) slashing: ClientOf<Slashing>,
    pub(crate) registry: ClientOf<Registry>,
    pub(crate) pool: Address,
    pub(crate) owner: Account,
    pub(crate) rewards: Account,
}

impl Economy {
    pub(crate) fn new() -> Self {
        let address = |nonce| Account::named("owner").address().create(nonce);
        let (staking, slashing) = (address(1), address(2));
        let sandbox = Sandbox::builder().burn(slashing).build().unwrap();
        let [owner, rewards] = ["owner", "rewards"].map(|name| sandbox.account(name));
        let by = sandbox.by(&owner);
        let pool = by.deploy_wasm(&wat::parse_str(POOL).unwrap(), &[]).unwrap().contract.unwrap();
        let terms = (slashing, rewards.address(), EPOCH_BLOCKS, 100 * MDT, UNBONDING_BLOCKS);
        let staking_client = by.deploy::<Staking>(terms).unwrap();
        assert_eq!(staking_client.address(), staking);
        let slashing = by.deploy::<Slashing>((owner.address(), staking, pool, EPOCH_BLOCKS, DEFAULTS)).unwrap();
        let registry = by.deploy::<Registry>((owner.address(), staking, pool, EPOCH_BLOCKS, FEE, 300)).unwrap();
        Self { sandbox, staking: staking_client, slashing, registry, pool, owner, rewards }
    }

    /// An economy in which accounts validate with these stakes in MDT, in the epoch that has just begun.
    pub(crate) fn with_validators<const N: usize>(validators: [(&str, u128); N]) -> (Self, [Account; N]) {
        let economy = Self::new();
        let accounts = validators.map(|(name, stake)| {
            let account = economy.sandbox.account(name);
            let (key, possession) = economy.possession(&account);
            let mut staking = economy.staking.by(&account);
            staking.register(key, possession, 0).value(stake * MDT).send().unwrap();
            account
        });
        economy.next_epoch();
        (economy, accounts)
    }

    /// The epoch of the next block.
    pub(crate) fn epoch(&self) -> u64 {
        (self.sandbox.height() + 1) / EPOCH_BLOCKS
    }

    /// Mines blocks until the next is the first of an epoch.
    pub(crate) fn next_epoch(&self) -> u64 {
        let next = self.epoch() + 1;
        self.sandbox.advance_to(next * EPOCH_BLOCKS - 1).unwrap();
        next
    }

    /// The key of an account's name, and the proof that the account holds it.
    pub(crate) fn possession(&self, account: &Account) -> (B256, [B256; 2]) {
        let (chain_id, validator) = (self.sandbox.domain().chain_id, account.address().into_array());
        let key = key(account.name());
        (key, sign(account.name(), &Possession { chain_id, validator, key: key.0 }.encode()))
    }

    /// A vote that the key of a name signed.
    pub(crate) fn vote(&self, name: &str, height: u64, view: u64, block_hash: B256) -> [B256; 2] {
        let chain_id = self.sandbox.domain().chain_id;
        sign(name, &Vote { chain_id, height, view, block_hash: block_hash.0 }.encode())
    }

    pub(crate) fn balance(&self, address: impl Into<Address>) -> u128 {
        self.sandbox.balance(address).unwrap().wei()
    }

    /// What a call costs its sender besides the fee.
    pub(crate) fn fee(&self) -> u128 {
        self.sandbox.last_receipt().map_or(Balance::ZERO, |receipt| receipt.fee).wei()
    }

    /// Stake of an account and what it can claim.
    pub(crate) fn holding(&self, validator: &Account, delegator: &Account) -> (u128, u128) {
        let mut staking = self.staking.by(delegator);
        staking.delegation(validator.address(), delegator.address()).view().unwrap()
    }
}

/// The consensus key of a name.
pub(crate) fn key(name: &str) -> B256 {
    B256::new(pair(name).public().0)
}

pub(crate) fn sign(name: &str, bytes: &[u8]) -> [B256; 2] {
    let signature = pair(name).sign(bytes);
    let (r, s) = signature.0.split_at(32);
    [B256::from_slice(r), B256::from_slice(s)]
}

fn pair(name: &str) -> ed25519::Pair {
    ed25519::Pair::from_seed(&alloy_primitives::keccak256(name).0)
}
