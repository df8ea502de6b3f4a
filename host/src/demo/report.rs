//! What the demo found: figures, attacks and invariants, as a table for people and as JSON for programs.
//!
//! Guarantees that amounts are decimal strings, because they exceed what JSON numbers carry, and that everything but the
//! times, the threads and the blocks that were found follows from list, seed and code. Times are whole nanoseconds; rates
//! and shares are integers, rounded down. Times and rates are those of this run: of the blocks that it has executed.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Claims on the list.
    pub claims: u64,
    /// Claims that were paid.
    pub claims_paid: u64,
    /// The exact sum of the list, in the token's smallest unit.
    pub list_sum: String,
    /// The sum of what was paid, from the events.
    pub sum_paid: String,
    /// Claims a second, over all stages.
    pub tx_per_second: u64,
    /// Where the time went, in the order of the way of a transaction.
    pub stages: Vec<Stage>,
    /// Gas of all claims together.
    pub gas_total: u64,
    /// Gas of a claim on average, rounded down.
    pub gas_per_claim: u64,
    /// The cheapest and the dearest claim.
    pub gas_range: (u64, u64),
    /// Blocks of claims, and the height of the chain at the end.
    pub claim_blocks: u64,
    /// The height of the last block.
    pub height: u64,
    /// The last block that an earlier run has left in the data folder; 0 if there was none. This run went on behind it.
    pub blocks_found: u64,
    /// The root of the state after the last block.
    pub state_root: String,
    /// The root of the claim tree.
    pub claim_root: String,
    /// What the relayers' keys derive from.
    pub seed: u64,
    /// Threads that verified signatures.
    pub threads: usize,
    /// What was tried against the campaign.
    pub attacks: Vec<Attack>,
    /// What must hold at the end.
    pub invariants: Vec<Invariant>,
}

/// One stage of the way of a transaction, over all claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The stage.
    pub name: &'static str,
    /// Time in the stage.
    pub nanoseconds: u64,
    /// Share of all stages together, in parts per million.
    pub share_ppm: u64,
}

/// One attack: a signed transaction that was executed and must have failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// What was tried.
    pub name: &'static str,
    /// The transaction's id.
    pub transaction: String,
    /// The status in the receipt.
    pub status: &'static str,
    /// The decoded custom error.
    pub error: String,
    /// The error that it must fail with.
    pub expected: String,
    /// Whether it failed with exactly that error.
    pub refused: bool,
}

/// Something that must hold at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invariant {
    /// What must hold.
    pub name: &'static str,
    /// Whether it does.
    pub holds: bool,
    /// The figures.
    pub detail: String,
}

impl Report {
    /// Returns each attack that did not fail as it must and each invariant that does not hold; nothing if all is well.
    pub fn findings(&self) -> Vec<String> {
        let broken = self.invariants.iter().filter(|invariant| !invariant.holds);
        let broken = broken.map(|invariant| format!("{}: {}", invariant.name, invariant.detail));
        let unrefused = self.attacks.iter().filter(|attack| !attack.refused);
        let unrefused = unrefused.map(|attack| {
            format!("attack \"{}\": {} {} instead of {}", attack.name, attack.status, attack.error, attack.expected)
        });
        broken.chain(unrefused).collect()
    }

