//! The README shows this crate as it is.

#[test]
fn the_readme_shows_the_contract_and_its_test_as_they_are() {
    let readme = include_str!("../../../README.md");
    for (name, source) in [("src/lib.rs", include_str!("../src/lib.rs")), ("tests/jar.rs", include_str!("jar.rs"))] {
        let block = format!("```rust\n{source}```");
        assert!(readme.contains(&block), "README.md does not show contracts/example/{name} as it is");
    }
}
