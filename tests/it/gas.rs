//! Gas that is burnt is charged, whatever the end, and it is the same number on every engine.

use florin_sandbox::{Balance, Gas, Sandbox, Status, TransactionReceipt};

use crate::engines::on_every_engine;

/// Rounds of the loops that run before a trap.
const ROUNDS: u32 = 1_000_000;

/// Returns a module whose call runs this body.
fn module(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "florin" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
          (import "florin" "block_height" (func $block_height (result i64)))
          (memory (export "memory") 1 1)
          (global $rounds (mut i32) (i32.const {ROUNDS}))
          (func $burn
            (loop $again
              (global.set $rounds (i32.sub (global.get $rounds) (i32.const 1)))
              (br_if $again (global.get $rounds))))
          (func (export "florin_call") {body}))"#
    );
    wat::parse_str(text).unwrap()
}

fn run(sandbox: &Sandbox, body: &str, gas_limit: Gas) -> TransactionReceipt {
    let contract = sandbox.deploy_wasm(&module(body), &[]).unwrap().contract.unwrap();
    let alice = sandbox.by(&sandbox.account("alice")).with_gas_limit(gas_limit);
    alice.send(contract, Balance::ZERO, []).unwrap()
}

#[test]
fn case_19_gas_is_charged_on_a_trap() {
    let limit = Gas(20_000_000);
    let loop_alone = on_every_engine(|sandbox| {
        let receipt = run(sandbox, "call $burn", limit);
        assert_eq!(receipt.status, Status::Success);
        receipt.gas_used
    });
    let nothing = on_every_engine(|sandbox| run(sandbox, "", limit).gas_used);
    let loop_cost = loop_alone.0 - nothing.0;
    // At least four operators a round, at a tick each.
    assert!(loop_cost >= u64::from(ROUNDS) * 4 / 8, "{loop_cost} gas for {ROUNDS} rounds");

    for (end, status) in [
        ("unreachable", Status::Unreachable),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", Status::DivisionByZero),
        ("(drop (i32.div_s (i32.const -2147483648) (i32.const -1)))", Status::IntegerOverflow),
        ("(drop (i32.load (i32.const 65533)))", Status::MemoryOutOfBounds),
        ("(drop (call $storage_read (i32.const -1) (i32.const 1) (i32.const 0) (i32.const 0)))", Status::BadPointer),
    ] {
        let charged = on_every_engine(|sandbox| {
            let receipt = run(sandbox, &format!("call $burn {end}"), limit);
            assert_eq!(receipt.status, status);
            assert_eq!(receipt.fee, Balance::new(u128::from(receipt.gas_used.0)));
            receipt.gas_used
        });
        assert!(charged >= loop_alone && charged < limit, "{end}: {charged}, the loop alone {loop_alone}");
    }
}

#[test]
fn case_18_an_endless_loop_ends_exactly_at_the_gas_limit() {
    for body in [
        "(loop $again (br $again))",
        "(loop $again (i32.store (i32.const 0) (i32.load (i32.const 4))) (br $again))",
        "(loop $again (drop (call $block_height)) (br $again))",
        "(loop $again (drop (call $storage_read (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 0))) (br $again))",
    ] {
        for limit in [Gas(200_000), Gas(1_234_567)] {
            let (status, gas_used) = on_every_engine(|sandbox| {
                let receipt = run(sandbox, body, limit);
                (receipt.status, receipt.gas_used)
            });
            assert_eq!((status, gas_used), (Status::OutOfGas, limit), "{body}");
        }
    }
}

#[test]
fn success_at_a_gas_limit_is_success_at_any_higher_one_for_the_same_gas() {
    let sandbox = Sandbox::new();
    let body = "call $burn";
    let needed = run(&sandbox, body, Gas(20_000_000)).gas_used;
    let contract = sandbox.deploy_wasm(&module(body), &[]).unwrap().contract.unwrap();
    let alice = sandbox.by(&sandbox.account("alice"));
    let at = |gas| alice.with_gas_limit(gas).send(contract, Balance::ZERO, []).unwrap();
    for more in [0, 1, 1_000, 1_000_000] {
        let receipt = at(Gas(needed.0 + more));
        assert_eq!((receipt.status, receipt.gas_used), (Status::Success, needed));
    }
    assert_eq!(at(Gas(needed.0 - 1)).status, Status::OutOfGas);
}
