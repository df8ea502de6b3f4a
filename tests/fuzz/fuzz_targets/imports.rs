//! Fuzz target: host functions with any arguments, see `florin_sandbox::fuzz::imports`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    florin_sandbox::fuzz::imports(data);
});
