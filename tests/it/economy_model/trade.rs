//! Steps about campaigns, the recycling pool, the treasury, the parameters, and plain transfers.

use florin_sandbox::Address;

use super::act::{Act, Airdrop, Call, Line, Proof, Terms, Usurped};
use super::model::Model;
use super::model::claims::Campaign;
use super::terms::{
    CONTRACTS, MDT, MIN_STAKE, NAMES, OTHER_SLASHING_TERMS, OWNER, PURSE, RECYCLING, SINK, SLASHING_TERMS, STAKING,
    STRANGER, TREASURY, UNBONDING, WINDOW, address,
};
use super::transition::{Dice, Kind};

/// Lines of a batch.
const BATCH: usize = 4;

/// A message about a campaign.
pub(crate) fn campaign(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let by = dice.below(NAMES.len() as u64) as usize;
    let now = model.height + 1;
    let all: Vec<&Campaign> = model.claims.campaigns.values().collect();
    let open = |campaign: &&&Campaign| campaign.terms.first_block <= now && now <= campaign.terms.last_block;
    let closed: Vec<&Campaign> = all.iter().filter(|campaign| !open(campaign)).copied().collect();
    let open: Vec<&Campaign> = all.iter().filter(open).copied().collect();
    let unfinished: Vec<&Campaign> = open.iter().filter(|campaign| !unpaid(campaign).is_empty()).copied().collect();
    let pick = |dice: &mut Dice, from: &[&Campaign], others: &[&Campaign]| -> Option<Campaign> {
        // The latest are the most likely to be open and unpaid.
        let from = if from.is_empty() { others } else { from };
        let place = from.len().checked_sub(1 + dice.below(3) as usize % from.len().max(1))?;
        Some(from[place].clone())
    };
    let nobody = Line { index: 0, account: SINK, amount: 1, proof: Proof::Genuine };
    let nowhere = Call::new(by, Act::Claim { campaign: 1 << 40, line: nobody });
    match kind {
        Kind::Airdrop | Kind::AirdropWrong => airdrop(kind, by, model, dice),
        Kind::Sweep => {
            let from = if dice.below(3) == 0 { &open } else { &closed };
            let picked = pick(dice, from, &all);
            Call::new(by, Act::Sweep { campaign: picked.map_or(1 << 40, |campaign| campaign.terms.campaign) })
        }
        Kind::ClaimMany => {
            let Some(campaign) = pick(dice, &unfinished, &all) else { return nowhere };
            let mut lines: Vec<Line> = unpaid(&campaign).into_iter().take(BATCH).collect();
            match dice.below(6) {
                0 => lines.extend(lines.clone()),
                1 => lines.clear(),
                _ => {}
            }
            Call::new(by, Act::ClaimMany { campaign: campaign.terms.campaign, lines })
        }
        _ => {
            let from = match kind {
                Kind::ClaimLate => &closed,
                Kind::Claim => &unfinished,
                _ => &open,
            };
            let Some(campaign) = pick(dice, from, &all) else { return nowhere };
            let (unpaid, number) = (unpaid(&campaign), campaign.terms.campaign);
            let any = dice.below(campaign.terms.list.len() as u64) as u32;
            let paid: Vec<u32> = campaign.paid.iter().copied().collect();
            let line = match kind {
                Kind::ClaimTwice => line(&campaign, dice.pick_or(&paid, any)),
                Kind::ClaimForged => forged(line(&campaign, any), dice),
                _ => dice.pick_or(&unpaid, line(&campaign, any)),
            };
            Call::new(by, Act::Claim { campaign: number, line })
        }
    }
}

fn line(campaign: &Campaign, index: u32) -> Line {
    let (account, amount) = campaign.terms.list[index as usize];
    Line { index, account, amount, proof: Proof::Genuine }
}

fn unpaid(campaign: &Campaign) -> Vec<Line> {
    let all = 0..campaign.terms.list.len() as u32;
    all.filter(|index| !campaign.paid.contains(index)).map(|index| line(campaign, index)).collect()
}

fn forged(line: Line, dice: &mut Dice) -> Line {
    match dice.below(5) {
        0 => Line { amount: line.amount + 1, ..line },
        1 => Line { account: address(STRANGER), ..line },
        2 => Line { index: line.index + 1, ..line },
        3 => Line { index: u32::MAX, ..line },
        _ => Line { proof: Proof::Broken, ..line },
    }
}

fn airdrop(kind: Kind, by: usize, model: &Model, dice: &mut Dice) -> Call {
    let mut accounts = vec![SINK, STAKING, address(dice.below(NAMES.len() as u64) as usize), address(STRANGER)];
    accounts.truncate(1 + dice.below(4) as usize);
    accounts.sort_unstable();
    accounts.dedup();
    let list: Vec<(Address, u128)> = accounts.into_iter().zip([3 * MDT + 1, 7, 0, MDT]).collect();
    let sum: u128 = list.iter().map(|(_, amount)| amount).sum();
    // Some promise more than they hold.
    let total = if dice.below(4) == 0 { sum - 1 } else { sum };
    let now = model.height + 1;
    let first_block = dice.pick(&[0, now, now + 2]);
    let last_block = first_block.max(now) + dice.below(WINDOW);
    let target = dice.pick(&[SINK, RECYCLING, TREASURY]);
    let campaign = model.claims.next_number(address(by));
    let leaf_count = list.len() as u32;
    let mut terms = Airdrop { campaign, list, leaf_count, total, first_block, last_block, target };
    let mut value = total;
    if kind == Kind::AirdropWrong {
        match dice.below(6) {
            0 => terms.campaign = model.epochs.next + 1_000,
            1 => value += 1,
            2 => terms.leaf_count = 0,
            3 => terms.last_block = now.saturating_sub(1).max(1),
            4 => terms.target = Address::ZERO,
            _ => terms.campaign = model.claims.campaigns.keys().next_back().copied().unwrap_or(0),
        }
    }
    Call::with(by, value, Act::CreateCampaign { terms })
}

