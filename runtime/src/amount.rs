//! The two scales of an amount: the ledger's wei and the wei that Ethereum tools count.
//!
//! ```text
//! 1 MDT = 10^9 ledger wei (Balance) = 10^18 EVM wei (EvmWei);   EVM wei = ledger wei * 10^9
//! ```
//! Guarantees that neither is taken for the other, and that nothing is rounded: an EVM figure that is no whole number of
//! ledger wei is refused with the figure.

use core::fmt;

use alloy_primitives::U256;
use thiserror::Error;

use crate::ledger::Balance;

/// EVM wei in one ledger wei.
pub const EVM_WEI_PER_WEI: u64 = 1_000_000_000;

/// An amount as `eth_*` methods and Ethereum transactions carry it, in units of 10^-18 MDT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmWei(U256);

/// Why an EVM figure is no amount of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// The figure lies between two amounts.
    #[error("{figure} is not a multiple of {EVM_WEI_PER_WEI}, the smallest unit of the ledger")]
    Indivisible {
        /// The figure, in EVM wei.
        figure: U256,
    },
    /// The figure exceeds what the ledger can count.
    #[error("{figure} exceeds what the ledger can count")]
    TooLarge {
        /// The figure, in EVM wei.
        figure: U256,
    },
}

impl EvmWei {
    /// Takes a figure in EVM wei.
    pub const fn new(figure: U256) -> Self {
        Self(figure)
    }

    /// Converts an amount of the ledger, exactly.
    pub fn from_balance(balance: Balance) -> Self {
        // 128 bits times 30 bits never fills 256.
        Self(U256::from(balance.wei()).saturating_mul(U256::from(EVM_WEI_PER_WEI)))
    }

    /// Returns the figure in EVM wei.
    pub const fn figure(self) -> U256 {
        self.0
    }

    /// Converts to an amount of the ledger, exactly.
    ///
    /// # Errors
    /// Refuses a figure that does not divide, or that exceeds 128 bits of ledger wei.
    pub fn to_balance(self) -> Result<Balance, AmountError> {
        let (wei, rest) = self.0.div_rem(U256::from(EVM_WEI_PER_WEI));
        if !rest.is_zero() {
            return Err(AmountError::Indivisible { figure: self.0 });
        }
        u128::try_from(wei).map(Balance::new).map_err(|_| AmountError::TooLarge { figure: self.0 })
    }
}

impl fmt::Display for EvmWei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ledger_amount_survives_the_way_to_evm_wei_and_back() {
        for wei in [0, 1, 21_000_000 * 10_u128.pow(9), u128::MAX] {
            let balance = Balance::new(wei);
            assert_eq!(EvmWei::from_balance(balance).to_balance(), Ok(balance));
        }
    }

    #[test]
    fn a_figure_between_two_amounts_is_refused_and_named() {
        let figure = U256::from(1_500_000_000_u64);
        assert_eq!(EvmWei::new(figure).to_balance(), Err(AmountError::Indivisible { figure }));
        assert!(AmountError::Indivisible { figure }.to_string().contains("1500000000"));
    }

    #[test]
    fn a_figure_above_128_bits_of_ledger_wei_is_refused() {
        let figure = EvmWei::from_balance(Balance::new(u128::MAX)).figure() + U256::from(EVM_WEI_PER_WEI);
        assert_eq!(EvmWei::new(figure).to_balance(), Err(AmountError::TooLarge { figure }));
    }
}
