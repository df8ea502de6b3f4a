//! Readers beside a commit: who waits, and for how long.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use super::*;
use crate::state::StateReader;
use crate::state::durable::tests::{IDENTITY, block, key, small};
use crate::state::durable::{DurableConfig, DurableState};
use crate::state::store::memory::MemoryStore;
use crate::state::store::{Batch, Durability, Snapshot, Store, StoreError};

const LONG: Duration = Duration::from_secs(60);

const SHORT: Duration = Duration::from_millis(30);

#[test]
fn a_reader_waits_for_the_end_of_a_commit_and_no_longer() {
    let precedence = Precedence::new(LONG);
    precedence.let_pass();
    let commit = precedence.commit();
    let (start, is_over, begun) = (Instant::now(), AtomicBool::new(false), Barrier::new(4));
    std::thread::scope(|scope| {
        let read = || {
            begun.wait();
            precedence.let_pass();
            assert!(is_over.load(Ordering::Relaxed), "it has waited");
        };
        (0..3).for_each(|_| drop(scope.spawn(read)));
        begun.wait();
        is_over.store(true, Ordering::Relaxed);
        drop(commit);
    });
    precedence.let_pass();
    assert!(start.elapsed() < LONG);
}

#[test]
fn a_commit_that_does_not_end_holds_a_reader_up_so_long_and_no_longer() {
    for wait_max in [Duration::ZERO, SHORT] {
        let precedence = Precedence::new(wait_max);
        let _commit = precedence.commit();
        let start = Instant::now();
        precedence.let_pass();
        assert!((wait_max..LONG).contains(&start.elapsed()));
    }
}

/// A store that writes when it is told to, and says when it was asked.
struct Held {
    store: MemoryStore,
    asked: Sender<()>,
    told: Mutex<Receiver<()>>,
}

impl Store for Held {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.asked.send(()).unwrap();
        self.told.lock().unwrap().recv().unwrap();
        self.store.write(batch, durability)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.store.disk_bytes()
    }
}

#[test]
fn readers_at_earlier_heights_let_a_block_pass_and_those_at_the_newest_do_not() {
    let ((asked, is_asked), (tell, told)) = (channel(), channel());
    let store = Arc::new(Held { store: MemoryStore::new(), asked, told: Mutex::new(told) });
    let config = DurableConfig { reader_wait_max: SHORT, ..small(0) };
    (0..2).for_each(|_| tell.send(()).unwrap());
    let durable = DurableState::create(store, IDENTITY, config, &block(&[(1, Some(0))]), vec![]).unwrap();
    durable.commit(1, &block(&[(1, Some(1))]), vec![]).unwrap();
    (0..2).for_each(|_| is_asked.recv().unwrap());
    let (earlier, newest) = (durable.at(0).unwrap(), durable.newest());
    let time = |read: &dyn Fn()| {
        let start = Instant::now();
        read();
        start.elapsed()
    };
    let get = |view: &dyn StateReader, byte: u8| assert_eq!(view.get(&key(1)).unwrap(), Some(vec![byte; 5].into()));
    std::thread::scope(|scope| {
        // Gone if a check below fails, so that the commit ends.
        let tell = tell;
        let commit = scope.spawn(|| durable.commit(2, &block(&[(1, Some(2))]), vec![]).unwrap());
        is_asked.recv().unwrap();
        assert!(time(&|| get(&earlier, 0)) >= SHORT);
        assert!(time(&|| drop(earlier.next(b"k", b"").unwrap())) >= SHORT);
        // Of many, so that a thread that the system holds up is no failure.
        let quickest = (0..20).map(|_| time(&|| get(&newest, 1))).min();
        assert!(quickest.is_some_and(|quickest| quickest < SHORT));
        assert!(!commit.is_finished());
        tell.send(()).unwrap();
    });
    let quickest = (0..20).map(|_| time(&|| get(&earlier, 0))).min();
    assert!(quickest.is_some_and(|quickest| quickest < SHORT), "nothing is committed");
}
