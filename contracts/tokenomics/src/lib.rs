//! florin-tokenomics.
