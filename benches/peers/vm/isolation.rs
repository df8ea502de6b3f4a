//! What a call pays to be kept from every other: beyond a call into an instance that is warm and not set back.
//!
//! All make the same transfers. The warm instance's memory is written back between rounds and not within one: the contract's
//! allocator hands out memory upwards, and so stays within pages that have been written before. The last row is a call of the
//! engine alone, into a contract that does nothing.

use florin_runtime::vm::{Isolation, Vm, VmConfig};

use crate::token::Token;
use crate::world::{TICKS, World};
use florin_peers::clock::{Nanoseconds, Side, medians, timed};
use florin_peers::failure::Failure;

/// Calls of a round: as many as fit the memory that a warm instance does not get back.
pub(crate) const CALLS: u32 = 100;

/// Empty calls of a round.
pub(crate) const EMPTY_CALLS: u32 = 100_000;

/// What a transfer takes, from frame to frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    /// In an instance that was set back.
    pub(crate) reused: Nanoseconds,
    /// In a new instance.
    pub(crate) fresh: Nanoseconds,
    /// In an instance that is not set back.
    pub(crate) warm: Nanoseconds,
}

/// Measures transfers in so many rounds.
///
/// # Errors
/// If one fails.
pub(crate) fn transfer(rounds: usize) -> Result<Transfer, Failure> {
    let mut reused = Token::new(VmConfig::default())?;
    let mut fresh = Token::new(VmConfig { isolation: Isolation::Fresh, ..VmConfig::default() })?;
    let mut token = Token::new(VmConfig::default())?;
    let mut instance = token.world.vm.warm(&token.world.code)?;
    let memory = instance.memory();
    let sides: [Side<'_>; 3] = [
        Box::new(|| reused.transfer_by(CALLS, |world, frame| world.vm.run(&world.code, frame, TICKS))),
        Box::new(|| fresh.transfer_by(CALLS, |world, frame| world.vm.run(&world.code, frame, TICKS))),
        Box::new(|| {
            instance.write_memory(&memory);
            token.transfer_by(CALLS, |_, frame| instance.run(frame, TICKS))
        }),
    ];
    let [reused, fresh, warm] = medians(rounds, sides)?;
    Ok(Transfer { reused, fresh, warm })
}

/// Measures an empty call in so many rounds.
///
/// # Errors
/// If one does not return.
pub(crate) fn empty_call(rounds: usize) -> Result<Nanoseconds, Failure> {
    let text = r#"(module (memory (export "memory") 1 1) (func (export "florin_call")))"#;
    let world = World::new(Vm::new(VmConfig::default())?, &wat::parse_str(text)?)?;
    let mut instance = world.vm.warm(&world.code)?;
    let side: Side<'_> =
        Box::new(|| timed(EMPTY_CALLS, || Ok((0..EMPTY_CALLS).try_for_each(|_| instance.enter(i64::MAX))?)));
    let [time] = medians(rounds, [side])?;
    Ok(time)
}
