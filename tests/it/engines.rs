//! The same story on every engine: the compiler at both optimization levels, and the interpreter.

use std::fmt::Debug;

use florin_runtime::vm::Optimize;
use florin_sandbox::{EngineKind, Sandbox};

/// Every way to run a contract.
pub(crate) const ENGINES: [EngineKind; 3] = [
    EngineKind::Compiled { optimize: Optimize::None },
    EngineKind::Compiled { optimize: Optimize::Speed },
    EngineKind::Interpreted,
];

/// Runs a story on each engine; returns what it told, which must be the same each time.
pub(crate) fn on_every_engine<T: PartialEq + Debug>(story: impl Fn(&Sandbox) -> T) -> T {
    let [first, rest @ ..] = ENGINES.map(|engine| (engine, story(&Sandbox::builder().engine(engine).build().unwrap())));
    for (engine, told) in rest {
        assert_eq!(first.1, told, "{:?} and {engine:?} differ", first.0);
    }
    first.1
}
