//! The operators, by the groups of the price table: chains in which each step waits for the one before, which is the worst
//! that code can do, and independent steps, which is what code usually does.

use super::guest::{Guest, case, step};
use super::world::World;
use super::{Case, Kind};
use crate::ledger::WorkloadError;

/// Copies of a body in its loop, and rounds of the loop: 400,000 repetitions.
const COPIES: u32 = 400;
const ROUNDS: u32 = 1_000;

/// Code whose one value stays on the operand stack: it begins with `$a` and ends there.
fn chain(body: &str) -> Guest {
    let mut guest = Guest::unrolled(body, COPIES, ROUNDS);
    guest.body = format!("local.get $a {} local.set $a ", body.repeat(8));
    guest.copies = COPIES / 8;
    guest
}

/// Returns every case.
///
/// # Errors
/// If a contract is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let (mut cases, library) = (Vec::new(), library());
    let mut add = |price, label: &str, kind, guest: &Guest, steps: u64| -> Result<(), WorkloadError> {
        let mut new = case(world, (price, 0), label, kind, guest)?;
        new.operations *= steps;
        cases.push(new);
        Ok(())
    };
    for (price, label, kind, body) in CHAINS {
        add(price, label, *kind, &chain(body).fields(&library), 8)?;
    }
    for (price, label, kind, body) in BODIES {
        add(price, label, *kind, &Guest::unrolled(body, COPIES / 4, ROUNDS).fields(&library), 1)?;
    }
    for (price, label, kind, lines) in [
        ("memory", "load, each from where the last one says, 32 KiB", Kind::Worst, 512_u32),
        ("memory", "load, each from where the last one says, 256 KiB", Kind::Corner, 4_096),
        ("memory", "load, each from where the last one says, 1 MiB", Kind::Corner, 16_384),
        ("far_memory", "load, each from where the last one says, 16 MiB", Kind::Worst, 262_144),
    ] {
        add(price, label, kind, &chase(lines), 8)?;
    }
    for (label, kind, guest) in scattered() {
        add("far_memory", label, kind, &guest, 1)?;
    }
    for (price, label, kind, guest) in jumps() {
        add(price, label, kind, &guest, 1)?;
    }
    Ok(cases)
}

/// Chains: price, what it is, the code from one value on the stack to the next.
const CHAINS: &[(&str, &str, Kind, &str)] = &[
    ("simple", "add and xor, dependent", Kind::Worst, "local.get $b i64.add local.get $c i64.xor "),
    ("simple", "compare, dependent", Kind::Worst, "local.get $b i64.lt_u i64.extend_i32_u "),
    ("simple", "rotate, dependent", Kind::Worst, "local.get $b i64.rotl local.get $c i64.xor "),
    ("simple", "shift, dependent", Kind::Worst, "local.get $b i64.shr_u local.get $c i64.or "),
    ("simple", "select, dependent", Kind::Worst, "local.get $b local.get $c i32.wrap_i64 select local.get $b i64.add "),
    ("simple", "extend, dependent", Kind::Worst, "i64.extend8_s local.get $b i64.add "),
    ("simple", "constants of 8 bytes", Kind::Worst, "i64.const 0x9e3779b97f4a7c15 i64.add local.get $b i64.xor "),
    ("simple", "count leading zeros, dependent", Kind::Worst, "i64.clz local.get $b i64.add "),
    ("simple", "count trailing zeros, dependent", Kind::Worst, "i64.ctz local.get $b i64.add "),
    ("simple", "count leading zeros of 32 bits, dependent", Kind::Worst, "i32.wrap_i64 i32.clz i64.extend_i32_u "),
    ("multiply", "multiply, dependent", Kind::Worst, "local.get $b i64.mul "),
    (
        "multiply",
        "multiply 32 bits, dependent",
        Kind::Worst,
        "i32.wrap_i64 local.get $c i32.wrap_i64 i32.mul i64.extend_i32_u ",
    ),
    (
        "divide",
        "divide 64 bits, dependent",
        Kind::Worst,
        "i64.const 1 i64.or local.set $d local.get $c local.get $d i64.div_u ",
    ),
    (
        "divide",
        "divide signed, dependent",
        Kind::Worst,
        "i64.const 1 i64.or local.set $d local.get $c local.get $d i64.div_s ",
    ),
    ("divide", "remainder of 64 bits, dependent", Kind::Worst, "local.get $c i64.xor local.get $b i64.rem_u "),
    ("divide", "remainder signed, dependent", Kind::Worst, "local.get $c i64.xor local.get $b i64.rem_s "),
    (
        "divide",
        "divide 32 bits, dependent",
        Kind::Worst,
        "i32.wrap_i64 i32.const 1 i32.or local.set $i i32.const -7 local.get $i i32.div_u i64.extend_i32_u ",
    ),
    ("divide", "count ones, dependent", Kind::Worst, "i64.popcnt local.get $b i64.add "),
];

