//! Finds how often a loop runs whose first round begins with a constant, that adds a constant in each round, and that ends
//! when a comparison with a constant fails: the loops over arrays of fixed length.
//!
//! Guarantees that a number is given for no other loop. What is known of a local is only what the operators of the current
//! run have put there themselves: a constant, or what the local held when the round began, plus a constant. A run's operators
//! are executed in order, each once in a round, so that nothing else can come between; what another run has written since is
//! not known. How often the loop runs is found by counting, up to [`TRIPS_MAX`].
//!
//! ```text
//! i32.const 0  local.set $i  loop  ..  local.get $i  i32.const 8  i32.add  local.tee $i  i32.const 32  i32.ne  br_if 0  end
//! ```

use wasmparser::Operator;

/// Rounds beyond which a loop counts as it runs.
const TRIPS_MAX: u64 = 1_024;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Unknown,
    Constant(u32),
    /// What the local held when the round began, and so much more.
    Sum(Sum),
    /// Whether a sum compares so with a constant.
    Test(Test),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    local: u32,
    add: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Test {
    sum: Sum,
    comparison: Comparison,
    bound: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
}

/// How a loop goes on: with a step, while a comparison holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    step: u32,
    test: Test,
}

/// What is known of the locals and the operand stack at the current operator.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// By local: the run that wrote it last, and what.
    locals: Vec<Option<(usize, Value)>>,
    /// The top of the operand stack, as far as it is known.
    stack: Vec<Value>,
}

impl Values {
    /// Takes an operator of a run; `round` if the run begins with each round of the innermost loop.
    pub(super) fn operator(&mut self, operator: &Operator<'_>, run: usize, round: bool) {
        match operator {
            Operator::I32Const { value } => self.stack.push(Value::Constant(value.cast_unsigned())),
            Operator::LocalGet { local_index } => self.stack.push(self.read(*local_index, run, round)),
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.write(*local_index, run, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.pop();
                self.write(*local_index, run, value);
                self.stack.push(value);
            }
            Operator::I32Add => self.binary(add),
            Operator::I32Sub => self.binary(subtract),
            Operator::I32Ne => self.compare(Comparison::Ne),
            Operator::I32LtS => self.compare(Comparison::LtS),
            Operator::I32LtU => self.compare(Comparison::LtU),
            Operator::I32GtS => self.compare(Comparison::GtS),
            Operator::I32GtU => self.compare(Comparison::GtU),
            Operator::I32LeS => self.compare(Comparison::LeS),
            Operator::I32LeU => self.compare(Comparison::LeU),
            Operator::I32GeS => self.compare(Comparison::GeS),
            Operator::I32GeU => self.compare(Comparison::GeU),
            // Whatever it takes and gives, nothing of it is known.
            _ => self.forget_stack(),
        }
    }

    /// Forgets the operand stack: nothing is known of what is on it.
    pub(super) fn forget_stack(&mut self) {
        self.stack.clear();
    }

    /// Returns how the loop goes on whose round this run begins with, if the value on top of the stack decides it.
    pub(super) fn course(&self, run: usize) -> Option<Course> {
        let test = match self.stack.last()? {
            Value::Test(test) => *test,
            Value::Sum(sum) => Test { sum: *sum, comparison: Comparison::Ne, bound: 0 },
            _ => return None,
        };
        match self.read(test.sum.local, run, true) {
            Value::Sum(next) if next.local == test.sum.local => Some(Course { step: next.add, test }),
            _ => None,
        }
    }

    /// Returns the locals that this run has set to a constant.
    pub(super) fn constants(&self, run: usize) -> Vec<(u32, u32)> {
        let constant = |(local, known): (usize, &Option<(usize, Value)>)| match known {
            Some((writer, Value::Constant(value))) if *writer == run => Some((u32::try_from(local).ok()?, *value)),
            _ => None,
        };
        self.locals.iter().enumerate().filter_map(constant).collect()
    }

    fn read(&self, local: u32, run: usize, round: bool) -> Value {
        let known = self.locals.get(super::index(local)).copied().flatten();
        match known {
            Some((writer, value)) if writer == run => value,
            // Runs are numbered as they begin: a later one has written it in this round, under a condition or in a loop.
            Some((writer, _)) if writer > run => Value::Unknown,
            _ if round => Value::Sum(Sum { local, add: 0 }),
            _ => Value::Unknown,
        }
    }

    fn write(&mut self, local: u32, run: usize, value: Value) {
        let local = super::index(local);
        if self.locals.len() <= local {
            self.locals.resize(local.saturating_add(1), None);
        }
        if let Some(known) = self.locals.get_mut(local) {
            *known = Some((run, value));
        }
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::Unknown)
    }

    fn binary(&mut self, result: fn(Value, Value) -> Value) {
        let (second, first) = (self.pop(), self.pop());
        self.stack.push(result(first, second));
    }

    fn compare(&mut self, comparison: Comparison) {
        let (second, first) = (self.pop(), self.pop());
        self.stack.push(match (first, second) {
            (Value::Sum(sum), Value::Constant(bound)) => Value::Test(Test { sum, comparison, bound }),
            _ => Value::Unknown,
        });
    }
}

impl Course {
    /// Returns how often a loop runs that goes so, where `constants` were set before it; nothing if that is not known.
    pub(super) fn trips(self, constants: &[(u32, u32)]) -> Option<u64> {
        let start = constants.iter().find(|(local, _)| *local == self.test.sum.local);
        let mut value = start?.1;
        for trip in 1..=TRIPS_MAX {
            if !self.test.holds(value) {
                return Some(trip);
            }
            value = value.wrapping_add(self.step);
        }
        None
    }
}

impl Test {
    /// Tells whether it holds in the round that began with this value.
    const fn holds(self, begun: u32) -> bool {
        let (unsigned, bound) = (begun.wrapping_add(self.sum.add), self.bound);
        let (signed, signed_bound) = (unsigned.cast_signed(), bound.cast_signed());
        match self.comparison {
            Comparison::Ne => unsigned != bound,
            Comparison::LtS => signed < signed_bound,
            Comparison::LtU => unsigned < bound,
            Comparison::GtS => signed > signed_bound,
            Comparison::GtU => unsigned > bound,
            Comparison::LeS => signed <= signed_bound,
            Comparison::LeU => unsigned <= bound,
            Comparison::GeS => signed >= signed_bound,
            Comparison::GeU => unsigned >= bound,
        }
    }
}

fn add(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Constant(one), Value::Constant(other)) => Value::Constant(one.wrapping_add(other)),
        (Value::Sum(sum), Value::Constant(add)) | (Value::Constant(add), Value::Sum(sum)) => {
            Value::Sum(Sum { add: sum.add.wrapping_add(add), ..sum })
        }
        _ => Value::Unknown,
    }
}

fn subtract(first: Value, second: Value) -> Value {
    match second {
        Value::Constant(less) => add(first, Value::Constant(less.wrapping_neg())),
        _ => Value::Unknown,
    }
}
