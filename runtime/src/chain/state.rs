//! The state after a chain's head: in memory, or in a store.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::Bytes;

use crate::block::ExecutedBlock;
use crate::block::stored::{self, HookCommitment, StoredBlock};
use crate::fault::Fault;
use crate::hook::HOOK_RECEIPTS;
use crate::state::{DurableState, Proof, State, StateKey, StateReader, StateRoot, StateView};
use crate::transaction::Domain;

/// The state after the head.
#[derive(Clone, Debug)]
pub(super) enum ChainState {
    Memory(Arc<State>),
    Durable { state: Arc<DurableState>, view: StateView, root: StateRoot },
}

impl ChainState {
    /// Takes a state from a store.
    pub(super) fn durable(state: DurableState) -> Self {
        let (view, root) = (state.newest(), StateRoot::new(state.head().root));
        Self::Durable { state: Arc::new(state), view, root }
    }

    /// Returns the root.
    pub(super) fn root(&self) -> StateRoot {
        match self {
            Self::Memory(state) => state.root(),
            Self::Durable { root, .. } => *root,
        }
    }

    /// Shows it to those who execute.
    pub(super) fn reader(&self) -> Arc<dyn StateReader> {
        match self {
            Self::Memory(state) => Arc::<State>::clone(state),
            Self::Durable { view, .. } => Arc::new(view.clone()),
        }
    }

    /// Returns what is under a key, with the proof against the root.
    pub(super) fn prove(&self, key: &StateKey) -> Result<(Option<Bytes>, Proof), Fault> {
        match self {
            Self::Memory(state) => state.prove(key),
            Self::Durable { state, root, .. } => match state.prove(key)? {
                (value, proof, of) if of == *root => Ok((value, proof)),
                _ => Err(Fault::Invariant("a proof was asked of a chain that is behind its database")),
            },
        }
    }

    /// Applies the changes of the block with this header, and keeps the block beside a durable state.
    pub(super) fn commit(&mut self, header: &Header, executed: &ExecutedBlock) -> Result<StateRoot, Fault> {
        match self {
            Self::Memory(state) => Ok(Arc::make_mut(state).commit(executed.changes())),
            Self::Durable { state, view, root } => {
                let steps = state.config().check_steps_per_block;
                if steps > 0 {
                    state.advance_check(steps)?;
                }
                let row = stored::row(header, executed);
                *root = state.commit(header.number, executed.changes(), row)?;
                *view = state.newest();
                Ok(*root)
            }
        }
    }

    /// Reads a block that is kept, if it is no later than the state.
    pub(super) fn block(&self, height: u64, domain: &Domain) -> Result<Option<StoredBlock>, Fault> {
        match self {
            Self::Durable { state, view, .. } if (1..=view.height()).contains(&height) => {
                stored_block(state, height, domain).map(Some)
            }
            Self::Memory(_) | Self::Durable { .. } => Ok(None),
        }
    }
}

/// Reads a committed block.
pub(super) fn stored_block(state: &DurableState, height: u64, domain: &Domain) -> Result<StoredBlock, Fault> {
    let missing = || Fault::Corrupt { what: "block", detail: format!("there is none at height {height}") };
    let row = state.block(height)?.ok_or_else(missing)?;
    let hooks = match state.at(height) {
        Ok(view) => HookCommitment::Entry(view.get(&StateKey::system(HOOK_RECEIPTS))?),
        Err(_) => HookCommitment::Pruned,
    };
    StoredBlock::read(&row, height, domain, &hooks)
}
