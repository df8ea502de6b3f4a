//! The contract's side of the import table, its allocator, its panic handler and its way in and out.
//!
//! Guarantees that every pointer given to the host comes from a live Rust reference or from memory just allocated with
//! the stated capacity. This is the only file of the SDK with `unsafe` code. Costs one host call a function, two where
//! an output is longer than the first guess.
//!
//! Memory is handed out upwards from the end of the static data and grows page by page. The last allocation can be
//! extended in place. Nothing is given back before the call ends, when the whole instance goes: freeing would cost every
//! call code and gas, to help those few that fill 16 MiB.
#![allow(unsafe_code, reason = "declares the imports and the allocator; see the promise above")]

use alloc::{vec, vec::Vec};
use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::Cell,
    panic::PanicInfo,
};

use alloy_primitives::{Address, B256};
use florin_abi::Status;

use super::{Batch, Supply};
use crate::contract::Answer;

macro_rules! declare_imports {
    ($($(#[doc = $doc:expr])* [$class:ident] fn $name:ident($($param:ident: $type:ident),*) $(-> $result:ident)?;)+) => {
        mod import {
            #[link(wasm_import_module = "florin")]
            unsafe extern "C" {
                $($(#[doc = $doc])* pub(super) fn $name($($param: $type),*) $(-> $result)?;)+
            }
        }
    };
}

florin_abi::for_each_import!(declare_imports);

/// The room for an output before its length is known.
const FIRST_GUESS: usize = 96;

/// Runs an entry point on the call's input and ends the call with the answer.
pub fn run(entry: fn(&[u8]) -> Answer) {
    let input = output(|out, cap| {
        // SAFETY: `out` has room for `cap` bytes.
        unsafe { import::input(out, cap) }
    });
    let input = input.unwrap_or_default();
    let answer = entry(&input);
    match &answer {
        // SAFETY: the slice is live; the call ends here.
        Ok(data) => unsafe { import::finish(pointer(data), length(data)) },
        // SAFETY: as above.
        Err(data) => unsafe { import::revert(pointer(data), length(data)) },
    }
    spent((input, answer));
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

fn pointer<T>(slice: &[T]) -> u32 {
    slice.as_ptr() as u32
}

/// An address of this 32-bit memory; `usize` has 32 bits here.
fn address_of<T>(place: &T) -> u32 {
    core::ptr::from_ref(place) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "`usize` has 32 bits in this target")]
fn length<T>(slice: &[T]) -> u32 {
    slice.len() as u32
}

fn status(code: i32) -> Status {
    u8::try_from(code).ok().and_then(Status::from_code).unwrap_or(Status::Internal)
}

/// Fetches an output of unknown length: `fetch(out, capacity)` returns the full length and writes if it fits.
fn output(fetch: impl Fn(u32, u32) -> i32) -> Option<Vec<u8>> {
    let mut bytes = Vec::<u8>::with_capacity(FIRST_GUESS);
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "`usize` has 32 bits in this target")]
        let len = fetch(bytes.as_mut_ptr() as u32, bytes.capacity() as u32);
        let len = usize::try_from(len).ok()?;
        if len <= bytes.capacity() {
            // SAFETY: the host wrote `len` bytes, which fit.
            unsafe { bytes.set_len(len) };
            return Some(bytes);
        }
        bytes = Vec::with_capacity(len);
    }
}

/// Fetches an output of `N` bytes.
fn fixed<const N: usize>(fetch: impl FnOnce(u32)) -> [u8; N] {
    let mut bytes = [0; N];
    fetch(bytes.as_mut_ptr() as u32);
    bytes
}

/// Lets go of a value without running its destructor: nothing is given back before the call ends.
pub(crate) fn spent<T>(value: T) {
    core::mem::forget(value);
}

#[inline(never)]
pub(crate) fn caller() -> Address {
    // SAFETY: the array has 20 bytes.
    Address::new(fixed(|out| unsafe { import::caller(out) }))
}

#[inline(never)]
pub(crate) fn self_address() -> Address {
    // SAFETY: the array has 20 bytes.
    Address::new(fixed(|out| unsafe { import::self_address(out) }))
}

#[inline(never)]
pub(crate) fn value() -> u128 {
    // SAFETY: the array has 16 bytes.
    u128::from_le_bytes(fixed(|out| unsafe { import::value(out) }))
}

pub(crate) fn block_height() -> u64 {
    // SAFETY: no pointers.
    unsafe { import::block_height() }
}

pub(crate) fn block_time() -> u64 {
    // SAFETY: no pointers.
    unsafe { import::block_time() }
}

pub(crate) fn chain_id() -> u64 {
    // SAFETY: no pointers.
    unsafe { import::chain_id() }
}

pub(crate) fn block_proposer() -> Address {
    // SAFETY: the array has 20 bytes.
    Address::new(fixed(|out| unsafe { import::block_proposer(out) }))
}

pub(crate) fn parent_signers() -> Vec<u8> {
    // SAFETY: `out` has room for `cap` bytes.
    output(|out, cap| unsafe { import::parent_signers(out, cap) }).unwrap_or_default()
}

pub(crate) fn gas_left() -> u64 {
    // SAFETY: no pointers.
    unsafe { import::gas_left() }
}

pub(crate) fn storage_read(key: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: the key is live and `out` has room for `cap` bytes.
    output(|out, cap| unsafe { import::storage_read(pointer(key), length(key), out, cap) })
}

/// Tells whether there is an entry.
pub(crate) fn storage_contains(key: &[u8]) -> bool {
    // SAFETY: the key is live, and nothing is written where there is no room.
    unsafe { import::storage_read(pointer(key), length(key), 0, 0) >= 0 }
}

/// Reads an entry into a buffer; tells whether there is one.
pub(crate) fn storage_read_into(key: &[u8], buffer: &mut Vec<u8>) -> bool {
    buffer.clear();
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "`usize` has 32 bits in this target")]
        let (out, cap) = (buffer.as_mut_ptr() as u32, buffer.capacity() as u32);
        // SAFETY: the key is live and `out` has room for `cap` bytes.
        let len = unsafe { import::storage_read(pointer(key), length(key), out, cap) };
        let Ok(len) = usize::try_from(len) else { return false };
        if len <= buffer.capacity() {
            // SAFETY: the host wrote `len` bytes, which fit.
            unsafe { buffer.set_len(len) };
            return true;
        }
        buffer.reserve_exact(len);
    }
}

