//! `Transaction` to `VerifiedTransaction`: a block's signatures in batches, beside each alone.

use criterion::{BatchSize, Criterion, Throughput};
use florin_benches::ledger::recipient;
use florin_benches::signer::{Signer, transfer};
use florin_runtime::signature::{self, Scheme};
use florin_runtime::transaction::{RawTransaction, Transaction};

use crate::decode::DOMAIN;

/// Signatures of a block.
const COUNT: u32 = 1_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(u64::from(COUNT)));
    group.sample_size(10);
    for (name, scheme) in [("ecdsa", Scheme::Ecdsa), ("ed25519", Scheme::Ed25519), ("sr25519", Scheme::Sr25519)] {
        let transactions = transactions(scheme);
        assert_eq!(transactions.len(), COUNT as usize, "every transaction of the workload decodes");
        group.bench_function(format!("{name},alone"), |bencher| {
            bencher.iter_batched(|| transactions.clone(), alone, BatchSize::LargeInput);
        });
        for threads in [1, 2] {
            group.bench_function(format!("{name},block={COUNT},threads={threads}"), |bencher| {
                let verify = |transactions| signature::verify(transactions, threads);
                bencher.iter_batched(|| transactions.clone(), verify, BatchSize::LargeInput);
            });
        }
    }
    group.finish();
}

/// Verifies one after the other, each as a block of its own.
fn alone(transactions: Vec<Transaction>) -> usize {
    let verified = transactions.into_iter().flat_map(|transaction| signature::verify(vec![transaction], 1));
    verified.filter(Result::is_ok).count()
}

/// Transactions of as many accounts.
fn transactions(scheme: Scheme) -> Vec<Transaction> {
    (0..COUNT)
        .map(|number| Signer::new(scheme, number).sign(&transfer(0, recipient(0)), &DOMAIN))
        .filter_map(|bytes| Transaction::decode(&RawTransaction::new(bytes).ok()?, &DOMAIN).ok())
        .collect()
}
