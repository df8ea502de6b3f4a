//! One thread makes a code, the others wait for it and take what it made.
//!
//! ```text
//! absent --begin--> in flight --land--> kept | refused | handed out and not kept
//!    ^                 |
//!    +--fault, panic---+   who waited tries by itself
//! ```

use std::sync::{Arc, OnceLock};

use super::super::{Code, Refusal};

/// What a flight brought: a code or a refusal; nothing if who made it failed.
type Landed = Option<Result<Arc<Code>, Refusal>>;

/// A code in the making.
#[derive(Default)]
pub(super) struct Flight(OnceLock<Landed>);

impl Flight {
    /// Waits until the code is made. Nothing means that the caller must try itself.
    pub(super) fn wait(&self) -> Landed {
        self.0.wait().clone()
    }

    /// Tells everybody who waits. Only the first word counts.
    pub(super) fn land(&self, landed: Landed) {
        let _ = self.0.set(landed);
    }
}