pub(crate) fn storage_write(key: &[u8], value: &[u8]) {
    // SAFETY: both slices are live.
    unsafe { import::storage_write(pointer(key), length(key), pointer(value), length(value)) }
}

pub(crate) fn storage_remove(key: &[u8]) {
    // SAFETY: the slice is live.
    unsafe { import::storage_remove(pointer(key), length(key)) }
}

pub(crate) fn storage_next(prefix: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: both slices are live and `out` has room for `cap` bytes.
    output(|out, cap| unsafe {
        import::storage_next(pointer(prefix), length(prefix), pointer(after), length(after), out, cap)
    })
}

pub(crate) fn storage_add(key: &[u8], delta: i128, bound: u128) -> Status {
    let (delta, bound) = (delta.to_le_bytes(), bound.to_le_bytes());
    // SAFETY: the key is live, both numbers have 16 bytes.
    status(unsafe { import::storage_add(pointer(key), length(key), pointer(&delta), pointer(&bound)) })
}

pub(crate) fn balance(of: &Address) -> u128 {
    // SAFETY: 20 bytes in, 16 out.
    u128::from_le_bytes(fixed(|out| unsafe { import::balance(address_of(of), out) }))
}

pub(crate) fn supply() -> Supply {
    // SAFETY: the array has 80 bytes.
    let totals: [u8; 80] = fixed(|out| unsafe { import::supply(out) });
    let (totals, _) = totals.as_chunks::<16>();
    let [max, genesis, minted, burned_by_contracts, burned_fees] =
        core::array::from_fn(|place| totals.get(place).map_or(0, |total| u128::from_le_bytes(*total)));
    Supply { max, genesis, minted, burned_by_contracts, burned_fees }
}

