//! What the compiler says about a mistake in a contract, word for word.
//!
//! `TRYBUILD=overwrite` rewrites the expected messages. The nested builds work offline, from the lock file of the
//! workspace, in `target/tests/trybuild`.

#[test]
fn a_compile_error_names_the_mistake() {
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
