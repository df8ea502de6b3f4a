//! Keys by number, and transactions that they sign.

use alloy_primitives::{Address, Bytes};
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_runtime::signature::{Scheme, key_address};
use florin_runtime::transaction::{Body, Domain, GasPrice, NativeSignature, build};
use sp_core::{Pair, ecdsa, ed25519, sr25519};

/// A key of one of the schemes.
#[derive(Clone)]
pub enum Signer {
    /// ed25519.
    Ed25519(Box<ed25519::Pair>),
    /// sr25519.
    Sr25519(Box<sr25519::Pair>),
    /// ecdsa, also for Ethereum envelopes.
    Ecdsa(Box<ecdsa::Pair>),
}

impl Signer {
    /// Makes the key with this number.
    pub fn new(scheme: Scheme, number: u32) -> Self {
        let mut seed = [1; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        match scheme {
            Scheme::Ed25519 => Self::Ed25519(Box::new(ed25519::Pair::from_seed(&seed))),
            Scheme::Sr25519 => Self::Sr25519(Box::new(sr25519::Pair::from_seed(&seed))),
            Scheme::Ecdsa => Self::Ecdsa(Box::new(ecdsa::Pair::from_seed(&seed))),
        }
    }

    /// Returns the account of the key.
    pub fn address(&self) -> Address {
        let address = match self {
            Self::Ed25519(pair) => key_address(Scheme::Ed25519, &pair.public().0),
            Self::Sr25519(pair) => key_address(Scheme::Sr25519, &pair.public().0),
            Self::Ecdsa(pair) => key_address(Scheme::Ecdsa, &pair.public().0),
        };
        // The key of a pair is a key.
        address.unwrap_or_default()
    }

    /// Signs as EIP-1559 with an ecdsa key, else in the native envelope.
    pub fn sign(&self, body: &Body, domain: &Domain) -> Bytes {
        match self {
            Self::Ecdsa(pair) => {
                let unsigned = build::eip1559(body, domain);
                let [rs @ .., id] = pair.sign_prehashed(&unsigned.digest().0).0;
                unsigned.assemble(&rs, id == 1)
            }
            Self::Ed25519(_) | Self::Sr25519(_) => self.sign_native(body, domain),
        }
    }

    /// Signs in the native envelope.
    pub fn sign_native(&self, body: &Body, domain: &Domain) -> Bytes {
        let unsigned = build::native(body.clone(), domain);
        let message = unsigned.message();
        unsigned.assemble(&match self {
            Self::Ed25519(pair) => NativeSignature::Ed25519 { key: pair.public().0, signature: pair.sign(message).0 },
            Self::Sr25519(pair) => NativeSignature::Sr25519 { key: pair.public().0, signature: pair.sign(message).0 },
            Self::Ecdsa(pair) => NativeSignature::Ecdsa { key: pair.public().0, signature: pair.sign(message).0 },
        })
    }
}

/// Returns a transfer of one wei.
pub fn transfer(nonce: u64, to: Address) -> Body {
    Body {
        nonce,
        to: Some(to),
        value: Balance::new(1),
        gas_limit: Gas(21_000),
        gas_price: GasPrice::flat(1),
        input: Bytes::new(),
    }
}
