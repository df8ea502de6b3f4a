//! Contracts that do one thing many times, in the text format.
//!
//! Guarantees that no compiler can foresee what the code computes: the locals `$a`, `$b` and `$c` come from memory, and what
//! they become goes back there.
//!
//! ```text
//! memory   0 seed of the round, u32 | 8 $a | 16 $b | 24 $c | 32 zero | 64.. free
//! locals   $n counter of the loop, $x state of the generator, $i $j $p i32; $a to $f i64
//! ```

use alloy_primitives::Bytes;
use florin_abi::imports::{Import, ValueType};
use florin_abi::{IMPORT_MODULE, limits};
use florin_runtime::gas::NEAR_PAGES;

use super::world::{Expected, World};
use super::{Case, Kind, Run};
use crate::ledger::WorkloadError;

/// The values of `$a`, `$b` and `$c`: odd and without a pattern, as 8 bytes each.
const VALUES: &str =
    r#"(data (i32.const 8) "\15\7c\4a\7f\b9\79\37\9e\03\ed\92\d1\32\4a\b5\d1\c5\ff\ff\ff\ff\ff\ff\7f")"#;

/// A contract that repeats something.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Host functions that it calls, by name; each is `$name`.
    pub imports: Vec<&'static str>,
    /// Fields of the module beside memory and entry.
    pub fields: String,
    /// Pages of its memory at the start.
    pub pages: u32,
    /// Pages to which its memory may grow.
    pub pages_max: u32,
    /// Code before the loop.
    pub setup: String,
    /// Code of one repetition.
    pub body: String,
    /// Copies of the body in the loop.
    pub copies: u32,
    /// Rounds of the loop.
    pub rounds: u32,
}

impl Guest {
    /// Repeats an operator: many copies, so that the loop around them does not count.
    pub fn unrolled(body: &str, copies: u32, rounds: u32) -> Self {
        Self { copies, ..Self::looped(body, rounds) }
    }

    /// Repeats something that takes so long that a loop around one copy does not count.
    pub fn looped(body: &str, rounds: u32) -> Self {
        Self {
            imports: Vec::new(),
            fields: String::new(),
            pages: 1,
            pages_max: NEAR_PAGES,
            setup: String::new(),
            body: body.to_owned(),
            copies: 1,
            rounds,
        }
    }

    /// Repeats a host function with constant arguments; the result is dropped.
    pub fn host(name: &'static str, arguments: &[u64], rounds: u32) -> Self {
        let mut call: String = Import::find(name)
            .map(|import| import.params.iter().zip(arguments))
            .into_iter()
            .flatten()
            .map(|(kind, value)| format!("({}.const {value}) ", word(*kind)))
            .collect();
        call.push_str(&format!("call ${name} "));
        if Import::find(name).is_some_and(|import| import.result.is_some()) {
            call.push_str("drop ");
        }
        Self { imports: vec![name], ..Self::looped(&call, rounds) }
    }

    /// Puts bytes into its memory.
    #[must_use]
    pub fn data(mut self, at: u32, bytes: &[u8]) -> Self {
        let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        self.fields.push_str(&format!(r#"(data (i32.const {at}) "{text}")"#));
        self
    }

    /// Adds fields to the module.
    #[must_use]
    pub fn fields(mut self, fields: &str) -> Self {
        self.fields.push_str(fields);
        self
    }

    /// Gives it so many pages.
    #[must_use]
    pub fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self.pages_max = self.pages_max.max(pages);
        self
    }

    /// Lets its memory grow as far as any may, which makes it a far one.
    #[must_use]
    pub fn far(mut self) -> Self {
        self.pages_max = limits::MEMORY_PAGES_MAX;
        self
    }

    /// Puts code before the loop.
    #[must_use]
    pub fn setup(mut self, code: &str) -> Self {
        self.setup.push_str(code);
        self
    }

    /// Puts code before each repetition.
    #[must_use]
    pub fn before(mut self, code: &str) -> Self {
        self.body.insert_str(0, code);
        self
    }

    /// Returns the module in the text format.
    pub fn text(&self) -> String {
        let imports: String = ["input"]
            .iter()
            .chain(self.imports.iter().filter(|name| **name != "input"))
            .map(|name| import(name))
            .collect();
        let Self { fields, pages, pages_max, setup, rounds, .. } = self;
        let body = self.body.repeat(self.copies as usize);
        format!(
            r#"(module {imports} (memory (export "memory") {pages} {pages_max}) {VALUES} {fields}
            (func (export "florin_call") (local $n i32) (local $x i32) (local $i i32) (local $j i32) (local $p i32)
              (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64)
              (drop (call $input (i32.const 0) (i32.const 4))) (local.set $x (i32.load (i32.const 0)))
              (local.set $a (i64.load (i32.const 8))) (local.set $b (i64.load (i32.const 16)))
              (local.set $c (i64.load (i32.const 24))) {setup}
              (local.set $n (i32.const {rounds}))
              (loop $again {body} (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
              (i64.store (i32.const 8) (i64.add (i64.add (local.get $a) (local.get $d))
                (i64.add (i64.add (local.get $e) (local.get $f)) (i64.extend_i32_u (i32.add (local.get $p)
                (i32.add (local.get $i) (local.get $j)))))))))"#
        )
    }

    /// Returns how often the body runs.
    pub const fn repetitions(&self) -> u64 {
        self.copies as u64 * self.rounds as u64
    }
}

/// Advances `$x` to the next of `modulus` numbers, a power of two, each of which comes once in an order without a pattern.
pub fn step(modulus: u32) -> String {
    let mask = modulus - 1;
    format!(
        "(local.set $x (i32.and (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)) \
         (i32.const {mask})))"
    )
}

/// Returns the input of a round: where its sequence of numbers begins.
pub fn seed(round: u32) -> Bytes {
    Bytes::copy_from_slice(&round.wrapping_mul(0x0001_1d35).to_le_bytes())
}

/// Makes a case of a guest that finishes; its operations are the repetitions of its body. What comes before its loop is
/// measured apart and taken off.
///
/// # Errors
/// If the guest is refused.
pub fn case(
    world: &World,
    (price, units): (&'static str, u64),
    label: &str,
    kind: Kind,
    guest: &Guest,
) -> Result<Case, WorkloadError> {
    let run = finishing(world, guest)?;
    let (label, mut operations, mut before) = (label.to_owned(), guest.repetitions(), None);
    if !guest.setup.is_empty() {
        let once = Guest { rounds: 1, ..guest.clone() };
        operations -= once.repetitions();
        before = Some(finishing(world, &once)?);
    }
    Ok(Case { price, label, units, operations, kind, run, before })
}

fn finishing(world: &World, guest: &Guest) -> Result<Run, WorkloadError> {
    let code = world.load(&guest.text())?;
    Ok(Box::new(move |world, round| world.call(&code, &seed(round), Expected::Finished)))
}

fn import(name: &str) -> String {
    let Some(import) = Import::find(name) else { return String::new() };
    let params: String = import.params.iter().map(|kind| format!(" {}", word(*kind))).collect();
    let result = import.result.map_or(String::new(), |kind| format!(" (result {})", word(kind)));
    format!(r#"(import "{IMPORT_MODULE}" "{name}" (func ${name} (param{params}){result}))"#)
}

const fn word(kind: ValueType) -> &'static str {
    match kind {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
    }
}
