//! What is known beside a trace: contracts by their code, accounts by their address.
//!
//! Guarantees that debug information is believed only if its code is the contract's own, byte for byte: another build's lines
//! are worse than none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, keccak256};
use florin_runtime::vm::Vm;
use thiserror::Error;
use wasmparser::{Parser, Payload};

use crate::printable;
use crate::symbols::Symbols;

/// Why a contract's files could not be read.
#[derive(Debug, Error)]
pub enum BookError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file is no ABI.
    #[error("{path} is no ABI in JSON: {source}")]
    Abi {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// What a contract has to debug with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debugging {
    /// Names, and lines if its build wrote them.
    Known,
    /// Nothing: functions are told by their index.
    Missing,
    /// A module of another build, which was not used.
    Stale,
}

/// Contracts and accounts.
#[derive(Clone, Debug, Default)]
pub struct Book {
    contracts: BTreeMap<B256, Contract>,
    accounts: BTreeMap<Address, String>,
}

/// What is known of one module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contract {
    pub(crate) name: Option<String>,
    pub(crate) abi: Option<JsonAbi>,
    pub(crate) symbols: Symbols,
}

impl Book {
    /// Learns a module that is deployed, with its ABI and a module to debug with, as far as there are any.
    pub fn learn(&mut self, code: &[u8], abi: Option<JsonAbi>, debug: Option<&[u8]>) -> Debugging {
        let own = Symbols::read(code);
        let (symbols, debugging) = match debug {
            Some(debug) if code_section(debug) == code_section(code) => (Symbols::read(debug), Debugging::Known),
            Some(_) => (own, Debugging::Stale),
            None if own.has_names() => (own, Debugging::Known),
            None => (own, Debugging::Missing),
        };
        let metadata = Vm::check(code).ok().and_then(|info| info.metadata);
        let name = metadata.map(|metadata| printable(&metadata.name));
        self.contracts.insert(keccak256(code), Contract { name, abi, symbols });
        debugging
    }

    /// Learns `NAME.wasm`, with `NAME.json` and `NAME.debug.wasm` beside it as far as they exist.
    ///
    /// # Errors
    /// If a file that exists cannot be read.
    pub fn learn_artifact(&mut self, path: &Path, code: &[u8]) -> Result<Debugging, BookError> {
        let abi_path = path.with_extension("json");
        let abi = match read(&abi_path)? {
            Some(json) => {
                Some(serde_json::from_slice(&json).map_err(|source| BookError::Abi { path: abi_path, source })?)
            }
            None => None,
        };
        let debug = read(&path.with_extension("debug.wasm"))?;
        Ok(self.learn(code, abi, debug.as_deref()))
    }

    /// Gives an address a name.
    pub fn name_account(&mut self, address: Address, name: &str) {
        self.accounts.insert(address, printable(name));
    }

    /// Returns the ABI of a module.
    pub fn abi(&self, code: B256) -> Option<&JsonAbi> {
        self.contracts.get(&code)?.abi.as_ref()
    }

    /// Returns the name of an address, or the address.
    pub fn account(&self, address: Address) -> String {
        self.accounts.get(&address).cloned().unwrap_or_else(|| address.to_string())
    }

    /// Returns the address of a name.
    pub fn address(&self, name: &str) -> Option<Address> {
        self.accounts.iter().find(|(_, known)| *known == name).map(|(address, _)| *address)
    }

    pub(crate) fn contract(&self, code: Option<B256>) -> Option<&Contract> {
        self.contracts.get(&code?)
    }
}

/// Reads a file that need not exist.
fn read(path: &Path) -> Result<Option<Vec<u8>>, BookError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BookError::Unreadable { path: path.to_owned(), source }),
    }
}

fn code_section(module: &[u8]) -> Option<&[u8]> {
    let mut payloads = Parser::new(0).parse_all(module).map_while(Result::ok);
    payloads.find_map(|payload| match payload {
        Payload::CodeSectionStart { range, .. } => module.get(range),
        _ => None,
    })
}
