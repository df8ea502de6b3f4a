//! The economy's pure definitions: one implementation for contracts, host, clients and browser.
//!
//! Guarantees integers only, no state, no clock, no I/O, and the same answer on every target. `no_std`; the tree
//! builder allocates.
//!
//! Amounts and ratios:
//! - [`units`]: the coin, its smallest unit and the supply; the claim window.
//! - [`balance`]: what somebody can own, with checked arithmetic.
//! - [`mdt`]: amounts as people write them, with nine decimals.
//! - [`ratio`]: parts per million, and parts of an amount.
//! - [`division`]: the product of two amounts, divided; exact in 256 bits.
//!
//! The epoch:
//! - [`utility`]: how much of the emission an epoch's work has earned.
//! - [`emission`]: how much an epoch brings, what of it is burned, where the rest comes from.
//! - [`split`]: the pools of a distribution.
//! - [`shares`]: proportional shares of a pool, whole to the last wei.
//! - [`remainders`]: the same for a list of any length, in passes of bounded memory.
//!
//! Stakes and grants:
//! - [`stake_pool`]: stakes that are slashed together.
//! - [`reward_index`]: rewards of any number of stakes by one number.
//! - [`score`]: stake weight, performance, quorum.
//! - [`slash`]: what an offence costs, and where it goes.
//! - [`vesting`]: what of a grant belongs to its holder.
//! - [`weights`]: operations on lists of weights.
//! - [`commitment`]: what a validator publishes before it shows its weights.
//! - [`recycling`]: where recycled amounts come from.
//!
//! What comes from outside:
//! - [`validate`]: addresses, amounts, scores, epochs, transfers, claims and text, checked in one place.
//!
//! Claims:
//! - [`address`]: account addresses as text, with the EIP-55 checksum.
//! - [`leaf`]: what one leaf of a claim tree binds, as bytes and as a hash; the status of a claim.
//! - [`merkle`]: trees over leaf hashes, proofs and their exact lengths.
//! - [`claim_tree`]: a campaign's whole list, checked, with its root, its total and a proof for each claim.
//!
//! A contract hashes [`leaf::Leaf::encode`] and checks proofs through the host's imports; what is not called is not
//! linked.
#![no_std]

extern crate alloc;

pub mod address;
pub mod balance;
pub mod claim_tree;
pub mod commitment;
pub mod division;
pub mod emission;
pub mod leaf;
pub mod mdt;
pub mod merkle;
pub mod ratio;
pub mod recycling;
pub mod remainders;
pub mod reward_index;
pub mod score;
pub mod shares;
pub mod slash;
pub mod split;
pub mod stake_pool;
pub mod units;
pub mod utility;
pub mod validate;
pub mod vesting;
pub mod weights;

pub use address::{AddressError, Checksummed};
pub use claim_tree::{Claim, ClaimTree, ClaimTreeError};
pub use division::{Divisor, mul_div};
pub use leaf::{ClaimStatus, LEAF_BYTES, Leaf, Scope};
pub use mdt::{MdtError, mdt_to_wei, wei_to_mdt};
pub use merkle::{Hash, Tree};
pub use ratio::Ppm;
