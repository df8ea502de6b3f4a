//! Random stories of stakes, rewards and slashes beside a model in plain Rust.
//!
//! The model has nothing in common with the contract: no shares, no index, no pools. It keeps, as exact fractions, what each account
//! has bonded, what it has unbonded in each epoch, what counted of it in each epoch, and gives each reward to every account at once.
//! So it tells what everybody is to have exactly. The contract rounds down: it may give an account less, by a few wei, and never
//! gives all together more than came in.

use std::collections::BTreeMap;

use florin_sdk::{Address, Client};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

use super::{EPOCH_BLOCKS, MDT, MIN_STAKE, Scene, UNBONDING_BLOCKS};

const NAMES: [&str; 4] = ["ann", "joe", "bob", "eve"];
/// The first of the names are validators.
const VALIDATORS: usize = 2;
/// What roundings may add up to over a story, in wei.
const DRIFT: i64 = 64;

#[derive(Clone, Debug)]
enum Step {
    Delegate {
        validator: usize,
        account: usize,
        amount: u128,
    },
    /// Takes back parts per million of what there is.
    Unbond {
        validator: usize,
        account: usize,
        ppm: u32,
    },
    Withdraw {
        validator: usize,
        account: usize,
    },
    Claim {
        validator: usize,
        account: usize,
    },
    /// Slashes for an offence some epochs back, by parts of 10^12.
    Slash {
        validator: usize,
        back: u64,
        ratio: u64,
    },
    /// Ends the epoch; pays each validator that counted in it.
    Reward {
        amount: u128,
    },
    Pass {
        epochs: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let pair = || (0..VALIDATORS, 0..NAMES.len());
    let amount = || prop_oneof![1..100_u128, MDT..=1_000 * MDT];
    prop_oneof![
        4 => (pair(), amount()).prop_map(|((validator, account), amount)| Step::Delegate { validator, account, amount }),
        4 => (pair(), 1..=1_000_000_u32).prop_map(|((validator, account), ppm)| Step::Unbond { validator, account, ppm }),
        2 => pair().prop_map(|(validator, account)| Step::Withdraw { validator, account }),
        2 => pair().prop_map(|(validator, account)| Step::Claim { validator, account }),
        1 => (0..VALIDATORS, 0..3_u64, 0..200_000_000_000_u64).prop_map(|(validator, back, ratio)| Step::Slash { validator, back, ratio }),
        5 => amount().prop_map(|amount| Step::Reward { amount }),
        1 => (1..12_u64).prop_map(|epochs| Step::Pass { epochs }),
    ]
}

fn wei(amount: u128) -> BigRational {
    BigRational::from_integer(BigInt::from(amount))
}

/// What an account has with a validator.
#[derive(Clone, Debug, Default)]
struct Holding {
    bonded: BigRational,
    owed: BigRational,
    /// Epoch of unbonding to what is left of it.
    leaving: BTreeMap<u64, BigRational>,
    /// Parts of the validator's stake that count from an epoch on.
    parts: BTreeMap<u64, BigRational>,
}

struct Model {
    epoch: u64,
    holdings: BTreeMap<(usize, usize), Holding>,
}

impl Model {
    fn of(&mut self, validator: usize, account: usize) -> &mut Holding {
        self.holdings.entry((validator, account)).or_default()
    }

    fn bonded(&self, validator: usize) -> BigRational {
        let own = self.holdings.iter().filter(|((of, _), _)| *of == validator);
        own.fold(wei(0), |sum, (_, holding)| sum + &holding.bonded)
    }

    /// Writes what counts of a validator from the next epoch on.
    fn count(&mut self, validator: usize) {
        let (next, total) = (self.epoch + 1, self.bonded(validator));
        for ((of, _), holding) in &mut self.holdings {
            if *of == validator && total > wei(0) {
                holding.parts.insert(next, &holding.bonded / &total);
            }
        }
    }

    fn reward(&mut self, validator: usize, epoch: u64, amount: u128) {
        for ((of, _), holding) in &mut self.holdings {
            if *of == validator
                && let Some((_, part)) = holding.parts.range(..=epoch).next_back()
            {
                holding.owed += part * wei(amount);
            }
        }
    }

