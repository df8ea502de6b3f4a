//! What was measured, as a Markdown table for people and as one JSON object for programs.
//!
//! Guarantees that a row with a bound says whether it is met, and that nothing stands in a row but figures of this run.

use std::fmt::Write;

use serde_json::{Map, Value};

/// What a figure has to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// Nothing: it is there to be compared.
    None,
}

impl Bound {
    fn met(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(bound) => Some(figure >= bound),
            Self::AtMost(bound) => Some(figure <= bound),
            Self::None => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::None => String::new(),
        }
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name in JSON.
    pub key: &'static str,
    /// What was measured.
    pub what: String,
    /// What ours takes, with its unit.
    pub ours: String,
    /// What stands beside it, with its unit.
    pub beside: String,
    /// The figure, in the unit that the key names; a ratio if it names none.
    pub figure: f64,
    /// What it has to keep to.
    pub bound: Bound,
}

/// All figures of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How the figures were taken, in a few words.
    pub taken: String,
    /// What the run was told: names and values.
    pub settings: Vec<(&'static str, u64)>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Row {
    /// Makes the row of what this run did not measure: its figure is no number, and null in JSON.
    pub fn not_run(key: &'static str, what: impl Into<String>, why: &str) -> Self {
        let (what, ours) = (what.into(), format!("not run: {why}"));
        Self { key, what, ours, beside: String::new(), figure: f64::NAN, bound: Bound::None }
    }
}

impl Report {
    /// Returns a Markdown table.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from("| what | ours | beside it | figure | bound | met |\n|---|---|---|---|---|---|\n");
        for Row { key, what, ours, beside, figure, bound } in &self.rows {
            let met = match bound.met(*figure) {
                Some(true) => "yes",
                Some(false) => "**falls short**",
                None => "",
            };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {what} `{key}` | {ours} | {beside} | {} | {} | {met} |",
                rounded(*figure),
                bound.text()
            );
        }
        let settings: Vec<String> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let _ = write!(text, "\n{}: {}.", self.taken, settings.join(", "));
        text
    }

    /// Returns one JSON object: settings and figures by key.
    pub fn to_json(&self) -> String {
        let settings = self.settings.iter().map(|(name, value)| (name.replace(' ', "_"), Value::from(*value)));
        let figures = self.rows.iter().map(|row| (row.key.to_owned(), Value::from(row.figure)));
        let taken = [("taken".to_owned(), Value::from(self.taken.as_str()))];
        let object: Map<String, Value> = taken.into_iter().chain(settings).chain(figures).collect();
        format!("{:#}", Value::Object(object))
    }
}

/// Returns a figure with three digits that count.
pub fn rounded(figure: f64) -> String {
    match figure.abs() {
        size if size.is_nan() => "-".to_owned(),
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Report, Row, rounded};

    fn report(figure: f64, bound: Bound) -> Report {
        let row = Row { key: "key", what: "w".into(), ours: "1".into(), beside: "2".into(), figure, bound };
        Report { taken: "by hand".to_owned(), settings: vec![("rounds", 3)], rows: vec![row] }
    }

    #[test]
    fn a_figure_that_falls_short_is_said_to() {
        assert!(report(39.9, Bound::AtLeast(40.0)).to_markdown().contains("falls short"));
        assert!(report(40.0, Bound::AtLeast(40.0)).to_markdown().contains("| yes |"));
        assert!(report(1.6, Bound::AtMost(1.5)).to_markdown().contains("falls short"));
        assert!(report(f64::NAN, Bound::AtMost(1.5)).to_markdown().contains("falls short"));
    }

    #[test]
    fn json_holds_settings_and_figures_by_key() {
        let json: serde_json::Value = serde_json::from_str(&report(1.5, Bound::None).to_json()).unwrap_or_default();
        assert_eq!(json, serde_json::json!({ "taken": "by hand", "rounds": 3, "key": 1.5 }));
    }

    #[test]
    fn what_was_not_run_has_no_figure() {
        let report = Report { rows: vec![Row::not_run("key", "w", "too long")], ..Report::default() };
        assert!(report.to_markdown().contains("| w `key` | not run: too long |  | - |  |  |"));
        assert!(report.to_json().contains("\"key\": null"));
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([123.4, 12.34, 1.234, 0.1234].map(rounded), ["123", "12.3", "1.23", "0.123"]);
    }
}
