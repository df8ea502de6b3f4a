//! What is wrong with a genesis file, where, and what to do about it.

use std::fmt;

use alloy_primitives::{Address, B256};
use florin_runtime::ledger::{Balance, PPM};
use thiserror::Error;

use super::text::Text;

/// Why a genesis file gives no genesis: everything that was found, in the order of the file's sections.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", Listed(problems))]
pub struct GenesisFileError {
    /// What is wrong; at least one thing.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{key}: {mistake}", At(*line))]
pub struct Problem {
    /// The key, such as `validators[2].stake`; lists count from 0.
    pub key: String,
    /// The line of the file, from 1, where there is a file.
    pub line: Option<usize>,
    /// What is wrong.
    pub mistake: Mistake,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mistake {
    /// The text is no TOML.
    #[error("this is no TOML: {message}")]
    Syntax {
        /// What the reader says.
        message: String,
    },
    /// There is no such key.
    #[error("there is no such key")]
    UnknownKey {
        /// A key that reads alike.
        similar: Option<&'static str>,
    },
    /// The value is of another kind.
    #[error("{message}")]
    Value {
        /// What was expected.
        message: String,
    },
    /// A piece that only the operators of a network know.
    #[error("this is missing")]
    Missing {
        /// What to write.
        write: &'static str,
    },
    /// A number is too small or too large.
    #[error("{value} is out of range: {least} to {most}")]
    Range {
        /// The number.
        value: u128,
        /// The least that there may be.
        least: u128,
        /// The most.
        most: u128,
    },
    /// A table of parts is not one whole.
    #[error("the parts sum to {sum} ppm instead of {PPM}")]
    NotWhole {
        /// Their sum.
        sum: u64,
    },
    /// The split has no treasury, or several.
    #[error("{rows} rows go to the treasury instead of one")]
    TreasuryRows {
        /// How many do.
        rows: usize,
    },
    /// Something is listed twice.
    #[error("{what} is listed twice, first in {first}")]
    Twice {
        /// What, in words.
        what: String,
        /// The key of the first place.
        first: String,
    },
    /// The first balances are more than may ever be.
    #[error("the allocations sum to {}, more than the maximum supply of {}", sum.write(), max.write())]
    SupplyExceeded {
        /// Their sum.
        sum: Balance,
        /// The maximum supply.
        max: Balance,
    },
    /// The stake is not there.
    #[error("{address} stakes {} and is allocated {}", stake.write(), allocated.write())]
    StakeNotAllocated {
        /// The validator.
        address: Address,
        /// What it stakes.
        stake: Balance,
        /// What it has.
        allocated: Balance,
    },
    /// The stake is too small to count.
    #[error("a stake of {} is below the least of {}", stake.write(), least.write())]
    StakeTooSmall {
        /// The stake.
        stake: Balance,
        /// The least stake of a validator.
        least: Balance,
    },
    /// The validator does not hold its key, or made the proof for another chain.
    #[error("the signature does not show that {address} holds the key {key} on chain {chain_id}")]
    Possession {
        /// The validator.
        address: Address,
        /// The consensus key.
        key: B256,
        /// The chain id.
        chain_id: u64,
    },
    /// A grant contradicts itself.
    #[error("{reason}")]
    Grant {
        /// How.
        reason: String,
    },
    /// The hooks may burn too much gas.
    #[error("the hooks may burn {asked} gas together, more than the block gas limit of {limit}")]
    HookGas {
        /// The sum of their limits.
        asked: u64,
        /// The block gas limit.
        limit: u64,
    },
    /// A contract cannot work without.
    #[error("{contract} is missing, without which there is no economy")]
    Needed {
        /// The contract's name.
        contract: &'static str,
    },
    /// The text of a message is no signature of one without arguments.
    #[error("`{message}` is no message without arguments")]
    Message {
        /// The text.
        message: String,
    },
}

impl Problem {
    pub(crate) fn new(key: impl Into<String>, mistake: Mistake) -> Self {
        Self { key: key.into(), line: None, mistake }
    }
}

impl Mistake {
    /// Returns what the writer of the file can do.
    pub fn help(&self) -> String {
        match self {
            Self::Syntax { .. } => "repair the line; `florin genesis new` prints a file to compare with".to_owned(),
            Self::UnknownKey { similar: Some(similar) } => format!("did you mean `{similar}`?"),
            Self::UnknownKey { similar: None } => "remove it; docs/genesis.md lists every key".to_owned(),
            Self::Value { .. } => "docs/genesis.md has the form of each value".to_owned(),
            Self::Missing { write } => format!("write {write}"),
            Self::Range { .. } => "choose a number within the range".to_owned(),
            Self::NotWhole { .. } => format!("change the parts so that they sum to {PPM}"),
            Self::TreasuryRows { .. } => {
                "give exactly one row the recipient \"treasury\": it also gets what has no recipient".to_owned()
            }
            Self::Twice { .. } => "remove one of the two, or make one of both".to_owned(),
            Self::SupplyExceeded { .. } => "allocate less, or raise chain.max_supply".to_owned(),
            Self::StakeNotAllocated { .. } => "allocate at least the stake to the validator's address".to_owned(),
            Self::StakeTooSmall { .. } => "stake more, or lower staking.min_stake".to_owned(),
            Self::Possession { .. } => {
                "make the entry anew with `florin genesis validator`, for this chain id and address".to_owned()
            }
            Self::Grant { .. } => "at most the amount at the start, and an end that a chain can reach".to_owned(),
            Self::HookGas { .. } => "lower the gas limits of the hooks, or raise chain.block_gas_limit".to_owned(),
            Self::Needed { contract } => format!("add {contract}"),
            Self::Message { .. } => "write a name and (), such as onBlock()".to_owned(),
        }
    }
}

/// Displays problems, a line each.
struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

/// Displays the place before a problem.
struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, "line {line}: "))
    }
}
