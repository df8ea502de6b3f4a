//! The custom sections of a module, as constants.
//!
//! ```text
//! florin.metadata   compact(len) name | compact(len) SDK release | ABI hash [32]
//! florin.reentrant  selector [4] | selector [4] | ..
//! ```
//!
//! Guarantees SCALE. Refuses, at compile time, names of 64 bytes and more, whose length would take two bytes.

/// The release of this SDK.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

const HASH_LEN: usize = 32;

/// Returns the length of the metadata of a contract of this name.
pub const fn len(name: &str) -> usize {
    assert!(name.len() < 64, "a contract's name has at most 63 bytes");
    assert!(RELEASE.len() < 64, "a release has at most 63 bytes");
    name.len().saturating_add(RELEASE.len()).saturating_add(2).saturating_add(HASH_LEN)
}

/// Returns the metadata; `N` is [`len`] of the name.
pub const fn encode<const N: usize>(name: &str, abi_hash: [u8; HASH_LEN]) -> [u8; N] {
    let mut out = [0; N];
    let mut at = string(&mut out, 0, name);
    at = string(&mut out, at, RELEASE);
    copy(&mut out, at, &abi_hash);
    out
}

/// Returns a list as an array, which is what a section is made of.
pub const fn array<const N: usize>(selectors: &[[u8; 4]]) -> [[u8; 4]; N] {
    let mut out = [[0; 4]; N];
    out.copy_from_slice(selectors);
    out
}

#[expect(clippy::cast_possible_truncation, reason = "`len` has checked that names are shorter than 64 bytes")]
const fn string(out: &mut [u8], at: usize, text: &str) -> usize {
    out[at] = (text.len() << 2) as u8;
    copy(out, at.saturating_add(1), text.as_bytes())
}

const fn copy(out: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let (_, tail) = out.split_at_mut(at);
    tail.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
    at.saturating_add(bytes.len())
}

#[cfg(test)]
mod tests {
    use parity_scale_codec::Decode;

    #[test]
    fn metadata_is_scale() {
        const BYTES: [u8; super::len("token")] = super::encode("token", [7; 32]);
        let decoded = <(std::string::String, std::string::String, [u8; 32])>::decode(&mut BYTES.as_slice());
        assert_eq!(decoded.unwrap(), ("token".into(), super::RELEASE.into(), [7; 32]));
    }
}
