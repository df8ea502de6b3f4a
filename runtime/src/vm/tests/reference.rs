//! Metering against the reference: the sum of what each operator costs, counted one by one as it is executed.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{ENGINES, PLENTY, Seen, contract, frame, load, prices, run, run_on, seen, wasm};
use crate::vm::frame::Entry;
use crate::vm::instrument::naive::count_each_operator;
use crate::vm::{Code, Vm};

/// Compiles a module that counts each operator.
fn counted(vm: &Vm, module: &[u8]) -> Arc<Code> {
    let info = Vm::check(module).unwrap();
    let counted = count_each_operator(module, &prices()).unwrap();
    Arc::new(vm.0.form(B256::ZERO, info, &counted).unwrap())
}

/// Runs a module that counts each operator, on the compiler; it does not stop for lack of ticks.
pub(super) fn reference(module: &[u8]) -> Seen {
    let vm = &ENGINES[1].1;
    let (frame, outcome) = vm.run(&counted(vm, module), frame(vm, b"input"), PLENTY);
    seen(frame, outcome)
}

/// More ticks than any loop here burns.
const ENOUGH: u64 = 1 << 30;

/// Text of a loop over local `$i`, which is `start` before it.
#[derive(Clone, Debug)]
struct Loop {
    start: u32,
    step: u32,
    /// Rounds, where nothing in the loop disturbs it.
    rounds: u32,
    comparison: &'static str,
    shape: usize,
    disturbance: usize,
}

/// Ways to go on: `$i` becomes `$i + step`, and the loop goes on while that compares so with the bound.
const SHAPES: &[&str] = &[
    "{body} local.get $i i32.const {step} i32.add local.tee $i i32.const {bound} {comparison} br_if 0",
    "{body} i32.const {step} local.get $i i32.add local.tee $i i32.const {bound} {comparison} br_if 0 nop nop",
    "{body} local.get $i i32.const {minus} i32.sub local.set $i local.get $i i32.const {bound} {comparison} br_if 0",
    "local.get $i local.tee $j i32.const {step} i32.add local.tee $i drop {body} local.get $i i32.const {bound} {comparison} br_if 0",
    "local.get $i i32.const {step} i32.add local.set $j {body} local.get $j local.set $i local.get $j i32.const {bound} {comparison} br_if 0",
    "block {body} end local.get $i i32.const {step} i32.add local.tee $i i32.const {bound} {comparison} if br 1 end",
    "{body} local.get $i i32.const {step} i32.add local.set $i local.get $i i32.const {bound} {comparison} i32.eqz br_if 1 br 0",
];

/// The shape that takes its step before the disturbance.
const STEPS_FIRST: usize = 3;

/// What stands in a round, `last` being the value of `$i` from which one more step leads to the bound.
const DISTURBANCES: &[&str] = &[
    "nop",
    "local.get $k i32.const 1 i32.add local.set $k",
    // Ends the loop early: always, under a condition, by a branch, and not at all because nothing reaches it.
    "i32.const {last} local.set $i",
    "local.get $k i32.const 1 i32.add local.tee $k i32.const 3 i32.eq if i32.const {last} local.set $i end",
    "local.get $k i32.const 1 i32.add local.tee $k i32.const 3 i32.eq br_if 1",
    "block br 0 i32.const {last} local.set $i end",
    "block local.get $k i32.const 1 i32.add local.tee $k i32.const 3 i32.ne br_if 0 i32.const {last} local.set $i end",
    "i32.const 2 local.set $m loop local.get $m i32.const 1 i32.sub local.tee $m br_if 0 end",
    "i32.const 1 local.set $m loop i32.const {last} local.set $i local.get $m i32.const 1 i32.sub local.tee $m br_if 0 end",
    "block local.get $k i32.const 7 i32.and br_table 0 0 0 end",
    "(memory.fill (i32.const 0) (i32.const 1) (i32.const 33))",
    "(memory.fill (i32.const 0) (i32.const 1) (local.get $k))",
    "(call $two)",
];

impl Loop {
    /// Tells whether every round begins anew at the last value.
    fn disturbance_repeats(&self) -> bool {
        matches!(self.disturbance, 2 | 8)
    }

    /// Returns the text, or nothing if the loop would not end.
    fn text(&self) -> Option<String> {
        let bound = self.start.wrapping_add(self.step.wrapping_mul(self.rounds));
        let holds = |value: u32| match self.comparison {
            "i32.ne" => value != bound,
            "i32.lt_u" => value < bound,
            "i32.gt_u" => value > bound,
            "i32.le_u" => value <= bound,
            "i32.ge_u" => value >= bound,
            "i32.lt_s" => value.cast_signed() < bound.cast_signed(),
            "i32.gt_s" => value.cast_signed() > bound.cast_signed(),
            "i32.le_s" => value.cast_signed() <= bound.cast_signed(),
            _ => value.cast_signed() >= bound.cast_signed(),
        };
        if self.disturbance_repeats() && (holds(bound) || self.shape == STEPS_FIRST) {
            return None;
        }
        for from in [self.start, bound.wrapping_sub(self.step)] {
            let values = (1..=5_000).map(|round| from.wrapping_add(self.step.wrapping_mul(round)));
            values.clone().find(|value| !holds(*value))?;
        }
        let fill = |template: &str| {
            template
                .replace("{step}", &self.step.to_string())
                .replace("{minus}", &self.step.wrapping_neg().to_string())
                .replace("{bound}", &bound.to_string())
                .replace("{last}", &bound.wrapping_sub(self.step).to_string())
                .replace("{comparison}", self.comparison)
        };
        let round = SHAPES[self.shape].replace("{body}", DISTURBANCES[self.disturbance]);
        Some(format!("i32.const {} local.set $i block loop {} end end ", self.start, fill(&round)))
    }
}

