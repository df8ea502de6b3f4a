//! The table: every figure beside its bound, and every operation with its gas.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Figure, Measured};

/// Returns the table as Markdown.
pub fn markdown(measured: &Measured) -> String {
    let mut text = "| figure | ours | bound | verdict |\n|---|--:|--:|---|\n".to_owned();
    for figure in &measured.figures {
        let Figure { key, what, unit, bound, .. } = figure;
        let (value, verdict) = (number(figure.value), verdict(figure));
        let bound = bound.map_or_else(String::new, |bound| format!("{} {unit}", number(bound)));
        // A string takes everything that is written to it.
        let _ = writeln!(text, "| {what} [`{key}`] | {value} {unit} | {bound} | {verdict} |");
    }
    text.push_str("\n| operation | gas |\n|---|--:|\n");
    for operation in &measured.operations {
        let _ = writeln!(text, "| {} | {} |", operation.name, operation.gas.0);
    }
    text
}

/// Returns the table as one JSON object; each key with its figure stands at the top.
pub fn json(measured: &Measured) -> Value {
    let mut object = serde_json::Map::new();
    for figure in &measured.figures {
        object.insert(figure.key.to_owned(), json!(figure.value));
    }
    let figure = |figure: &Figure| {
        json!({
            "key": figure.key, "what": figure.what, "value": figure.value, "unit": figure.unit, "bound": figure.bound,
            "within": figure.is_within(),
        })
    };
    object.insert("within".to_owned(), measured.is_within().into());
    object.insert("figures".to_owned(), measured.figures.iter().map(figure).collect());
    let gas = |operation: &super::Operation| json!({ "operation": operation.name, "gas": operation.gas.0 });
    object.insert("gas".to_owned(), measured.operations.iter().map(gas).collect());
    Value::Object(object)
}

fn verdict(figure: &Figure) -> &'static str {
    match figure.bound {
        None => "",
        Some(_) if figure.is_within() => "ok",
        Some(_) => "falls short",
    }
}

/// Returns a number with as many digits as say something.
fn number(value: f64) -> String {
    if value >= 1_000.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
