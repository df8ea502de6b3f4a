//! Which transactions may stand in a block, and which blocks may follow the head.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::limits;
use florin_runtime::{
    block::{Block, BlockContext, BlockError},
    execution::sequential,
    fault::Fault,
    gas::Gas,
    ledger::{Account, Balance},
    signature::VerifiedTransaction,
    state::{State, StateKey, StateReader},
    transaction::{GasPrice, Rejection},
};
use parity_scale_codec::{Decode, Encode};

use crate::world::{FUNDS, World, user};

/// Returns a user's transfers with nonces in order from the account's own.
fn transfers(world: &World, index: usize, values: &[u128]) -> Vec<VerifiedTransaction> {
    let mut body = world.body(index, Some(user(3)), 0, vec![]);
    body.gas_limit = Gas(21_000);
    let first = body.nonce;
    let one = |(place, value): (u64, &u128)| {
        body.value = Balance::new(*value);
        body.nonce = first + place;
        world.signed(index, &body)
    };
    (0..).zip(values).map(one).collect()
}

/// Returns what a block of these transactions is refused for, by whoever checks it.
fn refused(world: &World, transactions: Vec<VerifiedTransaction>) -> (usize, Rejection) {
    let context = world.propose(vec![]).0.context().clone();
    match world.chain.execute(&Block::new(context, transactions)) {
        Err(BlockError::Transaction { index, rejection }) => (index, rejection),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn case_67_what_a_drained_sender_cannot_pay_is_in_no_block() {
    let mut world = World::new();
    let drain = FUNDS - 21_000;
    let transactions = transfers(&world, 0, &[drain, 0]);
    let (block, rejected) = world.propose(transactions.clone());
    let sender = user(0);
    let unpaid = Rejection::InsufficientFunds { sender, required: Balance::new(21_000), available: Balance::ZERO };
    assert_eq!(rejected, [(1, unpaid.clone())]);
    assert_eq!(refused(&world, transactions.clone()), (1, unpaid), "a block that has it is invalid as a whole");
    let committed = world.run(&block);
    assert!(committed.receipts()[0].status.is_success());
    assert_eq!(world.balance(user(0)), 0);
    let (_, rejected) = world.propose(transactions[1..].to_vec());
    assert!(matches!(rejected[..], [(0, Rejection::InsufficientFunds { .. })]), "{rejected:?}");
}

/// A state in which one account is a contract.
struct WithCode {
    state: State,
    account: Address,
}

impl StateReader for WithCode {
    fn get(&self, key: &StateKey) -> Result<Option<Bytes>, Fault> {
        let value = self.state.get(key)?;
        if *key != StateKey::account(self.account) {
            return Ok(value);
        }
        let mut account = Account::decode(&mut &value.unwrap()[..]).unwrap();
        account.code_hash = Some(B256::repeat_byte(1));
        Ok(Some(account.encode().into()))
    }

    fn next(&self, prefix: &[u8], after: &[u8]) -> Result<Option<StateKey>, Fault> {
        self.state.next(prefix, after)
    }
}

#[test]
fn whoever_has_a_key_for_a_contracts_address_sends_nothing() {
    let world = World::new();
    let (block, _) = world.propose(transfers(&world, 0, &[1]));
    let base = |account| Arc::new(WithCode { state: world.chain.memory().unwrap().clone(), account });
    let refused = sequential::execute(base(user(0)), world.chain.vm(), &block).unwrap_err();
    let expected = Rejection::SenderIsContract { sender: user(0) };
    assert!(matches!(refused, BlockError::Transaction { index: 0, rejection } if rejection == expected));
    assert!(sequential::execute(base(user(1)), world.chain.vm(), &block).is_ok());
}

#[test]
fn money_that_arrives_within_a_block_is_spent_from_the_next_one_on() {
    let mut world = World::new();
    let give = transfers(&world, 0, &[FUNDS / 2]).remove(0);
    let spend = |world: &World| transfers(world, 3, &[FUNDS + FUNDS / 4]).remove(0);
    let (block, rejected) = world.propose(vec![give, spend(&world)]);
    assert!(matches!(rejected[..], [(1, Rejection::InsufficientFunds { .. })]), "{rejected:?}");
    world.run(&block);
    let (block, rejected) = world.propose(vec![spend(&world)]);
    assert_eq!((block.transactions().len(), rejected), (1, vec![]));
}

#[test]
fn case_69_a_duplicate_makes_the_block_invalid() {
    let world = World::new();
    let transaction = transfers(&world, 0, &[1]).remove(0);
    let refusal = refused(&world, vec![transaction.clone(), transaction]);
    assert_eq!(refusal, (1, Rejection::NonceTooLow { expected: 1, actual: 0 }));
}

#[test]
fn a_nonce_gap_stands_in_no_block() {
    let world = World::new();
    let transactions = transfers(&world, 0, &[1, 2, 3]);
    let gap = Rejection::NonceGap { expected: 1, actual: 2 };
    assert_eq!(refused(&world, vec![transactions[0].clone(), transactions[2].clone()]), (1, gap.clone()));
    let (block, rejected) = world.propose(vec![transactions[0].clone(), transactions[2].clone()]);
    assert_eq!((block.transactions().len(), rejected), (1, vec![(1, gap)]));
}

#[test]
fn case_38_gas_limits_together_fit_the_block_and_the_rest_waits() {
    let world = World::with(|genesis| genesis.block_gas_limit = Gas(63_000));
    let transactions = transfers(&world, 0, &[1, 2, 3, 4, 5]);
    let proposal = world.chain.propose(transactions.clone(), 1).unwrap();
    assert_eq!(proposal.rejected, []);
    assert_eq!(proposal.block.transactions(), &transactions[..3]);
    assert_eq!(proposal.deferred, &transactions[3..]);
    let full = Rejection::BlockFull { gas_left: Gas(0), actual: Gas(21_000) };
    assert_eq!(refused(&world, transactions), (3, full));

    let mut body = world.body(1, Some(user(2)), 0, vec![]);
    body.gas_limit = Gas(63_001);
    let greedy = world.signed(1, &body);
    let too_high = Rejection::GasLimitTooHigh { block_gas_limit: Gas(63_000), actual: Gas(63_001) };
    assert_eq!(refused(&world, vec![greedy]), (0, too_high));
}

#[test]
fn case_38_of_ten_thousand_transactions_that_each_claim_the_maximum_a_block_takes_one() {
    let world = World::with(|genesis| genesis.block_gas_limit = Gas(30_000_000));
    let mut body = world.body(0, Some(user(3)), 1, vec![]);
    body.gas_limit = Gas(30_000_000);
    let mut one = |nonce| {
        body.nonce = nonce;
        world.signed(0, &body)
    };
    let mut transactions: Vec<_> = (0..9_999).map(&mut one).collect();
    transactions.extend(transfers(&world, 1, &[1]));

    let propose = || world.chain.propose(transactions.clone(), 1).unwrap();
    let proposal = propose();
    assert_eq!(proposal.rejected, []);
    assert_eq!(proposal.block.transactions(), &transactions[..1]);
    assert_eq!(proposal.deferred, &transactions[1..]);
    assert_eq!(propose().block, proposal.block, "packing is a function of the candidates");
    let full = Rejection::BlockFull { gas_left: Gas(0), actual: Gas(30_000_000) };
    assert_eq!(refused(&world, transactions), (1, full));
    // What was claimed and not used is not charged.
    let executed = world.chain.execute(&proposal.block).unwrap();
    assert_eq!(executed.receipts()[0].gas_used, Gas(21_000));
}

#[test]
fn a_block_has_a_maximum_of_transactions() {
    let world = World::with(|genesis| genesis.block_gas_limit = Gas(u64::MAX));
    let count = limits::BLOCK_TRANSACTIONS_MAX as usize;
    let transactions = transfers(&world, 0, &vec![0; count + 1]);
    let proposal = world.chain.propose(transactions.clone(), 1).unwrap();
    assert_eq!((proposal.block.transactions().len(), proposal.deferred.len()), (count, 1));
    assert!(matches!(refused(&world, transactions), (index, Rejection::BlockFull { .. }) if index == count));
}

#[test]
fn a_transaction_pays_at_least_its_intrinsic_gas_and_the_base_price() {
    let world = World::with(|genesis| genesis.gas_price = 2);
    let mut body = world.body(0, Some(user(1)), 0, vec![1; 10]);
    body.gas_price = GasPrice::flat(2);
    body.gas_limit = Gas(21_159);
    let too_low = Rejection::GasLimitTooLow { required: Gas(21_160), actual: Gas(21_159) };
    assert_eq!(refused(&world, vec![world.signed(0, &body)]), (0, too_low));
    body.gas_limit = Gas(21_160);
    body.gas_price = GasPrice::flat(1);
    let too_cheap = Rejection::GasPriceTooLow { base: 2, max: 1 };
    assert_eq!(refused(&world, vec![world.signed(0, &body)]), (0, too_cheap));
    body.gas_price = GasPrice::flat(2);
    assert_eq!(world.propose(vec![world.signed(0, &body)]).1, []);
}

/// Two chains in one process: the same chain id, so that an Ethereum envelope decodes for both, and another genesis.
#[test]
fn a_transaction_that_another_chain_decoded_is_refused_by_proposer_and_verifier() {
    let (here, there) = (World::new(), World::with(|genesis| genesis.time = 1));
    let expected = here.chain.domain();
    let foreign = transfers(&there, 0, &[1]);
    let rejection = Rejection::OtherDomain { expected, actual: there.chain.domain() };
    assert_eq!(here.propose(foreign.clone()).1, [(0, rejection.clone())]);
    assert_eq!(refused(&here, foreign.clone()), (0, rejection));

    // Its bytes name the chain id only: decoded here, they are this chain's.
    let decoded = here.chain.decode(foreign[0].raw()).unwrap();
    assert_eq!(decoded.domain(), expected);
    assert_eq!(here.propose(vec![here.chain.verify(vec![decoded]).remove(0).unwrap()]).1, []);
}

#[test]
fn a_block_follows_the_head_in_every_field() {
    let mut world = World::new();
    world.block(vec![]);
    let context = world.propose(vec![]).0.context().clone();
    type Change = fn(&mut BlockContext);
    let differing: [(&str, Change); 10] = [
        ("parent", |context| context.parent_hash = B256::ZERO),
        ("height", |context| context.height += 1),
        ("time", |context| context.time = 0),
        ("chain", |context| context.domain.chain_id += 1),
        ("chain", |context| context.domain.genesis_hash = B256::ZERO),
        ("proposer", |context| context.proposer = Address::ZERO),
        ("gas limit", |context| context.gas_limit = Gas(u64::MAX)),
        ("base gas price", |context| context.base_gas_price = 0),
        ("burned part of the fees", |context| context.fee_burn_ppm = 0),
        ("state root", |context| context.state_root = B256::ZERO),
    ];
    for (expected, change) in differing {
        let mut context = context.clone();
        change(&mut context);
        let refusal = world.chain.execute(&Block::new(context, vec![])).unwrap_err();
        assert!(matches!(refusal, BlockError::Context { field } if field == expected), "{refusal}");
    }
    assert!(world.chain.execute(&Block::new(context, vec![])).is_ok());
}

#[test]
fn transactions_as_bytes_go_the_whole_way_and_the_bad_ones_are_told_by_their_place() {
    let mut world = World::new();
    let [first, second] = <[VerifiedTransaction; 2]>::try_from(transfers(&world, 0, &[1, 2])).unwrap();
    let mut forged = second.raw().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let garbage = Bytes::from_static(b"\x02no transaction");
    let offered = [garbage, first.raw().clone(), forged.into(), first.raw().clone(), second.raw().clone()];
    let produced = world.chain.produce(&offered, 1).unwrap();
    let ids: Vec<B256> = produced.block.receipts().iter().map(|receipt| receipt.transaction).collect();
    assert_eq!(ids, [first.id(), second.id()]);
    assert_eq!((world.chain.height(), produced.deferred.len()), (1, 0));
    let places: Vec<usize> = produced.rejected.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 2, 3]);
    assert_eq!(produced.rejected[2].1, Rejection::NonceTooLow { expected: 1, actual: 0 });
    world.check_supply();
}

