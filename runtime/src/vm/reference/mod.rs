//! Modules that are no contracts, on the engines of contracts: the seam through which outside references reach the
//! metering pass. For tests only; the feature `reference` builds it.
//!
//! Guarantees that a module passes through the same metering pass and runs under the same settings of the same engines
//! as a contract, with two differences that a specification test needs: memories and tables are allocated on demand, so
//! that they may be larger than a contract's, and modules may import from each other. Rules of the upload check that are
//! policy and not the specification's (required exports, limits) are not asked.
//!
//! Costs an engine for each [`Stage`]; its instances live as long as it.

mod compiled;
mod interpreted;
mod normal;

use florin_abi::Status;
use florin_abi::limits::STACK_UNITS_MAX;
use thiserror::Error;
use wasmparser::{Parser, Validator};

use super::instance::Ending;
use super::instrument::{self, STACK_EXPORT, TICKS_EXPORT};
use super::memory::Abort;
use super::validate::proposals;
use super::{EngineKind, Refusal};
use crate::fault::Fault;
use crate::gas::GasSchedule;

/// Ticks that each instance is given for each call: more than any test burns.
const TICKS_GIVEN: i64 = 1 << 60;

/// A value that crosses the boundary of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// 32 bits.
    I32(i32),
    /// 64 bits.
    I64(i64),
}

/// Why a module or a call came to nothing.
#[derive(Debug, Error)]
pub enum Failure {
    /// The module is malformed, invalid, or uses a proposal that is not allowed.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// An import is missing or of another type.
    #[error("cannot be linked: {0}")]
    Unlinkable(String),
    /// The code, or a segment on instantiation, trapped.
    #[error("trapped: {}", .0.name())]
    Trapped(Status),
    /// There is no such export.
    #[error("no export `{0}` of this kind")]
    Missing(String),
    /// The host failed, or the metering pass is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl PartialEq for Failure {
    /// Two engines word a failure differently; equal is what the specification tells apart.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Trapped(one), Self::Trapped(other)) => one == other,
            (Self::Missing(one), Self::Missing(other)) => one == other,
            _ => core::mem::discriminant(self) == core::mem::discriminant(other),
        }
    }
}

/// What a call answered and what it burnt.
#[derive(Debug, PartialEq)]
pub struct Called {
    /// The results, or why there are none.
    pub answer: Result<Vec<Value>, Failure>,
    /// Ticks of all instances together.
    pub ticks: u64,
}

/// Checks what the specification asks of a module, and that it uses allowed proposals only.
///
/// # Errors
/// `Reason::Proposal` for a proposal that is not allowed, `Reason::Malformed` for the rest.
pub fn well_formed(code: &[u8]) -> Result<(), Refusal> {
    let features = proposals::allowed();
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    for payload in parser.parse_all(code) {
        let payload = payload.map_err(|error| Refusal::parser(&error))?;
        if let wasmparser::ValidPayload::Func(function, body) =
            validator.payload(&payload).map_err(|error| Refusal::parser(&error))?
        {
            let mut function = function.into_validator(allocations);
            function.validate(&body).map_err(|error| Refusal::parser(&error))?;
            allocations = function.into_allocations();
        }
    }
    Ok(())
}

/// Meters any module of allowed proposals, a contract or not; a start function becomes the export
/// `florin:start`.
///
/// # Errors
/// `Fault::Engine` if the metering pass cannot read it.
pub fn instrument_any(code: &[u8]) -> Result<Vec<u8>, Fault> {
    instrument::instrument(&normal::normal(code)?, &GasSchedule::default().operators)
}

/// An engine with instances that know each other by registered names.
pub struct Stage {
    machine: Box<dyn Machine>,
    /// Number of instances.
    instances: usize,
}

