//! One stage for each engine, which must never differ: in results, in failures and in ticks.

use std::fmt::Debug;

use florin_runtime::vm::reference::{Called, Failure, Stage, Value};

use crate::engines::ENGINES;

/// The module `spectest` that scripts may import from, without what needs floats.
const SPECTEST: &str = r#"(module
    (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
    (table (export "table") 10 20 funcref) (memory (export "memory") 1 2)
    (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64)))"#;

/// The stages, each with the same instances.
pub(super) struct Stages(Vec<Stage>);

impl Stages {
    /// Sets every engine up, with `spectest`.
    pub(super) fn new() -> Self {
        let mut stages = Self(ENGINES.into_iter().map(|engine| Stage::new(engine).unwrap()).collect());
        let number = stages.instantiate(&wat::parse_str(SPECTEST).unwrap()).unwrap().unwrap();
        stages.register(number, "spectest");
        stages
    }

    /// Makes an instance everywhere.
    pub(super) fn instantiate(&mut self, code: &[u8]) -> Result<Result<usize, Failure>, String> {
        self.each(|stage| stage.instantiate(code))
    }

    /// Names an instance everywhere.
    pub(super) fn register(&mut self, instance: usize, name: &str) {
        self.0.iter_mut().for_each(|stage| stage.register(instance, name).unwrap());
    }

    /// Calls everywhere.
    pub(super) fn invoke(&mut self, instance: usize, name: &str, arguments: &[Value]) -> Result<Called, String> {
        self.each(|stage| stage.invoke(instance, name, arguments))
    }

    /// Reads a global everywhere.
    pub(super) fn global(&mut self, instance: usize, name: &str) -> Result<Result<Value, Failure>, String> {
        self.each(|stage| stage.global(instance, name))
    }

    fn each<R: PartialEq + Debug>(&mut self, act: impl Fn(&mut Stage) -> R) -> Result<R, String> {
        let mut results: Vec<R> = self.0.iter_mut().map(act).collect();
        let first = results.remove(0);
        match results.iter().zip(&ENGINES[1..]).find(|(result, _)| **result != first) {
            None => Ok(first),
            Some((other, engine)) => Err(format!("{engine:?} says {other:?}, {:?} says {first:?}", ENGINES[0])),
        }
    }
}
