//! What the economy's demo found: a row for each epoch, what was done, attacks, and what must hold; as tables for people and as
//! JSON for programs.
//!
//! Guarantees that amounts are wei as decimal strings in JSON, and MDT cut to thousandths in tables; that everything but times
//! and threads follows from the options.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::{Serialize, Serializer};

use super::contracts::Emission;
use super::stage::GasOf;
use crate::demo::report::{
    Attack, Invariant, Stage, attack_table, grouped, invariant_table, ratio, stage_table, table,
};

/// Wei of a thousandth of an MDT.
const MILLI_MDT: u128 = 1_000_000;

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EconomyReport {
    /// Epochs that were run.
    pub epochs: u64,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
    /// Miners that registered in the first epoch.
    pub miners: u32,
    /// Validators of the genesis.
    pub validators: u32,
    /// What all keys and all work derive from.
    pub seed: u64,
    /// Threads that verified signatures.
    pub threads: usize,
    /// The height of the last block.
    pub height: u64,
    /// Transactions of all blocks.
    pub transactions: u64,
    /// How often the supply equation was checked and true: after the genesis and after each block.
    pub supply_checks: u64,
    /// A row for each epoch.
    pub rows: Vec<EpochRow>,
    /// What was done, with the gas of each operation.
    pub operations: Vec<Operation>,
    /// What moved, by what it was for.
    pub flows: Vec<MoneyFlow>,
    /// What was tried and had to be refused.
    pub attacks: Vec<Attack>,
    /// What must hold.
    pub invariants: Vec<Invariant>,
    /// The totals of the supply equation.
    pub supply: SupplyEquation,
    /// The root of the state after the last block.
    pub state_root: String,
    /// Transactions a second, over all stages.
    pub tx_per_second: u64,
    /// All stages together.
    pub nanoseconds: u64,
    /// Where the time went.
    pub stages: Vec<Stage>,
}

/// What happened on the chain in an epoch. An epoch is settled in the second behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EpochRow {
    /// The epoch.
    pub epoch: u64,
    /// Its blocks; the genesis is none.
    pub blocks: u64,
    /// Their transactions.
    pub transactions: u64,
    /// The epoch that was settled in it; the figures up to the treasury's are of that.
    pub settled: Option<u64>,
    /// Tasks.
    pub tasks: u64,
    /// Quality, in ppm.
    pub quality_ppm: u32,
    /// Utility, in ppm.
    pub utility_ppm: u32,
    /// The emission.
    #[serde(serialize_with = "as_text")]
    pub emitted: u128,
    /// Of it, burned for want of quality.
    #[serde(serialize_with = "as_text")]
    pub unmet: u128,
    /// Of what is distributed, out of the recycling pool.
    #[serde(serialize_with = "as_text")]
    pub from_pool: u128,
    /// Of what is distributed, minted.
    #[serde(serialize_with = "as_text")]
    pub minted: u128,
    /// The pool of the miners.
    #[serde(serialize_with = "as_text")]
    pub miners: u128,
    /// The pool of the validators and their delegators.
    #[serde(serialize_with = "as_text")]
    pub validators: u128,
    /// The treasury's part.
    #[serde(serialize_with = "as_text")]
    pub treasury: u128,
    /// Claims that were paid in the epoch.
    pub claims: u64,
    /// Everything burned in the epoch: unmet quota, slashes, penalties, fees.
    #[serde(serialize_with = "as_text")]
    pub burned: u128,
    /// The recycling pool at its end.
    #[serde(serialize_with = "as_text")]
    pub pool: u128,
    /// The stake that counts in the next epoch.
    #[serde(serialize_with = "as_text")]
    pub stake: u128,
    /// The sum of all balances at its end.
    #[serde(serialize_with = "as_text")]
    pub supply: u128,
}

/// What an operation cost, over all of its kind that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Contract and message, or a hook.
    pub name: &'static str,
    /// How often.
    pub count: u64,
    /// Gas of all together.
    pub gas_total: u64,
    /// The cheapest.
    pub gas_least: u64,
    /// On average, rounded down.
    pub gas_mean: u64,
    /// The dearest.
    pub gas_most: u64,
}

/// Money that moved for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MoneyFlow {
    /// What for.
    pub name: &'static str,
    /// How often.
    pub count: u64,
    /// How much in all, in wei.
    #[serde(serialize_with = "as_text")]
    pub wei: u128,
}

/// The two sides of the supply equation at the end, in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SupplyEquation {
    /// The sum of all balances, contracts' included, from the state.
    #[serde(serialize_with = "as_text")]
    pub balances: u128,
    /// Allocated at the genesis.
    #[serde(serialize_with = "as_text")]
    pub genesis: u128,
    /// Minted since.
    #[serde(serialize_with = "as_text")]
    pub minted: u128,
    /// Burned by contracts.
    #[serde(serialize_with = "as_text")]
    pub burned_by_contracts: u128,
    /// Burned of fees.
    #[serde(serialize_with = "as_text")]
    pub burned_fees: u128,
}

