//! Finds the runs of a function body: operators that are executed equally often, traps aside. A run is charged once, before
//! its first operator.
//!
//! A run begins at the start of the body, at the head of a loop, of a branch of an `if`, and behind a conditional branch. Behind
//! the `end` of a block that nothing leaves but through that `end`, the run goes on that the block began in: what stands there
//! is executed exactly when the operators before the block are, whatever happens between. Behind any other `end` that something
//! branches to, a new run begins; behind one that nothing branches to, the inner run goes on. Calls do not end a run. Code that
//! nothing reaches is in no run and is not charged.
//!
//! ```text
//! local.get 0  block  local.get 1  br_if 0  nop  end  nop      runs: a a a a b b a
//! ```
//!
//! *Branches that end the call.* What stands behind a conditional branch to where the call ends ([`endings`](super::endings))
//! is executed whenever the branch is, or the call is over: the run goes on.
//!
//! *Loops of known length* ([`trips`](super::trips)) in which everything is one run, and which nothing leaves, are charged with
//! the run around them: all rounds before the first, if that is at most [`PREPAID_TICKS_MAX`].
//!
//! *Comparing.* The counter is compared with zero at the head of a function and of each loop that is charged round by round,
//! with each charge above [`UNCOMPARED_TICKS_MAX`], and at the next head or joining `end` when more than that has been executed
//! since the last time. So from one comparison to the next less than 2 * `UNCOMPARED_TICKS_MAX` is executed that is not
//! known to be paid; a call and a return in between make it 4 * `UNCOMPARED_TICKS_MAX`, 2,048 gas.
//!
//! Whatever is found or missed here, nothing is executed unpaid: the `end` of a block is passed at most once for each time
//! that its start is passed, so that a run that goes on behind it is charged at least as often as it is executed.

use wasmparser::Operator;

use super::trips::{Course, Values};

/// Ticks of work after which the counter is compared again.
pub(super) const UNCOMPARED_TICKS_MAX: u64 = 4_096;

/// The most that all rounds of a loop together may cost to be charged before the first, in ticks.
const PREPAID_TICKS_MAX: u64 = 49_152;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Offset of its first operator in the module.
    pub(super) start: usize,
    /// What it costs, in ticks.
    pub(super) ticks: u64,
    /// Whether the counter is compared with zero when the run is charged.
    pub(super) compared: bool,
}

/// A block that is open.
struct Block {
    kind: Kind,
    /// Whether its start is reached.
    entered: bool,
    /// Whether something that is reached branches to its end, or falls from the first half of an `if` to it.
    targeted: bool,
    /// Whether something that is reached branches out of it to anywhere but its own end or head.
    left: bool,
    /// Whether something that is reached in it calls what counts.
    calls: bool,
    /// The run that it began in.
    run: usize,
    /// Work since the last comparison, where it began.
    uncompared: u64,
    /// Most work since the last comparison, of the ways that lead to its end.
    uncompared_end: u64,
    /// Whether the call ends behind its `end`.
    ends_call: bool,
    /// Of a loop: what its rounds depend on.
    rounds: Rounds,
}

/// What decides how often a loop runs.
#[derive(Default)]
struct Rounds {
    /// Branches to the head.
    back: u32,
    /// How the loop goes on, if the last of them is the end of a round.
    course: Option<Course>,
    /// The locals that were set to a constant before the first round.
    constants: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Loop,
    If,
    Else,
}

/// The runs of one body, found operator by operator.
pub(super) struct Runs {
    runs: Vec<Run>,
    blocks: Vec<Block>,
    /// The runs at the heads of the loops that are open.
    heads: Vec<usize>,
    values: Values,
    /// Whether the call ends behind the blocks that are still to come, in their order.
    endings: std::vec::IntoIter<bool>,
    /// The run of the current operator.
    current: usize,
    /// Whether the current operator can be reached.
    reached: bool,
    /// Ticks of the most work that can have been executed since the counter was compared.
    uncompared: u64,
}

