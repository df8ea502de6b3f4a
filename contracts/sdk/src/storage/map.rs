//! Values by key, with iteration in the order of the encoded keys.

use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

use crate::{env::host, scale::Scale, storage::Field};

/// Values by key. A key of several parts is a tuple.
#[derive(Debug)]
pub struct Map<K, V> {
    prefix: u8,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Scale, V: Scale> Map<K, V> {
    /// Returns the value under the key, if there is one.
    pub fn get(&self, key: &K) -> Option<V> {
        super::with_key(self.prefix, key, super::read)
    }

    /// Returns the value under the key, or the type's default.
    pub fn get_or_default(&self, key: &K) -> V
    where
        V: Default,
    {
        self.get(key).unwrap_or_default()
    }

    /// Tells whether there is a value under the key.
    pub fn contains(&self, key: &K) -> bool {
        super::with_key(self.prefix, key, host::storage_contains)
    }

    /// Sets the value under the key.
    pub fn set(&mut self, key: &K, value: &V) {
        super::with_key(self.prefix, key, |key| super::write(key, value));
    }

    /// Removes the value under the key.
    pub fn remove(&mut self, key: &K) {
        super::with_key(self.prefix, key, host::storage_remove);
    }

    /// Removes the value under the key and returns it.
    pub fn take(&mut self, key: &K) -> Option<V> {
        let value = self.get(key);
        if value.is_some() {
            self.remove(key);
        }
        value
    }

    /// Goes through all entries, in the order of the encoded keys. Integers are encoded little-endian, so this is not
    /// the order of the numbers; for that, make the key `B256` or big-endian bytes.
    ///
    /// # Gas
    /// Two host calls for each entry. The number of entries is the caller's to bound: `take(n)`, and go on next time with
    /// [`Self::iter_after`].
    pub fn iter(&self) -> Entries<K, V> {
        Entries::new(vec![self.prefix], Vec::new())
    }

    /// Goes through the entries behind the key, which need not exist.
    pub fn iter_after(&self, key: &K) -> Entries<K, V> {
        Entries::new(vec![self.prefix], super::key_of(self.prefix, key))
    }
}

impl<A: Scale, B: Scale, V: Scale> Map<(A, B), V> {
    /// Goes through the entries whose key has this first part.
    pub fn iter_of(&self, first: &A) -> Entries<(A, B), V> {
        Entries::new(super::key_of(self.prefix, first), Vec::new())
    }
}

impl<K, V> Field for Map<K, V> {
    fn at(prefix: u8) -> Self {
        Self { prefix, types: PhantomData }
    }
}

/// The entries of a [`Map`], read one by one. It keeps no state in the host: an entry that is written during the
/// iteration is seen if its key is still ahead.
#[derive(Debug)]
pub struct Entries<K, V> {
    prefix: Vec<u8>,
    after: Vec<u8>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Entries<K, V> {
    fn new(prefix: Vec<u8>, after: Vec<u8>) -> Self {
        Self { prefix, after, types: PhantomData }
    }
}

impl<K: Scale, V: Scale> Iterator for Entries<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let key = host::storage_next(&self.prefix, &self.after)?;
        let value = super::read(&key)?;
        let decoded = super::decode(key.get(1..)?);
        self.after = key;
        Some((decoded, value))
    }
}
