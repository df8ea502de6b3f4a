//! Everything that a database says of itself, held against everything else that it says.
//!
//! - Rows: each is what its table holds, and none is left over.
//! - Pages: each hashes to what the page above says of it, and there are as many as the pages above name.
//! - Entries: their root from scratch is the head's.
//! - Records: going back block by block, what each replaced leads to the root of the block before it.
//!
//! So a damaged row is found wherever it lies. Costs: all tables are read, the entries more often ([`RootCheck`](super::RootCheck));
//! memory as of that check, and besides the pages of the tree that the retained blocks changed.

use alloy_primitives::{Bytes, hex};

use super::super::store::{Snapshot, Table};
use super::super::tree::forest::{of_children, of_entries};
use super::super::tree::page::{Child, Page};
use super::super::tree::{Change, Hash, PageId, Tree, key_hash, value_hash};
use super::super::undo::{self, Fingerprint};
use super::format::{HEAD_KEY, IDENTITY_KEY, REACH_KEY, read_block};
use super::retention::is_pin;
use super::{CheckProgress, DurableHead, DurableState, StoredPages};
use crate::fault::Fault;

/// The most findings that are listed; a damaged file can hold a great many rows.
pub const FINDINGS_MAX: usize = 100;

/// Steps of the root check between two reports of progress.
const STEPS_REPORTED: usize = 1 << 16;

/// Pages of the tree that are kept in memory beside the changed ones, in bytes.
const PAGE_BYTES_MAX: usize = 64 << 20;

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditProgress {
    /// What is being looked at.
    pub stage: &'static str,
    /// Rows of it, or blocks, that were looked at.
    pub done: u64,
}

/// Tells whether a key and a value are what a table holds.
type IsRow<'a> = dyn Fn(&[u8], &[u8]) -> bool + 'a;

struct Audit<'a> {
    snapshot: &'a dyn Snapshot,
    head: DurableHead,
    findings: Vec<String>,
    progress: &'a mut dyn FnMut(AuditProgress),
}

impl DurableState {
    /// Looks at every row; returns what is wrong, at most [`FINDINGS_MAX`] things. Writes first what the pages lack, without
    /// which they are not of one age.
    pub fn audit(&self, progress: &mut dyn FnMut(AuditProgress)) -> Vec<String> {
        if let Err(fault) = self.write_pages() {
            return vec![fault.to_string()];
        }
        let snapshot = self.published().snapshot.clone();
        let mut audit = Audit { snapshot: &*snapshot, head: self.head(), findings: Vec::new(), progress };
        audit.stage(Audit::small_tables);
        audit.stage(Audit::pages);
        audit.stage(|audit| audit.root(self));
        audit.stage(Audit::records);
        audit.findings
    }
}

