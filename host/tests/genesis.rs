//! `florin genesis` as a shell sees it: files made, checked, named, filled, and refused.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use florin::genesis::{GenesisFile, Profile};
use florin_runtime::alloy_primitives::Bytes;
use florin_runtime::genesis::GenesisContract;
use serde_json::Value;

const ACCOUNT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn florin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_florin")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

/// Returns the standard error, with the lines of a report joined.
fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ")
}

/// Runs a command that must end well; returns its standard output.
fn done(arguments: &[&str]) -> String {
    let output = florin(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file; returns its path as an argument.
    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Expects the check and the hash of a text to end with an exit code, and to say something.
    fn refused(&self, text: &str, code: i32, says: &[&str]) {
        let file = self.write("refused.toml", text);
        for command in ["check", "hash"] {
            let output = florin(&["genesis", command, &file]);
            let told = told(&output);
            assert_eq!(output.status.code(), Some(code), "{told}");
            assert!(output.stdout.is_empty());
            for part in says {
                assert!(told.contains(part), "no {part} in {told}");
            }
        }
    }
}

fn dev() -> String {
    done(&["genesis", "new"])
}

/// Returns the line of the first place where a text holds another, from 1.
fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[test]
fn a_new_file_passes_the_check_and_has_the_hash_that_the_check_tells() {
    let scene = Scene::new();
    let file = scene.path("genesis.toml");
    let file = file.to_str().unwrap();
    assert_eq!(done(&["genesis", "new", "--profile", "dev", "--output", file]), "");
    assert_eq!(fs::read_to_string(file).unwrap(), dev(), "dev is the default, and the text the same");
    let summary: Value = serde_json::from_str(&done(&["genesis", "check", file, "-o", "json"])).unwrap();
    let hash = done(&["genesis", "hash", file]);
    assert_eq!(summary["genesis_hash"], *hash.trim());
    assert_eq!(summary["chain_id"], 1947);
    assert_eq!(summary["allocated_wei"], "1240000000000000", "1,240,000 MDT");
    assert_eq!(summary["max_supply_wei"], "21000000000000000");
    assert_eq!((&summary["owners"], &summary["owners_required"]), (&3.into(), &2.into()));
    let contracts = summary["contracts"].as_array().unwrap();
    assert_eq!(contracts.len(), 9);
    for contract in contracts {
        let artifacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/artifacts");
        let code = fs::read(artifacts.join(format!("{}.wasm", contract["name"].as_str().unwrap()))).unwrap();
        let hash = florin_runtime::alloy_primitives::keccak256(&code);
        assert_eq!((&contract["bytes"], &contract["code_hash"]), (&code.len().into(), &hash.to_string().into()));
    }
    for hook in summary["hooks"].as_array().unwrap() {
        assert_eq!((&hook["status"], &hook["message"]), (&"Success".into(), &"onBlock()".into()));
        assert!(hook["gas_used"].as_u64().unwrap() > 0 && hook["gas_used"].as_u64() < hook["gas_limit"].as_u64());
    }
    let validators = summary["validators"].as_array().unwrap();
    assert_eq!(validators.len(), 4);
    assert_eq!(validators[0]["stake_wei"], "5000000000000");
    assert_eq!(summary["public_keys"].as_array().unwrap().len(), 1 + 3 + 15 + 2 * 4, "everybody has all of them");

    let table = done(&["genesis", "check", file]);
    for part in ["chain 1947", hash.trim(), "1240000 MDT allocated, 21000000 MDT at most", "2 of 3 must confirm"] {
        assert!(table.contains(part), "no {part} in {table}");
    }
    assert!(table.contains("emission.onBlock()") && table.contains("Everybody knows the secret keys"), "{table}");
}

#[test]
fn a_new_file_is_never_written_over_another() {
    let scene = Scene::new();
    let file = scene.write("genesis.toml", "mine");
    let output = florin(&["genesis", "new", "--output", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("is there already") && told(&output).contains("name another file"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_template_is_refused_with_the_pieces_that_it_lacks() {
    for profile in ["testnet", "mainnet"] {
        let text = done(&["genesis", "new", "--profile", profile]);
        Scene::new().refused(&text, 7, &["chain.proposer: this is missing", "owners.members", "validators"]);
    }
}

#[test]
fn an_operator_fills_a_template_with_the_commands_alone() {
    let scene = Scene::new();
    let key = scene.path("secret/validator.key");
    let arguments = |chain_id: &'static str| {
        let key = key.to_str().unwrap().to_owned();
        ["genesis", "validator", "--key", &key, "--chain-id", chain_id, "--address", ACCOUNT, "--stake", "200 MDT"]
            .map(str::to_owned)
    };
    let run = |chain_id| {
        let arguments = arguments(chain_id);
        let output = florin(&arguments.each_ref().map(String::as_str));
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        (String::from_utf8(output.stdout.clone()).unwrap(), told(&output))
    };
    let (entry, note) = run("1946");
    assert!(note.contains("validator.key") && note.contains("keep it"), "{note}");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read(&key).unwrap();
    assert_eq!(secret.len(), 32);
    let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!entry.contains(&hexadecimal) && !note.contains(&hexadecimal), "a secret is told");
    assert_eq!(run("1946"), (entry.clone(), String::new()), "the same key gives the same entry, without a word");

    let text = done(&["genesis", "new", "--profile", "testnet"]);
    let text = text
        .replace("# proposer =", &format!("proposer = \"{ACCOUNT}\""))
        .replace("members = []", &format!("members = [\"{ACCOUNT}\"]"))
        .replace("required = 0", "required = 1");
    let allocation = format!("[[allocations]]\naddress = \"{ACCOUNT}\"\namount = \"1000 MDT\"\n");
    let file = scene.write("genesis.toml", &format!("{text}\n{allocation}\n{entry}"));
    let table = done(&["genesis", "check", &file]);
    assert!(table.contains("chain 1946") && table.contains("200 MDT") && !table.contains("Everybody"), "{table}");

    let (other, _) = run("1945");
    let wrong = format!("{text}\n{allocation}\n{other}");
    let line = line_of(&wrong, "possession = ");
    let says = format!("refused.toml:{line}: validators[0].possession: the signature does not show that {ACCOUNT}");
    scene.refused(&wrong, 7, &[&says, "make the entry anew with `florin genesis validator`"]);
}

#[test]
fn a_network_with_keys_that_everybody_has_does_not_pass() {
    let text = done(&["genesis", "new", "--profile", "testnet"]);
    let scene = Scene::new();
    let dev = GenesisFile::new(Profile::Dev);
    let mut file = GenesisFile::parse(&text).unwrap();
    file.chain.proposer = dev.chain.proposer;
    file.owners = dev.owners;
    file.allocations = dev.allocations;
    file.validators = (0..)
        .zip(dev.validators)
        .map(|(number, entry)| {
            let key = florin::keys::ConsensusKey::derive(0, "validator", number).unwrap();
            florin::genesis::ValidatorEntry::new(1946, entry.address, &key, entry.stake, 0)
        })
        .collect();
    let file = scene.write("public.toml", &file.to_toml());
    let output = florin(&["genesis", "check", &file]);
    assert_eq!(output.status.code(), Some(7), "{}", told(&output));
    for key in ["owners.members[2]", "validators[0].address", "validators[3].key", "chain.proposer"] {
        let finding = format!("{key}: everybody knows its secret key");
        assert!(told(&output).contains(&finding), "no {finding} in {}", told(&output));
    }
}

#[test]
fn what_is_no_genesis_file_exits_with_2_and_names_line_and_key() {
    let (scene, dev) = (Scene::new(), dev());
    let text = dev.replace("halving_epochs = 210000", "halving_epoch = 210000");
    let place = format!("refused.toml:{}: emission.halving_epoch: ", line_of(&text, "halving_epoch = "));
    scene.refused(&text, 2, &[&place, "there is no such key", "did you mean `emission.halving_epochs`?"]);
    scene.refused("[chain]\nid = \n", 2, &["refused.toml:2: file: this is no TOML"]);
    scene.refused(&dev.replace("gas_price = \"1 wei\"", "gas_price = 1"), 2, &["chain.gas_price", "an amount as text"]);
    // One letter of the proposer's address in the other case.
    let proposer = dev.lines().find(|line| line.starts_with("proposer = ")).unwrap();
    let mut swapped = proposer.to_owned();
    let at = swapped.rfind(|letter: char| letter.is_ascii_lowercase()).unwrap();
    swapped.replace_range(at..=at, &proposer[at..=at].to_uppercase());
    scene.refused(&dev.replace(proposer, &swapped), 2, &["chain.proposer", "checksum"]);
    let output = florin(&["genesis", "check", "no/such.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("cannot read no/such.toml") && told(&output).contains("florin genesis new"));
    let long = "#".repeat((4 << 20) + 1);
    scene.refused(&long, 2, &["longer than the 4194304 bytes"]);
    fs::write(scene.path("binary.toml"), [0xff, 0xfe]).unwrap();
    let output = florin(&["genesis", "hash", scene.path("binary.toml").to_str().unwrap()]);
    assert!(output.status.code() == Some(2) && told(&output).contains("no UTF-8 text"), "{}", told(&output));
}

#[test]
fn a_file_that_contradicts_itself_exits_with_7_and_says_what_to_do() {
    let (scene, dev) = (Scene::new(), dev());
    let refused = |from: &str, to: &str, says: &[&str]| {
        assert!(dev.contains(from), "{from}");
        scene.refused(&dev.replacen(from, to, 1), 7, says);
    };
    refused("share_ppm = 200000", "share_ppm = 200001", &["emission.split", "sum to 1000001 ppm", "sum to 1000000"]);
    refused("max_supply = \"21000000 MDT\"", "max_supply = \"1 MDT\"", &["allocations", "allocate less"]);
    refused("stake = \"5000 MDT\"", "stake = \"10001 MDT\"", &["validators[0].stake", "is allocated 10000 MDT"]);
    refused("stake = \"5000 MDT\"", "stake = \"99 MDT\"", &["validators[0].stake", "stake more"]);
    refused("\ngas_limit = 100000000", "\ngas_limit = 990000000", &["hooks", "1010000000 gas", "lower the gas limits"]);
    refused("id = 1947", "id = 7", &["validators[0].possession", "validators[3].possession", "on chain 7"]);
    refused("mint = [\"emission\"]", "mint = []", &["capabilities.mint: emission is missing", "add emission"]);
    let first = "[[allocations]]\naddress = \"treasury\"\namount = \"1 MDT\"\n";
    let twice = format!("{dev}\n{first}");
    scene.refused(&twice, 7, &["allocations[16].address", "listed twice, first in allocations[0]", "remove one"]);
    // Everything at once.
    let two = dev.replacen("share_ppm = 200000", "share_ppm = 1", 1).replacen("required = 2", "required = 4", 1);
    scene.refused(&two, 7, &["emission.split", "owners.required: 4 is out of range: 1 to 3"]);
}

#[test]
fn of_very_many_problems_the_first_are_told() {
    let scene = Scene::new();
    let entry = "[[allocations]]\naddress = \"treasury\"\namount = \"1 wei\"\n";
    let output = florin(&["genesis", "hash", &scene.write("twice.toml", &entry.repeat(40_001))]);
    assert_eq!(output.status.code(), Some(7));
    let told = told(&output);
    // 40,000 are there again; chain id, proposer, owners and validators are missing.
    assert!(told.contains("and 39904 more"), "{}", told.lines().last().unwrap());
    assert_eq!(told.matches("twice.toml:").count(), 100);
    let unknown: String = (0..40_000).map(|number| format!("key{number} = 1\n")).collect();
    let output = florin(&["genesis", "hash", &scene.write("unknown.toml", &unknown)]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(self::told(&output).matches("there is no such key").count(), 100);
}

#[test]
fn a_chain_whose_hook_fails_in_its_first_block_does_not_pass() {
    let scene = Scene::new();
    let text = dev().replacen("\ngas_limit = 10000000\n", "\ngas_limit = 100\n", 1);
    let file = scene.write("poor.toml", &text);
    let output = florin(&["genesis", "check", &file]);
    assert_eq!(output.status.code(), Some(7), "{}", told(&output));
    assert!(told(&output).contains("hooks[0]: slashing.onBlock() ends block 1 with OutOfGas"), "{}", told(&output));
    assert!(!output.stdout.is_empty(), "the summary is there all the same");
}

#[test]
fn an_entry_of_a_validator_needs_a_key_of_its_owners_alone_and_good_values() {
    let scene = Scene::new();
    let key = scene.write("open.key", &"k".repeat(32));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let run = |address: &str, stake: &str| {
        let who = ["genesis", "validator", "--key", &key, "--chain-id", "1947", "--address", address];
        florin(&[&who[..], &["--stake", stake]].concat())
    };
    let output = run(ACCOUNT, "200 MDT");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("other users may read") && told(&output).contains("chmod 600"), "{}", told(&output));
    assert!(output.stdout.is_empty());
    for (address, stake) in [(ACCOUNT, "200 dollars"), ("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "200 MDT")] {
        let output = run(address, stake);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    }
}

/// Every default, and what the file makes of it. The contracts' code is left out of the hash: it changes with every build.
#[test]
fn the_profiles_are_what_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/genesis");
    let mut genesis = GenesisFile::new(Profile::Dev).build().unwrap();
    let without_code = |contract| GenesisContract { code: Bytes::new(), ..contract };
    genesis.contracts = genesis.contracts.into_iter().map(without_code).collect();
    let mut files = vec![("dev.hash".to_owned(), format!("{}\n", genesis.hash()))];
    files.extend(Profile::ALL.map(|profile| (format!("{}.toml", profile.name()), profile.to_toml())));
    for (name, actual) in files {
        let path = folder.join(&name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &actual).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(actual, golden, "{name}: if that is meant, run the tests with UPDATE_GOLDEN=1 and commit the file");
    }
}
