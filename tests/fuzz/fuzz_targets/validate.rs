//! Fuzz target: any bytes through the upload check, see `florin_sandbox::fuzz::validate`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    florin_sandbox::fuzz::validate(data);
});
