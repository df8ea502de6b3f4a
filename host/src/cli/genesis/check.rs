//! `florin genesis check`: a file built whole, with the machine, and its first block run.
//!
//! Guarantees that a file that passes starts a chain: its constructors and calls have run, and every hook has succeeded once.
//! Costs the compilation of the contracts, which is nearly all of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use florin_runtime::alloy_primitives::{Address, B256};
use florin_runtime::block::BlockError;
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::hook::HookReceipt;
use florin_runtime::ledger::Balance;
use serde::Serialize;
use serde_json::json;

use super::SourceFile;
use crate::cli::{Failure, Format, Output};
use crate::genesis::text::{self, Text};
use crate::genesis::{Contract, GenesisFile, Profile};

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// The genesis file.
    file: PathBuf,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// What came of a file.
#[derive(Serialize)]
struct Summary {
    chain_id: u64,
    genesis_hash: B256,
    state_root: B256,
    #[serde(with = "wei")]
    allocated_wei: Balance,
    #[serde(with = "wei")]
    max_supply_wei: Balance,
    owners: usize,
    owners_required: u32,
    contracts: Vec<ContractLine>,
    hooks: Vec<HookLine>,
    validators: Vec<ValidatorLine>,
    /// Keys of the file whose secrets everybody has.
    public_keys: Vec<String>,
}

#[derive(Serialize)]
struct ContractLine {
    name: &'static str,
    #[serde(with = "text")]
    address: Address,
    code_hash: B256,
    bytes: usize,
}

#[derive(Serialize)]
struct HookLine {
    contract: String,
    message: String,
    gas_limit: u64,
    /// What it burned in the first block.
    gas_used: u64,
    status: &'static str,
}

#[derive(Serialize)]
struct ValidatorLine {
    #[serde(with = "text")]
    address: Address,
    key: B256,
    #[serde(with = "wei")]
    stake_wei: Balance,
    commission_ppm: u32,
}

impl Check {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let source = SourceFile::read(&self.file)?;
        let genesis = source.build()?;
        let chain = match Chain::new(ChainConfig { genesis, ..ChainConfig::default() }) {
            Ok(chain) => chain,
            Err(ChainError::Genesis(error)) => return Err(source.failed(vec![error.to_string()])),
            Err(ChainError::Fault(fault)) => return Err(fault.into()),
            Err(ChainError::Open(error)) => return Err(error.into()),
        };
        let summary = Summary::of(&source.file, &chain)?;
        let findings = summary.findings();
        match self.output {
            Format::Json => output.line(json!(summary))?,
            Format::Table => output.line(summary.table(&self.file))?,
        }
        if findings.is_empty() { Ok(()) } else { Err(source.failed(findings)) }
    }
}

impl Summary {
    fn of(file: &GenesisFile, chain: &Chain) -> Result<Self, Failure> {
        let supply = chain.supply()?;
        let mut contracts = Vec::new();
        for contract in Contract::ALL {
            let code_hash = chain.account(contract.address())?.code_hash.unwrap_or_default();
            let (name, address, bytes) = (contract.name(), contract.address(), contract.code().len());
            contracts.push(ContractLine { name, address, code_hash, bytes });
        }
        let validator = |entry: &crate::genesis::ValidatorEntry| ValidatorLine {
            address: entry.address,
            key: entry.key,
            stake_wei: entry.stake,
            commission_ppm: entry.commission_ppm,
        };
        Ok(Self {
            chain_id: file.chain.id,
            genesis_hash: chain.domain().genesis_hash,
            state_root: chain.state_root().hash(),
            allocated_wei: supply.genesis,
            max_supply_wei: supply.max,
            owners: file.owners.members.len(),
            owners_required: file.owners.required,
            contracts,
            hooks: hooks(file, &first_block(chain)?),
            validators: file.validators.iter().map(validator).collect(),
            public_keys: file.public_keys(),
        })
    }

