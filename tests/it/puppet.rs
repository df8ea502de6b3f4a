//! Scripts for the contract `puppet.wat`, which does what its calldata says.
//!
//! A script is calldata; a call inside a script carries another script, so that a whole tree of calls stands in one
//! test. What the steps learn comes back as a [`Log`], read in the order of the steps.

use florin_runtime::transaction::{Body, Domain, GasPrice};
use florin_sandbox::{Account, Address, B256, Balance, Bytes, Gas, Sandbox, Status, deploy_payload};

/// Returns the contract's module.
pub(crate) fn module() -> Vec<u8> {
    wat::parse_str(include_str!("puppet.wat")).unwrap()
}

/// Deploys the contract.
pub(crate) fn deploy(sandbox: &Sandbox) -> Address {
    sandbox.deploy_wasm(&module(), &[]).unwrap().contract.unwrap()
}

/// Deployments of the contract as they travel, signed by an account that has sent nothing yet.
pub(crate) fn deployments(by: &Account, domain: &Domain, count: u64) -> Vec<Bytes> {
    let body = |nonce| Body {
        nonce,
        to: None,
        value: Balance::ZERO,
        gas_limit: Gas(10_000_000),
        gas_price: GasPrice::flat(1),
        input: deploy_payload(&module(), &[]),
    };
    (0..count).map(|nonce| by.sign_transaction(&body(nonce), domain)).collect()
}

/// Steps to run.
#[derive(Clone, Debug)]
pub(crate) struct Script(Vec<u8>);

/// The gas that a call is given unless a test says otherwise: as much as the rule allows.
pub(crate) const ALL_GAS: u64 = u64::MAX;

impl Script {
    /// Begins a script that may not be entered while the contract is running.
    pub(crate) fn shut() -> Self {
        Self(b"shut".to_vec())
    }

    /// Begins a script that may be entered while the contract is running.
    pub(crate) fn open() -> Self {
        Self(b"open".to_vec())
    }

    pub(crate) fn write(self, key: &[u8], value: &[u8]) -> Self {
        self.step(1).short(key).long(value)
    }

    pub(crate) fn call(self, to: Address, script: &Self) -> Self {
        self.call_with(to, 0, ALL_GAS, 0, script)
    }

    pub(crate) fn call_with(self, to: Address, value: u128, gas: u64, flags: u32, script: &Self) -> Self {
        self.step(2).call_operands(to, value, gas, flags, script)
    }

    pub(crate) fn calls(self, count: u32, to: Address, gas: u64, script: &Self) -> Self {
        self.step(14).bytes(&count.to_le_bytes()).call_operands(to, 0, gas, 0, script)
    }

    pub(crate) fn emit(self, data: &[u8]) -> Self {
        self.step(3).long(data)
    }

    pub(crate) fn flood(self, count: u32, data: &[u8]) -> Self {
        self.step(12).bytes(&count.to_le_bytes()).long(data)
    }

    pub(crate) fn send(self, to: Address, amount: u128) -> Self {
        self.step(4).bytes(to.as_slice()).bytes(&amount.to_le_bytes())
    }

    pub(crate) fn create(self, code_hash: B256, salt: B256, value: u128, gas: u64) -> Self {
        let hashes = self.step(11).bytes(code_hash.as_slice()).bytes(salt.as_slice());
        hashes.bytes(&value.to_le_bytes()).bytes(&gas.to_le_bytes()).long(&[])
    }

    pub(crate) fn revert(self, data: &[u8]) -> Bytes {
        self.step(5).long(data).0.into()
    }

    pub(crate) fn trap(self) -> Bytes {
        self.step(6).0.into()
    }

    pub(crate) fn read(self, key: &[u8]) -> Self {
        self.step(7).short(key)
    }

    pub(crate) fn answer(self) -> Self {
        self.step(8)
    }

    pub(crate) fn spin(self, rounds: u32) -> Self {
        self.step(9).bytes(&rounds.to_le_bytes())
    }

    pub(crate) fn gas(self) -> Self {
        self.step(10)
    }

    pub(crate) fn caller(self) -> Self {
        self.step(13)
    }

    /// Returns the calldata.
    pub(crate) fn end(&self) -> Bytes {
        self.clone().step(0).0.into()
    }

    /// Returns this script with a bad end instead of a good one, for calls inside of scripts.
    pub(crate) fn then_revert(self, data: &[u8]) -> Self {
        self.step(5).long(data)
    }

    /// See [`Self::then_revert`].
    pub(crate) fn then_trap(self) -> Self {
        self.step(6)
    }

    fn call_operands(self, to: Address, value: u128, gas: u64, flags: u32, script: &Self) -> Self {
        let fixed = self.bytes(to.as_slice()).bytes(&value.to_le_bytes()).bytes(&gas.to_le_bytes());
        fixed.bytes(&flags.to_le_bytes()).long(&script.end())
    }

    fn step(self, code: u8) -> Self {
        self.bytes(&[code])
    }

    fn short(self, bytes: &[u8]) -> Self {
        let length = u8::try_from(bytes.len()).unwrap();
        self.bytes(&[length]).bytes(bytes)
    }

    fn long(self, bytes: &[u8]) -> Self {
        let length = u16::try_from(bytes.len()).unwrap();
        self.bytes(&length.to_le_bytes()).bytes(bytes)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// What the steps of a script learned.
#[derive(Debug)]
pub(crate) struct Log(Bytes);

impl Log {
    /// Takes the return data of a script.
    pub(crate) const fn new(output: Bytes) -> Self {
        Self(output)
    }

    /// Reads the status that a call, a transfer or a creation logged.
    pub(crate) fn status(&mut self) -> Status {
        Status::from_code(self.take(1)[0]).unwrap()
    }

    /// Reads the address that a creation or the caller step logged.
    pub(crate) fn address(&mut self) -> Address {
        Address::from_slice(&self.take(20))
    }

    /// Reads the gas that was left.
    pub(crate) fn gas(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8)[..].try_into().unwrap())
    }

    /// Reads the value, or the return data, that a step logged; `None` for an absent entry.
    pub(crate) fn bytes(&mut self) -> Option<Bytes> {
        let length = i32::from_le_bytes(self.take(4)[..].try_into().unwrap());
        usize::try_from(length).ok().map(|length| self.take(length))
    }

    /// Reads what a called script logged.
    pub(crate) fn inner(&mut self) -> Self {
        Self(self.bytes().unwrap())
    }

    /// Fails unless everything was read.
    pub(crate) fn end(self) {
        assert!(self.0.is_empty(), "the log goes on: {}", self.0);
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.0.split_to(length)
    }
}

/// Returns the address of a contract created by a contract: `keccak-256(0xff | creator | salt | code hash)[12..]`.
pub(crate) fn create_address(creator: Address, salt: B256, code_hash: B256) -> Address {
    let bytes = [&[0xff][..], creator.as_slice(), salt.as_slice(), code_hash.as_slice()].concat();
    Address::from_word(alloy_primitives::keccak256(bytes))
}

#[test]
fn the_puppet_passes_the_upload_check() {
    let info = florin_runtime::vm::Vm::check(&module()).unwrap();
    assert_eq!(info.reentrant, [*b"open"]);
}
