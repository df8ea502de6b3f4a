//! florin.
