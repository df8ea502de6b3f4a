//! The virtual machine: what turns uploaded bytes into checked, metered, compiled code and runs it.
//!
//! Guarantees that the same module, message and state give the same result, the same effects and the same ticks on
//! every engine, optimization level and cache state: the bytes meter themselves (`instrument`), so an engine is only
//! a faster or slower way to run them. Nothing that a contract does can make this module panic.
//!
//! The way of a module: bytes -> `validate` (`ModuleInfo` or [`Refusal`]) -> `instrument` (metered bytes) ->
//! `engine` or the interpreter (compiled) -> `cache` ([`Code`]) -> `instance` (one call).

pub mod frame;
mod imports;
pub mod memory;
mod refusal;
mod validate;

use std::sync::Arc;

use alloy_primitives::B256;
use florin_abi::Status;
use parity_scale_codec::{Decode, Encode};
use thiserror::Error;

pub use refusal::{ExportProblem, FunctionName, ImportProblem, Reason, Refusal, Sanitised};

use crate::fault::Fault;
use crate::gas::GasSchedule;
use frame::Frame;

/// How much work the compiler spends on faster code. It changes no result and no gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Optimize {
    /// Compile fast.
    None,
    /// Run fast.
    Speed,
}

/// What runs the metered bytes. It changes no result and no gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// Compiled to machine code.
    Compiled {
        /// How well.
        optimize: Optimize,
    },
    /// Interpreted, by an engine that shares no code with the compiler.
    #[cfg(feature = "interpreter")]
    Interpreted,
}

/// Settings of a [`Vm`]. Only `schedule` is consensus.
#[derive(Clone, Debug)]
pub struct VmConfig {
    /// What runs the code.
    pub engine: EngineKind,
    /// Machine code that the in-memory cache keeps, in bytes.
    pub cache_bytes_max: usize,
    /// Instances that may live at the same time: threads that execute, times `CALL_DEPTH_MAX`.
    pub instances_max: u32,
    /// The prices.
    pub schedule: GasSchedule,
}

impl Default for VmConfig {
    fn default() -> Self {
        Self {
            engine: EngineKind::Compiled { optimize: Optimize::Speed },
            cache_bytes_max: 256 << 20,
            instances_max: 256,
            schedule: GasSchedule::default(),
        }
    }
}

/// What the upload check learned about a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleInfo {
    /// Whether it exports `florin_init`.
    pub has_init: bool,
    /// Initial size of its memory, in pages of 64 KiB.
    pub memory_pages_min: u32,
    /// Largest size of its memory, in pages of 64 KiB.
    pub memory_pages_max: u32,
    /// Selectors of the messages that may be entered again while the contract runs; sorted.
    pub reentrant: Vec<[u8; 4]>,
    /// Who it says that it is, if it carries the section.
    pub metadata: Option<Metadata>,
}

/// What a contract says about itself, in custom section `florin.metadata`. Not checked against anything.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Metadata {
    /// The contract's name. Foreign text: escape it ([`Sanitised`]) before it is shown.
    pub name: String,
    /// The SDK's release. Foreign text, like the name.
    pub sdk_release: String,
    /// The hash of the ABI JSON.
    pub abi_hash: [u8; 32],
}

/// Why code could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The module breaks a rule of the upload check.
    #[error("code refused: {0}")]
    Refused(#[from] Refusal),
    /// The host failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// How a call ended.
#[derive(Debug)]
pub enum Exit {
    /// The entry returned or called `finish`; the output is in the frame.
    Finished,
    /// The contract called `revert`; the revert data is in the frame.
    Reverted,
    /// The call failed with this status.
    Trapped(Status),
    /// The host failed.
    Fault(Fault),
}

/// What one call came to.
#[derive(Debug)]
pub struct RunOutcome {
    /// How it ended.
    pub exit: Exit,
    /// What it burnt, in ticks; never more than it was given.
    pub ticks_used: u64,
}

/// The machine. A clone is another handle of the same engine and cache.
#[derive(Clone, Debug)]
pub struct Vm(Arc<VmConfig>);

impl Vm {
    /// Sets the engine up.
    ///
    /// # Errors
    /// `Fault::Engine` if the host cannot reserve what the engine needs.
    pub fn new(config: VmConfig) -> Result<Self, Fault> {
        Ok(Self(Arc::new(config)))
    }

    /// Returns the prices.
    pub fn schedule(&self) -> &GasSchedule {
        &self.0.schedule
    }

    /// Checks a module against every rule of the upload check. Pure.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(code: &[u8]) -> Result<ModuleInfo, Refusal> {
        validate::validate(code)
    }

    /// Returns the compiled form of a module: from the cache, or checked, metered and compiled now, once however many
    /// threads ask.
    ///
    /// # Errors
    /// `Refused` as [`Vm::check`]; `Fault` if code that passed the check does not compile.
    pub fn load(&self, _hash: B256, _code: &[u8]) -> Result<Arc<Code>, LoadError> {
        Err(LoadError::Fault(Fault::Engine("the engine is not linked".to_owned())))
    }

    /// Returns the compiled form of a module if it is in the cache.
    pub fn cached(&self, _hash: B256) -> Option<Arc<Code>> {
        None
    }

    /// Runs a call with at most `ticks`; the frame comes back with the session and the output.
    pub fn run(&self, _code: &Arc<Code>, frame: Frame, _ticks: u64) -> (Frame, RunOutcome) {
        let exit = Exit::Fault(Fault::Engine("the engine is not linked".to_owned()));
        (frame, RunOutcome { exit, ticks_used: 0 })
    }
}

/// A module, checked, metered and compiled.
#[derive(Debug)]
pub struct Code {
    hash: B256,
    info: ModuleInfo,
}

impl Code {
    /// Returns the hash under which it was loaded.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// Returns what the upload check learned.
    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }
}
