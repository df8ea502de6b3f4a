//! The genesis: what a chain begins with, and the name that it signs its transactions for.
//!
//! Guarantees that the supply begins with exactly what is allocated, that equal geneses have equal hashes, in whatever
//! order their lists were written, and that the prices of gas are part of the hash.

mod contracts;

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::{Status, limits};
use parity_scale_codec::Encode;
use thiserror::Error;

use crate::{
    block::{BlockContext, GAS_PRICE_MAX, ParentSigners},
    gas::{Gas, GasSchedule},
    hook::{HOOKS, Hook},
    ledger::{Account, Balance, Capabilities, MAX_SUPPLY, PPM, Supply},
    state::{ChangeSet, StateKey},
    transaction::Domain,
};

pub use contracts::{GenesisCall, GenesisContract};

/// What the hash is of, so that no other bytes of ours have it.
const HASH_TAG: &str = "florin/genesis/1";
/// Name of the system entry that holds [`Supply`].
pub(crate) const SUPPLY: &str = "supply";
/// Name of the system entry that holds [`Capabilities`].
pub(crate) const CAPABILITIES: &str = "capabilities";

/// Everything that two nodes must agree on before the first block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The EIP-155 chain id; at least 1.
    pub chain_id: u64,
    /// Time of the genesis, in seconds since 1970.
    pub time: u64,
    /// The first balances, each address once.
    pub allocations: Vec<(Address, Balance)>,
    /// Which contracts may mint and burn. They may be deployed later.
    pub capabilities: Capabilities,
    /// The most that may ever be allocated and minted together.
    pub max_supply: Balance,
    /// The lowest gas price, in ledger wei; at most [`GAS_PRICE_MAX`].
    pub gas_price: u128,
    /// The burned part of each fee, in parts per million.
    pub fee_burn_ppm: u32,
    /// The most gas that a block's transactions may ask for together.
    pub block_gas_limit: Gas,
    /// Who proposes blocks and gets the rest of the fees.
    pub proposer: Address,
    /// The hash of the gas schedule.
    pub gas_schedule_hash: B256,
    /// The contracts that exist from the start, in the order in which their constructors run; at most
    /// [`limits::GENESIS_CONTRACTS_MAX`].
    pub contracts: Vec<GenesisContract>,
    /// The messages that run once, after the constructors; at most [`limits::GENESIS_CALLS_MAX`].
    pub calls: Vec<GenesisCall>,
    /// The messages that run before the transactions of every block, in this order; at most [`limits::HOOKS_MAX`]. Their
    /// gas limits together are at most the block gas limit, beside which they stand: a block does at most twice as much
    /// work as its transactions may ask for.
    pub hooks: Vec<Hook>,
}

impl Default for Genesis {
    /// Returns a genesis without balances: chain 1947, gas price 1, half of each fee burned.
    fn default() -> Self {
        Self {
            chain_id: 1_947,
            time: 0,
            allocations: Vec::new(),
            capabilities: Capabilities::default(),
            max_supply: MAX_SUPPLY,
            gas_price: 1,
            fee_burn_ppm: 500_000,
            block_gas_limit: Gas(1_000_000_000),
            proposer: Address::ZERO,
            gas_schedule_hash: B256::new(GasSchedule::default().hash()),
            contracts: Vec::new(),
            calls: Vec::new(),
            hooks: Vec::new(),
        }
    }
}