impl Runs {
    /// Begins a body whose first operator stands at `start`; entering it costs `ticks`. `endings` tells of each block whether
    /// the call ends behind it.
    pub(super) fn new(start: usize, ticks: u64, endings: Vec<bool>) -> Self {
        let mut runs = Self {
            runs: vec![Run { start, ticks, compared: true }],
            blocks: Vec::new(),
            heads: Vec::new(),
            values: Values::default(),
            endings: Vec::new().into_iter(),
            current: 0,
            reached: true,
            uncompared: 0,
        };
        runs.open(Kind::Block);
        runs.endings = endings.into_iter();
        runs
    }

    /// Tells whether the next operator can be executed at all.
    pub(super) const fn reached(&self) -> bool {
        self.reached
    }

    /// Returns how many blocks are open, the body not counted: the label that leaves the function.
    pub(super) fn depth(&self) -> u32 {
        u32::try_from(self.blocks.len()).unwrap_or(u32::MAX).saturating_sub(1)
    }

    /// Takes the next operator, which costs `ticks`; `next` is the offset behind it.
    pub(super) fn operator(&mut self, operator: &Operator<'_>, ticks: u64, next: usize) {
        if let Some(run) = self.runs.get_mut(self.current).filter(|_| self.reached) {
            run.ticks = run.ticks.saturating_add(ticks);
            self.uncompared = self.uncompared.saturating_add(ticks);
        }
        if self.reached {
            if matches!(operator, Operator::BrIf { relative_depth: 0 }) {
                self.note_course();
            }
            self.values.operator(operator, self.current, self.heads.last() == Some(&self.current));
        } else {
            // What nothing executes says nothing of the values.
            self.values.forget_stack();
        }
        match operator {
            Operator::Block { .. } => self.open(Kind::Block),
            Operator::Loop { .. } => {
                self.open(Kind::Loop);
                self.begin(next, true);
                self.heads.push(self.current);
            }
            Operator::If { .. } => {
                self.open(Kind::If);
                self.begin(next, false);
            }
            Operator::Else => self.turn(next),
            Operator::End => self.close(next),
            Operator::Br { relative_depth } => {
                self.target(*relative_depth);
                self.reached = false;
            }
            Operator::BrIf { relative_depth } => {
                let ends_call = self.target(*relative_depth);
                if !ends_call {
                    self.begin(next, false);
                }
            }
            Operator::BrTable { targets } => {
                self.target(targets.default());
                for depth in targets.targets().map_while(Result::ok) {
                    self.target(depth);
                }
                self.reached = false;
            }
            Operator::Return => {
                self.target(self.depth());
                self.reached = false;
            }
            Operator::Unreachable => self.reached = false,
            _ => {}
        }
    }

    /// Notes that the last operator called what charges and compares the counter itself.
    pub(super) fn called(&mut self) {
        if self.reached {
            self.uncompared = 0;
            self.blocks.iter_mut().for_each(|block| block.calls = true);
        }
    }

    /// Returns the runs, in the order of the body.
    pub(super) fn finish(mut self) -> Vec<Run> {
        for run in &mut self.runs {
            run.compared |= run.ticks > UNCOMPARED_TICKS_MAX;
        }
        self.runs
    }

    fn begin(&mut self, start: usize, compared: bool) {
        if !self.reached {
            return;
        }
        let compared = compared || self.uncompared > UNCOMPARED_TICKS_MAX;
        if compared {
            self.uncompared = 0;
        }
        self.current = self.runs.len();
        self.runs.push(Run { start, ticks: 0, compared });
    }

    fn open(&mut self, kind: Kind) {
        self.blocks.push(Block {
            kind,
            entered: self.reached,
            targeted: false,
            left: false,
            calls: false,
            run: self.current,
            uncompared: self.uncompared,
            uncompared_end: 0,
            ends_call: self.endings.next().unwrap_or(false) && kind != Kind::Loop,
            rounds: Rounds::default(),
        });
        if kind == Kind::Loop
            && let Some(block) = self.blocks.last_mut()
        {
            block.rounds.constants = self.values.constants(self.current);
        }
    }

