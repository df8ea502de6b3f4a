//! Random structured programs against a model: the same memory, the same ending and the same ticks.
//!
//! The model executes the program's tree and adds the price of each operator as it executes it. The metered bytes add
//! the prices of whole runs ahead; where nothing traps, the two must agree to the tick, on every engine.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::reference::reference;
use super::{PLENTY, Seen, prices, run, wasm};
use crate::gas::OperatorPrices;

const FUNCTIONS: usize = 3;
const LOOP_LOCALS: u64 = 4;
/// Bytes of the memory that the answer shows; the program writes nowhere else.
const SHOWN: usize = 128;
/// Operators that the model executes before it gives up on a program.
const STEPS_MAX: u64 = 200_000;

/// A statement on the variable of its function, local 0.
#[derive(Clone, Debug)]
enum Statement {
    Mix(u16),
    Store(u8),
    Load(u8),
    Fill(u8),
    FillConstant(u8),
    Divide,
    /// Makes this round of the loop around it the last one.
    Last(u8),
    Call(usize),
    Block(Vec<Statement>),
    Loop(u8, Vec<Statement>),
    If(u8, Vec<Statement>),
    IfElse(u8, Vec<Statement>, Vec<Statement>),
    Branch(usize),
    BranchIf(u8, usize),
    BranchTable(Vec<usize>),
    Return,
    Unreachable,
}

use Statement as S;

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let label = 0..6_usize;
    let leaf = prop_oneof![
        8 => any::<u16>().prop_map(S::Mix),
        3 => (0..31_u8).prop_map(|word| S::Store(word * 4)),
        3 => (0..31_u8).prop_map(|word| S::Load(word * 4)),
        2 => (0..7_u32).prop_map(|bits| S::Fill((1_u32 << bits).to_le_bytes()[0].wrapping_sub(1))),
        1 => (0..127_u8).prop_map(S::FillConstant),
        1 => any::<u8>().prop_map(S::Last),
        1 => Just(S::Divide),
        2 => (0..FUNCTIONS).prop_map(S::Call),
        2 => label.clone().prop_map(S::Branch),
        4 => (any::<u8>(), label.clone()).prop_map(|(mask, label)| S::BranchIf(mask, label)),
        2 => prop::collection::vec(label, 1..5).prop_map(S::BranchTable),
        1 => Just(S::Return),
        1 => Just(S::Unreachable),
    ];
    let tree = leaf.prop_recursive(4, 60, 6, |inner| {
        let body = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            3 => body().prop_map(S::Block),
            2 => (1..4_u8, body()).prop_map(|(rounds, body)| S::Loop(rounds, body)),
            2 => (any::<u8>(), body()).prop_map(|(mask, body)| S::If(mask, body)),
            2 => (any::<u8>(), body(), body()).prop_map(|(mask, first, second)| S::IfElse(mask, first, second)),
        ]
    });
    prop::collection::vec(tree, 0..8)
}

/// Labels that are open, from the outside; `false` for a loop, to which nothing branches but its own end.
type Labels = Vec<bool>;

/// Returns the depth of the chosen one of the labels that lead forward; the function's own is the outermost.
fn depth(labels: &Labels, choice: usize) -> usize {
    let forward: Vec<_> = labels.iter().rev().enumerate().filter(|(_, forward)| **forward).collect();
    // The function's label carries a value; only `Branch` can choose it.
    let choices = forward.len() + 1;
    forward.get(choice % choices).map_or(labels.len(), |(depth, _)| *depth)
}

/// Like [`depth`], without the function's own label.
fn inner_depth(labels: &Labels, choice: usize) -> Option<usize> {
    let forward: Vec<_> = labels.iter().rev().enumerate().filter(|(_, forward)| **forward).collect();
    (!forward.is_empty()).then(|| forward[choice % forward.len()].0)
}

