//! The interpreter as a stage for modules that are no contracts.

use std::collections::BTreeMap;

use florin_abi::Status;
use wasmi::errors::{ErrorKind, InstantiationError, MemoryError};
use wasmi::{Engine, Error, Extern, Instance, Linker, Module, Store, Val};

use super::{Failure, Machine, Value, failure};
use crate::fault::Fault;
use crate::vm::interpreter::{config, ending};

/// A store with its instances.
pub(super) struct Stage {
    store: Store<()>,
    /// The instances that have a name. The engine's linker takes no name twice, so that it is made anew for each module.
    names: BTreeMap<String, Instance>,
    instances: Vec<Instance>,
}

impl Stage {
    /// Sets the engine up as for contracts.
    pub(super) fn new() -> Self {
        let store = Store::new(&Engine::new(&config()), ());
        Self { store, names: BTreeMap::new(), instances: Vec::new() }
    }

    fn export(&self, instance: usize, name: &str) -> Option<Extern> {
        self.instances.get(instance)?.get_export(&self.store, name)
    }
}

impl Machine for Stage {
    fn instantiate(&mut self, metered: &[u8]) -> Result<(), Failure> {
        let module = Module::new(self.store.engine(), metered).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(self.store.engine());
        for (name, instance) in &self.names {
            linker.instance(&mut self.store, name, *instance).map_err(|error| fault(&error))?;
        }
        let instance = linker.instantiate_and_start(&mut self.store, &module).map_err(|error| not_made(&error))?;
        self.instances.push(instance);
        Ok(())
    }

    fn register(&mut self, instance: usize, name: &str) -> Result<(), Fault> {
        let instance =
            self.instances.get(instance).ok_or(Fault::Invariant("an instance is registered by its number"))?;
        self.names.insert(name.to_owned(), *instance);
        Ok(())
    }

    fn invoke(&mut self, instance: usize, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure> {
        let function = self.export(instance, name).and_then(Extern::into_func);
        let function = function.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        let arguments: Vec<_> = arguments.iter().map(|value| val(*value)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => results.iter().map(value).collect(),
            Err(error) => match error.as_trap_code() {
                Some(trap) => Err(failure(ending(trap))),
                None => Err(Failure::Fault(fault(&error))),
            },
        }
    }

    fn global(&mut self, instance: usize, name: &str) -> Result<Value, Failure> {
        let global = self.export(instance, name).and_then(Extern::into_global);
        let global = global.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        value(&global.get(&self.store))
    }

    fn set(&mut self, instance: usize, name: &str, to: Value) -> Result<(), Failure> {
        let global = self.export(instance, name).and_then(Extern::into_global);
        let global = global.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        global.set(&mut self.store, val(to)).map_err(|error| Failure::Fault(Fault::Engine(error.to_string())))
    }
}

/// Tells why there is no instance. What the specification calls a trap of a segment has kinds of its own here.
fn not_made(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::TrapCode(trap) => failure(ending(*trap)),
        ErrorKind::Memory(MemoryError::OutOfBoundsAccess) => Failure::Trapped(Status::MemoryOutOfBounds),
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            Failure::Trapped(Status::TableOutOfBounds)
        }
        _ => Failure::Unlinkable(error.to_string()),
    }
}

fn val(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
    }
}

fn value(val: &Val) -> Result<Value, Failure> {
    match val {
        Val::I32(value) => Ok(Value::I32(*value)),
        Val::I64(value) => Ok(Value::I64(*value)),
        other => Err(Failure::Fault(Fault::Engine(format!("a value of no allowed type: {other:?}")))),
    }
}

fn fault(error: &Error) -> Fault {
    Fault::Engine(error.to_string())
}