    /// Returns the report as one JSON object.
    pub fn to_json(&self) -> String {
        // Strings, integers and lists of them: nothing that JSON cannot hold.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Returns the report as tables.
    pub fn to_table(&self) -> String {
        let paragraphs =
            [self.figures(), stage_table(&self.stages), attack_table(&self.attacks), invariant_table(&self.invariants)];
        paragraphs.map(|table| table.to_string()).join("\n\n")
    }

    fn figures(&self) -> Table {
        let mut table = table(&["figure", "value"]);
        let rows = [
            ("claims paid", format!("{} of {}", grouped(self.claims_paid), grouped(self.claims))),
            ("sum paid", grouped(&self.sum_paid)),
            ("sum of the list", grouped(&self.list_sum)),
            ("claims a second", grouped(self.tx_per_second)),
            (
                "gas per claim",
                format!(
                    "{} ({} to {})",
                    grouped(self.gas_per_claim),
                    grouped(self.gas_range.0),
                    grouped(self.gas_range.1)
                ),
            ),
            ("blocks of claims", grouped(self.claim_blocks)),
            ("state root", self.state_root.clone()),
            ("claim root", self.claim_root.clone()),
        ];
        if self.blocks_found > 0 {
            let (found, height) = (grouped(self.blocks_found), grouped(self.height));
            table.add_row(["went on after block".to_owned(), format!("{found} of {height}")]);
        }
        for (name, value) in rows {
            table.add_row([name.to_owned(), value]);
        }
        table
    }
}

/// Returns the stages as a table.
pub(super) fn stage_table(stages: &[Stage]) -> Table {
    let mut table = table(&["stage", "time", "share"]);
    for stage in stages {
        let share = format!("{}.{} %", stage.share_ppm / 10_000, stage.share_ppm / 1_000 % 10);
        let time = Cell::new(milliseconds(stage.nanoseconds)).set_alignment(CellAlignment::Right);
        table.add_row([Cell::new(stage.name), time, Cell::new(share).set_alignment(CellAlignment::Right)]);
    }
    table
}

/// Returns the attacks as a table.
pub(super) fn attack_table(attacks: &[Attack]) -> Table {
    let mut table = table(&["attack", "refused", "error"]);
    for attack in attacks {
        table.add_row([attack.name, verdict(attack.refused), &attack.error]);
    }
    table
}

/// Returns the invariants as a table.
pub(super) fn invariant_table(invariants: &[Invariant]) -> Table {
    let mut table = table(&["invariant", "holds", "figures"]);
    for invariant in invariants {
        table.add_row([invariant.name, verdict(invariant.holds), &invariant.detail]);
    }
    table
}

/// Returns the stages with their shares.
pub(super) fn stages(times: &[(&'static str, Duration)]) -> Vec<Stage> {
    let nanoseconds = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let total = times.iter().fold(0_u64, |sum, (_, time)| sum.saturating_add(nanoseconds(time)));
    let stage = |(name, time): &(&'static str, Duration)| {
        let nanoseconds = nanoseconds(time);
        Stage { name, nanoseconds, share_ppm: ratio(nanoseconds, 1_000_000, total) }
    };
    times.iter().map(stage).collect()
}

/// Returns `floor(count * scale / whole)`, or 0 for a whole of 0.
pub(super) fn ratio(count: u64, scale: u64, whole: u64) -> u64 {
    let product = u128::from(count).saturating_mul(u128::from(scale));
    product.checked_div(u128::from(whole)).map_or(0, |quotient| u64::try_from(quotient).unwrap_or(u64::MAX))
}

/// Makes a table with a header.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header.iter().copied());
    table
}

const fn verdict(good: bool) -> &'static str {
    if good { "yes" } else { "NO" }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{}.{} ms", grouped(nanoseconds / 1_000_000), nanoseconds / 100_000 % 10)
}

/// Writes a number with a comma between thousands.
pub(super) fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && digits.len().saturating_sub(position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{grouped, ratio, stages};

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in
            [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (43_575, "43,575"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn shares_are_of_all_stages_together() {
        let stages = stages(&[("one", Duration::from_millis(1)), ("two", Duration::from_millis(3))]);
        assert_eq!([stages[0].share_ppm, stages[1].share_ppm], [250_000, 750_000]);
        assert_eq!(super::stages(&[("none", Duration::ZERO)])[0].share_ppm, 0);
    }

    #[test]
    fn a_ratio_is_rounded_down_and_never_fails() {
        assert_eq!(ratio(2, 10, 3), 6);
        assert_eq!(ratio(1, 1, 0), 0);
        assert_eq!(ratio(u64::MAX, u64::MAX, 1), u64::MAX);
    }
}
