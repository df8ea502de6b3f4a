//! Campaigns in tokens: a plain one, one that answers nothing, and those that cheat.

use florin_sdk::native::NativeTransport;
use florin_sdk::{Address, Client, Contract, Status, U256};

use self::odd::{Odd, OddClient, Way};
use self::silent::{Silent, SilentClient};
use super::list::{List, account};
use super::{CAMPAIGN, FIRST_BLOCK, LAST_BLOCK, Scene};
use crate::ClaimsError;

/// A token that does as it is told: honest, or in one of the ways of cheating.
#[florin_sdk::contract]
mod odd {
    use florin_sdk::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(u8)]
    pub(crate) enum Way {
        Honest,
        /// Answers `false` and moves nothing.
        False,
        /// Keeps one unit of each transfer.
        Fee,
        Reverts,
        /// Calls the claims contract back with a sweep in the middle of a transfer, and goes on whatever comes of it.
        Reenters,
    }

    #[error]
    pub enum OddError {
        Refused,
    }

    #[storage]
    pub struct Odd {
        balances: Map<Address, U256>,
        way: Item<u8>,
        claims: Item<Address>,
        /// The status of the last call back.
        seen: Item<u8>,
    }

    impl Odd {
        pub fn behave(&mut self, way: u8, claims: Address) {
            self.way.set(&way);
            self.claims.set(&claims);
        }

        pub fn mint(&mut self, to: Address, value: U256) {
            let sum = self.balance_of(to) + value;
            self.balances.set(&to, &sum);
        }

        pub fn balance_of(&self, account: Address) -> U256 {
            self.balances.get_or_default(&account)
        }

        pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, OddError> {
            self.shift(env().caller(), to, value)
        }

        pub fn transfer_from(&mut self, from: Address, to: Address, value: U256) -> Result<bool, OddError> {
            self.shift(from, to, value)
        }

        pub fn seen(&self) -> u8 {
            self.seen.get_or_default()
        }

        fn shift(&mut self, from: Address, to: Address, value: U256) -> Result<bool, OddError> {
            let way = self.way.get_or_default();
            let fee = U256::from(u8::from(way == Way::Fee as u8));
            let rest = self.balance_of(from).checked_sub(value).ok_or(OddError::Refused)?;
            if way == Way::False as u8 {
                return Ok(false);
            }
            if way == Way::Reverts as u8 {
                return Err(OddError::Refused);
            }
            if way == Way::Reenters as u8 {
                let claims = self.claims.get_or_default();
                let outcome = crate::ClaimsClient::at(claims).sweep(super::CAMPAIGN).outcome();
                let status = outcome.map_or(u8::MAX, |outcome| outcome.status.code());
                self.seen.set(&status);
            }
            self.balances.set(&from, &rest);
            let sum = self.balance_of(to) + value - fee;
            self.balances.set(&to, &sum);
            Ok(true)
        }
    }
}

/// A token from before the standard: its transfers answer nothing.
#[florin_sdk::contract]
mod silent {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Silent {
        balances: Map<Address, U256>,
    }

    impl Silent {
        pub fn mint(&mut self, to: Address, value: U256) {
            self.balances.set(&to, &value);
        }

        pub fn balance_of(&self, account: Address) -> U256 {
            self.balances.get_or_default(&account)
        }

        pub fn transfer(&mut self, to: Address, value: U256) {
            self.transfer_from(env().caller(), to, value);
        }

        pub fn transfer_from(&mut self, from: Address, to: Address, value: U256) {
            let rest = self.balance_of(from) - value;
            self.balances.set(&from, &rest);
            let sum = self.balance_of(to) + value;
            self.balances.set(&to, &sum);
        }
    }
}

/// A scene with a token of which the owner has 1,000, and a list of 3 accounts.
fn scene_with<C: Contract<InitArgs = ()> + 'static>() -> (Scene, C::Client<NativeTransport>, List) {
    let scene = Scene::new();
    let token = scene.native.deploy::<C>(scene.owner, &()).unwrap_or_else(|_| unreachable!("has no constructor"));
    let list = scene.list(CAMPAIGN, 3);
    (scene, token, list)
}

fn create(scene: &Scene, token: Address, list: &List, value: u128) -> Result<(), ClaimsError> {
    let mut claims = scene.claims.by(scene.owner);
    let (root, count, total, target) = (list.root(), list.count(), list.total(), scene.target);
    let call = claims.create_campaign(CAMPAIGN, token, root, count, total, FIRST_BLOCK, LAST_BLOCK, target);
    call.value(value).send().map_err(|error| error.reverted().unwrap())
}

