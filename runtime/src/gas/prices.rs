//! The figures: every price of release 0.1.
//!
//! Two things set a price.
//! - *Time.* 1 gas is 2 ns of one core, so that a transfer of 21,000 gas pays for the 42 us in which it is decoded, its
//!   signer recovered, and its two accounts written. `cargo run --release -p florin-benches --bin calibrate` measures
//!   every row on its worst legal input and fails when it takes less than a quarter or more than twice of what it pays.
//! - *Bytes that stay.* A byte in a block or a receipt costs 16 gas, a byte of the state 32, and an entry of the state
//!   5,000 more, so that a block of 10^9 gas adds at most 62.5 MB to the archive, or 31 MB of values or 200,000 entries to
//!   the state. That is dearer than their time, and meant to be.

use florin_abi::GasClass;

use super::{CompilePrices, FarPrices, GasSchedule, OperatorPrices, Price, TICKS_PER_GAS};

/// Ticks of a byte that stays in the archive, with its block.
const ARCHIVE_BYTE: u64 = 16 * TICKS_PER_GAS;
/// Ticks of a byte that stays in the state.
const STATE_BYTE: u64 = 32 * TICKS_PER_GAS;
/// Ticks of an entry of the state, beside its bytes.
const STATE_ENTRY: u64 = 5_000 * TICKS_PER_GAS;

const fn price(base: u64, per_unit: u64) -> Price {
    Price { base, per_unit }
}

const fn host(class: GasClass) -> Price {
    match class {
        GasClass::Context => price(200, 1),
        // Input and answers are copied by words of 8 bytes.
        GasClass::Copy => price(400, 1),
        GasClass::StorageRead => price(6_000, 1),
        GasClass::StorageWrite | GasClass::StorageAdd => price(STATE_ENTRY, STATE_BYTE),
        GasClass::StorageNext => price(6_000, 4),
        GasClass::Balance => price(4_000, 0),
        // Two entries, which are there as a rule.
        GasClass::Transfer => price(64_000, 0),
        GasClass::Supply => price(80_000, 0),
        // Per 8 bytes of input; an amount is paid for as a transfer, and the callee's instance as an instance.
        GasClass::Call => price(5_000, 1),
        GasClass::Create => price(80_000, 1),
        GasClass::Emit => price(4_000, ARCHIVE_BYTE),
        GasClass::Sha256 => price(800, 4),
        GasClass::Keccak256 => price(2_000, 12),
        GasClass::Blake3 => price(800, 2),
        GasClass::MerkleRoot => price(400, 500),
        GasClass::MerkleVerify => price(1_000, 500),
        GasClass::Ecdsa => price(160_000, 4),
        GasClass::Ed25519 => price(160_000, 8),
        GasClass::Sr25519 => price(200_000, 14),
        GasClass::SignatureBatch => price(80_000, 240_000),
    }
}

const OPERATORS: OperatorPrices = OperatorPrices {
    simple: 1,
    multiply: 2,
    divide: 16,
    add_wide: 2,
    multiply_wide: 4,
    global: 2,
    memory: 12,
    branch: 2,
    function: 4,
    local: 1,
    call: 4,
    call_indirect: 16,
    call_host: 40,
    bulk: price(200, 1),
    table_bulk: price(100, 4),
    memory_grow: price(300, 32_768),
    instance: price(5_000, 8_000),
    passive_element: 300,
    far: FarPrices { memory: 400, page: 120_000 },
};

impl Default for GasSchedule {
    /// Returns the schedule of release 0.1.
    fn default() -> Self {
        Self {
            transaction: 21_000,
            calldata_byte: 16,
            create: 32_000,
            code_byte: 300,
            compile: CompilePrices {
                function: 180_000,
                basic_block: 60_000,
                r#loop: 25_000,
                call: 16_000,
                carried_value: 2_200,
            },
            output: price(2_000, ARCHIVE_BYTE),
            access_list_entry: 500,
            operators: OPERATORS,
            host: GasClass::ALL.iter().map(|class| host(*class)).collect(),
        }
    }
}
