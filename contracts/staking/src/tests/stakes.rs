//! Stake that comes and goes: registration, delegation, unbonding, withdrawal.

use florin_sdk::vote::Possession;
use florin_sdk::{Address, B256};

use super::{
    CHAIN_ID, EPOCH_BLOCKS, MDT, MIN_STAKE, PURSE, Scene, UNBONDING_BLOCKS, key, possession, public, refused, sign,
};
use crate::{Delegated, Staking, StakingError, Unbonded, ValidatorChanged, Withdrawn};

#[test]
fn a_validator_registers_with_its_key_and_its_own_stake() {
    let scene = Scene::new();
    scene.register("ann", MIN_STAKE, 50_000).unwrap();
    let ann = scene.native.account("ann");
    let key = public(&key("ann"));
    let known = scene.by(ann).validator(ann).view().unwrap();
    assert_eq!(known, (key, MIN_STAKE, MIN_STAKE, 50_000, 0, true));
    assert_eq!((scene.balance(), scene.native.balance(ann)), (MIN_STAKE, PURSE - MIN_STAKE));
    let delegated = Delegated { validator: ann, delegator: ann, amount: MIN_STAKE };
    assert_eq!(scene.native.events_of::<Delegated>(), [delegated]);
    let changed = ValidatorChanged { validator: ann, epoch: 2, stake: MIN_STAKE, commission: 50_000 };
    assert_eq!(scene.native.events_of::<ValidatorChanged>(), [changed]);
}

#[test]
fn a_registration_needs_the_minimum_a_ratio_and_a_key_of_its_own() {
    let scene = Scene::new();
    let below = StakingError::BelowMinimum { stake: MIN_STAKE - 1, min_stake: MIN_STAKE };
    assert_eq!(scene.register("ann", MIN_STAKE - 1, 0), Err(below));
    assert_eq!(scene.register("ann", MIN_STAKE, 1_000_001), Err(StakingError::InvalidParameter));
    scene.register("ann", MIN_STAKE, 1_000_000).unwrap();
    let ann = scene.native.account("ann");
    assert_eq!(scene.register("ann", MIN_STAKE, 0), Err(StakingError::AlreadyRegistered));

    // Nobody else registers with ann's key: not with her statement, nor with one of his own.
    let bob = scene.account("bob");
    let stolen = |possession| scene.by(bob).register(public(&key("ann")), possession, 0).value(MIN_STAKE).send();
    for possession in [possession("ann", ann), possession("ann", bob)] {
        assert_eq!(*stolen(possession).unwrap_err().reverted().unwrap(), StakingError::KeyTaken);
    }
}

#[test]
fn a_proof_of_possession_is_bound_to_key_validator_and_chain() {
    let scene = Scene::new();
    let bob = scene.account("bob");
    let bobs = public(&key("bob"));
    let statement = |chain_id, validator: Address, key: B256| {
        Possession { chain_id, validator: validator.into_array(), key: key.0 }.encode()
    };
    let wrong = [
        sign("bob", &statement(CHAIN_ID + 1, bob, bobs)),
        sign("bob", &statement(CHAIN_ID, scene.account("ann"), bobs)),
        sign("bob", &statement(CHAIN_ID, bob, public(&key("ann")))),
        sign("ann", &statement(CHAIN_ID, bob, bobs)),
        [B256::ZERO; 2],
    ];
    for possession in wrong {
        let register = scene.by(bob).register(bobs, possession, 0).value(MIN_STAKE).send();
        assert_eq!(*register.unwrap_err().reverted().unwrap(), StakingError::InvalidPossession);
    }
    assert_eq!(scene.balance(), 0);
}

