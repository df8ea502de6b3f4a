//! Rows of blocks: what is read is what was written, and nothing else is read.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use proptest::prelude::*;

use super::*;
use crate::block::{Block, BlockContext, ExecutedBlock, ParentSigners};
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

/// A block of a transaction in each envelope, as often as there are receipts.
fn executed(mut receipts: Vec<Receipt>) -> ExecutedBlock {
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
    ExecutedBlock::new(Block::new(context, transactions), Vec::new(), receipts, ChangeSet::new())
}

fn row_of(executed: &ExecutedBlock) -> Vec<u8> {
    row(&executed.header(), executed.block().transactions(), executed.receipts())
}

fn refusal(row: &[u8]) -> String {
    StoredBlock::read(row, HEIGHT, &DOMAIN).unwrap_err().to_string()
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
    fn what_is_read_is_what_was_written(receipts in proptest::collection::vec(receipt(), 0..12)) {
        let executed = executed(receipts);
        let block = StoredBlock::read(&row_of(&executed), HEIGHT, &DOMAIN).unwrap();
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
        let mut row = row_of(&executed(receipts));
        let place = place.index(row.len());
        row[place] ^= 1 << bit;
        prop_assert!(StoredBlock::read(&row, HEIGHT, &DOMAIN).is_err());
        row.truncate(place);
        prop_assert!(StoredBlock::read(&row, HEIGHT, &DOMAIN).is_err());
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
    executed(vec![receipt; 6])
}

#[test]
fn a_block_of_another_height_or_chain_is_not_read() {
    let row = row_of(&sample());
    assert!(StoredBlock::read(&row, HEIGHT, &DOMAIN).is_ok());
    let error = StoredBlock::read(&row, HEIGHT + 1, &DOMAIN).unwrap_err();
    assert_eq!(error.to_string(), "stored block is corrupt: its header is of another height");
    let other = Domain { chain_id: DOMAIN.chain_id + 1, ..DOMAIN };
    assert!(matches!(StoredBlock::read(&row, HEIGHT, &other), Err(Fault::Corrupt { what: "block", .. })));
}

/// What the refusal says, and what is done to the body.
type Damage = (&'static str, fn(&mut Body));

#[test]
fn a_body_with_its_right_hash_must_hold_what_the_header_commits_to() {
    let row = row_of(&sample());
    let body = || Body::decode_all(&mut &row[..row.len() - HASH_BYTES]).unwrap();
    assert!(StoredBlock::read(&sealed(&body()), HEIGHT, &DOMAIN).is_ok());
    let changes: [Damage; 7] = [
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
fn the_layout_is_the_described_one() {
    let executed = executed(sample().receipts()[..1].to_vec());
    let (header, raw) = (executed.header(), executed.block().transactions()[0].raw().to_vec());
    let mut encoded = Vec::new();
    header.encode(&mut encoded);
    let event = ([5_u8; 20], Vec::<[u8; 32]>::new(), b"told".to_vec());
    let receipt = (0_u8, 21_000_u64, 21_000_u128, [4_u8; 20], None::<[u8; 20]>, Vec::<u8>::new(), vec![event]);
    let mut expected = (encoded, vec![raw], vec![receipt]).encode();
    let hash = *blake3::hash(&expected).as_bytes();
    expected.extend_from_slice(&hash);
    assert_eq!(row_of(&executed), expected);
}
