//! The checks of what comes from outside, in one place, for contracts and for clients: addresses, amounts, scores, epochs,
//! transfers, claims, and text.
//!
//! Guarantees that what was checked is a type: an [`Account`] is no zero address, an [`Amount`] lies between its limits, a
//! [`Transfer`] can be made, a [`ClaimForm`] has the form of a claim that can be proven. A contract maps a refusal to its own
//! error, a client shows the text.
//!
//! Costs a few comparisons; reading an address as text costs what [`crate::address::parse`] does.

use alloc::string::String;

use thiserror::Error;

use crate::address::{self, ADDRESS_BYTES, AddressError};
use crate::merkle::{Hash, proof_length};
use crate::ratio::Ppm;

/// The least amount that moves, in wei.
pub const AMOUNT_MIN: u128 = 1;

/// The largest amount that moves, in wei: 2^63 - 1, above the maximum supply and within a signed 64-bit number of any client.
pub const AMOUNT_MAX: u128 = (1 << 63) - 1;

/// The most characters that are kept of a text.
pub const TEXT_CHARS_MAX: usize = 256;

/// The most nodes of a proof (economy E16).
pub const PROOF_NODES_MAX: usize = 40;

/// Numbers from here on are no epochs, but campaigns of everybody.
pub const EPOCHS_END: u64 = 1 << 63;

/// What is wrong with something from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Invalid {
    /// The text is no address.
    #[error("not an address: {0}")]
    Address(#[from] AddressError),
    /// The zero address is nobody.
    #[error("the zero address is nobody")]
    ZeroAddress,
    /// The amount lies outside its limits.
    #[error("an amount is {min} to {max} wei, this is {amount}")]
    Amount {
        /// What was given.
        amount: u128,
        /// The least.
        min: u128,
        /// The most.
        max: u128,
    },
    /// A score is 0 to 1, or 0 to 1,000,000 ppm.
    #[error("a score is 0 to 1000000 ppm, this is {ppm}")]
    Score {
        /// What was given.
        ppm: u64,
    },
    /// A score that is no number.
    #[error("a score is a number from 0 to 1")]
    NoScore,
    /// The number is no epoch's.
    #[error("an epoch is 0 to 2^63 - 1, this is {epoch}")]
    Epoch {
        /// What was given.
        epoch: i128,
    },
    /// Who sends is who gets.
    #[error("sender and recipient are the same account")]
    SameAccount,
    /// The sender has less than that.
    #[error("the balance of {balance} wei does not cover {amount}")]
    Balance {
        /// What was to be sent.
        amount: u128,
        /// What is there.
        balance: u128,
    },
    /// There is no such leaf.
    #[error("the campaign has {leaf_count} leaves, none of index {index}")]
    Index {
        /// The index.
        index: u32,
        /// Leaves of the campaign.
        leaf_count: u32,
    },
    /// The proof has another length than its place implies.
    #[error("the proof has {nodes} nodes, this place needs {expected}")]
    ProofLength {
        /// What was given.
        nodes: usize,
        /// What it must be.
        expected: u32,
    },
    /// A node of a proof has other than 32 bytes.
    #[error("a node of a proof has 32 bytes, node {node} has {bytes}")]
    ProofNode {
        /// Its place, from 0.
        node: usize,
        /// Its length.
        bytes: usize,
    },
}

/// An address that is somebody's: not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account([u8; ADDRESS_BYTES]);

impl Account {
    /// Takes an address.
    ///
    /// # Errors
    /// `ZeroAddress`.
    pub const fn new(address: [u8; ADDRESS_BYTES]) -> Result<Self, Invalid> {
        let mut place = 0;
        while place < ADDRESS_BYTES {
            if address[place] != 0 {
                return Ok(Self(address));
            }
            place = place.saturating_add(1);
        }
        Err(Invalid::ZeroAddress)
    }

    /// Reads an address: `0x` and 40 digits, with a checksum that is right if the case is mixed.
    ///
    /// # Errors
    /// `Address` says what is wrong with the text; `ZeroAddress`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(address::parse(text)?)
    }

    /// Returns the address.
    pub const fn address(self) -> [u8; ADDRESS_BYTES] {
        self.0
    }
}

/// An amount that can move: 1 to 2^63 - 1 wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

impl Amount {
    /// Takes an amount of 1 to 2^63 - 1 wei.
    ///
    /// # Errors
    /// `Amount`.
    pub const fn new(wei: u128) -> Result<Self, Invalid> {
        Self::at_least(wei, AMOUNT_MIN)
    }

    /// Takes an amount with a least of its own.
    ///
    /// # Errors
    /// `Amount`.
    pub const fn at_least(wei: u128, min: u128) -> Result<Self, Invalid> {
        if wei < min || wei > AMOUNT_MAX {
            return Err(Invalid::Amount { amount: wei, min, max: AMOUNT_MAX });
        }
        Ok(Self(wei))
    }

    /// Returns the amount in wei.
    pub const fn wei(self) -> u128 {
        self.0
    }
}

/// Checks a score in parts per million: 0 to one whole, both included.
///
/// # Errors
/// `Score`.
pub fn score(ppm: u64) -> Result<Ppm, Invalid> {
    let score = u32::try_from(ppm).ok().and_then(|ppm| Ppm::new(ppm).ok());
    score.ok_or(Invalid::Score { ppm })
}

