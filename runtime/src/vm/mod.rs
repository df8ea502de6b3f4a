//! The virtual machine: what turns uploaded bytes into checked, metered, compiled code and runs it.
//!
//! Guarantees that the same module, message and state give the same result, the same effects and the same ticks on
//! every engine, optimization level and cache state: the bytes meter themselves (`instrument`), so an engine is only
//! a faster or slower way to run them. Nothing that a contract does can make this module panic.
//!
//! The way of a module: bytes -> `validate` (`ModuleInfo` or [`Refusal`]) -> `instrument` (metered bytes) ->
//! `engine` or the interpreter (compiled) -> `cache` ([`Code`]) -> `instance` (one call). Code that was compiled in an
//! earlier run comes from a file through `artifact`.

mod artifact;
mod cache;
mod engine;
pub mod frame;
mod idle;
mod image;
mod imports;
mod instance;
mod instrument;
#[cfg(feature = "interpreter")]
mod interpreter;
mod live;
pub mod memory;
#[cfg(feature = "reference")]
pub mod reference;
mod refusal;
mod reuse;
#[cfg(test)]
mod tests;
pub mod trace;
mod validate;
mod written_pages;

use std::sync::Arc;

use alloy_primitives::B256;
use florin_abi::Status;
use parity_scale_codec::{Decode, Encode};
use thiserror::Error;

pub use cache::counts::{CacheCounts, CacheIncident, FileCounts, FileProblem};
pub use cache::files::report::{Cleared, FileReport, Standing};
pub use cache::files::{CacheFolder, CodeFiles, NodeKey};
#[cfg(feature = "measure")]
pub use live::warm::Warm;
pub use refusal::{ExportProblem, FunctionName, ImportProblem, Reason, Refusal, Sanitised};

use crate::fault::Fault;
use crate::gas::{CompileWork, GasSchedule, OperatorPrices};
use cache::Cache;
use cache::files::Authentic;
use cache::key::{BUILD, Ingredients, Setting, limits_hash, sources_hash};
use engine::{Compiled, Compiler, WASM_STACK_BYTES};
use frame::{Entry, Frame};
use instance::Ran;
#[cfg(feature = "interpreter")]
use interpreter::Interpreter;
use trace::Tracing;

/// Native stack for a call: what the code may use, and 1 MiB for the host functions. A thread that has less left goes
/// on on a new stack, so that no host thread's size is seen by a contract.
const STACK_BYTES_MIN: usize = WASM_STACK_BYTES + (1 << 20);

/// Size of a new stack.
const STACK_BYTES_NEW: usize = STACK_BYTES_MIN + (256 << 10);

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

/// How a call is kept from seeing what earlier calls left. It changes no result and no gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Every call has a new instance.
    Fresh,
    /// An instance whose call ended well is set back, waits, and serves the next call of its code. Code with more than one
    /// page of memory has a new instance for each call where the kernel does not tell which parts a call has written.
    Reused {
        /// Instances that may wait at the same time, of all code together; each keeps at most 256 KiB of what it wrote.
        idle_max: u32,
    },
}

/// Settings of a [`Vm`]. Only `schedule` is consensus.
#[derive(Clone, Debug)]
pub struct VmConfig {
    /// What runs the code.
    pub engine: EngineKind,
    /// Machine code that the in-memory cache keeps, in bytes.
    pub cache_bytes_max: usize,
    /// Where machine code is kept for the next run; nowhere if not given. The interpreter has none to keep.
    pub cache_folder: Option<CacheFolder>,
    /// Instances that may be in a call at the same time: threads that execute, times `CALL_DEPTH_MAX`.
    pub instances_max: u32,
    /// How a call is kept from seeing what earlier calls left. The interpreter always makes a new instance.
    pub isolation: Isolation,
    /// The prices.
    pub schedule: GasSchedule,
}

impl Default for VmConfig {
    fn default() -> Self {
        Self {
            engine: EngineKind::Compiled { optimize: Optimize::Speed },
            cache_bytes_max: 256 << 20,
            cache_folder: None,
            instances_max: 256,
            isolation: Isolation::Reused { idle_max: 64 },
            schedule: GasSchedule::default(),
        }
    }
}

