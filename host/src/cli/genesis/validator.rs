//! `florin genesis validator`: the entry of a validator, as its operator gives it to whoever writes the file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use florin_runtime::alloy_primitives::Address;
use florin_runtime::ledger::Balance;
use serde::Serialize;

use crate::cli::{Failure, Output};
use crate::genesis::ValidatorEntry;
use crate::genesis::text::Text;
use crate::keys::secret_file::{Flaw, Origin, SecretFile, SecretFileError};
use crate::keys::{ConsensusKey, KeyError};

#[derive(Debug, Args)]
pub(in crate::cli) struct Validator {
    /// The file with the 32 secret bytes of the consensus key; it is made, with mode 0600, if it is not there.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The chain id of the genesis: the proof is for this chain alone.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    chain_id: u64,
    /// The validator's account, which holds its stake and is not the consensus key.
    #[arg(long, value_name = "ADDRESS", value_parser = value::<Address>)]
    address: Address,
    /// Its own stake, such as "5000 MDT", out of its allocation.
    #[arg(long, value_name = "AMOUNT", value_parser = value::<Balance>)]
    stake: Balance,
    /// What it keeps of its delegators' rewards, in parts per million.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    commission_ppm: u32,
}

/// The entry as it stands in a file.
#[derive(Serialize)]
struct Entry {
    validators: [ValidatorEntry; 1],
}

impl Validator {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let file = SecretFile::new(self.key);
        let (secret, origin) = file.read_or_make()?;
        let key = ConsensusKey::from_secret(&secret)?;
        if origin == Origin::Made {
            // A closed standard error leaves nobody to tell.
            let path = file.path().display();
            let told = format!("made {path}: who has it votes in this validator's name; keep it, and a copy of it");
            let _ = writeln!(std::io::stderr(), "{told}");
        }
        let entry = ValidatorEntry::new(self.chain_id, self.address, &key, self.stake, self.commission_ppm);
        let text = toml::to_string(&Entry { validators: [entry] })
            .map_err(|error| Failure::Other { message: error.to_string(), help: None })?;
        output.bytes(text.as_bytes())
    }
}

/// Reads a value as a genesis file writes it.
fn value<T: Text>(text: &str) -> Result<T, String> {
    T::read(text)
}

impl From<SecretFileError> for Failure {
    fn from(error: SecretFileError) -> Self {
        let message = error.to_string();
        let help = match error {
            SecretFileError::Io { .. } => "name a file of your own on a disk with free space",
            SecretFileError::Flawed { flaw: Flaw::OpenToOthers, .. } => {
                "if nobody else has read it, `chmod 600` it; else name another file, and a new key is made"
            }
            SecretFileError::Flawed { .. } => "name the file that this command made, or another one for a new key",
        };
        Self::Usage { message, help: Some(help.to_owned()) }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::Other { message: error.to_string(), help: None }
    }
}