/// Bodies that begin and end with an empty stack.
const BODIES: &[(&str, &str, Kind, &str)] = &[
    (
        "simple",
        "add, four independent",
        Kind::Usual,
        "(local.set $a (i64.add (local.get $a) (local.get $b))) (local.set $d (i64.xor (local.get $d) (local.get $b)))
      (local.set $e (i64.add (local.get $e) (local.get $c))) (local.set $f (i64.xor (local.get $f) (local.get $c)))",
    ),
    (
        "multiply",
        "multiply, two independent",
        Kind::Usual,
        "(local.set $a (i64.mul (local.get $a) (local.get $b))) (local.set $d (i64.mul (local.get $d) (local.get $b)))",
    ),
    (
        "global",
        "global, read and written, dependent",
        Kind::Worst,
        "(global.set $g (i64.add (global.get $g) (local.get $b)))",
    ),
    (
        "memory",
        "store and load back, dependent",
        Kind::Usual,
        "(i64.store (i32.const 64) (i64.add (i64.load (i32.const 64)) (local.get $b)))",
    ),
    (
        "memory",
        "store of one byte and load of eight",
        Kind::Worst,
        "(i64.store8 (i32.const 64) (local.get $a)) (local.set $a (i64.add (i64.load (i32.const 64)) (local.get $b)))",
    ),
    (
        "memory",
        "loads, two independent",
        Kind::Usual,
        "(local.set $a (i64.add (local.get $a) (i64.load (i32.const 64))))
      (local.set $d (i64.add (local.get $d) (i64.load (i32.const 72))))",
    ),
    ("global", "size of the memory", Kind::Usual, "(local.set $i (i32.add (local.get $i) (memory.size)))"),
    ("global", "drop a data segment", Kind::Usual, "data.drop $passive "),
    ("table_bulk", "drop an element segment", Kind::Worst, "elem.drop $functions "),
    ("branch", "block and branch, never taken", Kind::Worst, "(block (br_if 0 (i32.eqz (local.get $n))))"),
    (
        "branch",
        "block and branch, taken",
        Kind::Worst,
        "(block (br_if 0 (local.get $n)) (local.set $i (local.get $j)))",
    ),
    (
        "branch",
        "if and else, always the same",
        Kind::Worst,
        "(if (local.get $n) (then (local.set $i (local.get $n))) (else (local.set $j (local.get $n))))",
    ),
    ("call", "call of an empty function", Kind::Worst, "call $leaf "),
    ("call", "call of a function that calls one", Kind::Worst, "call $calling "),
    ("call", "call with 32 parameters", Kind::Usual, CALL_WIDE),
    ("local", "call of a function of 250 locals", Kind::Worst, "call $locals "),
    ("call_indirect", "call through the table, one target", Kind::Worst, "(call_indirect (type $empty) (i32.const 0))"),
];

/// A call that passes 32 values.
const CALL_WIDE: &str = "local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a \
    local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a local.get $a \
    local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b \
    local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b local.get $b call $wide ";