/// Writes statements as text. Loops count down in a local of their own, by how deep they are.
fn write(text: &mut String, statements: &[Statement], labels: &mut Labels, function: usize) {
    for statement in statements {
        match statement {
            S::Mix(add) => {
                write!(text, "local.get 0 i32.const 31 i32.mul i32.const {add} i32.add local.set 0 ").unwrap();
            }
            S::Store(at) => write!(text, "i32.const {at} local.get 0 i32.store ").unwrap(),
            S::Load(at) => write!(text, "local.get 0 i32.const {at} i32.load i32.xor local.set 0 ").unwrap(),
            S::Fill(mask) => {
                write!(text, "i32.const 0 local.get 0 local.get 0 i32.const {mask} i32.and memory.fill ").unwrap();
            }
            S::FillConstant(length) => {
                write!(text, "i32.const 0 local.get 0 i32.const {length} memory.fill ").unwrap();
            }
            S::Last(mask) => match labels.iter().filter(|forward| !**forward).count() {
                0 => text.push_str("nop "),
                counter => {
                    write!(text, "local.get 0 i32.const {mask} i32.and if i32.const 1 local.set {counter} end ")
                        .unwrap();
                }
            },
            S::Divide => text.push_str("i32.const 1000 local.get 0 i32.const 3 i32.and i32.div_u local.set 0 "),
            S::Call(callee) if *callee > function => {
                write!(text, "local.get 0 call {} local.set 0 ", callee + 1).unwrap();
            }
            S::Call(_) => text.push_str("nop "),
            S::Block(body) => nested(text, "block ", body, labels, true, function),
            S::Loop(rounds, body) => {
                let counter = 1 + labels.iter().filter(|forward| !**forward).count();
                write!(text, "i32.const {rounds} local.set {counter} loop ").unwrap();
                labels.push(false);
                write(text, body, labels, function);
                labels.pop();
                write!(text, "local.get {counter} i32.const 1 i32.sub local.tee {counter} br_if 0 end ").unwrap();
            }
            S::If(mask, body) => {
                let head = format!("local.get 0 i32.const {mask} i32.and if ");
                nested(text, &head, body, labels, true, function);
            }
            S::IfElse(mask, first, second) => {
                write!(text, "local.get 0 i32.const {mask} i32.and if ").unwrap();
                labels.push(true);
                write(text, first, labels, function);
                text.push_str("else ");
                write(text, second, labels, function);
                labels.pop();
                text.push_str("end ");
            }
            S::Branch(choice) => match depth(labels, *choice) {
                outermost if outermost == labels.len() => write!(text, "local.get 0 br {outermost} ").unwrap(),
                depth => write!(text, "br {depth} ").unwrap(),
            },
            S::BranchIf(mask, choice) => match inner_depth(labels, *choice) {
                Some(depth) => write!(text, "local.get 0 i32.const {mask} i32.and br_if {depth} ").unwrap(),
                None => text.push_str("nop "),
            },
            S::BranchTable(choices) => {
                let depths: Vec<_> = choices.iter().filter_map(|choice| inner_depth(labels, *choice)).collect();
                if depths.is_empty() {
                    text.push_str("nop ");
                    continue;
                }
                text.push_str("local.get 0 i32.const 7 i32.and br_table ");
                depths.iter().for_each(|depth| write!(text, "{depth} ").unwrap());
            }
            S::Return => text.push_str("local.get 0 return "),
            S::Unreachable => text.push_str("unreachable "),
        }
    }
}

fn nested(text: &mut String, head: &str, body: &[Statement], labels: &mut Labels, forward: bool, function: usize) {
    text.push_str(head);
    labels.push(forward);
    write(text, body, labels, function);
    labels.pop();
    text.push_str("end ");
}

/// Assembles a contract that runs the first function on `seed` and reverts with the memory.
fn contract(functions: &[Vec<Statement>], seed: u32) -> Vec<u8> {
    let mut text = String::new();
    for (index, body) in functions.iter().enumerate() {
        let mut code = String::new();
        write(&mut code, body, &mut Vec::new(), index);
        // What is exported has no flat price, however small it is.
        write!(
            text,
            r#"(func (export "{index}") (param i32) (result i32) (local i32 i32 i32 i32) {code} local.get 0) "#
        )
        .unwrap();
    }
    wasm(&format!(
        r#"(import "florin" "revert" (func $revert (param i32 i32))) (memory (export "memory") 1 1) {text}
        (func (export "florin_call") (i32.store (i32.const 124) (call 1 (i32.const {})))
            (call $revert (i32.const 0) (i32.const {SHOWN})))"#,
        seed.cast_signed()
    ))
}

/// The program as the model executes it.
struct Model<'a> {
    functions: &'a [Vec<Statement>],
    memory: [u8; SHOWN],
    ticks: u64,
    steps: u64,
    /// Rounds that the open loops have left.
    rounds: Vec<u8>,
    prices: OperatorPrices,
}

