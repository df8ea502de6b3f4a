//! What is to be sent: calls with the end that each must come to, until a block has room for them.
//!
//! Guarantees that calls of one kind of urgency leave in the order in which they came, and that a block's calls ask for no more
//! gas than it has.

use std::collections::VecDeque;

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolError};

use super::cast::Who;

/// Gas that a call may use if nothing else is said.
const GAS_LIMIT: u64 = 3_000_000;

/// How a call must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It succeeds.
    Success,
    /// It is refused with exactly this revert data.
    Refused {
        /// What was tried.
        attack: &'static str,
        /// The encoded error.
        error: Vec<u8>,
    },
}

/// A call that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    /// Contract and message, for the list of gas.
    pub(super) operation: &'static str,
    pub(super) who: Who,
    pub(super) to: Address,
    /// In wei.
    pub(super) value: u128,
    pub(super) input: Vec<u8>,
    pub(super) gas_limit: u64,
    pub(super) end: End,
}

impl Intent {
    /// Says who calls whom with what, to succeed.
    pub(super) fn new(operation: &'static str, who: Who, to: Address, call: &impl SolCall) -> Self {
        Self { operation, who, to, value: 0, input: call.abi_encode(), gas_limit: GAS_LIMIT, end: End::Success }
    }

    /// Says what goes along, in wei.
    #[must_use]
    pub(super) fn with_value(self, value: u128) -> Self {
        Self { value, ..self }
    }

    /// Says how much gas it may use.
    #[must_use]
    pub(super) fn with_gas(self, gas_limit: u64) -> Self {
        Self { gas_limit, ..self }
    }

    /// Says that it is an attack, and the error that refuses it.
    #[must_use]
    pub(super) fn refused_with(self, attack: &'static str, error: &impl SolError) -> Self {
        Self { end: End::Refused { attack, error: error.abi_encode() }, ..self }
    }
}

/// Calls that wait.
#[derive(Debug, Default)]
pub(super) struct Desk {
    urgent: VecDeque<Intent>,
    patient: VecDeque<Intent>,
}

impl Desk {
    /// Takes a call that must be in one of the next blocks.
    pub(super) fn hurry(&mut self, intent: Intent) {
        self.urgent.push_back(intent);
    }

    /// Takes a call that goes when there is room.
    pub(super) fn add(&mut self, intent: Intent) {
        self.patient.push_back(intent);
    }

    /// Returns how many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.urgent.len().saturating_add(self.patient.len())
    }

    /// Takes the calls of a block: those in a hurry first, as many as its gas allows.
    pub(super) fn take(&mut self, gas_limit: u64) -> Vec<Intent> {
        let (mut taken, mut left) = (Vec::new(), gas_limit);
        for queue in [&mut self.urgent, &mut self.patient] {
            while let Some(rest) = queue.front().and_then(|intent| left.checked_sub(intent.gas_limit)) {
                left = rest;
                taken.extend(queue.pop_front());
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::super::contracts::Staking::unjailCall;
    use super::{Desk, Intent};
    use crate::demo::economy::cast::Who;

    #[test]
    fn a_block_takes_what_is_urgent_first_and_no_more_than_its_gas() {
        let call = |number, gas| Intent::new("call", Who::Miner(number), Address::ZERO, &unjailCall {}).with_gas(gas);
        let mut desk = Desk::default();
        desk.add(call(1, 3));
        desk.add(call(2, 9));
        desk.add(call(3, 1));
        desk.hurry(call(4, 4));
        let mut take = |gas| desk.take(gas).iter().map(|intent| intent.who).collect::<Vec<_>>();
        assert_eq!(take(10), [Who::Miner(4), Who::Miner(1)]);
        assert_eq!(take(8), [], "the order is kept");
        assert_eq!(take(10), [Who::Miner(2), Who::Miner(3)]);
        assert_eq!(desk.waiting(), 0);
    }
}
