//! Host functions through Wasm: storage, money, limits, buffers, hashes and signatures.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use florin_abi::{GasClass, Status, limits};
use florin_runtime::{
    gas::{Gas, GasSchedule},
    ledger::Balance,
    receipt::Receipt,
};
use florin_tokenomics::merkle::{Hash, Tree};
use sha2::{Digest, Sha256};

use crate::{
    puppet::{Script, module, puppet},
    world::{GAS, World, user},
};

/// Deploys a contract whose call is this text, with one page of memory that begins with the data, and calls it.
fn run(data: &[u8], pages: u32, text: &str) -> Receipt {
    let escaped: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let mut world = World::new();
    let contract = world.deploy(&module(&format!(
        r#"(memory (export "memory") {pages} 64) (data (i32.const 0) "{escaped}")
        (func (export "florin_call") {text})"#
    )));
    let mut body = world.body(1, Some(contract), 0, vec![]);
    body.gas_limit = Gas(900_000_000);
    world.send(1, &body)
}

fn words(values: &[&[u8]]) -> Vec<u8> {
    let one = |value: &&[u8]| [&u32::try_from(value.len()).unwrap().to_le_bytes()[..], value].concat();
    values.iter().flat_map(one).collect()
}

const ABSENT: [u8; 4] = [0xff; 4];

#[test]
fn storage_is_read_written_removed_and_walked_in_the_order_of_the_keys() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    world.call(1, contract, &Script::new().write(b"b", b"2").write(b"ba", b"3").write(b"a", b"1"));
    let script = Script::new()
        .read(b"a")
        .read(b"x")
        .next(b"b", b"")
        .next(b"b", b"b")
        .next(b"b", b"ba")
        .remove(b"ba")
        .write(b"bb", b"4")
        .next(b"b", b"b")
        .next(b"", b"bb");
    let receipt = world.call(1, contract, &script);
    let expected =
        [words(&[b"1"]), ABSENT.to_vec(), words(&[b"b", b"ba"]), ABSENT.to_vec(), words(&[b"bb"]), ABSENT.to_vec()];
    assert_eq!(receipt.output, expected.concat());
    assert_eq!(world.stored(contract, b"ba"), None);
}

#[test]
fn case_33_passing_removed_entries_is_charged_like_a_search() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let keys: Vec<[u8; 2]> = (0..200).map(|index: u16| index.to_be_bytes()).collect();
    let write = keys.iter().fold(Script::new(), |script, key| script.write(key, b"v"));
    world.call(1, contract, &write.write(b"z", b"last"));
    let remove = keys.iter().fold(Script::new(), |script, key| script.remove(key));
    let alone = world.call(1, contract, &remove.clone().revert(b"")).gas_used;
    let with_search = world.call(1, contract, &remove.next(b"", b"").revert(b"")).gas_used;
    let step = GasSchedule::default().host(GasClass::StorageNext, 0);
    assert!(with_search.0 - alone.0 > Gas::from_ticks(200 * step).0, "{alone} {with_search}");
}

#[test]
fn case_33_an_iteration_that_writes_sees_what_is_ahead_as_it_is_then() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    world.call(1, contract, &Script::new().write(b"b", b"1").write(b"d", b"1").write(b"f", b"1"));
    let script = Script::new()
        .next(b"", b"")
        // Behind: not seen. Ahead: seen. Removed ahead: not seen. Written over: once.
        .write(b"a", b"2")
        .write(b"c", b"2")
        .remove(b"d")
        .write(b"f", b"2")
        .next(b"", b"b")
        .next(b"", b"c")
        // Removed under the iteration: what is behind it comes all the same.
        .remove(b"f")
        .write(b"g", b"2")
        .next(b"", b"f")
        .next(b"", b"g");
    let receipt = world.call(1, contract, &script);
    assert_eq!(receipt.output, [words(&[b"b", b"c", b"f", b"g"]), ABSENT.to_vec()].concat());
}

#[test]
fn case_33_a_start_behind_the_end_finds_nothing_and_is_paid() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let write = Script::new().write(b"a", b"1").write(b"b1", b"1").write(b"b2", b"1").write(b"c", b"1");
    let starts: [&[u8]; 5] = [b"c", b"b2", b"b\xff\xff", b"zz", &[0xff; 64]];
    let search = |script: Script| starts.iter().fold(script, |script, after| script.next(b"b", after));
    let nothing = ABSENT.repeat(starts.len());
    // In the changes of the running call, and in the state of the block before.
    assert_eq!(world.call(1, contract, &search(write)).output, nothing);
    let seen = world.call(1, contract, &search(Script::new()));
    assert_eq!(seen.output, nothing);
    let step = GasSchedule::default().host(GasClass::StorageNext, 0);
    assert!(seen.gas_used.0 > Gas::from_ticks(starts.len() as u64 * step).0);
    // A start before the first is the first.
    assert_eq!(world.call(1, contract, &Script::new().next(b"b", b"a")).output, words(&[b"b1"]));
}

