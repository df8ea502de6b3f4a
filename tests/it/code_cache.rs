//! The cache of compiled code is no part of the chain: whatever state it is in, the chain tells the same.

use std::fs;
use std::path::Path;

use florin_runtime::transaction::{Body, GasPrice};
use florin_runtime::vm::{CacheFolder, NodeKey, VmConfig};
use florin_sandbox::{Account, Balance, Bytes, Gas, Sandbox, Status, deploy_payload};

use crate::determinism::{Told, play, story};

/// A sandbox with this much room for machine code in memory, and a folder.
fn sandbox(cache_bytes_max: usize, folder: Option<&Path>) -> Sandbox {
    let cache_folder = folder.map(|path| CacheFolder {
        path: path.to_owned(),
        bytes_max: CacheFolder::BYTES_MAX_DEFAULT,
        key: NodeKey::new([3; 32]),
    });
    let vm = VmConfig { cache_bytes_max, cache_folder, ..VmConfig::default() };
    Sandbox::builder().vm(vm).build().unwrap()
}

const PLENTY: usize = 256 << 20;

/// Lets a story run through every state that the cache can be in, and asserts that it is always the same story.
fn in_every_state_of_the_cache(story: impl Fn(&Sandbox) -> Vec<Told>) -> Vec<Told> {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    let told = story(&sandbox(0, None));
    let same = |state: &str, sandbox: &Sandbox| assert_eq!(story(sandbox), told, "{state}");
    same("in memory", &sandbox(PLENTY, None));
    same("with room for one", &sandbox(100_000, None));
    same("in a cold folder", &sandbox(PLENTY, Some(&folder)));
    assert!(fs::read_dir(&folder).unwrap().count() > 0, "the story writes no file");
    same("in a warm folder, after a restart", &sandbox(PLENTY, Some(&folder)));
    same("in a warm folder, without memory", &sandbox(0, Some(&folder)));
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    same("in a damaged folder", &sandbox(PLENTY, Some(&folder)));
    fs::remove_dir_all(&folder).unwrap();
    same("after the folder was deleted", &sandbox(PLENTY, Some(&folder)));
    told
}

#[test]
fn every_state_of_the_cache_tells_the_same() {
    let told = in_every_state_of_the_cache(|sandbox| story(sandbox, 12, 3));
    assert!(told.iter().all(|block| !block.receipts.is_empty()));
}

/// A contract that answers with its number.
fn answering(number: u32) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (import "florin" "finish" (func $finish (param i32 i32))) (memory (export "memory") 1 16)
        (func (export "florin_call")
            (i32.store (i32.const 0) (i32.const {number})) (call $finish (i32.const 0) (i32.const 4))))"#
    ))
    .unwrap()
}

/// A contract's code is bound to its address for good, and a code hash to its bytes: there is no upgrade and no deletion. So
/// what a transaction meets follows from its place in the block: nothing before the creation, the one code after it.
#[test]
fn case_40_code_that_is_created_and_called_in_one_block_is_bound_to_its_place() {
    let outputs = |block: &Told| -> Vec<(Status, Bytes)> {
        let outcomes = block.receipts.iter().map(|outcome| outcome.as_ref().unwrap());
        outcomes.map(|receipt| (receipt.status, receipt.output.clone())).collect()
    };
    let told = in_every_state_of_the_cache(|sandbox| {
        let alice = Account::named("alice");
        sandbox.account("alice");
        let [one, two] = [1, 4].map(|nonce| alice.address().create(nonce));
        let input = |number| deploy_payload(&answering(number), &[]);
        let to = |contract| (Some(contract), Bytes::new());
        let steps = [to(one), (None, input(1)), to(one), to(two), (None, input(2)), to(two), to(one)];
        let sign = |(nonce, (to, input)): (usize, (_, Bytes))| {
            let body = Body {
                nonce: nonce as u64,
                to,
                value: Balance::ZERO,
                gas_limit: Gas(10_000_000),
                gas_price: GasPrice::flat(1),
                input,
            };
            alice.sign_transaction(&body, &sandbox.domain())
        };
        let block: Vec<Bytes> = steps.into_iter().enumerate().map(sign).collect();
        play(sandbox, &[block])
    });
    let answer = |number: u32| (Status::Success, Bytes::copy_from_slice(&number.to_le_bytes()));
    let nothing = (Status::Success, Bytes::new());
    let expected = [&nothing, &nothing, &answer(1), &nothing, &nothing, &answer(2), &answer(1)].map(Clone::clone);
    assert_eq!(outputs(&told[0]), expected);
}

#[test]
fn case_51_the_folder_deleted_between_any_two_blocks_changes_nothing() {
    let told = story(&Sandbox::new(), 13, 3);
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("code");
    // Without room in memory each call goes to the folder.
    let sandbox = sandbox(0, Some(&folder));
    let deleted = crate::determinism::story_with(&sandbox, 13, 3, || fs::remove_dir_all(&folder).unwrap_or_default());
    assert_eq!(deleted, told);
}
