//! What a file says, what is wrong with one, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

mod documented;
mod written;

use alloy_primitives::Address;
use florin_runtime::gas::GasSchedule;
use florin_runtime::ledger::{Balance, WEI_PER_MDT};

use super::{Contract, GenesisFile, Mistake, Party, Profile, Recipient, ValidatorEntry};
use crate::keys::ConsensusKey;

/// Returns the mistakes with their keys after a change of the file for development.
fn mistakes(change: impl FnOnce(&mut GenesisFile)) -> Vec<(String, Mistake)> {
    let mut file = GenesisFile::new(Profile::Dev);
    change(&mut file);
    assert_eq!(file.build().is_err(), !file.problems().is_empty());
    file.problems().into_iter().map(|problem| (problem.key, problem.mistake)).collect()
}

/// Returns the key and the text of the one problem of a text.
fn refused(text: &str) -> (Option<usize>, String, Mistake) {
    let mut problems = GenesisFile::parse(text).unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems.remove(0);
    (problem.line, problem.key, problem.mistake)
}

#[test]
fn the_file_for_development_is_complete_and_its_balances_are_what_it_allocates() {
    let file = GenesisFile::new(Profile::Dev);
    assert_eq!(file.problems(), []);
    let genesis = file.build().unwrap();
    let sum: u128 = genesis.allocations.iter().map(|(_, balance)| balance.wei()).sum();
    assert_eq!(sum, file.allocations.iter().map(|entry| entry.amount.wei()).sum::<u128>());
    let treasury = genesis.allocations.iter().find(|(address, _)| *address == Contract::Treasury.address());
    assert_eq!(treasury.unwrap().1, Balance::new(1_100_000 * WEI_PER_MDT), "its own and what vests");
    assert!(genesis.state(&GasSchedule::default()).is_ok());
    assert_eq!((genesis.contracts.len(), genesis.calls.len(), genesis.hooks.len()), (9, 5, 3));
}

#[test]
fn a_template_names_the_pieces_that_only_operators_know() {
    for profile in [Profile::Testnet, Profile::Mainnet] {
        let file = GenesisFile::new(profile);
        let missing: Vec<String> = file.problems().into_iter().map(|problem| problem.key).collect();
        assert_eq!(missing, ["chain.proposer", "owners.members", "validators"]);
        assert!(file.problems().iter().all(|problem| matches!(problem.mistake, Mistake::Missing { .. })));
    }
}