/// Writes an entry ahead of itself for each that it finds: it never comes to an end.
const CHASING: &str = r#"(memory (export "memory") 1 1)
    (func (export "florin_call") (local $number i32)
        (local.set $number (i32.const 1))
        (i32.store8 (i32.const 3) (i32.const 1))
        (call $storage_write (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4))
        (loop $again
            (if (i32.ne (i32.const 4) (call $storage_next
                    (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 4) (i32.const 12) (i32.const 4)))
                (then (return)))
            (i32.store (i32.const 8) (i32.load (i32.const 12)))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (i32.store8 (i32.const 0) (i32.shr_u (local.get $number) (i32.const 24)))
            (i32.store8 (i32.const 1) (i32.shr_u (local.get $number) (i32.const 16)))
            (i32.store8 (i32.const 2) (i32.shr_u (local.get $number) (i32.const 8)))
            (i32.store8 (i32.const 3) (local.get $number))
            (call $storage_write (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4))
            (br $again)))"#;

#[test]
fn case_33_an_iteration_that_feeds_itself_ends_at_its_gas_and_leaves_nothing() {
    let mut world = World::new();
    let contract = world.deploy(&module(CHASING));
    let receipt = world.call(1, contract, &Script::new());
    assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, Gas(GAS)));
    assert_eq!(world.stored(contract, &[0, 0, 0, 1]), None);
}

#[test]
fn counters_stay_within_their_bounds() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let [ok, out] = [Status::Success.code(), Status::CounterOutOfBounds.code()];
    let script = Script::new()
        .add(b"c", -1, 10)
        .add(b"c", 10, 10)
        .add(b"c", 1, 10)
        .add(b"c", -10, 10)
        .add(b"c", i128::MAX, u128::MAX)
        .add(b"c", i128::MAX, u128::MAX)
        .add(b"c", 2, u128::MAX)
        .add(b"c", 1, u128::MAX)
        .add(b"c", i128::MIN, u128::MAX)
        .read(b"c");
    let receipt = world.call(1, contract, &script);
    let counter = (u128::MAX - (1 << 127)).to_le_bytes();
    assert_eq!(receipt.output, [&[out, ok, out, ok, ok, ok, out, ok, ok][..], &words(&[&counter])].concat());
    let receipt = world.call(1, contract, &Script::new().write(b"c", b"no counter").add(b"c", 1, 10));
    assert_eq!(receipt.status, Status::BadArgument);
}

#[test]
fn only_contracts_with_the_capability_mint_and_burn_up_to_the_maximum_supply() {
    let room = 1_000;
    let mut world = World::with(|genesis| {
        let sum: u128 = genesis.allocations.iter().map(|(_, balance)| balance.wei()).sum();
        genesis.max_supply = Balance::new(sum + room);
    });
    let [entitled, other] = [world.deploy(&puppet()), world.deploy(&puppet())];
    let receipt = world.call(1, other, &Script::new().mint(other, 1).burn(0));
    assert_eq!(receipt.output[..], [Status::MissingCapability.code(); 2]);
    let script = Script::new().mint(entitled, room).burn(600).mint(entitled, 1).burn(401).burn(400);
    let receipt = world.call(1, entitled, &script);
    let [exceeded, poor] = [Status::SupplyExceeded.code(), Status::InsufficientBalance.code()];
    assert_eq!(receipt.output[..], [0, 0, exceeded, poor, 0], "what was burned is not minted again");
    let supply = world.chain.supply().unwrap();
    assert_eq!((supply.minted.wei(), supply.burned_by_contracts.wei()), (1_000, 1_000));
}

#[test]
fn a_contract_transfers_what_it_has() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let body = world.body(1, Some(contract), 100, Script::new().transfer(user(3), 60).transfer(user(3), 41).bytes());
    let before = world.balance(user(3));
    let receipt = world.send(1, &body);
    assert_eq!(receipt.output[..], [0, Status::InsufficientBalance.code()]);
    assert_eq!((world.balance(contract), world.balance(user(3))), (40, before + 60));
}

