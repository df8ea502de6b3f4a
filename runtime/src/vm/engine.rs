//! The compiler and its machine code: wasmtime, switched by hand from end to end.
//!
//! Guarantees that nothing of the host decides what a contract sees: every Wasm proposal comes from the table of the
//! upload check, the target is the architecture's baseline and not the features of this processor, memories have their
//! maximum reserved before the first call, and there is neither fuel nor epoch nor clock: metering is in the bytes.
//!
//! Costs of a machine: `instances_max * (4 GiB + 32 MiB)` of address space, reserved and not used; of a call: one slot
//! of the pool, mapped copy-on-write from the module's image. Metered code stops at the logical stack limit long before
//! [`WASM_STACK_BYTES`] of native stack, which is a factor of 8 above the 8 bytes of a stack unit.

use florin_abi::limits::{MEMORY_PAGES_MAX, STACK_UNITS_MAX, TABLE_ELEMENTS_MAX};
use florin_abi::{IMPORT_MODULE, MEMORY_EXPORT, Status};
use wasmtime::{
    Caller, Config, Enabled, Engine, Extern, Global, InstanceAllocationStrategy, InstancePre, Linker, Memory, Module,
    ModuleExport, OptLevel, PoolingAllocationConfig, ResourceLimiter, Store, Strategy, Trap, Val, WasmFeatures,
};

use super::artifact;
use super::cache::files::Authentic;
use super::cache::key::hash_of;
use super::frame::{Entry, Frame};
use super::instance::{Ending, Ran, guarded};
use super::instrument::{ENTER_CALL, ENTER_INIT, STACK_EXPORT, TICKS_EXPORT};
use super::memory::{Abort, Guest};
use super::trace::{PLACE_EXPORT, Tracing};
use super::validate::proposals;
use super::{Optimize, imports, trace};
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
}

/// A metered module as machine code, ready to be instantiated.
pub(super) struct Compiled {
    ready: InstancePre<Host>,
    memory: ModuleExport,
    ticks: ModuleExport,
    stack: ModuleExport,
    call: ModuleExport,
    init: Option<ModuleExport>,
    /// The place that hooks keep; none in code without hooks.
    place: Option<ModuleExport>,
}

/// The data of a store: the running call, and what its host functions need without looking it up.
struct Host {
    frame: Frame,
    handles: Option<Handles>,
    /// Why the last host function did not return.
    abort: Option<Abort>,
}

#[derive(Clone, Copy)]
struct Handles {
    memory: Memory,
    ticks: Global,
}

