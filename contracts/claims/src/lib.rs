//! florin-claims.
