//! florin-benches.
