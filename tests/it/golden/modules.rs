//! 200 generated modules and their gas. The generator is ours and small, and each line carries the hash of its module: no
//! release of a crate can change what is compared.

use std::fmt::Write;

use alloy_primitives::keccak256;
use florin_sandbox::{Balance, Gas, Sandbox};

use super::compare;
use crate::numbers::Numbers;

const MODULES: u64 = 200;
/// Functions of a module; each calls those behind it only, so that every call ends.
const FUNCTIONS: usize = 4;
/// Nesting of blocks.
const DEPTH_MAX: usize = 3;

/// Host functions that generated code calls: name, type, the call.
const HOST: &[(&str, &str, &str)] = &[
    (
        "storage_write",
        "(param i32 i32 i32 i32)",
        "(call $storage_write (i32.const 0) (i32.const 24) (i32.const 64) (i32.const 40))",
    ),
    ("storage_remove", "(param i32 i32)", "(call $storage_remove (i32.const 0) (i32.const 24))"),
    (
        "storage_read",
        "(param i32 i32 i32 i32) (result i32)",
        "(drop (call $storage_read (i32.const 0) (i32.const 24) (i32.const 128) (i32.const 64)))",
    ),
    (
        "storage_next",
        "(param i32 i32 i32 i32 i32 i32) (result i32)",
        "(drop (call $storage_next (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 256)))",
    ),
    ("keccak256", "(param i32 i32 i32)", "(call $keccak256 (i32.const 0) (i32.const 100) (i32.const 512))"),
    ("sha256", "(param i32 i32 i32)", "(call $sha256 (i32.const 8) (i32.const 1000) (i32.const 512))"),
    ("emit", "(param i32 i32 i32 i32)", "(call $emit (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 30))"),
    ("caller", "(param i32)", "(call $caller (i32.const 600))"),
];

#[test]
fn the_gas_of_generated_modules_is_what_it_was() {
    let sandbox = Sandbox::new();
    let wallet = sandbox.by(&sandbox.account("owner")).with_gas_limit(Gas(50_000_000));
    let line = |seed: u64| {
        let module = wat::parse_str(module(&mut Numbers::from_seed(seed))).unwrap();
        let deployed = wallet.deploy_wasm(&module, &[]).unwrap();
        let hash = &keccak256(&module).to_string()[..10];
        let start = format!("module {seed} {hash}, {} bytes: deployed for {}", module.len(), deployed.gas_used);
        let Some(contract) = deployed.contract else { return format!("{start} {:?}", deployed.status) };
        let called = wallet.send(contract, Balance::ZERO, []).unwrap();
        format!("{start}, called for {} {:?}", called.gas_used, called.status)
    };
    compare("modules.txt", &(0..MODULES).map(line).collect::<Vec<_>>());
}

fn module(numbers: &mut Numbers) -> String {
    let mut text = String::from("(module ");
    for (name, ty, _) in HOST {
        write!(text, r#"(import "florin" "{name}" (func ${name} {ty}))"#).unwrap();
    }
    let (pages, pages_max) = (1 + numbers.below(2), *numbers.pick(&[2, 16, 64]));
    write!(
        text,
        r#"(memory (export "memory") {pages} {pages_max}) (global $g (mut i64) (i64.const {}))
        (type $f (func (param i64) (result i64))) (table 2 2 funcref) (elem (i32.const 0) func $f3 $f3)
        (func (export "florin_call") (global.set $g (call $f0 (i64.const {}))))"#,
        numbers.next() as i64,
        numbers.next() as i64,
    )
    .unwrap();
    for function in 0..FUNCTIONS {
        let body = body(numbers, function, 0);
        write!(text, "(func $f{function} (param $v i64) (result i64) (local $n0 i32) (local $n1 i32) (local $n2 i32) (local $n3 i32) {body} local.get $v)").unwrap();
    }
    text + ")"
}

fn body(numbers: &mut Numbers, function: usize, depth: usize) -> String {
    (0..1 + numbers.below(6)).map(|_| statement(numbers, function, depth)).collect()
}

fn statement(numbers: &mut Numbers, function: usize, depth: usize) -> String {
    const ADDRESS: &str = "(i32.wrap_i64 (i64.and (local.get $v) (i64.const 0x7ff8)))";
    let constant = numbers.next() as i64;
    let nested = depth < DEPTH_MAX;
    match numbers.below(18) {
        0..=2 => {
            let operator = numbers.pick(&["add", "sub", "mul", "xor", "rotl", "shr_u", "or"]);
            format!("(local.set $v (i64.{operator} (local.get $v) (i64.const {constant})))")
        }
        3 => format!("(local.set $v (i64.div_u (i64.const {constant}) (i64.or (local.get $v) (i64.const 1))))"),
        4 => "(local.set $v (i64.add (i64.popcnt (local.get $v)) (i64.clz (local.get $v))))".to_owned(),
        5 => format!("(i64.store {ADDRESS} (local.get $v))"),
        6 => format!("(local.set $v (i64.xor (local.get $v) (i64.load {ADDRESS})))"),
        7 => "(global.set $g (i64.add (global.get $g) (local.get $v)))".to_owned(),
        8 => format!("(memory.fill {ADDRESS} (i32.const 3) (i32.const {}))", numbers.below(3_000)),
        9 => format!("(memory.copy (i32.const 0) {ADDRESS} (i32.const {}))", numbers.below(3_000)),
        10 => "(drop (memory.grow (i32.const 1)))".to_owned(),
        11 if function + 1 < FUNCTIONS => {
            let callee = function + 1 + numbers.below((FUNCTIONS - function - 1) as u64) as usize;
            format!("(local.set $v (call $f{callee} (local.get $v)))")
        }
        12 if function < FUNCTIONS - 1 => {
            "(local.set $v (call_indirect (type $f) (local.get $v) (i32.wrap_i64 (i64.and (local.get $v) (i64.const 1)))))".to_owned()
        }
        13 if nested => format!(
            "(if (i64.lt_s (local.get $v) (i64.const {constant})) (then {}) (else {}))",
            body(numbers, function, depth + 1),
            body(numbers, function, depth + 1)
        ),
        14 if nested => format!(
            "(local.set $n{depth} (i32.const {})) (loop {} (br_if 0 (local.tee $n{depth} (i32.sub (local.get $n{depth}) (i32.const 1)))))",
            1 + numbers.below(6),
            body(numbers, function, depth + 1)
        ),
        15 if nested => format!(
            "(block (block {} (br_table 0 1 0 (i32.wrap_i64 (i64.and (local.get $v) (i64.const 3))))) {})",
            body(numbers, function, depth + 1),
            body(numbers, function, depth + 1)
        ),
        16 if numbers.below(20) == 0 => "unreachable ".to_owned(),
        _ => {
            let (_, _, call) = numbers.pick(HOST);
            (*call).to_owned()
        }
    }
}
