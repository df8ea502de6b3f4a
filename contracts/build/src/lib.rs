//! florin-build.
