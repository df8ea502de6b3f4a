//! Rows of blocks: what is read is what was written, and nothing else is read.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use proptest::prelude::*;

use super::*;
use crate::block::{Block, BlockContext, ParentSigners};
use crate::signature::VerifiedTransaction;
use crate::state::ChangeSet;
use crate::transaction::sample::{DOMAIN, admit, one_of_each};

const HEIGHT: u64 = 7;

fn event() -> impl Strategy<Value = Event> {
    (
        any::<[u8; 20]>(),
        proptest::collection::vec(any::<[u8; 32]>(), 0..4),
        proptest::collection::vec(any::<u8>(), 0..80),
    )
        .prop_map(|(contract, topics, data)| Event {
            contract: contract.into(),
            topics: topics.into_iter().map(B256::from).collect(),
            data: data.into(),
        })
}

/// A receipt of a transaction that the block will name.
fn receipt() -> impl Strategy<Value = Receipt> {
    let outcome = (proptest::sample::select(Status::ALL), 0..1_000_000_u64, any::<u128>());
    let people = (any::<[u8; 20]>(), proptest::option::of(any::<[u8; 20]>()));
    let told = (proptest::collection::vec(any::<u8>(), 0..80), proptest::collection::vec(event(), 0..3));
    (outcome, people, told).prop_map(|((status, gas, fee), (sender, contract), (output, events))| Receipt {
        status,
        gas_used: Gas(gas),
        cumulative_gas_used: Gas(0),
        fee: Balance::new(fee),
        transaction: B256::ZERO,
        sender: sender.into(),
        contract: contract.map(Address::from),
        output: output.into(),
        events,
    })
}

fn hook_receipt() -> impl Strategy<Value = HookReceipt> {
    let outcome = (any::<[u8; 20]>(), proptest::sample::select(Status::ALL), any::<u64>());
    let told = (proptest::collection::vec(any::<u8>(), 0..80), proptest::collection::vec(event(), 0..3));
    (outcome, told).prop_map(|((contract, status, gas), (output, events))| HookReceipt {
        contract: contract.into(),
        status,
        gas_used: Gas(gas),
        output: output.into(),
        events,
    })
}

/// A block of a transaction in each envelope, as often as there are receipts.
fn executed(mut receipts: Vec<Receipt>, hook_receipts: Vec<HookReceipt>) -> ExecutedBlock {
    let transactions: Vec<VerifiedTransaction> = (0..)
        .flat_map(|nonce| one_of_each(nonce, 3))
        .take(receipts.len())
        .map(|bytes| admit(&bytes).unwrap())
        .collect();
    let mut gas = 0;
    for (receipt, transaction) in receipts.iter_mut().zip(&transactions) {
        gas += receipt.gas_used.0;
        (receipt.cumulative_gas_used, receipt.transaction) = (Gas(gas), transaction.id());
    }
    let context = BlockContext {
        parent_hash: B256::repeat_byte(1),
        height: HEIGHT,
        time: 84,
        domain: DOMAIN,
        proposer: Address::repeat_byte(2),
        gas_limit: Gas(1_000_000_000),
        base_gas_price: 1,
        fee_burn_ppm: 500_000,
        state_root: B256::repeat_byte(3),
        parent_signers: ParentSigners::unknown(),
    };
    ExecutedBlock::new(Block::new(context, transactions), hook_receipts, receipts, ChangeSet::new())
}

fn row_of(executed: &ExecutedBlock) -> Vec<u8> {
    row(&executed.header(), executed)
}

/// What the state after a block with these hook receipts holds.
fn commitment(receipts: &[HookReceipt]) -> HookCommitment {
    let hash = HookReceipt::hash_all(HEIGHT, receipts);
    HookCommitment::Entry((!receipts.is_empty()).then(|| Bytes::copy_from_slice(hash.as_slice())))
}

/// Reads the row of the sample.
fn read(row: &[u8]) -> Result<StoredBlock, Fault> {
    StoredBlock::read(row, HEIGHT, &DOMAIN, &commitment(sample().hook_receipts()))
}

fn refusal(row: &[u8]) -> String {
    read(row).unwrap_err().to_string()
}

/// Puts the hash of a changed body behind it.
fn sealed(body: &Body) -> Vec<u8> {
    let mut row = body.encode();
    let hash = blake3::hash(&row);
    row.extend_from_slice(hash.as_bytes());
    row
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_is_what_was_written(
        receipts in proptest::collection::vec(receipt(), 0..12),
        hooks in proptest::collection::vec(hook_receipt(), 0..4),
    ) {
        let executed = executed(receipts, hooks.clone());
        let block = StoredBlock::read(&row_of(&executed), HEIGHT, &DOMAIN, &commitment(&hooks)).unwrap();
        prop_assert_eq!(block.hook_receipts(), executed.hook_receipts());
        prop_assert_eq!(block.header(), &executed.header());
        prop_assert_eq!(block.hash(), executed.header().hash_slow());
        prop_assert_eq!(block.receipts(), executed.receipts());
        let transactions = executed.block().transactions().iter().map(VerifiedTransaction::transaction);
        prop_assert!(block.transactions().iter().eq(transactions));
    }

    #[test]
    fn case_112_a_flipped_bit_of_a_block_is_found(
        receipts in proptest::collection::vec(receipt(), 1..4),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut row = row_of(&executed(receipts, sample().hook_receipts().to_vec()));
        let place = place.index(row.len());
        row[place] ^= 1 << bit;
        // Even without the state.
        prop_assert!(StoredBlock::read(&row, HEIGHT, &DOMAIN, &HookCommitment::Pruned).is_err());
        row.truncate(place);
        prop_assert!(StoredBlock::read(&row, HEIGHT, &DOMAIN, &HookCommitment::Pruned).is_err());
    }
}