#[test]
fn case_30_overlapping_buffers_are_copied_in_before_they_are_written() {
    // Key and value are the same bytes; the value is read over its own key; a hash is written over its input.
    let receipt = run(
        b"abcdefgh",
        1,
        "(call $storage_write (i32.const 0) (i32.const 4) (i32.const 2) (i32.const 6))
         (drop (call $storage_read (i32.const 0) (i32.const 4) (i32.const 1) (i32.const 6)))
         (call $sha256 (i32.const 0) (i32.const 8) (i32.const 4))
         (call $finish (i32.const 0) (i32.const 36))",
    );
    let memory = b"acdefghh";
    assert_eq!(receipt.output, [&memory[..4], &Sha256::digest(memory)].concat());
    let receipt = run(
        &[7; 64],
        1,
        "(drop (call $storage_add (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 0)))
         (drop (call $storage_read (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 16)))
         (call $finish (i32.const 0) (i32.const 16))",
    );
    assert_eq!(receipt.output[..], [7; 16], "delta, bound and key in one place");
}

#[test]
fn case_30_output_is_written_only_if_the_whole_region_is_there() {
    let receipt = run(
        b"k",
        1,
        "(call $storage_write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 8))
         (drop (call $storage_read (i32.const 0) (i32.const 1) (i32.const 65532) (i32.const 8)))",
    );
    assert_eq!(receipt.status, Status::BadPointer);
    let receipt = run(
        b"k",
        1,
        "(call $storage_write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 8))
         (i32.store (i32.const 100) (call $storage_read (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 7)))
         (call $finish (i32.const 8) (i32.const 96))",
    );
    assert!(receipt.output[..92].iter().all(|byte| *byte == 0), "too small a buffer stays as it was");
    assert_eq!(receipt.output[92..], 8_u32.to_le_bytes(), "and the length is told");
}

#[test]
fn case_31_a_region_is_checked_against_the_memory_of_this_moment() {
    let receipt = run(
        b"k",
        1,
        "(drop (memory.grow (i32.const 1)))
         (memory.fill (i32.const 65530) (i32.const 9) (i32.const 12))
         (call $storage_write (i32.const 0) (i32.const 1) (i32.const 65530) (i32.const 12))
         (drop (call $storage_read (i32.const 0) (i32.const 1) (i32.const 131060) (i32.const 12)))
         (call $finish (i32.const 131060) (i32.const 12))",
    );
    assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &[9; 12][..]));
    let receipt = run(b"k", 1, "(drop (memory.grow (i32.const 1))) (call $finish (i32.const 131068) (i32.const 5))");
    assert_eq!(receipt.status, Status::BadPointer);
}

#[test]
fn case_32_every_argument_is_accepted_at_its_limit_and_refused_above_it() {
    let cases: [(&str, u32); 9] = [
        ("(call $storage_write (i32.const 0) (i32.const {n}) (i32.const 0) (i32.const 0))", limits::KEY_BYTES_MAX),
        ("(call $storage_write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const {n}))", limits::VALUE_BYTES_MAX),
        (
            "(drop (call $storage_read (i32.const 0) (i32.const {n}) (i32.const 0) (i32.const 0)))",
            limits::KEY_BYTES_MAX,
        ),
        ("(call $emit (i32.const 0) (i32.const {n}) (i32.const 0) (i32.const 0))", limits::EVENT_TOPICS_MAX),
        ("(call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const {n}))", limits::EVENT_BYTES_MAX),
        ("(call $finish (i32.const 0) (i32.const {n}))", limits::OUTPUT_BYTES_MAX),
        (
            "(drop (call $call (i32.const 0) (i32.const 64) (i64.const 0) (i32.const 0) (i32.const {n}) (i32.const 0)))",
            limits::INPUT_BYTES_MAX,
        ),
        ("(call $merkle_root (i32.const 0) (i32.const {n}) (i32.const 0))", 60_000),
        (
            "(drop (call $verify_signature (i32.const 0) (i32.const 0) (i32.const 0) (i32.const {n}) (i32.const 0)))",
            limits::SIGNED_BYTES_MAX,
        ),
    ];
    for (text, limit) in cases {
        let at_limit = run(b"", 64, &text.replace("{n}", &limit.to_string()));
        assert_eq!(at_limit.status, Status::Success, "{text}");
        // The Merkle limit is more than this memory holds; above it the count is refused before the memory is looked at.
        let above = if text.contains("merkle") { limits::MERKLE_LEAVES_MAX + 1 } else { limit + 1 };
        let above = run(b"", 64, &text.replace("{n}", &above.to_string()));
        assert_eq!(above.status, Status::LimitExceeded, "{text}");
    }
    let empty = run(b"", 1, "(call $storage_remove (i32.const 0) (i32.const 0))");
    assert_eq!(empty.status, Status::BadArgument, "an empty key");
}

