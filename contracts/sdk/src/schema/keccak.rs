//! keccak-256 as a constant function, for selectors, topics and the ABI hash.
//!
//! Guarantees the hash of the Keccak submission with its original padding (0x01), as Ethereum uses it. Runs in the
//! compiler only: a contract that hashes at run time uses the host.

const RATE: usize = 136;

const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// Rotation of each lane in the order in which rho and pi visit them.
const ROTATIONS: [u32; 24] =
    [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

/// The lane that each step of pi moves to.
const LANES: [usize; 24] = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

/// Returns the keccak-256 of the data.
#[expect(clippy::arithmetic_side_effects, reason = "indices below 200 and a position that never passes the length")]
pub const fn keccak256(data: &[u8]) -> [u8; 32] {
    let mut state = [0u64; 25];
    let mut block = [0u8; RATE];
    let mut filled = 0;
    let mut at = 0;
    while at < data.len() {
        block[filled] = data[at];
        filled += 1;
        at += 1;
        if filled == RATE {
            absorb(&mut state, &block);
            block = [0; RATE];
            filled = 0;
        }
    }
    block[filled] ^= 0x01;
    block[RATE - 1] ^= 0x80;
    absorb(&mut state, &block);

    let mut out = [0; 32];
    let mut index = 0;
    while index < 32 {
        out[index] = state[index / 8].to_le_bytes()[index % 8];
        index += 1;
    }
    out
}

#[expect(clippy::arithmetic_side_effects, reason = "indices below 136")]
const fn absorb(state: &mut [u64; 25], block: &[u8; RATE]) {
    let mut lane = 0;
    while lane < RATE / 8 {
        let at = lane * 8;
        state[lane] ^= u64::from_le_bytes([
            block[at],
            block[at + 1],
            block[at + 2],
            block[at + 3],
            block[at + 4],
            block[at + 5],
            block[at + 6],
            block[at + 7],
        ]);
        lane += 1;
    }
    permute(state);
}

/// Keccak-f[1600]: FIPS 202, section 3.2.
#[expect(clippy::arithmetic_side_effects, reason = "indices below 25")]
const fn permute(state: &mut [u64; 25]) {
    let mut round = 0;
    while round < 24 {
        let mut columns = [0u64; 5];
        let mut x = 0;
        while x < 5 {
            columns[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
            x += 1;
        }
        let mut x = 0;
        while x < 5 {
            let mix = columns[(x + 4) % 5] ^ columns[(x + 1) % 5].rotate_left(1);
            let mut y = 0;
            while y < 25 {
                state[y + x] ^= mix;
                y += 5;
            }
            x += 1;
        }
        let mut carried = state[1];
        let mut step = 0;
        while step < 24 {
            let next = state[LANES[step]];
            state[LANES[step]] = carried.rotate_left(ROTATIONS[step]);
            carried = next;
            step += 1;
        }
        let mut y = 0;
        while y < 25 {
            let row = [state[y], state[y + 1], state[y + 2], state[y + 3], state[y + 4]];
            let mut x = 0;
            while x < 5 {
                state[y + x] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
                x += 1;
            }
            y += 5;
        }
        state[0] ^= ROUND_CONSTANTS[round];
        round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::keccak256;

    #[test]
    fn agrees_with_another_implementation_around_the_block_boundary() {
        for len in [0, 1, 31, 135, 136, 137, 271, 272, 273, 1000] {
            let data: std::vec::Vec<u8> = (0..len).map(|byte: u32| byte.to_le_bytes()[0]).collect();
            assert_eq!(keccak256(&data), alloy_primitives::keccak256(&data).0, "{len} bytes");
        }
    }
}
