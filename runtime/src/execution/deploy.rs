//! The deploy payload: what a transaction without a recipient carries.
//!
//! ```text
//! code length u32, big-endian | module | ABI-encoded arguments of florin_init
//! ```
//! The contract's address is Ethereum's: keccak-256 of RLP (sender, nonce), without its first 12 bytes.

use alloy_primitives::Bytes;
use florin_abi::limits;

/// A deploy payload in its parts, which share the transaction's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployPayload {
    /// The module as it was sent: neither its size nor its content is checked.
    pub code: Bytes,
    /// Input of `florin_init`; at most [`limits::INPUT_BYTES_MAX`] bytes.
    pub arguments: Bytes,
}

impl DeployPayload {
    /// Splits a transaction's input, or nothing if the code length leaves it or the arguments are too long.
    pub fn split(input: &Bytes) -> Option<Self> {
        let length = u32::from_be_bytes(*input.first_chunk()?);
        let end = usize::try_from(length).ok()?.checked_add(4)?;
        if end > input.len() {
            return None;
        }
        let (code, arguments) = (input.slice(4..end), input.slice(end..));
        (arguments.len() <= limits::INPUT_BYTES_MAX as usize).then_some(Self { code, arguments })
    }

    /// Joins a module and arguments, or nothing if the module's length does not fit 32 bits.
    pub fn join(code: &[u8], arguments: &[u8]) -> Option<Bytes> {
        let length = u32::try_from(code.len()).ok()?;
        Some([&length.to_be_bytes()[..], code, arguments].concat().into())
    }
}

#[cfg(test)]
mod tests {
    use super::DeployPayload;
    use alloy_primitives::Bytes;
    use florin_abi::limits;

    #[test]
    fn a_payload_is_the_parts_that_it_was_joined_from() {
        let parts = DeployPayload { code: Bytes::from_static(b"code"), arguments: Bytes::from_static(b"arguments") };
        let input = DeployPayload::join(&parts.code, &parts.arguments);
        assert_eq!(input.and_then(|input| DeployPayload::split(&input)), Some(parts));
    }

    #[test]
    fn a_length_that_lies_is_no_payload() {
        for input in [&[][..], &[0, 0, 0], &[0, 0, 0, 1], &[0xff; 64]] {
            assert_eq!(DeployPayload::split(&Bytes::copy_from_slice(input)), None, "{input:?}");
        }
    }

    #[test]
    fn arguments_are_limited() {
        let longest = vec![0; limits::INPUT_BYTES_MAX as usize];
        let split =
            |arguments: &[u8]| DeployPayload::join(b"", arguments).and_then(|input| DeployPayload::split(&input));
        assert!(split(&longest).is_some());
        assert!(split(&[&longest[..], &[0]].concat()).is_none());
    }
}
