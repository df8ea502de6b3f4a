//! The ordered authenticated database of commonware-storage, on its own runtime: a log of operations with a Merkle mountain
//! belt over it, and an index in memory.
//!
//! A commit writes the block as one batch, computes its root, applies it, and waits until the log is durable.

use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};

use anyhow::{Result, anyhow};
use commonware_cryptography::Sha256;
use commonware_parallel::Rayon;
use commonware_runtime::buffer::paged::{CacheRef, page_size};
use commonware_runtime::tokio::{Config, Context, Runner};
use commonware_runtime::{BLOB_PAGE_SIZE, Runner as _, Strategizer as _, Supervisor as _};
use commonware_storage::journal::contiguous::fixed::Config as LogConfig;
use commonware_storage::merkle::full::Config as MerkleConfig;
use commonware_storage::merkle::mmb::Family;
use commonware_storage::qmdb::any::FixedConfig;
use commonware_storage::qmdb::any::ordered::fixed::Db;
use commonware_storage::qmdb::floor::Proportional;
use commonware_storage::translator::EightCap;
use commonware_utils::sequence::FixedBytes;
use commonware_utils::{NZU64, NZUsize};
use florin_peers_databases::database::{Database, Problem, Root, serve};
use florin_peers_databases::workload::{Key, VALUE_BYTES, Value, Workload};
use florin_peers_databases::{Settings, first_bytes, threads};

type Log = Db<Family, Context, FixedBytes<32>, FixedBytes<VALUE_BYTES>, Sha256, EightCap, Rayon>;

/// As their program that measures a large database has it.
const ITEMS_PER_BLOB: NonZeroU64 = NZU64!(1_000_000);
const PAGE_SIZE: NonZeroU16 = page_size(BLOB_PAGE_SIZE);
/// 256 MiB.
const PAGES_CACHED: NonZeroUsize = NZUsize!(1 << 16);
const BUFFER_BYTES: NonZeroUsize = NZUsize!(1 << 21);
const INIT_CACHE: NonZeroUsize = NZUsize!(1 << 18);
/// As the same program prunes.
const PRUNED_EVERY: u64 = 100;

struct Peer {
    /// Missing only while a commit has it.
    log: Option<Log>,
    commits: u64,
}

impl Peer {
    async fn open(context: Context) -> Result<Self> {
        let page_cache = CacheRef::new(PAGE_SIZE, PAGES_CACHED);
        let config = FixedConfig {
            merkle_config: MerkleConfig {
                journal_partition: "merkle-journal".to_owned(),
                metadata_partition: "merkle-metadata".to_owned(),
                items_per_blob: ITEMS_PER_BLOB,
                write_buffer: BUFFER_BYTES,
                replay_buffer: BUFFER_BYTES,
                strategy: context.strategy(threads()),
                page_cache: page_cache.clone(),
            },
            journal_config: LogConfig {
                partition: "log".to_owned(),
                items_per_blob: ITEMS_PER_BLOB,
                page_cache,
                write_buffer: BUFFER_BYTES,
                replay_buffer: BUFFER_BYTES,
            },
            translator: EightCap,
            init_cache: Some(INIT_CACHE),
            init_buffer: BUFFER_BYTES,
            init_concurrency: (),
        };
        let log = Log::init(context.child("storage"), config, None).await.map_err(|error| anyhow!("{error}"))?;
        Ok(Self { log: Some(log), commits: 0 })
    }

    async fn write(&mut self, changes: Vec<(FixedBytes<32>, FixedBytes<VALUE_BYTES>)>) -> Result<Root, Problem> {
        let log = self.log.take().ok_or("an earlier commit failed")?;
        let mut batch = log.new_batch();
        for (key, value) in changes {
            batch = batch.write(key, Some(value));
        }
        let batch = batch.merkleize(&log, None, &mut Proportional).await.map_err(text)?;
        let root = first_bytes(batch.root().as_ref());
        let mut log = log.apply_batch(batch).await.map_err(text)?.commit().await.map_err(text)?;
        self.commits = self.commits.wrapping_add(1);
        if self.commits.is_multiple_of(PRUNED_EVERY) {
            let boundary = log.sync_boundary();
            log = log.prune(boundary).await.map_err(text)?;
        }
        self.log = Some(log);
        Ok(root)
    }
}

fn text(error: impl std::fmt::Display) -> Problem {
    error.to_string().into()
}

impl Database for Peer {
    type Changes = Vec<(FixedBytes<32>, FixedBytes<VALUE_BYTES>)>;
    type Read = FixedBytes<VALUE_BYTES>;

    async fn get(&mut self, key: &Key) -> Result<Option<Self::Read>, Problem> {
        let log = self.log.as_ref().ok_or("an earlier commit failed")?;
        log.get(&FixedBytes::new(*key)).await.map_err(text)
    }

    fn prepare(&self, updates: &[(Key, Value)]) -> Self::Changes {
        updates.iter().map(|(key, value)| (FixedBytes::new(*key), FixedBytes::new(*value))).collect()
    }

    async fn commit(&mut self, changes: Self::Changes) -> Result<Root, Problem> {
        self.write(changes).await
    }
}

fn main() -> Result<()> {
    let settings = Settings::from_arguments()?;
    let config = Config::new().with_storage_directory(&settings.folder);
    Runner::new(config).start(|context| async move {
        let mut peer = Peer::open(context).await?;
        serve(&mut peer, &mut Workload::new(settings.entries)).await.map_err(|error| anyhow!(error))
    })
}