/// What the upload check learned about a module.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ModuleInfo {
    /// Whether it exports `florin_init`.
    pub has_init: bool,
    /// Initial size of its memory, in pages of 64 KiB.
    pub memory_pages_min: u32,
    /// Largest size of its memory, in pages of 64 KiB.
    pub memory_pages_max: u32,
    /// Whether no operator of it changes a table or drops a segment: memory and globals are all that a call can change.
    pub keeps_tables: bool,
    /// Where its data segments lie, in bytes of its memory. What lies outside begins as zeros.
    pub data: core::ops::Range<u64>,
    /// Elements of its passive segments.
    pub passive_elements: u32,
    /// What compiling it takes.
    pub work: CompileWork,
    /// Selectors of the messages that may be entered again while the contract runs; sorted.
    pub reentrant: Vec<[u8; 4]>,
    /// Who it says that it is, if it carries the section.
    pub metadata: Option<Metadata>,
}

impl ModuleInfo {
    /// Returns the ticks of making an instance.
    pub fn instance_ticks(&self, prices: &OperatorPrices) -> u64 {
        let pages = prices.for_memory(self.memory_pages_max).instance.of(self.memory_pages_min.into());
        pages.saturating_add(prices.passive_element.saturating_mul(self.passive_elements.into()))
    }
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
#[derive(Clone)]
pub struct Vm(Arc<Machine>);

struct Machine {
    config: VmConfig,
    backend: Backend,
    cache: Cache,
    tracing: Tracing,
}

/// The engine that was chosen.
enum Backend {
    Compiled(Compiler),
    #[cfg(feature = "interpreter")]
    Interpreted(Interpreter),
}

/// A module in the form of the engine that was chosen.
enum Form {
    Compiled(Compiled),
    #[cfg(feature = "interpreter")]
    Interpreted {
        module: wasmi::Module,
        bytes: usize,
    },
}

impl Vm {
    /// Sets the engine up.
    ///
    /// # Errors
    /// `Fault::Engine` if the host cannot reserve what the engine needs.
    pub fn new(config: VmConfig) -> Result<Self, Fault> {
        Self::make(config, WASM_STACK_BYTES, Tracing::Off)
    }

    /// Makes a machine like this one that tells a trace of every function. It computes and charges the same, more slowly, and
    /// shares neither code nor cache with this one.
    ///
    /// # Errors
    /// As [`Vm::new`].
    pub fn traced(&self) -> Result<Self, Fault> {
        // What is kept, beyond this run or for the next call, is the code that consensus runs.
        let config = VmConfig { cache_folder: None, isolation: Isolation::Fresh, ..self.0.config.clone() };
        Self::make(config, WASM_STACK_BYTES, Tracing::Functions)
    }

    /// Sets the engine up with another bound of its native stack, which tests lower to measure what is used.
    fn make(config: VmConfig, bytes: usize, tracing: Tracing) -> Result<Self, Fault> {
        let backend = match config.engine {
            EngineKind::Compiled { optimize } => {
                Backend::Compiled(Compiler::new(optimize, config.instances_max, config.isolation, bytes, tracing)?)
            }
            #[cfg(feature = "interpreter")]
            EngineKind::Interpreted => Backend::Interpreted(Interpreter::new(tracing)?),
        };
        let setting = backend.setting(&config.schedule, tracing);
        let files = config.cache_folder.as_ref().filter(|_| backend.has_artifacts());
        let files = files.map(|folder| CodeFiles::open(folder, setting)).transpose()?;
        let cache = Cache::new(config.cache_bytes_max, files);
        Ok(Self(Arc::new(Machine { config, backend, cache, tracing })))
    }

    /// Returns the prices.
    pub fn schedule(&self) -> &GasSchedule {
        &self.0.config.schedule
    }

    /// Checks a module against every rule of the upload check. Pure.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(code: &[u8]) -> Result<ModuleInfo, Refusal> {
        validate::validate(code)
    }

