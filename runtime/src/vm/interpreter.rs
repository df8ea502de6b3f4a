//! The second engine: wasmi, which interprets the same metered bytes and calls the same host functions.
//!
//! Guarantees the same results, effects and ticks as the compiler, because nothing of either engine takes part in them;
//! tests hold the two against each other. Its own stack limits are far above the logical one.

use florin_abi::limits::STACK_UNITS_MAX;
use florin_abi::{IMPORT_MODULE, MEMORY_EXPORT, Status};
use wasmi::errors::HostError;
use wasmi::{Caller, CompilationMode, Config, Engine, Error, Global, Linker, Memory, Module, Store, TrapCode, Val};

use super::frame::{Entry, Frame};
use super::instance::{Ending, Ran, guarded};
use super::instrument::{ENTER_CALL, ENTER_INIT, STACK_EXPORT, TICKS_EXPORT};
use super::memory::{Abort, Guest};
use super::trace::{PLACE_EXPORT, Tracing};
use super::{imports, trace};
use crate::fault::Fault;

/// Its own stack, in bytes: 8 times the 8 bytes of each stack unit.
const VALUE_STACK_BYTES: usize = 64 * STACK_UNITS_MAX as usize;

/// The engine, with every host function linked.
pub(super) struct Interpreter {
    engine: Engine,
    linker: Linker<Host>,
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

/// Tells the engine to end the call; why is in the store.
#[derive(Debug)]
struct Stop;

impl core::fmt::Display for Stop {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a host function ended the call")
    }
}

impl HostError for Stop {}

impl Interpreter {
    /// Sets the engine up.
    pub(super) fn new(tracing: Tracing) -> Result<Self, Fault> {
        let engine = Engine::new(&config());
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| fault(&error))?;
        if tracing == Tracing::Functions {
            link_hooks(&mut linker).map_err(|error| fault(&error))?;
        }
        Ok(Self { engine, linker })
    }

    /// Translates a metered module.
    pub(super) fn compile(&self, metered: &[u8]) -> Result<Module, Fault> {
        Module::new(&self.engine, metered).map_err(|error| fault(&error))
    }

    /// Runs one call in a fresh instance.
    pub(super) fn run(&self, code: &Module, frame: Frame, ticks: i64) -> (Frame, Ran) {
        if !Engine::same(&self.engine, code.engine()) {
            return (
                frame,
                Ran::not_at_all(Fault::Engine("the code was compiled by another machine".to_owned()), ticks),
            );
        }
        let mut store = Store::new(&self.engine, Host { frame, handles: None, abort: None });
        let ran = self.run_in(&mut store, code, ticks).unwrap_or_else(|fault| Ran::not_at_all(fault, ticks));
        (store.into_data().frame, ran)
    }

    fn run_in(&self, store: &mut Store<Host>, code: &Module, ticks: i64) -> Result<Ran, Fault> {
        let instance = self.linker.instantiate_and_start(&mut *store, code).map_err(|error| fault(&error))?;
        let missing = || Fault::Invariant("an instance has its module's exports");
        let memory = instance.get_memory(&*store, MEMORY_EXPORT).ok_or_else(missing)?;
        let counter = instance.get_global(&*store, TICKS_EXPORT).ok_or_else(missing)?;
        let stack = instance.get_global(&*store, STACK_EXPORT).ok_or_else(missing)?;
        let name = match store.data().frame.message.entry {
            Entry::Call => ENTER_CALL,
            Entry::Init => ENTER_INIT,
        };
        let entry = instance.get_typed_func::<i64, ()>(&*store, name).map_err(|error| fault(&error))?;
        store.data_mut().handles = Some(Handles { memory, ticks: counter });

        let result = entry.call(&mut *store, ticks);
        let ending = match (result, store.data_mut().abort.take()) {
            (Ok(()), _) => Ending::Returned,
            (Err(_), Some(abort)) => Ending::Aborted(abort),
            (Err(error), None) => match error.as_trap_code() {
                Some(trap) => ending(trap),
                None => Ending::Aborted(Abort::Fault(fault(&error))),
            },
        };
        if let Some(place) = instance.get_global(&*store, PLACE_EXPORT) {
            let place = place.get(&*store).i32();
            trace::stopped(&mut store.data_mut().frame, place);
        }
        let (bytes, host) = memory.data_and_store_mut(&mut *store);
        host.frame.ended_with(bytes);
        let ticks_left = counter.get(&*store).i64().unwrap_or(i64::MIN);
        let stack_left = stack.get(&*store).i32().unwrap_or(i32::MIN);
        Ok(Ran { ending, ticks_left, stack_left })
    }
}