#[test]
fn case_32_events_and_their_bytes_are_paid_for() {
    let gas = |text: &str| run(b"", 2, text).gas_used.0;
    let [none, small, large] = [
        gas(""),
        gas("(call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"),
        gas("(call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16384))"),
    ];
    assert!(none < small && small + 16_384 / 2 < large, "{none} {small} {large}");
    let endless =
        run(b"", 1, "(loop $more (call $emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (br $more))");
    assert_eq!((endless.status, endless.events.len()), (Status::LimitExceeded, 0));
}

#[test]
fn case_37_lengths_and_prices_that_overflow_run_out_of_gas() {
    for text in [
        "(call $sha256 (i32.const 0) (i32.const -1) (i32.const 0))",
        "(call $merkle_root (i32.const 0) (i32.const -1) (i32.const 0))",
        "(drop (call $verify_batch (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0)))",
        "(call $storage_write (i32.const 0) (i32.const -1) (i32.const 0) (i32.const -1))",
    ] {
        let receipt = run(b"", 1, text);
        assert!(matches!(receipt.status, Status::OutOfGas | Status::LimitExceeded), "{text}: {:?}", receipt.status);
    }

    let mut schedule = GasSchedule::default();
    for price in &mut schedule.host {
        price.per_unit = u64::MAX;
    }
    let mut world = World::with_schedule(schedule);
    let contract = world.deploy(&puppet());
    let receipt = world.call(1, contract, &Script::new().write(b"k", b"v"));
    assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, Gas(GAS)));
}

#[test]
fn hashes_are_the_standard_ones() {
    let receipt = run(
        b"message",
        1,
        "(call $sha256 (i32.const 0) (i32.const 7) (i32.const 100))
         (call $keccak256 (i32.const 0) (i32.const 7) (i32.const 132))
         (call $blake3 (i32.const 0) (i32.const 7) (i32.const 164))
         (call $finish (i32.const 100) (i32.const 96))",
    );
    let (sha256, blake3) = (Sha256::digest(b"message"), blake3::hash(b"message"));
    let expected = [&sha256[..], &keccak256(b"message")[..], blake3.as_bytes()];
    assert_eq!(receipt.output, expected.concat());
}

#[test]
fn merkle_roots_and_proofs_are_those_of_the_claims() {
    let leaves: Vec<Hash> = (0..5_u8).map(|byte| keccak256([byte]).0).collect();
    let tree = Tree::new(leaves.clone()).unwrap();
    let (root, proof) = (tree.root(), tree.proof(2).unwrap());
    let data = [leaves.as_flattened(), &root].concat();
    // Leaves at 0, the root at 160, proof at 300; verdicts from 1000 on: right, wrong place, too short, too many nodes.
    let receipt = run(
        &data,
        1,
        "(call $merkle_root (i32.const 0) (i32.const 5) (i32.const 200))
         (drop (call $merkle_proof (i32.const 0) (i32.const 5) (i32.const 2) (i32.const 300) (i32.const 700)))
         (i32.store8 (i32.const 1000) (call $merkle_verify (i32.const 160) (i32.const 64) (i32.const 2) (i32.const 5) (i32.const 300) (i32.const 3)))
         (i32.store8 (i32.const 1001) (call $merkle_verify (i32.const 160) (i32.const 64) (i32.const 3) (i32.const 5) (i32.const 300) (i32.const 3)))
         (i32.store8 (i32.const 1002) (call $merkle_verify (i32.const 160) (i32.const 64) (i32.const 2) (i32.const 5) (i32.const 300) (i32.const 2)))
         (i32.store8 (i32.const 1003) (call $merkle_verify (i32.const 160) (i32.const 64) (i32.const 2) (i32.const 5) (i32.const 300) (i32.const 1000000)))
         (call $finish (i32.const 200) (i32.const 804))",
    );
    assert_eq!(&receipt.output[..32], root);
    assert_eq!(&receipt.output[100..196], proof.as_flattened());
    assert_eq!(receipt.output[800..], [1, 0, 0, 0]);
    let none = run(b"", 1, "(call $merkle_root (i32.const 0) (i32.const 0) (i32.const 0))");
    assert_eq!(none.status, Status::BadArgument);
}

