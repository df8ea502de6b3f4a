//! Kernel: 20,000 divisions of `u128` by divisors of every width: what a pro rata share does.

#![no_std]

use core::hint::black_box;

const DIVISIONS: u32 = 20_000;

#[no_mangle]
pub extern "C" fn florin_call() {
    let mut dividend = 0xfedc_ba98_7654_3210_0123_4567_89ab_cdef_u128;
    let mut sum = 0_u128;
    for round in 0..DIVISIONS {
        let divisor = (dividend.rotate_left(round) >> (round % 120)) | 1;
        let quotient = black_box(dividend) / black_box(divisor);
        sum = sum.wrapping_add(quotient);
        dividend = dividend.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(quotient | 1);
    }
    black_box(sum);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
