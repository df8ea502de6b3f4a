//! Proofs of what a state holds under a key, and their verifier, which needs nothing but the root.
//!
//! A proof walks from the root towards the key's place and ends where the tree ends: at the key's own leaf, at a leaf of
//! another key that has the place for itself, or at an empty subtree. The last two prove absence.
//!
//! Most siblings of a long path are empty subtrees, which take one bit:
//!
//! ```text
//! depth compact u32, at most 256 | a bit a sibling, from the root down and the most significant first: 1 if it is not empty
//! | those siblings [32] each     | 0 (empty) or 1 key hash [32] value hash [32] (leaf)
//! ```
//! A proof has one encoding: bits behind the last sibling are 0, and an empty sibling is not listed.
//!
//! Cost of verifying: one compression a sibling, one for the leaf, and the hashes of key and value.

use alloc::vec::Vec;

use parity_scale_codec::{Compact, Decode, Encode, Error, Input, Output};
use thiserror::Error;

use crate::hash::{Domain, EMPTY, Hash, key_hash, turns_right, value_hash};

/// The most siblings of a proof: the bits of a key's hash.
pub const PROOF_SIBLINGS_MAX: usize = 256;

/// What the tree holds where a key belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The hashes beside the path, from the root down.
    pub siblings: Vec<Hash>,
    /// Where the path ends.
    pub terminal: Terminal,
}

/// The end of a path.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[allow(clippy::cast_possible_truncation, reason = "the derived code casts the index of a variant, which is a byte")]
pub enum Terminal {
    /// There is no entry.
    #[codec(index = 0)]
    Empty,
    /// There is one entry.
    #[codec(index = 1)]
    Leaf {
        /// The hash of its key.
        key: Hash,
        /// The hash of its value.
        value: Hash,
    },
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The path is longer than a key's hash.
    #[error("proof has {siblings} siblings, more than {PROOF_SIBLINGS_MAX}")]
    TooLong {
        /// How many siblings there are.
        siblings: usize,
    },
    /// The leaf at the end belongs to another path.
    #[error("the leaf of the proof does not lie on the path of the key")]
    ForeignLeaf,
    /// The path leads to another root.
    #[error("the proof leads to another root")]
    WrongRoot,
    /// The proof holds, but for another content.
    #[error("the state holds something else under the key")]
    WrongContent,
}

impl Encode for Proof {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        // A path is at most 256 long where it comes from; what a caller has made longer decodes as no proof.
        Compact(u32::try_from(self.siblings.len()).unwrap_or(u32::MAX)).encode_to(dest);
        for eight in self.siblings.chunks(8) {
            let bit = |(index, sibling): (usize, &Hash)| if *sibling == EMPTY { 0 } else { 0x80_u8 >> index };
            dest.push_byte(eight.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit));
        }
        for sibling in self.siblings.iter().filter(|sibling| **sibling != EMPTY) {
            dest.write(sibling);
        }
        self.terminal.encode_to(dest);
    }
}

impl Decode for Proof {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let depth = usize::try_from(Compact::<u32>::decode(input)?.0).unwrap_or(usize::MAX);
        if depth > PROOF_SIBLINGS_MAX {
            return Err("a proof has at most 256 siblings".into());
        }
        let mut bits = [0; PROOF_SIBLINGS_MAX / 8];
        input.read(&mut bits[..depth.div_ceil(8)])?;
        if (depth..PROOF_SIBLINGS_MAX).any(|index| turns_right(&bits, index)) {
            return Err("bits behind the last sibling of a proof".into());
        }
        let sibling = |index| {
            if !turns_right(&bits, index) {
                return Ok(EMPTY);
            }
            match Hash::decode(input)? {
                EMPTY => Err("an empty sibling of a proof is listed".into()),
                sibling => Ok(sibling),
            }
        };
        let siblings = (0..depth).map(sibling).collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { siblings, terminal: Terminal::decode(input)? })
    }
}

impl Proof {
    /// Verifies that the state with this root holds `value` under `key`, or nothing under it.
    ///
    /// # Errors
    /// Says why the proof does not show that.
    pub fn verify(&self, root: &Hash, key: &[u8], value: Option<&[u8]>) -> Result<(), ProofError> {
        let key = key_hash(key);
        if self.siblings.len() > PROOF_SIBLINGS_MAX {
            return Err(ProofError::TooLong { siblings: self.siblings.len() });
        }
        if self.lead_to(&key)? != *root {
            return Err(ProofError::WrongRoot);
        }
        let held = match &self.terminal {
            Terminal::Leaf { key: leaf, value } if *leaf == key => Some(*value),
            Terminal::Leaf { .. } | Terminal::Empty => None,
        };
        if held == value.map(value_hash) { Ok(()) } else { Err(ProofError::WrongContent) }
    }

    /// Returns the root at which the path of this key hash begins.
    fn lead_to(&self, key: &Hash) -> Result<Hash, ProofError> {
        let end = match &self.terminal {
            Terminal::Empty => EMPTY,
            Terminal::Leaf { key: leaf, value } => {
                if (0..self.siblings.len()).any(|depth| turns_right(leaf, depth) != turns_right(key, depth)) {
                    return Err(ProofError::ForeignLeaf);
                }
                Domain::Leaf.hash(leaf, value)
            }
        };
        let climb = |hash: Hash, (depth, sibling): (usize, &Hash)| {
            let (left, right) = if turns_right(key, depth) { (sibling, &hash) } else { (&hash, sibling) };
            Domain::Branch.hash(left, right)
        };
        Ok(self.siblings.iter().enumerate().rev().fold(end, climb))
    }
}
