//! Finds the blocks behind whose `end` the call ends: from there control goes on to `unreachable`, whatever happens.
//!
//! That is what a compiler makes of a failed check: a branch to a call that does not return. What stands behind such a branch
//! is executed whenever the branch is, or the call is over.

use wasmparser::{Operator, OperatorsReader};

use super::fault;
use crate::fault::Fault;

/// Returns for every `block`, `loop` and `if` of a body, in order, whether the call ends behind its `end`.
///
/// # Errors
/// `Fault::Engine` if the body does not parse.
pub(super) fn endings(operators: OperatorsReader<'_>) -> Result<Vec<bool>, Fault> {
    let mut steps = Vec::new();
    // By block: the step behind its `end`.
    let mut behind = Vec::new();
    let mut open = Vec::new();
    for operator in operators {
        let operator = operator.map_err(fault)?;
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                open.push(behind.len());
                behind.push(usize::MAX);
            }
            Operator::End => {
                if let Some(behind) = open.pop().and_then(|block| behind.get_mut(block)) {
                    *behind = steps.len().saturating_add(1);
                }
            }
            _ => {}
        }
        steps.push(Step::of(&operator));
    }
    let mut ends = false;
    for step in steps.iter_mut().rev() {
        ends = match step {
            Step::Ends => true,
            Step::Goes => ends,
            Step::Turns => false,
        };
        if ends {
            *step = Step::Ends;
        }
    }
    Ok(behind.into_iter().map(|step| steps.get(step) == Some(&Step::Ends)).collect())
}

/// What an operator does with the way of control.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The call ends here, or certainly later.
    Ends,
    /// The next operator follows, unless the call ends.
    Goes,
    Turns,
}

impl Step {
    const fn of(operator: &Operator<'_>) -> Self {
        match operator {
            Operator::Unreachable => Self::Ends,
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return => Self::Turns,
            _ => Self::Goes,
        }
    }
}