/// Translates what the machine trapped on.
pub(super) fn ending(trap: TrapCode) -> Ending {
    match trap {
        TrapCode::UnreachableCodeReached => Ending::Trapped(Status::Unreachable),
        TrapCode::MemoryOutOfBounds => Ending::Trapped(Status::MemoryOutOfBounds),
        TrapCode::TableOutOfBounds => Ending::Trapped(Status::TableOutOfBounds),
        TrapCode::IndirectCallToNull | TrapCode::BadSignature => Ending::Trapped(Status::BadIndirectCall),
        TrapCode::IntegerOverflow => Ending::Trapped(Status::IntegerOverflow),
        TrapCode::IntegerDivisionByZero => Ending::Trapped(Status::DivisionByZero),
        TrapCode::StackOverflow => Ending::NativeStack,
        other => Ending::Aborted(Abort::Fault(Fault::Engine(format!("unexpected trap: {other:?}")))),
    }
}

pub(super) fn config() -> Config {
    let mut config = Config::default();
    config
        .wasm_mutable_global(true)
        .wasm_sign_extension(true)
        .wasm_multi_value(true)
        .wasm_bulk_memory(true)
        .floats(false)
        .wasm_saturating_float_to_int(false)
        .wasm_reference_types(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(true)
        .consume_fuel(false)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .compilation_mode(CompilationMode::Eager)
        .set_max_stack_height(VALUE_STACK_BYTES)
        .set_max_recursion_depth(STACK_UNITS_MAX as usize);
    config
}

/// Runs a host function on the caller's memory and counter.
fn enter<R>(
    caller: &mut Caller<'_, Host>,
    name: &'static str,
    function: impl FnOnce(&mut Guest<'_>, &mut Frame) -> Result<R, Abort>,
) -> Result<R, Error> {
    let Some(handles) = caller.data().handles else {
        return Err(Error::new("a host function ran before its instance was ready"));
    };
    let mut ticks = handles.ticks.get(&*caller).i64().unwrap_or(i64::MIN);
    let (memory, host) = handles.memory.data_and_store_mut(&mut *caller);
    let result = guarded(name, || trace::host(name, &mut Guest::new(memory, &mut ticks), &mut host.frame, function));
    handles.ticks.set(&mut *caller, Val::I64(ticks)).map_err(|error| Error::new(error.to_string()))?;
    result.map_err(|abort| {
        caller.data_mut().abort = Some(abort);
        Error::host(Stop)
    })
}

/// Links what code with hooks calls beside the host functions.
fn link_hooks(linker: &mut Linker<Host>) -> Result<(), Error> {
    let failed = |error: wasmi::errors::LinkerError| Error::new(error.to_string());
    let enter = |mut caller: Caller<'_, Host>, function: u32, place: u32, ticks: i64| {
        trace::enter(&mut caller.data_mut().frame, function, place, ticks);
    };
    linker.func_wrap(trace::HOOKS, trace::ENTER, enter).map_err(failed)?;
    let exit = |mut caller: Caller<'_, Host>, ticks: i64| trace::exit(&mut caller.data_mut().frame, ticks);
    linker.func_wrap(trace::HOOKS, trace::EXIT, exit).map_err(failed)?;
    Ok(())
}

macro_rules! link_rows {
    ($($(#[$doc:meta])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        fn link(linker: &mut Linker<Host>) -> Result<(), Error> {
            $(linker.func_wrap(
                IMPORT_MODULE,
                stringify!($name),
                |mut caller: Caller<'_, Host>, $($param: $type),*| -> Result<link_rows!(@result $($result)?), Error> {
                    enter(&mut caller, stringify!($name), |guest, frame| imports::$name(guest, frame $(, $param)*))
                },
            ).map_err(|error| Error::new(error.to_string()))?;)+
            Ok(())
        }
    };
    (@result) => { () };
    (@result $result:ident) => { $result };
}

florin_abi::for_each_import!(link_rows);

fn fault(error: &Error) -> Fault {
    Fault::Engine(error.to_string())
}