pub(crate) fn transfer(to: &Address, amount: u128) -> Status {
    let amount = amount.to_le_bytes();
    // SAFETY: 20 and 16 bytes.
    status(unsafe { import::transfer(address_of(to), pointer(&amount)) })
}

pub(crate) fn mint(to: &Address, amount: u128) -> Status {
    let amount = amount.to_le_bytes();
    // SAFETY: 20 and 16 bytes.
    status(unsafe { import::mint(address_of(to), pointer(&amount)) })
}

pub(crate) fn burn(amount: u128) -> Status {
    let amount = amount.to_le_bytes();
    // SAFETY: 16 bytes.
    status(unsafe { import::burn(pointer(&amount)) })
}

fn return_data() -> Vec<u8> {
    // SAFETY: `out` has room for `cap` bytes.
    output(|out, cap| unsafe { import::return_data(out, cap) }).unwrap_or_default()
}

pub(crate) fn call(to: &Address, value: u128, gas: u64, input: &[u8], flags: u32) -> (Status, Vec<u8>) {
    let value = value.to_le_bytes();
    // SAFETY: 20 and 16 bytes, and a live slice.
    let code = unsafe { import::call(address_of(to), pointer(&value), gas, pointer(input), length(input), flags) };
    (status(code), return_data())
}

pub(crate) fn create(code_hash: &B256, salt: &B256, value: u128, gas: u64, input: &[u8]) -> (Status, Address, Vec<u8>) {
    let value = value.to_le_bytes();
    let mut address = [0; 20];
    let out = address.as_mut_ptr() as u32;
    let (code_hash, salt) = (address_of(code_hash), address_of(salt));
    // SAFETY: 32, 32 and 16 bytes in, a live slice, and 20 bytes out.
    let code = unsafe { import::create(code_hash, salt, pointer(&value), gas, pointer(input), length(input), out) };
    (status(code), Address::new(address), return_data())
}

/// Emits an event; the topics have 32 bytes each.
pub(crate) fn emit(topics: &[u8], data: &[u8]) {
    // SAFETY: both slices are live, and the first has room for so many topics.
    unsafe { import::emit(pointer(topics), length(topics) / 32, pointer(data), length(data)) }
}

pub(crate) fn sha256(data: &[u8]) -> B256 {
    // SAFETY: a live slice in, 32 bytes out.
    B256::new(fixed(|out| unsafe { import::sha256(pointer(data), length(data), out) }))
}

pub(crate) fn keccak256(data: &[u8]) -> B256 {
    // SAFETY: a live slice in, 32 bytes out.
    B256::new(fixed(|out| unsafe { import::keccak256(pointer(data), length(data), out) }))
}

pub(crate) fn blake3(data: &[u8]) -> B256 {
    // SAFETY: a live slice in, 32 bytes out.
    B256::new(fixed(|out| unsafe { import::blake3(pointer(data), length(data), out) }))
}

pub(crate) fn merkle_root(leaves: &[B256]) -> B256 {
    // SAFETY: `B256` is 32 bytes without padding; 32 bytes out.
    B256::new(fixed(|out| unsafe { import::merkle_root(pointer(leaves), length(leaves), out) }))
}

pub(crate) fn merkle_proof(leaves: &[B256], index: u32) -> Vec<B256> {
    // SAFETY: `B256` is 32 bytes without padding; `out` has room for `cap` bytes.
    let bytes = output(|out, cap| unsafe { import::merkle_proof(pointer(leaves), length(leaves), index, out, cap) });
    bytes.unwrap_or_default().chunks_exact(32).map(B256::from_slice).collect()
}

