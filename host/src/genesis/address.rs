//! Where the contracts of the economy are: at the same address on every chain, so that nobody has to ask.
//!
//! Guarantees that no key and no deployment has one of these addresses: they begin with "MDT" and end with a number, and
//! nobody knows a key or a nonce whose hash does.

use alloy_primitives::Address;

/// What the network owns.
pub const TREASURY: Address = fixed(1);
/// Who owns the treasury and the parameters of the others.
pub const MULTISIG: Address = fixed(2);
/// Who validates, with how much stake.
pub const STAKING: Address = fixed(3);
/// Evidence against validators, and what it costs them.
pub const SLASHING: Address = fixed(4);
/// Who works, and what validators think of it.
pub const REGISTRY: Address = fixed(5);
/// What comes back, before anything is minted.
pub const RECYCLING: Address = fixed(6);
/// Where rewards are claimed.
pub const CLAIMS: Address = fixed(7);
/// Who gets an epoch's distribution.
pub const REWARDS: Address = fixed(8);
/// How much an epoch brings.
pub const EMISSION: Address = fixed(9);

const fn fixed(number: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = b'M';
    bytes[1] = b'D';
    bytes[2] = b'T';
    bytes[19] = number;
    Address::new(bytes)
}

/// A contract of the economy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contract {
    /// At [`TREASURY`].
    Treasury,
    /// At [`MULTISIG`].
    Multisig,
    /// At [`STAKING`].
    Staking,
    /// At [`SLASHING`].
    Slashing,
    /// At [`REGISTRY`].
    Registry,
    /// At [`RECYCLING`].
    Recycling,
    /// At [`CLAIMS`].
    Claims,
    /// At [`REWARDS`].
    Rewards,
    /// At [`EMISSION`].
    Emission,
}

impl Contract {
    /// All of them, in the order in which they are created.
    pub const ALL: [Self; 9] = [
        Self::Treasury,
        Self::Multisig,
        Self::Staking,
        Self::Slashing,
        Self::Registry,
        Self::Recycling,
        Self::Claims,
        Self::Rewards,
        Self::Emission,
    ];

    /// Returns the name, which is that of its artifact.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Treasury => "treasury",
            Self::Multisig => "multisig",
            Self::Staking => "staking",
            Self::Slashing => "slashing",
            Self::Registry => "registry",
            Self::Recycling => "recycling",
            Self::Claims => "claims",
            Self::Rewards => "rewards",
            Self::Emission => "emission",
        }
    }

    /// Returns where it is.
    pub const fn address(self) -> Address {
        match self {
            Self::Treasury => TREASURY,
            Self::Multisig => MULTISIG,
            Self::Staking => STAKING,
            Self::Slashing => SLASHING,
            Self::Registry => REGISTRY,
            Self::Recycling => RECYCLING,
            Self::Claims => CLAIMS,
            Self::Rewards => REWARDS,
            Self::Emission => EMISSION,
        }
    }

    /// Returns the contract with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contract| contract.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Contract;

    #[test]
    fn every_contract_has_a_name_and_an_address_of_its_own() {
        let addresses = Contract::ALL.map(Contract::address);
        assert!(addresses.iter().enumerate().all(|(place, address)| !addresses[..place].contains(address)));
        for contract in Contract::ALL {
            assert_eq!(Contract::named(contract.name()), Some(contract));
        }
        assert_eq!(Contract::named("token"), None);
        assert_eq!(
            Contract::Emission.address().to_string().to_lowercase(),
            "0x4d44540000000000000000000000000000000009"
        );
    }
}