    /// Returns what is wrong with a chain that could be built.
    fn findings(&self) -> Vec<String> {
        let failed =
            self.hooks.iter().enumerate().filter(|(_, hook)| hook.status != florin_abi::Status::Success.name());
        let mut findings: Vec<String> = failed
            .map(|(place, HookLine { contract, message, status, .. })| {
                format!(
                    "hooks[{place}]: {contract}.{message} ends block 1 with {status}; give it more gas, or call another"
                )
            })
            .collect();
        let networks = [Profile::Testnet, Profile::Mainnet].map(Profile::chain_id);
        if networks.contains(&self.chain_id) {
            let public =
                |key: &String| format!("{key}: everybody knows its secret key; write an address or a key of your own");
            findings.extend(self.public_keys.iter().map(public));
        }
        findings
    }

    fn table(&self, path: &std::path::Path) -> String {
        let Self { chain_id, genesis_hash, state_root, contracts, hooks, validators, public_keys, .. } = self;
        let mut table = format!(
            "{}: chain {chain_id}\n\
             genesis hash  {genesis_hash}\n\
             state root    {state_root}\n\
             supply        {} allocated, {} at most\n\
             owners        {} of {} must confirm\n\n\
             {:<11} {:<42}  {:<66} {:>6}\n",
            path.display(),
            self.allocated_wei.write(),
            self.max_supply_wei.write(),
            self.owners_required,
            self.owners,
            "contract",
            "address",
            "code hash",
            "bytes",
        );
        // Writing to a string does not fail.
        for ContractLine { name, address, code_hash, bytes } in contracts {
            let _ = writeln!(table, "{name:<11} {}  {code_hash} {bytes:>6}", address.write());
        }
        let _ = writeln!(table, "\n{:<42} {:>13} {:>15}  first block", "hook", "gas limit", "gas in block 1");
        for HookLine { contract, message, gas_limit, gas_used, status } in hooks {
            let hook = format!("{contract}.{message}");
            let _ = writeln!(table, "{hook:<42} {gas_limit:>13} {gas_used:>15}  {status}");
        }
        let _ = writeln!(table, "\n{:<42} {:>16} {:>14}  key", "validator", "stake", "commission");
        for ValidatorLine { address, key, stake_wei, commission_ppm } in validators {
            let (address, stake) = (address.write(), stake_wei.write());
            let _ = writeln!(table, "{address} {stake:>16} {commission_ppm:>10} ppm  {key}");
        }
        let public = public_keys.len();
        if public > 0 {
            let _ =
                write!(table, "\nEverybody knows the secret keys of {public} entries: keep this chain to one machine.");
        }
        table.trim_end().to_owned()
    }
}

/// Executes an empty block on the genesis; returns what became of the hooks.
fn first_block(chain: &Chain) -> Result<Vec<HookReceipt>, Failure> {
    let proposal = chain.propose(Vec::new(), 0)?;
    match chain.execute(&proposal.block) {
        Ok(executed) => Ok(executed.hook_receipts().to_vec()),
        Err(BlockError::Fault(fault)) => Err(fault.into()),
        Err(error) => Err(Failure::Other { message: error.to_string(), help: None }),
    }
}

fn hooks(file: &GenesisFile, receipts: &[HookReceipt]) -> Vec<HookLine> {
    let line = |(entry, receipt): (&crate::genesis::HookEntry, &HookReceipt)| HookLine {
        contract: entry.contract.write(),
        message: entry.message.clone(),
        gas_limit: entry.gas_limit,
        gas_used: receipt.gas_used.0,
        status: receipt.status.name(),
    };
    file.hooks.iter().zip(receipts).map(line).collect()
}

/// Amounts in JSON: text, because they exceed what its numbers hold exactly.
mod wei {
    use florin_runtime::ledger::Balance;
    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(balance: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&balance.wei())
    }
}
