//! The supply equation (economy E35), from the state itself.
//!
//! ```text
//! genesis: the sum over all accounts of the state
//! block:   sum' = sum + for each account that the block changes: balance after - balance before
//!          sum' = genesis + minted - burned?
//! epoch:   the sum over all accounts of the state = sum?
//! ```
//! Guarantees that no counter of a contract or of the ledger stands on the left side: the sum is one of balances as the state
//! holds them. Costs a read for each account that a block changes, and a look at every entry of the state once an epoch.

use alloy_primitives::{Address, Bytes};
use florin_runtime::fault::Fault;
use florin_runtime::ledger::{Account, Supply};
use florin_runtime::state::{ChangeSet, State, StateKey, StateReader};
use parity_scale_codec::Decode;

use super::EconomyError;

/// The sum of all balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money {
    sum: u128,
}

impl Money {
    /// Adds all balances of a state up.
    ///
    /// # Errors
    /// Faults if an account cannot be read.
    pub(super) fn of(state: &State) -> Result<Self, Fault> {
        let mut sum = 0_u128;
        for (key, value) in state.entries().iter() {
            if is_account(key) {
                sum = sum.saturating_add(balance(Some(value))?);
            }
        }
        Ok(Self { sum })
    }

    /// Returns the sum, in wei.
    pub(super) const fn sum(self) -> u128 {
        self.sum
    }

    /// Returns the sum after changes to a state.
    ///
    /// # Errors
    /// Faults if an account cannot be read, or if more leaves than was there.
    pub(super) fn after(self, before: &State, changes: &ChangeSet) -> Result<Self, Fault> {
        let (mut gained, mut lost) = (self.sum, 0_u128);
        for (key, value) in changes.iter().filter(|(key, _)| is_account(key)) {
            gained = gained.saturating_add(balance(value.as_ref())?);
            lost = lost.saturating_add(balance(before.entries().get(key)?.as_ref())?);
        }
        let sum = gained.checked_sub(lost).ok_or(Fault::Invariant("a block takes more than all balances"))?;
        Ok(Self { sum })
    }

    /// Checks the equation at a height.
    ///
    /// # Errors
    /// Says by how much the two sides differ.
    pub(super) fn check(self, height: u64, supply: &Supply) -> Result<(), EconomyError> {
        let circulating = supply.circulating().map(|balance| balance.wei());
        if circulating == Some(self.sum) {
            return Ok(());
        }
        let expected =
            circulating.map_or_else(|| "totals that contradict each other".to_owned(), |wei| wei.to_string());
        let what = "the sum of all balances";
        Err(EconomyError::Differs { height, what, expected, actual: self.sum.to_string() })
    }
}

/// Tells whether a key names an account: whether it begins as one does.
fn is_account(key: &StateKey) -> bool {
    let account = StateKey::account(Address::ZERO);
    let (key, account) = (key.as_bytes(), account.as_bytes());
    key.len() == account.len() && key.first() == account.first()
}

fn balance(entry: Option<&Bytes>) -> Result<u128, Fault> {
    let Some(bytes) = entry else { return Ok(0) };
    let account = Account::decode(&mut &bytes[..]);
    let account = account.map_err(|error| Fault::Corrupt { what: "account", detail: error.to_string() })?;
    Ok(account.balance.wei())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_primitives::Address;
    use florin_runtime::ledger::{Account, Balance, Supply};
    use florin_runtime::state::{ChangeSet, State, StateKey};
    use parity_scale_codec::Encode;

    use super::Money;

    fn with(number: u8, wei: u128) -> (StateKey, Option<alloy_primitives::Bytes>) {
        let account = Account { balance: Balance::new(wei), ..Account::default() };
        (StateKey::account(Address::repeat_byte(number)), Some(account.encode().into()))
    }

    #[test]
    fn a_wei_that_comes_from_nowhere_or_is_lost_breaks_the_equation() {
        let mut state = State::new();
        state.commit(&ChangeSet::from([with(1, 30), with(2, 70)]));
        let money = Money::of(&state).unwrap();
        let supply = Supply { max: Balance::new(100), genesis: Balance::new(100), ..Supply::default() };
        assert!(money.check(0, &supply).is_ok());

        let moved = ChangeSet::from([with(1, 0), with(3, 30)]);
        assert!(money.after(&state, &moved).unwrap().check(1, &supply).is_ok());
        for (found, changes) in [("101", [with(1, 30), with(2, 71)]), ("99", [with(1, 29), with(2, 70)])] {
            let error = money.after(&state, &ChangeSet::from(changes)).unwrap().check(1, &supply).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(found) && text.contains("100") && text.contains("block 1"), "{text}");
        }
        let removed = ChangeSet::from([(with(2, 0).0, None)]);
        let burned = Supply { burned_fees: Balance::new(70), ..supply };
        assert!(money.after(&state, &removed).unwrap().check(1, &burned).is_ok());
    }

    #[test]
    fn what_is_no_account_is_no_money() {
        let mut state = State::new();
        let (storage, code) = (StateKey::storage(Address::ZERO, b"k"), StateKey::code(Default::default()));
        state.commit(&ChangeSet::from([with(1, 5), (storage, Some(vec![1].into())), (code, Some(vec![2].into()))]));
        assert_eq!(Money::of(&state).unwrap().sum(), 5);
    }
}
