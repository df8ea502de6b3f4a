//! Any bytes through the upload check.

use alloy_primitives::keccak256;
use florin_runtime::vm::Vm;

use super::with_engines;

/// Checks any bytes, and loads on every engine what the check accepts. Returns whether it accepts.
///
/// # Panics
/// If the check panics, or an engine refuses what it accepts.
pub fn validate(data: &[u8]) -> bool {
    let info = match Vm::check(data) {
        Ok(info) => info,
        Err(refusal) => {
            // Who is refused is told why, and what to do.
            assert!(!refusal.to_string().is_empty());
            refusal.fix();
            return false;
        }
    };
    with_engines(|engines| {
        for (engine, vm) in engines.machines() {
            let code = vm.load(keccak256(data), data).unwrap_or_else(|error| panic!("{engine:?}: {error}"));
            assert_eq!(code.info(), &info, "{engine:?}");
        }
    });
    true
}