/// The functions, tables and segments that bodies use.
pub(super) fn library() -> String {
    let targets: String = (0..256).map(|_| " $leaf").collect();
    let locals: String = (0..249)
        .map(|index| format!("(local.set {index} (i64.add (local.get {}) (i64.const {index})))", index + 1))
        .collect();
    format!(
        "(global $g (mut i64) (i64.const 1)) (type $empty (func)) (table 256 256 funcref) (elem (i32.const 0) func {targets})
         (elem $functions func $leaf) (data $passive \"passive\")
         (func $leaf) (func $calling call $leaf) (func $wide (param {}))
         (func $locals (local {}) (loop {locals} (br_if 0 (i64.eq (local.get 0) (i64.const -1)))))",
        "i64 ".repeat(32),
        "i64 ".repeat(250),
    )
}

/// Follows pointers through so many cache lines, in an order without a pattern.
fn chase(lines: u32) -> Guest {
    let link = format!(
        "(local.set $p (i32.const {lines})) (loop $link (i32.store (i32.shl (local.tee $i (i32.sub (local.get $p) \
         (i32.const 1))) (i32.const 6)) (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525)) \
         (i32.const 1013904223)) (i32.const {})) (i32.const 6))) (br_if $link (local.tee $p (local.get $i))))",
        lines - 1
    );
    let body = format!("local.get $i {} local.set $i ", "i32.load ".repeat(8));
    Guest::unrolled(&body, COPIES / 8, ROUNDS).pages((lines / 1_024).max(1)).setup(&link)
}

/// Loads and stores all over 16 MiB, independent of each other.
fn scattered() -> Vec<(&'static str, Kind, Guest)> {
    let next = step(1 << 18);
    let touch = "(loop $touch (i32.store (local.get $p) (i32.const 1)) (local.set $p (i32.add (local.get $p) \
                 (i32.const 4096))) (br_if $touch (i32.lt_u (local.get $p) (i32.const 16777216))))";
    let guest = |body: String| Guest::unrolled(&(next.clone() + &body), 100, 2_000).pages(256).setup(touch);
    let line = "(i32.shl (local.get $x) (i32.const 6))";
    vec![
        (
            "load, anywhere in 16 MiB, independent",
            Kind::Usual,
            guest(format!("(local.set $i (i32.add (local.get $i) (i32.load {line})))")),
        ),
        ("store, anywhere in 16 MiB, independent", Kind::Usual, guest(format!("(i32.store {line} (local.get $x))"))),
    ]
}

/// Jumps: the loop itself, and jumps that no processor can foresee.
fn jumps() -> Vec<(&'static str, &'static str, Kind, Guest)> {
    let random = "(local.set $a (i64.add (i64.mul (local.get $a) (i64.const 6364136223846793005)) (local.get $b)))";
    let index = |bits: u32| format!("(i32.wrap_i64 (i64.shr_u (local.get $a) (i64.const {})))", 64 - bits);
    let branch = "(block (br_if 0 (i64.lt_s (local.get $a) (i64.const 0))) (local.set $i (i32.add (local.get $i) (local.get $j))))";
    let labels: String = (0..64).map(|label| format!(" {label}")).collect();
    let arms: String = (0..64)
        .map(|arm| format!(") (local.set $i (i32.add (local.get $i) (i32.const {arm}))) (br {})", 63 - arm))
        .collect();
    let table = format!("(block {} (br_table {labels} {}) {arms})", "(block ".repeat(64), index(6));
    let functions: String =
        (0..256).map(|value| format!("(func $t{value} (global.set $g (i64.const {value})))")).collect();
    let elements: String = (0..256).map(|value| format!(" $t{value}")).collect();
    let own = format!(
        "(global $g (mut i64) (i64.const 1)) (type $empty (func)) (table 256 256 funcref) (elem (i32.const 0) func {elements}) {functions}"
    );
    let with_library = |guest: Guest| guest.fields(&library());
    vec![
        ("branch", "an empty loop", Kind::Worst, with_library(Guest::looped("", 400_000))),
        (
            "branch",
            "branch that cannot be foreseen",
            Kind::Worst,
            with_library(Guest::unrolled(&format!("{random}{branch}"), 50, 4_000)),
        ),
        (
            "branch",
            "table of 64 branches that cannot be foreseen",
            Kind::Worst,
            with_library(Guest::unrolled(&format!("{random}{table}"), 20, 10_000)),
        ),
        (
            "call_indirect",
            "call through the table, a target that cannot be foreseen",
            Kind::Worst,
            Guest::unrolled(&format!("{random}(call_indirect (type $empty) {})", index(8)), 50, 4_000).fields(&own),
        ),
    ]
}
