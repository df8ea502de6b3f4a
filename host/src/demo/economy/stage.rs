//! The chain of the economy: calls in, a committed block out, and after every block the supply equation.
//!
//! ```text
//! sign -> decode -> signatures -> order -> execution (hooks, calls) -> money -> commit -> ends as they must?
//! ```
//! Guarantees that a block in which a hook fails, a call does not come to its end, or a wei is too many or too few stops the run
//! with what differs; and that clocks are read between stages only, so that they cannot influence a result.

use std::collections::BTreeMap;
use std::time::Instant;

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use florin_abi::Status;
use florin_runtime::block::{CommittedBlock, ParentSigners};
use florin_runtime::chain::Chain;
use florin_runtime::fault::Fault;
use florin_runtime::receipt::Receipt;

use super::EconomyError;
use super::cast::Cast;
use super::contracts::{Fact, describe};
use super::desk::{End, Intent};
use super::money::Money;
use crate::demo::clocks::Clocks;
use crate::demo::report::Attack;

/// Seconds between two blocks.
const BLOCK_SECONDS: u64 = 12;

/// The stages, in order.
const STAGES: [&str; 8] = ["signing", "decode", "signatures", "order", "execution", "money", "commit", "books"];

/// Gas of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GasOf {
    pub(super) count: u64,
    pub(super) total: u64,
    pub(super) least: u64,
    pub(super) most: u64,
}

/// What a block told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) height: u64,
    /// What contracts told, hooks first, in order.
    pub(super) facts: Vec<Fact>,
    /// The fees of all transactions, in wei.
    pub(super) fees: u128,
}

/// A chain with its clocks and figures.
pub(super) struct Stage {
    chain: Chain,
    money: Money,
    /// Time by stage.
    pub(super) clocks: Clocks,
    /// Gas by operation; hooks too.
    pub(super) gas: BTreeMap<&'static str, GasOf>,
    /// Attacks so far.
    pub(super) attacks: Vec<Attack>,
    /// Transactions so far.
    pub(super) transactions: u64,
    /// How often the supply equation was found true.
    pub(super) supply_checks: u64,
}

impl Stage {
    /// Takes a chain that stands at its genesis, and checks the money there.
    ///
    /// # Errors
    /// The equation does not hold at the genesis, and faults.
    pub(super) fn new(chain: Chain) -> Result<Self, EconomyError> {
        let money = Money::of(chain.memory().ok_or(NOT_IN_MEMORY)?)?;
        money.check(chain.height(), &chain.supply()?)?;
        let clocks = Clocks::new(&STAGES);
        let (gas, attacks) = (BTreeMap::new(), Vec::new());
        Ok(Self { chain, money, clocks, gas, attacks, transactions: 0, supply_checks: 1 })
    }

