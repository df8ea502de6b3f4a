//! The random coefficients of a batch equation, drawn from the batch itself.
//!
//! Each signature's equation is multiplied by a 128-bit coefficient before all are added up, so that errors of two
//! signatures cannot cancel. The coefficients are the output of BLAKE3 over every key, message *and signature* of the batch
//! (Fiat-Shamir): whoever changes an s to make errors cancel changes every coefficient. So a node needs no source of
//! randomness, and all nodes compute the same. schnorrkel's own deterministic batches leave s out and are not used.

use core::convert::Infallible;

use super::{Scheme, SignedMessage};

/// What the hash is for.
const CONTEXT: &str = "florin 2026 signature batch coefficients 1";

/// A stream of coefficients, in the two dialects that the signature libraries speak.
pub(super) struct Coefficients(blake3::OutputReader);

impl Coefficients {
    /// Derives the stream of a batch.
    pub(super) fn of(scheme: Scheme, items: &[SignedMessage<'_>]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&[scheme as u8]);
        for item in items {
            for part in [item.key, item.signature, item.message] {
                hasher.update(&part.len().to_le_bytes());
                hasher.update(part);
            }
        }
        Self(hasher.finalize_xof())
    }

    fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}

impl rand_core::TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.draw()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.draw()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Coefficients {}

impl rand_core_06::RngCore for Coefficients {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.draw())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.draw())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core_06::CryptoRng for Coefficients {}
