//! Hashes, and the Merkle trees of claims.

use florin_abi::{GasClass, Status, limits};
use florin_tokenomics::merkle::{self, Hash, Tree};
use sha2::{Digest, Sha256};

use super::{Abort, Frame, Guest, at_most, charge};

pub(in crate::vm) fn sha256(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    data_ptr: u32,
    data_len: u32,
    out_ptr32: u32,
) -> Result<(), Abort> {
    hash(guest, frame, GasClass::Sha256, data_ptr, data_len, out_ptr32, |data| Sha256::digest(data).into())
}

pub(in crate::vm) fn keccak256(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    data_ptr: u32,
    data_len: u32,
    out_ptr32: u32,
) -> Result<(), Abort> {
    let keccak256 = |data: &[u8]| alloy_primitives::keccak256(data).0;
    hash(guest, frame, GasClass::Keccak256, data_ptr, data_len, out_ptr32, keccak256)
}

pub(in crate::vm) fn blake3(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    data_ptr: u32,
    data_len: u32,
    out_ptr32: u32,
) -> Result<(), Abort> {
    let blake3 = |data: &[u8]| *::blake3::hash(data).as_bytes();
    hash(guest, frame, GasClass::Blake3, data_ptr, data_len, out_ptr32, blake3)
}

pub(in crate::vm) fn merkle_root(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    leaves_ptr: u32,
    count: u32,
    out_ptr32: u32,
) -> Result<(), Abort> {
    charge(guest, frame, GasClass::MerkleRoot, count.into())?;
    at_most(count, limits::MERKLE_LEAVES_MAX)?;
    let tree = Tree::new(read_nodes(guest, leaves_ptr, count)?.to_vec());
    guest.write(out_ptr32, &tree.ok_or(Abort::Trap(Status::BadArgument))?.root())
}

pub(in crate::vm) fn merkle_proof(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    leaves_ptr: u32,
    count: u32,
    index: u32,
    out_ptr: u32,
    out_cap: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::MerkleRoot, count.into())?;
    at_most(count, limits::MERKLE_LEAVES_MAX)?;
    guest.read(out_ptr, out_cap)?;
    let tree = Tree::new(read_nodes(guest, leaves_ptr, count)?.to_vec());
    let proof = tree.and_then(|tree| tree.proof(index));
    let proof = proof.ok_or(Abort::Trap(Status::BadArgument))?;
    guest.write_variable(out_ptr, out_cap, proof.as_flattened())
}

pub(in crate::vm) fn merkle_verify(
    guest: &mut Guest<'_>,
    frame: &mut Frame,
    root_ptr32: u32,
    leaf_ptr32: u32,
    index: u32,
    count: u32,
    proof_ptr: u32,
    nodes: u32,
) -> Result<i32, Abort> {
    charge(guest, frame, GasClass::MerkleVerify, nodes.into())?;
    let root = guest.read_array(root_ptr32)?;
    let leaf = guest.read_array(leaf_ptr32)?;
    if nodes > limits::MERKLE_PROOF_MAX || merkle::proof_length(index, count) != Some(nodes) {
        return Ok(0);
    }
    let proof = read_nodes(guest, proof_ptr, nodes)?;
    Ok(merkle::verify(&root, &leaf, index, count, proof).into())
}

fn hash(
    guest: &mut Guest<'_>,
    frame: &Frame,
    class: GasClass,
    data_ptr: u32,
    data_len: u32,
    out_ptr32: u32,
    function: impl FnOnce(&[u8]) -> [u8; 32],
) -> Result<(), Abort> {
    charge(guest, frame, class, data_len.into())?;
    at_most(data_len, limits::HASH_BYTES_MAX)?;
    let hash = function(guest.read(data_ptr, data_len)?);
    guest.write(out_ptr32, &hash)
}

/// Borrows `count` nodes of 32 bytes; `count` is within its limit, so that the length fits.
fn read_nodes<'a>(guest: &'a Guest<'_>, ptr: u32, count: u32) -> Result<&'a [Hash], Abort> {
    let len = count.checked_mul(32).ok_or(Abort::Trap(Status::LimitExceeded))?;
    Ok(guest.read(ptr, len)?.as_chunks().0)
}