#[test]
fn a_stake_counts_from_the_next_epoch_and_what_counted_stays() {
    let scene = Scene::new();
    scene.register("ann", MIN_STAKE, 0).unwrap();
    let ann = scene.native.account("ann");
    assert_eq!([1, 2, 9].map(|epoch| scene.effective(ann, epoch)), [0, MIN_STAKE, MIN_STAKE]);
    let bob = scene.account("bob");
    // The last block of an epoch, and the first of the next.
    scene.native.set_height(3 * EPOCH_BLOCKS - 1);
    scene.delegate(ann, bob, 7).unwrap();
    scene.native.set_height(3 * EPOCH_BLOCKS);
    scene.delegate(ann, bob, 5).unwrap();
    let counted = [1, 2, 3, 4, 5].map(|epoch| scene.effective(ann, epoch));
    assert_eq!(counted, [0, MIN_STAKE, MIN_STAKE + 7, MIN_STAKE + 12, MIN_STAKE + 12]);
    assert_eq!([1, 2, 3, 4].map(|epoch| scene.total(epoch)), [0, MIN_STAKE, MIN_STAKE + 7, MIN_STAKE + 12]);
    assert_eq!(scene.stake(ann, bob), 12);
}

#[test]
fn what_is_done_in_the_genesis_counts_from_epoch_0() {
    let scene = Scene::new();
    scene.native.set_height(0);
    scene.register("ann", MIN_STAKE, 20_000).unwrap();
    let ann = scene.native.account("ann");
    assert_eq!((scene.effective(ann, 0), scene.total(0)), (MIN_STAKE, MIN_STAKE));
}

#[test]
fn unbonding_takes_its_blocks_from_the_end_of_the_epoch_on() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.delegate(ann, bob, 50).unwrap();
    scene.native.set_height(34);
    let ready = scene.unbond(ann, bob, 20).unwrap();
    assert_eq!(ready, 40 + UNBONDING_BLOCKS);
    assert_eq!((scene.stake(ann, bob), scene.bonded(ann)), (30, MIN_STAKE + 30));
    // It counts to the end of the epoch.
    assert_eq!([3, 4].map(|epoch| scene.effective(ann, epoch)), [MIN_STAKE + 50, MIN_STAKE + 30]);
    assert_eq!(scene.by(bob).unbonding(ann, bob).view(), Ok((ready, 20)));
    scene.native.set_height(ready - 1);
    assert_eq!(scene.withdraw(ann, bob), 0);
    scene.native.set_height(ready);
    assert_eq!((scene.withdraw(ann, bob), scene.withdraw(ann, bob)), (20, 0));
    assert_eq!(scene.native.balance(bob), PURSE - 30);
    assert_eq!(scene.native.events_of::<Unbonded>(), [Unbonded { validator: ann, delegator: bob, amount: 20, ready }]);
    assert_eq!(scene.native.events_of::<Withdrawn>(), [Withdrawn { validator: ann, delegator: bob, amount: 20 }]);
    assert_eq!(scene.by(bob).unbonding(ann, bob).view(), Ok((0, 0)));
}

#[test]
fn entries_of_one_epoch_are_one_and_the_oldest_are_withdrawn_first() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.delegate(ann, bob, 1_000).unwrap();
    for epoch in 3..80 {
        scene.enter_epoch(epoch);
        scene.by(scene.rewards).close_epoch(epoch - 1).send().unwrap();
        scene.unbond(ann, bob, 1).unwrap();
        scene.unbond(ann, bob, 2).unwrap();
    }
    let held = scene.native.balance(bob);
    scene.enter_epoch(100);
    // 64 entries of 3 wei, then the other 13.
    assert_eq!([scene.withdraw(ann, bob), scene.withdraw(ann, bob), scene.withdraw(ann, bob)], [192, 39, 0]);
    assert_eq!(scene.native.balance(bob), held + 231);
}

