//! Every integration test, in one binary.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test stops where it fails")]

mod tidy;
