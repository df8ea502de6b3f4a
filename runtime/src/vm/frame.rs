//! One running call: what it was asked, what it may see, and what it has answered so far.
//!
//! Guarantees that a call has the one session of its transaction: while a nested call runs, the session is in the
//! nested frame.

use alloy_primitives::{Address, Bytes};

use super::Vm;
use crate::execution::Session;

/// The data of one running call, which the engine keeps for the host functions.
#[derive(Debug)]
pub struct Frame {
    /// The state as the transaction sees it.
    pub session: Session,
    /// What the call was asked.
    pub message: Message,
    /// Return data or revert data; set by `finish` and `revert`.
    pub output: Bytes,
    /// What the last nested call returned or reverted with.
    pub return_data: Bytes,
    /// The machine that runs it, and its nested calls.
    pub vm: Vm,
    #[cfg(feature = "reference")]
    watched: Watched,
}

/// Whether a test wants to know the memory at the end of the call.
#[cfg(feature = "reference")]
#[derive(Debug)]
enum Watched {
    No,
    Yes,
    Seen([u8; 32]),
}

impl Frame {
    /// Begins a call.
    pub const fn new(session: Session, message: Message, vm: Vm) -> Self {
        Self {
            session,
            message,
            output: Bytes::new(),
            return_data: Bytes::new(),
            vm,
            #[cfg(feature = "reference")]
            watched: Watched::No,
        }
    }

    /// Takes notice of the memory at the end of the call, if a test watches it.
    pub(super) fn ended_with(&mut self, memory: &[u8]) {
        #[cfg(feature = "reference")]
        if matches!(self.watched, Watched::Yes) {
            self.watched = Watched::Seen(*blake3::hash(memory).as_bytes());
        }
        #[cfg(not(feature = "reference"))]
        let _ = (self, memory);
    }
}

#[cfg(feature = "reference")]
impl Frame {
    /// Asks for the memory at the end of the call.
    pub fn watch_memory(&mut self) {
        self.watched = Watched::Yes;
    }

    /// Returns the BLAKE3 hash of the memory at the end of the call, if it was watched and the call began.
    pub fn memory_hash(&self) -> Option<[u8; 32]> {
        match self.watched {
            Watched::Seen(hash) => Some(hash),
            Watched::No | Watched::Yes => None,
        }
    }
}

/// What a call is asked, by whom and on what terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The account or contract that calls.
    pub caller: Address,
    /// The contract that runs.
    pub contract: Address,
    /// The amount in wei that came with the call; it has been moved already.
    pub value: u128,
    /// Calldata; for [`Entry::Init`] the arguments alone.
    pub input: Bytes,
    /// Whether the call, and what it calls, is kept from writing, emitting, transferring, minting and burning.
    pub read_only: bool,
    /// Place in the nesting; the transaction's own call is 1.
    pub depth: u32,
    /// Which export runs.
    pub entry: Entry,
}

/// Which export of a module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `florin_init`, once, when the contract is created.
    Init,
    /// `florin_call`, on every call.
    Call,
}