#[test]
fn a_validators_own_stake_is_the_minimum_or_nothing() {
    let (scene, [ann]) = Scene::with_validators([("ann", 2 * MIN_STAKE)]);
    let below = StakingError::BelowMinimum { stake: MIN_STAKE - 1, min_stake: MIN_STAKE };
    assert_eq!(scene.unbond(ann, ann, MIN_STAKE + 1), Err(below));
    scene.unbond(ann, ann, MIN_STAKE).unwrap();
    assert_eq!(scene.effective(ann, 3), MIN_STAKE);
    // A delegator stays when the validator goes; the stake does not count any more.
    let bob = scene.account("bob");
    scene.delegate(ann, bob, 5 * MDT).unwrap();
    scene.unbond(ann, ann, MIN_STAKE).unwrap();
    assert_eq!((scene.effective(ann, 3), scene.total(3), scene.stake(ann, bob)), (0, 0, 5 * MDT));
    assert_eq!(scene.unbond(ann, bob, 5 * MDT), Ok(3 * EPOCH_BLOCKS + UNBONDING_BLOCKS));
    // It comes back with its own stake.
    scene.delegate(ann, ann, MIN_STAKE).unwrap();
    assert_eq!(scene.effective(ann, 3), MIN_STAKE);
}

#[test]
fn nothing_is_no_stake_and_more_than_there_is_is_not_unbonded() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    assert_eq!(scene.delegate(ann, bob, 0), Err(StakingError::ZeroAmount));
    assert_eq!(scene.unbond(ann, bob, 0), Err(StakingError::ZeroAmount));
    assert_eq!(scene.unbond(ann, bob, 1), Err(StakingError::InsufficientStake { amount: 1, stake: 0 }));
    scene.delegate(ann, bob, 1).unwrap();
    assert_eq!(scene.unbond(ann, bob, 2), Err(StakingError::InsufficientStake { amount: 2, stake: 1 }));
    assert_eq!(scene.unbond(ann, bob, u128::MAX), Err(StakingError::InsufficientStake { amount: u128::MAX, stake: 1 }));
    assert_eq!(scene.delegate(bob, bob, 1), Err(StakingError::UnknownValidator { validator: bob }));
    assert_eq!(scene.unbond(bob, bob, 1), Err(StakingError::UnknownValidator { validator: bob }));
    assert_eq!(scene.balance(), MIN_STAKE + 1);
}

#[test]
fn a_contract_without_addresses_epochs_or_terms_is_not_created() {
    let scene = Scene::new();
    let [a, b] = [Address::repeat_byte(1), Address::repeat_byte(2)];
    let wrong = [
        (Address::ZERO, b, 10, 1, 1),
        (a, Address::ZERO, 10, 1, 1),
        (a, b, 0, 1, 1),
        (a, b, 10, 0, 1),
        (a, b, 10, 1, 0),
    ];
    for args in wrong {
        let error = scene.native.deploy::<Staking>(scene.account("ann"), &args).unwrap_err();
        assert_eq!(*error.reverted().unwrap(), StakingError::InvalidParameter);
    }
}

#[test]
fn a_change_of_parameters_counts_from_the_next_epoch() {
    let (scene, [ann]) = Scene::with_validators([("ann", MIN_STAKE)]);
    let bob = scene.account("bob");
    scene.delegate(ann, bob, 10).unwrap();
    let slashing = scene.by(scene.slashing);
    let mut slashing = slashing;
    refused(slashing.set_parameters(MIN_STAKE + 1, 7)).unwrap();
    assert_eq!(slashing.parameters(2).view(), Ok((MIN_STAKE, UNBONDING_BLOCKS)));
    assert_eq!(slashing.parameters(3).view(), Ok((MIN_STAKE + 1, 7)));
    // Unbonded now: by the terms of now.
    assert_eq!(scene.unbond(ann, bob, 1), Ok(3 * EPOCH_BLOCKS + UNBONDING_BLOCKS));
    scene.enter_epoch(3);
    assert_eq!(scene.unbond(ann, bob, 1), Ok(4 * EPOCH_BLOCKS + 7));
    assert_eq!(scene.by(bob).unbonding(ann, bob).view(), Ok((3 * EPOCH_BLOCKS + UNBONDING_BLOCKS, 1)));
}