fn behave(scene: &Scene, token: &mut OddClient<NativeTransport>, way: Way) {
    token.behave(way as u8, scene.claims.address()).send().unwrap();
}

fn balance(token: &mut OddClient<NativeTransport>, of: Address) -> u128 {
    token.balance_of(of).view().unwrap().to()
}

#[test]
fn a_campaign_in_a_token_is_funded_claimed_and_swept_in_the_token() {
    let (scene, mut token, list) = scene_with::<Odd>();
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    create(&scene, token.address(), &list, 0).unwrap();
    assert_eq!((balance(&mut token, scene.owner), balance(&mut token, scene.claims.address())), (940, 60));
    scene.claim(&list, 2).unwrap();
    scene.claim(&list, 0).unwrap();
    assert_eq!([1, 2, 3].map(|number| balance(&mut token, account(number))), [10, 0, 30]);
    scene.native.set_height(LAST_BLOCK + 1);
    scene.sweep().unwrap();
    assert_eq!((balance(&mut token, scene.target), balance(&mut token, scene.claims.address())), (20, 0));
    assert_eq!(scene.native.balance(scene.claims.address()), 0);
}

#[test]
fn a_token_that_answers_nothing_is_accepted() {
    let (scene, mut token, list): (_, SilentClient<NativeTransport>, _) = scene_with::<Silent>();
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    create(&scene, token.address(), &list, 0).unwrap();
    scene.claim(&list, 1).unwrap();
    assert_eq!(token.balance_of(account(2)).view().unwrap().to::<u128>(), 20);
}

#[test]
fn a_campaign_in_a_token_takes_no_mdt() {
    let (scene, mut token, list) = scene_with::<Odd>();
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    let refused = Err(ClaimsError::WrongValue { expected: 0, value: 60 });
    assert_eq!(create(&scene, token.address(), &list, 60), refused);
}

#[test]
fn case_99_a_token_that_delivers_less_than_was_sent_funds_no_campaign() {
    let (scene, mut token, list) = scene_with::<Odd>();
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    behave(&scene, &mut token, Way::Fee);
    let short = ClaimsError::ShortDelivery { token: token.address(), amount: 60, received: U256::from(59) };
    assert_eq!(create(&scene, token.address(), &list, 0), Err(short));
    assert_eq!(balance(&mut token, scene.owner), 1_000);
}

#[test]
fn a_token_that_fails_or_refuses_leaves_the_claim_open() {
    let (scene, mut token, list) = scene_with::<Odd>();
    let address = token.address();
    let reverted = || ClaimsError::TokenFailed { token: address, status: Status::Reverted.code() };
    // The owner has nothing yet.
    assert_eq!(create(&scene, address, &list, 0), Err(reverted()));
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    behave(&scene, &mut token, Way::False);
    assert_eq!(create(&scene, address, &list, 0), Err(ClaimsError::TokenRefused { token: address }));
    behave(&scene, &mut token, Way::Honest);
    create(&scene, address, &list, 0).unwrap();
    for (way, error) in [(Way::False, ClaimsError::TokenRefused { token: address }), (Way::Reverts, reverted())] {
        behave(&scene, &mut token, way);
        assert_eq!(scene.claim(&list, 0), Err(error));
        assert_eq!((scene.claimed(), scene.status(0)), (0, 1));
    }
    behave(&scene, &mut token, Way::Honest);
    scene.claim(&list, 0).unwrap();
    assert_eq!(balance(&mut token, account(1)), 10);
}

#[test]
fn a_token_without_code_is_refused() {
    let scene = Scene::new();
    let nowhere = Address::repeat_byte(0x0e);
    let refused = ClaimsError::TokenFailed { token: nowhere, status: Status::NoContract.code() };
    assert_eq!(create(&scene, nowhere, &scene.list(CAMPAIGN, 3), 0), Err(refused));
}

#[test]
fn case_25_a_token_cannot_enter_the_contract_again_during_a_payment() {
    let (scene, mut token, list) = scene_with::<Odd>();
    token.mint(scene.owner, U256::from(1_000)).send().unwrap();
    create(&scene, token.address(), &list, 0).unwrap();
    behave(&scene, &mut token, Way::Reenters);
    scene.claim(&list, 0).unwrap();
    assert_eq!(token.seen().view(), Ok(Status::Reentrancy.code()));
    assert_eq!((scene.claimed(), balance(&mut token, account(1))), (10, 10));
    // With nobody running the same call is let in, and is merely too early.
    token.by(scene.owner).transfer(scene.target, U256::from(1)).send().unwrap();
    assert_eq!(token.seen().view(), Ok(Status::Reverted.code()));
}
