//! Pointers that a contract hands to the host: over the whole import table, none reads or writes outside of the memory.

use florin_abi::{IMPORTS, ValueType};
use florin_sandbox::{Address, Balance, Bytes, Gas, Sandbox, Status, TransactionReceipt, Wallet};

/// Bytes of the memory of every module here: one page.
const MEMORY_BYTES: u64 = 65_536;
/// Where the arguments lie that a caller gets by calldata.
const REGIONS_BEGIN: u64 = 1_024;

macro_rules! names {
    ($($(#[doc = $doc:expr])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        /// The names of each function's parameters, which the table itself does not carry.
        const PARAMETERS: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($param)),*]),)+];
    };
}

florin_abi::for_each_import!(names);

/// Returns a module that calls one function with the arguments in its calldata, 8 bytes each.
fn caller_of(function: &str, params: &[ValueType], has_result: bool) -> Vec<u8> {
    let wasm = |value: &ValueType| if *value == ValueType::I64 { "i64" } else { "i32" };
    let types: Vec<_> = params.iter().map(wasm).collect();
    let loads: Vec<_> = (0..)
        .step_by(8)
        .zip(params)
        .map(|(at, param)| format!("({}.load offset={at} (i32.const 0))", wasm(param)))
        .collect();
    let result = IMPORTS.iter().find(|row| row.name == function).and_then(|row| row.result);
    let result = result.map(|value| format!("(result {})", wasm(&value))).unwrap_or_default();
    // `input` is imported once, also where it is the function in question.
    let (import, called) = match function {
        "input" => (String::new(), "$input"),
        _ => (format!(r#"(import "florin" "{function}" (func $f (param {}) {result}))"#, types.join(" ")), "$f"),
    };
    let call = format!("(call {called} {})", loads.join(" "));
    let call = if has_result { format!("(drop {call})") } else { call };
    let text = format!(
        r#"(module
          (import "florin" "input" (func $input (param i32 i32) (result i32)))
          {import}
          (memory (export "memory") 1 1)
          (func (export "florin_call") (drop (call $input (i32.const 0) (i32.const 1024))) {call}))"#
    );
    wat::parse_str(text).unwrap()
}

/// Returns a harmless argument: every pointer to a region of its own, short lengths, a proof of the right length.
fn harmless(position: usize, parameter: &str) -> u64 {
    match parameter {
        name if name.contains("_ptr") => REGIONS_BEGIN * (position as u64 + 1),
        name if name.ends_with("_len") => 8,
        name if name.ends_with("_cap") => 256,
        "count" | "topics_count" => 2,
        "nodes" => 1,
        "gas" => 1_000,
        "index" | "scheme" | "flags" => 0,
        other => panic!("what is a harmless {other}?"),
    }
}

/// Returns how many bytes the function touches behind a pointer, given harmless arguments.
fn region(function: &str, parameter: &str) -> u64 {
    let fixed = parameter.split_once("_ptr").and_then(|(_, bytes)| bytes.parse().ok());
    match (function, parameter) {
        (_, _) if fixed.is_some() => fixed.unwrap(),
        ("verify_signature", "key_ptr") => 32,
        ("verify_signature", "signature_ptr") => 64,
        ("verify_batch", "messages_ptr") => 16,
        ("verify_batch", "out_ptr") => 2,
        ("verify_batch", "signatures_ptr") => 128,
        (_, "keys_ptr" | "leaves_ptr" | "topics_ptr") => 64,
        (_, "proof_ptr") => 32,
        (_, "out_ptr") => 256,
        (_, _) => 8,
    }
}

struct Probe {
    wallet: Wallet,
    contract: Address,
    arguments: Vec<u64>,
}

impl Probe {
    fn status(&self, changes: &[(usize, u64)]) -> Status {
        let mut arguments = self.arguments.clone();
        for (position, value) in changes {
            arguments[*position] = *value;
        }
        let input: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_le_bytes()).collect();
        self.wallet.send(self.contract, Balance::ZERO, input).unwrap().status
    }
}

/// Hands every function of the table, ready to be called, to a rule.
fn for_every_function(rule: impl Fn(&str, &[&str], &Probe)) {
    let sandbox = Sandbox::new();
    let wallet = sandbox.by(&sandbox.account("alice")).with_gas_limit(Gas(2_000_000));
    assert_eq!(PARAMETERS.len(), IMPORTS.len());
    for (import, (function, parameters)) in IMPORTS.iter().zip(PARAMETERS) {
        assert_eq!(import.name, *function);
        let code = caller_of(function, import.params, import.result.is_some());
        let contract = sandbox.deploy_wasm(&code, &[]).unwrap().contract.unwrap();
        let arguments = parameters.iter().enumerate().map(|(position, name)| harmless(position, name)).collect();
        rule(function, parameters, &Probe { wallet: wallet.clone(), contract, arguments });
    }
}

