//! The compiler and its machine code: wasmtime, switched by hand from end to end.
//!
//! Guarantees that nothing of the host decides what a contract sees: every Wasm proposal comes from the table of the
//! upload check, the target is the architecture's baseline and not the features of this processor, memories have their
//! maximum reserved before the first call, and there is neither fuel nor epoch nor clock: metering is in the bytes.
//!
//! Costs of a machine: 4 GiB and 32 MiB of address space, reserved and not used, for each instance that may be in a call or
//! wait for one; of a new instance: one slot of the pool, mapped copy-on-write from the module's image. Metered code stops
//! at the logical stack limit long before [`WASM_STACK_BYTES`] of native stack, which is a factor of 8 above the 8 bytes of
//! a stack unit.

use florin_abi::MEMORY_EXPORT;
use florin_abi::limits::{MEMORY_PAGES_MAX, STACK_UNITS_MAX, TABLE_ELEMENTS_MAX};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module, ModuleExport, OptLevel,
    PoolingAllocationConfig, Strategy, WasmFeatures,
};

use super::artifact;
use super::cache::files::Authentic;
use super::cache::key::hash_of;
use super::frame::Frame;
use super::instance::Ran;
use super::instrument::{ENTER_CALL, ENTER_INIT, STACK_EXPORT, TICKS_EXPORT};
use super::live::{Host, Live, link, link_hooks};
use super::reuse::{Reuse, Waiting};
use super::trace::{PLACE_EXPORT, Tracing};
use super::validate::proposals;
use super::{Isolation, ModuleInfo, Optimize};
use crate::fault::Fault;

/// Native stack that one call may use: 8 times the 8 bytes of each stack unit. Tests measure what is really used.
pub(super) const WASM_STACK_BYTES: usize = 64 * STACK_UNITS_MAX as usize;

const PAGE_BYTES: usize = 64 << 10;
const MEMORY_BYTES_MAX: usize = MEMORY_PAGES_MAX as usize * PAGE_BYTES;

/// With as much address space as a 32-bit pointer can reach, and the guard for its static offset, an access needs no
/// comparison: what leaves the memory meets an unmapped page.
const RESERVED_BYTES: u64 = 4 << 30;
const GUARD_BYTES: u64 = 32 << 20;

/// Memory of a slot that stays with the process between two calls, where the kernel can say which pages a call wrote: those
/// are set back one by one, which costs less than giving the mapping back and faulting it in again.
const RESIDENT_BYTES: usize = 2 << 20;

/// Machine context of one instance: globals, tables of functions; what the limits table allows fits.
const INSTANCE_BYTES_MAX: usize = 4 << 20;

/// The triple of this machine's architecture with nothing but its baseline.
const TARGET: Option<&str> = if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
    Some("x86_64-unknown-linux-gnu")
} else if cfg!(all(target_arch = "aarch64", target_os = "linux", target_env = "gnu")) {
    Some("aarch64-unknown-linux-gnu")
} else if cfg!(all(target_arch = "aarch64", target_os = "macos")) {
    Some("aarch64-apple-darwin")
} else {
    None
};

/// The engine, with every host function linked.
pub(super) struct Compiler {
    engine: Engine,
    linker: Linker<Host>,
    /// Nothing if every call has a new instance.
    reuse: Option<Reuse>,
}

/// A metered module as machine code, ready to be instantiated.
pub(super) struct Compiled {
    pub(super) ready: InstancePre<Host>,
    pub(super) memory: ModuleExport,
    pub(super) ticks: ModuleExport,
    pub(super) stack: ModuleExport,
    pub(super) call: ModuleExport,
    pub(super) init: Option<ModuleExport>,
    /// The place that hooks keep; none in code without hooks.
    pub(super) place: Option<ModuleExport>,
    /// Nothing if every call has a new instance.
    waiting: Option<Waiting>,
}

