//! The slashing contract, as Wasm on the chain, with genuine ed25519 signatures of another implementation.

use florin_sandbox::{Account, Address, B256, Client, ExpectRevert};
use florin_slashing::{Punished, SlashingError};

use crate::economy::{EPOCH_BLOCKS, Economy, MDT, UNBONDING_BLOCKS};

/// Two block hashes.
const BLOCKS: [B256; 2] = [B256::repeat_byte(1), B256::repeat_byte(2)];

impl Economy {
    /// Reports two votes for different blocks, each signed with the key of a name.
    fn report(
        &self,
        by: &Account,
        validator: &Account,
        (height, view): (u64, u64),
        [one, other]: [(B256, &str); 2],
    ) -> Result<u128, SlashingError> {
        let votes = [one, other].map(|(hash, name)| (hash, self.vote(name, height, view, hash)));
        let mut slashing = self.slashing.by(by);
        let [(hash_a, signature_a), (hash_b, signature_b)] = votes;
        let call =
            slashing.report_double_sign(validator.address(), height, view, hash_a, signature_a, hash_b, signature_b);
        match call.send() {
            Ok(slashed) => Ok(slashed),
            refused @ Err(_) => Err(*refused.expect_revert()),
        }
    }
}

#[test]
fn case_100_genuine_votes_are_punished_and_forged_ones_are_not() {
    let (economy, [ann, bob]) = Economy::with_validators([("ann", 200), ("bob", 100)]);
    let eve = economy.sandbox.account("eve");
    economy.sandbox.advance(1).unwrap();
    let at = (economy.sandbox.height(), 3);
    let [a, b] = BLOCKS;
    for names in [["ann", "bob"], ["bob", "ann"], ["eve", "eve"]] {
        let forged = economy.report(&eve, &ann, at, [(a, names[0]), (b, names[1])]);
        assert_eq!(forged, Err(SlashingError::InvalidSignature));
    }
    assert_eq!(economy.report(&eve, &ann, at, [(a, "ann"), (a, "ann")]), Err(SlashingError::NotConflicting));
    assert_eq!(economy.report(&eve, &ann, at, [(a, "ann"), (B256::ZERO, "ann")]), Err(SlashingError::NotConflicting));
    assert_eq!(economy.report(&eve, &bob, at, [(a, "ann"), (b, "ann")]), Err(SlashingError::InvalidSignature));
    // Signed for another chain.
    let foreign = |hash: B256| {
        let chain_id = economy.sandbox.domain().chain_id + 1;
        let vote = florin_sdk::vote::Vote { chain_id, height: at.0, view: at.1, block_hash: hash.0 };
        crate::economy::sign("ann", &vote.encode())
    };
    let mut slashing = economy.slashing.by(&eve);
    let call = slashing.report_double_sign(ann.address(), at.0, at.1, a, foreign(a), b, foreign(b));
    assert_eq!(*call.send().expect_revert(), SlashingError::InvalidSignature);

    let supply = economy.sandbox.supply().unwrap();
    let (before, contract) = (economy.balance(&eve), economy.staking.address());
    assert_eq!(economy.report(&eve, &ann, at, [(a, "ann"), (b, "ann")]), Ok(20 * MDT));
    assert_eq!(economy.balance(&eve), before + MDT - economy.fee());
    assert_eq!((economy.balance(contract), economy.balance(economy.pool)), (280 * MDT, 10 * MDT));
    let burned = economy.sandbox.supply().unwrap().burned_by_contracts.wei() - supply.burned_by_contracts.wei();
    assert_eq!(burned, 9 * MDT);
    let event = &economy.sandbox.last_receipt().unwrap().events_of::<Punished>()[0];
    assert_eq!(event.rewarded + event.burned + event.recycled, event.amount);
}

