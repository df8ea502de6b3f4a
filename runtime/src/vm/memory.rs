//! What a host function sees of its caller: the linear memory and the tick counter, whatever engine runs it.
//!
//! Guarantees that no region is touched before it is checked: pointer and length are added in 64 bits, nothing is
//! allocated by a claimed length that the memory does not hold, and output is written whole or not at all.

use florin_abi::Status;

use crate::fault::Fault;

/// Why a host function does not return to its caller.
#[derive(Debug)]
pub enum Abort {
    /// The call ended successfully; its output is in the frame.
    Finish,
    /// The contract reverted; its revert data is in the frame.
    Revert,
    /// The call failed with this status.
    Trap(Status),
    /// The host failed.
    Fault(Fault),
}

impl From<Status> for Abort {
    fn from(status: Status) -> Self {
        Self::Trap(status)
    }
}

impl From<Fault> for Abort {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The caller of a host function: its memory, and the ticks that it has left.
#[derive(Debug)]
pub struct Guest<'a> {
    memory: &'a mut [u8],
    ticks: &'a mut i64,
}

impl<'a> Guest<'a> {
    /// Borrows a caller's memory and counter for one host function.
    pub const fn new(memory: &'a mut [u8], ticks: &'a mut i64) -> Self {
        Self { memory, ticks }
    }

    /// Takes ticks from the caller.
    ///
    /// # Errors
    /// Traps with `OutOfGas`, and leaves the counter below zero, if it has fewer.
    pub fn charge(&mut self, ticks: u64) -> Result<(), Abort> {
        let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
        *self.ticks = self.ticks.saturating_sub(ticks);
        if *self.ticks < 0 { Err(Abort::Trap(Status::OutOfGas)) } else { Ok(()) }
    }

    /// Returns the ticks that are left.
    pub fn ticks_left(&self) -> u64 {
        u64::try_from(*self.ticks).unwrap_or(0)
    }

    /// Borrows a region.
    ///
    /// # Errors
    /// Traps with `BadPointer` if it leaves the memory.
    pub fn read(&self, ptr: u32, len: u32) -> Result<&[u8], Abort> {
        self.memory.get(region(ptr, len)).ok_or(Abort::Trap(Status::BadPointer))
    }

    /// Copies a region of fixed size.
    ///
    /// # Errors
    /// Traps with `BadPointer` if it leaves the memory.
    pub fn read_array<const N: usize>(&self, ptr: u32) -> Result<[u8; N], Abort> {
        let start = usize_of(ptr);
        let region = self.memory.get(start..start.saturating_add(N));
        region.and_then(|bytes| bytes.try_into().ok()).ok_or(Abort::Trap(Status::BadPointer))
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// Traps with `BadPointer`, and writes nothing, if they leave the memory.
    pub fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Abort> {
        let start = usize_of(ptr);
        let region = self.memory.get_mut(start..start.saturating_add(bytes.len()));
        region.ok_or(Abort::Trap(Status::BadPointer))?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes bytes if they fit the capacity; returns their length either way.
    ///
    /// # Errors
    /// Traps with `BadPointer` if `out_ptr..out_ptr + out_cap` leaves the memory.
    pub fn write_variable(&mut self, out_ptr: u32, out_cap: u32, bytes: &[u8]) -> Result<i32, Abort> {
        self.read(out_ptr, out_cap)?;
        if bytes.len() <= usize_of(out_cap) {
            self.write(out_ptr, bytes)?;
        }
        i32::try_from(bytes.len()).map_err(|_| Abort::Trap(Status::LimitExceeded))
    }
}

const fn usize_of(value: u32) -> usize {
    value as usize
}

fn region(ptr: u32, len: u32) -> core::ops::Range<usize> {
    let start = usize_of(ptr);
    start..start.saturating_add(usize_of(len))
}