/// Reads a score as people write it: a decimal number from 0 to 1, both included; digits beyond the sixth are cut off. `NaN`,
/// signs, exponents and infinities are none. Floating point has no part in it.
///
/// # Errors
/// `NoScore`; `Score` of a number above 1.
pub fn parse_score(text: &str) -> Result<Ppm, Invalid> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(Invalid::NoScore);
    }
    let mut ppm = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(1_000_000)).unwrap_or(u64::MAX);
    let mut place = 100_000_u64;
    for digit in fraction.bytes() {
        // A digit too small to count still lies above the whole.
        let value = u64::from(digit.saturating_sub(b'0'));
        let counted = if place == 0 && ppm >= 1_000_000 { value.min(1) } else { value.saturating_mul(place) };
        ppm = ppm.saturating_add(counted);
        place /= 10;
    }
    score(ppm)
}

/// Checks the number of an epoch: not negative, and below the numbers that belong to everybody's campaigns.
///
/// # Errors
/// `Epoch`.
pub fn epoch(number: i128) -> Result<u64, Invalid> {
    let epoch = u64::try_from(number).ok().filter(|epoch| *epoch < EPOCHS_END);
    epoch.ok_or(Invalid::Epoch { epoch: number })
}

/// A transfer that can be made: two accounts that differ, and an amount that the balance covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    from: Account,
    to: Account,
    amount: Amount,
}

impl Transfer {
    /// Checks a transfer; the first mistake in the order sender, recipient, amount, balance, equality is told.
    ///
    /// # Errors
    /// `ZeroAddress`, `Amount`, `Balance`, `SameAccount`.
    pub fn new(
        from: [u8; ADDRESS_BYTES],
        to: [u8; ADDRESS_BYTES],
        amount: u128,
        balance: u128,
    ) -> Result<Self, Invalid> {
        let (from, to, amount) = (Account::new(from)?, Account::new(to)?, Amount::new(amount)?);
        if amount.wei() > balance {
            return Err(Invalid::Balance { amount: amount.wei(), balance });
        }
        if from == to {
            return Err(Invalid::SameAccount);
        }
        Ok(Self { from, to, amount })
    }

    /// Checks a transfer between accounts as text. Texts that differ in case alone are one account.
    ///
    /// # Errors
    /// As [`Self::new`], and `Address`.
    pub fn parse(from: &str, to: &str, amount: u128, balance: u128) -> Result<Self, Invalid> {
        Self::new(Account::parse(from)?.address(), Account::parse(to)?.address(), amount, balance)
    }

    /// Returns sender, recipient and amount.
    pub const fn parts(self) -> (Account, Account, Amount) {
        (self.from, self.to, self.amount)
    }
}

/// A claim whose parts have the form that a proof needs. Whether the proof is right is [`crate::merkle::verify`]'s to say, in a
/// contract the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimForm {
    account: Account,
    amount: Amount,
    index: u32,
}

impl ClaimForm {
    /// Checks a claim; a tree of one leaf has an empty proof. The first mistake in the order account, amount, index, proof is
    /// told.
    ///
    /// # Errors
    /// `ZeroAddress`, `Amount`, `Index`, `ProofLength`.
    pub fn new(
        account: [u8; ADDRESS_BYTES],
        amount: u128,
        index: u32,
        leaf_count: u32,
        nodes: usize,
    ) -> Result<Self, Invalid> {
        let (account, amount) = (Account::new(account)?, Amount::new(amount)?);
        let expected = proof_length(index, leaf_count).ok_or(Invalid::Index { index, leaf_count })?;
        if u32::try_from(nodes) != Ok(expected) {
            return Err(Invalid::ProofLength { nodes, expected });
        }
        Ok(Self { account, amount, index })
    }

    /// Returns account, amount and index.
    pub const fn parts(self) -> (Account, Amount, u32) {
        (self.account, self.amount, self.index)
    }
}

/// Checks that the nodes of a proof as bytes have 32 bytes each; returns them.
///
/// # Errors
/// `ProofNode` names the first that has not; `ProofLength` if there are more than any place needs.
pub fn proof_nodes(nodes: &[&[u8]]) -> Result<alloc::vec::Vec<Hash>, Invalid> {
    if nodes.len() > PROOF_NODES_MAX {
        return Err(Invalid::ProofLength { nodes: nodes.len(), expected: 40 });
    }
    let node = |(place, bytes): (usize, &&[u8])| {
        Hash::try_from(*bytes).map_err(|_| Invalid::ProofNode { node: place, bytes: bytes.len() })
    };
    nodes.iter().enumerate().map(node).collect()
}

/// Returns a text that is safe to show: without NUL, cut to 256 characters, then without `< > " ' \` and line ends, in this
/// order, so that what is removed last makes no room for more.
pub fn sanitize(text: &str) -> String {
    let kept = text.chars().filter(|letter| *letter != '\0').take(TEXT_CHARS_MAX);
    kept.filter(|letter| !matches!(letter, '<' | '>' | '"' | '\'' | '\\' | '\r' | '\n')).collect()
}

#[cfg(test)]
mod tests;
