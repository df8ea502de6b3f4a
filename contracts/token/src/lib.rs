//! florin-token.
