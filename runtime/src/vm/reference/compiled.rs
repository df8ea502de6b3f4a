//! The compiler as a stage for modules that are no contracts.

use wasmtime::{Engine, Extern, Instance, InstanceAllocationStrategy, Linker, Module, Store, Trap, Val};

use super::{Failure, Machine, Value, failure};
use crate::fault::Fault;
use crate::vm::Optimize;
use crate::vm::engine::{WASM_STACK_BYTES, config};
use crate::vm::live::ending;

/// A store with its instances.
pub(super) struct Stage {
    store: Store<()>,
    linker: Linker<()>,
    instances: Vec<Instance>,
}

impl Stage {
    /// Sets the engine up as for contracts, but without a pool.
    pub(super) fn new(optimize: Optimize) -> Result<Self, Fault> {
        let mut config = config(optimize, 1, WASM_STACK_BYTES)?;
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        let engine = Engine::new(&config).map_err(|error| fault(&error))?;
        let mut linker = Linker::new(&engine);
        linker.allow_shadowing(true);
        Ok(Self { store: Store::new(&engine, ()), linker, instances: Vec::new() })
    }

    fn export(&mut self, instance: usize, name: &str) -> Option<Extern> {
        self.instances.get(instance)?.get_export(&mut self.store, name)
    }
}

impl Machine for Stage {
    fn instantiate(&mut self, metered: &[u8]) -> Result<(), Failure> {
        let module = Module::from_binary(self.store.engine(), metered).map_err(|error| fault(&error))?;
        let instance = self.linker.instantiate(&mut self.store, &module).map_err(|error| match trap(&error) {
            Some(trap) => trap,
            None => Failure::Unlinkable(format!("{error:#}")),
        })?;
        self.instances.push(instance);
        Ok(())
    }

    fn register(&mut self, instance: usize, name: &str) -> Result<(), Fault> {
        let instance =
            self.instances.get(instance).ok_or(Fault::Invariant("an instance is registered by its number"))?;
        self.linker.instance(&mut self.store, name, *instance).map_err(|error| fault(&error))?;
        Ok(())
    }

    fn invoke(&mut self, instance: usize, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure> {
        let function = self.export(instance, name).and_then(Extern::into_func);
        let function = function.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        let arguments: Vec<_> = arguments.iter().map(|value| val(*value)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => results.iter().map(value).collect(),
            Err(error) => Err(trap(&error).unwrap_or_else(|| Failure::Fault(fault(&error)))),
        }
    }

    fn global(&mut self, instance: usize, name: &str) -> Result<Value, Failure> {
        let global = self.export(instance, name).and_then(Extern::into_global);
        let global = global.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        value(&global.get(&mut self.store))
    }

    fn set(&mut self, instance: usize, name: &str, to: Value) -> Result<(), Failure> {
        let global = self.export(instance, name).and_then(Extern::into_global);
        let global = global.ok_or_else(|| Failure::Missing(name.to_owned()))?;
        Ok(global.set(&mut self.store, val(to)).map_err(|error| fault(&error))?)
    }
}

fn trap(error: &wasmtime::Error) -> Option<Failure> {
    error.downcast_ref::<Trap>().map(|trap| failure(ending(*trap)))
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

fn fault(error: &wasmtime::Error) -> Fault {
    Fault::Engine(format!("{error:#}"))
}
