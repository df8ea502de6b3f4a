//! Kernel: a loop of mixed integer work: adds, multiplies, shifts, a table in memory and two branches a round that a processor
//! foresees, so that nothing hides what counting costs.

#![no_std]

use core::hint::black_box;

const ROUNDS: u32 = 1_000_000;
const CELLS: usize = 256;

#[no_mangle]
pub extern "C" fn florin_call() {
    let mut cells = [0_u32; CELLS];
    let (mut a, mut b) = (black_box(0x9e37_79b9_u32), black_box(0x0123_4567_89ab_cdef_u64));
    for round in 0..ROUNDS {
        a = a.wrapping_mul(0x01000193) ^ round;
        b = b.rotate_left(13).wrapping_add(u64::from(a));
        let cell = &mut cells[(round >> 2) as usize % CELLS];
        if round & 3 == 0 {
            *cell = cell.wrapping_add(b as u32);
        } else {
            b ^= u64::from(*cell) << 7;
        }
        if a == 0 {
            a = a.wrapping_sub((b >> 32) as u32);
        }
    }
    black_box((a, b, cells));
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
