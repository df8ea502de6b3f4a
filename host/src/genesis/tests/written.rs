//! Files as text: any file reads back as it was written, with comments or without.

use alloy_primitives::{Address, B256, FixedBytes};
use florin_runtime::ledger::Balance;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::genesis::schema::{KEYS, SECTIONS};
use crate::genesis::{
    Allocation, Chain, Contract, Emission, GenesisFile, HookEntry, Owners, Party, Profile, Recipient, Registry, Rights,
    Slashing, SplitRow, Staking, ValidatorEntry, VestingTerms,
};

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::new)
}

fn amount() -> impl Strategy<Value = Balance> {
    prop_oneof![any::<u128>(), (0..u128::MAX >> 40).prop_map(|mdt| mdt * 1_000_000_000)].prop_map(Balance::new)
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![select(&Contract::ALL[..]).prop_map(Party::Contract), address().prop_map(Party::Account)]
}

fn recipient() -> impl Strategy<Value = Recipient> {
    use Recipient::{ClaimingValidators, Miners, Treasury, Validators};
    prop_oneof![select(&[Miners, Validators, ClaimingValidators, Treasury][..]), address().prop_map(Recipient::Account)]
}

fn chain() -> impl Strategy<Value = Chain> {
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u32>(), any::<u64>());
    (numbers, amount(), amount(), option::of(address())).prop_map(|(numbers, gas_price, max_supply, proposer)| {
        let (id, time, epoch_blocks, fee_burn_ppm, block_gas_limit) = numbers;
        Chain { id, time, epoch_blocks, gas_price, fee_burn_ppm, block_gas_limit, max_supply, proposer }
    })
}

fn emission() -> impl Strategy<Value = Emission> {
    let row = (recipient(), any::<u32>()).prop_map(|(recipient, share_ppm)| SplitRow { recipient, share_ppm });
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
    (amount(), numbers, any::<[u32; 4]>(), vec(row, 0..4)).prop_map(|(base, numbers, ppm, split)| Emission {
        base,
        halving_epochs: numbers.0,
        quality_threshold_ppm: ppm[0],
        tasks_full: numbers.1,
        tasks_weight_ppm: ppm[1],
        difficulty_weight_ppm: ppm[2],
        participation_weight_ppm: ppm[3],
        claim_window_blocks: numbers.2,
        split,
    })
}

fn slashing() -> impl Strategy<Value = Slashing> {
    (any::<u64>(), any::<u64>(), any::<[u32; 6]>()).prop_map(|(jail_blocks, history_blocks, ppm)| Slashing {
        jail_blocks,
        history_blocks,
        rate_ppm: ppm[0],
        double_sign_ppm: ppm[1],
        invalid_vote_ppm: ppm[2],
        downtime_ppm: ppm[3],
        reporter_ppm: ppm[4],
        burned_ppm: ppm[5],
    })
}

fn hook() -> impl Strategy<Value = HookEntry> {
    // Any text: whether it is a message is another question.
    (party(), any::<String>(), any::<u64>()).prop_map(|(contract, message, gas_limit)| HookEntry {
        contract,
        message,
        gas_limit,
    })
}

fn allocation() -> impl Strategy<Value = Allocation> {
    let terms = (amount(), any::<u64>(), any::<u64>(), any::<bool>());
    let vesting = terms.prop_map(|(at_start, cliff_blocks, length_blocks, revocable)| VestingTerms {
        at_start,
        cliff_blocks,
        length_blocks,
        revocable,
    });
    (party(), amount(), option::of(vesting)).prop_map(|(address, amount, vesting)| Allocation {
        address,
        amount,
        vesting,
    })
}

fn validator() -> impl Strategy<Value = ValidatorEntry> {
    let keys = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (address(), keys, amount(), any::<u32>()).prop_map(|(address, (key, r, s), stake, commission_ppm)| ValidatorEntry {
        address,
        key: B256::new(key),
        possession: FixedBytes::from_slice(&[r, s].concat()),
        stake,
        commission_ppm,
    })
}

fn file() -> impl Strategy<Value = GenesisFile> {
    let owners = (vec(address(), 0..4), any::<u32>()).prop_map(|(members, required)| Owners { members, required });
    let staking =
        (amount(), any::<u64>()).prop_map(|(min_stake, unbonding_blocks)| Staking { min_stake, unbonding_blocks });
    let registry = (amount(), any::<u32>()).prop_map(|(fee, miners_max)| Registry { fee, miners_max });
    let rights = (vec(party(), 0..4), vec(party(), 0..4)).prop_map(|(mint, burn)| Rights { mint, burn });
    let parameters = (chain(), owners, emission(), staking, slashing(), registry, rights);
    let lists = (vec(hook(), 0..4), vec(allocation(), 0..4), vec(validator(), 0..3));
    (parameters, lists).prop_map(|(parameters, (hooks, allocations, validators))| {
        let (chain, owners, emission, staking, slashing, registry, capabilities) = parameters;
        GenesisFile {
            chain,
            owners,
            emission,
            staking,
            slashing,
            registry,
            capabilities,
            hooks,
            allocations,
            validators,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_file_reads_back_as_it_was_written(file in file()) {
        let text = file.to_toml();
        prop_assert_eq!(&GenesisFile::parse(&text).unwrap(), &file, "{}", text);
        let text = file.to_commented_toml();
        prop_assert_eq!(&GenesisFile::parse(&text).unwrap(), &file, "{}", text);
    }
}

#[test]
fn every_key_has_its_comment_once_and_right_above_it() {
    let text = Profile::Dev.to_toml();
    let lines: Vec<&str> = text.lines().collect();
    for key in KEYS {
        let comment = format!("# {} [{}]", key.meaning, key.unit);
        let places: Vec<usize> = (0..lines.len()).filter(|place| lines[*place] == comment).collect();
        let [place] = places[..] else { panic!("{}: {places:?}", key.path) };
        let name = key.path.rsplit('.').next().unwrap();
        assert!(lines[place + 1].starts_with(&format!("{name} = ")), "{}: {}", key.path, lines[place + 1]);
    }
    for section in SECTIONS {
        let comment = format!("# {}", section.meaning);
        let place = lines.iter().position(|line| **line == comment).unwrap();
        let name = section.path.replace("[]", "");
        let header = [format!("[{name}]"), format!("[[{name}]]")];
        assert!(header.iter().any(|header| header == lines[place + 1]), "{}: {}", section.path, lines[place + 1]);
    }
}

#[test]
fn a_template_shows_what_it_lacks_and_takes_it() {
    let text = Profile::Mainnet.to_toml();
    assert_eq!(GenesisFile::parse(&text).unwrap(), GenesisFile::new(Profile::Mainnet));
    let chain = text.split("\n\n").find(|part| part.contains("\n[chain]\n")).unwrap();
    assert!(chain.ends_with("# who proposes blocks and gets the rest of the fees [address]\n# proposer ="), "{chain}");
    // Somebody fills in the example of the allocations, and a validator behind it.
    let filled: String = text
        .lines()
        .skip_while(|line| !line.contains("First balances"))
        .skip(1)
        .take_while(|line| !line.starts_with("# The validators"))
        .map(|line| format!("{}\n", line.trim_start_matches("# ").trim_start_matches('#')))
        .collect();
    let file = GenesisFile::parse(&format!("{text}\n{filled}")).unwrap();
    assert_eq!(file.allocations.len(), 2, "{filled}");
    assert!(file.allocations[1].vesting.is_some());
}
