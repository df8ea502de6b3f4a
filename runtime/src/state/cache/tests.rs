//! The cache against a model that keeps every value at every height: no answer is stale, whatever is evicted and whoever
//! fills while a block is committed.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn key(number: u16) -> StateKey {
    StateKey::from_bytes(&number.to_be_bytes())
}

fn value(number: u16) -> Option<Bytes> {
    (!number.is_multiple_of(3)).then(|| vec![7; usize::from(number % 50)].into())
}

/// Every value at every height: `(key, height)` to what the block of the height wrote.
#[derive(Default)]
struct Model(BTreeMap<(u16, u64), Option<Bytes>>);

impl Model {
    fn at(&self, key: u16, height: u64) -> Option<Bytes> {
        self.0.range((key, 0)..=(key, height)).next_back().and_then(|(_, value)| value.clone())
    }

    /// Returns the last height for which the value at a height holds, as a reader at the head sees it.
    fn until(&self, key: u16, height: u64) -> u64 {
        self.0.range((key, height + 1)..(key, u64::MAX)).next().map_or(OPEN, |((_, next), _)| next - 1)
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Reads a key so many blocks back, and fills what was not there.
    Read {
        key: u16,
        back: u64,
    },
    /// Reads a key now, and fills it when so many blocks more are committed.
    SlowRead {
        key: u16,
        back: u64,
    },
    Commit(Vec<(u16, u16)>),
    /// The slow readers fill what they have read.
    Land,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..24_u16;
    prop_oneof![
        6 => (key.clone(), 0..6_u64).prop_map(|(key, back)| Step::Read { key, back }),
        2 => (key.clone(), 0..3_u64).prop_map(|(key, back)| Step::SlowRead { key, back }),
        2 => proptest::collection::vec((key, any::<u16>()), 0..8).prop_map(Step::Commit),
        1 => Just(Step::Land),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn case_113_no_answer_is_stale(
        bytes_max in prop_oneof![Just(0_usize), Just(24 << 10), Just(1 << 20)],
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let (cache, mut model, mut head) = (StateCache::new(bytes_max, 0), Model::default(), 0_u64);
        let mut slow = Vec::new();
        for step in steps {
            match step {
                Step::Read { key: number, back } => {
                    let height = head.saturating_sub(back);
                    let expected = model.at(number, height);
                    match cache.get(&key(number), height) {
                        Some(answer) => prop_assert_eq!(answer, expected, "key {} at {}", number, height),
                        None => cache.fill(&key(number), height, model.until(number, height), head, expected),
                    }
                }
                Step::SlowRead { key, back } => {
                    let height = head.saturating_sub(back);
                    slow.push((key, height, model.until(key, height), head, model.at(key, height)));
                }
                Step::Commit(writes) => {
                    head += 1;
                    let changes: BTreeMap<StateKey, Option<Bytes>> =
                        writes.iter().map(|(number, next)| (key(*number), value(*next))).collect();
                    for (number, next) in writes {
                        model.0.insert((number, head), value(next));
                    }
                    cache.advance(head, changes.iter());
                }
                Step::Land => {
                    for (number, height, to, seen, value) in slow.drain(..) {
                        cache.fill(&key(number), height, to, seen, value);
                    }
                }
            }
            prop_assert!(cache.counts().bytes <= bytes_max as u64);
        }
    }
}

#[test]
fn a_version_answers_for_its_heights_and_no_others() {
    let cache = StateCache::new(1 << 20, 9);
    cache.fill(&key(1), 5, 7, 9, value(1));
    let answers: Vec<_> = (3..=9).map(|height| cache.get(&key(1), height)).collect();
    let known = Some(value(1));
    assert_eq!(answers, [None, None, known.clone(), known.clone(), known, None, None]);
}

#[test]
fn absence_is_an_answer() {
    let cache = StateCache::new(1 << 20, 0);
    cache.fill(&key(1), 0, OPEN, 0, None);
    assert_eq!(cache.get(&key(1), 0), Some(None));
    assert_eq!((cache.counts().hits, cache.counts().misses), (1, 0));
}

#[test]
fn what_a_block_does_not_change_stays_known_at_the_new_height() {
    let cache = StateCache::new(1 << 20, 0);
    cache.fill(&key(1), 0, OPEN, 0, value(1));
    cache.fill(&key(2), 0, OPEN, 0, value(2));
    cache.advance(1, [(&key(2), &value(4))].into_iter());
    assert_eq!(cache.get(&key(1), 1), Some(value(1)));
    assert_eq!((cache.get(&key(2), 0), cache.get(&key(2), 1)), (Some(value(2)), Some(value(4))));
}

#[test]
fn a_read_that_is_slower_than_a_commit_does_not_pass_for_the_newest() {
    let cache = StateCache::new(1 << 20, 0);
    cache.advance(1, [(&key(1), &value(2))].into_iter());
    cache.fill(&key(1), 0, OPEN, 0, value(1));
    assert_eq!((cache.get(&key(1), 0), cache.get(&key(1), 1)), (Some(value(1)), Some(value(2))));
}

#[test]
fn a_scan_over_all_keys_does_not_push_out_what_is_used_again() {
    let cache = StateCache::new(1 << 20, 0);
    let fill = |number| cache.fill(&key(number), 0, OPEN, 0, value(number));
    for number in 0..1_000 {
        fill(number);
        cache.get(&key(number), 0);
    }
    (1_000..40_000).for_each(fill);
    let kept = (0..1_000).filter(|number| cache.get(&key(*number), 0).is_some()).count();
    assert_eq!(kept, 1_000);
    assert!(cache.counts().evictions > 30_000);
}

#[test]
fn what_a_block_writes_unread_pushes_out_nothing_and_is_known_when_it_is_read() {
    let cache = StateCache::new(1 << 20, 0);
    // Of each shard a part stays free, but none for all that the block writes.
    (0..2_500).for_each(|number| cache.fill(&key(number), 0, OPEN, 0, value(1)));
    let (before, changes) = (cache.counts(), (2_500..10_000).map(|number| (key(number), value(2))));
    let changes: BTreeMap<StateKey, Option<Bytes>> = changes.chain([(key(7), value(4))]).collect();
    cache.advance(1, changes.iter());
    assert_eq!((cache.counts().keys, cache.counts().evictions), (before.keys, 0));
    assert_eq!((cache.get(&key(7), 0), cache.get(&key(7), 1)), (Some(value(1)), Some(value(4))), "it was held");
    assert_eq!(cache.get(&key(3_000), 1), None, "it was not");
    // Whoever has read it before the block does not pass for the newest either.
    cache.fill(&key(3_000), 0, OPEN, 0, value(1));
    assert_eq!((cache.get(&key(3_000), 0), cache.get(&key(3_000), 1)), (Some(value(1)), None));
    cache.fill(&key(3_000), 1, OPEN, 1, value(2));
    assert_eq!(cache.get(&key(3_000), 1), Some(value(2)));
}

#[test]
fn skewed_reads_hit_nearly_as_often_as_if_the_best_keys_were_known() {
    const KEYS: u16 = 20_000;
    const HELD: usize = 1_000;
    let one = held_bytes(&key(0), value(1).as_ref());
    // The weight of a key is one part in its rank, in whole numbers: Zipf's law.
    let ends: Vec<u64> = (1..=u64::from(KEYS))
        .scan(0, |sum, rank| {
            *sum += (1 << 32) / rank;
            Some(*sum)
        })
        .collect();
    let all = ends[ends.len() - 1];
    let cache = StateCache::new(HELD * one, 0);
    let (mut seed, mut hits, reads) = (1_u64, 0_u64, 200_000_u64);
    for read in 0..2 * reads {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = ((u128::from(seed) * u128::from(all)) >> 64) as u64;
        let number = u16::try_from(ends.partition_point(|end| *end <= chosen)).unwrap();
        match cache.get(&key(number), 0) {
            Some(_) => hits += u64::from(read >= reads),
            None => cache.fill(&key(number), 0, OPEN, 0, value(1)),
        }
    }
    // In percent; the first half warms the cache.
    let (hit, best) = (hits * 100 / reads, ends[HELD - 1] * 100 / all);
    assert!(hit + 5 >= best, "{hit}% of the reads hit, of the best fixed keys {best}%");
}

#[test]
fn case_113_threads_read_and_fill_while_blocks_are_committed_and_no_answer_is_stale() {
    // With room for all keys, and for some.
    [64 << 10, 20 << 10].into_iter().for_each(read_and_fill_while_blocks_are_committed);
}

fn read_and_fill_while_blocks_are_committed(bytes_max: usize) {
    const BLOCKS: u64 = 300;
    const KEYS: u16 = 60;
    let cache = StateCache::new(bytes_max, 0);
    // Under each key stands the height of the last block that it divides, so that every answer can be judged.
    let expected = |number: u16, height: u64| {
        let every = u64::from(number) + 1;
        Some(Bytes::from((height / every * every).to_le_bytes().to_vec()))
    };
    let committed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for reader in 0..3_u64 {
            let (cache, committed) = (&cache, &committed);
            scope.spawn(move || {
                let mut seed = reader + 1;
                while committed.load(Ordering::Acquire) < BLOCKS {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let number = u16::try_from((seed >> 33) % u64::from(KEYS)).unwrap();
                    let head = committed.load(Ordering::Acquire);
                    match cache.get(&key(number), head) {
                        Some(answer) => assert_eq!(answer, expected(number, head)),
                        None => cache.fill(&key(number), head, OPEN, head, expected(number, head)),
                    }
                }
            });
        }
        for height in 1..=BLOCKS {
            let changes: BTreeMap<StateKey, Option<Bytes>> = (0..KEYS)
                .filter(|number| height.is_multiple_of(u64::from(*number) + 1))
                .map(|number| (key(number), expected(number, height)))
                .collect();
            cache.advance(height, changes.iter());
            committed.store(height, Ordering::Release);
            std::thread::yield_now();
        }
    });
}