#[test]
fn every_profile_reads_back_as_it_was_written() {
    for profile in Profile::ALL {
        let file = GenesisFile::new(profile);
        assert_eq!(GenesisFile::parse(&file.to_toml()).unwrap(), file, "{}", file.to_toml());
    }
    let short = GenesisFile::parse("[chain]\nid = 1947\n").unwrap();
    assert_eq!(short.chain.id, 1947);
    assert_eq!(short.emission, GenesisFile::default().emission, "what is left out is as defined");
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_one_that_was_meant() {
    let text = "[chain]\nid = 1\n\n[emission]\nhalving_epoch = 3\n";
    let (line, key, mistake) = refused(text);
    assert_eq!((line, key.as_str()), (Some(5), "emission.halving_epoch"));
    assert_eq!(mistake, Mistake::UnknownKey { similar: Some("emission.halving_epochs") });
    assert_eq!(mistake.help(), "did you mean `emission.halving_epochs`?");
    let (line, key, mistake) = refused("[[allocations]]\naddress = \"treasury\"\namount = \"1 MDT\"\nnote = 1\n");
    assert_eq!((line, key.as_str()), (Some(4), "allocations[0].note"));
    assert_eq!(mistake, Mistake::UnknownKey { similar: None });
    assert_eq!(refused("[chian]\nid = 1\n").2, Mistake::UnknownKey { similar: Some("chain") });
}

#[test]
fn a_value_of_another_kind_is_named_with_its_line_and_its_key() {
    let place = |text: &str| {
        let (line, key, mistake) = refused(text);
        let Mistake::Value { message } = mistake else { panic!("{mistake:?}") };
        (line.unwrap(), key, message)
    };
    let (line, key, message) = place("[chain]\nid = 1\ngas_price = 7\n");
    assert_eq!((line, key.as_str()), (3, "chain.gas_price"));
    assert!(message.contains("an amount as text, such as \"100 MDT\""), "{message}");
    let (line, key, message) = place("[staking]\nmin_stake = \"100 mdt\"\n");
    assert_eq!((line, key.as_str()), (2, "staking.min_stake"));
    assert!(message.contains("`mdt` is no unit"), "{message}");
    let allocation = "[[allocations]]\naddress = \"treasury\"\namount = \"1 MDT\"\n";
    let text = format!("{allocation}\n[[allocations]]\namount = \"1 MDT\"\naddress = \"0x12\"\n");
    let (line, key, message) = place(&text);
    assert_eq!((line, key.as_str()), (7, "allocations[1].address"));
    assert!(message.contains("42 characters"), "{message}");
    let (line, _, message) = place("[[hooks]]\nmessage = \"onBlock()\"\n");
    assert_eq!(line, 1);
    assert!(message.contains("missing field `contract`"), "{message}");
    let (line, key, message) = place("[capabilities]\nmint = [\"emision\"]\n");
    assert_eq!((line, key.as_str()), (2, "capabilities.mint"));
    assert!(message.contains("there is no contract `emision`"), "{message}");
    let (line, _, mistake) = refused("[chain]\nid = \n");
    assert!(line == Some(2) && matches!(mistake, Mistake::Syntax { .. }), "{mistake:?}");
}

#[test]
fn an_address_whose_checksum_is_wrong_is_refused() {
    let text = GenesisFile::new(Profile::Dev).to_toml();
    let line = text.lines().find(|line| line.starts_with("proposer")).unwrap();
    // The first letter, in the other case.
    let at =
        line.char_indices().skip_while(|(_, c)| *c != 'x').skip(1).find(|(_, c)| c.is_ascii_alphabetic()).unwrap().0;
    let mut wrong = line.to_owned();
    let other = if wrong.as_bytes()[at].is_ascii_lowercase() {
        wrong[at..=at].to_uppercase()
    } else {
        wrong[at..=at].to_lowercase()
    };
    wrong.replace_range(at..=at, &other);
    let (_, key, mistake) = refused(&text.replace(line, &wrong));
    assert_eq!(key, "chain.proposer");
    assert!(matches!(&mistake, Mistake::Value { message } if message.contains("checksum")), "{mistake:?}");
}

#[test]
fn shares_and_weights_must_be_one_whole() {
    let split = mistakes(|file| file.emission.split[1].share_ppm = 399_999);
    assert_eq!(split, [("emission.split".to_owned(), Mistake::NotWhole { sum: 999_999 })]);
    let weights = mistakes(|file| file.emission.tasks_weight_ppm = 600_000);
    assert_eq!(weights, [("emission.tasks_weight_ppm".to_owned(), Mistake::NotWhole { sum: 1_100_000 })]);
    let nobody = mistakes(|file| file.emission.split[2].recipient = Recipient::Miners);
    assert_eq!(nobody, [("emission.split".to_owned(), Mistake::TreasuryRows { rows: 0 })]);
}

#[test]
fn what_is_listed_twice_is_named_with_the_first_place() {
    let twice = mistakes(|file| {
        let again = file.allocations[2].clone();
        file.allocations.push(again);
    });
    let [(key, Mistake::Twice { first, .. })] = &twice[..] else { panic!("{twice:?}") };
    assert_eq!((key.as_str(), first.as_str()), ("allocations[16].address", "allocations[2]"));
    let owner = mistakes(|file| file.owners.members[2] = file.owners.members[0]);
    assert!(matches!(&owner[..], [(key, Mistake::Twice { .. })] if key == "owners.members[2]"), "{owner:?}");
    let validators = mistakes(|file| file.validators[1].key = file.validators[0].key);
    assert!(validators.iter().any(|(key, mistake)| key == "validators[1]" && matches!(mistake, Mistake::Twice { .. })));
}

#[test]
fn a_validator_needs_its_key_its_stake_and_enough_of_it() {
    let other_chain = mistakes(|file| file.chain.id = 7);
    assert_eq!(other_chain.len(), 4, "every proof was made for another chain");
    assert!(other_chain.iter().all(|(_, mistake)| matches!(mistake, Mistake::Possession { chain_id: 7, .. })));
    let poor = mistakes(|file| file.validators[3].stake = Balance::new(10_001 * WEI_PER_MDT));
    let [(key, Mistake::StakeNotAllocated { allocated, .. })] = &poor[..] else { panic!("{poor:?}") };
    assert_eq!((key.as_str(), allocated.wei()), ("validators[3].stake", 10_000 * WEI_PER_MDT));
    let small = mistakes(|file| file.validators[0].stake = Balance::new(99 * WEI_PER_MDT));
    assert!(matches!(&small[..], [(key, Mistake::StakeTooSmall { .. })] if key == "validators[0].stake"), "{small:?}");
    let stranger = mistakes(|file| {
        let key = ConsensusKey::derive(9, "validator", 0).unwrap();
        let address = Address::repeat_byte(7);
        file.validators.push(ValidatorEntry::new(1_947, address, &key, Balance::new(200 * WEI_PER_MDT), 0));
    });
    assert!(matches!(&stranger[..], [(key, Mistake::StakeNotAllocated { .. })] if key == "validators[4].stake"));
}

#[test]
fn supply_gas_and_contracts_that_cannot_be_are_refused() {
    let supply = mistakes(|file| file.chain.max_supply = Balance::new(WEI_PER_MDT));
    assert!(matches!(&supply[..], [(key, Mistake::SupplyExceeded { .. })] if key == "allocations"), "{supply:?}");
    let gas = mistakes(|file| file.hooks[1].gas_limit = 990_000_000);
    let expected = Mistake::HookGas { asked: 1_010_000_000, limit: 1_000_000_000 };
    assert_eq!(gas, [("hooks".to_owned(), expected)]);
    let no_hook = mistakes(|file| drop(file.hooks.remove(0)));
    assert_eq!(no_hook, [("hooks".to_owned(), Mistake::Needed { contract: "slashing" })]);
    let no_right = mistakes(|file| file.capabilities.mint.clear());
    assert_eq!(no_right, [("capabilities.mint".to_owned(), Mistake::Needed { contract: "emission" })]);
    let message = mistakes(|file| file.hooks[0].message = "onBlock(uint64)".to_owned());
    assert!(matches!(&message[0], (key, Mistake::Message { .. }) if key == "hooks[0].message"), "{message:?}");
    let grant = mistakes(|file| {
        file.allocations[15].vesting.as_mut().unwrap().at_start = Balance::new(u128::MAX);
    });
    assert!(matches!(&grant[..], [(key, Mistake::Grant { .. })] if key == "allocations[15].vesting"), "{grant:?}");
}

#[test]
fn all_problems_are_found_with_the_lines_of_the_file() {
    let mut file = GenesisFile::new(Profile::Dev);
    file.emission.split[0].share_ppm = 1;
    file.validators[1].stake = Balance::new(1);
    file.allocations[1].address = Party::Contract(Contract::Treasury);
    let text = file.to_toml();
    let problems = GenesisFile::parse(&text).unwrap().problems_in(&text);
    for (key, expected) in [
        ("emission.split", "[[emission.split]]"),
        ("allocations[1].address", "address = \"treasury\""),
        ("validators[1].stake", "stake = \"1 wei\""),
    ] {
        let problem = problems.iter().find(|problem| problem.key == key).unwrap();
        let line = text.lines().nth(problem.line.unwrap() - 1).unwrap();
        assert_eq!(line, expected, "{key}");
    }
}