/// Why a genesis is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// Chain id 0 would make transactions valid on any chain.
    #[error("chain id is 0")]
    NoChainId,
    /// An address has two first balances.
    #[error("{address} is allocated twice")]
    AllocatedTwice {
        /// The address.
        address: Address,
    },
    /// The first balances exceed the maximum supply.
    #[error("allocations exceed the maximum supply of {max}")]
    SupplyExceeded {
        /// The maximum supply.
        max: Balance,
    },
    /// A header cannot hold the gas price.
    #[error("gas price {price} exceeds {GAS_PRICE_MAX}")]
    GasPriceTooHigh {
        /// The gas price.
        price: u128,
    },
    /// More than everything would be burned.
    #[error("burned part of the fees is {ppm} ppm, more than {PPM}")]
    BurnTooHigh {
        /// The burned part.
        ppm: u32,
    },
    /// No transaction would fit a block.
    #[error("block gas limit {limit} is below the {required} of a transfer")]
    BlockTooSmall {
        /// The block gas limit.
        limit: Gas,
        /// The gas of a transfer.
        required: Gas,
    },
    /// There are too many hooks.
    #[error("{count} hooks, at most {}", limits::HOOKS_MAX)]
    TooManyHooks {
        /// How many there are.
        count: usize,
    },
    /// The message of a hook is longer than any message.
    #[error("the message of hook {index} has {bytes} bytes, at most {}", limits::INPUT_BYTES_MAX)]
    HookMessage {
        /// Its place in the list, from 0.
        index: usize,
        /// The length.
        bytes: usize,
    },
    /// The hooks ask for too much gas.
    #[error("the hooks ask for {asked} together, more than the block gas limit of {limit}")]
    HookGas {
        /// The sum of their limits.
        asked: Gas,
        /// The block gas limit.
        limit: Gas,
    },
    /// There are too many contracts.
    #[error("{count} contracts, at most {}", limits::GENESIS_CONTRACTS_MAX)]
    TooManyContracts {
        /// How many there are.
        count: usize,
    },
    /// There are too many calls.
    #[error("{count} calls, at most {}", limits::GENESIS_CALLS_MAX)]
    TooManyCalls {
        /// How many there are.
        count: usize,
    },
    /// A call failed.
    #[error("call {index} of the genesis, to {contract}, ended with {}: {output}", status.name())]
    CallFailed {
        /// Its place in the list, from 0.
        index: usize,
        /// Who was called.
        contract: Address,
        /// How it ended.
        status: Status,
        /// What it reverted with.
        output: Bytes,
    },
    /// Two contracts have one address.
    #[error("two contracts are at {address}")]
    ContractTwice {
        /// The address.
        address: Address,
    },
    /// The upload check refuses a contract's code.
    #[error("the code of the contract at {address} is refused: {refusal}")]
    ContractRefused {
        /// The contract.
        address: Address,
        /// Why.
        refusal: String,
    },
    /// A constructor failed.
    #[error("the constructor of the contract at {address} ended with {}: {output}", status.name())]
    ContractFailed {
        /// The contract.
        address: Address,
        /// How it ended.
        status: Status,
        /// What it reverted with.
        output: Bytes,
    },
    /// The machine would charge other prices than the chain.
    #[error("genesis has gas schedule {genesis}, the machine has {machine}")]
    OtherSchedule {
        /// The schedule's hash in the genesis.
        genesis: B256,
        /// The hash of the machine's schedule.
        machine: B256,
    },
}

impl Genesis {
    /// Returns the hash: BLAKE3 of the SCALE of a tag and of all fields in order, the lists of balances and rights sorted by
    /// address; contracts, calls and hooks in their order, and only if there are any.
    pub fn hash(&self) -> B256 {
        let mut allocations: Vec<([u8; 20], Balance)> =
            self.allocations.iter().map(|(address, balance)| (address.into_array(), *balance)).collect();
        allocations.sort_unstable();
        let identity = (HASH_TAG, self.chain_id, self.time, allocations, self.capabilities.clone().normalized());
        let money = (self.max_supply, self.gas_price, self.fee_burn_ppm);
        let block = (self.block_gas_limit, self.proposer.into_array(), self.gas_schedule_hash.0);
        let mut preimage = (identity, money, block).encode();
        if !(self.contracts.is_empty() && self.calls.is_empty() && self.hooks.is_empty()) {
            (self.contracts.as_slice(), self.calls.as_slice(), self.hooks.as_slice()).encode_to(&mut preimage);
        }
        B256::new(*blake3::hash(&preimage).as_bytes())
    }

    /// Returns what transactions are signed for.
    pub fn domain(&self) -> Domain {
        Domain { chain_id: self.chain_id, genesis_hash: self.hash() }
    }

    /// Returns the context of the genesis itself: what its constructors see, and what its header is made of.
    pub(crate) fn first_context(&self, state_root: B256) -> BlockContext {
        BlockContext {
            parent_hash: B256::ZERO,
            height: 0,
            time: self.time,
            domain: self.domain(),
            proposer: self.proposer,
            gas_limit: self.block_gas_limit,
            base_gas_price: self.gas_price,
            fee_burn_ppm: self.fee_burn_ppm,
            state_root,
            parent_signers: ParentSigners::unknown(),
        }
    }

    /// Returns the first state without the contracts; [`Genesis::build`] makes those too.
    ///
    /// # Errors
    /// Says what contradicts itself, or the machine's prices.
    pub fn state(&self, schedule: &GasSchedule) -> Result<ChangeSet, GenesisError> {
        self.check(schedule)?;
        let mut changes = ChangeSet::new();
        let mut sum = Balance::ZERO;
        let exceeded = GenesisError::SupplyExceeded { max: self.max_supply };
        for &(address, balance) in &self.allocations {
            sum = sum.checked_add(balance).ok_or(exceeded.clone())?;
            let account = Account { balance, ..Account::default() };
            let value = (!balance.is_zero()).then(|| account.encode().into());
            if changes.insert(StateKey::account(address), value).is_some() {
                return Err(GenesisError::AllocatedTwice { address });
            }
        }
        if sum > self.max_supply {
            return Err(exceeded);
        }
        let supply = Supply { max: self.max_supply, genesis: sum, ..Supply::default() };
        changes.insert(StateKey::system(SUPPLY), Some(supply.encode().into()));
        let capabilities = self.capabilities.clone().normalized();
        changes.insert(StateKey::system(CAPABILITIES), Some(capabilities.encode().into()));
        if !self.hooks.is_empty() {
            changes.insert(StateKey::system(HOOKS), Some(self.hooks.encode().into()));
        }
        Ok(changes)
    }

