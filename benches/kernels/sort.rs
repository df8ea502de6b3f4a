//! Kernel: 4,096 numbers of 64 bits sorted by the standard library, eight times: what a ranking does.

#![no_std]

use core::hint::black_box;

const NUMBERS: usize = 4_096;
const ROUNDS: u64 = 8;

#[no_mangle]
pub extern "C" fn florin_call() {
    let mut numbers = [0_u64; NUMBERS];
    for round in 0..ROUNDS {
        let mut state = black_box(round) + 0x9e37_79b9_7f4a_7c15;
        for number in &mut numbers {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *number = state;
        }
        numbers.sort_unstable();
        black_box(&numbers);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
