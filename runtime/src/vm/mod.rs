//! The virtual machine.

pub mod memory;
