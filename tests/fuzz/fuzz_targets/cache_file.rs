//! Fuzz target: any bytes as a file of compiled code, see `florin_sandbox::fuzz::cache_file`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    florin_sandbox::fuzz::cache_file(data);
});
