//! The ledger's own figures: amounts in wei of 10^-9 MDT, accounts, supply and capabilities.
//!
//! Guarantees that an amount never wraps, because [`Balance`] has checked operations only, and that a token which was
//! burned is never minted again: the maximum supply counts everything ever minted. Refuses nothing by itself; what a
//! refusal means is the caller's.
//!
//! The supply equation, after every block: `sum of balances = genesis + minted - burned`.

use core::fmt;

use alloy_primitives::{Address, B256};
use parity_scale_codec::{Decode, Encode, Error, Input, Output};

/// Parts per million: the whole.
pub const PPM: u32 = 1_000_000;

/// Wei in one MDT.
pub const WEI_PER_MDT: u128 = 1_000_000_000;

/// The largest supply by default: 21,000,000 MDT.
pub const MAX_SUPPLY: Balance = Balance(21_000_000 * WEI_PER_MDT);

/// An amount in ledger wei (10^-9 MDT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Balance(u128);

impl Balance {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes an amount in wei.
    pub const fn new(wei: u128) -> Self {
        Self(wei)
    }

    /// Takes a whole number of MDT, or nothing if it does not fit.
    pub const fn from_mdt(mdt: u128) -> Option<Self> {
        match mdt.checked_mul(WEI_PER_MDT) {
            Some(wei) => Some(Self(wei)),
            None => None,
        }
    }

    /// Returns the amount in wei.
    pub const fn wei(self) -> u128 {
        self.0
    }

    /// Tells whether the amount is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Adds, or nothing on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Subtracts, or nothing if `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Multiplies by a count, or nothing on overflow.
    pub const fn checked_mul(self, count: u64) -> Option<Self> {
        match self.0.checked_mul(count as u128) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// Returns `floor(self * ppm / 1,000,000)`, exactly, or nothing if it does not fit. No intermediate overflows:
    /// the whole millions and the rest are multiplied apart.
    pub const fn share(self, ppm: u32) -> Option<Self> {
        const WHOLE: u128 = PPM as u128;
        let Some(millions) = (self.0 / WHOLE).checked_mul(ppm as u128) else { return None };
        let Some(rest) = (self.0 % WHOLE).checked_mul(ppm as u128) else { return None };
        match millions.checked_add(rest / WHOLE) {
            Some(share) => Some(Self(share)),
            None => None,
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wei", self.0)
    }
}

/// What the ledger knows of an address. An address without an entry is `Account::default()`.
///
/// SCALE: `nonce u64 | balance u128 | code hash Option<[u8; 32]>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The nonce that the next transaction must carry.
    pub nonce: u64,
    /// The balance.
    pub balance: Balance,
    /// The hash of the contract's code, if the address is a contract.
    pub code_hash: Option<B256>,
}

impl Encode for Account {
    fn size_hint(&self) -> usize {
        57
    }

    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        (self.nonce, self.balance, self.code_hash.map(|hash| hash.0)).encode_to(out);
    }
}

impl Decode for Account {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (nonce, balance, code_hash) = <(u64, Balance, Option<[u8; 32]>)>::decode(input)?;
        Ok(Self { nonce, balance, code_hash: code_hash.map(B256::from) })
    }
}

/// The totals over all accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Supply {
    /// The most that may ever exist, counted over everything ever minted.
    pub max: Balance,
    /// What the genesis allocated.
    pub genesis: Balance,
    /// What contracts have minted since.
    pub minted: Balance,
    /// What contracts have burned.
    pub burned_by_contracts: Balance,
    /// The burned part of the transaction fees.
    pub burned_fees: Balance,
}

impl Supply {
    /// Returns everything burned, or nothing on overflow, which [`Supply::circulating`] excludes.
    pub const fn burned(&self) -> Option<Balance> {
        self.burned_by_contracts.checked_add(self.burned_fees)
    }

    /// Returns `genesis + minted - burned`: the sum of all balances. Nothing if the totals contradict each other.
    pub fn circulating(&self) -> Option<Balance> {
        self.genesis.checked_add(self.minted)?.checked_sub(self.burned()?)
    }

    /// Returns the totals after minting, or nothing if the maximum would be exceeded.
    pub fn with_minted(mut self, amount: Balance) -> Option<Self> {
        self.minted = self.minted.checked_add(amount)?;
        (self.genesis.checked_add(self.minted)? <= self.max).then_some(self)
    }
}

/// Which contracts may mint and which may burn; given at genesis. Addresses are in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Contracts that may mint.
    pub mint: Vec<Address>,
    /// Contracts that may burn of their own balance.
    pub burn: Vec<Address>,
}

impl Capabilities {
    /// Tells whether a contract may mint.
    pub fn may_mint(&self, contract: Address) -> bool {
        self.mint.binary_search(&contract).is_ok()
    }

    /// Tells whether a contract may burn.
    pub fn may_burn(&self, contract: Address) -> bool {
        self.burn.binary_search(&contract).is_ok()
    }

    /// Sorts and removes repetitions, so that equal rights have equal bytes.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        for list in [&mut self.mint, &mut self.burn] {
            list.sort_unstable();
            list.dedup();
        }
        self
    }
}

impl Encode for Capabilities {
    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        for list in [&self.mint, &self.burn] {
            list.iter().map(|address| address.into_array()).collect::<Vec<[u8; 20]>>().encode_to(out);
        }
    }
}

impl Decode for Capabilities {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let (mint, burn) = <(Vec<[u8; 20]>, Vec<[u8; 20]>)>::decode(input)?;
        let addresses = |list: Vec<[u8; 20]>| list.into_iter().map(Address::from).collect();
        Ok(Self { mint: addresses(mint), burn: addresses(burn) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Account, Balance, Capabilities, PPM, Supply};
    use alloy_primitives::{Address, B256};
    use parity_scale_codec::{Decode, Encode};

    #[test]
    fn a_share_is_exact_at_the_largest_amount() {
        let all = Balance::new(u128::MAX);
        assert_eq!(all.share(PPM), Some(all));
        assert_eq!(all.share(500_000), Some(Balance::new(u128::MAX / 2)));
        assert_eq!(Balance::new(1).share(999_999), Some(Balance::ZERO));
        assert_eq!(all.share(PPM + 1), None);
    }

    #[test]
    fn an_account_round_trips_and_is_57_bytes_at_most() {
        let account = Account { nonce: 7, balance: Balance::new(9), code_hash: Some(B256::repeat_byte(3)) };
        assert_eq!(account.encode().len(), 57);
        assert_eq!(Account::decode(&mut &account.encode()[..]).unwrap(), account);
        assert_eq!(Account::decode(&mut &Account::default().encode()[..]).unwrap(), Account::default());
    }

    #[test]
    fn what_was_burned_is_not_minted_again() {
        let supply = Supply { max: Balance::new(10), genesis: Balance::new(4), ..Supply::default() };
        let full = supply.with_minted(Balance::new(6)).unwrap();
        let burned = Supply { burned_by_contracts: Balance::new(5), ..full };
        assert_eq!(burned.circulating(), Some(Balance::new(5)));
        assert_eq!(burned.with_minted(Balance::new(1)), None);
    }

    #[test]
    fn capabilities_are_found_in_any_given_order() {
        let [a, b] = [Address::repeat_byte(1), Address::repeat_byte(2)];
        let rights = Capabilities { mint: vec![b, a, b], burn: vec![] }.normalized();
        assert!(rights.may_mint(a) && rights.may_mint(b) && !rights.may_burn(a));
        assert_eq!(Capabilities::decode(&mut &rights.encode()[..]).unwrap(), rights);
    }
}
