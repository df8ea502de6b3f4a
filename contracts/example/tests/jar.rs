//! The jar on the chain's own code: signed transactions, blocks, Wasm.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use florin_example::jar::{Jar, JarError, Tipped};
use florin_sandbox::{ExpectRevert, Sandbox};
use florin_sdk::Client;

#[test]
fn only_the_keeper_empties_the_jar() {
    let sandbox = Sandbox::new();
    let (ann, bob) = (sandbox.account("ann"), sandbox.account("bob"));
    let jar = sandbox.deploy::<Jar>((ann.address(),)).unwrap();

    jar.by(&bob).tip().value(500).send().unwrap();
    let tips = sandbox.last_receipt().unwrap().events_of::<Tipped>();
    assert_eq!((tips[0].from, tips[0].amount), (bob.address(), 500));

    let error = jar.by(&bob).empty().send().expect_revert();
    assert_eq!(error, JarError::NotKeeper { caller: bob.address() });
    assert_eq!(jar.by(&ann).empty().send().unwrap(), 500);
}