impl Audit<'_> {
    /// Runs a stage; one that cannot go on is a finding, and the next one begins.
    fn stage(&mut self, run: impl FnOnce(&mut Self) -> Result<(), Fault>) {
        if let Err(fault) = run(self) {
            self.find(fault.to_string());
        }
    }

    fn find(&mut self, finding: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    fn tell(&mut self, stage: &'static str, done: u64) {
        (self.progress)(AuditProgress { stage, done });
    }

    /// Returns the rows of a table that are not what a row of it is, by their keys.
    fn foreign(&self, table: Table, is_row: &IsRow<'_>) -> Result<Vec<Bytes>, Fault> {
        let mut foreign = Vec::new();
        self.snapshot.scan(table, &[], &mut |key, value| {
            if !is_row(&key, &value) {
                foreign.push(key);
            }
            foreign.len() < FINDINGS_MAX
        })?;
        Ok(foreign)
    }

    /// Looks at the tables of blocks and names, and at the places of records.
    fn small_tables(&mut self) -> Result<(), Fault> {
        self.tell("blocks", 0);
        let head = self.head.clone();
        let height_of = |key: &[u8]| key.first_chunk().map(|height| u64::from_be_bytes(*height));
        let is_block = |key: &[u8], row: &[u8]| {
            let is_height = key.len() == size_of::<u64>() && height_of(key).is_some_and(|height| height <= head.height);
            is_height && row.len() >= size_of::<Hash>()
        };
        let is_record = |key: &[u8], _: &[u8]| {
            height_of(key).is_some_and(|height| (head.undo_height..=head.height).contains(&height))
        };
        let is_name = |key: &[u8], _: &[u8]| [IDENTITY_KEY, HEAD_KEY, REACH_KEY].contains(&key) || is_pin(key);
        let tables: [(Table, &IsRow<'_>); 3] =
            [(Table::Blocks, &is_block), (Table::Undo, &is_record), (Table::Meta, &is_name)];
        for (table, is_row) in tables {
            for key in self.foreign(table, is_row)? {
                self.find(format!("the row {key} of the table {} does not belong there", table.name()));
            }
        }
        match read_block(self.snapshot, head.height)? {
            Some((root, _)) if root == head.root => {}
            Some(_) => self.find("the root of the newest block is not the one of the head".to_owned()),
            None => self.find("the newest block is missing".to_owned()),
        }
        Ok(())
    }

    /// Looks at every page of the tree. Those above come first in the table.
    fn pages(&mut self) -> Result<(), Fault> {
        self.tell("pages", 0);
        let (snapshot, root) = (self.snapshot, self.head.root);
        let (mut findings, mut pages, mut named) = (Vec::new(), 0_u64, u64::from(root != [0; 32]));
        let mut above: Option<(PageId, Page)> = None;
        let progress = &mut *self.progress;
        snapshot.scan(Table::Pages, &[], &mut |key, value| {
            pages = pages.saturating_add(1);
            if pages.is_multiple_of(STEPS_REPORTED as u64) {
                progress(AuditProgress { stage: "pages", done: pages });
            }
            match page_problem(snapshot, root, &mut above, &key, &value) {
                Ok(children) => named = named.saturating_add(children),
                Err(problem) => findings.push(format!("the page {}: {problem}", hex::encode(&key))),
            }
            findings.len() < FINDINGS_MAX
        })?;
        let sound = findings.is_empty();
        findings.into_iter().for_each(|finding| self.find(finding));
        if sound && pages != named {
            self.find(format!("there are {pages} pages of the tree, and pages name {named}"));
        }
        Ok(())
    }

    /// Computes the root from every entry.
    fn root(&mut self, state: &DurableState) -> Result<(), Fault> {
        let mut check = state.root_check();
        while check.advance(STEPS_REPORTED)? == CheckProgress::Going {
            self.tell("entries", check.rows_read());
        }
        Ok(())
    }

    /// Goes back from the head, block by block.
    fn records(&mut self) -> Result<(), Fault> {
        let source = StoredPages(self.snapshot);
        let mut tree = Tree::open(&source, PAGE_BYTES_MAX)?;
        let mut height = self.head.height;
        while height >= self.head.undo_height && height > 0 {
            self.tell("records", self.head.height.saturating_sub(height));
            let before = height.saturating_sub(1);
            let mut changes = self.replaced(height)?;
            changes.sort_unstable();
            let prints: Vec<Fingerprint> = changes.iter().map(|(key, _)| Fingerprint::of(key)).collect();
            let told = undo::changed_keys(self.snapshot, height, height)?;
            if !told.iter().all(|block| block.is_of(&prints)) {
                self.find(format!("the record of block {height} does not list the keys that it holds"));
            }
            let root = tree.apply(&source, &changes)?;
            match read_block(self.snapshot, before)? {
                Some((expected, _)) if expected == root => {}
                Some(_) => {
                    self.find(format!("the record of block {height} does not lead back to the root of block {before}"));
                    return Ok(());
                }
                None => self.find(format!("block {before} is missing")),
            }
            height = before;
        }
        Ok(())
    }

    /// Returns what a block replaced, as the tree takes it.
    fn replaced(&self, height: u64) -> Result<Vec<Change>, Fault> {
        let (mut changes, mut from) = (Vec::new(), Vec::new());
        loop {
            let rows = undo::rows_from(self.snapshot, height, &from)?;
            let Some((last, _)) = rows.last() else { return Ok(changes) };
            from.clone_from(last);
            from.push(0);
            changes
                .extend(rows.iter().map(|(key, value)| (key_hash(key), value.as_ref().map(|value| value_hash(value)))));
        }
    }
}

/// Says what is wrong with a page, or how many pages it names.
fn page_problem(
    snapshot: &dyn Snapshot,
    root: Hash,
    above: &mut Option<(PageId, Page)>,
    key: &[u8],
    bytes: &[u8],
) -> Result<u64, String> {
    let id = PageId::from_bytes(key).ok_or("its place is none")?;
    let page = Page::decode(bytes).ok_or("its bytes are none")?;
    let (hash, named) = match &page {
        Page::Leaves(leaves) => (of_entries(id.depth(), leaves).hash(), 0),
        Page::Branch(branch) => {
            let children = branch.children();
            let named = children.iter().filter(|child| !child.is_empty()).count();
            (of_children(&children).hash(), u64::try_from(named).unwrap_or(u64::MAX))
        }
    };
    let expected = match id.parent() {
        None => root,
        Some((parent, index)) => {
            if above.as_ref().is_none_or(|(id, _)| *id != parent) {
                let bytes = snapshot.get(Table::Pages, &parent.to_bytes()).map_err(|error| error.to_string())?;
                let page = bytes.and_then(|bytes| Page::decode(&bytes)).ok_or("the page above it is missing")?;
                *above = Some((parent, page));
            }
            match above {
                Some((_, Page::Branch(branch))) => {
                    branch.children().get(index).map_or(Child::EMPTY, |child| *child).hash
                }
                _ => return Err("the page above it has no pages below".to_owned()),
            }
        }
    };
    if hash == expected { Ok(named) } else { Err("its hash is not the one that is known above it".to_owned()) }
}

#[cfg(test)]
mod tests;