#[test]
fn case_101_votes_in_another_order_or_from_another_reporter_are_the_same_offence() {
    let (economy, [ann]) = Economy::with_validators([("ann", 200)]);
    let [eve, joe] = economy.sandbox.accounts(["eve", "joe"]);
    let height = economy.sandbox.height() + 1;
    economy.sandbox.advance(1).unwrap();
    let [a, b] = BLOCKS.map(|hash| (hash, "ann"));
    // Two reports in one block: one slash, one reward.
    let signed = |by: &Account, [one, other]: [(B256, &str); 2]| {
        let sign = |(hash, name): (B256, &str)| economy.vote(name, height, 0, hash);
        let mut slashing = economy.slashing.by(by);
        let (one, other) = ((one.0, sign(one)), (other.0, sign(other)));
        slashing.report_double_sign(ann.address(), height, 0, one.0, one.1, other.0, other.1).raw().clone()
    };
    let mut block = economy.sandbox.block();
    let [by_eve, by_joe] = [&eve, &joe].map(|account| economy.sandbox.by(account));
    block.push(&by_eve, &signed(&eve, [a, b])).unwrap();
    block.push(&by_joe, &signed(&joe, [b, a])).unwrap();
    let outcomes = block.mine().unwrap();
    assert!(outcomes[0].as_ref().unwrap().status.is_success());
    let again = SlashingError::AlreadyPunished { validator: ann.address(), height };
    assert_eq!(*outcomes[1].as_ref().unwrap().expect_revert::<Box<SlashingError>>(), again);
    assert_eq!(economy.report(&joe, &ann, (height, 0), [b, a]), Err(again));
    assert_eq!(economy.holding(&ann, &ann).0, 180 * MDT);
    assert_eq!(economy.slashing.by(&joe).slashed_within(ann.address(), 0).view().unwrap(), (1, 20 * MDT));
}

#[test]
fn case_102_103_an_offence_is_followed_for_the_unbonding_period_and_not_longer() {
    let (economy, [ann, _]) = Economy::with_validators([("ann", 200), ("bob", 100)]);
    let eve = economy.sandbox.account("eve");
    let height = economy.sandbox.height() + 1;
    let blocks = BLOCKS.map(|hash| (hash, "ann"));
    let future = SlashingError::FutureEvidence { height: height + 9, now: height };
    assert_eq!(economy.report(&eve, &ann, (height + 9, 0), blocks), Err(future));
    let early = SlashingError::NotEffective { validator: ann.address(), epoch: 0 };
    assert_eq!(economy.report(&eve, &ann, (1, 0), blocks), Err(early));
    // The offender takes all of it back at once. The last block in which evidence counts comes before it has it.
    let ready = economy.staking.by(&ann).unbond(ann.address(), 200 * MDT).send().unwrap();
    assert!(height + UNBONDING_BLOCKS < ready);
    let before = economy.sandbox.snapshot();
    economy.sandbox.advance_to(height + UNBONDING_BLOCKS - 1).unwrap();
    assert_eq!(economy.report(&eve, &ann, (height, 0), blocks), Ok(20 * MDT));
    economy.sandbox.advance_to(ready).unwrap();
    assert_eq!(economy.staking.by(&ann).withdraw(ann.address()).send().unwrap(), 180 * MDT);
    economy.sandbox.revert(&before);
    economy.sandbox.advance_to(height + UNBONDING_BLOCKS).unwrap();
    let stale = SlashingError::StaleEvidence { height, now: height + UNBONDING_BLOCKS + 1 };
    assert_eq!(economy.report(&eve, &ann, (height, 0), blocks), Err(stale));
}

#[test]
fn case_107_the_chains_and_the_owners_messages_listen_to_nobody_else() {
    let (economy, [ann]) = Economy::with_validators([("ann", 100)]);
    let only = |allowed: Address| SlashingError::Unauthorized { allowed };
    let mut anns = economy.slashing.by(&ann);
    let system = only(florin_sdk::SYSTEM);
    assert_eq!(*anns.on_block().send().expect_revert(), system);
    assert_eq!(*anns.on_refused(1, BLOCKS[0]).send().expect_revert(), system);
    let owner = only(economy.owner.address());
    assert_eq!(*anns.set_parameters(florin_slashing::DEFAULTS).send().expect_revert(), owner);
    assert_eq!(*anns.set_staking_parameters(1, 1).send().expect_revert(), owner);
    // The owner's change reaches staking with the next epoch.
    let epoch = economy.epoch();
    economy.slashing.by(&economy.owner).set_staking_parameters(50 * MDT, 70).send().unwrap();
    let mut staking = economy.staking.by(&ann);
    assert_eq!(staking.parameters(epoch).view().unwrap(), (100 * MDT, UNBONDING_BLOCKS));
    assert_eq!(staking.parameters(epoch + 1).view().unwrap(), (50 * MDT, 70));
    assert_eq!(EPOCH_BLOCKS, 10);
}