#[test]
fn a_block_that_was_executed_on_another_head_is_not_committed() {
    let mut world = World::new();
    let (block, _) = world.propose(transfers(&world, 0, &[1]));
    let executed = world.chain.execute(&block).unwrap();
    world.block(vec![]);
    assert!(world.chain.commit(executed).is_err());
}

#[test]
fn a_header_carries_the_root_of_the_state_that_the_block_starts_from() {
    let mut world = World::new();
    let first_root = world.chain.state_root();
    let genesis_hash = world.chain.head_hash();
    let first = world.block(transfers(&world, 0, &[1]));
    assert_eq!(first.header().state_root, first_root.hash());
    assert_eq!((first.header().number, first.header().parent_hash), (1, genesis_hash));
    assert_eq!(first.header().gas_used, 21_000);
    assert_eq!(first.header().base_fee_per_gas, Some(1_000_000_000), "1 ledger wei is 10^9 of Ethereum's wei");
    let second = world.block(vec![]);
    assert_eq!(second.header().state_root, first.state_root().hash());
    assert_eq!(second.header().parent_hash, first.hash());
    assert_eq!(second.header().transactions_root, alloy_consensus::EMPTY_ROOT_HASH);
    assert_eq!(second.header().receipts_root, alloy_consensus::EMPTY_ROOT_HASH);
}

#[test]
fn a_clock_that_steps_back_does_not_stop_the_chain() {
    let mut world = World::with(|genesis| genesis.time = 1_000);
    for expected in 1_001..1_004 {
        let proposal = world.chain.propose(vec![], 5).unwrap();
        let committed = world.run(&proposal.block);
        assert_eq!(committed.header().timestamp, expected);
    }
}
