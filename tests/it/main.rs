//! Every integration test, in one binary: contracts as Wasm, on the chain, through signed transactions.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test stops where it fails"
)]

// What the stories are told with.
mod claim_tree;
mod economy;
mod economy_model;
mod engines;
mod numbers;
mod puppet;

mod amounts;
mod blocks;
mod calls;
mod circle;
mod claims;
mod code_cache;
mod demo;
mod determinism;
mod differential;
mod emission;
mod erc20;
mod fuzz_corpus;
mod garbage;
mod gas;
mod genesis;
mod golden;
mod golden_run;
mod harness;
mod hooks;
mod model;
mod native;
mod owners;
mod pointers;
mod registry;
mod repetition;
mod shadow_stack;
mod slashing;
mod spec;
mod staking;
mod state_cache;
mod tidy;
mod traces;
mod treasury;
