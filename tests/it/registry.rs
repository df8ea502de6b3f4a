//! The registry, as Wasm on the chain, with the stakes of the staking contract.

use florin_registry::{EpochFinalized, MetricsAccepted, RegistryError};
use florin_sandbox::{Account, Address, B256, Client, ExpectRevert, Gas};
use florin_tokenomics::Ppm;
use florin_tokenomics::commitment::Commitment;
use florin_tokenomics::weights::{Voice, by_sum, weighted_score};

use crate::economy::{Economy, FEE, MDT};

const MINERS: u32 = 70;

impl Economy {
    /// Registers miners; returns them by slot.
    fn register_miners(&self) -> Vec<Address> {
        (0..MINERS)
            .map(|number| {
                let miner = self.sandbox.account(&format!("miner {number}"));
                assert_eq!(self.registry.by(&miner).register().value(FEE).send().unwrap(), number);
                miner.address()
            })
            .collect()
    }

    fn commit(&self, validator: &Account, epoch: u64, weights: &[u32]) {
        self.registry.by(validator).commit(self.commitment(validator, epoch, weights)).send().unwrap();
    }

    /// The commitment to weights, as a client computes it.
    fn commitment(&self, validator: &Account, epoch: u64, weights: &[u32]) -> B256 {
        let head = Commitment {
            chain_id: self.sandbox.domain().chain_id,
            contract: self.registry.address().into_array(),
            epoch,
            validator: validator.address().into_array(),
            salt: [7; 32],
        };
        let bytes: Vec<u8> = words(weights).iter().flat_map(|word| word.0).collect();
        alloy_primitives::keccak256(head.encode(&bytes))
    }
}

/// Weights as words of 8.
fn words(weights: &[u32]) -> Vec<B256> {
    let word = |part: &[u32]| {
        let mut bytes: Vec<u8> = part.iter().flat_map(|ppm| ppm.to_be_bytes()).collect();
        bytes.resize(32, 0);
        B256::from_slice(&bytes)
    };
    weights.chunks(8).map(word).collect()
}

#[test]
fn weights_become_scores_in_bounded_steps_by_the_stakes_of_their_epoch() {
    let (economy, validators) = Economy::with_validators([("ann", 300), ("bob", 200), ("eve", 100)]);
    let miners = economy.register_miners();
    assert_eq!(economy.balance(economy.pool), u128::from(MINERS) * FEE);
    let epoch = economy.next_epoch();
    // Epochs without weights.
    economy.registry.by(&economy.owner).finalize(100).send().unwrap();
    let row = |seed: u128| {
        let numbers: Vec<u128> = (0..u128::from(MINERS)).map(|slot| slot * slot * seed % 101).collect();
        by_sum(&numbers).unwrap().iter().map(|ppm| ppm.get()).collect::<Vec<u32>>()
    };
    let rows = [row(7), row(13), row(29)];
    for (validator, weights) in validators.iter().zip(&rows) {
        economy.commit(validator, epoch, weights);
    }
    economy.next_epoch();
    for (validator, weights) in validators.iter().zip(&rows) {
        economy.registry.by(validator).reveal(B256::repeat_byte(7), words(weights)).send().unwrap();
        economy.registry.by(validator).report(500, 400_000, 1_000_000, 900_000).send().unwrap();
    }
    let metrics = economy.registry.by(&validators[0]).metrics(epoch).view().unwrap();
    assert_eq!(metrics, (true, 500, 400_000, 1_000_000, 900_000));
    // Ann and bob are more than two thirds; eve's report comes after.
    economy.next_epoch();

    let anybody = economy.sandbox.account("anybody");
    let mut registry = economy.registry.by(&anybody);
    let mut calls = 0;
    while registry.next_to_finalize().view().unwrap() <= epoch {
        let call = registry.finalize(1).outcome().unwrap();
        assert!(call.receipt.gas_used < Gas(1_500_000), "{:?}", call.receipt.gas_used);
        calls += 1;
    }
    assert!(calls > 4);
    let finalized = economy.sandbox.last_receipt().unwrap().events_of::<EpochFinalized>();
    assert_eq!((finalized[0].epoch, finalized[0].rows), (epoch, 3));
    let (is_final, pages, count, _) = registry.outcome(epoch).view().unwrap();
    assert!(is_final);
    let mut scores = Vec::new();
    for page in 0..pages {
        let (page, ppm) = registry.scores(epoch, page).view().unwrap();
        scores.extend(page.into_iter().zip(ppm));
    }
    assert!(scores.is_sorted());
    assert_eq!(scores.len(), count as usize);
    for (slot, miner) in miners.iter().enumerate() {
        let stakes = [300, 200, 100].map(|stake| stake * MDT);
        let voices: Vec<_> =
            rows.iter().zip(stakes).map(|(row, stake)| Voice { weight: Ppm::new(row[slot]).unwrap(), stake }).collect();
        let score = scores.iter().find(|(known, _)| known == miner).map_or(0, |(_, ppm)| *ppm);
        assert_eq!(score, weighted_score(&voices).get());
    }
}

