//! florin-sandbox.
