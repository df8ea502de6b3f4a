//! Bytes to `Transaction`, in each envelope.

use alloy_primitives::{B256, Bytes};
use criterion::{Criterion, Throughput};
use florin_benches::ledger::{WorkloadError, recipient};
use florin_benches::signer::{Signer, transfer};
use florin_runtime::signature::Scheme;
use florin_runtime::transaction::{Body, Domain, RawTransaction, Transaction};

/// What the transactions are signed for.
pub(crate) const DOMAIN: Domain = Domain { chain_id: 1947, genesis_hash: B256::ZERO };

/// A token transfer's calldata, and the longest.
const INPUT_BYTES: [usize; 2] = [68, 128 << 10];

pub(crate) fn bench(criterion: &mut Criterion) -> Result<(), WorkloadError> {
    let mut group = criterion.benchmark_group("decode");
    for input_bytes in INPUT_BYTES {
        let body = Body { input: Bytes::from(vec![0x5a; input_bytes]), ..transfer(0, recipient(0)) };
        let eip1559 = Signer::new(Scheme::Ecdsa, 0).sign(&body, &DOMAIN);
        let native = Signer::new(Scheme::Ed25519, 0).sign(&body, &DOMAIN);
        for (envelope, bytes) in [("eip1559", eip1559), ("native", native)] {
            let raw = RawTransaction::new(bytes)?;
            Transaction::decode(&raw, &DOMAIN)?;
            group.throughput(Throughput::Bytes(raw.bytes().len() as u64));
            group.bench_function(format!("{envelope},input={input_bytes}B"), |bencher| {
                bencher.iter(|| Transaction::decode(&raw, &DOMAIN));
            });
        }
    }
    group.finish();
    Ok(())
}