#[test]
fn case_29_a_pointer_out_of_the_memory_traps_in_every_host_function() {
    for_every_function(|function, parameters, probe| {
        let plain = probe.status(&[]);
        let expected = if function == "revert" { Status::Reverted } else { Status::Success };
        assert_eq!(plain, expected, "{function} with harmless arguments");
        for (position, parameter) in parameters.iter().enumerate().filter(|(_, name)| name.contains("_ptr")) {
            let length = region(function, parameter);
            for pointer in [0xffff_ffff, 0x8000_0000, 0xffff_ffff - length + 2, MEMORY_BYTES, MEMORY_BYTES - length + 1]
            {
                let status = probe.status(&[(position, pointer)]);
                assert_eq!(status, Status::BadPointer, "{function}: {parameter} = {pointer:#x}");
            }
            // The region that ends with the memory is a region.
            let status = probe.status(&[(position, MEMORY_BYTES - length)]);
            assert_eq!(status, expected, "{function}: {parameter} up to the end of the memory");
        }
    });
}

#[test]
fn case_29_a_length_beyond_the_memory_is_paid_for_limited_or_refused_before_anything_is_copied() {
    for_every_function(|function, parameters, probe| {
        let lengths = |name: &&str| {
            name.ends_with("_len") || name.ends_with("_cap") || name.contains("count") || *name == "nodes"
        };
        for (position, parameter) in parameters.iter().enumerate().filter(|(_, name)| lengths(name)) {
            for length in [0xffff_ffff, 0x8000_0000, MEMORY_BYTES + 1] {
                let status = probe.status(&[(position, length)]);
                let refused = matches!(
                    status,
                    Status::BadPointer | Status::OutOfGas | Status::LimitExceeded | Status::BadArgument
                );
                // A Merkle proof for another tree is no mistake, it is false.
                assert!(
                    refused || function == "merkle_verify",
                    "{function}: {parameter} = {length:#x} gave {status:?}"
                );
            }
        }
    });
}

#[test]
fn case_29_an_empty_region_at_the_end_of_the_memory_is_fine_and_one_behind_it_is_not() {
    for_every_function(|function, parameters, probe| {
        for (position, parameter) in parameters.iter().enumerate() {
            let Some(name) = parameter.strip_suffix("_ptr") else { continue };
            let length = parameters
                .iter()
                .position(|other| [format!("{name}_len"), format!("{name}_cap")].contains(&(*other).to_owned()));
            let Some(length) = length else { continue };
            let at = |pointer| probe.status(&[(position, pointer), (length, 0)]);
            let fine = at(MEMORY_BYTES);
            assert_ne!(fine, Status::BadPointer, "{function}: {parameter} at the end");
            // An empty key is refused for being empty.
            if fine != Status::BadArgument {
                assert_eq!(at(MEMORY_BYTES + 1), Status::BadPointer, "{function}: {parameter} behind the end");
            }
        }
    });
}

/// Runs a body of a module with these imports and one page of memory.
fn run(sandbox: &Sandbox, body: &str, input: impl Into<Bytes>) -> TransactionReceipt {
    let text = format!(
        r#"(module
          (import "florin" "input" (func $input (param i32 i32) (result i32)))
          (import "florin" "finish" (func $finish (param i32 i32)))
          (import "florin" "caller" (func $caller (param i32)))
          (import "florin" "self_address" (func $self (param i32)))
          (import "florin" "storage_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "florin" "storage_write" (func $write (param i32 i32 i32 i32)))
          (import "florin" "balance" (func $balance (param i32 i32)))
          (import "florin" "call" (func $call (param i32 i32 i64 i32 i32 i32) (result i32)))
          (import "florin" "return_data" (func $return_data (param i32 i32) (result i32)))
          (import "florin" "keccak256" (func $keccak256 (param i32 i32 i32)))
          (import "florin" "merkle_root" (func $merkle_root (param i32 i32 i32)))
          (memory (export "memory") 1 2)
          (func $allocate (export "allocate") (param i32) (result i32) unreachable)
          (func (export "deallocate") (param i32 i32) unreachable)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "florin_call") {body})
          (@custom "florin.reentrant" "grow"))"#
    );
    let contract = sandbox.deploy_wasm(&wat::parse_str(text).unwrap(), &[]).unwrap().contract.unwrap();
    sandbox.by(&sandbox.account("alice")).send(contract, Balance::ZERO, input).unwrap()
}

