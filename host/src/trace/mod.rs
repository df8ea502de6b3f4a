//! Contracts deployed and called on a fresh chain in memory, watched.
//!
//! Guarantees that what is watched is what a chain does: signed transactions, decoded, verified, ordered, executed and
//! committed, each in a block of its own; the deployed module is the stripped one. Accounts are made from their names and are
//! the same in every run. Keys and chain are for looking at contracts and for nothing else.

mod spoken;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_consensus::TxEip1559;
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, Bytes, TxKind, U256, hex, keccak256};
use florin_build::strip::{Stripped, Symbols, strip};
use florin_runtime::block::BlockError;
use florin_runtime::chain::{Chain, ChainConfig, ChainError};
use florin_runtime::execution::deploy::DeployPayload;
use florin_runtime::fault::Fault;
use florin_runtime::gas::Gas;
use florin_runtime::genesis::Genesis;
use florin_runtime::ledger::{Balance, WEI_PER_MDT};
use florin_runtime::receipt::Receipt;
use florin_runtime::transaction::Rejection;
use florin_runtime::vm::trace::Trace;
use florin_runtime::vm::{Refusal, Vm};
use florin_trace::{ArgumentError, Book, Debugging, Report, encode_arguments, folded};
use serde::Serialize;
use thiserror::Error;

use crate::keys::{KeyError, Signer};
pub use spoken::SpokenError;
use spoken::{AUTHOR, SpokenCall, SpokenContract};

/// What every account holds at first: 1,000 MDT.
const FUNDS: Balance = Balance::new(1_000 * WEI_PER_MDT);

/// EVM wei in one ledger wei, which is also what a unit of gas is paid.
const EVM_WEI_PER_WEI: u128 = 1_000_000_000;

/// The gas limit of a deployment.
const DEPLOYMENT_GAS_LIMIT: Gas = Gas(500_000_000);

/// Seconds between two blocks.
const BLOCK_SECONDS: u64 = 12;

/// What to watch.
#[derive(Clone, Debug)]
pub struct Options {
    /// The contracts, in the order of their deployment: `[NAME=]FILE.wasm[(ARGUMENT, ..)]`.
    pub contracts: Vec<String>,
    /// The calls: `[ACCOUNT: ][CONTRACT.]MESSAGE(ARGUMENT, ..)[ with WEI]`.
    pub calls: Vec<String>,
    /// The gas limit of each call.
    pub gas_limit: Gas,
}

/// Why there is nothing to watch.
#[derive(Debug, Error)]
pub enum WatchError {
    /// A contract or a call is not written as it must be.
    #[error(transparent)]
    Spoken(#[from] SpokenError),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file beside a module is not what its name says.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The chain would refuse a module.
    #[error("{path} is refused: {refusal}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        refusal: Box<Refusal>,
    },
    /// A call names a contract that is not deployed.
    #[error("no contract `{name}`; there is {known}")]
    NoContract {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The ABI has no such message.
    #[error("{contract} has no message `{message}`; it has {known}")]
    NoMessage {
        /// The contract.
        contract: String,
        /// The message.
        message: String,
        /// Its messages.
        known: String,
    },
    /// The arguments do not fit.
    #[error("{what}: {source}")]
    Arguments {
        /// The message.
        what: String,
        /// Why not.
        source: ArgumentError,
    },
    /// The chain does not take the transaction.
    #[error("{what}: {rejection}")]
    Rejected {
        /// The transaction.
        what: String,
        /// Why not.
        rejection: Rejection,
    },
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain cannot be set up.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The chain refused its own block.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The chain failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// One transaction that was watched.
#[derive(Clone, Debug, Serialize)]
pub struct Watched {
    /// What was sent, as it was written.
    pub what: String,
    /// Whether it deployed.
    pub deployment: bool,
    /// Whether it succeeded.
    pub success: bool,
    /// How it ended, by the name of the status.
    pub status: &'static str,
    /// The gas that it used in all.
    pub gas_used: u64,
    /// The part of it that was burnt by what ran; the rest is what every such transaction costs.
    pub gas_run: u64,
    /// What it did.
    #[serde(flatten)]
    pub report: Report,
    /// Its gas by function.
    #[serde(skip)]
    pub folded: String,
}

/// Everything that was watched, and what a reader should know about it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Watching {
    /// The transactions, in their order.
    pub transactions: Vec<Watched>,
    /// What would have told more.
    pub notes: Vec<String>,
}

/// Deploys, calls and watches. A deployment that fails ends it.
///
/// # Errors
/// Whatever keeps a transaction from being sent. What fails in a contract is no error: it is what was to be seen.
pub fn watch(options: &Options) -> Result<Watching, WatchError> {
    let contracts = options.contracts.iter().map(|text| SpokenContract::read(text)).collect::<Result<Vec<_>, _>>()?;
    let calls = options.calls.iter().map(|text| SpokenCall::read(text)).collect::<Result<Vec<_>, _>>()?;
    let senders = calls.iter().map(|call| call.account.as_str());
    let mut stage = Stage::new(senders, options.gas_limit)?;
    for (contract, text) in contracts.iter().zip(&options.contracts) {
        if !stage.deploy(contract, text)? {
            return Ok(stage.watching);
        }
    }
    for (call, text) in calls.iter().zip(&options.calls) {
        stage.call(call, text)?;
    }
    Ok(stage.watching)
}

/// A chain, who acts on it, and what was seen.
struct Stage {
    chain: Chain,
    vm: Vm,
    book: Book,
    signers: BTreeMap<String, Signer>,
    contracts: BTreeMap<String, (Address, Option<JsonAbi>)>,
    last: Option<String>,
    gas_limit: Gas,
    watching: Watching,
}

impl Stage {
    fn new<'a>(senders: impl Iterator<Item = &'a str>, gas_limit: Gas) -> Result<Self, WatchError> {
        let mut book = Book::default();
        let mut signers = BTreeMap::new();
        for name in senders.chain([AUTHOR]) {
            let signer = signer(name)?;
            book.name_account(signer.address(), name);
            signers.insert(name.to_owned(), signer);
        }
        let allocations = signers.values().map(|signer| (signer.address(), FUNDS)).collect();
        let block_gas_limit = gas_limit.max(Genesis::default().block_gas_limit);
        let genesis = Genesis { allocations, block_gas_limit, ..Genesis::default() };
        let chain = Chain::new(ChainConfig { genesis, ..ChainConfig::default() })?;
        let vm = chain.vm().traced()?;
        let (contracts, watching) = (BTreeMap::new(), Watching::default());
        Ok(Self { chain, vm, book, signers, contracts, last: None, gas_limit, watching })
    }

