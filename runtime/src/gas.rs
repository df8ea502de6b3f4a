//! Gas: the unit that a sender pays for, the tick that a contract counts in, and the one table of prices.
//!
//! Guarantees that a price is charged before the work that it pays for, and that no setting changes a figure: the
//! schedule is data, and its hash is part of the genesis and of every compiled-code key.
//!
//! Formula: `ticks = base + per_unit * units`, units being bytes unless the row says otherwise. 1 gas = 8 ticks
//! ([`TICKS_PER_GAS`]); 1 tick is a quarter of a nanosecond of one core, which is one simple Wasm operator. The figures
//! stand in `prices`; `florin-benches` holds them against the clock.

mod prices;

use core::fmt;

use florin_abi::GasClass;
use parity_scale_codec::{Decode, Encode};

/// Ticks in one unit of gas.
pub const TICKS_PER_GAS: u64 = 8;

/// Pages of 64 KiB up to which a memory is near: what a core's own cache holds. It counts how far a memory may grow, so
/// that it is known before the code runs.
pub const NEAR_PAGES: u32 = 16;

/// An amount of gas, the unit of limits and receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Gas(pub u64);

impl Gas {
    /// Returns the ticks that this gas buys; saturates at `i64::MAX`, the counter's own maximum.
    pub const fn to_ticks(self) -> u64 {
        let ticks = self.0.saturating_mul(TICKS_PER_GAS);
        if ticks > i64::MAX as u64 { i64::MAX as u64 } else { ticks }
    }

    /// Returns the gas that pays for these ticks, rounded up.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks.div_ceil(TICKS_PER_GAS))
    }

    /// Adds, or nothing on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Subtracts down to zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Gas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} gas", self.0)
    }
}

/// What one kind of work costs, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Price {
    /// For each use.
    pub base: u64,
    /// For each unit: a byte, or what the class counts.
    pub per_unit: u64,
}

impl Price {
    /// Returns `base + per_unit * units`; saturates, which no counter can pay.
    pub const fn of(self, units: u64) -> u64 {
        self.base.saturating_add(self.per_unit.saturating_mul(units))
    }
}

/// Every price. Two schedules with equal hashes charge equal gas.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GasSchedule {
    /// Gas of every transaction, before anything else.
    pub transaction: u64,
    /// Gas of a byte of calldata.
    pub calldata_byte: u64,
    /// Gas of creating a contract.
    pub create: u64,
    /// Gas of a byte of uploaded code: checking, metering, compiling and storing it.
    pub code_byte: u64,
    /// Ticks of what compiling takes beyond the bytes.
    pub compile: CompilePrices,
    /// Ticks of ending a call by `finish` or `revert`; per byte of the transaction's own call, because that stays in the
    /// receipt.
    pub output: Price,
    /// Gas of an entry of an access list, which is accepted and has no other effect.
    pub access_list_entry: u64,
    /// Ticks of the Wasm operators.
    pub operators: OperatorPrices,
    /// Ticks of the host functions, in the order of [`GasClass::ALL`].
    pub host: Vec<Price>,
}

/// Ticks of the Wasm operators, by group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OperatorPrices {
    /// Constants, locals, simple integer operators, `drop`, `select`.
    pub simple: u64,
    /// Multiplication.
    pub multiply: u64,
    /// Division and remainder.
    pub divide: u64,
    /// Addition and subtraction of 128 bits.
    pub add_wide: u64,
    /// Multiplication of 64 bits to 128.
    pub multiply_wide: u64,
    /// Globals and the size of the memory.
    pub global: u64,
    /// Loads and stores in a near memory.
    pub memory: u64,
    /// Branches, `block`, `loop`, `if`, `end`.
    pub branch: u64,
    /// Entry of a function: its frame.
    pub function: u64,
    /// Each local of a function, set to zero on entry.
    pub local: u64,
    /// A direct call.
    pub call: u64,
    /// An indirect call.
    pub call_indirect: u64,
    /// A call of a host function, before its own price.
    pub call_host: u64,
    /// `memory.copy`, `memory.fill` and `memory.init`; per byte.
    pub bulk: Price,
    /// `table.copy`, `table.init` and `elem.drop`; per element.
    pub table_bulk: Price,
    /// `memory.grow` of a near memory; per page of 64 KiB.
    pub memory_grow: Price,
    /// Making an instance; per page of 64 KiB of its initial memory, if that is near.
    pub instance: Price,
    /// Making an instance: each element of its passive segments, which an engine resolves one by one.
    pub passive_element: u64,
    /// What a far memory costs in place of a near one.
    pub far: FarPrices,
}

