//! Contracts and calls as they are written on the command line.
//!
//! ```text
//! contract   [NAME=]FILE.wasm[(ARGUMENT, ..)]
//! call       [ACCOUNT: ][CONTRACT.]MESSAGE(ARGUMENT, ..)[ with WEI]      MESSAGE may be calldata in hex, without arguments
//! ```
//! Arguments are split at commas outside of brackets and quotes; a quoted argument is taken without its quotes.

use thiserror::Error;

/// Who acts where nobody is named.
pub(super) const AUTHOR: &str = "author";

/// Why a text is no contract or call.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SpokenError {
    /// Brackets or quotes do not match.
    #[error("`{text}`: brackets or quotes do not match")]
    Unbalanced {
        /// The text.
        text: String,
    },
    /// There is no message.
    #[error("`{text}` names no message; write `[ACCOUNT: ][CONTRACT.]MESSAGE(ARGUMENT, ..)[ with WEI]`")]
    NoMessage {
        /// The text.
        text: String,
    },
    /// What comes along is no whole number.
    #[error("`{text}`: `{value}` is no amount in wei")]
    Value {
        /// The text.
        text: String,
        /// The amount.
        value: String,
    },
}

/// A module to deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpokenContract {
    /// How calls name it.
    pub(super) name: Option<String>,
    pub(super) file: String,
    pub(super) arguments: Vec<String>,
}

/// A call to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpokenCall {
    pub(super) account: String,
    /// The contract; none if it is the one that was deployed last.
    pub(super) contract: Option<String>,
    pub(super) message: String,
    pub(super) arguments: Vec<String>,
    pub(super) value: u128,
}

impl SpokenContract {
    /// Reads a contract.
    pub(super) fn read(text: &str) -> Result<Self, SpokenError> {
        let (head, arguments) = split_arguments(text)?;
        let (name, file) = match head.split_once('=') {
            Some((name, file)) => (Some(name.trim().to_owned()), file),
            None => (None, head),
        };
        Ok(Self { name, file: file.trim().to_owned(), arguments })
    }
}

impl SpokenCall {
    /// Reads a call.
    pub(super) fn read(text: &str) -> Result<Self, SpokenError> {
        let (call, value) = match text.rsplit_once(" with ") {
            Some((call, value)) if !value.contains(')') => {
                let number = value.trim().replace('_', "").parse();
                let error = |_| SpokenError::Value { text: text.to_owned(), value: value.to_owned() };
                (call, number.map_err(error)?)
            }
            _ => (text, 0),
        };
        let (head, arguments) = split_arguments(call)?;
        let (account, target) = match head.split_once(':') {
            Some((account, target)) => (account.trim(), target.trim()),
            None => (AUTHOR, head.trim()),
        };
        let (contract, message) = match target.rsplit_once('.') {
            Some((contract, message)) => (Some(contract.trim().to_owned()), message.trim()),
            None => (None, target),
        };
        if message.is_empty() || account.is_empty() {
            return Err(SpokenError::NoMessage { text: text.to_owned() });
        }
        Ok(Self { account: account.to_owned(), contract, message: message.to_owned(), arguments, value })
    }
}

/// Splits `head(a, b)` into its head and its arguments; without brackets there are none.
fn split_arguments(text: &str) -> Result<(&str, Vec<String>), SpokenError> {
    let unbalanced = || SpokenError::Unbalanced { text: text.to_owned() };
    let text = text.trim();
    let Some((head, rest)) = text.split_once('(') else {
        return if text.contains(')') { Err(unbalanced()) } else { Ok((text, Vec::new())) };
    };
    let inside = rest.strip_suffix(')').ok_or_else(unbalanced)?;
    let (mut arguments, mut current) = (Vec::new(), String::new());
    let (mut depth, mut quoted) = (0_u32, false);
    for letter in inside.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth = depth.saturating_add(1),
            ')' | ']' if !quoted => depth = depth.checked_sub(1).ok_or_else(unbalanced)?,
            ',' if !quoted && depth == 0 => {
                arguments.push(core::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(letter);
    }
    if quoted || depth > 0 {
        return Err(unbalanced());
    }
    if !arguments.is_empty() || !current.trim().is_empty() {
        arguments.push(current);
    }
    let plain = |argument: String| {
        let argument = argument.trim();
        let inner = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.filter(|inner| !inner.contains('"')).unwrap_or(argument).to_owned()
    };
    Ok((head, arguments.into_iter().map(plain).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{AUTHOR, SpokenCall, SpokenContract, SpokenError};

    fn call(account: &str, contract: Option<&str>, message: &str, arguments: &[&str], value: u128) -> SpokenCall {
        SpokenCall {
            account: account.to_owned(),
            contract: contract.map(str::to_owned),
            message: message.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            value,
        }
    }

    #[test]
    fn a_call_is_read_with_all_its_parts_and_with_few() {
        let read = |text| SpokenCall::read(text).unwrap();
        assert_eq!(
            read("alice: token.transfer(bob, 5) with 1_000"),
            call("alice", Some("token"), "transfer", &["bob", "5"], 1_000)
        );
        assert_eq!(read("empty()"), call(AUTHOR, None, "empty", &[], 0));
        assert_eq!(read("ann: tip"), call("ann", None, "tip", &[], 0));
        assert_eq!(read("jar.0x12ab"), call(AUTHOR, Some("jar"), "0x12ab", &[], 0));
        let nested = read(r#"say("a, b) with (", [1, 2], (3, x))"#);
        assert_eq!(nested, call(AUTHOR, None, "say", &["a, b) with (", "[1, 2]", "(3, x)"], 0));
    }

    #[test]
    fn a_contract_is_read_with_its_name_and_arguments() {
        let contract = SpokenContract::read(r#"gold=some/token.wasm("Gold, pure", GLD)"#).unwrap();
        assert_eq!((contract.name.as_deref(), contract.file.as_str()), (Some("gold"), "some/token.wasm"));
        assert_eq!(contract.arguments, ["Gold, pure", "GLD"]);
        assert_eq!(SpokenContract::read("jar.wasm").unwrap().arguments, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_call_is_told_why() {
        for text in ["f(", "f)", "f(a]b)", "f(\"a)", "f(a))("] {
            assert!(matches!(SpokenCall::read(text), Err(SpokenError::Unbalanced { .. })), "{text}");
        }
        for text in ["", "alice:", ": f()", "token."] {
            assert!(matches!(SpokenCall::read(text), Err(SpokenError::NoMessage { .. })), "{text}");
        }
        assert!(matches!(SpokenCall::read("f() with much"), Err(SpokenError::Value { .. })));
    }
}
