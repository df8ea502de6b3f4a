//! Proofs of what a state holds under a key. Their verifier is [`florin_proof`], which contracts and browsers share.

use super::tree::Path;

pub use florin_proof::{PROOF_SIBLINGS_MAX, Proof, ProofError, Terminal};

impl From<Path> for Proof {
    fn from(path: Path) -> Self {
        let terminal = match path.end {
            Some(leaf) => Terminal::Leaf { key: leaf.key, value: leaf.value },
            None => Terminal::Empty,
        };
        Self { siblings: path.siblings, terminal }
    }
}
