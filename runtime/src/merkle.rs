//! Merkle trees of claims: `node = SHA-256(0x01 | left | right)`, an odd node is carried up, one leaf is its own root.
//!
//! Guarantees that a proof is positional and has exactly one length for an index and a leaf count, so that neither a
//! shortened, a padded nor a moved proof holds. Leaves are hashes already; what they bind is their maker's business.
//! Cost: a root over n leaves is n - 1 hashes of 65 bytes; a proof of them the same; a check one hash a node.

use sha2::{Digest, Sha256};

/// A leaf, a node or a root.
pub type Hash = [u8; 32];

const NODE_TAG: u8 = 1;

/// Returns the root over the leaves; none for no leaves.
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = parents(&level);
    }
    level.first().copied()
}

/// Returns the siblings from the leaf up; nothing if there is no such leaf.
pub fn proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut level, mut index, mut nodes) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        nodes.extend(level.get(index ^ 1));
        level = parents(&level);
        index /= 2;
    }
    Some(nodes)
}

/// Returns how many nodes the proof of a leaf has; nothing if there is no such leaf.
pub const fn proof_nodes(index: u32, count: u32) -> Option<u32> {
    if index >= count {
        return None;
    }
    let (mut index, mut count, mut nodes) = (index, count, 0_u32);
    while count > 1 {
        if has_sibling(index, count) {
            nodes = nodes.saturating_add(1);
        }
        index /= 2;
        count = count.div_ceil(2);
    }
    Some(nodes)
}

/// Tells whether the proof shows that the leaf stands at `index` of `count` leaves under the root.
pub fn verify(root: &Hash, leaf: &Hash, index: u32, count: u32, proof: &[Hash]) -> bool {
    if proof_nodes(index, count).map(|nodes| nodes as usize) != Some(proof.len()) {
        return false;
    }
    let (mut index, mut count, mut node, mut siblings) = (index, count, *leaf, proof.iter());
    while count > 1 {
        if has_sibling(index, count) {
            let Some(sibling) = siblings.next() else { return false };
            node = if index % 2 == 0 { parent(&node, sibling) } else { parent(sibling, &node) };
        }
        index /= 2;
        count = count.div_ceil(2);
    }
    node == *root
}

/// The last node of an odd level has none.
const fn has_sibling(index: u32, count: u32) -> bool {
    index ^ 1 < count
}

fn parents(level: &[Hash]) -> Vec<Hash> {
    let pair = |pair: &[Hash]| match pair {
        [left, right] => Some(parent(left, right)),
        [odd] => Some(*odd),
        _ => None,
    };
    level.chunks(2).filter_map(pair).collect()
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([NODE_TAG]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking")]

    use super::{Hash, proof, proof_nodes, root, verify};
    use sha2::{Digest, Sha256};

    /// The definition, by recursion: the left subtree is the largest full one. An odd node carried up is the same tree.
    fn by_recursion(leaves: &[Hash]) -> Hash {
        if let [leaf] = leaves {
            return *leaf;
        }
        let left = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(left);
        let mut hasher = Sha256::new();
        hasher.update([1]);
        hasher.update(by_recursion(left));
        hasher.update(by_recursion(right));
        hasher.finalize().into()
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|byte| Sha256::digest([byte]).into()).collect()
    }

    #[test]
    fn roots_agree_with_the_recursive_definition() {
        for count in 1..=70 {
            assert_eq!(root(&leaves(count)), Some(by_recursion(&leaves(count))), "{count}");
        }
        assert_eq!(root(&[]), None);
    }

    #[test]
    fn a_proof_holds_for_its_leaf_and_place_only() {
        for count in 1..=33_u8 {
            let leaves = leaves(count);
            let root = root(&leaves).unwrap();
            for index in 0..count {
                let nodes = proof(&leaves, index.into()).unwrap();
                let leaf = &leaves[usize::from(index)];
                assert_eq!(proof_nodes(index.into(), count.into()), Some(nodes.len() as u32));
                for claimed in 0..=u32::from(count) {
                    let holds = verify(&root, leaf, claimed, count.into(), &nodes);
                    assert_eq!(holds, claimed == u32::from(index), "{count} {index} {claimed}");
                }
                let longer = [nodes.as_slice(), &[root]].concat();
                assert!(!verify(&root, leaf, index.into(), count.into(), &longer));
                assert!(nodes.is_empty() || !verify(&root, leaf, index.into(), count.into(), &nodes[1..]));
            }
        }
    }

    #[test]
    fn no_leaf_has_no_proof() {
        assert_eq!(proof(&leaves(3), 3), None);
        assert_eq!(proof_nodes(0, 0), None);
        assert!(!verify(&[0; 32], &[0; 32], 0, 0, &[]));
        assert_eq!(proof_nodes(0, u32::MAX), Some(32));
        assert_eq!(proof_nodes(u32::MAX - 1, u32::MAX), Some(31));
    }
}
