//! The table: every case beside its price, what the prices should be, and what is out of bounds.

use std::collections::BTreeMap;
use std::fmt::Write;

use florin_runtime::gas::{GasSchedule, Price};
use serde_json::{Value, json};

use super::fit::{Line, line};
use super::{ALARM, BAND, Kind, Measured, NS_PER_TICK, price_now};

/// One price with its cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The price's name.
    pub price: &'static str,
    /// What the schedule says, in ticks.
    pub now: Price,
    /// What the judged cases take, in nanoseconds, without what the code around them pays.
    pub fitted: Line,
    /// Its cases, in the order of their sizes.
    pub cases: Vec<Measured>,
}

impl Row {
    /// Returns the largest ratio of the judged cases.
    pub fn worst(&self) -> f64 {
        self.cases.iter().filter(|case| case.kind != Kind::Corner).map(Measured::ratio).fold(0.0, f64::max)
    }

    /// Tells whether every case keeps its bounds.
    pub fn is_within(&self) -> bool {
        self.cases.iter().all(Measured::is_within)
    }

    /// Returns the fitted price in ticks, rounded up.
    pub fn fitted_ticks(&self) -> (f64, f64) {
        (self.fitted.base / NS_PER_TICK, self.fitted.per_unit / NS_PER_TICK)
    }
}

/// Groups measured cases by price, in the order in which the prices come first.
pub fn rows(schedule: &GasSchedule, measured: Vec<Measured>) -> Vec<Row> {
    let mut order = Vec::new();
    let mut cases: BTreeMap<&str, Vec<Measured>> = BTreeMap::new();
    for case in measured {
        if !order.contains(&case.price) {
            order.push(case.price);
        }
        cases.entry(case.price).or_default().push(case);
    }
    let row = |price: &'static str| {
        let mut cases = cases.remove(price)?;
        cases.sort_by_key(|case| case.units);
        let now = price_now(schedule, price)?;
        let own = |case: &Measured| {
            let around = case.ticks - now.of(case.units) as f64;
            (case.units, case.ns - around.max(0.0) * NS_PER_TICK)
        };
        let judged: Vec<_> = cases.iter().filter(|case| case.kind == Kind::Worst).map(own).collect();
        let fitted = if judged.is_empty() { line(&cases.iter().map(own).collect::<Vec<_>>()) } else { line(&judged) };
        Some(Row { price, now, fitted, cases })
    };
    order.into_iter().filter_map(row).collect()
}

/// Returns the table as Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = format!(
        "1 gas = 8 ticks = {} ns; a ratio is measured over priced time and must lie within {} to {}.\n\n\
         | price | case | units | ns | ticks | ratio | verdict |\n|---|---|--:|--:|--:|--:|---|\n",
        8.0 * NS_PER_TICK,
        BAND.start(),
        BAND.end()
    );
    for case in rows.iter().flat_map(|row| &row.cases) {
        let Measured { price, label, units, ns, ticks, .. } = case;
        let (ratio, verdict) = (case.ratio(), verdict(case));
        // A string takes everything that is written to it.
        let _ = writeln!(text, "| {price} | {label} | {units} | {ns:.1} | {ticks:.1} | {ratio:.2} | {verdict} |");
    }
    text.push_str("\n| price | ticks now | ticks fitted | R^2 | worst ratio |\n|---|---|---|--:|--:|\n");
    for row in rows {
        let (base, per_unit) = row.fitted_ticks();
        let r2 = row.fitted.r2.map_or("one size".to_owned(), |r2| format!("{r2:.3}"));
        let Price { base: base_now, per_unit: per_unit_now } = row.now;
        let (price, worst) = (row.price, row.worst());
        let _ = writeln!(
            text,
            "| {price} | {base_now} + {per_unit_now} a unit | {base:.1} + {per_unit:.3} a unit | {r2} | {worst:.2} |"
        );
    }
    text
}

/// Returns the table as one JSON object.
pub fn json(rows: &[Row]) -> Value {
    let case = |case: &Measured| {
        json!({
            "case": case.label, "units": case.units, "kind": format!("{:?}", case.kind), "ns": case.ns,
            "ticks": case.ticks, "ratio": case.ratio(), "within": case.is_within(),
        })
    };
    let row = |row: &Row| {
        let (base, per_unit) = row.fitted_ticks();
        json!({
            "price": row.price, "now": { "base": row.now.base, "per_unit": row.now.per_unit },
            "fitted": { "base": base, "per_unit": per_unit, "r2": row.fitted.r2 },
            "worst_ratio": row.worst(), "within": row.is_within(),
            "cases": row.cases.iter().map(case).collect::<Vec<_>>(),
        })
    };
    json!({
        "ns_per_tick": NS_PER_TICK, "band": [BAND.start(), BAND.end()],
        "within": rows.iter().all(Row::is_within), "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// Returns the fitted prices as lines of the price table, rounded up, each with what it replaces.
pub fn fitted(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let (base, per_unit) = row.fitted_ticks();
        let Price { base: base_now, per_unit: per_unit_now } = row.now;
        let (price, base, per_unit) = (row.price, base.ceil(), per_unit.ceil());
        let _ = writeln!(text, "{price} => price({base}, {per_unit}), // now price({base_now}, {per_unit_now})");
    }
    text
}

fn verdict(case: &Measured) -> &'static str {
    let ratio = case.ratio();
    match case.kind {
        Kind::Corner if ratio <= ALARM => "corner",
        _ if ratio > *BAND.end() => "TOO CHEAP",
        Kind::Worst if ratio < *BAND.start() => "TOO DEAR",
        Kind::Usual => "usual",
        Kind::Worst | Kind::Corner => "within",
    }
}
