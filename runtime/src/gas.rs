//! Gas: the unit that a sender pays for, the tick that a contract counts in, and the one table of prices.
//!
//! Guarantees that a price is charged before the work that it pays for, and that no setting changes a figure: the
//! schedule is data, and its hash is part of the genesis and of every compiled-code key.
//!
//! Formula: `ticks = base + per_unit * units`, units being bytes unless the row says otherwise. 1 gas = 8 ticks
//! ([`TICKS_PER_GAS`]); 1 tick is about a quarter of a nanosecond, which is one simple Wasm operator.

use core::fmt;

use florin_abi::GasClass;
use parity_scale_codec::{Decode, Encode};

/// Ticks in one unit of gas.
pub const TICKS_PER_GAS: u64 = 8;

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
    /// Gas of a byte of uploaded code: checking, instrumenting, compiling and storing it.
    pub code_byte: u64,
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
    /// Loads, stores and globals.
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
    /// `table.copy` and `table.init`; per element.
    pub table_bulk: Price,
    /// `memory.grow`; per page of 64 KiB.
    pub memory_grow: Price,
    /// Making an instance; per page of 64 KiB of its initial memory.
    pub instance: Price,
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

impl Default for GasSchedule {
    /// Returns the schedule of release 0.1.
    fn default() -> Self {
        let price = |base, per_unit| Price { base, per_unit };
        let host = |class: &GasClass| match class {
            GasClass::Context | GasClass::Copy => price(200, 1),
            GasClass::StorageRead => price(4_000, 4),
            GasClass::StorageWrite => price(12_000, 16),
            GasClass::StorageNext => price(8_000, 8),
            GasClass::StorageAdd => price(8_000, 16),
            GasClass::Balance => price(2_000, 0),
            GasClass::Transfer | GasClass::Supply => price(12_000, 0),
            GasClass::Call => price(24_000, 1),
            GasClass::Create => price(80_000, 1),
            GasClass::Emit => price(2_000, 8),
            GasClass::Sha256 => price(800, 4),
            GasClass::Keccak256 => price(2_000, 12),
            GasClass::Blake3 => price(800, 4),
            GasClass::MerkleRoot => price(2_000, 1_000),
            GasClass::MerkleVerify => price(1_000, 1_000),
            GasClass::Ecdsa => price(160_000, 4),
            GasClass::Ed25519 => price(160_000, 8),
            GasClass::Sr25519 => price(200_000, 12),
            GasClass::SignatureBatch => price(40_000, 200_000),
        };
        Self {
            transaction: 21_000,
            calldata_byte: 8,
            create: 32_000,
            code_byte: 100,
            access_list_entry: 500,
            operators: OperatorPrices {
                simple: 1,
                multiply: 2,
                divide: 16,
                add_wide: 2,
                multiply_wide: 4,
                memory: 2,
                branch: 1,
                function: 4,
                local: 1,
                call: 4,
                call_indirect: 12,
                call_host: 40,
                bulk: price(64, 1),
                table_bulk: price(64, 16),
                memory_grow: price(2_000, 32_768),
                instance: price(16_000, 2_000),
            },
            host: GasClass::ALL.iter().map(host).collect(),
        }
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
        } = GasSchedule::default().operators;
        for ticks in [
            simple,
            multiply,
            add_wide,
            multiply_wide,
            divide,
            memory,
            branch,
            function,
            local,
            call,
            call_indirect,
            call_host,
            instance.base,
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
