//! A report as a tree for people.
//!
//! ```text
//! alice -> token.transfer(to: bob, value: 5)  Success, 3412 of 950000 gas
//! |- event Transfer(from: alice, to: bob, value: 5)
//! |- token -> guard.check(by: alice)  Unreachable, 99 of 1000 gas
//! |     0: token::Token::mint at token/src/lib.rs:120
//! `- returns true
//! ```

use std::fmt::{self, Display, Formatter, Write as _};

use crate::report::{Call, Report, Step};

/// Steps of a backtrace that are shown from each of its ends; of a deep recursion the middle is left out.
const STEPS_SHOWN: usize = 16;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for call in &self.calls {
            write_call(f, call, "")?;
        }
        if self.calls.is_empty() {
            writeln!(f, "nothing was called")?;
        }
        if self.truncated {
            writeln!(f, "there was more than a trace holds")?;
        }
        Ok(())
    }
}

fn write_call(f: &mut Formatter<'_>, call: &Call, indent: &str) -> fmt::Result {
    writeln!(f, "{}", head(call))?;
    let mut leaves: Vec<String> = call.events.iter().map(|event| format!("event {event}")).collect();
    leaves.extend(backtrace(&call.backtrace));
    leaves.extend(answer(call));
    let count = leaves.len().saturating_add(call.calls.len());
    let branch = |place: usize| if place.saturating_add(1) == count { ("`- ", "   ") } else { ("|- ", "|  ") };
    for (place, nested) in call.calls.iter().enumerate() {
        let (mark, below) = branch(place);
        write!(f, "{indent}{mark}")?;
        write_call(f, nested, &format!("{indent}{below}"))?;
    }
    for (place, leaf) in (call.calls.len()..).zip(&leaves) {
        let (mark, below) = branch(place);
        let leaf = leaf.replace('\n', &format!("\n{indent}{below}"));
        writeln!(f, "{indent}{mark}{leaf}")?;
    }
    Ok(())
}

fn head(call: &Call) -> String {
    let mut head = format!("{} -> {}.{}", call.caller, call.contract, call.message);
    if call.value > 0 {
        let _ = write!(head, " with {} wei", call.value);
    }
    if call.read_only {
        head.push_str(" read-only");
    }
    let _ = write!(head, "  {}, {} of {} gas", call.status, call.gas_used, call.gas_given);
    head
}

fn answer(call: &Call) -> Option<String> {
    match &call.output {
        Some(output) if call.status == "Reverted" => Some(format!("reverts with {output}")),
        Some(output) => Some(format!("returns {output}")),
        None if call.status == "Success" => None,
        None => Some(call.meaning.to_owned()),
    }
}

/// Returns the backtrace as one leaf.
fn backtrace(steps: &[Step]) -> Option<String> {
    if steps.is_empty() {
        return None;
    }
    let hidden = steps.len().saturating_sub(STEPS_SHOWN.saturating_mul(2));
    let mut leaf = "stopped in".to_owned();
    for (place, step) in steps.iter().enumerate() {
        let place_behind = steps.len().saturating_sub(place);
        if hidden > 0 && place >= STEPS_SHOWN && place_behind > STEPS_SHOWN {
            if place == STEPS_SHOWN {
                let _ = write!(leaf, "\n   .. {hidden} more");
            }
            continue;
        }
        let _ = write!(leaf, "\n{place:>4}: {}", told(step));
    }
    Some(leaf)
}

fn told(step: &Step) -> String {
    if step.lines.is_empty() {
        let offset = step.offset.map(|offset| format!(" at offset {offset:#x} of the code")).unwrap_or_default();
        return format!("{}{offset}", step.function);
    }
    let line = |line: &crate::symbols::Line| match (&line.file, line.line) {
        (Some(file), Some(number)) => format!("{}\n           at {file}:{number}", line.function),
        (Some(file), None) => format!("{}\n           at {file}", line.function),
        _ => line.function.clone(),
    };
    step.lines.iter().map(line).collect::<Vec<_>>().join("\n      ")
}
