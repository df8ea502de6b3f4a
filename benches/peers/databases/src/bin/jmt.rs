//! jmt, the Jellyfish Merkle tree, over the store of Florin's state with the same sizes.
//!
//! ```text
//! nodes    version u64, big-endian | node key, borsh -> node, borsh
//! values   key hash [32] | version u64, big-endian   -> Option<value>, borsh
//! stale    version u64, big-endian | node key, borsh -> nothing
//! ```
//! The keys are those that cnidarium, which jmt is made for, gives its nodes and values. A block is one batch of all three,
//! durable when the commit returns. Nothing is pruned.

use anyhow::{Context, Result};
use borsh::BorshDeserialize;
use fjall::{Database as Store, Keyspace, KeyspaceCreateOptions, PersistMode};
use florin_peers_databases::database::{Database, Problem, Root, at_once, serve};
use florin_peers_databases::workload::{Key, Value, Workload};
use florin_peers_databases::{Settings, first_bytes, problem};
use jmt::storage::{LeafNode, Node, NodeKey, TreeReader};
use jmt::{KeyHash, OwnedValue, Sha256Jmt, Version};

struct Peer {
    store: Store,
    tables: Tables,
    version: Version,
}

struct Tables {
    nodes: Keyspace,
    values: Keyspace,
    stale: Keyspace,
}

impl Peer {
    fn open(settings: &Settings) -> Result<Self> {
        let [block_cache, memtable, journal] = settings.store_bytes;
        let store = Store::builder(&settings.folder)
            .cache_size(block_cache)
            .max_journaling_size(journal)
            .manual_journal_persist(true)
            .open()
            .context("cannot open the store")?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(memtable).manual_journal_persist(true);
        let tables = Tables {
            nodes: store.keyspace("nodes", options)?,
            values: store.keyspace("values", options)?,
            stale: store.keyspace("stale", options)?,
        };
        Ok(Self { store, tables, version: 0 })
    }

    fn write(&mut self, changes: Vec<(KeyHash, Option<OwnedValue>)>) -> Result<Root> {
        let version = self.version.checked_add(1).context("there are versions left")?;
        let (root, update) = Sha256Jmt::new(&self.tables).put_value_set(changes, version)?;
        let mut batch = self.store.batch().durability(Some(PersistMode::SyncAll));
        for (key, node) in update.node_batch.nodes() {
            batch.insert(&self.tables.nodes, node_row(key.version(), key)?, borsh::to_vec(node)?);
        }
        for ((version, key), value) in update.node_batch.values() {
            batch.insert(&self.tables.values, value_row(*key, *version), borsh::to_vec(value)?);
        }
        for stale in &update.stale_node_index_batch {
            batch.insert(&self.tables.stale, node_row(stale.stale_since_version, &stale.node_key)?, []);
        }
        batch.commit()?;
        self.version = version;
        Ok(first_bytes(&root.0))
    }
}

impl TreeReader for Tables {
    fn get_node_option(&self, key: &NodeKey) -> Result<Option<Node>> {
        let node = self.nodes.get(node_row(key.version(), key)?)?;
        Ok(node.map(|node| Node::try_from_slice(&node)).transpose()?)
    }

    fn get_value_option(&self, version_max: Version, key: KeyHash) -> Result<Option<OwnedValue>> {
        let rows = value_row(key, 0)..=value_row(key, version_max);
        let Some(newest) = self.values.range(rows).next_back() else { return Ok(None) };
        Ok(Option::try_from_slice(&newest.value()?)?)
    }

    fn get_rightmost_leaf(&self) -> Result<Option<(NodeKey, LeafNode)>> {
        anyhow::bail!("asked for only while a tree is restored")
    }
}

fn node_row(version: Version, key: &NodeKey) -> Result<Vec<u8>> {
    let mut row = version.to_be_bytes().to_vec();
    borsh::to_writer(&mut row, key)?;
    Ok(row)
}

fn value_row(key: KeyHash, version: Version) -> Vec<u8> {
    [&key.0[..], &version.to_be_bytes()].concat()
}

impl Database for Peer {
    type Changes = Vec<(KeyHash, Option<OwnedValue>)>;
    type Read = Vec<u8>;

    async fn get(&mut self, key: &Key) -> Result<Option<Vec<u8>>, Problem> {
        self.tables.get_value_option(self.version, KeyHash(*key)).map_err(problem)
    }

    fn prepare(&self, updates: &[(Key, Value)]) -> Self::Changes {
        let mut changes: Vec<_> = updates.iter().map(|(key, value)| (KeyHash(*key), Some(value.to_vec()))).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }

    async fn commit(&mut self, changes: Self::Changes) -> Result<Root, Problem> {
        self.write(changes).map_err(problem)
    }
}

fn main() -> Result<()> {
    let settings = Settings::from_arguments()?;
    let mut peer = Peer::open(&settings)?;
    at_once(serve(&mut peer, &mut Workload::new(settings.entries))).map_err(|error| anyhow::anyhow!(error))
}