/// What a stage asks of an engine. Instances are numbered in the order in which they were made.
trait Machine {
    /// Makes an instance of a metered module.
    fn instantiate(&mut self, metered: &[u8]) -> Result<(), Failure>;
    /// Lets modules import from an instance by this name.
    fn register(&mut self, instance: usize, name: &str) -> Result<(), Fault>;
    /// Calls an export.
    fn invoke(&mut self, instance: usize, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure>;
    /// Reads an exported global.
    fn global(&mut self, instance: usize, name: &str) -> Result<Value, Failure>;
    /// Writes an exported global.
    fn set(&mut self, instance: usize, name: &str, to: Value) -> Result<(), Failure>;
}

impl Stage {
    /// Sets an engine up.
    ///
    /// # Errors
    /// `Fault::Engine` if the host cannot.
    pub fn new(engine: EngineKind) -> Result<Self, Fault> {
        let machine: Box<dyn Machine> = match engine {
            EngineKind::Compiled { optimize } => Box::new(compiled::Stage::new(optimize)?),
            EngineKind::Interpreted => Box::new(interpreted::Stage::new()),
        };
        Ok(Self { machine, instances: 0 })
    }

    /// Meters a module, makes an instance of it and runs its start function; returns the instance's number.
    ///
    /// # Errors
    /// `Refused` as [`well_formed`], `Unlinkable`, or `Trapped` by a segment or the start function.
    pub fn instantiate(&mut self, code: &[u8]) -> Result<usize, Failure> {
        well_formed(code)?;
        let metered = instrument_any(code)?;
        self.machine.instantiate(&metered)?;
        let number = self.instances;
        self.instances = self.instances.saturating_add(1);
        if normal::starts(&metered) {
            self.invoke(number, normal::START_EXPORT, &[]).answer?;
        }
        Ok(number)
    }

    /// Lets modules import from an instance by this name, from now on.
    ///
    /// # Errors
    /// `Fault::Engine` if there is no such instance.
    pub fn register(&mut self, instance: usize, name: &str) -> Result<(), Fault> {
        self.machine.register(instance, name)
    }

    /// Calls an export, with full counters in every instance.
    pub fn invoke(&mut self, instance: usize, export: &str, arguments: &[Value]) -> Called {
        for number in 0..self.instances {
            let _ = self.machine.set(number, TICKS_EXPORT, Value::I64(TICKS_GIVEN));
            let _ = self.machine.set(number, STACK_EXPORT, Value::I32(STACK_UNITS_MAX.cast_signed()));
        }
        let answer = self.machine.invoke(instance, export, arguments);
        let answer = match answer {
            Err(Failure::Trapped(Status::Unreachable)) if self.stack_ended() => {
                Err(Failure::Trapped(Status::StackLimit))
            }
            other => other,
        };
        let ticks = (0..self.instances).fold(0_i64, |sum, number| match self.global(number, TICKS_EXPORT) {
            Ok(Value::I64(left)) => sum.saturating_add(TICKS_GIVEN.saturating_sub(left)),
            _ => sum,
        });
        Called { answer, ticks: ticks.unsigned_abs() }
    }

    /// Returns the value of an exported global.
    ///
    /// # Errors
    /// `Missing` if there is none.
    pub fn global(&mut self, instance: usize, export: &str) -> Result<Value, Failure> {
        self.machine.global(instance, export)
    }

    fn stack_ended(&mut self) -> bool {
        (0..self.instances).any(|number| matches!(self.global(number, STACK_EXPORT), Ok(Value::I32(left)) if left < 0))
    }
}

impl core::fmt::Debug for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stage").field("instances", &self.instances).finish_non_exhaustive()
    }
}

/// Tells what a call's ending means where no contract runs.
fn failure(ending: Ending) -> Failure {
    match ending {
        Ending::Trapped(status) => Failure::Trapped(status),
        Ending::NativeStack => Failure::Fault(Fault::Invariant("the native stack ended before the logical one")),
        Ending::Aborted(Abort::Fault(fault)) => Failure::Fault(fault),
        Ending::Returned | Ending::Aborted(_) => Failure::Fault(Fault::Invariant("only a failed call has a failure")),
    }
}
