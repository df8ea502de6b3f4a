//! Byte strings by key, read into a buffer that the caller keeps.
//!
//! Guarantees that reading one page after the other takes the memory of the longest and not of all: nothing is given back
//! before a call ends, so whoever goes through many entries reads them into one buffer. Costs one host call a page that
//! fits the buffer, two for one that does not.

use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::{env::host, scale::Scale, storage::Field};

/// Byte strings by key.
#[derive(Debug)]
pub struct Pages<K> {
    prefix: u8,
    key: PhantomData<fn() -> K>,
}

impl<K: Scale> Pages<K> {
    /// Reads the page under the key into the buffer; tells whether there is one. Without one the buffer is empty.
    pub fn read_into(&self, key: &K, page: &mut Vec<u8>) -> bool {
        super::with_key(self.prefix, key, |key| host::storage_read_into(key, page))
    }

    /// Writes the page under the key.
    pub fn write(&mut self, key: &K, page: &[u8]) {
        super::with_key(self.prefix, key, |key| host::storage_write(key, page));
    }

    /// Removes the page under the key.
    pub fn remove(&mut self, key: &K) {
        super::with_key(self.prefix, key, host::storage_remove);
    }
}

impl<K> Field for Pages<K> {
    fn at(prefix: u8) -> Self {
        Self { prefix, key: PhantomData }
    }
}