    /// Checks what can be said without computing the first state.
    pub(crate) fn check(&self, schedule: &GasSchedule) -> Result<(), GenesisError> {
        let machine = B256::new(schedule.hash());
        let required = Gas(schedule.transaction);
        if self.chain_id == 0 {
            Err(GenesisError::NoChainId)
        } else if self.gas_price > GAS_PRICE_MAX {
            Err(GenesisError::GasPriceTooHigh { price: self.gas_price })
        } else if self.fee_burn_ppm > PPM {
            Err(GenesisError::BurnTooHigh { ppm: self.fee_burn_ppm })
        } else if self.block_gas_limit < required {
            Err(GenesisError::BlockTooSmall { limit: self.block_gas_limit, required })
        } else if self.gas_schedule_hash != machine {
            Err(GenesisError::OtherSchedule { genesis: self.gas_schedule_hash, machine })
        } else {
            self.check_contracts()?;
            self.check_hooks()
        }
    }

    fn check_hooks(&self) -> Result<(), GenesisError> {
        let count = self.hooks.len();
        if count > limits::HOOKS_MAX as usize {
            return Err(GenesisError::TooManyHooks { count });
        }
        let too_long = |hook: &Hook| hook.message.len() > limits::INPUT_BYTES_MAX as usize;
        if let Some((index, hook)) = self.hooks.iter().enumerate().find(|(_, hook)| too_long(hook)) {
            return Err(GenesisError::HookMessage { index, bytes: hook.message.len() });
        }
        let asked = self.hooks.iter().fold(0_u64, |sum, hook| sum.saturating_add(hook.gas_limit.0));
        let (asked, limit) = (Gas(asked), self.block_gas_limit);
        if asked > limit { Err(GenesisError::HookGas { asked, limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use super::{Genesis, GenesisError};
    use crate::{
        gas::{Gas, GasSchedule},
        ledger::{Balance, PPM},
    };
    use alloy_primitives::{Address, B256};

    fn genesis() -> Genesis {
        let [a, b] = [Address::repeat_byte(1), Address::repeat_byte(2)];
        Genesis { allocations: vec![(a, Balance::new(3)), (b, Balance::new(4))], ..Genesis::default() }
    }

    #[test]
    fn the_hash_ignores_the_order_of_lists_and_nothing_else() {
        let genesis = genesis();
        let mut other = genesis.clone();
        other.allocations.reverse();
        assert_eq!(genesis.hash(), other.hash());
        let differing: [fn(&mut Genesis); 9] = [
            |genesis| genesis.chain_id += 1,
            |genesis| genesis.time += 1,
            |genesis| genesis.allocations.clear(),
            |genesis| genesis.capabilities.burn.push(Address::ZERO),
            |genesis| genesis.gas_price += 1,
            |genesis| genesis.fee_burn_ppm += 1,
            |genesis| genesis.block_gas_limit = Gas(1),
            |genesis| genesis.proposer = Address::repeat_byte(9),
            |genesis| genesis.gas_schedule_hash = B256::ZERO,
        ];
        for change in differing {
            let mut other = genesis.clone();
            change(&mut other);
            assert_ne!(genesis.hash(), other.hash(), "{other:?}");
        }
    }

    #[test]
    fn contradictions_are_named() {
        let schedule = GasSchedule::default();
        let error = |change: fn(&mut Genesis)| {
            let mut genesis = genesis();
            change(&mut genesis);
            genesis.state(&schedule).unwrap_err()
        };
        assert_eq!(error(|genesis| genesis.chain_id = 0), GenesisError::NoChainId);
        let address = Address::repeat_byte(1);
        let twice = error(|genesis| genesis.allocations.push((Address::repeat_byte(1), Balance::ZERO)));
        assert_eq!(twice, GenesisError::AllocatedTwice { address });
        let max = Balance::new(6);
        assert_eq!(error(|genesis| genesis.max_supply = Balance::new(6)), GenesisError::SupplyExceeded { max });
        assert_eq!(error(|genesis| genesis.fee_burn_ppm = PPM + 1), GenesisError::BurnTooHigh { ppm: PPM + 1 });
        assert!(matches!(error(|genesis| genesis.gas_price = u128::MAX), GenesisError::GasPriceTooHigh { .. }));
        assert!(matches!(error(|genesis| genesis.block_gas_limit = Gas(20_999)), GenesisError::BlockTooSmall { .. }));
        assert!(matches!(error(|genesis| genesis.gas_schedule_hash = B256::ZERO), GenesisError::OtherSchedule { .. }));
        assert!(genesis().state(&schedule).is_ok());
    }
}
