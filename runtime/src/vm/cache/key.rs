//! What compiled code depends on, as one hash: the name of its file.
//!
//! Guarantees that code which could differ has another key: the module, the passes that check and meter it, the prices,
//! the limits, the engine with its release, settings, target and processor flags, and the build of this program are
//! all parts of it, each with its length. The passes are named by the bytes of their own sources, so that a change of
//! one of them needs no release number to be remembered.
//!
//! Costs 80 kB of hashing a machine, and one block a module.

use std::hash::{Hash, Hasher};

use alloy_primitives::B256;
use florin_abi::LIMITS;

/// The sources of the passes that decide what is compiled and what is kept beside it.
pub(in crate::vm) const SOURCES: &[(&str, &[u8])] = &[
    ("gas.rs", include_bytes!("../../gas.rs")),
    ("vm/cache/files/layout.rs", include_bytes!("files/layout.rs")),
    ("vm/engine.rs", include_bytes!("../engine.rs")),
    ("vm/instrument/body.rs", include_bytes!("../instrument/body.rs")),
    ("vm/instrument/endings.rs", include_bytes!("../instrument/endings.rs")),
    ("vm/instrument/entry.rs", include_bytes!("../instrument/entry.rs")),
    ("vm/instrument/mod.rs", include_bytes!("../instrument/mod.rs")),
    ("vm/instrument/places.rs", include_bytes!("../instrument/places.rs")),
    ("vm/instrument/price.rs", include_bytes!("../instrument/price.rs")),
    ("vm/instrument/runs.rs", include_bytes!("../instrument/runs.rs")),
    ("vm/instrument/small.rs", include_bytes!("../instrument/small.rs")),
    ("vm/instrument/trips.rs", include_bytes!("../instrument/trips.rs")),
    ("vm/trace/rewrite.rs", include_bytes!("../trace/rewrite.rs")),
    ("vm/validate/bodies.rs", include_bytes!("../validate/bodies.rs")),
    ("vm/validate/limit.rs", include_bytes!("../validate/limit.rs")),
    ("vm/validate/mod.rs", include_bytes!("../validate/mod.rs")),
    ("vm/validate/names.rs", include_bytes!("../validate/names.rs")),
    ("vm/validate/proposals.rs", include_bytes!("../validate/proposals.rs")),
    ("vm/validate/sections.rs", include_bytes!("../validate/sections.rs")),
];

/// The release of this program, and whether it was built for debugging.
pub(in crate::vm) const BUILD: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), "/debug")
} else {
    concat!(env!("CARGO_PKG_VERSION"), "/release")
};

/// Everything but the module that compiled code depends on.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Ingredients<'a> {
    /// The name of the metering pass.
    pub(in crate::vm) instrumentation: &'a str,
    /// The hash of the sources of the passes.
    pub(in crate::vm) sources: [u8; 32],
    /// The hash of the prices.
    pub(in crate::vm) schedule: [u8; 32],
    /// The hash of the limits table.
    pub(in crate::vm) limits: [u8; 32],
    /// The hash of what the engine calls compatible: its release, settings, proposals, target and flags.
    pub(in crate::vm) engine: [u8; 32],
    /// The target and the processor features that its code may use.
    pub(in crate::vm) target: &'a str,
    /// The build of this program.
    pub(in crate::vm) build: &'a str,
}

/// The part of a key that is the same for all code of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) struct Setting(pub(in crate::vm) [u8; 32]);

/// The name of one module's code under one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) struct Key([u8; 32]);

impl Setting {
    /// Hashes all ingredients.
    pub(in crate::vm) fn new(parts: &Ingredients<'_>) -> Self {
        let mut hasher = PartHasher::new("florin/compiled-code/2");
        hasher.part(parts.instrumentation.as_bytes());
        hasher.part(&parts.sources);
        hasher.part(&parts.schedule);
        hasher.part(&parts.limits);
        hasher.part(&parts.engine);
        hasher.part(parts.target.as_bytes());
        hasher.part(parts.build.as_bytes());
        Self(hasher.hash())
    }

    /// Returns the key of a module.
    pub(in crate::vm) fn key(&self, code: B256) -> Key {
        Key(*blake3::keyed_hash(&self.0, code.as_slice()).as_bytes())
    }
}

impl core::fmt::Display for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:x}", B256::from(self.0))
    }
}

/// A hasher of parts, each with its length.
pub(in crate::vm) struct PartHasher(blake3::Hasher);

impl PartHasher {
    /// Begins a hash for one purpose.
    pub(in crate::vm) fn new(purpose: &'static str) -> Self {
        Self(blake3::Hasher::new_derive_key(purpose))
    }

    /// Takes one part.
    pub(in crate::vm) fn part(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(&length.to_le_bytes()).update(bytes);
    }

    /// Returns the hash.
    pub(in crate::vm) fn hash(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// Takes what a type feeds to a hash map's hasher, so that all of it enters the hash and not 64 bits of it.
impl Hasher for PartHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.part(bytes);
    }

    fn finish(&self) -> u64 {
        self.hash().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// Returns the hash of everything that a value feeds to a hasher.
pub(in crate::vm) fn hash_of(value: &impl Hash) -> [u8; 32] {
    let mut hasher = PartHasher::new("florin/engine/1");
    value.hash(&mut hasher);
    hasher.hash()
}

/// Returns the hash of the sources of the passes.
pub(in crate::vm) fn sources_hash() -> [u8; 32] {
    let mut hasher = PartHasher::new("florin/sources/1");
    for (name, text) in SOURCES {
        hasher.part(name.as_bytes());
        hasher.part(text);
    }
    hasher.hash()
}

/// Returns the hash of the limits table: of each row its name, value and unit.
pub(in crate::vm) fn limits_hash() -> [u8; 32] {
    let mut hasher = PartHasher::new("florin/limits/1");
    for limit in LIMITS {
        hasher.part(limit.name.as_bytes());
        hasher.part(&limit.value.to_le_bytes());
        hasher.part(limit.unit.as_bytes());
    }
    hasher.hash()
}