/// Where control goes behind a statement.
enum Flow {
    On,
    /// To the end of the label so far out, 0 being the innermost.
    Out(usize),
    Return,
    Stop(&'static str),
}

impl Model<'_> {
    fn simple(&mut self, count: u64) {
        self.ticks += count * self.prices.simple;
        self.steps += count;
    }

    fn branch(&mut self) {
        self.ticks += self.prices.branch;
        self.steps += 1;
    }

    fn call(&mut self, function: usize, variable: u32) -> Result<u32, &'static str> {
        self.ticks += self.prices.function + LOOP_LOCALS * self.prices.local;
        let mut variable = variable;
        match self.run(function, &self.functions[function], &mut variable, &mut Vec::new()) {
            Flow::Stop(why) => return Err(why),
            Flow::On => {
                self.simple(1);
                self.branch();
            }
            Flow::Out(_) | Flow::Return => {}
        }
        Ok(variable)
    }

    fn run(&mut self, function: usize, body: &[Statement], variable: &mut u32, labels: &mut Labels) -> Flow {
        for statement in body {
            if self.steps > STEPS_MAX {
                return Flow::Stop("too long");
            }
            match self.step(function, statement, variable, labels) {
                Flow::On => {}
                other => return other,
            }
        }
        Flow::On
    }

    fn step(&mut self, function: usize, statement: &Statement, variable: &mut u32, labels: &mut Labels) -> Flow {
        match statement {
            S::Mix(add) => {
                self.simple(5);
                self.ticks += self.prices.multiply;
                *variable = variable.wrapping_mul(31).wrapping_add(u32::from(*add));
            }
            S::Store(at) => {
                self.simple(2);
                self.ticks += self.prices.memory;
                let at = usize::from(*at);
                self.memory[at..at + 4].copy_from_slice(&variable.to_le_bytes());
            }
            S::Load(at) => {
                self.simple(4);
                self.ticks += self.prices.memory;
                *variable ^= u32::from_le_bytes(*self.memory[usize::from(*at)..].first_chunk().unwrap());
            }
            S::Fill(mask) => {
                self.simple(5);
                let length = *variable & u32::from(*mask);
                self.ticks += self.prices.bulk.of(u64::from(length));
                self.memory[..length as usize].fill(variable.to_le_bytes()[0]);
            }
            S::FillConstant(length) => {
                self.simple(3);
                self.ticks += self.prices.bulk.of(u64::from(*length));
                self.memory[..usize::from(*length)].fill(variable.to_le_bytes()[0]);
            }
            S::Last(_) if !labels.contains(&false) => self.simple(1),
            S::Last(mask) => {
                self.simple(3);
                self.branch();
                if *variable & u32::from(*mask) != 0 {
                    self.simple(2);
                    self.branch();
                    *self.rounds.last_mut().unwrap() = 1;
                }
            }
            S::Divide => {
                self.simple(5);
                self.ticks += self.prices.divide;
                let Some(quotient) = 1_000_u32.checked_div(*variable & 3) else {
                    return Flow::Stop("DivisionByZero");
                };
                *variable = quotient;
            }
            S::Call(callee) if *callee > function => {
                self.simple(2);
                self.ticks += self.prices.call;
                match self.call(*callee, *variable) {
                    Ok(result) => *variable = result,
                    Err(why) => return Flow::Stop(why),
                }
            }
            S::Call(_) => self.simple(1),
            S::Unreachable => {
                self.branch();
                return Flow::Stop("Unreachable");
            }
            S::Return => {
                self.simple(1);
                self.branch();
                return Flow::Return;
            }
            _ => return self.control(function, statement, variable, labels),
        }
        Flow::On
    }

    fn control(&mut self, function: usize, statement: &Statement, variable: &mut u32, labels: &mut Labels) -> Flow {
        match statement {
            S::Block(body) => {
                self.branch();
                self.nested(function, body, variable, labels)
            }
            S::If(mask, body) => {
                self.simple(3);
                self.branch();
                if *variable & u32::from(*mask) == 0 {
                    return Flow::On;
                }
                self.nested(function, body, variable, labels)
            }
            S::IfElse(mask, first, second) => {
                self.simple(3);
                self.branch();
                let body = if *variable & u32::from(*mask) == 0 { second } else { first };
                self.nested(function, body, variable, labels)
            }
            S::Loop(rounds, body) => self.rounds(function, *rounds, body, variable, labels),
            S::Branch(choice) => {
                let depth = depth(labels, *choice);
                if depth == labels.len() {
                    self.simple(1);
                }
                self.branch();
                Flow::Out(depth)
            }
            S::BranchIf(mask, choice) => {
                let Some(depth) = inner_depth(labels, *choice) else {
                    self.simple(1);
                    return Flow::On;
                };
                self.simple(3);
                self.branch();
                if *variable & u32::from(*mask) == 0 { Flow::On } else { Flow::Out(depth) }
            }
            S::BranchTable(choices) => {
                let depths: Vec<_> = choices.iter().filter_map(|choice| inner_depth(labels, *choice)).collect();
                let Some(last) = depths.last() else {
                    self.simple(1);
                    return Flow::On;
                };
                self.simple(3);
                self.branch();
                Flow::Out(*depths.get((*variable & 7) as usize).unwrap_or(last))
            }
            _ => Flow::On,
        }
    }

    /// Runs a loop until it has no round left, or something leads out of it.
    fn rounds(
        &mut self,
        function: usize,
        rounds: u8,
        body: &[Statement],
        variable: &mut u32,
        labels: &mut Labels,
    ) -> Flow {
        self.simple(2);
        self.branch();
        self.rounds.push(rounds);
        loop {
            labels.push(false);
            let flow = self.run(function, body, variable, labels);
            labels.pop();
            let left = self.rounds.last_mut().unwrap();
            *left -= 1;
            let done = *left == 0;
            if done || !matches!(flow, Flow::On) {
                self.rounds.pop();
            }
            match flow {
                Flow::On => {}
                Flow::Out(depth) => return Flow::Out(depth - 1),
                other => return other,
            }
            self.simple(4);
            self.branch();
            if done {
                break;
            }
        }
        self.branch();
        Flow::On
    }

    /// Runs the body of a block, or one half of an `if`, with the `end` or `else` behind it.
    fn nested(&mut self, function: usize, body: &[Statement], variable: &mut u32, labels: &mut Labels) -> Flow {
        labels.push(true);
        let flow = self.run(function, body, variable, labels);
        labels.pop();
        match flow {
            Flow::On => {
                self.branch();
                Flow::On
            }
            Flow::Out(0) => Flow::On,
            Flow::Out(depth) => Flow::Out(depth - 1),
            other => other,
        }
    }
}

