//! Kernel: 10,000 weights of 64 integer and 64 fraction bits, each scaled by a rate and added up: what an emission does.

#![no_std]

use core::hint::black_box;

const WEIGHTS: usize = 10_000;
const ROUNDS: u64 = 10;

/// Returns the product of two numbers with 64 fraction bits, or nothing if it is too large.
fn scale(a: u128, b: u128) -> Option<u128> {
    let (a_high, a_low) = (a >> 64, a & u128::from(u64::MAX));
    let (b_high, b_low) = (b >> 64, b & u128::from(u64::MAX));
    let high = a_high.checked_mul(b_high).filter(|high| *high >> 64 == 0)? << 64;
    high.checked_add(a_high * b_low)?.checked_add(a_low * b_high)?.checked_add((a_low * b_low) >> 64)
}

#[no_mangle]
pub extern "C" fn florin_call() {
    let mut weights = [0_u128; WEIGHTS];
    for (index, weight) in weights.iter_mut().enumerate() {
        *weight = (index as u128 + 1) * 0x1234_5678_9abc_def1;
    }
    let mut total = 0_u128;
    for round in 0..ROUNDS {
        let rate = (1_u128 << 64) - u128::from(black_box(round));
        for weight in &mut weights {
            *weight = scale(*weight, rate).unwrap_or(1);
            total = total.saturating_add(*weight);
        }
    }
    black_box(total);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
