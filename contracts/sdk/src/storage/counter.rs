//! Numbers that many transactions of a block may change without waiting for each other.
//!
//! Guarantees that a counter stays within 0 and its bound, and that additions commute: the host records "add 5, at most
//! B" instead of "read 7, write 12", so that a block's additions to one counter run in parallel. Reading a counter
//! orders the reader behind all writers; add without reading where you can.
//!
//! A counter is a `u128`, stored as 16 bytes little-endian. An amount above 2^127 - 1 is added by reading and writing,
//! which is as exact, only not parallel.

use core::marker::PhantomData;

use florin_abi::Status;

use crate::{env::host, scale::Scale, storage::Field};

/// A change would take the counter below 0 or above its bound; the counter keeps its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterOutOfBounds;

/// One counter, 0 until it is changed.
#[derive(Debug)]
pub struct Counter {
    prefix: u8,
}

impl Counter {
    /// Returns the value.
    pub fn get(&self) -> u128 {
        value(&[self.prefix])
    }

    /// Adds an amount.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when the sum would exceed `u128::MAX`.
    pub fn add(&mut self, amount: u128) -> Result<(), CounterOutOfBounds> {
        self.add_within(amount, u128::MAX)
    }

    /// Adds an amount if the sum does not exceed the bound.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when it would.
    pub fn add_within(&mut self, amount: u128, bound: u128) -> Result<(), CounterOutOfBounds> {
        increase(&[self.prefix], amount, bound)
    }

    /// Subtracts an amount.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when the counter is smaller.
    pub fn sub(&mut self, amount: u128) -> Result<(), CounterOutOfBounds> {
        decrease(&[self.prefix], amount)
    }
}

impl Field for Counter {
    fn at(prefix: u8) -> Self {
        Self { prefix }
    }
}

/// A counter for each key, 0 until it is changed: balances that are paid to and from in parallel.
#[derive(Debug)]
pub struct CounterMap<K> {
    prefix: u8,
    key: PhantomData<fn() -> K>,
}

impl<K: Scale> CounterMap<K> {
    /// Returns the value of the key's counter.
    pub fn get(&self, key: &K) -> u128 {
        super::with_key(self.prefix, key, value)
    }

    /// Adds an amount to the key's counter.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when the sum would exceed `u128::MAX`.
    pub fn add(&mut self, key: &K, amount: u128) -> Result<(), CounterOutOfBounds> {
        self.add_within(key, amount, u128::MAX)
    }

    /// Adds an amount to the key's counter if the sum does not exceed the bound.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when it would.
    pub fn add_within(&mut self, key: &K, amount: u128, bound: u128) -> Result<(), CounterOutOfBounds> {
        super::with_key(self.prefix, key, |key| increase(key, amount, bound))
    }

    /// Subtracts an amount from the key's counter.
    ///
    /// # Errors
    /// [`CounterOutOfBounds`] when the counter is smaller.
    pub fn sub(&mut self, key: &K, amount: u128) -> Result<(), CounterOutOfBounds> {
        super::with_key(self.prefix, key, |key| decrease(key, amount))
    }
}

impl<K> Field for CounterMap<K> {
    fn at(prefix: u8) -> Self {
        Self { prefix, key: PhantomData }
    }
}

fn value(key: &[u8]) -> u128 {
    super::read(key).unwrap_or_default()
}

fn increase(key: &[u8], amount: u128, bound: u128) -> Result<(), CounterOutOfBounds> {
    match i128::try_from(amount) {
        Ok(delta) => commute(key, delta, bound),
        Err(_) => {
            let sum = value(key).checked_add(amount).filter(|sum| *sum <= bound).ok_or(CounterOutOfBounds)?;
            super::write(key, &sum);
            Ok(())
        }
    }
}

fn decrease(key: &[u8], amount: u128) -> Result<(), CounterOutOfBounds> {
    match i128::try_from(amount) {
        Ok(delta) => commute(key, delta.wrapping_neg(), u128::MAX),
        Err(_) => {
            let difference = value(key).checked_sub(amount).ok_or(CounterOutOfBounds)?;
            super::write(key, &difference);
            Ok(())
        }
    }
}

fn commute(key: &[u8], delta: i128, bound: u128) -> Result<(), CounterOutOfBounds> {
    match host::storage_add(key, delta, bound) {
        Status::Success => Ok(()),
        _ => Err(CounterOutOfBounds),
    }
}