/// Executes a program in the model; returns its memory, or why it stops, and its ticks.
fn model(functions: &[Vec<Statement>], seed: u32) -> (Result<[u8; SHOWN], &'static str>, u64) {
    let mut model = Model { functions, memory: [0; SHOWN], ticks: 0, steps: 0, rounds: Vec::new(), prices: prices() };
    let ending = model.call(0, seed).map(|result| {
        model.memory[124..].copy_from_slice(&result.to_le_bytes());
        model.memory
    });
    (ending, model.ticks)
}

/// Returns what a program costs beside its functions: the instance, the entry and the answer.
fn overhead() -> u64 {
    let empty = vec![Vec::new(); FUNCTIONS];
    run(&contract(&empty, 0), PLENTY).ticks - model(&empty, 0).1
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_random_program_does_and_costs_what_the_model_says(
        functions in prop::collection::vec(statements(), FUNCTIONS),
        seed in any::<u32>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (ending, ticks) = model(&functions, seed);
        prop_assume!(ending != Err("too long"));
        let module = contract(&functions, seed);
        let seen = run(&module, PLENTY);
        let expected = ticks + overhead();
        match ending {
            Ok(memory) => {
                let answer = Seen { exit: "Reverted", ticks: expected, output: memory.to_vec().into() };
                prop_assert_eq!(&seen, &answer);
                // `revert` ends the call before the last `end`, which is in the same run.
                let executed = Seen { ticks: answer.ticks - prices().branch, ..answer };
                prop_assert_eq!(&reference(&module), &executed);
                prop_assert_eq!(run(&module, seen.ticks - 1).exit, "OutOfGas");
            }
            Err(status) => {
                prop_assert_eq!(seen.exit, status);
                // What was executed is paid, and at most the rest of a few runs beside it.
                let executed = reference(&module);
                prop_assert_eq!(executed.exit, status);
                prop_assert!(seen.ticks >= executed.ticks, "{} for {}", seen.ticks, executed.ticks);
            }
        }
        // With less, every engine still sees the same.
        let limit = cut.index(usize::try_from(seen.ticks).unwrap());
        prop_assert_eq!(run(&module, limit as u64).exit, "OutOfGas");
    }
}
