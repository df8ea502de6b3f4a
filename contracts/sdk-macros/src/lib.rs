//! florin-sdk-macros.