#[test]
fn case_30_input_is_copied_before_output_is_written_over_it() {
    let sandbox = Sandbox::new();
    let ask = "(drop (call $input (i32.const 0) (i32.const 64)))";
    let answer = |length: u32| format!("(call $finish (i32.const 0) (i32.const {length}))");
    let input: Vec<u8> = (0..64).collect();
    let output = |body: &str, length: u32| {
        let receipt = run(&sandbox, &format!("{ask} {body} {}", answer(length)), input.clone());
        assert_eq!(receipt.status, Status::Success, "{body}");
        receipt.output
    };

    // A hash over its own input, begun at the same byte and in the middle.
    let hash = alloy_primitives::keccak256(&input);
    assert_eq!(&output("(call $keccak256 (i32.const 0) (i32.const 64) (i32.const 0))", 32)[..], &hash[..]);
    let shifted = output("(call $keccak256 (i32.const 0) (i32.const 64) (i32.const 16))", 48);
    assert_eq!([&shifted[..16], &shifted[16..]], [&input[..16], &hash[..]]);
    // A root over its own leaves.
    let leaves = [&input[..32], &input[32..]].map(|leaf| <[u8; 32]>::try_from(leaf).unwrap());
    let root = crate::claim_tree::root(&leaves);
    assert_eq!(&output("(call $merkle_root (i32.const 0) (i32.const 2) (i32.const 0))", 32)[..], &root[..]);
    // One region as key and value, then read over the key.
    let both = "(call $write (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 64))
        (drop (call $read (i32.const 0) (i32.const 32) (i32.const 8) (i32.const 64)))";
    assert_eq!(&output(both, 72)[..], &[&input[..8], &input[..]].concat()[..]);
    // A balance over its address.
    let balance = "(call $caller (i32.const 0)) (call $balance (i32.const 0) (i32.const 0))";
    let balance = u128::from_le_bytes(output(balance, 16)[..].try_into().unwrap());
    assert!(balance > 0);
}

#[test]
fn case_30_output_that_does_not_fit_is_not_written_at_all() {
    let sandbox = Sandbox::new();
    let body = "
        (drop (call $input (i32.const 0) (i32.const 64)))
        (call $write (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 64))
        (if (i32.ne (call $read (i32.const 0) (i32.const 8) (i32.const 128) (i32.const 63)) (i32.const 64)) (then unreachable))
        (if (i32.ne (call $input (i32.const 128) (i32.const 63)) (i32.const 64)) (then unreachable))
        (call $finish (i32.const 128) (i32.const 64))";
    let receipt = run(&sandbox, body, vec![7; 64]);
    assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &[0; 64][..]));
}

#[test]
fn case_31_a_region_is_checked_against_the_memory_at_the_time_of_the_call() {
    let sandbox = Sandbox::new();
    // The inner run of the same contract grows a memory of its own; the outer run's pointers stay what they were.
    let body = |touch: &str| {
        format!(
            "(if (i32.eq (call $input (i32.const 0) (i32.const 4)) (i32.const 4))
              (then (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then unreachable))
                    (call $write (i32.const 0) (i32.const 4) (i32.const 65536) (i32.const 4))
                    return))
            (i32.store (i32.const 64) (i32.const 0x776f7267))
            (call $self (i32.const 100))
            (if (call $call (i32.const 100) (i32.const 200) (i64.const -1) (i32.const 64) (i32.const 4) (i32.const 0))
              (then unreachable))
            {touch}"
        )
    };
    let behind = "(call $write (i32.const 64) (i32.const 4) (i32.const 65536) (i32.const 4))";
    let receipt = run(&sandbox, &body(behind), []);
    assert_eq!(receipt.status, Status::BadPointer);
    // After growing itself it may.
    let grown = format!("(drop (memory.grow (i32.const 1))) {behind}");
    assert_eq!(run(&sandbox, &body(&grown), []).status, Status::Success);
}

#[test]
fn case_23_the_host_never_calls_into_a_contract_to_answer_it() {
    let sandbox = Sandbox::new();
    // Exports with the names of allocators trap; everything that returns data of any length is called.
    let body = "
        (drop (call $input (i32.const 0) (i32.const 1024)))
        (call $write (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 1024))
        (drop (call $read (i32.const 0) (i32.const 8) (i32.const 2048) (i32.const 1024)))
        (drop (call $return_data (i32.const 4096) (i32.const 1024)))
        (call $finish (i32.const 2048) (i32.const 1024))";
    let receipt = run(&sandbox, body, vec![9; 1_024]);
    assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &[9; 1_024][..]));
    // Nothing at the boundary is a function: a host function takes and returns numbers only.
    assert!(IMPORTS.iter().flat_map(|row| row.params).all(|param| matches!(param, ValueType::I32 | ValueType::I64)));
}
