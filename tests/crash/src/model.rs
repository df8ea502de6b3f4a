//! The states of a story by definition: in memory, one after each block.
//!
//! Cost: a copy of the state a height, for the newest [`HEIGHTS_MAX`] heights.

use std::collections::VecDeque;

use florin_runtime::fault::Fault;
use florin_runtime::state::State;

use crate::story::Story;

/// Heights that are kept.
const HEIGHTS_MAX: usize = 400;

/// The states of a story.
#[derive(Debug)]
pub struct Model {
    /// The story.
    pub story: Story,
    /// The height of the first state that is kept.
    first: u64,
    states: VecDeque<State>,
}

impl Model {
    /// Begins a story: its genesis.
    pub fn new(story: Story) -> Self {
        let mut state = State::new();
        state.commit(&story.genesis());
        Self { story, first: 0, states: VecDeque::from([state]) }
    }

    /// Returns the state after a block; nothing if the block is not told yet, or forgotten.
    pub fn at(&self, height: u64) -> Option<&State> {
        self.states.get(usize::try_from(height.checked_sub(self.first)?).ok()?)
    }

    /// Returns the state after a block, which is executed here if it was not yet.
    ///
    /// # Errors
    /// Faults if the height is forgotten.
    pub fn reach(&mut self, height: u64) -> Result<&State, Fault> {
        while let Some(newest) = self.states.back()
            && self.first + self.states.len() as u64 <= height
        {
            let mut next = newest.clone();
            next.commit(&self.story.block(self.first + self.states.len() as u64, newest)?);
            self.states.push_back(next);
            if self.states.len() > HEIGHTS_MAX {
                self.states.pop_front();
                self.first += 1;
            }
        }
        self.at(height).ok_or(Fault::Invariant("the model has forgotten this height"))
    }
}
