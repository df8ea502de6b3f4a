//! One value under one key.

use core::marker::PhantomData;

use crate::{env::host, scale::Scale, storage::Field};

/// One value, absent until it is set.
#[derive(Debug)]
pub struct Item<T> {
    prefix: u8,
    value: PhantomData<fn() -> T>,
}

impl<T: Scale> Item<T> {
    /// Returns the value, if it was set.
    pub fn get(&self) -> Option<T> {
        super::read(&[self.prefix])
    }

    /// Returns the value, or the type's default if it was never set.
    pub fn get_or_default(&self) -> T
    where
        T: Default,
    {
        self.get().unwrap_or_default()
    }

    /// Tells whether a value is there.
    pub fn exists(&self) -> bool {
        host::storage_contains(&[self.prefix])
    }

    /// Sets the value.
    pub fn set(&mut self, value: &T) {
        super::write(&[self.prefix], value);
    }

    /// Removes the value.
    pub fn remove(&mut self) {
        host::storage_remove(&[self.prefix]);
    }

    /// Removes the value and returns it.
    pub fn take(&mut self) -> Option<T> {
        let value = self.get();
        if value.is_some() {
            self.remove();
        }
        value
    }
}

impl<T> Field for Item<T> {
    fn at(prefix: u8) -> Self {
        Self { prefix, value: PhantomData }
    }
}
