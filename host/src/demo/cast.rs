//! Who acts in the demo: an owner, 64 relayers and an attacker, each with its nonce.
//!
//! Guarantees that a seed gives the same people, and that each transaction carries its sender's next nonce.

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, TxKind, U256};

use crate::keys::{KeyError, Signer};

/// Accounts that submit claims.
pub(super) const RELAYERS: u64 = 64;

/// Gas that a deployment or a step of the preparation may use.
pub(super) const GAS_LIMIT: u64 = 20_000_000;

/// Gas that a claim may use. 1,000 of them fit a block.
pub(super) const CLAIM_GAS_LIMIT: u64 = 1_000_000;

/// What the demo pays for a unit of gas, in ledger wei.
pub(super) const GAS_PRICE: u64 = 1;

/// EVM wei in one ledger wei.
const EVM_WEI_PER_WEI: u128 = 1_000_000_000;

/// An account and its next nonce.
pub(super) struct Actor {
    signer: Signer,
    nonce: u64,
    chain_id: u64,
}

impl Actor {
    fn new(seed: u64, role: &str, number: u64, chain_id: u64) -> Result<Self, KeyError> {
        Ok(Self { signer: Signer::derive(seed, role, number)?, nonce: 0, chain_id })
    }

    /// Returns the account's address.
    pub(super) const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs a call.
    pub(super) fn call(&mut self, to: Address, input: Vec<u8>, gas_limit: u64) -> Bytes {
        self.sign(TxKind::Call(to), input.into(), gas_limit)
    }

    /// Signs a deployment; returns it with the address that the contract will have.
    pub(super) fn deploy(&mut self, payload: Bytes, gas_limit: u64) -> (Bytes, Address) {
        let address = self.address().create(self.nonce);
        (self.sign(TxKind::Create, payload, gas_limit), address)
    }

    fn sign(&mut self, to: TxKind, input: Bytes, gas_limit: u64) -> Bytes {
        let price = u128::from(GAS_PRICE).saturating_mul(EVM_WEI_PER_WEI);
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: 0,
            to,
            value: U256::ZERO,
            input,
            ..TxEip1559::default()
        };
        self.nonce = self.nonce.saturating_add(1);
        self.signer.sign_transaction(transaction)
    }
}

/// Everybody.
pub(super) struct Cast {
    /// Deploys, mints and funds.
    pub(super) owner: Actor,
    /// Submit claims, in turn.
    pub(super) relayers: Vec<Actor>,
    /// Tries everything else.
    pub(super) attacker: Actor,
    /// Gets the proposer's part of the fees.
    pub(super) proposer: Address,
}

impl Cast {
    /// Derives everybody from the seed.
    pub(super) fn new(seed: u64, chain_id: u64) -> Result<Self, KeyError> {
        let relayers = (0..RELAYERS).map(|number| Actor::new(seed, "relayer", number, chain_id));
        Ok(Self {
            owner: Actor::new(seed, "owner", 0, chain_id)?,
            relayers: relayers.collect::<Result<_, _>>()?,
            attacker: Actor::new(seed, "attacker", 0, chain_id)?,
            proposer: Signer::derive(seed, "proposer", 0)?.address(),
        })
    }

    /// Returns everybody who signs.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &Actor> {
        [&self.owner, &self.attacker].into_iter().chain(&self.relayers)
    }
}
