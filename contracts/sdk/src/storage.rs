//! A contract's state: a struct of handles, each with its own range of keys.
//!
//! ```text
//! key  = prefix (1 byte, one per field) | SCALE(key)      at most 256 bytes in all
//! Item: prefix            Map: prefix | SCALE(K)          Counter: prefix      CounterMap, Pages: prefix | SCALE(K)
//! ```
//!
//! Guarantees that two entries never share a key: fields differ in the prefix, which `#[storage]` assigns in order (or
//! `#[key(n)]` fixes) and checks to be unique; within a field the encoding of a key delimits itself. Reading costs one
//! host call for each entry read; nothing is loaded ahead and nothing is written back behind the author's back.
//! An entry that does not decode as its type is a bug of the contract and stops it.

mod counter;
mod item;
mod map;
mod pages;

pub use counter::{Counter, CounterMap, CounterOutOfBounds};
pub use item::Item;
pub use map::{Entries, Map};
pub use pages::Pages;

use alloc::vec::Vec;

use crate::{env::host, scale::Scale};

/// A field of the storage struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of the storage struct",
    label = "not a storage handle",
    note = "use Item<T>, Map<K, V>, Pages<K>, Counter or CounterMap<K>"
)]
pub trait Field {
    /// Makes the handle whose keys all begin with this byte.
    fn at(prefix: u8) -> Self;
}

/// A storage struct; made by `#[storage]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a storage struct",
    label = "a contract's messages are methods of its storage struct",
    note = "put `#[storage]` on the struct"
)]
pub trait Root {
    /// Returns the handles; nothing is read.
    fn root() -> Self;
}

fn key_of<K: Scale>(prefix: u8, key: &K) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.push(prefix);
    key.encode_to(&mut bytes);
    bytes
}

pub(crate) fn read<T: Scale>(key: &[u8]) -> Option<T> {
    let bytes = host::storage_read(key)?;
    let value = decode(&bytes);
    host::spent(bytes);
    Some(value)
}

pub(crate) fn write<T: Scale>(key: &[u8], value: &T) {
    let bytes = value.to_bytes();
    host::storage_write(key, &bytes);
    host::spent(bytes);
}

/// Builds a key, uses it and lets it go.
fn with_key<K: Scale, R>(prefix: u8, key: &K, body: impl FnOnce(&[u8]) -> R) -> R {
    let bytes = key_of(prefix, key);
    let result = body(&bytes);
    host::spent(bytes);
    result
}

fn decode<T: Scale>(bytes: &[u8]) -> T {
    T::from_bytes(bytes).unwrap_or_else(|| mistyped())
}

#[cold]
#[inline(never)]
fn mistyped() -> ! {
    panic!("a storage entry does not have its field's type")
}