impl Compiler {
    /// Sets the engine up for so many instances in calls at the same time, each with so many bytes of native stack.
    pub(super) fn new(
        optimize: Optimize,
        instances_max: u32,
        isolation: Isolation,
        stack_bytes: usize,
        tracing: Tracing,
    ) -> Result<Self, Fault> {
        let (reuse, slots) = match isolation {
            Isolation::Fresh | Isolation::Reused { idle_max: 0 } => (None, instances_max),
            Isolation::Reused { idle_max } => (Some(Reuse::new(idle_max)), instances_max.saturating_add(idle_max)),
        };
        let engine = Engine::new(&config(optimize, slots, stack_bytes)?).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| fault(&error))?;
        if tracing == Tracing::Functions {
            link_hooks(&mut linker).map_err(|error| fault(&error))?;
        }
        Ok(Self { engine, linker, reuse })
    }

    /// Compiles a metered module.
    pub(super) fn compile(&self, metered: &[u8], info: &ModuleInfo) -> Result<Compiled, Fault> {
        let module = Module::from_binary(&self.engine, metered).map_err(|error| fault(&error))?;
        self.ready(module, info)
    }

    /// Loads a module that this node has compiled before.
    pub(super) fn restore(&self, authentic: &Authentic) -> Result<Compiled, Fault> {
        self.ready(artifact::load(&self.engine, authentic)?, authentic.info())
    }

    fn ready(&self, module: Module, info: &ModuleInfo) -> Result<Compiled, Fault> {
        let ready = self.linker.instantiate_pre(&module).map_err(|error| fault(&error))?;
        let export = |name| module.get_export_index(name).ok_or(Fault::Invariant("a checked module has its exports"));
        Ok(Compiled {
            memory: export(MEMORY_EXPORT)?,
            ticks: export(TICKS_EXPORT)?,
            stack: export(STACK_EXPORT)?,
            call: export(ENTER_CALL)?,
            init: module.get_export_index(ENTER_INIT),
            place: module.get_export_index(PLACE_EXPORT),
            waiting: self.reuse.as_ref().and_then(|reuse| reuse.waiting(info)),
            ready,
        })
    }

    /// Returns the hash of what decides whether machine code of another run of the program fits this one: release,
    /// proposals, settings, target, flags.
    pub(super) fn compatibility_hash(&self) -> [u8; 32] {
        hash_of(&self.engine.precompile_compatibility_hash())
    }

    /// Returns the target and the processor features that machine code may use, in words.
    pub(super) fn target(&self) -> String {
        let flags = self.engine.get_cranelift_flags_enabled().map(|flag| flag.to_string()).collect::<Vec<_>>();
        format!("{} {}", self.engine.get_target().unwrap_or_default(), flags.join(" "))
    }

    /// Runs one call, in an instance that is new or as new.
    pub(super) fn run(&self, code: &Compiled, frame: Frame, ticks: i64) -> (Frame, Ran) {
        if !Engine::same(&self.engine, code.ready.module().engine()) {
            let fault = Fault::Engine("the code was compiled by another machine".to_owned());
            return (frame, Ran::not_at_all(fault, ticks));
        }
        let mut live = match self.instance(code) {
            Ok(live) => live,
            Err(fault) => return (frame, Ran::not_at_all(fault, ticks)),
        };
        let (frame, ran) = live.run(code, frame, ticks);
        if let (Some(reuse), Some(waiting)) = (&self.reuse, &code.waiting) {
            reuse.keep(waiting, live, &ran);
        }
        (frame, ran)
    }

    /// Returns how many instances wait for their next call.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.reuse.as_ref().map_or(0, Reuse::held)
    }

    /// Makes an instance that nobody waits for.
    #[cfg(feature = "measure")]
    pub(super) fn new_instance(&self, code: &Compiled) -> Result<Live, Fault> {
        Live::new(&self.engine, code)
    }

    fn instance(&self, code: &Compiled) -> Result<Live, Fault> {
        if let Some(live) = code.waiting.as_ref().and_then(Waiting::take) {
            return Ok(live);
        }
        let live = Live::new(&self.engine, code)?;
        if let (Some(reuse), Some(waiting)) = (&self.reuse, &code.waiting) {
            reuse.learn(waiting, &live);
        }
        Ok(live)
    }
}

impl Compiled {
    /// Returns what [`Compiler::restore`] makes the same machine code of.
    pub(super) fn artifact(&self) -> Option<Vec<u8>> {
        self.ready.module().serialize().ok()
    }

    /// Returns the bytes that the machine code and its tables take.
    pub(super) fn bytes(&self) -> usize {
        let range = self.ready.module().image_range();
        range.end.addr().saturating_sub(range.start.addr())
    }
}

pub(super) fn config(optimize: Optimize, slots: u32, stack_bytes: usize) -> Result<Config, Fault> {
    let target = TARGET.ok_or_else(|| Fault::Engine("no machine code for this architecture".to_owned()))?;
    let mut config = Config::new();
    config.target(target).map_err(|error| fault(&error))?;
    config.wasm_features(WasmFeatures::all(), false).wasm_features(proposals::allowed(), true);
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(match optimize {
            Optimize::None => OptLevel::None,
            Optimize::Speed => OptLevel::Speed,
        })
        .cranelift_debug_verifier(false)
        .cranelift_nan_canonicalization(true)
        .consume_fuel(false)
        .epoch_interruption(false)
        .debug_info(false)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None)
        .max_wasm_stack(stack_bytes)
        // Not used: no call is asynchronous. It may not be smaller.
        .async_stack_size(stack_bytes)
        .memory_reservation(RESERVED_BYTES)
        .memory_guard_size(GUARD_BYTES)
        .memory_may_move(false)
        .memory_init_cow(true)
        .signals_based_traps(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    Ok(config)
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .max_memories_per_module(1)
        .max_memory_size(MEMORY_BYTES_MAX)
        .max_tables_per_module(1)
        .table_elements(TABLE_ELEMENTS_MAX as usize);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(RESIDENT_BYTES);
    }
    pool
}

pub(super) fn fault(error: &wasmtime::Error) -> Fault {
    Fault::Engine(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;

    use super::{WASM_STACK_BYTES, config};
    use crate::vm::Optimize;
    use crate::vm::validate::proposals;

    fn engine() -> Engine {
        let config = config(Optimize::Speed, 1, WASM_STACK_BYTES).expect("this architecture has a target");
        Engine::new(&config).expect("the configuration is valid")
    }

    #[test]
    fn the_compiler_has_exactly_the_allowed_proposals() {
        let engine = engine();
        assert_eq!(engine.get_wasm_features(), proposals::allowed());
        assert!(!engine.get_consume_fuel() && !engine.get_epoch_interruption());
    }

    #[test]
    fn case_34_machine_code_needs_nothing_but_the_baseline() {
        // A triple that is set by hand switches the detection of this processor's features off.
        assert!(engine().get_target().is_some());
        assert_eq!(engine().get_cranelift_flags_enabled().count(), 0);
    }
}
