//! Calldata, return data, errors and events in the words of a contract's ABI, and arguments from words.
//!
//! Guarantees that nothing is decoded halfway: bytes that do not fit the ABI are told as hex. Refuses arguments that do not fit
//! their types, with the type.

use alloy_dyn_abi::{DynSolType, DynSolValue, EventExt, FunctionExt, JsonAbiExt, Specifier};
use alloy_json_abi::{Function, JsonAbi, Param};
use alloy_primitives::hex;
use florin_runtime::receipt::Event;
use thiserror::Error;

use crate::book::Book;
use crate::printable;

/// Bytes of a value that are shown; the length is told of what is longer.
const SHOWN_BYTES_MAX: usize = 64;

/// Why words are no arguments.
#[derive(Debug, Error)]
pub enum ArgumentError {
    /// There are more or fewer than parameters.
    #[error("takes {expected} arguments ({parameters}), not {actual}")]
    Count {
        /// The parameters.
        parameters: String,
        /// How many there are.
        expected: usize,
        /// How many were given.
        actual: usize,
    },
    /// One does not fit its type.
    #[error("`{word}` is no {ty}: {reason}")]
    Type {
        /// What was given.
        word: String,
        /// What is wanted.
        ty: String,
        /// Why not.
        reason: String,
    },
}

/// Encodes arguments as the ABI asks for them. Where an address is wanted, `named` may know a name.
///
/// # Errors
/// Says which word does not fit.
pub fn encode_arguments(
    parameters: &[Param],
    words: &[String],
    named: impl Fn(&str) -> Option<String>,
) -> Result<Vec<u8>, ArgumentError> {
    if parameters.len() != words.len() {
        let list = parameters.iter().map(|parameter| format!("{} {}", parameter.ty, parameter.name));
        let parameters = list.collect::<Vec<_>>().join(", ");
        let (expected, actual) = (parameters.split(", ").filter(|it| !it.is_empty()).count(), words.len());
        return Err(ArgumentError::Count { parameters, expected, actual });
    }
    let mut values = Vec::new();
    for (parameter, word) in parameters.iter().zip(words) {
        let failed = |reason: String| ArgumentError::Type { word: word.clone(), ty: parameter.ty.clone(), reason };
        let ty = parameter.resolve().map_err(|error| failed(error.to_string()))?;
        let plain = match ty {
            DynSolType::Address => named(word).unwrap_or_else(|| word.clone()),
            DynSolType::Int(_) | DynSolType::Uint(_) => word.replace('_', ""),
            _ => word.clone(),
        };
        // The parser draws a picture behind its first line.
        let first_line = |error: &dyn ToString| error.to_string().lines().next().unwrap_or_default().to_owned();
        values.push(ty.coerce_str(&plain).map_err(|error| failed(first_line(&error)))?);
    }
    Ok(DynSolValue::Tuple(values).abi_encode_params())
}

/// Tells calldata: `transfer(to: bob, value: 5)`.
pub(crate) fn call(abi: Option<&JsonAbi>, input: &[u8], book: &Book) -> String {
    let function = function(abi, input);
    let arguments = input.get(4..).unwrap_or_default();
    match function.map(|function| (function, function.abi_decode_input(arguments))) {
        Some((function, Ok(values))) => {
            format!("{}({})", printable(&function.name), list(&function.inputs, &values, book))
        }
        _ if input.is_empty() => "()".to_owned(),
        _ => bytes(input),
    }
}

/// Tells the arguments of a constructor.
pub(crate) fn init(abi: Option<&JsonAbi>, input: &[u8], book: &Book) -> String {
    let decoded = abi.and_then(|abi| abi.constructor.as_ref()).and_then(|constructor| {
        let values = constructor.abi_decode_input(input).ok()?;
        Some(format!("new({})", list(&constructor.inputs, &values, book)))
    });
    match decoded {
        Some(told) => told,
        None if input.is_empty() => "new()".to_owned(),
        None => format!("new({})", bytes(input)),
    }
}

