//! The state after a chain's head: in memory, or in a store.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::Bytes;
use alloy_rlp::Encodable;

use crate::fault::Fault;
use crate::state::{ChangeSet, DurableState, Proof, State, StateKey, StateReader, StateRoot, StateView};

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

    /// Applies the changes of the block with this header.
    pub(super) fn commit(&mut self, header: &Header, changes: &ChangeSet) -> Result<StateRoot, Fault> {
        match self {
            Self::Memory(state) => Ok(Arc::make_mut(state).commit(changes)),
            Self::Durable { state, view, root } => {
                let mut block = Vec::new();
                header.encode(&mut block);
                *root = state.commit(header.number, changes, block)?;
                *view = state.newest();
                Ok(*root)
            }
        }
    }
}
