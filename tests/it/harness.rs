//! What the harness promises to authors: its errors tell what to do, its expectations tell what happened.

use std::panic::{AssertUnwindSafe, catch_unwind};

use florin_sandbox::{Account, Balance, DeployError, ExpectRevert, Sandbox, Status};
use florin_sdk::client::{CallError, Failure};

use crate::puppet::{Script, deploy};

/// A contract that was never built.
#[allow(dead_code, reason = "what was never built is never run")]
#[florin_sdk::contract]
mod ghost {
    use florin_sdk::storage::Item;

    #[storage]
    pub(crate) struct Ghost {
        count: Item<u64>,
    }

    #[error]
    pub(crate) enum GhostError {
        TooMany { count: u64 },
    }

    impl Ghost {
        /// Adds, up to three.
        pub(crate) fn add(&mut self, more: u64) -> Result<u64, GhostError> {
            let count = self.count.get_or_default().saturating_add(more);
            if count > 3 {
                return Err(GhostError::TooMany { count });
            }
            self.count.set(&count);
            Ok(count)
        }
    }
}

use ghost::{Ghost, GhostError};

fn message_of(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_contract_without_artifact_is_told_how_to_be_built() {
    let error = Sandbox::new().deploy::<Ghost>(()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DeployError::Artifact(_)));
    for part in ["`ghost`", "artifacts/ghost.wasm", "`florin contract build", env!("CARGO_MANIFEST_DIR")] {
        assert!(text.contains(part), "{text} does not name {part}");
    }
}

#[test]
fn an_expected_revert_is_returned_and_anything_else_is_told() {
    type Result = std::result::Result<u64, CallError<GhostError, String>>;
    let failed = |failure| -> Result { Err(CallError::Failed(failure)) };
    let reverted = failed(Failure::Reverted(GhostError::TooMany { count: 4 }));
    assert_eq!(reverted.expect_revert(), GhostError::TooMany { count: 4 });

    for (result, told) in [
        (Ok(3), "succeeded with 3"),
        (failed(Failure::Stopped(Status::OutOfGas)), "OutOfGas"),
        (failed(Failure::Unknown(vec![1, 2])), "2 bytes of unknown revert data"),
        (Err(CallError::Transport("no route".to_owned())), "no route"),
    ] {
        let message = message_of(|| _ = result.expect_revert());
        assert!(message.contains(told) && message.contains("GhostError"), "{message}");
    }
}

#[test]
fn an_expected_revert_of_a_raw_call_is_told_by_its_bytes() {
    let sandbox = Sandbox::new();
    let puppet = deploy(&sandbox);
    let alice = sandbox.by(&sandbox.account("alice"));
    let receipt = alice.send(puppet, Balance::ZERO, Script::shut().revert(b"\x01\x02")).unwrap();
    let message = message_of(|| _ = receipt.expect_revert::<GhostError>());
    assert!(message.contains("0x0102"), "{message}");
    let receipt = alice.send(puppet, Balance::ZERO, Script::shut().trap()).unwrap();
    let message = message_of(|| _ = receipt.expect_revert::<GhostError>());
    assert!(message.contains("Unreachable"), "{message}");
}

#[test]
fn a_refused_module_is_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    let receipt = sandbox.deploy_wasm(b"\0asm\x01\0\0\0", &[]).unwrap();
    assert_eq!((receipt.status, receipt.contract), (Status::CodeRefused, None));
    assert!(!receipt.fee.is_zero());
}

#[test]
fn names_are_keys_and_the_keys_differ() {
    let names = ["alice", "bob", "", "a much longer name with spaces and ümlauts"];
    let addresses = names.map(|name| Account::named(name).address());
    for (index, address) in addresses.iter().enumerate() {
        assert!(!addresses[index + 1..].contains(address));
    }
}

#[test]
fn settings_reach_the_chain() {
    let sandbox = Sandbox::builder().chain_id(99).gas_price(5).build().unwrap();
    assert_eq!(sandbox.domain().chain_id, 99);
    let receipt = sandbox.by(&sandbox.account("alice")).transfer(Account::named("bob").address(), Balance::new(1));
    let receipt = receipt.unwrap();
    assert_eq!(receipt.fee.wei(), u128::from(receipt.gas_used.0) * 5);
}

#[test]
fn a_contract_mints_where_the_settings_let_it() {
    let module = r#"(module
        (import "florin" "mint" (func $mint (param i32 i32) (result i32)))
        (import "florin" "caller" (func $caller (param i32)))
        (import "florin" "finish" (func $finish (param i32 i32)))
        (memory (export "memory") 1 1)
        (data (i32.const 32) "\05")
        (func (export "florin_call")
          (call $caller (i32.const 0))
          (i32.store8 (i32.const 64) (call $mint (i32.const 0) (i32.const 32)))
          (call $finish (i32.const 64) (i32.const 1))))"#;
    let module = wat::parse_str(module).unwrap();
    let contract = Account::named("alice").address().create(0);
    let allowed = Sandbox::builder().mint_and_burn(contract).signature_threads(2).build().unwrap();
    for (sandbox, status, minted) in [(allowed, Status::Success, 5), (Sandbox::new(), Status::MissingCapability, 0)] {
        let alice = sandbox.by(&sandbox.account("alice"));
        assert_eq!(alice.deploy_wasm(&module, &[]).unwrap().contract, Some(contract));
        let receipt = alice.send(contract, Balance::ZERO, []).unwrap();
        assert_eq!(receipt.output[..], [status.code()]);
        assert_eq!(sandbox.supply().unwrap().minted, Balance::new(minted));
    }
}
