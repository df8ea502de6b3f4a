//! An instance that is called again without being set back: what a bench holds the isolation of calls against. Never part of
//! a chain: the crate has it with the feature `measure` alone.
//!
//! A call finds the memory that the last one left; globals are set by the entry, as always. Whoever needs the same work
//! from call to call writes the memory back himself.

use std::sync::Arc;

use super::Live;
use crate::fault::Fault;
use crate::vm::engine::fault;
use crate::vm::frame::Frame;
use crate::vm::{Backend, Code, Form, RunOutcome, STACK_BYTES_MIN, STACK_BYTES_NEW, Vm};

/// An instance between two calls.
pub struct Warm {
    code: Arc<Code>,
    live: Live,
}

impl Vm {
    /// Makes an instance.
    ///
    /// # Errors
    /// Faults if the host cannot, or if the machine interprets.
    pub fn warm(&self, code: &Arc<Code>) -> Result<Warm, Fault> {
        match (&self.0.backend, &*code.form) {
            (Backend::Compiled(compiler), Form::Compiled(compiled)) => {
                Ok(Warm { code: Arc::clone(code), live: compiler.new_instance(compiled)? })
            }
            #[cfg(feature = "interpreter")]
            _ => Err(Fault::Engine("only compiled code is kept warm".to_owned())),
        }
    }
}

impl Warm {
    /// Runs a call as [`Vm::run`] does, the price of an instance not taken.
    pub fn run(&mut self, frame: Frame, ticks: u64) -> (Frame, RunOutcome) {
        let given = ticks.min(i64::MAX.unsigned_abs());
        let left = i64::try_from(given).unwrap_or(i64::MAX);
        let Self { code, live } = self;
        let (frame, ran) = stacker::maybe_grow(STACK_BYTES_MIN, STACK_BYTES_NEW, || match &*code.form {
            Form::Compiled(compiled) => live.run(compiled, frame, left),
            #[cfg(feature = "interpreter")]
            Form::Interpreted { .. } => {
                let fault = Fault::Invariant("only compiled code is kept warm");
                (frame, crate::vm::instance::Ran::not_at_all(fault, left))
            }
        });
        (frame, ran.settle(given))
    }

    /// Enters the contract with nothing around it: a typed call of the engine. A host function that is called ends it.
    ///
    /// # Errors
    /// Faults if the contract does not return.
    pub fn enter(&mut self, ticks: i64) -> Result<(), Fault> {
        self.live.call.call(&mut self.live.store, ticks).map_err(|error| fault(&error))
    }

    /// Returns a copy of the memory.
    pub fn memory(&self) -> Vec<u8> {
        self.live.memory.data(&self.live.store).to_vec()
    }

    /// Writes the beginning of the memory.
    pub fn write_memory(&mut self, bytes: &[u8]) {
        let memory = self.live.memory.data_mut(&mut self.live.store);
        for (to, from) in memory.iter_mut().zip(bytes) {
            *to = *from;
        }
    }
}

impl core::fmt::Debug for Warm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Warm").field("code", &self.code).finish_non_exhaustive()
    }
}
