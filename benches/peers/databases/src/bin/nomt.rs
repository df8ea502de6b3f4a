//! nomt: values in a tree of its own and a binary Merkle trie in a hash table of pages, over io_uring.
//!
//! A block is one session: its reads are the session's, each key that it will write is warmed up when it is known, and the
//! commit is `finish`, which computes the root, and `commit`, which makes it durable.

use anyhow::{Context, Result};
use florin_peers_databases::database::{Database, Problem, Root, at_once, serve};
use florin_peers_databases::workload::{Key, Value, Workload};
use florin_peers_databases::{Settings, first_bytes, problem, threads};
use nomt::hasher::Blake3Hasher;
use nomt::{KeyReadWrite, Nomt, Options, Session, SessionParams};

/// Entries for each page of the trie that has room in the hash table; pages of less than 20 leaves are not stored.
const ENTRIES_A_BUCKET: u32 = 8;

/// The hash table's default size, and here its least.
const BUCKETS_MIN: u32 = 64_000;

struct Peer {
    nomt: Nomt<Blake3Hasher>,
    /// The session of the block that is being executed.
    session: Option<Session<Blake3Hasher>>,
}

impl Peer {
    fn open(settings: &Settings) -> Result<Self> {
        let mut options = Options::new();
        options.path(&settings.folder);
        options.hashtable_buckets(settings.entries.div_euclid(ENTRIES_A_BUCKET).max(BUCKETS_MIN));
        options.commit_concurrency(threads().get());
        options.prepopulate_page_cache(true);
        options.warm_up(true);
        let nomt = Nomt::open(options).context("cannot open nomt")?;
        Ok(Self { nomt, session: None })
    }

    fn session(&mut self) -> &Session<Blake3Hasher> {
        self.session.get_or_insert_with(|| self.nomt.begin_session(SessionParams::default()))
    }
}

impl Database for Peer {
    type Changes = Vec<(Key, KeyReadWrite)>;
    type Read = Vec<u8>;

    fn touch(&mut self, keys: &[Key]) -> Result<(), Problem> {
        keys.iter().for_each(|key| self.session().warm_up(*key));
        Ok(())
    }

    async fn get(&mut self, key: &Key) -> Result<Option<Vec<u8>>, Problem> {
        self.session().read(*key).map_err(problem)
    }

    fn prepare(&self, updates: &[(Key, Value)]) -> Self::Changes {
        let write = |(key, value): &(Key, Value)| (*key, KeyReadWrite::Write(Some(value.to_vec())));
        let mut changes: Vec<_> = updates.iter().map(write).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        changes
    }

    async fn commit(&mut self, changes: Self::Changes) -> Result<Root, Problem> {
        self.session();
        let session = self.session.take().context("there is a session").map_err(problem)?;
        let finished = session.finish(changes).map_err(problem)?;
        let root = finished.root().into_inner();
        finished.commit(&self.nomt).map_err(problem)?;
        Ok(first_bytes(&root))
    }
}

fn main() -> Result<()> {
    let settings = Settings::from_arguments()?;
    let mut peer = Peer::open(&settings)?;
    at_once(serve(&mut peer, &mut Workload::new(settings.entries))).map_err(|error| anyhow::anyhow!(error))
}
