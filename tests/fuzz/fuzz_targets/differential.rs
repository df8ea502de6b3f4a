//! Fuzz target: generated contracts on every engine, see `florin_sandbox::fuzz::differential`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    florin_sandbox::fuzz::differential(data);
});
