//! `florin db`: the database of a data folder, as an operator sees it.
//!
//! Guarantees that looking makes no folder, and that no command writes over a file or into a database of something else.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use florin_runtime::alloy_primitives::B256;
use florin_runtime::fault::Fault;
use florin_runtime::state::durable::{FORMAT, Identity, OpenError, PAGES_BEHIND_BLOCKS_MAX, Survey, TableSurvey};
use florin_runtime::state::snapshot::{Expected, ExportError, ImportError, SnapshotHead};
use florin_runtime::state::store::{StoreError, Table};
use serde_json::{Map, Value, json};

use crate::cli::{Failure, Format, Output};
use crate::database::{Database, DatabaseError};
use crate::demo::progress::Bar;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Count what the database holds: heights, pins, entries, bytes.
    Stats(Place),
    /// Check every row, and the root from scratch; exit with 7 if something is wrong.
    Verify(Place),
    /// Remove what it takes to read old heights.
    Prune(Prune),
    /// Write the state at a height to a new file.
    Export(Export),
    /// Make a database from a file that was exported, or finish making it.
    Import(Import),
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The folder that the demo or the node keeps its data in.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Args)]
pub(super) struct Prune {
    #[command(flatten)]
    place: Place,
    /// Keep the last N blocks, and what is pinned.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(PAGES_BEHIND_BLOCKS_MAX..))]
    keep: u64,
    /// Lift a pin first. Repeat it for several.
    #[arg(long, value_name = "NAME")]
    unpin: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// The height [default: the newest].
    #[arg(long, value_name = "N")]
    height: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Refuse a snapshot with another state root.
    #[arg(long, value_name = "HASH")]
    root: Option<B256>,
    /// Refuse a snapshot of another chain.
    #[arg(long, value_name = "N", requires = "genesis")]
    chain_id: Option<u64>,
    /// Refuse a snapshot of a chain with another genesis.
    #[arg(long, value_name = "HASH", requires = "chain_id")]
    genesis: Option<B256>,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Stats(place) => place.stats(output),
            Self::Verify(place) => place.verify(output),
            Self::Prune(prune) => prune.run(output),
            Self::Export(export) => export.run(output),
            Self::Import(import) => import.run(output),
        }
    }
}

impl Place {
    fn print(&self, output: &mut Output, json: &Value, table: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.output {
            Format::Json => output.line(json),
            Format::Table => output.line(table()),
        }
    }

    fn stats(&self, output: &mut Output) -> Result<(), Failure> {
        let database = Database::open(&self.data_dir)?;
        let survey = database.survey(&mut Bar::default())?;
        let of = |table: Table| survey.tables.iter().find(|of| of.table == table).map_or(0, |of| of.rows);
        let tables: Map<String, Value> = survey.tables.iter().map(table_json).collect();
        let json = json!({
            "format": FORMAT,
            "chain_id": survey.identity.chain_id,
            "genesis_hash": B256::new(survey.identity.genesis_hash),
            "height": survey.head.height,
            "state_root": B256::new(survey.head.root),
            "oldest_height": survey.oldest,
            "pins": survey.pins,
            "entries": of(Table::Entries),
            "tree_pages": of(Table::Pages),
            "tables": tables,
            "disk_bytes": survey.disk_bytes,
        });
        self.print(output, &json, || stats_table(&database, &survey))
    }

    fn verify(&self, output: &mut Output) -> Result<(), Failure> {
        let database = Database::open(&self.data_dir)?;
        let findings = match database.audit(&mut Bar::default()) {
            Ok(findings) => findings,
            Err(DatabaseError::Open { error, .. }) if is_damage(&error) => vec![error.to_string()],
            Err(error) => return Err(error.into()),
        };
        self.print(output, &json!({ "sound": findings.is_empty(), "findings": findings }), || {
            let path = database.path();
            let verdict = if findings.is_empty() { "every row is sound" } else { "damaged" };
            format!("{}: {verdict}", path.display())
        })?;
        if findings.is_empty() {
            return Ok(());
        }
        Err(Failure::CheckFailed {
            message: format!("{} is damaged", database.path().display()),
            findings,
            help: Some("move the folder away, and make it anew with `florin db import`, or start anew".to_owned()),
        })
    }
}

/// Tells whether a database does not open because of what it holds.
fn is_damage(error: &OpenError) -> bool {
    matches!(error, OpenError::Fault(Fault::Corrupt { .. } | Fault::Store(StoreError::Damaged(_))))
}

fn table_json(of: &TableSurvey) -> (String, Value) {
    let counts = json!({ "rows": of.rows, "bytes": of.bytes, "disk_bytes": of.disk_bytes });
    (of.table.name().to_owned(), counts)
}