/// Tells what a successful call returned to this calldata; nothing if it returned nothing.
pub(crate) fn output(abi: Option<&JsonAbi>, input: &[u8], output: &[u8], book: &Book) -> Option<String> {
    if output.is_empty() {
        return None;
    }
    let decoded = function(abi, input).and_then(|function| {
        let values = function.abi_decode_output(output).ok()?;
        Some(list(&function.outputs, &values, book))
    });
    Some(decoded.unwrap_or_else(|| bytes(output)))
}

/// Tells revert data: `InsufficientBalance(have: 1, need: 2)`.
pub(crate) fn error(abi: Option<&JsonAbi>, data: &[u8], book: &Book) -> String {
    let error =
        data.first_chunk::<4>().and_then(|selector| abi?.errors().find(|error| error.selector().0 == *selector));
    let decoded = error.and_then(|error| {
        let values = error.abi_decode_input(data.get(4..)?).ok()?;
        Some(format!("{}({})", printable(&error.name), list(&error.inputs, &values, book)))
    });
    decoded.unwrap_or_else(|| bytes(data))
}

/// Tells an event: `Transfer(from: alice, to: bob, value: 5)`.
pub(crate) fn event(abi: Option<&JsonAbi>, event: &Event, book: &Book) -> String {
    let told = event.topics.first().and_then(|topic| {
        let row = abi?.events().find(|row| row.selector() == *topic)?;
        let decoded = row.decode_log_parts(event.topics.iter().copied(), &event.data).ok()?;
        let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
        let field = |input: &alloy_json_abi::EventParam| {
            let value = if input.indexed { indexed.next() } else { body.next() }?;
            Some(named(&input.name, &value, book))
        };
        let fields: Option<Vec<String>> = row.inputs.iter().map(field).collect();
        Some(format!("{}({})", printable(&row.name), fields?.join(", ")))
    });
    told.unwrap_or_else(|| {
        let topics: Vec<String> = event.topics.iter().map(ToString::to_string).collect();
        format!("[{}] {}", topics.join(", "), bytes(&event.data))
    })
}

fn function<'a>(abi: Option<&'a JsonAbi>, input: &[u8]) -> Option<&'a Function> {
    let selector = input.first_chunk::<4>()?;
    abi?.functions().find(|function| function.selector().0 == *selector)
}

fn list(parameters: &[Param], values: &[DynSolValue], book: &Book) -> String {
    let told = parameters.iter().zip(values).map(|(parameter, value)| named(&parameter.name, value, book));
    told.collect::<Vec<_>>().join(", ")
}

fn named(name: &str, value: &DynSolValue, book: &Book) -> String {
    let value = tell(value, book);
    if name.is_empty() { value } else { format!("{}: {value}", printable(name)) }
}

fn tell(value: &DynSolValue, book: &Book) -> String {
    let many = |values: &[DynSolValue]| values.iter().map(|value| tell(value, book)).collect::<Vec<_>>().join(", ");
    match value {
        DynSolValue::Address(address) => book.account(*address),
        DynSolValue::Bool(truth) => truth.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => bytes(word.get(..*size).unwrap_or_default()),
        DynSolValue::Bytes(data) => bytes(data),
        DynSolValue::String(text) => format!("{text:?}"),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => format!("[{}]", many(values)),
        DynSolValue::Tuple(values) => format!("({})", many(values)),
        DynSolValue::Function(function) => bytes(function.as_slice()),
    }
}

fn bytes(data: &[u8]) -> String {
    match data.get(..SHOWN_BYTES_MAX) {
        Some(shown) if data.len() > SHOWN_BYTES_MAX => {
            format!("{}.. ({} bytes)", hex::encode_prefixed(shown), data.len())
        }
        _ => hex::encode_prefixed(data),
    }
}
