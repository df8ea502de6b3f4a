//! Golden gas: what every message of the contracts and 200 generated modules cost, line by line, in `tests/golden`.
//!
//! Gas is consensus: a change of it is meant, or it is a mistake. `UPDATE_GOLDEN=1` rewrites the files, and the diff of a
//! commit then tells what became dearer.

mod economy;
mod modules;

use std::path::PathBuf;

use alloy_json_abi::JsonAbi;
use alloy_primitives::U256;
use alloy_sol_types::SolValue;
use florin_sandbox::{Account, Address, B256, Balance, Gas, Sandbox, Wallet};

use crate::claim_tree::{self, Campaign};

/// Lines of a golden file that a failure shows.
const SHOWN_LINES_MAX: usize = 40;

/// Compares lines with a golden file, or writes it if `UPDATE_GOLDEN` is set.
pub(crate) fn compare(name: &str, actual: &[String]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual.join("\n") + "\n").unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let golden: Vec<&str> = text.lines().collect();
    let lines = golden.len().max(actual.len());
    let differences: Vec<String> = (0..lines)
        .filter(|line| golden.get(*line).copied() != actual.get(*line).map(String::as_str))
        .flat_map(|line| {
            let old = golden.get(line).map(|old| format!("- {old}"));
            old.into_iter().chain(actual.get(line).map(|new| format!("+ {new}")))
        })
        .collect();
    let shown = differences.iter().take(SHOWN_LINES_MAX).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        differences.is_empty(),
        "{name} has changed ({} lines differ); if that is meant, run the tests with UPDATE_GOLDEN=1 and commit the file\n{shown}",
        differences.len()
    );
}

/// A contract and the lines told of it.
struct Story {
    sandbox: Sandbox,
    name: &'static str,
    abi: JsonAbi,
    contract: Address,
    lines: Vec<String>,
}

impl Story {
    fn deploy(name: &'static str, arguments: &[u8]) -> Self {
        let artifacts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/artifacts");
        let code = std::fs::read(artifacts.join(format!("{name}.wasm"))).unwrap();
        let abi = std::fs::read_to_string(artifacts.join(format!("{name}.json"))).unwrap();
        let sandbox = Sandbox::new();
        let receipt = sandbox.by(&sandbox.account("owner")).deploy_wasm(&code, arguments).unwrap();
        let lines = vec![format!("{name} is deployed: {} {:?}", receipt.gas_used, receipt.status)];
        let (abi, contract) = (serde_json::from_str(&abi).unwrap(), receipt.contract.unwrap());
        Self { sandbox, name, abi, contract, lines }
    }

    fn account(&self, name: &str) -> Account {
        self.sandbox.account(name)
    }

    fn wallet(&self, name: &str) -> Wallet {
        self.sandbox.by(&self.account(name)).with_gas_limit(Gas(5_000_000))
    }

    /// Sends a message and tells what it cost.
    fn send(&mut self, by: &str, message: &str, value: u128, arguments: &[u8]) {
        let selector = self.abi.function(message).unwrap()[0].selector();
        let input = [selector.as_slice(), arguments].concat();
        let receipt = self.wallet(by).send(self.contract, Balance::new(value), input).unwrap();
        self.lines.push(format!("{}.{message} by {by}: {} {:?}", self.name, receipt.gas_used, receipt.status));
    }

    /// Tells the lines, which must name every message.
    fn end(self) -> Vec<String> {
        for function in self.abi.functions() {
            let told = format!("{}.{} by ", self.name, function.name);
            assert!(self.lines.iter().any(|line| line.starts_with(&told)), "no line tells {told}");
        }
        self.lines
    }
}

