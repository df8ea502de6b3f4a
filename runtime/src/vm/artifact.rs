//! Compiled code that is loaded and not compiled: the one place of the runtime where bytes become machine code unread.
//!
//! Guarantees that only an artifact which this node has written, for this contract and for an engine of the same
//! setting, reaches the engine: an [`Authentic`] can be made by nothing but the check of the MAC. The engine compares
//! its release, target and settings once more.
#![allow(
    unsafe_code,
    reason = "loading compiled code cannot be checked by the compiler; the node's key vouches for it"
)]

use wasmtime::{Engine, Module};

use super::cache::files::Authentic;
use crate::fault::Fault;

/// Loads a module that this node has compiled before. The engine keeps a copy of its own.
///
/// # Errors
/// `Fault::Engine` if the engine's own comparison finds another release, target or setting.
pub(super) fn load(engine: &Engine, authentic: &Authentic) -> Result<Module, Fault> {
    // SAFETY: the bytes must be what `Module::serialize` returned, unchanged. An `Authentic` carries a MAC, checked, with
    // a key that only this node has, over the artifact and the hash of all settings; the node seals nothing but what
    // `serialize` returned for such an engine. The bytes lie in memory that nobody else can write to, from before the
    // check until now.
    unsafe { Module::deserialize(engine, authentic.artifact()) }
        .map_err(|error| Fault::Engine(format!("stored code: {error:#}")))
}