    /// Returns the chain.
    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Makes calls as the next block; returns the block and what it told.
    ///
    /// # Errors
    /// A call that does not enter the block or does not come to its end, a hook that fails, a broken supply equation, and faults.
    pub(super) fn produce(
        &mut self,
        cast: &mut Cast,
        intents: &[Intent],
        signers: ParentSigners,
    ) -> Result<(CommittedBlock, Told), EconomyError> {
        let since = Instant::now();
        let signed = intents.iter().map(|intent| sign(cast, intent)).collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add("signing", since);
        let decoded = signed.iter().map(|bytes| self.chain.decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add("decode", since);
        let verified = self.chain.verify(decoded).into_iter().collect::<Result<Vec<_>, _>>()?;
        let since = self.clocks.add("signatures", since);
        let time = self.chain.head().timestamp.saturating_add(BLOCK_SECONDS);
        let proposal = self.chain.propose_after(signers, verified, time)?;
        if let Some((_, rejection)) = proposal.rejected.into_iter().next() {
            return Err(rejection.into());
        }
        if !proposal.deferred.is_empty() {
            return Err(EconomyError::BlockFull { left: proposal.deferred.len() });
        }
        let since = self.clocks.add("order", since);
        let executed = self.chain.execute(&proposal.block)?;
        let since = self.clocks.add("execution", since);
        let money = self.money.after(self.chain.memory().ok_or(NOT_IN_MEMORY)?, executed.changes())?;
        let since = self.clocks.add("money", since);
        let committed = self.chain.commit(executed)?;
        let since = self.clocks.add("commit", since);
        money.check(self.chain.height(), &self.chain.supply()?)?;
        self.money = money;
        self.supply_checks = self.supply_checks.saturating_add(1);
        self.clocks.add("money", since);
        self.check_hooks(&committed)?;
        for (intent, receipt) in intents.iter().zip(committed.receipts()) {
            self.check_end(intent, receipt)?;
        }
        self.transactions = self.transactions.saturating_add(intents.len() as u64);
        let told = tell(&committed);
        Ok((committed, told))
    }

    /// Adds all balances of the state up anew.
    ///
    /// # Errors
    /// The sum is not the one that was carried from block to block, and faults.
    pub(super) fn recount(&self) -> Result<Money, EconomyError> {
        let counted = Money::of(self.chain.memory().ok_or(NOT_IN_MEMORY)?)?;
        self.expect("all balances, added up anew", self.money.sum(), counted.sum())?;
        Ok(counted)
    }

    /// Compares two figures of the head.
    ///
    /// # Errors
    /// They differ.
    pub(super) fn expect<T: PartialEq + ToString>(
        &self,
        what: &'static str,
        expected: T,
        actual: T,
    ) -> Result<(), EconomyError> {
        if expected == actual {
            return Ok(());
        }
        let (expected, actual) = (expected.to_string(), actual.to_string());
        Err(EconomyError::Differs { height: self.chain.height(), what, expected, actual })
    }

    /// Returns an account's balance, in wei.
    ///
    /// # Errors
    /// Faults if the state cannot be read.
    pub(super) fn balance(&self, address: Address) -> Result<u128, EconomyError> {
        Ok(self.chain.account(address)?.balance.wei())
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// It refuses, or answers with something else.
    pub(super) fn ask<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, EconomyError> {
        let input = call.abi_encode().into();
        let answer = self.chain.view(Address::ZERO, contract, 0, input, self.chain.genesis().block_gas_limit)?;
        let unexpected = || EconomyError::Failed {
            what: C::SIGNATURE,
            height: self.chain.height(),
            status: answer.status.name(),
            error: describe(contract, &answer.output),
        };
        if !answer.status.is_success() {
            return Err(unexpected());
        }
        C::abi_decode_returns(&answer.output).map_err(|_| unexpected())
    }

    fn check_hooks(&mut self, block: &CommittedBlock) -> Result<(), EconomyError> {
        for (hook, receipt) in ["hook: slashing", "hook: emission", "hook: recycling"].iter().zip(block.hook_receipts())
        {
            self.count_gas(hook, receipt.gas_used.0);
            if !receipt.status.is_success() {
                return Err(EconomyError::Failed {
                    what: hook,
                    height: self.chain.height(),
                    status: receipt.status.name(),
                    error: describe(receipt.contract, &receipt.output),
                });
            }
        }
        Ok(())
    }

    /// Checks that a call came to its end; counts its gas, or the attack that it is.
    fn check_end(&mut self, intent: &Intent, receipt: &Receipt) -> Result<(), EconomyError> {
        match &intent.end {
            End::Success if receipt.status.is_success() => {
                self.count_gas(intent.operation, receipt.gas_used.0);
                Ok(())
            }
            End::Success => Err(EconomyError::Failed {
                what: intent.operation,
                height: self.chain.height(),
                status: receipt.status.name(),
                error: describe(intent.to, &receipt.output),
            }),
            End::Refused { attack, error } => {
                self.attacks.push(judge(attack, intent.to, error, receipt));
                Ok(())
            }
        }
    }

    fn count_gas(&mut self, operation: &'static str, gas: u64) {
        let nothing = GasOf { count: 0, total: 0, least: u64::MAX, most: 0 };
        let figures = self.gas.entry(operation).or_insert(nothing);
        figures.count = figures.count.saturating_add(1);
        figures.total = figures.total.saturating_add(gas);
        figures.least = figures.least.min(gas);
        figures.most = figures.most.max(gas);
    }
}

const NOT_IN_MEMORY: Fault = Fault::Invariant("the chain of the economy is not in memory");

fn sign(cast: &mut Cast, intent: &Intent) -> Result<Bytes, Fault> {
    let actor = cast.actor(intent.who).ok_or(Fault::Invariant("nobody of that name is in the cast"))?;
    Ok(actor.pay(intent.to, intent.value, intent.input.clone(), intent.gas_limit))
}

/// Reads the events of a block.
fn tell(block: &CommittedBlock) -> Told {
    let hooks = block.hook_receipts().iter().flat_map(|receipt| &receipt.events);
    let calls = block.receipts().iter().flat_map(|receipt| &receipt.events);
    let facts = hooks.chain(calls).filter_map(Fact::read).collect();
    let fees = block.receipts().iter().fold(0_u128, |sum, receipt| sum.saturating_add(receipt.fee.wei()));
    Told { height: block.header().number, facts, fees }
}

fn judge(name: &'static str, contract: Address, expected: &[u8], receipt: &Receipt) -> Attack {
    let is_reverted = receipt.status == Status::Reverted;
    let refused = is_reverted && receipt.events.is_empty() && *receipt.output == *expected;
    Attack {
        name,
        transaction: receipt.transaction.to_string(),
        status: receipt.status.name(),
        error: if is_reverted { describe(contract, &receipt.output) } else { "none".to_owned() },
        expected: describe(contract, expected),
        refused,
    }
}
