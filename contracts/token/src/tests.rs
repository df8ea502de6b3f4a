//! The token in the native world: a setup, and its interface as others read it.
#![allow(clippy::unwrap_used, reason = "tests")]

extern crate std;

mod owner;
mod permits;
mod transfers;

use alloy_sol_types::{SolCall, SolError, SolEvent, sol};
use florin_sdk::{
    Address, CallError, Client, Contract, ContractError, Event, U256,
    client::CallResult,
    native::{Native, NativeTransport},
};
use std::{string::ToString, vec, vec::Vec};

use crate::{Approval, Token, TokenClient, TokenError, Transfer};

/// The supply that every test begins with, all of it Alice's.
const SUPPLY: u64 = 1000;

struct Setup {
    native: Native,
    alice: Address,
    bob: Address,
    carol: Address,
    token: TokenClient<NativeTransport>,
}

impl Setup {
    fn new() -> Self {
        let native = Native::new();
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| native.account(name));
        let args = ("Gulden".to_string(), "ƒ".to_string(), 9, alice, U256::from(SUPPLY));
        let token = native.deploy::<Token>(alice, &args).unwrap();
        Self { native, alice, bob, carol, token }
    }

    fn balances(&self) -> [u128; 3] {
        [self.alice, self.bob, self.carol]
            .map(|account| u128::try_from(self.token.by(account).balance_of(account).view().unwrap()).unwrap())
    }

    fn supply(&self) -> U256 {
        self.token.by(self.alice).total_supply().view().unwrap()
    }
}

/// The contract's own error of a call that must fail.
fn error<V: core::fmt::Debug>(result: Result<V, CallError<TokenError>>) -> TokenError {
    result.unwrap_err().reverted().unwrap()
}

sol! {
    interface Erc20 {
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        function nonces(address owner) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);

        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);

        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    }
}

/// Sends bytes made by other bindings than ours.
fn raw<C: SolCall>(token: &TokenClient<NativeTransport>, call: &C) -> C::Return {
    use florin_sdk::{RawCall, Transport};
    let raw = RawCall { to: token.address(), value: 0, input: call.abi_encode() };
    let reply = token.transport().clone().call(raw).unwrap();
    assert!(reply.status.is_success(), "{:?}", reply.status);
    C::abi_decode_returns(&reply.output).unwrap()
}

#[test]
fn bindings_made_from_solidity_text_call_the_token() {
    let Setup { native, alice, bob, token, .. } = Setup::new();
    assert_eq!(raw(&token, &Erc20::nameCall {}), "Gulden");
    assert_eq!(raw(&token, &Erc20::symbolCall {}), "ƒ");
    assert_eq!(raw(&token, &Erc20::decimalsCall {}), 9);
    assert_eq!(raw(&token, &Erc20::totalSupplyCall {}), U256::from(SUPPLY));
    assert!(raw(&token, &Erc20::transferCall { to: bob, value: U256::from(7) }));
    assert!(raw(&token, &Erc20::approveCall { spender: bob, value: U256::from(5) }));
    assert_eq!(raw(&token, &Erc20::allowanceCall { owner: alice, spender: bob }), U256::from(5));
    assert!(raw(&token.by(bob), &Erc20::transferFromCall { from: alice, to: bob, value: U256::from(5) }));
    assert_eq!(raw(&token, &Erc20::balanceOfCall { account: bob }), U256::from(12));

    let events = native.events();
    let last = events.last().unwrap();
    let decoded = Erc20::Transfer::decode_raw_log(last.topics.iter().copied(), &last.data).unwrap();
    assert_eq!((decoded.from, decoded.to, decoded.value), (alice, bob, U256::from(5)));
    assert_eq!(Erc20::Approval::SIGNATURE_HASH, Approval::TOPIC);
    let revert =
        TokenError::InsufficientBalance { sender: bob, balance: U256::from(1), needed: U256::from(2) }.encode();
    let decoded = Erc20::ERC20InsufficientBalance::abi_decode(&revert).unwrap();
    assert_eq!((decoded.sender, decoded.balance, decoded.needed), (bob, U256::from(1), U256::from(2)));
}

#[test]
fn the_abi_json_is_the_interface_of_erc_20() {
    let abi: alloy_json_abi::JsonAbi = serde_json::from_str(Token::ABI_JSON).unwrap();
    let text = [
        "function name() view returns (string)",
        "function symbol() view returns (string)",
        "function decimals() view returns (uint8)",
        "function totalSupply() view returns (uint256)",
        "function balanceOf(address account) view returns (uint256)",
        "function transfer(address to, uint256 value) returns (bool)",
        "function allowance(address owner, address spender) view returns (uint256)",
        "function approve(address spender, uint256 value) returns (bool)",
        "function transferFrom(address from, address to, uint256 value) returns (bool)",
        "function nonces(address owner) view returns (uint256)",
        "function DOMAIN_SEPARATOR() view returns (bytes32)",
        "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
        "event Transfer(address indexed from, address indexed to, uint256 value)",
        "event Approval(address indexed owner, address indexed spender, uint256 value)",
        "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
        "error ERC20InvalidSender(address sender)",
        "error ERC20InvalidReceiver(address receiver)",
        "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
        "error ERC20InvalidApprover(address approver)",
        "error ERC20InvalidSpender(address spender)",
        "error ERC2612ExpiredSignature(uint256 deadline)",
        "error ERC2612InvalidSigner(address signer, address owner)",
    ];
    let standard = alloy_json_abi::JsonAbi::parse(text).unwrap();
    for function in standard.functions() {
        let mut ours = abi.function(&function.name).unwrap().first().unwrap().clone();
        strip_internal(&mut ours.inputs);
        strip_internal(&mut ours.outputs);
        assert_eq!(ours.signature(), function.signature());
        assert_eq!(ours.state_mutability, function.state_mutability, "{}", function.name);
        assert_eq!(ours.outputs, function.outputs, "{}", function.name);
        assert_eq!(ours.inputs, function.inputs, "{}", function.name);
    }
    for event in standard.events() {
        let ours = abi.event(&event.name).unwrap().first().unwrap();
        assert_eq!(ours.selector(), event.selector());
        assert_eq!(indexed(ours), indexed(event));
    }
    for error in standard.errors() {
        assert_eq!(abi.error(&error.name).unwrap().first().unwrap().signature(), error.signature());
    }
    let constructor = abi.constructor.as_ref().unwrap();
    let types: Vec<_> = constructor.inputs.iter().map(|input| input.ty.as_str()).collect();
    assert_eq!(types, ["string", "string", "uint8", "address", "uint256"]);
}

fn strip_internal(params: &mut [alloy_json_abi::Param]) {
    params.iter_mut().for_each(|param| param.internal_type = None);
}

fn indexed(event: &alloy_json_abi::Event) -> Vec<(&str, bool)> {
    event.inputs.iter().map(|input| (input.name.as_str(), input.indexed)).collect()
}