pub(crate) fn merkle_verify(root: &B256, leaf: &B256, index: u32, count: u32, proof: &[B256]) -> bool {
    let (root, leaf) = (address_of(root), address_of(leaf));
    // SAFETY: 32 and 32 bytes; `B256` is 32 bytes without padding.
    unsafe { import::merkle_verify(root, leaf, index, count, pointer(proof), length(proof)) == 1 }
}

pub(crate) fn verify_signature(scheme: u32, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (key, signature) = (pointer(key), pointer(signature));
    // SAFETY: the caller has checked the lengths of key and signature; the message is live.
    unsafe { import::verify_signature(scheme, key, pointer(message), length(message), signature) == 1 }
}

#[expect(clippy::cast_possible_truncation, reason = "`usize` has 32 bits in this target")]
pub(crate) fn verify_batch(batch: &Batch<'_>) -> Vec<bool> {
    let mut verdicts = vec![0u8; batch.count];
    // SAFETY: the caller has checked that the lists have `count` entries; one byte out for each.
    unsafe {
        import::verify_batch(
            batch.scheme as u32,
            batch.count as u32,
            pointer(batch.keys),
            pointer(batch.messages),
            batch.message_len as u32,
            pointer(batch.signatures),
            verdicts.as_mut_ptr() as u32,
        );
    }
    verdicts.into_iter().map(|verdict| verdict == 1).collect()
}

pub(crate) fn ecdsa_recover(digest: &B256, signature: &[u8; 65]) -> Option<Address> {
    let mut address = [0; 20];
    let out = address.as_mut_ptr() as u32;
    // SAFETY: 32 and 65 bytes in, 20 out.
    let found = unsafe { import::ecdsa_recover(address_of(digest), pointer(signature), out) };
    (found == 1).then(|| Address::new(address))
}

/// Hands out memory upwards; see the file's promise.
struct Bump {
    /// Where the next allocation begins; 0 before the first.
    next: Cell<usize>,
}

// SAFETY: a module of this target has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: Cell::new(0) };

unsafe extern "C" {
    /// The end of the static data; the linker places it.
    static __heap_base: u8;
}

const PAGE_BYTES: usize = 64 << 10;

impl Bump {
    /// Reserves memory up to `end`; stops the call when the module's maximum is reached.
    fn reserve(&self, end: Option<usize>) {
        let Some(end) = end else { wasm32::unreachable() };
        let have = wasm32::memory_size::<0>().saturating_mul(PAGE_BYTES);
        if end > have {
            let pages = end.saturating_sub(have).div_ceil(PAGE_BYTES);
            if wasm32::memory_grow::<0>(pages) == usize::MAX {
                wasm32::unreachable();
            }
        }
        self.next.set(end);
    }

    fn is_last(&self, block: *mut u8, size: usize) -> bool {
        (block as usize).saturating_add(size) == self.next.get()
    }
}

// SAFETY: blocks do not overlap, because `next` only moves upwards, past every block; they are aligned and lie within
// the memory, which `reserve` has grown.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = match self.next.get() {
            0 => core::ptr::addr_of!(__heap_base) as usize,
            next => next,
        };
        let start = next.checked_next_multiple_of(layout.align());
        self.reserve(start.and_then(|start| start.checked_add(layout.size())));
        match start.and_then(|start| core::ptr::NonNull::new(start as *mut u8)) {
            Some(block) => block.as_ptr(),
            None => wasm32::unreachable(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if self.is_last(block, layout.size()) {
            self.reserve((block as usize).checked_add(new_size));
            return block;
        }
        if new_size <= layout.size() {
            return block;
        }
        // SAFETY: the caller promises a non-zero size that does not overflow; the alignment is the block's own.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        // SAFETY: the old block has `layout.size()` bytes, the new one more, and they do not overlap.
        unsafe { core::ptr::copy_nonoverlapping(block, moved, layout.size()) };
        moved
    }
}