    /// Deploys a contract; tells whether it succeeded.
    fn deploy(&mut self, contract: &SpokenContract, what: &str) -> Result<bool, WatchError> {
        let path = Path::new(&contract.file);
        let bytes = read(path)?;
        let malformed = |reason: String| WatchError::Malformed { path: path.to_owned(), reason };
        let Stripped { module, abi } =
            strip(&bytes, Symbols::Drop).map_err(|error| malformed(format!("no module: {error}")))?;
        let refused = |refusal| WatchError::Refused { path: path.to_owned(), refusal: Box::new(refusal) };
        let info = Vm::check(&module).map_err(refused)?;
        let stem = contract.file.trim_end_matches(".wasm").trim_end_matches(".debug");
        let abi = match abi {
            Some(json) => Some(json),
            None => read_if_there(&PathBuf::from(format!("{stem}.json")))?,
        };
        let abi: Option<JsonAbi> = match abi {
            Some(json) => Some(serde_json::from_slice(&json).map_err(|error| malformed(format!("its ABI: {error}")))?),
            None => None,
        };
        let debug = match bytes == module {
            true => read_if_there(&PathBuf::from(format!("{stem}.debug.wasm")))?,
            false => Some(bytes),
        };
        let debugging = self.book.learn(&module, abi.clone(), debug.as_deref());
        let from_file = Path::new(stem).file_name().map(|name| name.to_string_lossy().into_owned());
        let name = contract.name.clone().or(info.metadata.map(|metadata| metadata.name)).or(from_file);
        let name = name.unwrap_or_default();
        self.note(&name, debugging, abi.is_some());

        self.learn_names(&contract.arguments)?;
        let parameters = abi.as_ref().and_then(|abi| abi.constructor.as_ref()).map(|init| init.inputs.as_slice());
        let arguments = self.encode(what, parameters.unwrap_or_default(), &contract.arguments)?;
        let payload = DeployPayload::join(&module, &arguments).ok_or_else(|| malformed("too long".to_owned()))?;
        let address = self.signer(AUTHOR)?.address();
        let address = address.create(self.chain.account(address)?.nonce);
        self.book.name_account(address, &name);
        self.contracts.insert(name.clone(), (address, abi));
        self.last = Some(name);
        self.send(AUTHOR, TxKind::Create, 0, payload, what)
    }

    fn call(&mut self, call: &SpokenCall, what: &str) -> Result<bool, WatchError> {
        self.learn_names(&call.arguments)?;
        let known = || self.contracts.keys().cloned().collect::<Vec<_>>().join(", ");
        let name = call.contract.as_ref().or(self.last.as_ref()).cloned().unwrap_or_default();
        let (address, abi) =
            self.contracts.get(&name).ok_or_else(|| WatchError::NoContract { name: name.clone(), known: known() })?;
        let input = match call.message.strip_prefix("0x") {
            Some(digits) if call.arguments.is_empty() => hex::decode(digits).map_err(|error| {
                WatchError::Malformed { path: PathBuf::from(&call.message), reason: error.to_string() }
            })?,
            _ => self.calldata(&name, abi.as_ref(), call, what)?,
        };
        self.send(&call.account, TxKind::Call(*address), call.value, input.into(), what)
    }