impl EpochRow {
    /// Takes the figures of an epoch that was settled.
    pub(super) fn settle(&mut self, settled: &Emission::EpochSettled) {
        let pool = |row: usize| settled.pools.get(row).copied().unwrap_or_default();
        self.settled = Some(settled.epoch);
        (self.tasks, .., self.quality_ppm) = settled.metrics;
        self.utility_ppm = settled.utility;
        (self.emitted, self.unmet, _, self.from_pool, self.minted) = settled.figures;
        (self.miners, self.validators, self.treasury) = (pool(0), pool(1), pool(2));
    }
}

impl EconomyReport {
    /// Returns each attack that did not fail as it must and each promise that was not kept; nothing if all is well.
    pub fn findings(&self) -> Vec<String> {
        let broken = self.invariants.iter().filter(|invariant| !invariant.holds);
        let broken = broken.map(|invariant| format!("{}: {}", invariant.name, invariant.detail));
        let unrefused = self.attacks.iter().filter(|attack| !attack.refused);
        let unrefused = unrefused.map(|attack| {
            format!("attack \"{}\": {} {} instead of {}", attack.name, attack.status, attack.error, attack.expected)
        });
        let undone = self.flows.iter().filter(|flow| flow.count == 0);
        let undone = undone.map(|flow| format!("{}: never happened", flow.name));
        broken.chain(unrefused).chain(undone).collect()
    }

    /// Returns the report as one JSON object.
    pub fn to_json(&self) -> String {
        // Strings, integers and lists of them: nothing that JSON cannot hold.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Returns the report as tables.
    pub fn to_table(&self) -> String {
        let tables = [
            self.epoch_table(),
            self.flow_table(),
            self.operation_table(),
            attack_table(&self.attacks),
            stage_table(&self.stages),
            invariant_table(&self.invariants),
        ];
        let mut text = tables.map(|table| table.to_string()).join("\n\n");
        let SupplyEquation { balances, genesis, minted, burned_by_contracts, burned_fees } = self.supply;
        let [balances, genesis, minted] = [balances, genesis, minted].map(grouped);
        let [by_contracts, fees] = [burned_by_contracts, burned_fees].map(grouped);
        text.push_str(&format!(
            "\n\nsupply: {balances} wei = {genesis} at genesis + {minted} minted - {by_contracts} burned by contracts - \
             {fees} burned of fees\nchecked after the genesis and each of {} blocks with {} transactions; state root {}",
            grouped(self.height),
            grouped(self.transactions),
            self.state_root
        ));
        text
    }

    fn epoch_table(&self) -> Table {
        let header = [
            "epoch",
            "blocks",
            "settled",
            "tasks",
            "utility %",
            "emitted",
            "unmet",
            "from pool",
            "minted",
            "miners",
            "validators",
            "treasury",
            "claims",
            "burned",
            "pool",
            "stake",
            "supply",
        ];
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header);
        for row in &self.rows {
            let settled = |text: String| if row.settled.is_some() { text } else { "-".to_owned() };
            let cells = [
                row.epoch.to_string(),
                row.blocks.to_string(),
                settled(row.settled.unwrap_or_default().to_string()),
                settled(grouped(row.tasks)),
                settled(format!("{}.{}", row.utility_ppm / 10_000, row.utility_ppm / 1_000 % 10)),
                settled(mdt(row.emitted)),
                settled(mdt(row.unmet)),
                settled(mdt(row.from_pool)),
                settled(mdt(row.minted)),
                settled(mdt(row.miners)),
                settled(mdt(row.validators)),
                settled(mdt(row.treasury)),
                grouped(row.claims),
                mdt(row.burned),
                mdt(row.pool),
                mdt(row.stake),
                mdt(row.supply),
            ];
            table.add_row(cells.map(right));
        }
        table
    }

    fn flow_table(&self) -> Table {
        let mut table = table(&["what moved", "times", "MDT"]);
        for flow in &self.flows {
            table.add_row([Cell::new(flow.name), right(grouped(flow.count)), right(mdt(flow.wei))]);
        }
        table
    }

    fn operation_table(&self) -> Table {
        let mut table = table(&["operation", "times", "gas, least", "mean", "most"]);
        for operation in &self.operations {
            let Operation { name, count, gas_least, gas_mean, gas_most, .. } = *operation;
            let figures = [count, gas_least, gas_mean, gas_most].map(|figure| right(grouped(figure)));
            table.add_row([Cell::new(name)].into_iter().chain(figures));
        }
        table
    }
}

/// Returns the operations with their averages.
pub(super) fn operations(gas: &BTreeMap<&'static str, GasOf>) -> Vec<Operation> {
    let operation = |(name, gas): (&&'static str, &GasOf)| Operation {
        name,
        count: gas.count,
        gas_total: gas.total,
        gas_least: gas.least,
        gas_mean: ratio(gas.total, 1, gas.count),
        gas_most: gas.most,
    };
    gas.iter().map(operation).collect()
}

/// Returns nanoseconds.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes wei as MDT, cut to thousandths.
fn mdt(wei: u128) -> String {
    let milli = wei / MILLI_MDT;
    format!("{}.{:03}", grouped(milli / 1_000), milli % 1_000)
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_text<S: Serializer>(wei: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(wei)
}

#[cfg(test)]
mod tests {
    use super::mdt;

    #[test]
    fn an_amount_is_cut_to_thousandths() {
        assert_eq!(mdt(0), "0.000");
        assert_eq!(mdt(1_234_567_899_999), "1,234.567");
        assert_eq!(mdt(999_999), "0.000");
    }
}
