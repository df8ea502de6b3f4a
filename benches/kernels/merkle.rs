//! Kernel: 100 Merkle proofs of 32 levels over keccak-256, as a contract without the host functions would check them.

#![no_std]

use core::hint::black_box;

const LEVELS: u32 = 32;
const PROOFS: u32 = 100;

const ROUND_CONSTANTS: [u64; 24] = [
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
];
const ROTATIONS: [u32; 24] =
    [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
const LANES: [usize; 24] = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

/// The permutation of keccak (FIPS 202, 3.4).
fn permute(state: &mut [u64; 25]) {
    for constant in ROUND_CONSTANTS {
        let mut columns = [0_u64; 5];
        for x in 0..5 {
            columns[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        }
        for x in 0..5 {
            let add = columns[(x + 4) % 5] ^ columns[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                state[x + 5 * y] ^= add;
            }
        }
        let mut last = state[1];
        for (lane, rotation) in LANES.into_iter().zip(ROTATIONS) {
            (state[lane], last) = (last.rotate_left(rotation), state[lane]);
        }
        for y in 0..5 {
            let row = [state[5 * y], state[5 * y + 1], state[5 * y + 2], state[5 * y + 3], state[5 * y + 4]];
            for x in 0..5 {
                state[5 * y + x] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        state[0] ^= constant;
    }
}

/// Returns the hash of two nodes, the smaller first.
fn parent(left: [u64; 4], right: [u64; 4]) -> [u64; 4] {
    let (first, second) = if left <= right { (left, right) } else { (right, left) };
    let mut state = [0_u64; 25];
    state[..4].copy_from_slice(&first);
    state[4..8].copy_from_slice(&second);
    state[8] ^= 1;
    state[16] ^= 1 << 63;
    permute(&mut state);
    [state[0], state[1], state[2], state[3]]
}

#[no_mangle]
pub extern "C" fn florin_call() {
    for proof in 0..PROOFS {
        let mut node = [u64::from(black_box(proof)); 4];
        for level in 0..LEVELS {
            node = parent(node, [u64::from(black_box(level)) << 40; 4]);
        }
        black_box(node);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
