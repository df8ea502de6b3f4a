//! Why the account refuses.
//!
//! Guarantees that each error carries what a person needs to repair the call.

use florin_sdk::{Address, Bytes};

/// Why a message was refused. Nothing has changed then.
#[florin_sdk::error]
pub enum MultisigError {
    /// Only owners propose, confirm and execute.
    NotAnOwner { account: Address },
    /// At least one must confirm, and at most all of at most 32 owners.
    InvalidRule { owners: u32, required: u32, owners_max: u32 },
    /// An owner is named once, and is neither nobody nor this account.
    InvalidOwner { owner: Address },
    /// The calldata is too long.
    InputTooLong { bytes: u32, bytes_max: u32 },
    /// There is no such proposal.
    UnknownProposal { id: u64 },
    /// The call was made before.
    AlreadyExecuted { id: u64 },
    /// The caller confirms it already.
    AlreadyConfirmed { id: u64, owner: Address },
    /// The caller does not confirm it.
    NotConfirmed { id: u64, owner: Address },
    /// More owners must confirm.
    NotEnough { id: u64, confirmations: u32, required: u32 },
    /// The call ended with this status and output. The proposal stays open.
    CallFailed { id: u64, status: u8, output: Bytes },
    /// Only this account itself changes its owners.
    OnlyByProposal { caller: Address },
}
