//! The treasury's board: what two of three members agree on.
//!
//! ```text
//! block      n          n + 1                  n + 2      n + 3
//!            propose    one alone is refused   confirm    execute
//! ```
//! In every second epoch from the fourth on the treasury pays a grantee; in every fourth it pays the board, which burns that
//! as a quality penalty two epochs later. A grant of the genesis is paid as it vests, by whoever asks for it.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use super::cast::{Cast, Who};
use super::contracts::{Multisig, Recycling, Treasury};
use super::day::Day;
use super::desk::{Desk, Intent};
use crate::genesis::address::{MULTISIG, RECYCLING, TREASURY};

/// What a grantee is paid, in wei.
const GRANT: u128 = 5_000_000_000;

/// What is burned as a quality penalty, in wei.
const PENALTY: u128 = 2_000_000_000;

/// A call of the board.
struct Decision {
    id: u64,
    /// The offset of the block in which it was proposed.
    proposed: u64,
}

/// What the board is deciding.
#[derive(Default)]
pub(super) struct Governing {
    open: Vec<Decision>,
    proposals: u64,
}

impl Governing {
    /// Says what is done in a block.
    pub(super) fn plan(&mut self, desk: &mut Desk, cast: &Cast, day: &Day) {
        if day.is(8, 4, 2) {
            self.propose(desk, day, TREASURY, 0, &spend(cast.grantee, GRANT));
        }
        if day.is(8, 4, 4) {
            self.propose(desk, day, TREASURY, 0, &spend(MULTISIG, PENALTY));
        }
        if day.is(8, 6, 4) {
            self.propose(desk, day, RECYCLING, PENALTY, &Recycling::burnQualityPenaltyCall {});
        }
        if day.is_once(9, 4)
            && let Some(decision) = self.open.first()
        {
            let few = Multisig::NotEnough { id: decision.id, confirmations: 1, required: 2 };
            desk.hurry(execute(Who::Member(2), decision.id).refused_with("a decision of one member", &few));
        }
        // The grant has vested with the fifth epoch.
        if day.epoch <= 6 && day.is(10, 2, 2) {
            let release = Treasury::releaseCall { id: 0 };
            desk.hurry(Intent::new("treasury.release", Who::Watcher, TREASURY, &release));
        }
        if day.is_once(11, 6) {
            let again = Intent::new("treasury.release", Who::Attacker, TREASURY, &Treasury::releaseCall { id: 0 });
            desk.hurry(again.refused_with("a grant that is paid", &Treasury::NothingVested { id: 0 }));
        }
        for decision in &self.open {
            match day.offset.checked_sub(decision.proposed) {
                Some(2) => {
                    let call = Multisig::confirmCall { id: decision.id };
                    desk.hurry(Intent::new("multisig.confirm", Who::Member(1), MULTISIG, &call));
                }
                Some(3) => desk.hurry(execute(Who::Member(0), decision.id)),
                _ => {}
            }
        }
        self.open.retain(|decision| day.offset < decision.proposed.saturating_add(3));
    }

    fn propose(&mut self, desk: &mut Desk, day: &Day, to: Address, value: u128, call: &impl SolCall) {
        let call = Multisig::proposeCall { to, value, input: call.abi_encode().into() };
        desk.hurry(Intent::new("multisig.propose", Who::Member(0), MULTISIG, &call));
        self.open.push(Decision { id: self.proposals, proposed: day.offset });
        self.proposals = self.proposals.saturating_add(1);
    }
}

fn spend(to: Address, amount: u128) -> Treasury::spendCall {
    Treasury::spendCall { to, amount, memo: B256::ZERO }
}

fn execute(who: Who, id: u64) -> Intent {
    Intent::new("multisig.execute", who, MULTISIG, &Multisig::executeCall { id })
}
