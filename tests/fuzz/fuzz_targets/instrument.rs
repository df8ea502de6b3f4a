//! Fuzz target: modules through the metering pass, run on every engine, see `florin_sandbox::fuzz::instrument`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    florin_sandbox::fuzz::instrument(data);
});