    /// Returns the compiled form of a module: from memory, from a file, or checked, metered and compiled now, once however
    /// many threads ask. `hash` names the code: it must be its keccak-256, which is checked where code is kept beyond this
    /// run and not again on a hit.
    ///
    /// # Errors
    /// `Refused` as [`Vm::check`]; `Fault` if code that passed the check does not compile.
    pub fn load(&self, hash: B256, code: &[u8]) -> Result<Arc<Code>, LoadError> {
        self.0.cache.load(&self.0, hash, code)
    }

    /// Compiles a module with the settings of every other and without metering: what it costs to count is measured against
    /// this. What it runs is not gas: the host functions count, the code does not. Not cached.
    ///
    /// # Errors
    /// As [`Vm::load`].
    #[cfg(feature = "measure")]
    pub fn load_uncounted(&self, hash: B256, code: &[u8]) -> Result<Code, LoadError> {
        let info = validate::validate(code)?;
        Ok(self.0.form(hash, info, &instrument::uncounted(code)?)?)
    }

    /// Loads a module and keeps it in memory until the machine ends, for contracts that the embedder depends on. At most
    /// 64; a further one is kept like any other. [`CacheCounts::pinned_entries`] tells.
    ///
    /// # Errors
    /// As [`Vm::load`].
    pub fn pin(&self, hash: B256, code: &[u8]) -> Result<Arc<Code>, LoadError> {
        let code = self.load(hash, code)?;
        self.0.cache.pin(hash, &code);
        Ok(code)
    }

    /// Returns the compiled form of a module if it is in memory. A miss is not counted: who misses loads.
    pub fn cached(&self, hash: B256) -> Option<Arc<Code>> {
        self.0.cache.get(hash)
    }

    /// Drops all compiled code in memory that is not pinned, and the refusals; returns the bytes. Files stay.
    pub fn drop_cached(&self) -> u64 {
        self.0.cache.clear()
    }

    /// Returns how many instances wait for their next call.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        match &self.0.backend {
            Backend::Compiled(compiler) => compiler.waiting(),
            Backend::Interpreted(_) => 0,
        }
    }

    /// Returns what the cache of compiled code did so far. Tells about this machine, not about the chain.
    pub fn cache_counts(&self) -> CacheCounts {
        self.0.cache.counts()
    }

    /// Returns what happened to the cache's files that an operator should know, once: lines for the audit log.
    pub fn take_cache_incidents(&self) -> Vec<CacheIncident> {
        self.0.cache.take_incidents()
    }

    /// Returns the files of compiled code, if [`VmConfig::cache_folder`] was given.
    pub fn cache_files(&self) -> Option<&CodeFiles> {
        self.0.cache.files()
    }

    /// Runs a call with at most `ticks`; the frame comes back with the session and the output.
    ///
    /// `Entry::Init` of a module without `florin_init` finishes at once, without using its input.
    ///
    /// # Gas
    /// Making the instance, then what the code burns; on a trap, what it burnt so far. Never more than `ticks`.
    pub fn run(&self, code: &Arc<Code>, frame: Frame, ticks: u64) -> (Frame, RunOutcome) {
        if frame.message.entry == Entry::Init && !code.info.has_init {
            return (frame, RunOutcome { exit: Exit::Finished, ticks_used: 0 });
        }
        let price = code.info.instance_ticks(&self.schedule().operators);
        // The counter is an `i64`; more than that cannot be given, and so cannot be burnt.
        let given = ticks.min(i64::MAX.unsigned_abs());
        let Some(left) = given.checked_sub(price).and_then(|left| i64::try_from(left).ok()) else {
            return (frame, RunOutcome { exit: Exit::Trapped(Status::OutOfGas), ticks_used: ticks });
        };
        let (frame, ran) =
            stacker::maybe_grow(STACK_BYTES_MIN, STACK_BYTES_NEW, || self.0.backend.run(&code.form, frame, left));
        (frame, ran.settle(given))
    }
}

impl core::fmt::Debug for Vm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Vm").field("engine", &self.0.config.engine).finish_non_exhaustive()
    }
}