    /// Encodes a call by the ABI. Of messages with one name, the one with as many parameters is meant.
    fn calldata(
        &self,
        contract: &str,
        abi: Option<&JsonAbi>,
        call: &SpokenCall,
        what: &str,
    ) -> Result<Vec<u8>, WatchError> {
        let named = abi.and_then(|abi| abi.function(&call.message)).map(Vec::as_slice).unwrap_or_default();
        let fitting = named.iter().find(|function| function.inputs.len() == call.arguments.len());
        let Some(function) = fitting.or(named.first()) else {
            let known = abi.map(|abi| abi.functions().map(|it| it.signature()).collect::<Vec<_>>().join(", "));
            let known = known.unwrap_or_else(|| "no ABI beside it: give calldata in hex".to_owned());
            let (contract, message) = (contract.to_owned(), call.message.clone());
            return Err(WatchError::NoMessage { contract, message, known });
        };
        let arguments = self.encode(what, &function.inputs, &call.arguments)?;
        Ok([function.selector().as_slice(), &arguments].concat())
    }

    /// Makes accounts of the names among arguments, so that a trace shows them.
    fn learn_names(&mut self, words: &[String]) -> Result<(), WatchError> {
        for word in words.iter().filter(|word| is_name(word)) {
            if self.book.address(word).is_none() {
                self.book.name_account(signer(word)?.address(), word);
            }
        }
        Ok(())
    }

    fn encode(
        &self,
        what: &str,
        parameters: &[alloy_json_abi::Param],
        words: &[String],
    ) -> Result<Vec<u8>, WatchError> {
        let named = |word: &str| self.book.address(word).map(|address| address.to_string());
        let failed = |source| WatchError::Arguments { what: what.to_owned(), source };
        encode_arguments(parameters, words, named).map_err(failed)
    }

    /// Sends a transaction in a block of its own and keeps what was seen; tells whether it succeeded.
    fn send(&mut self, account: &str, to: TxKind, value: u128, input: Bytes, what: &str) -> Result<bool, WatchError> {
        let signer = self.signer(account)?;
        let gas_limit = if to.is_create() { DEPLOYMENT_GAS_LIMIT } else { self.gas_limit };
        let transaction = TxEip1559 {
            chain_id: self.chain.domain().chain_id,
            nonce: self.chain.account(signer.address())?.nonce,
            gas_limit: gas_limit.0,
            max_fee_per_gas: EVM_WEI_PER_WEI,
            to,
            value: U256::from(value).saturating_mul(U256::from(EVM_WEI_PER_WEI)),
            input,
            ..TxEip1559::default()
        };
        let raw = signer.sign_transaction(transaction);
        let rejected = |rejection| WatchError::Rejected { what: what.to_owned(), rejection };
        let decoded = self.chain.decode(&raw).map_err(rejected)?;
        let verified = self.chain.verify(vec![decoded]).into_iter().collect::<Result<Vec<_>, _>>().map_err(rejected)?;
        let time = self.chain.head().timestamp.saturating_add(BLOCK_SECONDS);
        let proposal = self.chain.propose(verified, time)?;
        if let Some((_, rejection)) = proposal.rejected.into_iter().next() {
            return Err(rejected(rejection));
        }
        let (executed, traces) = self.chain.trace(&self.vm, &proposal.block)?;
        let committed = self.chain.commit(executed)?;
        let (receipt, trace) =
            committed.receipts().iter().zip(traces).next().ok_or(Fault::Invariant("a block lost its transaction"))?;
        self.watching.transactions.push(watched(what, to.is_create(), receipt, &trace, &self.book));
        Ok(receipt.status.is_success())
    }

    fn signer(&self, name: &str) -> Result<Signer, WatchError> {
        Ok(self.signers.get(name).cloned().map_or_else(|| signer(name), Ok)?)
    }

    fn note(&mut self, name: &str, debugging: Debugging, has_abi: bool) {
        let note = match debugging {
            Debugging::Known => None,
            Debugging::Missing => Some("has no names of functions; `florin contract build --debug` writes them"),
            Debugging::Stale => Some("has names of another build; run `florin contract build --debug` again"),
        };
        let abi = (!has_abi).then_some("has no ABI beside it: its calls are shown in hex");
        self.watching.notes.extend(note.into_iter().chain(abi).map(|note| format!("{name} {note}")));
    }
}

fn watched(what: &str, deployment: bool, receipt: &Receipt, trace: &Trace, book: &Book) -> Watched {
    let ticks = trace.functions.iter().map(|function| function.ticks).fold(0, u64::saturating_add);
    Watched {
        what: what.to_owned(),
        deployment,
        success: receipt.status.is_success(),
        status: receipt.status.name(),
        gas_used: receipt.gas_used.0,
        gas_run: Gas::from_ticks(ticks).0,
        report: Report::of(trace, book),
        folded: folded(trace, receipt.gas_used, book),
    }
}

/// Makes an account from its name. The number keeps it apart from the demo's accounts.
fn signer(name: &str) -> Result<Signer, KeyError> {
    let number = keccak256(name).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Signer::derive(0, "trace", number)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
}

fn read(path: &Path) -> Result<Vec<u8>, WatchError> {
    std::fs::read(path).map_err(|source| WatchError::Unreadable { path: path.to_owned(), source })
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, WatchError> {
    if path.is_file() { read(path).map(Some) } else { Ok(None) }
}
