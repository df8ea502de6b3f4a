//! The puppet: a contract that does what its input says, and the words to say it.

use alloy_primitives::{Address, B256};
use florin_abi::{IMPORTS, ValueType};

/// Returns a module: the whole import table, then this text.
pub(crate) fn module(text: &str) -> Vec<u8> {
    let value = |value: &ValueType| match value {
        ValueType::I32 => " i32",
        ValueType::I64 => " i64",
    };
    let imports: String = IMPORTS
        .iter()
        .map(|import| {
            let params: String = import.params.iter().map(value).collect();
            let result = import.result.as_ref().map_or(String::new(), |result| format!("(result{})", value(result)));
            let name = import.name;
            format!("(import \"florin\" \"{name}\" (func ${name} (param{params}) {result}))\n")
        })
        .collect();
    wat::parse_str(format!("(module {imports} {text})")).unwrap()
}

/// Returns the puppet.
pub(crate) fn puppet() -> Vec<u8> {
    module(include_str!("puppet.wat"))
}

/// Returns a puppet that may be entered again by inputs that begin with these four bytes.
pub(crate) fn reentrant_puppet(selector: [u8; 4]) -> Vec<u8> {
    let escaped: String = selector.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let section = format!("(@custom \"florin.reentrant\" \"{escaped}\")");
    module(&format!("{}{section}", include_str!("puppet.wat")))
}

/// Steps for a puppet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Vec<u8>);

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn step(mut self, opcode: u8, payload: &[&[u8]]) -> Self {
        let payload = payload.concat();
        self.0.push(opcode);
        self.0.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
        self.0.extend(payload);
        self
    }

    pub(crate) fn write(self, key: &[u8], value: &[u8]) -> Self {
        self.step(b'w', &[&[u8::try_from(key.len()).unwrap()], key, value])
    }

    pub(crate) fn remove(self, key: &[u8]) -> Self {
        self.step(b'd', &[key])
    }

    /// Appends the length, or -1, as 4 bytes, and the value.
    pub(crate) fn read(self, key: &[u8]) -> Self {
        self.step(b'r', &[key])
    }

    /// Appends the status.
    pub(crate) fn add(self, key: &[u8], delta: i128, bound: u128) -> Self {
        self.step(b'a', &[&delta.to_le_bytes(), &bound.to_le_bytes(), key])
    }

    /// Appends the length, or -1, as 4 bytes, and the key.
    pub(crate) fn next(self, prefix: &[u8], after: &[u8]) -> Self {
        self.step(b'n', &[&[u8::try_from(prefix.len()).unwrap()], prefix, after])
    }

    /// Appends the status.
    pub(crate) fn transfer(self, to: Address, amount: u128) -> Self {
        self.step(b't', &[to.as_slice(), &amount.to_le_bytes()])
    }

    /// Appends the status.
    pub(crate) fn mint(self, to: Address, amount: u128) -> Self {
        self.step(b'm', &[to.as_slice(), &amount.to_le_bytes()])
    }

    /// Appends the status.
    pub(crate) fn burn(self, amount: u128) -> Self {
        self.step(b'b', &[&amount.to_le_bytes()])
    }

    /// Appends the balance, 16 bytes.
    pub(crate) fn balance(self, address: Address) -> Self {
        self.step(b'B', &[address.as_slice()])
    }

    /// Appends the status, the length of what was returned as 4 bytes, and that.
    pub(crate) fn call(self, call: Call, script: Self) -> Self {
        let Call { to, value, gas, flags } = call;
        let terms = [to.as_slice(), &value.to_le_bytes(), &gas.to_le_bytes(), &flags.to_le_bytes()].concat();
        self.step(b'c', &[&terms, &script.0])
    }

    /// Appends the status, the address, the length of what was returned as 4 bytes, and that.
    pub(crate) fn create(self, code_hash: B256, salt: u8, value: u128, script: Self) -> Self {
        let salt = B256::repeat_byte(salt);
        let gas = u64::MAX.to_le_bytes();
        self.step(b'C', &[code_hash.as_slice(), salt.as_slice(), &value.to_le_bytes(), &gas, &script.0])
    }

    pub(crate) fn emit(self, topics: &[B256], data: &[u8]) -> Self {
        let words: Vec<u8> = topics.iter().flat_map(|topic| topic.0).collect();
        self.step(b'e', &[&[u8::try_from(topics.len()).unwrap()], &words, data])
    }

    pub(crate) fn revert(self, data: &[u8]) -> Self {
        self.step(b'R', &[data])
    }

    pub(crate) fn unreachable(self) -> Self {
        self.step(b'u', &[])
    }

    pub(crate) fn loop_forever(self) -> Self {
        self.step(b'l', &[])
    }

    /// Appends the gas that is left, 8 bytes.
    pub(crate) fn gas_left(self) -> Self {
        self.step(b'g', &[])
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// The terms of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) to: Address,
    pub(crate) value: u128,
    pub(crate) gas: u64,
    pub(crate) flags: u32,
}

impl Call {
    /// All the gas that may be given, no value, no flags.
    pub(crate) const fn to(to: Address) -> Self {
        Self { to, value: 0, gas: u64::MAX, flags: 0 }
    }
}
