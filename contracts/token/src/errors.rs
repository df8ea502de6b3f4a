//! Why the token refuses: the custom errors of ERC-6093, and OpenZeppelin's for ownership, cap and permits.
//!
//! Guarantees that each carries what a person needs to repair the call.

use florin_sdk::ownership::Unauthorized;
use florin_sdk::{Address, U256};

/// Why a message failed.
#[florin_sdk::error]
pub enum TokenError {
    /// The balance does not cover the amount.
    #[name("ERC20InsufficientBalance")]
    InsufficientBalance { sender: Address, balance: U256, needed: U256 },
    /// The zero address sends nothing.
    #[name("ERC20InvalidSender")]
    InvalidSender { sender: Address },
    /// The zero address receives nothing.
    #[name("ERC20InvalidReceiver")]
    InvalidReceiver { receiver: Address },
    /// The allowance does not cover the amount.
    #[name("ERC20InsufficientAllowance")]
    InsufficientAllowance { spender: Address, allowance: U256, needed: U256 },
    /// The zero address approves nothing.
    #[name("ERC20InvalidApprover")]
    InvalidApprover { approver: Address },
    /// The zero address spends nothing.
    #[name("ERC20InvalidSpender")]
    InvalidSpender { spender: Address },
    /// The supply would exceed 2^128 - 1.
    #[name("ERC20ExceededCap")]
    ExceededCap { increased_supply: U256, cap: U256 },
    /// Only the owner may do this, or only the account that the ownership was offered to.
    #[name("OwnableUnauthorizedAccount")]
    Unauthorized { account: Address },
    /// The zero address cannot be the first owner.
    #[name("OwnableInvalidOwner")]
    InvalidOwner { owner: Address },
    /// The permit's deadline has passed.
    #[name("ERC2612ExpiredSignature")]
    ExpiredSignature { deadline: U256 },
    /// Somebody else signed the permit, or something else was signed.
    #[name("ERC2612InvalidSigner")]
    InvalidSigner { signer: Address, owner: Address },
    /// The signature is not one; a high s is none.
    #[name("ECDSAInvalidSignature")]
    InvalidSignature,
}

impl From<Unauthorized> for TokenError {
    fn from(Unauthorized { account }: Unauthorized) -> Self {
        Self::Unauthorized { account }
    }
}
