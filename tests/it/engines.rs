//! The same story on every engine: the compiler at both optimization levels, with instances that serve one call after the
//! other and with a new one for each, and the interpreter.

use std::fmt::Debug;

use florin_runtime::vm::{Isolation, Optimize, VmConfig};
use florin_sandbox::{EngineKind, Sandbox};

const SPEED: EngineKind = EngineKind::Compiled { optimize: Optimize::Speed };
const REUSED: Isolation = Isolation::Reused { idle_max: 4 };

/// Every engine.
pub(crate) const ENGINES: [EngineKind; 3] =
    [EngineKind::Compiled { optimize: Optimize::None }, SPEED, EngineKind::Interpreted];

/// Every way to run a contract.
const WAYS: [(EngineKind, Isolation); 4] =
    [(ENGINES[0], REUSED), (SPEED, REUSED), (SPEED, Isolation::Fresh), (ENGINES[2], Isolation::Fresh)];

/// Runs a story on each engine; returns what it told, which must be the same each time.
pub(crate) fn on_every_engine<T: PartialEq + Debug>(story: impl Fn(&Sandbox) -> T) -> T {
    let [first, rest @ ..] = WAYS.map(|way| (way, story(&sandbox(way))));
    for (way, told) in rest {
        assert_eq!(first.1, told, "{:?} and {way:?} differ", first.0);
    }
    first.1
}

fn sandbox((engine, isolation): (EngineKind, Isolation)) -> Sandbox {
    let vm = VmConfig { engine, isolation, instances_max: 16, ..VmConfig::default() };
    Sandbox::builder().vm(vm).build().unwrap()
}
