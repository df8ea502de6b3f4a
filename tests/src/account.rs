//! Accounts by name: the same name has the same key in every sandbox, so that addresses and roots repeat.
//!
//! The keys are public knowledge. They must never hold anything on a real chain.

use std::fmt;
use std::sync::Arc;

use alloy_primitives::{Address, B256, keccak256};
use florin_runtime::transaction::{Body, Domain, build};
use secp256k1::{Message, SecretKey, ecdsa::RecoverableSignature};

/// What a key is derived from, together with the name and a counter.
const KEY_DOMAIN: &str = "florin sandbox account";

/// A key pair with a name.
#[derive(Clone)]
pub struct Account {
    name: Arc<str>,
    secret: SecretKey,
    address: Address,
}

impl Account {
    /// Derives the account with this name. It holds nothing: [`crate::Sandbox::account`] gives a funded one.
    pub fn named(name: &str) -> Self {
        let mut counter = 0_u64;
        let secret = loop {
            // All but a 2^-128th of all hashes are keys.
            match key(name, counter) {
                Some(secret) => break secret,
                None => counter = counter.wrapping_add(1),
            }
        };
        let [_, point @ ..] = secret.public_key().serialize_uncompressed();
        Self { name: name.into(), secret, address: Address::from_word(keccak256(point)) }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a digest; returns r, s (low) and v (27 or 28), as `ecrecover` and EIP-2612 take them.
    pub fn sign(&self, digest: B256) -> [u8; 65] {
        let (rs, parity) = self.sign_compact(digest);
        let mut signature = [0; 65];
        signature[..64].copy_from_slice(&rs);
        signature[64] = 27_u8.saturating_add(u8::from(parity));
        signature
    }

    /// Signs a transaction as EIP-1559; returns the bytes that travel.
    pub fn sign_transaction(&self, body: &Body, domain: &Domain) -> alloy_primitives::Bytes {
        let unsigned = build::eip1559(body, domain);
        let (rs, parity) = self.sign_compact(unsigned.digest());
        unsigned.assemble(&rs, parity)
    }

    fn sign_compact(&self, digest: B256) -> ([u8; 64], bool) {
        let message = Message::from_digest(digest.0);
        let (id, rs) = RecoverableSignature::sign_ecdsa_recoverable(message, &self.secret).serialize_compact();
        (rs, id.to_u8() == 1)
    }
}

fn key(name: &str, counter: u64) -> Option<SecretKey> {
    let hash = keccak256([KEY_DOMAIN.as_bytes(), &counter.to_be_bytes(), name.as_bytes()].concat());
    SecretKey::from_secret_bytes(hash.0).ok()
}

impl From<&Account> for Address {
    fn from(account: &Account) -> Self {
        account.address
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} {})", self.name, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::Account;
    use alloy_primitives::B256;

    #[test]
    fn a_name_is_one_key_and_another_name_another() {
        assert_eq!(Account::named("alice").address(), Account::named("alice").address());
        assert_ne!(Account::named("alice").address(), Account::named("alicf").address());
    }

    #[test]
    fn a_signature_leads_back_to_its_account() {
        let alice = Account::named("alice");
        let digest = B256::repeat_byte(7);
        let mut signature = alice.sign(digest);
        signature[64] -= 27;
        assert_eq!(florin_runtime::signature::ecdsa_recover(&digest.0, &signature), Some(alice.address()));
    }
}