fn stats_table(database: &Database, survey: &Survey) -> String {
    let Survey { identity, head, oldest, pins, tables, disk_bytes } = survey;
    let pins: Vec<String> = pins.iter().map(|(name, height)| format!("{name} at {height}")).collect();
    let pins = if pins.is_empty() { "none".to_owned() } else { pins.join(", ") };
    let mut lines = vec![
        format!("{}: format {FORMAT}, {disk_bytes} bytes on disk", database.path().display()),
        format!("chain     {}, genesis {}", identity.chain_id, B256::new(identity.genesis_hash)),
        format!("height    {}, readable from {oldest} on", head.height),
        format!("root      {}", B256::new(head.root)),
        format!("pins      {pins}"),
        format!("{:<9} {:>12} {:>15} {:>15}", "table", "rows", "bytes", "bytes in files"),
    ];
    lines.extend(tables.iter().map(|of| {
        let disk = of.disk_bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        format!("{:<9} {:>12} {:>15} {disk:>15}", of.table.name(), of.rows, of.bytes)
    }));
    lines.join("\n")
}

impl Prune {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let database = Database::open(&self.place.data_dir)?;
        let (removed, (oldest, height)) = database.prune(self.keep, &self.unpin, &mut Bar::default())?;
        let json = json!({ "removed": removed, "oldest_height": oldest, "height": height });
        self.place.print(output, &json, || {
            format!("removed the records of {removed} blocks; heights {oldest} to {height} can be read")
        })
    }
}

impl Export {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let database = Database::open(&self.place.data_dir)?;
        let exported = database.export(self.height, &self.file, &mut Bar::default())?;
        let mut json = head_json(&exported.head);
        json["bytes"] = json!(exported.bytes);
        self.place.print(output, &json, || {
            let SnapshotHead { entries, chunks, .. } = &exported.head;
            let (file, bytes) = (self.file.display(), exported.bytes);
            format!("{file}: {entries} entries in {chunks} chunks of {bytes} bytes\n{}", head_table(&exported.head))
        })
    }
}

impl Import {
    fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let identity = |(chain_id, genesis): (u64, B256)| Identity { chain_id, genesis_hash: genesis.0 };
        let expected = Expected { identity: self.chain_id.zip(self.genesis).map(identity), root: self.root };
        let imported = Database::import(&self.place.data_dir, &self.file, &expected, &mut Bar::default())?;
        let mut json = head_json(&imported.head);
        json["chunks_found"] = json!(imported.chunks_found);
        self.place.print(output, &json, || {
            let SnapshotHead { entries, chunks, .. } = &imported.head;
            format!("imported {entries} entries in {chunks} chunks\n{}", head_table(&imported.head))
        })?;
        if self.root.is_none() {
            // A closed standard error leaves nobody to tell.
            use std::io::Write;
            let told = "note: the entries are those of the state root above; whether it is the chain's, ask somebody you trust";
            let _ = writeln!(std::io::stderr(), "{told}");
        }
        Ok(())
    }
}

fn head_json(head: &SnapshotHead) -> Value {
    json!({
        "chain_id": head.identity.chain_id,
        "genesis_hash": B256::new(head.identity.genesis_hash),
        "height": head.height,
        "state_root": B256::new(head.root),
        "entries": head.entries,
        "chunks": head.chunks,
    })
}

fn head_table(head: &SnapshotHead) -> String {
    let Identity { chain_id, genesis_hash } = head.identity;
    let (genesis, root) = (B256::new(genesis_hash), B256::new(head.root));
    format!("chain     {chain_id}, genesis {genesis}\nheight    {}\nroot      {root}", head.height)
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let message = error.to_string();
        match error {
            DatabaseError::Folder(error) => error.into(),
            DatabaseError::Open { error, .. } => error.into(),
            DatabaseError::Export(ExportError::Fault(fault)) => fault.into(),
            DatabaseError::Import { error: ImportError::Fault(fault), .. } => fault.into(),
            DatabaseError::Missing { .. } => Self::Usage {
                message,
                help: Some("name the folder that --data-dir of the demo or the node has".to_owned()),
            },
            DatabaseError::Exists { .. } => Self::Usage { message, help: Some("name another file".to_owned()) },
            DatabaseError::Pin { .. } => {
                Self::Usage { message, help: Some("`florin db stats` lists the pins".to_owned()) }
            }
            DatabaseError::Export(ExportError::View(_)) => {
                Self::Usage { message, help: Some("`florin db stats` says which heights can be read".to_owned()) }
            }
            DatabaseError::File { .. } | DatabaseError::Export(_) => Self::Storage { message, help: None },
            DatabaseError::Import { error, .. } => match error {
                ImportError::NotEmpty | ImportError::Another => Self::Usage { message, help: None },
                ImportError::Io(_) => Self::Storage { message, help: None },
                _ => Self::CheckFailed {
                    message,
                    findings: Vec::new(),
                    help: Some("get the file again from where it was exported".to_owned()),
                },
            },
        }
    }
}
