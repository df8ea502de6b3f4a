//! Finds the straight runs of a function body: operators of which either all are executed, in order, or none, traps
//! aside. A run is charged once, before its first operator.
//!
//! A run begins at the start of the body, at the head of a loop, of a branch of an `if`, behind a conditional branch,
//! and behind the `end` of a block that something branches to. Behind the `end` of a loop, or of a block that nothing
//! branches to, the run goes on: what stands there is executed exactly when the operators before it are. Calls do not
//! end a run. Code that nothing reaches is in no run and is not charged.

use wasmparser::Operator;

/// One straight run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Offset of its first operator in the module.
    pub(super) start: usize,
    /// What it costs, in ticks.
    pub(super) ticks: u64,
    /// Where it begins.
    pub(super) head: Head,
}

/// Where a run begins, which decides whether the counter is compared there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// At the start of the function: compared.
    Function,
    /// At the head of a loop: compared.
    Loop,
    /// Elsewhere: what is compared before bounds it.
    Forward,
}

/// A block that is open.
struct Block {
    kind: Kind,
    /// Whether its start is reached.
    entered: bool,
    /// Whether something that is reached branches to its end, or falls from the first half of an `if` to it.
    targeted: bool,
}

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
    /// Whether the last run goes on at the current operator; if not, the operator is not reached.
    reached: bool,
}

impl Runs {
    /// Begins a body whose first operator stands at `start`; entering it costs `ticks`.
    pub(super) fn new(start: usize, ticks: u64) -> Self {
        let body = Block { kind: Kind::Block, entered: true, targeted: false };
        Self { runs: vec![Run { start, ticks, head: Head::Function }], blocks: vec![body], reached: true }
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
        if let Some(run) = self.runs.last_mut().filter(|_| self.reached) {
            run.ticks = run.ticks.saturating_add(ticks);
        }
        match operator {
            Operator::Block { .. } => self.open(Kind::Block),
            Operator::Loop { .. } => {
                self.open(Kind::Loop);
                self.begin(next, Head::Loop);
            }
            Operator::If { .. } => {
                self.open(Kind::If);
                self.begin(next, Head::Forward);
            }
            Operator::Else => self.turn(next),
            Operator::End => self.close(next),
            Operator::Br { relative_depth } => {
                self.target(*relative_depth);
                self.reached = false;
            }
            Operator::BrIf { relative_depth } => {
                self.target(*relative_depth);
                self.begin(next, Head::Forward);
            }
            Operator::BrTable { targets } => {
                self.target(targets.default());
                for depth in targets.targets().map_while(Result::ok) {
                    self.target(depth);
                }
                self.reached = false;
            }
            Operator::Return | Operator::Unreachable => self.reached = false,
            _ => {}
        }
    }

    /// Returns the runs, in the order of the body.
    pub(super) fn finish(self) -> Vec<Run> {
        self.runs
    }

    fn begin(&mut self, start: usize, head: Head) {
        if self.reached {
            self.runs.push(Run { start, ticks: 0, head });
        }
    }

    fn open(&mut self, kind: Kind) {
        self.blocks.push(Block { kind, entered: self.reached, targeted: false });
    }

    /// Goes from the first half of an `if` to the second.
    fn turn(&mut self, next: usize) {
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::Else;
            block.targeted |= self.reached;
            self.reached = block.entered;
        }
        self.begin(next, Head::Forward);
    }

    fn close(&mut self, next: usize) {
        let Some(block) = self.blocks.pop() else { return };
        let joined = match block.kind {
            Kind::Block | Kind::Else => block.targeted,
            Kind::If => block.entered,
            // Branches go to the head.
            Kind::Loop => false,
        };
        if joined && !self.blocks.is_empty() {
            self.reached = true;
            self.begin(next, Head::Forward);
        }
    }

    fn target(&mut self, depth: u32) {
        let position =
            usize::try_from(depth).ok().and_then(|depth| self.blocks.len().checked_sub(depth.checked_add(1)?));
        if let Some(block) = position.and_then(|position| self.blocks.get_mut(position)).filter(|_| self.reached) {
            block.targeted = true;
        }
    }
}
