//! What the demo promises to show, and whether it did: money that moved for every reason there is, and what must hold.

use super::books::{Books, Flow};
use super::report::{MoneyFlow, SupplyEquation};
use super::world::World;
use crate::demo::report::Invariant;

/// Attacks that the demo makes, whatever its sizes.
pub(super) const ATTACKS: usize = 27;

/// Returns what moved, by what it was for. Each of them has to have happened.
pub(super) fn flows(books: &Books) -> Vec<MoneyFlow> {
    let [fees, penalties, _, _, unclaimed] = books.recycled;
    let [double_sign, downtime] = books.punished;
    let flows = [
        ("registration fees recycled", fees),
        ("epochs settled: emitted", books.settled),
        ("burned for want of quality", books.unmet),
        ("distributed again out of the pool", books.from_pool),
        ("rewards claimed by proof", books.claimed),
        ("rewards that nobody claimed swept", books.swept),
        ("swept rewards recycled", unclaimed),
        ("stake delegated", books.delegated),
        ("stake unbonded", books.unbonded),
        ("stake withdrawn", books.withdrawn),
        ("rewards to validators and delegators", books.rewarded),
        ("of them claimed", books.rewards_claimed),
        ("slashed for double signing", double_sign),
        ("slashed for downtime", downtime),
        ("of slashes recycled", penalties),
        ("burned as quality penalty", books.penalties),
        ("paid by the treasury", books.spent),
        ("paid of a grant as it vested", books.released),
    ];
    flows.map(|(name, Flow { count, wei })| MoneyFlow { name, count, wei }).to_vec()
}

/// Returns what must hold at the end. What was checked on the way ended the run if it did not.
pub(super) fn invariants(world: &World, supply: &SupplyEquation) -> Vec<Invariant> {
    let SupplyEquation { balances, genesis, minted, burned_by_contracts, burned_fees } = *supply;
    let made = genesis.saturating_add(minted);
    let gone = burned_by_contracts.saturating_add(burned_fees);
    let (books, height) = (&world.books, world.stage.chain().height());
    let (blocks, supply_checks) = (height.saturating_add(1), world.stage.supply_checks);
    let (settled, checked, epochs) = (books.settled.count, world.epochs_checked, world.rows.len() as u64);
    let (waiting, attacks) = (world.waiting(), world.stage.attacks.len());
    let invariant = |name, holds, detail| Invariant { name, holds, detail };
    vec![
        invariant(
            "supply equation",
            made.checked_sub(gone) == Some(balances) && supply_checks == blocks,
            format!("true to the wei after {supply_checks} of {blocks} blocks, the genesis included"),
        ),
        invariant(
            "epochs by the formulas",
            settled.saturating_add(2) == epochs,
            format!(
                "{settled} of {epochs} settled, the last two are not due; emission, split, every reward and root computed again"
            ),
        ),
        invariant(
            "books agree with the state",
            checked == epochs,
            format!("at the end of {checked} of {epochs} epochs: claims, stakes, slashes, pool, treasury, fees, burns"),
        ),
        invariant("every call was made", waiting == 0, format!("{waiting} are waiting")),
        invariant("every attack was tried", attacks == ATTACKS, format!("{attacks} of {ATTACKS}")),
    ]
}
