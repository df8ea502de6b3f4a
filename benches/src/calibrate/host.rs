//! The host functions that neither read the state nor verify a signature, each on its worst legal input, at several sizes.

use florin_abi::limits;

use super::guest::{Guest, case, seed};
use super::world::{Expected, World};
use super::{Case, Kind, Run};
use crate::ledger::WorkloadError;

/// Where regions lie that a case reads from or writes to.
const AT: u64 = 64;

/// Returns every case.
///
/// # Errors
/// If a contract is refused.
pub fn cases(world: &mut World) -> Result<Vec<Case>, WorkloadError> {
    let mut cases = vec![
        case(world, ("call_host", 0), "chain_id", Kind::Usual, &Guest::host("chain_id", &[], 100_000))?,
        case(world, ("Context", 8), "gas_left", Kind::Worst, &Guest::host("gas_left", &[], 100_000))?,
        case(world, ("Context", 20), "caller", Kind::Worst, &Guest::host("caller", &[AT], 100_000))?,
        case(world, ("Context", 16), "value", Kind::Worst, &Guest::host("value", &[AT], 100_000))?,
    ];
    for (bytes, rounds) in [(0_u32, 100_000), (1_024, 20_000), (limits::INPUT_BYTES_MAX, 200)] {
        cases.push(input(world, bytes, rounds)?);
    }
    for class in ["Sha256", "Keccak256", "Blake3"] {
        let name = match class {
            "Sha256" => "sha256",
            "Keccak256" => "keccak256",
            _ => "blake3",
        };
        for (bytes, rounds) in
            [(0_u64, 20_000), (64, 20_000), (1_024, 2_000), (65_536, 40), (limits::HASH_BYTES_MAX.into(), 1)]
        {
            let guest = Guest::host(name, &[0, bytes, AT], rounds + 1).pages(256).setup("nop");
            cases.push(case(world, (class, bytes), "one block after the other", Kind::Worst, &guest)?);
        }
    }
    merkle(world, &mut cases)?;
    for (bytes, rounds) in [(0, 20_000), (1_024, 10_000), (u64::from(limits::OUTPUT_BYTES_MAX), 64)] {
        cases.push(finish(world, bytes, rounds)?);
    }
    Ok(cases)
}

fn merkle(world: &mut World, cases: &mut Vec<Case>) -> Result<(), WorkloadError> {
    for (leaves, rounds) in [(1_u64, 20_000), (1_023, 20), (65_535, 1), (limits::MERKLE_LEAVES_MAX.into(), 1)] {
        let root = Guest::host("merkle_root", &[0, leaves, AT], rounds + 1).pages(256).setup("nop");
        cases.push(case(world, ("MerkleRoot", leaves), "root", Kind::Worst, &root)?);
        let proof =
            Guest::host("merkle_proof", &[0, leaves, leaves - 1, AT, 4_096], rounds + 1).pages(256).setup("nop");
        cases.push(case(world, ("MerkleRoot", leaves), "proof", Kind::Worst, &proof)?);
    }
    // A full tree of 2^n leaves has proofs of n nodes; the last node decides.
    for nodes in [0_u32, 8, 20, 31] {
        let guest = Guest::host("merkle_verify", &[AT, AT, 0, 1 << nodes, AT, nodes.into()], 2_000);
        cases.push(case(world, ("MerkleVerify", nodes.into()), "wrong root", Kind::Worst, &guest)?);
    }
    Ok(())
}

/// Copies an input of a size into the memory.
fn input(world: &World, bytes: u32, rounds: u32) -> Result<Case, WorkloadError> {
    let code = world.load(&Guest::host("input", &[AT, 1 << 18], rounds).pages(8).text())?;
    let given = alloy_primitives::Bytes::from(vec![7; bytes as usize]);
    let run: Run = Box::new(move |world, _| world.call(&code, &given, Expected::Finished));
    let label = "input".to_owned();
    Ok(Case {
        price: "Copy",
        label,
        units: bytes.into(),
        operations: rounds.into(),
        kind: Kind::Worst,
        run,
        before: None,
    })
}

/// Reverts with data of a size; the call is over with it, so that a run is many calls.
fn finish(world: &World, bytes: u64, calls: u64) -> Result<Case, WorkloadError> {
    let calls = calls.min(256);
    let many = |guest: &Guest, expected: Expected| -> Result<Run, WorkloadError> {
        let code = world.load(&guest.text())?;
        Ok(Box::new(move |world, round| world.calls(&code, &seed(round), expected, calls)))
    };
    let run = many(&Guest::host("revert", &[AT, bytes], 1).pages(8), Expected::Failed)?;
    let before = Some(many(&Guest::looped("", 1).pages(8), Expected::Finished)?);
    let label = "revert".to_owned();
    Ok(Case { price: "output", label, units: bytes, operations: calls, kind: Kind::Usual, run, before })
}