fn sample() -> ExecutedBlock {
    let receipt = Receipt {
        status: Status::Success,
        gas_used: Gas(21_000),
        cumulative_gas_used: Gas(0),
        fee: Balance::new(21_000),
        transaction: B256::ZERO,
        sender: Address::repeat_byte(4),
        contract: None,
        output: Bytes::new(),
        events: vec![Event { contract: Address::repeat_byte(5), topics: vec![], data: Bytes::from_static(b"told") }],
    };
    let hook = HookReceipt {
        contract: Address::repeat_byte(6),
        status: Status::Success,
        gas_used: Gas(100),
        output: Bytes::from_static(b"done"),
        events: vec![Event { contract: Address::repeat_byte(6), topics: vec![], data: Bytes::from_static(b"epoch") }],
    };
    executed(vec![receipt; 6], vec![hook; 2])
}

#[test]
fn a_block_of_another_height_or_chain_is_not_read() {
    let row = row_of(&sample());
    assert!(read(&row).is_ok());
    let hooks = commitment(sample().hook_receipts());
    let error = StoredBlock::read(&row, HEIGHT + 1, &DOMAIN, &hooks).unwrap_err();
    assert_eq!(error.to_string(), "stored block is corrupt: its header is of another height");
    let other = Domain { chain_id: DOMAIN.chain_id + 1, ..DOMAIN };
    assert!(matches!(StoredBlock::read(&row, HEIGHT, &other, &hooks), Err(Fault::Corrupt { what: "block", .. })));
}

/// What the refusal says, and what is done to the body.
type Damage = (&'static str, fn(&mut Body));

#[test]
fn a_body_with_its_right_hash_must_hold_what_the_header_commits_to() {
    let row = row_of(&sample());
    let body = || Body::decode_all(&mut &row[..row.len() - HASH_BYTES]).unwrap();
    assert!(read(&sealed(&body())).is_ok());
    let changes: [Damage; 12] = [
        ("those that the state commits to", |body| body.hook_receipts[1].events[0].data = Bytes::from_static(b"other")),
        ("those that the state commits to", |body| body.hook_receipts[0].gas_used = Gas(101)),
        ("those that the state commits to", |body| body.hook_receipts[0].status = Status::Reverted),
        ("those that the state commits to", |body| body.hook_receipts.truncate(1)),
        ("those that the state commits to", |body| body.hook_receipts.clear()),
        ("what its header commits to", |body| body.transactions.swap(0, 1)),
        ("what its header commits to", |body| body.receipts[2].events[0].data[0] ^= 1),
        ("what its header commits to", |body| body.receipts[5].gas_used += 1),
        ("what its header commits to", |body| body.receipts[0].status = Status::Reverted.code()),
        ("not a receipt for each", |body| body.receipts.truncate(5)),
        ("unknown status", |body| body.receipts[1].status = u8::MAX),
        ("another height", |body| body.header.push(0)),
    ];
    for (expected, change) in changes {
        let mut body = body();
        change(&mut body);
        let found = refusal(&sealed(&body));
        assert!(found.contains(expected), "{found}, not {expected}");
    }
}

#[test]
fn hook_receipts_of_a_block_without_hooks_are_not_read() {
    let hooks = sample().hook_receipts().to_vec();
    let silent = HookCommitment::Entry(None);
    let read = |row: &[u8], hooks: &HookCommitment| StoredBlock::read(row, HEIGHT, &DOMAIN, hooks);
    assert!(read(&row_of(&executed(vec![], vec![])), &silent).is_ok());
    assert!(read(&row_of(&executed(vec![], hooks.clone())), &silent).is_err());
    assert!(read(&row_of(&executed(vec![], vec![])), &commitment(&hooks)).is_err());
    // Of a height whose state is pruned, the hash of the row speaks alone.
    let pruned = read(&row_of(&executed(vec![], hooks.clone())), &HookCommitment::Pruned).unwrap();
    assert_eq!(pruned.hook_receipts(), hooks);
}

#[test]
fn the_layout_is_the_described_one() {
    let executed = executed(sample().receipts()[..1].to_vec(), sample().hook_receipts()[..1].to_vec());
    let (header, raw) = (executed.header(), executed.block().transactions()[0].raw().to_vec());
    let mut encoded = Vec::new();
    header.encode(&mut encoded);
    let event = ([5_u8; 20], Vec::<[u8; 32]>::new(), b"told".to_vec());
    let receipt = (0_u8, 21_000_u64, 21_000_u128, [4_u8; 20], None::<[u8; 20]>, Vec::<u8>::new(), vec![event]);
    let told = ([6_u8; 20], Vec::<[u8; 32]>::new(), b"epoch".to_vec());
    let hook = ([6_u8; 20], 0_u8, 100_u64, b"done".to_vec(), vec![told]);
    let mut expected = (encoded, vec![raw], vec![receipt], vec![hook]).encode();
    let hash = *blake3::hash(&expected).as_bytes();
    expected.extend_from_slice(&hash);
    assert_eq!(row_of(&executed), expected);
}
