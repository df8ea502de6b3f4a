//! The address of the chain itself: who calls the hooks of a block and the constructors of the genesis.
//!
//! No key has it: an address is the end of a hash, and nobody knows what hashes to this one. So a contract that answers to
//! [`SYSTEM`] alone answers to the genesis alone.

/// Who calls a hook: 19 bytes `ff` and one `fe`, as Ethereum's own system calls have it (EIP-4788).
pub const SYSTEM: [u8; 20] = {
    let mut address = [0xff; 20];
    address[19] = 0xfe;
    address
};
