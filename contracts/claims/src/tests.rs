//! The claims contract as a native program: every rule, its boundary, and every attack on a list.
//!
//! Trees and proofs are computed here in a few lines over `sha2`, without the crate that the contract and the host use.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod attacks;
mod campaigns;
mod list;
mod model;
mod tokens;

use florin_sdk::native::{Native, NativeTransport};
use florin_sdk::{Address, Call, Client};

use crate::{Claims, ClaimsClient, ClaimsError};
use list::List;

const CHAIN_ID: u64 = 31_337;
const CAMPAIGN: u64 = 7;
const FIRST_BLOCK: u64 = 100;
const LAST_BLOCK: u64 = 200;

/// A world with the contract, an owner with money, and a relayer.
struct Scene {
    native: Native,
    claims: ClaimsClient<NativeTransport>,
    owner: Address,
    relayer: Address,
    target: Address,
}

impl Scene {
    fn new() -> Self {
        let native = Native::new();
        native.set_chain_id(CHAIN_ID);
        native.set_height(FIRST_BLOCK);
        let [owner, relayer, target] = ["owner", "relayer", "target"].map(|name| native.account(name));
        native.fund(owner, 10_000_000);
        let claims = native.deploy::<Claims>(owner, &()).unwrap();
        Self { native, claims, owner, relayer, target }
    }

    /// A scene with one campaign in MDT over a list of `count` accounts, funded with the list's sum.
    fn with_campaign(count: u32) -> (Self, List) {
        let scene = Self::new();
        let list = scene.list(CAMPAIGN, count);
        scene.create(CAMPAIGN, &list, list.total()).unwrap();
        (scene, list)
    }

    fn list(&self, campaign: u64, count: u32) -> List {
        List::new(CHAIN_ID, self.claims.address(), campaign, count)
    }

    /// Creates a campaign in MDT.
    fn create(&self, campaign: u64, list: &List, total: u128) -> Result<(), ClaimsError> {
        let mut claims = self.claims.by(self.owner);
        let call = claims.create_campaign(
            campaign,
            Address::ZERO,
            list.root(),
            list.count(),
            total,
            FIRST_BLOCK,
            LAST_BLOCK,
            self.target,
        );
        call.value(total).send().map_err(|error| error.reverted().unwrap())
    }

    /// Has the relayer submit a line of the list with its proof.
    fn claim(&self, list: &List, index: u32) -> Result<(), ClaimsError> {
        self.submit(list, |claim| claim.index = index, index)
    }

    /// Has the relayer submit a line after bending it.
    fn submit(&self, list: &List, bend: impl FnOnce(&mut list::Claim), index: u32) -> Result<(), ClaimsError> {
        let mut claim = list.claim(index);
        bend(&mut claim);
        let mut claims = self.claims.by(self.relayer);
        let call = claims.claim(list.campaign, claim.index, claim.account, claim.amount, claim.proof);
        call.send().map_err(|error| error.reverted().unwrap())
    }

    fn status(&self, index: u32) -> u8 {
        self.claims.by(self.relayer).status(CAMPAIGN, index).view().unwrap()
    }

    fn claimed(&self) -> u128 {
        self.claims.by(self.relayer).claimed(CAMPAIGN).view().unwrap()
    }

    fn sweep(&self) -> Result<(), ClaimsError> {
        self.claims.by(self.relayer).sweep(CAMPAIGN).send().map_err(|error| error.reverted().unwrap())
    }

    /// What the contract and all accounts of the list and the scene have together.
    fn money(&self, list: &List) -> u128 {
        let others = [self.owner, self.relayer, self.target, self.claims.address()];
        others.into_iter().chain(list.accounts()).map(|account| self.native.balance(account)).sum()
    }
}

/// Sends a call that must revert, and returns the error.
fn refusal<V, R>(call: Call<'_, NativeTransport, R>) -> ClaimsError
where
    V: core::fmt::Debug,
    R: florin_sdk::contract::Returns<Output = V, Error = ClaimsError>,
{
    call.send().unwrap_err().reverted().unwrap()
}