/// Ticks of a memory that may grow beyond [`NEAR_PAGES`]. An access then waits for the caches that all cores share, or for
/// what is behind them, and a page is taken from the kernel anew for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FarPrices {
    /// Loads and stores.
    pub memory: u64,
    /// A page, from the start or by growing.
    pub page: u64,
}

/// Ticks of compiling a module, for each of what a compiler's work grows with. The upload check limits the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CompilePrices {
    /// A function.
    pub function: u64,
    /// A basic block.
    pub basic_block: u64,
    /// A loop, which is a basic block too.
    pub r#loop: u64,
    /// A call, direct or indirect.
    pub call: u64,
    /// A value that may have to be carried from block to block.
    pub carried_value: u64,
}

/// What of a module the work of a compiler grows with, beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct CompileWork {
    /// Functions that the module defines.
    pub functions: u64,
    /// Basic blocks.
    pub basic_blocks: u64,
    /// Loops.
    pub loops: u64,
    /// Calls, direct and indirect.
    pub calls: u64,
    /// Values that may have to be carried from block to block.
    pub carried_values: u64,
}

impl CompilePrices {
    /// Returns the ticks of compiling a module.
    pub const fn of(&self, work: &CompileWork) -> u64 {
        (self.function.saturating_mul(work.functions))
            .saturating_add(self.basic_block.saturating_mul(work.basic_blocks))
            .saturating_add(self.r#loop.saturating_mul(work.loops))
            .saturating_add(self.call.saturating_mul(work.calls))
            .saturating_add(self.carried_value.saturating_mul(work.carried_values))
    }
}

impl OperatorPrices {
    /// Returns the prices for a module whose memory has at most so many pages.
    #[must_use]
    pub const fn for_memory(mut self, pages_max: u32) -> Self {
        if pages_max > NEAR_PAGES {
            self.memory = self.far.memory;
            self.memory_grow.per_unit = self.far.page;
            self.instance.per_unit = self.far.page;
        }
        self
    }
}

impl GasSchedule {
    /// Returns the ticks of a host function that works on this many units.
    pub fn host(&self, class: GasClass, units: u64) -> u64 {
        let index = class as usize;
        self.host.get(index).map_or(u64::MAX, |price| price.of(units))
    }

    /// Returns the BLAKE3 hash of the encoded schedule.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.encode()).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{GasSchedule, OperatorPrices, Price};

    #[test]
    fn no_operator_is_free() {
        // Named one by one, so that a new price cannot be forgotten. A loop of free operators would never end.
        let OperatorPrices {
            simple,
            multiply,
            add_wide,
            multiply_wide,
            divide,
            global,
            memory,
            branch,
            function,
            local,
            call,
            call_indirect,
            call_host,
            bulk,
            table_bulk,
            memory_grow,
            instance,
            passive_element,
            far,
        } = GasSchedule::default().operators;
        for ticks in [
            simple,
            multiply,
            add_wide,
            multiply_wide,
            divide,
            global,
            memory,
            branch,
            function,
            local,
            call,
            call_indirect,
            call_host,
            instance.base,
            passive_element,
            far.memory,
            far.page,
        ] {
            assert!(ticks > 0);
        }
        for Price { base, per_unit } in [bulk, table_bulk, memory_grow] {
            assert!(base > 0 && per_unit > 0);
        }
    }

    #[test]
    fn the_hash_covers_every_price() {
        let schedule = GasSchedule::default();
        let dearer = |change: fn(&mut GasSchedule)| {
            let mut other = schedule.clone();
            change(&mut other);
            other.hash()
        };
        let changes: [fn(&mut GasSchedule); 6] = [
            |schedule| schedule.transaction = 1,
            |schedule| schedule.access_list_entry = 1,
            |schedule| schedule.operators.simple = 7,
            |schedule| schedule.operators.instance.per_unit = 7,
            |schedule| schedule.host[0].base = 7,
            |schedule| schedule.host.last_mut().expect("there are host functions").per_unit = 7,
        ];
        let mut hashes: Vec<_> = changes.into_iter().map(dearer).chain([schedule.hash()]).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 7);
    }
}
