//! Approvals by signature: EIP-2612 over EIP-712.
//!
//! Guarantees that a signature counts for one owner, spender, amount, nonce and deadline, on one token of one chain. The
//! host recovers the signer and refuses a high s.

use florin_sdk::{Address, B256, U256, abi::Encoder, env, schema::keccak256};

/// The version in the domain.
const VERSION: &str = "1";

const DOMAIN_TYPE: B256 =
    B256::new(keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"));

const VERSION_HASH: B256 = B256::new(keccak256(VERSION.as_bytes()));

const PERMIT_TYPE: B256 =
    B256::new(keccak256(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"));

/// What an owner signs.
pub(crate) struct Permit<'p> {
    pub(crate) owner: &'p Address,
    pub(crate) spender: &'p Address,
    pub(crate) value: &'p U256,
    pub(crate) nonce: u64,
    pub(crate) deadline: &'p U256,
}

impl Permit<'_> {
    /// Returns who signed this permit in the domain; `None` when the signature is not one.
    pub(crate) fn signer(&self, domain: &B256, v: u8, r: &B256, s: &B256) -> Option<Address> {
        let mut signature = [v; 65];
        signature[..32].copy_from_slice(r.as_slice());
        signature[32..64].copy_from_slice(s.as_slice());
        env().ecdsa_recover(&self.digest(domain), &signature).filter(|signer| !signer.is_zero())
    }

    fn digest(&self, domain: &B256) -> B256 {
        let mut words = Encoder::behind(&[], 6 * 32);
        words.put(&PERMIT_TYPE).put(self.owner).put(self.spender).put(self.value).put(&self.nonce).put(self.deadline);
        let permit = env().keccak256(&words.finish());
        let mut words = Encoder::behind(&[0x19, 0x01], 2 * 32);
        words.put(domain).put(&permit);
        env().keccak256(&words.finish())
    }
}

/// Returns the hash of this token's domain.
pub(crate) fn domain_separator(name: &str) -> B256 {
    let mut words = Encoder::behind(&[], 5 * 32);
    words.put(&DOMAIN_TYPE).put(&env().keccak256(name.as_bytes())).put(&VERSION_HASH);
    words.put(&env().chain_id()).put(&env().self_address());
    env().keccak256(&words.finish())
}
