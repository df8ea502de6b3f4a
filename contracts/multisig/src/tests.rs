//! The account in the native world: confirmations, execution, change of its own rule.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

extern crate std;

use std::{vec, vec::Vec};

use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, Bytes, CallError, Client, Status};

use crate::{Executed, Multisig, MultisigClient, MultisigError};

struct Setup {
    native: Native,
    owners: [Address; 3],
    account: MultisigClient<NativeTransport>,
}

impl Setup {
    /// Two of three.
    fn new() -> Self {
        let native = Native::new();
        let owners = ["ann", "ben", "cyd"].map(|name| native.account(name));
        let account = native.deploy::<Multisig>(owners[0], &(owners.to_vec(), 2)).unwrap();
        native.fund(account.address(), 1_000);
        Self { native, owners, account }
    }

    fn by(&self, owner: usize) -> MultisigClient<NativeTransport> {
        self.account.by(self.owners[owner])
    }

    fn propose(&self, to: Address, value: u128, input: Vec<u8>) -> u64 {
        self.by(0).propose(to, value, Bytes::from(input)).send().unwrap()
    }

    /// Returns the calldata that changes the rule.
    fn change(&self, owners: &[Address], required: u32) -> Vec<u8> {
        self.by(0).change_owners(owners.to_vec(), required).raw().input.clone()
    }
}

fn error<V: core::fmt::Debug>(result: Result<V, CallError<MultisigError>>) -> MultisigError {
    result.unwrap_err().reverted().unwrap()
}

#[test]
fn a_call_is_made_once_when_enough_owners_confirm() {
    let setup = Setup::new();
    let bob = setup.native.account("bob");
    let id = setup.propose(bob, 300, vec![]);
    let waiting = MultisigError::NotEnough { id, confirmations: 1, required: 2 };
    assert_eq!(error(setup.by(0).execute(id).send()), waiting);
    setup.by(1).confirm(id).send().unwrap();
    assert_eq!(setup.by(1).confirmations(id).view(), Ok(2));
    setup.by(1).execute(id).send().unwrap();
    assert_eq!((setup.native.balance(bob), setup.native.events_of::<Executed>().len()), (300, 1));
    assert_eq!(error(setup.by(2).execute(id).send()), MultisigError::AlreadyExecuted { id });
    assert_eq!(error(setup.by(2).confirm(id).send()), MultisigError::AlreadyExecuted { id });
    assert_eq!(setup.native.balance(bob), 300);
}

#[test]
fn case_107_a_stranger_proposes_confirms_and_executes_nothing() {
    let setup = Setup::new();
    let eve = setup.native.account("eve");
    let id = setup.propose(eve, 300, vec![]);
    setup.by(1).confirm(id).send().unwrap();
    let mut stranger = setup.account.by(eve);
    let refused = MultisigError::NotAnOwner { account: eve };
    assert_eq!(error(stranger.propose(eve, 1, Bytes::new()).send()), refused);
    assert_eq!(error(stranger.confirm(id).send()), refused);
    assert_eq!(error(stranger.revoke(id).send()), refused);
    assert_eq!(error(stranger.execute(id).send()), refused);
    let change = stranger.change_owners(vec![eve], 1).send();
    assert_eq!(error(change), MultisigError::OnlyByProposal { caller: eve });
    assert_eq!(setup.native.balance(eve), 0);
}

#[test]
fn a_confirmation_is_given_once_and_can_be_taken_back() {
    let setup = Setup::new();
    let id = setup.propose(setup.native.account("bob"), 1, vec![]);
    let owner = setup.owners[0];
    assert_eq!(error(setup.by(0).confirm(id).send()), MultisigError::AlreadyConfirmed { id, owner });
    setup.by(0).revoke(id).send().unwrap();
    assert_eq!(error(setup.by(0).revoke(id).send()), MultisigError::NotConfirmed { id, owner });
    setup.by(1).confirm(id).send().unwrap();
    let waiting = MultisigError::NotEnough { id, confirmations: 1, required: 2 };
    assert_eq!(error(setup.by(1).execute(id).send()), waiting);
    assert_eq!(error(setup.by(1).confirm(9).send()), MultisigError::UnknownProposal { id: 9 });
}

#[test]
fn a_call_that_fails_stays_open_with_its_confirmations() {
    let setup = Setup::new();
    let bob = setup.native.account("bob");
    let id = setup.propose(bob, 5_000, vec![]);
    setup.by(1).confirm(id).send().unwrap();
    let status = Status::InsufficientBalance.code();
    let failed = MultisigError::CallFailed { id, status, output: Bytes::new() };
    assert_eq!(error(setup.by(1).execute(id).send()), failed);
    setup.native.fund(setup.account.address(), 5_000);
    setup.by(1).execute(id).send().unwrap();
    assert_eq!(setup.native.balance(bob), 5_000);
}

#[test]
fn owners_change_by_their_own_rule_and_former_ones_no_longer_count() {
    let setup = Setup::new();
    let [ann, ben, _] = setup.owners;
    let dan = setup.native.account("dan");
    let pending = setup.propose(dan, 10, vec![]);
    setup.by(2).confirm(pending).send().unwrap();
    let here = setup.account.address();
    let id = setup.propose(here, 0, setup.change(&[ann, ben, dan], 2));
    setup.by(1).confirm(id).send().unwrap();
    setup.by(0).execute(id).send().unwrap();
    assert_eq!(setup.by(0).owners().view().unwrap(), [ann, ben, dan]);
    // Cyd confirmed, and is no owner any more.
    let waiting = MultisigError::NotEnough { id: pending, confirmations: 1, required: 2 };
    assert_eq!(error(setup.by(0).execute(pending).send()), waiting);
    setup.account.by(dan).confirm(pending).send().unwrap();
    setup.account.by(dan).execute(pending).send().unwrap();
}

#[test]
fn a_rule_that_nobody_could_follow_is_refused() {
    let setup = Setup::new();
    let [ann, ben, _] = setup.owners;
    let native = &setup.native;
    let refused = |owners: &[Address], required| error(native.deploy::<Multisig>(ann, &(owners.to_vec(), required)));
    for (owners, required) in [(vec![ann, ben], 3), (vec![ann], 0), (vec![], 0)] {
        let count = u32::try_from(owners.len()).unwrap();
        let expected = MultisigError::InvalidRule { owners: count, required, owners_max: 32 };
        assert_eq!(refused(&owners, required), expected);
    }
    assert_eq!(refused(&[ann, ann], 1), MultisigError::InvalidOwner { owner: ann });
    assert_eq!(refused(&[ann, Address::ZERO], 1), MultisigError::InvalidOwner { owner: Address::ZERO });
    let crowd: Vec<_> = (1..=33).map(Address::repeat_byte).collect();
    assert!(matches!(refused(&crowd, 1), MultisigError::InvalidRule { owners: 33, .. }));
    let long = setup.by(0).propose(ann, 0, Bytes::from(vec![0; (16 << 10) + 1])).send();
    assert_eq!(error(long), MultisigError::InputTooLong { bytes: 16_385, bytes_max: 16_384 });
}