fn token() -> Vec<String> {
    let owner = Account::named("owner").address();
    let arguments = ("Florin Token".to_owned(), "FLR".to_owned(), U256::from(9), owner, U256::from(1_000_000));
    let mut story = Story::deploy("token", &arguments.abi_encode_params());
    let [bob, carol] = ["bob", "carol"].map(|name| Account::named(name).address());
    let number = |value: u64| U256::from(value);
    for message in ["name", "symbol", "decimals", "totalSupply", "owner", "pendingOwner", "DOMAIN_SEPARATOR"] {
        story.send("bob", message, 0, &[]);
    }
    for _ in ["to a new holder", "to a holder"] {
        story.send("owner", "transfer", 0, &(bob, number(100)).abi_encode_params());
    }
    story.send("carol", "transfer", 0, &(bob, number(100)).abi_encode_params());
    story.send("bob", "balanceOf", 0, &bob.abi_encode());
    story.send("bob", "approve", 0, &(carol, number(60)).abi_encode_params());
    story.send("bob", "allowance", 0, &(bob, carol).abi_encode_params());
    story.send("carol", "transferFrom", 0, &(bob, carol, number(50)).abi_encode_params());
    story.send("carol", "transferFrom", 0, &(bob, carol, number(50)).abi_encode_params());
    story.send("owner", "mint", 0, &(carol, number(5)).abi_encode_params());
    story.send("carol", "mint", 0, &(carol, number(5)).abi_encode_params());
    story.send("carol", "burn", 0, &number(5).abi_encode());
    story.send("bob", "nonces", 0, &bob.abi_encode());
    let wrong = B256::repeat_byte(1);
    let permit = (bob, carol, number(1), U256::MAX, U256::from(27), wrong, wrong);
    story.send("carol", "permit", 0, &permit.abi_encode_params());
    story.send("owner", "transferOwnership", 0, &bob.abi_encode());
    story.send("bob", "acceptOwnership", 0, &[]);
    story.send("bob", "renounceOwnership", 0, &[]);
    story.end()
}

fn claims() -> Vec<String> {
    const COUNT: u32 = 1_000;
    let mut story = Story::deploy("claims", &[]);
    let account = |index: u32| Address::left_padding_from(&(index | 1 << 30).to_be_bytes());
    let list: Vec<_> = (0..COUNT).map(|index| (account(index), 7_u128)).collect();
    let scope = Campaign { chain_id: story.sandbox.domain().chain_id, contract: story.contract, number: 7 };
    let leaves = scope.leaves(&list);
    let proof =
        |index: u32| -> Vec<B256> { claim_tree::proof(&leaves, index as usize).into_iter().map(B256::from).collect() };
    let claim = |index: u32| (index, account(index), 7_u128, proof(index));
    let total = u128::from(COUNT) * 7;
    let root = B256::from(claim_tree::root(&leaves));
    let create = (7_u64, Address::ZERO, root, COUNT, total, 0_u64, 20_u64, account(0));
    story.send("owner", "createCampaign", total, &create.abi_encode_params());
    let one = |index: u32| (7_u64, index, account(index), 7_u128, proof(index)).abi_encode_params();
    for index in [0, 1, 1, 999] {
        story.send("bob", "claim", 0, &one(index));
    }
    let many: Vec<_> = (10..20).map(claim).collect();
    story.send("bob", "claimMany", 0, &(7_u64, many).abi_encode_params());
    story.send("bob", "status", 0, &(7_u64, 1_u32).abi_encode_params());
    story.send("bob", "statusOf", 0, &one(1));
    for message in ["campaign", "claimed", "swept", "sweepOf"] {
        story.send("bob", message, 0, &7_u64.abi_encode());
    }
    story.send("bob", "nextCampaign", 0, &account(0).abi_encode());
    story.send("bob", "authority", 0, &[]);
    story.send("owner", "sweep", 0, &7_u64.abi_encode());
    story.sandbox.advance_to(30).unwrap();
    story.send("owner", "sweep", 0, &7_u64.abi_encode());
    story.end()
}

fn jar() -> Vec<String> {
    let mut story = Story::deploy("jar", &Account::named("owner").address().abi_encode());
    story.send("bob", "tip", 5, &[]);
    story.send("bob", "tip", 5, &[]);
    story.send("bob", "empty", 0, &[]);
    story.send("owner", "empty", 0, &[]);
    story.end()
}

#[test]
fn the_gas_of_every_message_is_what_it_was() {
    compare("contracts.txt", &[token(), claims(), jar()].concat());
    compare("economy.txt", &economy::lines());
}
