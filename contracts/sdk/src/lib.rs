//! florin-sdk.
