//! One instance of compiled code, its store, and what a call looks up in it, looked up once.
//!
//! Guarantees that a call begins in exactly the state that the module describes, whether the instance is new or was set back:
//! - *globals* are set by the module's own entry ([`super::instrument`]), the counters included;
//! - *memory*: every page, or of a large memory every page that the kernel says was written, is compared with the image of a
//!   new instance's and restored;
//! - *tables and segments*: code that could change one is never set back.
//!
//! An instance is not set back, but dropped, if its memory has grown, if its call ended in any other way than by returning,
//! finishing or reverting, if it has written more than [`WRITTEN_PAGES_MAX`], or if anything fails on the way.

#[cfg(feature = "measure")]
pub(super) mod warm;

use std::num::NonZeroUsize;
use std::ops::Range;

use florin_abi::{IMPORT_MODULE, Status};
use wasmtime::{
    Caller, Engine, Extern, Global, Instance, Linker, Memory, ResourceLimiter, Store, Trap, TypedFunc, Val,
};

use super::engine::{Compiled, fault};
use super::frame::{Entry, Frame};
use super::image::Image;
use super::instance::{Ending, Ran, guarded};
use super::memory::{Abort, Guest};
use super::written_pages::WrittenPages;
use super::{imports, trace};
use crate::fault::Fault;

/// Pages that are compared to set an instance back; with more, a new one costs less. What was ever written in an instance
/// stays with it, so this also bounds what a call pays for earlier ones.
const WRITTEN_PAGES_MAX: usize = 64;

/// An instance that is ready for a call, or in one.
pub(super) struct Live {
    store: Store<Host>,
    instance: Instance,
    memory: Memory,
    ticks: Global,
    stack: Global,
    call: TypedFunc<i64, ()>,
    /// What the kernel tells of the memory's pages; nothing if the instance is not set back.
    room: Option<Box<[u8]>>,
}

/// The data of a store: the running call, and what its host functions need without looking it up.
pub(super) struct Host {
    /// Nothing between two calls.
    frame: Option<Frame>,
    handles: Option<Handles>,
    /// Why the last host function did not return.
    abort: Option<Abort>,
}

#[derive(Clone, Copy)]
struct Handles {
    memory: Memory,
    ticks: Global,
}

impl Live {
    /// Makes a new instance.
    pub(super) fn new(engine: &Engine, code: &Compiled) -> Result<Self, Fault> {
        let mut store = Store::new(engine, Host { frame: None, handles: None, abort: None });
        store.limiter(|host| host);
        let instance = code.ready.instantiate(&mut store).map_err(|error| fault(&error))?;
        let mut export = |export| instance.get_module_export(&mut store, export);
        let missing = Fault::Invariant("an instance has its module's exports");
        let (
            Some(Extern::Memory(memory)),
            Some(Extern::Global(ticks)),
            Some(Extern::Global(stack)),
            Some(Extern::Func(call)),
        ) = (export(&code.memory), export(&code.ticks), export(&code.stack), export(&code.call))
        else {
            return Err(missing);
        };
        let call = call.typed(&store).map_err(|error| fault(&error))?;
        store.data_mut().handles = Some(Handles { memory, ticks });
        Ok(Self { store, instance, memory, ticks, stack, call, room: None })
    }

    /// Runs one call.
    pub(super) fn run(&mut self, code: &Compiled, frame: Frame, ticks: i64) -> (Frame, Ran) {
        let init = match frame.message.entry {
            Entry::Call => None,
            Entry::Init => match self.init(code) {
                Ok(init) => Some(init),
                Err(fault) => return (frame, Ran::not_at_all(fault, ticks)),
            },
        };
        self.store.data_mut().frame = Some(frame);
        let result = init.as_ref().unwrap_or(&self.call).call(&mut self.store, ticks);
        let host = self.store.data_mut();
        let ending = match (result, host.abort.take()) {
            (Ok(()), _) => Ending::Returned,
            (Err(_), Some(abort)) => Ending::Aborted(abort),
            (Err(error), None) => match error.downcast_ref::<Trap>() {
                Some(trap) => ending(*trap),
                None => Ending::Aborted(Abort::Fault(fault(&error))),
            },
        };
        let mut frame = host.frame.take().expect("host functions only borrow the frame");
        frame.ended_with(self.memory.data(&self.store));
        let ticks_left = self.ticks.get(&mut self.store).i64().unwrap_or(i64::MIN);
        let stack_left = self.stack.get(&mut self.store).i32().unwrap_or(i32::MIN);
        let place = code.place.as_ref().and_then(|place| self.instance.get_module_export(&mut self.store, place));
        if let Some(place) = place.and_then(Extern::into_global) {
            trace::stopped(&mut frame, place.get(&mut self.store).i32());
        }
        (frame, Ran { ending, ticks_left, stack_left })
    }

    /// Returns the image of a memory in which nothing has run; segments set the bytes of `data`.
    pub(super) fn image(&self, data: &Range<u64>, page_bytes: NonZeroUsize) -> Image {
        Image::of(self.memory.data(&self.store), data, page_bytes)
    }

    /// Sets the memory back, all of it or the pages that are told to be written; tells whether it is that of a new instance.
    pub(super) fn set_back(&mut self, image: &Image, written: Option<&WrittenPages>) -> bool {
        let memory = self.memory.data_mut(&mut self.store);
        if memory.len() != image.memory_bytes() {
            return false;
        }
        let Some(written) = written else {
            return (0..image.pages()).all(|page| image.restore(memory, page));
        };
        let room = self.room.get_or_insert_with(|| written.room(image.memory_bytes()));
        let Ok(mut pages) = written.of(memory, room) else { return false };
        pages.by_ref().take(WRITTEN_PAGES_MAX).all(|page| image.restore(memory, page)) && pages.next().is_none()
    }

    fn init(&mut self, code: &Compiled) -> Result<TypedFunc<i64, ()>, Fault> {
        let entry = code.init.as_ref().and_then(|init| self.instance.get_module_export(&mut self.store, init));
        let entry = entry.and_then(Extern::into_func).ok_or(Fault::Invariant("an entry that runs is exported"))?;
        entry.typed(&self.store).map_err(|error| fault(&error))
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
    let Some(frame) = &mut host.frame else {
        return Err(wasmtime::Error::msg("a host function ran outside a call"));
    };
    let result = guarded(name, || trace::host(name, &mut Guest::new(memory, &mut ticks), frame, function));
    handles.ticks.set(&mut *caller, Val::I64(ticks))?;
    result.map_err(|abort| {
        caller.data_mut().abort = Some(abort);
        // Any error ends the call; what it means is in the store.
        wasmtime::Error::from(Trap::UnreachableCodeReached)
    })
}

/// Links what code with hooks calls beside the host functions.
pub(super) fn link_hooks(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        trace::HOOKS,
        trace::ENTER,
        |mut caller: Caller<'_, Host>, function: u32, place: u32, ticks: i64| {
            if let Some(frame) = &mut caller.data_mut().frame {
                trace::enter(frame, function, place, ticks);
            }
        },
    )?;
    linker.func_wrap(trace::HOOKS, trace::EXIT, |mut caller: Caller<'_, Host>, ticks: i64| {
        if let Some(frame) = &mut caller.data_mut().frame {
            trace::exit(frame, ticks);
        }
    })?;
    Ok(())
}

macro_rules! link_rows {
    ($($(#[$doc:meta])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
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
