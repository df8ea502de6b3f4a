//! An independent claim list: leaves, root and proofs from the definition, over `sha2` alone.

use florin_sdk::{Address, B256};
use sha2::{Digest, Sha256};

/// One line with its proof, ready to be submitted or bent.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) index: u32,
    pub(super) account: Address,
    pub(super) amount: u128,
    pub(super) proof: Vec<B256>,
}

/// A list of accounts `0x01..`, `0x02..` with amounts 10, 20, and so on.
pub(super) struct List {
    pub(super) campaign: u64,
    lines: Vec<(Address, u128)>,
    hashes: Vec<B256>,
}

impl List {
    pub(super) fn new(chain_id: u64, contract: Address, campaign: u64, count: u32) -> Self {
        let lines = (1..=count).map(|number| (account(number), u128::from(number) * 10)).collect();
        Self::from_lines(chain_id, contract, campaign, lines)
    }

    pub(super) fn from_lines(chain_id: u64, contract: Address, campaign: u64, lines: Vec<(Address, u128)>) -> Self {
        let hash = |(index, (account, amount)): (usize, &(Address, u128))| {
            let mut leaf = vec![0];
            leaf.extend(chain_id.to_be_bytes());
            leaf.extend(contract);
            leaf.extend(campaign.to_be_bytes());
            leaf.extend(u32::try_from(index).unwrap().to_be_bytes());
            leaf.extend(account);
            leaf.extend(amount.to_be_bytes());
            leaf.extend([0; 8]);
            assert_eq!(leaf.len(), 85);
            B256::from_slice(&Sha256::digest(leaf))
        };
        let hashes = lines.iter().enumerate().map(hash).collect();
        Self { campaign, lines, hashes }
    }

    /// The same leaves, for submitting them to another campaign.
    pub(super) fn submitted_to(self, campaign: u64) -> Self {
        Self { campaign, ..self }
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap()
    }

    pub(super) fn total(&self) -> u128 {
        self.lines.iter().map(|(_, amount)| amount).sum()
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = Address> {
        self.lines.iter().map(|(account, _)| *account)
    }

    pub(super) fn hash(&self, index: u32) -> B256 {
        self.hashes[index as usize]
    }

    pub(super) fn root(&self) -> B256 {
        let mut level = self.hashes.clone();
        while level.len() > 1 {
            level = up(&level);
        }
        level[0]
    }

    pub(super) fn claim(&self, index: u32) -> Claim {
        let (account, amount) = self.lines[index as usize];
        let (mut level, mut at, mut proof) = (self.hashes.clone(), index as usize, Vec::new());
        while level.len() > 1 {
            proof.extend(level.get(at ^ 1));
            level = up(&level);
            at /= 2;
        }
        Claim { index, account, amount, proof }
    }
}

/// The account with this number.
pub(super) fn account(number: u32) -> Address {
    Address::left_padding_from(&(0x0100_0000 + number).to_be_bytes())
}

/// The parent of two nodes.
pub(super) fn node(left: B256, right: B256) -> B256 {
    B256::from_slice(&Sha256::digest([&[1], left.as_slice(), right.as_slice()].concat()))
}

fn up(level: &[B256]) -> Vec<B256> {
    level.chunks(2).map(|pair| if pair.len() == 2 { node(pair[0], pair[1]) } else { pair[0] }).collect()
}