impl Machine {
    fn compile(&self, hash: B256, code: &[u8]) -> Result<Code, LoadError> {
        let info = validate::validate(code)?;
        let prices = self.config.schedule.operators.for_memory(info.memory_pages_max);
        let metered = self.tracing.instrument(code, &prices)?;
        Ok(self.form(hash, info, &metered)?)
    }

    /// Compiles what the metering pass wrote.
    fn form(&self, hash: B256, info: ModuleInfo, metered: &[u8]) -> Result<Code, Fault> {
        let form = match &self.backend {
            Backend::Compiled(compiler) => Form::Compiled(compiler.compile(metered, &info)?),
            #[cfg(feature = "interpreter")]
            Backend::Interpreted(interpreter) => {
                Form::Interpreted { module: interpreter.compile(metered)?, bytes: metered.len() }
            }
        };
        Ok(Code { hash, info: Arc::new(info), form: Arc::new(form) })
    }

    /// Makes code of what was compiled before.
    fn restore(&self, hash: B256, authentic: &Authentic) -> Result<Code, Fault> {
        let form = match &self.backend {
            Backend::Compiled(compiler) => Form::Compiled(compiler.restore(authentic)?),
            #[cfg(feature = "interpreter")]
            Backend::Interpreted(_) => return Err(Fault::Engine("the interpreter has no files".to_owned())),
        };
        Ok(Code { hash, info: Arc::new(authentic.info().clone()), form: Arc::new(form) })
    }

    /// Returns what can be kept of code beyond this run.
    fn artifact(&self, code: &Code) -> Option<Vec<u8>> {
        match &*code.form {
            Form::Compiled(compiled) => compiled.artifact(),
            #[cfg(feature = "interpreter")]
            Form::Interpreted { .. } => None,
        }
    }
}

impl Backend {
    /// Names everything but the module that the code of this engine depends on.
    fn setting(&self, schedule: &GasSchedule, tracing: Tracing) -> Setting {
        let (engine, target) = match self {
            Self::Compiled(compiler) => (compiler.compatibility_hash(), compiler.target()),
            #[cfg(feature = "interpreter")]
            Self::Interpreted(_) => ([0; 32], "interpreted".to_owned()),
        };
        Setting::new(&Ingredients {
            instrumentation: tracing.instrumentation(),
            sources: sources_hash(),
            schedule: schedule.hash(),
            limits: limits_hash(),
            engine,
            target: &target,
            build: BUILD,
        })
    }

    /// Tells whether code of this engine has a form that a file can hold.
    const fn has_artifacts(&self) -> bool {
        match self {
            Self::Compiled(_) => true,
            #[cfg(feature = "interpreter")]
            Self::Interpreted(_) => false,
        }
    }

    fn run(&self, form: &Form, frame: Frame, ticks: i64) -> (Frame, Ran) {
        match (self, form) {
            (Self::Compiled(compiler), Form::Compiled(code)) => compiler.run(code, frame, ticks),
            #[cfg(feature = "interpreter")]
            (Self::Interpreted(interpreter), Form::Interpreted { module, .. }) => interpreter.run(module, frame, ticks),
            #[cfg(feature = "interpreter")]
            _ => (frame, Ran::not_at_all(Fault::Engine("the code is of another kind of engine".to_owned()), ticks)),
        }
    }
}

/// A module, checked, metered and compiled.
pub struct Code {
    hash: B256,
    info: Arc<ModuleInfo>,
    form: Arc<Form>,
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

    /// Returns another handle of the same code, with a reference count of its own.
    fn replica(&self) -> Self {
        Self { hash: self.hash, info: Arc::clone(&self.info), form: Arc::clone(&self.form) }
    }

    /// Returns the bytes that its compiled form takes, the module's image counted once.
    fn bytes(&self) -> usize {
        match &*self.form {
            Form::Compiled(code) => code.bytes(),
            #[cfg(feature = "interpreter")]
            Form::Interpreted { bytes, .. } => *bytes,
        }
    }
}

impl core::fmt::Debug for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Code").field("hash", &self.hash).field("info", &self.info).finish_non_exhaustive()
    }
}