#[test]
fn an_ethereum_signer_is_recovered() {
    let digest = keccak256(b"message");
    let key = secp256k1::SecretKey::from_secret_bytes([1; 32]).unwrap();
    let message = secp256k1::Message::from_digest(digest.0);
    let (recovery, rs) =
        secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(message, &key).serialize_compact();
    let v = 27 + recovery.to_u8();
    let data = [&digest[..], &rs, &[v]].concat();
    let text = "(i32.store8 (i32.const 220) (call $ecdsa_recover (i32.const 0) (i32.const 32) (i32.const 200)))
         (call $finish (i32.const 200) (i32.const 21))";
    let receipt = run(&data, 1, text);
    assert_eq!(receipt.output, [user(0).as_slice(), &[1]].concat());
    let mut broken = data;
    broken[32..64].fill(0);
    assert_eq!(run(&broken, 1, text).output[..], [0; 21]);
}

#[test]
fn a_batch_of_signatures_has_the_verdicts_of_each_alone() {
    let key = ed25519_zebra::SigningKey::from([5; 32]);
    let public: [u8; 32] = ed25519_zebra::VerificationKey::from(&key).into();
    let messages: [&[u8]; 3] = [b"one", b"two", b"six"];
    let mut signatures: Vec<[u8; 64]> = messages.iter().map(|message| key.sign(message).into()).collect();
    signatures[1][0] ^= 1;
    // Keys at 0, messages at 96, signatures at 105; batch verdicts at 1000, single ones behind them.
    let data = [public.repeat(3), messages.concat(), signatures.concat()].concat();
    let single = |index: usize| {
        let (key, message, signature) = (32 * index, 96 + 3 * index, 105 + 64 * index);
        let out = 1_003 + index;
        format!(
            "(i32.store8 (i32.const {out}) (call $verify_signature (i32.const 0) (i32.const {key}) (i32.const {message})
                (i32.const 3) (i32.const {signature})))"
        )
    };
    let receipt = run(
        &data,
        1,
        &format!(
            "(i32.store8 (i32.const 1006) (call $verify_batch (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 96)
                (i32.const 3) (i32.const 105) (i32.const 1000)))
             {} {} {}
             (call $finish (i32.const 1000) (i32.const 7))",
            single(0),
            single(1),
            single(2)
        ),
    );
    assert_eq!(receipt.output[..], [1, 0, 1, 1, 0, 1, 2]);
    let unknown = run(
        b"",
        1,
        "(drop (call $verify_signature (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
    );
    assert_eq!(unknown.status, Status::BadArgument);
}

#[test]
fn a_contract_sees_its_call_and_its_block() {
    let mut world = World::new();
    let contract = world.deploy(&module(
        r#"(memory (export "memory") 1 1)
        (func (export "florin_call")
            (call $caller (i32.const 0))
            (call $self_address (i32.const 20))
            (call $value (i32.const 40))
            (i64.store (i32.const 56) (call $block_height))
            (i64.store (i32.const 64) (call $block_time))
            (i64.store (i32.const 72) (call $chain_id))
            (i32.store (i32.const 80) (call $input (i32.const 84) (i32.const 100)))
            (call $finish (i32.const 0) (i32.const 90)))"#,
    ));
    let receipt = world.send(1, &world.body(1, Some(contract), 9, b"answer".to_vec()));
    let (head, caller) = (world.chain.head(), user(1));
    let expected = [
        caller.as_slice(),
        contract.as_slice(),
        &9_u128.to_le_bytes(),
        &head.number.to_le_bytes(),
        &head.timestamp.to_le_bytes(),
        &world.chain.genesis().chain_id.to_le_bytes(),
        &6_u32.to_le_bytes(),
        b"answer",
    ];
    assert_eq!(receipt.output, expected.concat());
}

#[test]
fn events_carry_their_topics_and_enter_the_bloom_of_the_header() {
    let mut world = World::new();
    let contract = world.deploy(&puppet());
    let topics = [B256::repeat_byte(1), keccak256(b"Transfer")];
    let body = world.body(1, Some(contract), 0, Script::new().emit(&topics, b"data").bytes());
    let transaction = world.signed(1, &body);
    let committed = world.block(vec![transaction]);
    let event = &committed.receipts()[0].events[0];
    assert_eq!((event.contract, &event.topics[..], &event.data), (contract, &topics[..], &Bytes::from_static(b"data")));
    let bloom = committed.header().logs_bloom;
    assert!(bloom.contains_raw_log(contract, &topics));
    assert!(!bloom.contains_raw_log(Address::repeat_byte(0x77), &[]));
}
