//! Ethereum's envelopes: legacy with EIP-155, EIP-2930, EIP-1559.
//!
//! Guarantees strictness: decoding and encoding again gives the input, byte for byte. Figures are EVM wei and must be whole
//! ledger wei. Refuses EIP-4844 and EIP-7702 by name, and legacy transactions that could be replayed on other chains.

use alloy_consensus::transaction::RlpEcdsaDecodableTx;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxLegacy};
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{B256, Bytes, Signature, TxKind, U256, keccak256};
use florin_abi::limits::ACCESS_LIST_MAX;

use super::{Body, Domain, Envelope, GasPrice, Proof, Rejection, Transaction};
use crate::amount::EvmWei;
use crate::gas::Gas;
use crate::ledger::Balance;
use crate::signature;

const EIP2930_TYPE: u8 = 1;
const EIP1559_TYPE: u8 = 2;
const EIP4844_TYPE: u8 = 3;
const EIP7702_TYPE: u8 = 4;
/// The first byte of an RLP list, with which a legacy transaction begins.
const RLP_LIST: u8 = 0xc0;

/// Decodes a transaction that begins with anything but the native type byte.
pub(super) fn decode(raw: &Bytes, domain: &Domain) -> Result<Transaction, Rejection> {
    match raw.first() {
        None => Err(Rejection::Empty),
        Some(&EIP2930_TYPE) => decode_eip2930(raw, domain),
        Some(&EIP1559_TYPE) => decode_eip1559(raw, domain),
        Some(&EIP4844_TYPE) => Err(Rejection::UnsupportedType { envelope: "EIP-4844 blob" }),
        Some(&EIP7702_TYPE) => Err(Rejection::UnsupportedType { envelope: "EIP-7702 set-code" }),
        Some(&(RLP_LIST..)) => decode_legacy(raw, domain),
        Some(&first_byte) => Err(Rejection::UnknownType { first_byte }),
    }
}

fn decode_legacy(raw: &Bytes, domain: &Domain) -> Result<Transaction, Rejection> {
    let signed = Signed::<TxLegacy>::decode(raw, "legacy")?;
    let tx = signed.transaction;
    check_chain(tx.chain_id.ok_or(Rejection::Unprotected)?, domain.chain_id)?;
    let body = Body {
        nonce: tx.nonce,
        to: recipient(tx.to),
        value: amount("value", tx.value)?,
        gas_limit: Gas(tx.gas_limit),
        gas_price: GasPrice::flat(price("gasPrice", tx.gas_price)?),
        input: tx.input,
    };
    finish(raw, domain, Envelope::Legacy, body, 0, signed.proof)
}

fn decode_eip2930(raw: &Bytes, domain: &Domain) -> Result<Transaction, Rejection> {
    let signed = Signed::<TxEip2930>::decode(raw, "EIP-2930")?;
    let tx = signed.transaction;
    check_chain(tx.chain_id, domain.chain_id)?;
    let entries = count_entries(&tx.access_list)?;
    let body = Body {
        nonce: tx.nonce,
        to: recipient(tx.to),
        value: amount("value", tx.value)?,
        gas_limit: Gas(tx.gas_limit),
        gas_price: GasPrice::flat(price("gasPrice", tx.gas_price)?),
        input: tx.input,
    };
    finish(raw, domain, Envelope::Eip2930, body, entries, signed.proof)
}

fn decode_eip1559(raw: &Bytes, domain: &Domain) -> Result<Transaction, Rejection> {
    let signed = Signed::<TxEip1559>::decode(raw, "EIP-1559")?;
    let tx = signed.transaction;
    check_chain(tx.chain_id, domain.chain_id)?;
    let entries = count_entries(&tx.access_list)?;
    let gas_price = GasPrice {
        max: price("maxFeePerGas", tx.max_fee_per_gas)?,
        priority: price("maxPriorityFeePerGas", tx.max_priority_fee_per_gas)?,
    };
    let body = Body {
        nonce: tx.nonce,
        to: recipient(tx.to),
        value: amount("value", tx.value)?,
        gas_limit: Gas(tx.gas_limit),
        gas_price,
        input: tx.input,
    };
    finish(raw, domain, Envelope::Eip1559, body, entries, signed.proof)
}

/// A transaction in one of Ethereum's formats, and what proves its signer.
struct Signed<T> {
    transaction: T,
    proof: Proof,
}

impl<T: RlpEcdsaDecodableTx + SignableTransaction<Signature>> Signed<T> {
    fn decode(raw: &Bytes, envelope: &'static str) -> Result<Self, Rejection> {
        let malformed = |reason| Rejection::MalformedEthereum { envelope, reason };
        let mut rest: &[u8] = raw;
        if T::DEFAULT_TX_TYPE != Envelope::Legacy.type_byte() {
            rest = rest.get(1..).unwrap_or_default();
        }
        let (transaction, signature) = T::rlp_decode_with_signature(&mut rest).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(Rejection::TrailingBytes { bytes: rest.len() });
        }
        let mut again = Vec::with_capacity(raw.len());
        transaction.eip2718_encode(&signature, &mut again);
        if again != raw[..] {
            return Err(Rejection::NotCanonical);
        }
        let (digest, signature) = (transaction.signature_hash(), signature.as_rsy());
        if !signature::is_low_s(&signature) {
            return Err(Rejection::HighS);
        }
        Ok(Self { transaction, proof: Proof::Ethereum { digest, signature } })
    }
}

fn finish(
    raw: &Bytes,
    domain: &Domain,
    envelope: Envelope,
    body: Body,
    access_list_entries: u32,
    proof: Proof,
) -> Result<Transaction, Rejection> {
    let cost_max = body.check()?;
    let id: B256 = keccak256(raw);
    Ok(Transaction { id, domain: *domain, envelope, body, cost_max, access_list_entries, raw: raw.clone(), proof })
}

fn check_chain(actual: u64, expected: u64) -> Result<(), Rejection> {
    if actual == expected { Ok(()) } else { Err(Rejection::WrongChain { expected, actual }) }
}

fn recipient(kind: TxKind) -> Option<alloy_primitives::Address> {
    kind.into_to()
}

fn amount(field: &'static str, figure: U256) -> Result<Balance, Rejection> {
    EvmWei::new(figure).to_balance().map_err(|reason| Rejection::Amount { field, reason })
}

fn price(field: &'static str, figure: u128) -> Result<u128, Rejection> {
    amount(field, U256::from(figure)).map(Balance::wei)
}

fn count_entries(list: &AccessList) -> Result<u32, Rejection> {
    let keys = list.iter().map(|item| item.storage_keys.len()).fold(0, usize::saturating_add);
    let entries = list.len().saturating_add(keys);
    let too_long = Rejection::AccessListTooLong { entries, entries_max: ACCESS_LIST_MAX as usize };
    u32::try_from(entries).ok().filter(|entries| *entries <= ACCESS_LIST_MAX).ok_or(too_long)
}
