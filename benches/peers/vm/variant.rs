//! Many contracts from one: the same code under another hash.

/// Returns the module with a custom section that holds the number.
///
/// ```text
/// 0 | 13 | 4 "peer" | number, u64 little-endian
/// ```
pub(crate) fn variant(module: &[u8], number: u32) -> Vec<u8> {
    let mut bytes = module.to_vec();
    bytes.extend_from_slice(&[0, 13, 4]);
    bytes.extend_from_slice(b"peer");
    bytes.extend_from_slice(&u64::from(number).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::variant;

    #[test]
    fn variants_are_valid_modules_that_differ() {
        let [one, two] = [1, 2].map(|number| variant(&wat::parse_str("(module)").unwrap_or_default(), number));
        assert_ne!(one, two);
        let module = wat::parse_str(r#"(module (memory (export "memory") 1 1) (func (export "florin_call")))"#);
        let module = variant(&module.unwrap_or_default(), 7);
        assert!(florin_runtime::vm::Vm::check(&module).is_ok());
    }
}
