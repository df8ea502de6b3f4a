//! `florin genesis`: files that say what a chain begins with.
//!
//! Guarantees that no command writes over a file or prints a secret, that a secret is taken from a file alone, and that
//! everything that is wrong with a file is told at once, with its line, its key and what to do; of very many things the first.

mod check;
mod validator;

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use florin_runtime::genesis::Genesis;

use crate::cli::{Failure, Output};
use crate::genesis::schema::{PROBLEMS_MAX, with_lines};
use crate::genesis::{GenesisFile, Problem, Profile};

/// The longest file that is read, in bytes; more than 20,000 allocations.
const FILE_BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print a file to begin with: every key with its meaning and its unit.
    New(New),
    /// Build what a file says, run the first block, and tell what came of it; exit with 7 if something is wrong.
    Check(check::Check),
    /// Print the genesis hash, which names the chain.
    Hash(Hash),
    /// Print the entry of a validator, with the proof that it holds its key.
    Validator(validator::Validator),
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// What the file is for.
    #[arg(long, value_enum, default_value_t = Purpose::Dev)]
    profile: Purpose,
    /// Write to this file, which must not be there yet [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Purpose {
    /// A chain on one machine: complete, with keys that everybody knows.
    Dev,
    /// A network for tests: a template that lacks its owners, validators and balances.
    Testnet,
    /// The network: a template that lacks its owners, validators and balances.
    Mainnet,
}

#[derive(Debug, Args)]
pub(super) struct Hash {
    /// The genesis file.
    file: PathBuf,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(output),
            Self::Check(check) => check.run(output),
            Self::Hash(hash) => hash.run(output),
            Self::Validator(validator) => validator.run(output),
        }
    }
}

impl New {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        let text = match self.profile {
            Purpose::Dev => Profile::Dev,
            Purpose::Testnet => Profile::Testnet,
            Purpose::Mainnet => Profile::Mainnet,
        }
        .to_toml();
        let Some(path) = self.output else { return output.bytes(text.as_bytes()) };
        let mut file = None;
        let written = OpenOptions::new().write(true).create_new(true).open(&path).and_then(|made| {
            let made = file.insert(made);
            made.write_all(text.as_bytes())?;
            made.sync_all()
        });
        if written.is_err() && file.is_some() {
            // A part of a file is none.
            let _ = fs::remove_file(&path);
        }
        written.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::Usage {
                message: format!("{} is there already", path.display()),
                help: Some("name another file, or remove this one first".to_owned()),
            },
            _ => Failure::Storage { message: format!("cannot write {}: {error}", path.display()), help: None },
        })
    }
}

impl Hash {
    fn run(self, output: &mut Output) -> Result<(), Failure> {
        output.line(SourceFile::read(&self.file)?.build()?.hash())
    }
}

/// A genesis file with the text that it was read from.
struct SourceFile<'a> {
    path: &'a Path,
    text: String,
    file: GenesisFile,
}

impl<'a> SourceFile<'a> {
    fn read(path: &'a Path) -> Result<Self, Failure> {
        let shown = path.display();
        let usage = |message, help: &str| Failure::Usage { message, help: Some(help.to_owned()) };
        let another = "`florin genesis new --output FILE` writes one to begin with";
        let mut bytes = Vec::new();
        let limit = FILE_BYTES_MAX.saturating_add(1);
        fs::File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| usage(format!("cannot read {shown}: {error}"), another))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            let message = format!("{shown} is longer than the {FILE_BYTES_MAX} bytes of a genesis file");
            return Err(usage(message, "pay airdrops from a campaign of the claims contract instead"));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| usage(format!("{shown} is no genesis file: it is no UTF-8 text"), another))?;
        match GenesisFile::parse(&text) {
            Ok(file) => Ok(Self { path, text, file }),
            Err(error) => {
                let findings: String =
                    error.problems.iter().map(|problem| format!("\n- {}", finding(path, problem))).collect();
                Err(Failure::Usage { message: format!("{shown} is no genesis file{findings}"), help: None })
            }
        }
    }

    fn build(&self) -> Result<Genesis, Failure> {
        let problems = self.file.problems();
        if problems.is_empty()
            && let Ok(genesis) = self.file.build()
        {
            return Ok(genesis);
        }
        let more = problems.len().saturating_sub(PROBLEMS_MAX);
        let shown = with_lines(&self.text, problems.into_iter().take(PROBLEMS_MAX));
        let mut findings: Vec<String> = shown.iter().map(|problem| finding(self.path, problem)).collect();
        if more > 0 {
            findings.push(format!("and {more} more"));
        }
        Err(self.failed(findings))
    }

    fn failed(&self, findings: Vec<String>) -> Failure {
        let message = format!("{} makes no chain", self.path.display());
        let help = Some("docs/genesis.md has every key with its unit, default and limits".to_owned());
        Failure::CheckFailed { message, findings, help }
    }
}

/// Tells a problem as compilers do: file, line, key, what is wrong, what to do.
fn finding(path: &Path, problem: &Problem) -> String {
    let Problem { key, line, mistake } = problem;
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}: {key}: {mistake}; {}", path.display(), mistake.help())
}