#[test]
fn copied_commitments_outsiders_and_reports_without_quorum_come_to_nothing() {
    let (economy, [ann, bob]) = Economy::with_validators([("ann", 200), ("bob", 100)]);
    let eve = economy.sandbox.account("eve");
    economy.registry.by(&eve).register().value(FEE).send().unwrap();
    let epoch = economy.next_epoch();
    let error = economy.registry.by(&eve).commit(B256::ZERO).send().expect_revert();
    assert_eq!(*error, RegistryError::NoStake { validator: eve.address(), epoch });
    economy.commit(&ann, epoch, &[1_000_000]);
    let copied = economy.sandbox.last_receipt().unwrap().events_of::<florin_registry::WeightsCommitted>()[0].commitment;
    economy.registry.by(&bob).commit(copied).send().unwrap();
    economy.next_epoch();
    let weights = words(&[1_000_000]);
    economy.registry.by(&ann).reveal(B256::repeat_byte(7), weights.clone()).send().unwrap();
    let error = economy.registry.by(&bob).reveal(B256::repeat_byte(7), weights).send().expect_revert();
    assert_eq!(*error, RegistryError::NoCommitment { validator: bob.address(), epoch });
    // Two thirds are no quorum.
    economy.registry.by(&ann).report(1, 2, 3, 4).send().unwrap();
    assert!(!economy.registry.by(&ann).metrics(epoch).view().unwrap().0);
    economy.registry.by(&bob).report(1, 2, 3, 4).send().unwrap();
    let accepted = economy.sandbox.last_receipt().unwrap().events_of::<MetricsAccepted>();
    let expected = MetricsAccepted { epoch, tasks: 1, difficulty: 2, participation: 3, quality: 4 };
    assert_eq!(accepted, [expected]);
}

#[test]
fn a_step_over_the_weights_of_fifty_validators_is_bounded() {
    let economy = Economy::new();
    let miners = economy.register_miners();
    let validators: Vec<Account> = (0..50)
        .map(|number| {
            let account = economy.sandbox.account(&format!("validator {number}"));
            let (key, possession) = economy.possession(&account);
            economy.staking.by(&account).register(key, possession, 0).value(100 * MDT).send().unwrap();
            account
        })
        .collect();
    let epoch = economy.next_epoch();
    economy.registry.by(&economy.owner).finalize(100).send().unwrap();
    let weights = by_sum(&(0..u128::from(MINERS)).map(|slot| slot + 1).collect::<Vec<_>>()).unwrap();
    let weights: Vec<u32> = weights.iter().map(|ppm| ppm.get()).collect();
    let many = |call: &dyn Fn(&Account) -> florin_sdk::client::RawCall| {
        for group in validators.chunks(10) {
            let mut block = economy.sandbox.block();
            for validator in group {
                block.push(&economy.sandbox.by(validator), &call(validator)).unwrap();
            }
            for outcome in block.mine().unwrap() {
                assert!(outcome.unwrap().status.is_success());
            }
        }
    };
    many(&|validator| {
        economy.registry.by(validator).commit(economy.commitment(validator, epoch, &weights)).raw().clone()
    });
    economy.next_epoch();
    many(&|validator| economy.registry.by(validator).reveal(B256::repeat_byte(7), words(&weights)).raw().clone());
    economy.next_epoch();
    let mut registry = economy.registry.by(&validators[0]);
    let mut gas = Vec::new();
    while registry.next_to_finalize().view().unwrap() <= epoch {
        gas.push(registry.finalize(1).outcome().unwrap().receipt.gas_used);
    }
    // An epoch without weights, two chunks of slots, two pages of miners, the end.
    let largest = gas.iter().max().unwrap();
    assert!(*largest < Gas(3_000_000), "{gas:?}");
    let (_, pages, count, total) = registry.outcome(epoch).view().unwrap();
    assert_eq!((pages, count as usize), (2, miners.len()));
    assert_eq!(total, 1_000_000);
}
