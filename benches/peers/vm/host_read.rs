//! A storage read of a 32-byte value that is in the session already, as a contract pays it and as the map itself does.
//!
//! The contract reads as often as its input says; the difference of a run with twice as many reads and a run leaves what
//! one read costs, its share of the loop included and the call around it not.

use std::hint::black_box;

use alloy_primitives::Bytes;
use florin_runtime::vm::frame::Entry;
use florin_runtime::vm::{Vm, VmConfig};

use crate::world::{CONTRACT, World};
use florin_peers::clock::{Nanoseconds, Side, medians, timed};
use florin_peers::failure::Failure;

/// Reads of a run; the other run has twice as many.
pub(crate) const READS: u32 = 10_000;

/// Other entries of the contract, so that the map has something to search.
pub(crate) const ENTRIES: u8 = 64;

const KEY: [u8; 32] = [7; 32];

const CONTRACT_TEXT: &str = r#"(module
    (import "florin" "input" (func $input (param i32 i32) (result i32)))
    (import "florin" "storage_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (data (i32.const 0) "\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07")
    (func (export "florin_call") (local $left i32)
        (drop (call $input (i32.const 64) (i32.const 4)))
        (local.set $left (i32.load (i32.const 64)))
        (loop $again
            (if (i32.ne (call $read (i32.const 0) (i32.const 32) (i32.const 128) (i32.const 32)) (i32.const 32))
                (then unreachable))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;

/// What a read costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// By a contract.
    pub(crate) contract: Nanoseconds,
    /// Of the map, by native code.
    pub(crate) map: Nanoseconds,
}

/// Measures a read in so many rounds.
///
/// # Errors
/// If a read does not find the value.
pub(crate) fn measure(rounds: usize) -> Result<Read, Failure> {
    let mut once = world()?;
    let mut twice = world()?;
    let mut native = world()?;
    let sides: [Side<'_>; 3] = [
        Box::new(|| run(&mut once, READS)),
        Box::new(|| run(&mut twice, READS.saturating_mul(2))),
        Box::new(|| {
            let session = native.session()?;
            timed(READS, || {
                (0..READS).try_for_each(|_| match session.storage(CONTRACT, black_box(&KEY))? {
                    Some(value) if black_box(value.len()) == KEY.len() => Ok(()),
                    _ => Err(Failure::Wrong("the map lost the value".to_owned())),
                })
            })
        }),
    ];
    let [once, twice, map] = medians(rounds, sides)?;
    Ok(Read { contract: (twice - once) / f64::from(READS), map })
}

/// Returns the CPU time of one call with so many reads.
fn run(world: &mut World, reads: u32) -> Result<Nanoseconds, Failure> {
    let input = Bytes::copy_from_slice(&reads.to_le_bytes());
    timed(1, || world.call(Entry::Call, input).map(drop))
}

fn world() -> Result<World, Failure> {
    let mut world = World::new(Vm::new(VmConfig::default())?, &wat::parse_str(CONTRACT_TEXT)?)?;
    let session = world.session()?;
    for number in 0..ENTRIES {
        session.storage_write(CONTRACT, &[number.wrapping_add(100); 32], Bytes::from(vec![number; 32]));
    }
    session.storage_write(CONTRACT, &KEY, Bytes::from(vec![9; 32]));
    session.end_transaction();
    Ok(world)
}
