//! Random blocks: the supply equation after each of them, and the same chain when they are run again.

use alloy_primitives::Address;
use florin_runtime::{
    block::CommittedBlock,
    gas::{Gas, GasSchedule},
    receipt::Receipt,
    transaction::GasPrice,
    vm::{EngineKind, Optimize, VmConfig},
};
use proptest::prelude::*;

use crate::{
    puppet::{Call, Script, puppet},
    world::{FUNDS, World, user},
};

const OTHER_ENGINES: &[EngineKind] = &[
    EngineKind::Compiled { optimize: Optimize::None },
    #[cfg(feature = "interpreter")]
    EngineKind::Interpreted,
];

/// What one transaction of a random block does.
#[derive(Clone, Debug)]
enum Act {
    /// A plain transfer, perhaps of more than there is.
    Pay { to: usize, value: u128 },
    /// Money through the first puppet, which has the capabilities.
    Move { value: u128, mint: u128, burn: u128, give: u128 },
    /// Money through both puppets; the inner call ends as told.
    Nest { value: u128, inner: u128, ending: Ending },
    /// A contract that is made with money, and perhaps fails.
    Deploy { value: u128, ending: Ending },
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Finish,
    Revert,
    Trap,
    RunOut,
}

fn ending() -> impl Strategy<Value = Ending> {
    prop::sample::select(vec![Ending::Finish, Ending::Revert, Ending::Trap, Ending::RunOut])
}

fn act() -> impl Strategy<Value = Act> {
    let value = || prop_oneof![Just(0), 0..1_000_u128, 0..FUNDS * 2];
    let small = || 0..2_000_u128;
    prop_oneof![
        (0..World::USERS, value()).prop_map(|(to, value)| Act::Pay { to, value }),
        (value(), small(), small(), small()).prop_map(|(value, mint, burn, give)| Act::Move {
            value,
            mint,
            burn,
            give
        }),
        (value(), small(), ending()).prop_map(|(value, inner, ending)| Act::Nest { value, inner, ending }),
        (small(), ending()).prop_map(|(value, ending)| Act::Deploy { value, ending }),
    ]
}

fn end(script: Script, ending: Ending) -> Script {
    match ending {
        Ending::Finish => script,
        Ending::Revert => script.revert(b"no"),
        Ending::Trap => script.unreachable(),
        Ending::RunOut => script.loop_forever(),
    }
}

/// Returns recipient, value and input of a transaction.
fn request(act: &Act, puppets: [Address; 2]) -> (Option<Address>, u128, Vec<u8>) {
    let [first, second] = puppets;
    match *act {
        Act::Pay { to, value } => (Some(user(to)), value, vec![]),
        Act::Move { value, mint, burn, give } => {
            let script = Script::new().mint(first, mint).burn(burn).transfer(user(2), give).mint(user(1), mint);
            (Some(first), value, script.bytes())
        }
        Act::Nest { value, inner, ending } => {
            let nested = end(Script::new().transfer(user(3), inner / 2).emit(&[], b"event").add(b"n", 1, 100), ending);
            let call = Call { value: inner, gas: 200_000, ..Call::to(second) };
            (Some(first), value, Script::new().call(call, nested).transfer(second, 1).bytes())
        }
        Act::Deploy { value, ending } => {
            let script = end(Script::new().transfer(user(1), value / 3).write(b"k", b"v"), ending);
            let input = florin_runtime::execution::deploy::DeployPayload::join(&puppet(), &script.bytes()).unwrap();
            (None, value, input.to_vec())
        }
    }
}

/// Runs the blocks, whatever of them is admitted; the world checks the supply after each.
fn run(mut world: World, blocks: &[Vec<(usize, u128, Act)>]) -> Vec<CommittedBlock> {
    let puppets = [world.deploy(&puppet()), world.deploy(&puppet())];
    let one = |world: &mut World, block: &Vec<(usize, u128, Act)>| {
        let mut nonces: Vec<u64> = (0..World::USERS).map(|index| world.nonce(index)).collect();
        let mut candidates = Vec::new();
        for (sender, price, act) in block {
            let (to, value, input) = request(act, puppets);
            let mut body = world.body(*sender, to, value, input);
            body.gas_limit = Gas(2_000_000);
            body.gas_price = GasPrice::flat(*price);
            body.nonce = nonces[*sender];
            let candidate = world.signed(*sender, &body);
            // The sender's next transaction follows this one, if it is admitted.
            if world.propose(candidates.iter().chain([&candidate]).cloned().collect()).1.is_empty() {
                candidates.push(candidate);
                nonces[*sender] += 1;
            }
        }
        world.block(candidates)
    };
    blocks.iter().map(|block| one(&mut world, block)).collect()
}

fn receipts(blocks: &[CommittedBlock]) -> Vec<&Receipt> {
    blocks.iter().flat_map(CommittedBlock::receipts).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_blocks_conserve_the_supply_and_replay_to_the_same_chain(
        blocks in prop::collection::vec(prop::collection::vec((0..World::USERS, 1..5_u128, act()), 0..8), 1..5),
    ) {
        let first = run(World::new(), &blocks);
        let fees: u128 = receipts(&first).iter().map(|receipt| receipt.fee.wei()).sum();
        let again = run(World::new(), &blocks);
        prop_assert_eq!(receipts(&first), receipts(&again));
        prop_assert_eq!(&first, &again);
        for engine in OTHER_ENGINES {
            let other = run(World::with_vm(VmConfig { engine: *engine, ..VmConfig::default() }), &blocks);
            prop_assert_eq!(&first, &other, "{:?}", engine);
        }
        prop_assert!(fees > 0 || receipts(&first).is_empty());
    }
}

#[test]
fn the_schedule_of_the_machine_is_the_one_of_the_genesis() {
    let mut schedule = GasSchedule::default();
    schedule.transaction += 1;
    let mut world = World::with_schedule(schedule);
    let receipt = world.send(0, &world.body(0, Some(user(1)), 0, vec![]));
    assert_eq!(receipt.gas_used, Gas(21_001));
}