impl Compiler {
    /// Sets the engine up for so many instances at the same time, each with so many bytes of native stack.
    pub(super) fn new(
        optimize: Optimize,
        instances_max: u32,
        stack_bytes: usize,
        tracing: Tracing,
    ) -> Result<Self, Fault> {
        let engine = Engine::new(&config(optimize, instances_max, stack_bytes)?).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| fault(&error))?;
        if tracing == Tracing::Functions {
            link_hooks(&mut linker).map_err(|error| fault(&error))?;
        }
        Ok(Self { engine, linker })
    }

    /// Compiles a metered module.
    pub(super) fn compile(&self, metered: &[u8]) -> Result<Compiled, Fault> {
        let module = Module::from_binary(&self.engine, metered).map_err(|error| fault(&error))?;
        self.ready(module)
    }

    /// Loads a module that this node has compiled before.
    pub(super) fn restore(&self, authentic: &Authentic) -> Result<Compiled, Fault> {
        self.ready(artifact::load(&self.engine, authentic)?)
    }

    fn ready(&self, module: Module) -> Result<Compiled, Fault> {
        let ready = self.linker.instantiate_pre(&module).map_err(|error| fault(&error))?;
        let export = |name| module.get_export_index(name).ok_or(Fault::Invariant("a checked module has its exports"));
        Ok(Compiled {
            memory: export(MEMORY_EXPORT)?,
            ticks: export(TICKS_EXPORT)?,
            stack: export(STACK_EXPORT)?,
            call: export(ENTER_CALL)?,
            init: module.get_export_index(ENTER_INIT),
            place: module.get_export_index(PLACE_EXPORT),
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

    /// Runs one call in a fresh instance.
    pub(super) fn run(&self, code: &Compiled, frame: Frame, ticks: i64) -> (Frame, Ran) {
        if !Engine::same(&self.engine, code.ready.module().engine()) {
            return (
                frame,
                Ran::not_at_all(Fault::Engine("the code was compiled by another machine".to_owned()), ticks),
            );
        }
        let mut store = Store::new(&self.engine, Host { frame, handles: None, abort: None });
        store.limiter(|host| host);
        let ran = run_in(&mut store, code, ticks).unwrap_or_else(|fault| Ran::not_at_all(fault, ticks));
        (store.into_data().frame, ran)
    }
}

/// Growing follows from the module alone: up to its maximum it succeeds, or the host has failed. Without this, a machine
/// that cannot make reserved memory accessible would answer the contract -1.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context("reserved memory cannot be used"))
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
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

fn run_in(store: &mut Store<Host>, code: &Compiled, ticks: i64) -> Result<Ran, Fault> {
    let instance = code.ready.instantiate(&mut *store).map_err(|error| fault(&error))?;
    let mut export = |export| instance.get_module_export(&mut *store, export);
    let missing = Fault::Invariant("an instance has its module's exports");
    let (Some(Extern::Memory(memory)), Some(Extern::Global(counter)), Some(Extern::Global(stack))) =
        (export(&code.memory), export(&code.ticks), export(&code.stack))
    else {
        return Err(missing);
    };
    let entry = match store.data().frame.message.entry {
        Entry::Call => Some(&code.call),
        Entry::Init => code.init.as_ref(),
    };
    let entry = entry.and_then(|entry| instance.get_module_export(&mut *store, entry)).and_then(Extern::into_func);
    let entry = entry.ok_or(missing)?.typed::<i64, ()>(&*store).map_err(|error| fault(&error))?;
    store.data_mut().handles = Some(Handles { memory, ticks: counter });

    let result = entry.call(&mut *store, ticks);
    let ending = match (result, store.data_mut().abort.take()) {
        (Ok(()), _) => Ending::Returned,
        (Err(_), Some(abort)) => Ending::Aborted(abort),
        (Err(error), None) => match error.downcast_ref::<Trap>() {
            Some(trap) => ending(*trap),
            None => Ending::Aborted(Abort::Fault(fault(&error))),
        },
    };
    let place = code.place.as_ref().and_then(|place| instance.get_module_export(&mut *store, place));
    if let Some(place) = place.and_then(Extern::into_global) {
        let place = place.get(&mut *store).i32();
        trace::stopped(&mut store.data_mut().frame, place);
    }
    let ticks_left = counter.get(&mut *store).i64().unwrap_or(i64::MIN);
    let stack_left = stack.get(&mut *store).i32().unwrap_or(i32::MIN);
    Ok(Ran { ending, ticks_left, stack_left })
}

/// Translates what the machine trapped on.
pub(super) fn ending(trap: Trap) -> Ending {
    match trap {
        Trap::UnreachableCodeReached => Ending::Trapped(Status::Unreachable),
        Trap::MemoryOutOfBounds => Ending::Trapped(Status::MemoryOutOfBounds),
        Trap::TableOutOfBounds => Ending::Trapped(Status::TableOutOfBounds),
        Trap::IndirectCallToNull | Trap::BadSignature => Ending::Trapped(Status::BadIndirectCall),
        Trap::IntegerOverflow => Ending::Trapped(Status::IntegerOverflow),
        Trap::IntegerDivisionByZero => Ending::Trapped(Status::DivisionByZero),
        Trap::StackOverflow => Ending::NativeStack,
        other => Ending::Aborted(Abort::Fault(Fault::Engine(format!("unexpected trap: {other}")))),
    }
}

pub(super) fn config(optimize: Optimize, instances_max: u32, stack_bytes: usize) -> Result<Config, Fault> {
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
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances_max)));
    Ok(config)
}

fn pool(instances_max: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(instances_max)
        .total_memories(instances_max)
        .total_tables(instances_max)
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

/// Runs a host function on the caller's memory and counter.
fn enter<R>(
    caller: &mut Caller<'_, Host>,
    name: &'static str,
    function: impl FnOnce(&mut Guest<'_>, &mut Frame) -> Result<R, Abort>,
) -> wasmtime::Result<R> {
    let Some(handles) = caller.data().handles else {
        return Err(wasmtime::Error::msg("a host function ran before its instance was ready"));
    };
    let mut ticks = handles.ticks.get(&mut *caller).i64().unwrap_or(i64::MIN);
    let (memory, host) = handles.memory.data_and_store_mut(&mut *caller);
    let result = guarded(name, || trace::host(name, &mut Guest::new(memory, &mut ticks), &mut host.frame, function));
    handles.ticks.set(&mut *caller, Val::I64(ticks))?;
    result.map_err(|abort| {
        caller.data_mut().abort = Some(abort);
        // Any error ends the call; what it means is in the store.
        wasmtime::Error::from(Trap::UnreachableCodeReached)
    })
}

/// Links what code with hooks calls beside the host functions.
fn link_hooks(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        trace::HOOKS,
        trace::ENTER,
        |mut caller: Caller<'_, Host>, function: u32, place: u32, ticks: i64| {
            trace::enter(&mut caller.data_mut().frame, function, place, ticks);
        },
    )?;
    linker.func_wrap(trace::HOOKS, trace::EXIT, |mut caller: Caller<'_, Host>, ticks: i64| {
        trace::exit(&mut caller.data_mut().frame, ticks);
    })?;
    Ok(())
}

macro_rules! link_rows {
    ($($(#[$doc:meta])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
            $(linker.func_wrap(
                IMPORT_MODULE,
                stringify!($name),
                |mut caller: Caller<'_, Host>, $($param: $type),*| -> wasmtime::Result<link_rows!(@result $($result)?)> {
                    enter(&mut caller, stringify!($name), |guest, frame| imports::$name(guest, frame $(, $param)*))
                },
            )?;)+
            Ok(())
        }
    };
    (@result) => { () };
    (@result $result:ident) => { $result };
}

florin_abi::for_each_import!(link_rows);

fn fault(error: &wasmtime::Error) -> Fault {
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
