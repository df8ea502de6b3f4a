//! Sizes of proofs, over all entries, and the time to verify one.

use std::time::Instant;

use alloy_primitives::Bytes;
use florin_peers::database::Problem;
use florin_peers::workload::Workload;
use florin_runtime::state::{Proof, StateKey};
use parity_scale_codec::Encode;

use crate::ours::Ours;

/// The most entries that are proven, so that a large state does not take an hour.
const PROVEN_MAX: u32 = 1_000_000;

/// Returns the bytes of the median and of the largest proof, and the time in ns that verifying so many takes.
pub(crate) fn measure(ours: &Ours, workload: &Workload, verified: u32) -> Result<String, Problem> {
    let proven = workload.entries().min(PROVEN_MAX);
    let mut sizes = Vec::new();
    let mut kept: Vec<(StateKey, Bytes, Proof)> = Vec::new();
    for index in 0..proven {
        let (key, expected) = workload.entry(index);
        let key = StateKey::from_bytes(&key);
        let (value, proof, _) = ours.state().prove(&key)?;
        let value = value.filter(|value| value[..] == expected).ok_or("a proof is of another value")?;
        sizes.push(proof.encoded_size());
        if index < verified {
            kept.push((key, value, proof));
        }
    }
    sizes.sort_unstable();
    let root = ours.state().head().root;
    let start = Instant::now();
    for (key, value, proof) in &kept {
        proof.verify(&root, key.as_bytes(), Some(value))?;
    }
    let time = start.elapsed();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    let largest = sizes.last().copied().unwrap_or_default();
    Ok(format!("{median} {largest} {} {}", kept.len(), time.as_nanos()))
}