    /// Takes an amount from all that is bonded or was unbonded in an epoch and later.
    fn slash(&mut self, validator: usize, epoch: u64, amount: u128) {
        let own = self.holdings.iter().filter(|((of, _), _)| *of == validator);
        let left =
            own.flat_map(|(_, holding)| holding.leaving.range(epoch..)).fold(wei(0), |sum, (_, left)| sum + left);
        let total = self.bonded(validator) + left;
        if total == wei(0) {
            return;
        }
        let kept = wei(1) - wei(amount) / total;
        for ((of, _), holding) in &mut self.holdings {
            if *of == validator {
                holding.bonded *= &kept;
                holding.leaving.range_mut(epoch..).for_each(|(_, left)| *left *= &kept);
            }
        }
    }
}

/// Does a step on both; what the contract refuses happens on neither.
fn play(scene: &Scene, model: &mut Model, addresses: [Address; NAMES.len()], step: &Step) {
    match *step {
        Step::Delegate { validator, account, amount } => {
            if scene.delegate(addresses[validator], addresses[account], amount).is_ok() {
                model.of(validator, account).bonded += wei(amount);
                model.count(validator);
            }
        }
        Step::Unbond { validator, account, ppm } => {
            let stake = scene.stake(addresses[validator], addresses[account]);
            let amount = stake * u128::from(ppm) / 1_000_000;
            if scene.unbond(addresses[validator], addresses[account], amount).is_ok() {
                let epoch = model.epoch;
                let holding = model.of(validator, account);
                holding.bonded -= wei(amount);
                if amount == stake {
                    holding.bonded = wei(0);
                }
                *holding.leaving.entry(epoch).or_insert_with(|| wei(0)) += wei(amount);
                model.count(validator);
            }
        }
        Step::Withdraw { validator, account } => {
            let paid = scene.withdraw(addresses[validator], addresses[account]);
            let waits = UNBONDING_BLOCKS / EPOCH_BLOCKS;
            let ready = model.epoch.saturating_sub(waits);
            let holding = model.of(validator, account);
            let later = holding.leaving.split_off(&ready);
            let exact =
                core::mem::replace(&mut holding.leaving, later).into_values().fold(wei(0), |sum, left| sum + left);
            agree(paid, &exact, "withdrawn");
        }
        Step::Claim { validator, account } => {
            let paid = scene.claim(addresses[validator], addresses[account]);
            agree(paid, &model.of(validator, account).owed, "claimed");
            model.of(validator, account).owed -= wei(paid);
        }
        Step::Slash { validator, back, ratio } => {
            let epoch = model.epoch.saturating_sub(back);
            let counted = scene.effective(addresses[validator], epoch);
            let amount = scene.slash(addresses[validator], epoch, ratio);
            assert!(amount <= counted * u128::from(ratio) / 1_000_000_000_000);
            model.slash(validator, epoch, amount);
            model.count(validator);
        }
        Step::Reward { amount } => {
            let epoch = model.epoch;
            model.epoch += 1;
            scene.enter_epoch(model.epoch);
            for (validator, address) in addresses.into_iter().enumerate().take(VALIDATORS) {
                if scene.effective(address, epoch) > 0 {
                    scene.reward(epoch, address, amount).unwrap();
                    model.reward(validator, epoch, amount);
                }
            }
            scene.by(scene.rewards).close_epoch(epoch).send().unwrap();
        }
        Step::Pass { epochs } => {
            model.epoch += epochs;
            scene.enter_epoch(model.epoch);
            scene.by(scene.rewards).close_epoch(model.epoch - 1).send().unwrap();
        }
    }
}

/// The contract may give less by what it rounds down, and a few wei more to one account that others lost by rounding.
fn agree(actual: u128, exact: &BigRational, what: &str) {
    let difference = (wei(actual) - exact).floor().to_integer();
    assert!(difference >= (-DRIFT).into() && difference <= DRIFT.into(), "{what}: {actual} instead of {exact}");
}

fn compare(scene: &Scene, model: &Model, addresses: [Address; NAMES.len()]) {
    let mut owned = 0;
    for ((validator, account), holding) in &model.holdings {
        let (validator, account) = (addresses[*validator], addresses[*account]);
        let (stake, owed) = (scene.stake(validator, account), scene.owed(validator, account));
        agree(stake, &holding.bonded, "stake");
        agree(owed, &holding.owed, "rewards");
        owned += stake + owed;
        owned += unbonding(scene, validator, account);
    }
    // Solvent to the wei, and nothing is left but what was rounded down.
    assert!(owned <= scene.balance(), "{owned} owed, {} held", scene.balance());
    assert!(scene.balance() - owned <= 256, "{} lost", scene.balance() - owned);
}

/// Everything that an account has unbonding: the balance that its withdrawal brings, in the far future, of a world that is put back.
fn unbonding(scene: &Scene, validator: Address, account: Address) -> u128 {
    let entries = scene.native.storage(scene.staking.address());
    let key = [&[11], validator.as_slice(), account.as_slice()].concat();
    let own = entries.iter().filter(|(found, _)| found.starts_with(&key));
    own.map(|(found, shares)| {
        let epoch = &found[key.len()..];
        let pool = [&[10], validator.as_slice(), epoch].concat();
        let (_, pool) = entries.iter().find(|(found, _)| *found == pool).unwrap();
        let number = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().unwrap());
        let worth = BigInt::from(number(shares)) * number(&pool[..16]) / number(&pool[16..32]);
        u128::try_from(worth).unwrap()
    })
    .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_stakes_agree_with_the_model_and_the_contract_is_solvent(steps in prop::collection::vec(step(), 20..60)) {
        let (scene, _) = Scene::with_validators([("ann", 10 * MIN_STAKE), ("joe", 3 * MIN_STAKE)]);
        let addresses = NAMES.map(|name| scene.account(name));
        let mut model = Model { epoch: 1, holdings: BTreeMap::new() };
        model.of(0, 0).bonded = wei(10 * MIN_STAKE);
        model.of(1, 1).bonded = wei(3 * MIN_STAKE);
        model.count(0);
        model.count(1);
        model.epoch = 2;
        scene.by(scene.rewards).close_epoch(1).send().unwrap();
        for step in &steps {
            play(&scene, &mut model, addresses, step);
            compare(&scene, &model, addresses);
        }
    }
}