/// A message about the pool, the treasury, parameters, or none at all.
pub(crate) fn message(kind: Kind, model: &Model, dice: &mut Dice) -> Call {
    let by = dice.below(NAMES.len() as u64) as usize;
    let amount = dice.pick(&[1, 999, MDT, 12 * MDT + 5, 40 * MDT]);
    match kind {
        Kind::Recycle => Call::with(by, amount, Act::Recycle { source: dice.below(5) as u8 }),
        Kind::RecycleWrong => match dice.below(2) {
            0 => Call::with(by, amount, Act::Recycle { source: 5 + dice.below(250) as u8 }),
            _ => Call::new(by, Act::Recycle { source: 2 }),
        },
        Kind::Penalty => Call::with(OWNER, amount, Act::BurnPenalty),
        Kind::PenaltyWrong => match dice.below(2) {
            0 => Call::with(STRANGER, amount, Act::BurnPenalty),
            _ => Call::new(OWNER, Act::BurnPenalty),
        },
        Kind::Deposit => Call::with(by, amount, Act::Deposit),
        Kind::Spend => Call::new(OWNER, Act::Spend { to: dice.pick(&[SINK, address(by)]), amount }),
        Kind::Donate => Call::new(OWNER, Act::Spend { to: dice.pick(&CONTRACTS), amount }),
        Kind::SpendWrong => match dice.below(4) {
            0 => Call::new(STRANGER, Act::Spend { to: address(STRANGER), amount }),
            1 => Call::new(OWNER, Act::Spend { to: SINK, amount: model.money.of(TREASURY) + 1 }),
            2 => Call::new(OWNER, Act::Spend { to: Address::ZERO, amount }),
            _ => Call::new(OWNER, Act::Spend { to: SINK, amount: 0 }),
        },
        Kind::Grant => grant(by, model, dice),
        Kind::Release => Call::new(by, Act::Release { id: grant_of(model, dice) }),
        Kind::Revoke => {
            let by = if dice.below(6) == 0 { STRANGER } else { OWNER };
            Call::new(by, Act::Revoke { id: grant_of(model, dice) })
        }
        Kind::Usurp => Call::new(by, Act::Usurp { which: dice.pick(&Usurped::ALL) }),
        Kind::Transfer => Call::with(by, amount, Act::Transfer { to: dice.pick(&[SINK, address(by), address(OWNER)]) }),
        Kind::TransferWrong => match dice.below(2) {
            0 => Call::with(by, amount, Act::Transfer { to: dice.pick(&CONTRACTS) }),
            _ => Call::with(by, 1_000 * PURSE, Act::Transfer { to: SINK }),
        },
        _ => parameters(kind, dice),
    }
}

/// A grant that there is, as a rule.
fn grant_of(model: &Model, dice: &mut Dice) -> u64 {
    let grants = model.treasury.grants.len() as u64;
    if dice.below(8) == 0 { grants } else { dice.below(grants) }
}

fn grant(by: usize, model: &Model, dice: &mut Dice) -> Call {
    let now = model.height + 1;
    let total = dice.pick(&[100 * MDT, 30 * MDT + 1, 7, 10_000 * MDT]);
    let at_start = dice.pick(&[0, total / 5, total, total + 1]);
    let [start, cliff, length] =
        [dice.pick(&[0, now + 3, 1]), dice.pick(&[0, 5, 20]), dice.pick(&[0, 9, 50, u64::MAX])];
    let terms =
        Terms { holder: address(by), total, at_start, start, cliff, length, is_revocable: !by.is_multiple_of(3) };
    Call::new(OWNER, Act::Grant { terms })
}

fn parameters(kind: Kind, dice: &mut Dice) -> Call {
    let mistake = dice.below(8);
    let rules = Act::SetRules { which: dice.below(7) as usize };
    let [one, two, three, four] = OTHER_SLASHING_TERMS;
    let slashing = Act::SetSlashing { terms: dice.pick(&[SLASHING_TERMS, one, two, three, four, SLASHING_TERMS]) };
    let min_stake = dice.pick(&[MIN_STAKE, MIN_STAKE, 60 * MDT, 160 * MDT]);
    let staking = Act::SetStaking { min_stake, unbonding: dice.pick(&[UNBONDING, UNBONDING, 5, 17]) };
    let registry = Act::SetRegistry { fee: dice.pick(&[0, MDT, 3 * MDT + 1]), miners_max: dice.pick(&[5, 8, 2]) };
    match kind {
        Kind::SetRules => Call::new(OWNER, rules),
        Kind::SetSlashing => Call::new(OWNER, slashing),
        Kind::SetStaking => Call::new(OWNER, staking),
        Kind::SetRegistry => Call::new(OWNER, registry),
        _ => match mistake {
            0 => Call::new(STRANGER, rules),
            1 => Call::new(STRANGER, slashing),
            2 => Call::new(STRANGER, staking),
            3 => Call::new(STRANGER, registry),
            4 => Call::new(OWNER, Act::SetStaking { min_stake: 0, unbonding: 1 }),
            5 => Call::new(OWNER, Act::SetRegistry { fee: 1, miners_max: 4_097 }),
            6 => Call::new(OWNER, Act::SetSlashing { terms: (1, 1, 1, 1, 1, 1, 600_000, 400_001) }),
            _ => Call::new(OWNER, Act::SetSlashing { terms: (1, 1, 1_000_001, 1, 1, 1, 1, 1) }),
        },
    }
}