fn loops() -> impl Strategy<Value = Loop> {
    let comparisons = prop::sample::select(vec![
        "i32.ne", "i32.lt_u", "i32.gt_u", "i32.le_u", "i32.ge_u", "i32.lt_s", "i32.gt_s", "i32.le_s", "i32.ge_s",
    ]);
    let step = prop_oneof![1..9_u32, (1..9_u32).prop_map(u32::wrapping_neg), Just(0x1000_0000), any::<u32>()];
    let start = prop_oneof![0..3_u32, any::<u32>()];
    (start, step, 1..40_u32, comparisons, 0..SHAPES.len(), 0..DISTURBANCES.len()).prop_map(
        |(start, step, rounds, comparison, shape, disturbance)| Loop {
            start,
            step,
            rounds,
            comparison,
            shape,
            disturbance,
        },
    )
}

/// Assembles a contract whose entry has these operators, and a function that is not small beside it.
fn entry(operators: &str) -> Vec<u8> {
    wasm(&format!(
        r#"(memory (export "memory") 1 1)
        (func $two (local i32) i32.const 2 local.set 0 loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)
        (func (export "florin_call") (local $i i32) (local $j i32) (local $k i32) (local $m i32) {operators})"#
    ))
}

proptest! {
    #![proptest_config(Config { cases: 256, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_loop_costs_what_its_rounds_cost_however_they_are_counted(
        outer in loops(),
        inner in prop::option::of(loops()),
        more in loops(),
    ) {
        let mut text = String::new();
        // One loop in the other's round, if both end, and another behind them.
        if let Some(outer) = outer.text() {
            let inner = inner.and_then(|inner| inner.text()).unwrap_or_default();
            let inner = inner.replace("$i", "$n").replace("$j", "$o").replace("$k", "$p").replace("$m", "$q");
            write!(text, "{}", outer.replacen("loop ", &format!("loop {inner} "), 1)).unwrap();
        }
        text.push_str(&more.text().unwrap_or_default());
        let module = entry(&format!("(local $n i32) (local $o i32) (local $p i32) (local $q i32) {text}"));
        let metered = run(&module, ENOUGH);
        prop_assert_ne!(metered.exit, "OutOfGas", "a loop does not end");
        prop_assert_eq!(&metered, &reference(&module));
        prop_assert_eq!(run(&module, metered.ticks).exit, "Finished");
        prop_assert_eq!(run(&module, metered.ticks - 1).exit, "OutOfGas");
    }
}

#[test]
fn every_shape_of_a_loop_with_every_disturbance_costs_what_its_rounds_cost() {
    for shape in 0..SHAPES.len() {
        for disturbance in 0..DISTURBANCES.len() {
            for comparison in ["i32.ne", "i32.lt_u", "i32.le_s"] {
                let one = Loop { start: 4, step: 8, rounds: 5, comparison, shape, disturbance };
                let Some(text) = one.text() else { continue };
                let module = entry(&text);
                assert_eq!(run_on(&ENGINES[1].1, &module, ENOUGH), reference(&module), "{one:?}");
            }
        }
    }
}

#[test]
fn case_19_a_trap_in_a_loop_that_is_paid_before_burns_a_bounded_amount_more() {
    // Traps in the first of 1,000 rounds.
    let module = contract(
        "(local $i i32)
        (loop (drop (i32.div_u (i32.const 1) (i32.const 0)))
            (br_if 0 (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))",
    );
    let (metered, executed) = (run(&module, PLENTY), reference(&module));
    assert_eq!((metered.exit, executed.exit), ("DivisionByZero", "DivisionByZero"));
    assert!(metered.ticks >= executed.ticks && metered.ticks - executed.ticks < 10_000, "{metered:?} {executed:?}");
}

/// A word of calldata.
fn word(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// A string of up to 32 bytes, as calldata.
fn string(text: &str) -> Vec<u8> {
    let mut bytes = word(text.len() as u64).to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(64, 0);
    bytes
}

#[test]
fn a_contract_costs_what_its_operators_cost_but_for_its_small_functions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/artifacts/token.wasm");
    let token = std::fs::read(path).unwrap();
    let owner = Address::repeat_byte(1).into_word().0;
    let head = [word(0xa0), word(0xe0), word(9), owner, word(1 << 40)].concat();
    let init = [head, string("Florin"), string("FLN")].concat();
    let transfer =
        |units: u64| [&[0xa9, 0x05, 0x9c, 0xbb], &Address::repeat_byte(3).into_word().0[..], &word(units)].concat();
    let vm = &ENGINES[1].1;
    let (metered, counted) = (load(vm, &token), counted(vm, &token));
    let call = |code: &Arc<Code>, input: Vec<u8>| {
        let mut first = frame(vm, &init);
        first.message.entry = Entry::Init;
        let (mut next, _) = vm.run(&metered, first, PLENTY);
        (next.message.entry, next.message.input, next.output) = (Entry::Call, input.into(), Bytes::new());
        let (frame, outcome) = vm.run(code, next, PLENTY);
        seen(frame, outcome)
    };
    for (input, exit) in [(transfer(1), "Finished"), (transfer(1 << 41), "Reverted"), (vec![1, 2, 3, 4], "Reverted")] {
        let (metered, executed) = (call(&metered, input.clone()), call(&counted, input));
        assert_eq!((metered.exit, &metered.output), (exit, &executed.output));
        let more = metered.ticks.checked_sub(executed.ticks).unwrap();
        assert!(more <= executed.ticks / 100, "{more} more than {}", executed.ticks);
    }
}