    /// Goes from the first half of an `if` to the second.
    fn turn(&mut self, next: usize) {
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::Else;
            if self.reached {
                block.targeted = true;
                block.uncompared_end = block.uncompared_end.max(self.uncompared);
            }
            self.reached = block.entered;
            self.uncompared = block.uncompared;
        }
        self.begin(next, false);
    }

    fn close(&mut self, next: usize) {
        let Some(block) = self.blocks.pop() else { return };
        let head = if block.kind == Kind::Loop { self.heads.pop() } else { None };
        if self.blocks.is_empty() || !block.entered {
            return;
        }
        let prepaid = head.and_then(|head| self.prepay(&block, head));
        let joined = match block.kind {
            Kind::Block | Kind::Else => block.targeted,
            Kind::If => true,
            // Branches go to the head.
            Kind::Loop => false,
        };
        let mut uncompared = if self.reached { self.uncompared } else { 0 };
        if joined {
            uncompared = uncompared.max(block.uncompared_end);
        }
        if block.kind == Kind::If {
            uncompared = uncompared.max(block.uncompared);
        }
        if let Some(ticks) = prepaid {
            uncompared = uncompared.saturating_add(block.uncompared).saturating_add(ticks);
        }
        self.uncompared = uncompared;
        self.reached |= joined;
        if !block.left && uncompared <= UNCOMPARED_TICKS_MAX {
            self.current = block.run;
        } else if joined || !block.left {
            self.begin(next, false);
        }
    }

    /// Charges a loop that ends here before its first round, as far as that is known to be right; returns what the rounds
    /// cost if nothing is charged in them any more.
    fn prepay(&mut self, block: &Block, head: usize) -> Option<u64> {
        if block.left {
            return None;
        }
        // What leads to the end, behind the last branch to the head, is executed once.
        let last = self.current;
        if self.reached && last != head {
            self.charge_before(block.run, last, 1);
        }
        if block.calls || block.rounds.back != 1 {
            return None;
        }
        let trips = block.rounds.course?.trips(&block.rounds.constants)?;
        let (first, rest) = self.runs.get(head..)?.split_first()?;
        let ticks = trips.saturating_mul(first.ticks);
        if ticks > PREPAID_TICKS_MAX || rest.iter().any(|run| run.ticks > 0) {
            return None;
        }
        self.charge_before(block.run, head, trips);
        self.runs.get_mut(head..)?.iter_mut().for_each(|run| run.compared = false);
        Some(ticks)
    }

    /// Charges a run, executed so often, with another.
    fn charge_before(&mut self, earlier: usize, run: usize, times: u64) {
        let ticks = self.runs.get_mut(run).map_or(0, |run| core::mem::take(&mut run.ticks));
        if let Some(earlier) = self.runs.get_mut(earlier) {
            earlier.ticks = earlier.ticks.saturating_add(ticks.saturating_mul(times));
        }
    }

    /// Notes how the innermost block goes on if it is a loop and this is the end of a round.
    fn note_course(&mut self) {
        if let Some(block) = self.blocks.last_mut()
            && block.kind == Kind::Loop
            && self.heads.last() == Some(&self.current)
        {
            block.rounds.course = self.values.course(self.current);
        }
    }

    /// Notes a branch; tells whether it ends the call.
    fn target(&mut self, depth: u32) -> bool {
        let outside =
            usize::try_from(depth).ok().and_then(|depth| self.blocks.len().checked_sub(depth.checked_add(1)?));
        let Some((block, inside)) = outside.and_then(|at| self.blocks.get_mut(at..)?.split_first_mut()) else {
            return false;
        };
        if !self.reached {
            return false;
        }
        block.targeted = true;
        block.rounds.back = block.rounds.back.saturating_add(1);
        block.uncompared_end = block.uncompared_end.max(self.uncompared);
        if !block.ends_call {
            inside.iter_mut().for_each(|block| block.left = true);
        }
        block.ends_call
    }
}
