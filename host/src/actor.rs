//! Accounts that act on a chain.
//!
//! Guarantees that a seed gives the same accounts, and that each transaction carries its sender's next nonce.

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use florin_runtime::amount::EVM_WEI_PER_WEI;

use crate::keys::{KeyError, Signer};

/// What an actor pays for a unit of gas, in ledger wei.
pub(crate) const GAS_PRICE: u64 = 1;

/// An account and its next nonce.
pub(crate) struct Actor {
    signer: Signer,
    nonce: u64,
    chain_id: u64,
}

impl Actor {
    /// Derives the account `//role//number` of a seed, which acts on a chain.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if the numbers conspire.
    pub(crate) fn derive(seed: u64, role: &str, number: u64, chain_id: u64) -> Result<Self, KeyError> {
        Ok(Self { signer: Signer::derive(seed, role, number)?, nonce: 0, chain_id })
    }

    /// Returns the account's address.
    pub(crate) const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs a call.
    pub(crate) fn call(&mut self, to: Address, input: Vec<u8>, gas_limit: u64) -> Bytes {
        self.pay(to, 0, input, gas_limit)
    }

    /// Signs a call with a value, in ledger wei.
    pub(crate) fn pay(&mut self, to: Address, value: u128, input: Vec<u8>, gas_limit: u64) -> Bytes {
        self.sign(TxKind::Call(to), value, input.into(), gas_limit)
    }

    /// Signs a deployment; returns it with the address that the contract will have.
    pub(crate) fn deploy(&mut self, payload: Bytes, gas_limit: u64) -> (Bytes, Address) {
        let address = self.address().create(self.nonce);
        (self.sign(TxKind::Create, 0, payload, gas_limit), address)
    }

    fn sign(&mut self, to: TxKind, value: u128, input: Bytes, gas_limit: u64) -> Bytes {
        let price = u128::from(GAS_PRICE).saturating_mul(EVM_WEI_PER_WEI.into());
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: 0,
            to,
            value: U256::from(value).saturating_mul(U256::from(EVM_WEI_PER_WEI)),
            input,
            ..TxEip1559::default()
        };
        self.nonce = self.nonce.saturating_add(1);
        self.signer.sign_transaction(transaction)
    }
}
