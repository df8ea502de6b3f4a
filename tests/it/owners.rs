//! Who may do what in the whole economy, as Wasm on the chain of a genesis file: strangers govern nothing, ownership moves in two
//! steps, and what the owner changes waits for the next epoch.

use florin::genesis::address::{CLAIMS, EMISSION, MULTISIG, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY};
use florin::genesis::{Allocation, GenesisFile, Owners, Party, Profile, ValidatorEntry};
use florin::keys::ConsensusKey;
use florin_claims::ClaimsClient;
use florin_emission::{EmissionClient, RuleTerms};
use florin_multisig::MultisigClient;
use florin_recycling::RecyclingClient;
use florin_registry::{RegistryClient, RegistryError};
use florin_rewards::RewardsClient;
use florin_sandbox::{
    Account, Address, B256, Balance, Bytes, Client, ExpectRevert, Sandbox, Status, WEI_PER_MDT as MDT, Wallet,
};
use florin_sdk::client::RawCall;
use florin_sdk::words::selector;
use florin_slashing::{DEFAULTS, SlashingClient};
use florin_staking::StakingClient;
use florin_treasury::TreasuryClient;

const EPOCH: u64 = 8;
const UNBONDING: u64 = 30;

/// The contracts, in the order of their addresses.
const CONTRACTS: [Address; 9] = [TREASURY, MULTISIG, STAKING, SLASHING, REGISTRY, RECYCLING, CLAIMS, REWARDS, EMISSION];

/// A chain with one validator, whose contracts belong to an account through the multisignature.
struct Network {
    sandbox: Sandbox,
    owner: Account,
    validator: Account,
    eve: Account,
}

impl Network {
    fn new() -> Self {
        let mut file = GenesisFile::new(Profile::Testnet);
        let [owner, validator] = ["owner", "validator"].map(Account::named);
        let key = ConsensusKey::derive(0, "owners", 0).unwrap();
        let stake = Balance::new(200 * MDT);
        file.chain.epoch_blocks = EPOCH;
        file.chain.proposer = Some(owner.address());
        file.owners = Owners { members: vec![owner.address()], required: 1 };
        file.staking.unbonding_blocks = UNBONDING;
        let amount = Balance::new(1_000 * MDT);
        for holder in [validator.address(), TREASURY] {
            file.allocations.push(Allocation { address: Party::Account(holder), amount, vesting: None });
        }
        file.validators.push(ValidatorEntry::new(file.chain.id, validator.address(), &key, stake, 0));
        let sandbox = Sandbox::builder().genesis(file.build().unwrap()).build().unwrap();
        let [owner, validator, eve] = sandbox.accounts(["owner", "validator", "eve"]);
        Self { sandbox, owner, validator, eve }
    }

    /// A client that acts as an account.
    fn client<C: Client<Wallet>>(&self, contract: Address, by: &Account) -> C {
        C::new(contract, self.sandbox.by(by))
    }

    /// The owner lets the multisignature make a call.
    fn decide(&self, call: &RawCall) {
        let mut multisig: MultisigClient<Wallet> = self.client(MULTISIG, &self.owner);
        let id = multisig.propose(call.to, call.value, call.input.clone().into()).send().unwrap();
        multisig.execute(id).send().unwrap();
    }

    /// The epoch of the next block.
    fn epoch(&self) -> u64 {
        (self.sandbox.height() + 1) / EPOCH
    }

    /// Mines blocks until the next is in the middle of an epoch, and returns that epoch.
    fn middle_of_next_epoch(&self) -> u64 {
        let next = self.epoch() + 1;
        self.sandbox.advance_to(next * EPOCH + 2).unwrap();
        next
    }

    /// What an outsider must not change: balances and code of the contracts.
    fn holdings(&self) -> Vec<(Balance, Option<B256>)> {
        let of = |contract| (self.sandbox.balance(contract).unwrap(), self.sandbox.code_hash(contract).unwrap());
        CONTRACTS.into_iter().map(of).collect()
    }

    /// Sends a call as an outsider, who is refused with an error of this signature.
    fn refuses(&self, call: &RawCall, error: &str) {
        let wallet = self.sandbox.by(&self.eve);
        let receipt = wallet.send(call.to, Balance::new(call.value), call.input.clone()).unwrap();
        assert_eq!(receipt.status, Status::Reverted, "{error}: {receipt:?}");
        assert_eq!(receipt.output.first_chunk(), Some(&selector(error)), "{error}: {receipt:?}");
    }
}

/// The parameters of the emission with another base and another window.
fn rules(base: u128, claim_window: u64) -> RuleTerms {
    let rows = vec![(400_000, 1, Address::ZERO), (400_000, 3, Address::ZERO), (200_000, 0, TREASURY)];
    (base, 210_000, 500_000, 10_000, 500_000, 300_000, 200_000, claim_window, 2, rows)
}

#[test]
fn case_107_no_contract_of_the_economy_is_governed_or_emptied_by_an_outsider() {
    let network = Network::new();
    let before = network.holdings();
    let me = network.eve.address();
    let call = |contract, input: &[u8]| RawCall { to: contract, value: 0, input: input.to_vec() };
    macro_rules! refused {
        ($client:ident at $contract:ident, $error:literal: $($call:expr;)+) => {{
            let client: $client<Wallet> = network.client($contract, &network.eve);
            $({
                let mut client = client.by(&network.eve);
                let ask: &dyn Fn(&mut $client<Wallet>) -> RawCall = &$call;
                network.refuses(&ask(&mut client), $error);
            })+
        }};
    }
    refused!(TreasuryClient at TREASURY, "OwnableUnauthorizedAccount(address)":
        |to| to.spend(me, 1, B256::ZERO).raw().clone();
        |to| to.grant(me, 2, 1, 0, 0, 9, false).raw().clone();
        |to| to.revoke(0).raw().clone();
        |to| to.transfer_ownership(me).raw().clone();
        |to| to.accept_ownership().raw().clone(););
    refused!(MultisigClient at MULTISIG, "NotAnOwner(address)":
        |to| to.propose(TREASURY, 0, Bytes::new()).raw().clone();
        |to| to.confirm(0).raw().clone();
        |to| to.revoke(0).raw().clone();
        |to| to.execute(0).raw().clone(););
    refused!(MultisigClient at MULTISIG, "OnlyByProposal(address)":
        |to| to.change_owners(vec![me], 1).raw().clone(););
    refused!(StakingClient at STAKING, "Unauthorized(address)":
        |to| to.reward(0, network.validator.address()).raw().clone();
        |to| to.close_epoch(0).raw().clone();
        |to| to.slash(network.validator.address(), 0, 1, 0).raw().clone();
        |to| to.set_parameters(1, 1).raw().clone(););
    refused!(SlashingClient at SLASHING, "Unauthorized(address)":
        |to| to.on_block().raw().clone();
        |to| to.on_refused(1, B256::ZERO).raw().clone();
        |to| to.set_parameters(DEFAULTS).raw().clone();
        |to| to.set_staking_parameters(1, 1).raw().clone();
        |to| to.offer_ownership(me).raw().clone();
        |to| to.accept_ownership().raw().clone(););
    refused!(RegistryClient at REGISTRY, "Unauthorized(address)":
        |to| to.set_parameters(0, 1).raw().clone();
        |to| to.offer_ownership(me).raw().clone();
        |to| to.accept_ownership().raw().clone(););
    refused!(RecyclingClient at RECYCLING, "OwnableUnauthorizedAccount(address)":
        |to| to.burn_quality_penalty().value(1).raw().clone();
        |to| to.transfer_ownership(me).raw().clone();
        |to| to.accept_ownership().raw().clone(););
    refused!(RecyclingClient at RECYCLING, "OnlyTheEmission(address)": |to| to.close_epoch(1).raw().clone(););
    refused!(RecyclingClient at RECYCLING, "OnlyTheChain(address)": |to| to.on_block().raw().clone(););
    // An epoch's campaign is the rewards contract's to create; others get a number that nobody can guess for them.
    refused!(ClaimsClient at CLAIMS, "WrongNumber(uint64,uint64)":
        |to| to.create_campaign(1, Address::ZERO, B256::ZERO, 1, 1, 0, 0, me).value(1).raw().clone(););
    refused!(RewardsClient at REWARDS, "OnlyTheEmission(address)":
        |to| to.begin(0, 9, vec![1], vec![1], vec![1]).value(1).raw().clone();
        |to| to.advance().raw().clone(););
    refused!(EmissionClient at EMISSION, "OnlyTheChain(address)": |to| to.on_block().raw().clone(););
    refused!(EmissionClient at EMISSION, "OwnableUnauthorizedAccount(address)":
        |to| to.set_parameters(rules(50 * MDT, 9)).raw().clone();
        |to| to.transfer_ownership(me).raw().clone();
        |to| to.accept_ownership().raw().clone(););
    // There is no message that stops a contract or changes its code.
    for contract in CONTRACTS {
        for message in ["pause()", "upgradeTo(address)", "upgradeToAndCall(address,bytes)", "setCode(bytes32)"] {
            network.refuses(&call(contract, &selector(message)), "UnknownSelector(bytes4)");
        }
    }
    assert_eq!(network.holdings(), before);
}

#[test]
fn case_107_ownership_of_every_contract_moves_in_two_steps_or_not_at_all() {
    let network = Network::new();
    let heir = network.sandbox.account("heir");
    macro_rules! moves {
        ($client:ident at $contract:ident, $offer:ident) => {{
            let mut stranger: $client<Wallet> = network.client($contract, &network.eve);
            let mut his: $client<Wallet> = network.client($contract, &heir);
            // An offer that is taken back, here by one to nobody, is none.
            let offers = [heir.address(), Address::ZERO].map(|to| stranger.$offer(to).raw().clone());
            offers.iter().for_each(|offer| network.decide(offer));
            assert!(his.accept_ownership().send().is_err());
            network.decide(&offers[0]);
            assert_eq!(his.owner().view().unwrap(), MULTISIG, "an offer moves nothing");
            assert!(stranger.accept_ownership().send().is_err());
            his.accept_ownership().send().unwrap();
            assert_eq!(his.owner().view().unwrap(), heir.address());
            // Who was the owner offers nothing any more.
            let mut multisig: MultisigClient<Wallet> = network.client(MULTISIG, &network.owner);
            let id = multisig.propose($contract, 0, offers[0].input.clone().into()).send().unwrap();
            assert!(multisig.execute(id).send().is_err());
        }};
    }
    moves!(TreasuryClient at TREASURY, transfer_ownership);
    moves!(SlashingClient at SLASHING, offer_ownership);
    moves!(RegistryClient at REGISTRY, offer_ownership);
    moves!(RecyclingClient at RECYCLING, transfer_ownership);
    moves!(EmissionClient at EMISSION, transfer_ownership);
}

#[test]
fn case_106_what_an_epoch_brings_is_what_was_ruled_when_it_began() {
    let network = Network::new();
    let mut registry: RegistryClient<Wallet> = network.client(REGISTRY, &network.validator);
    let mut emission: EmissionClient<Wallet> = network.client(EMISSION, &network.eve);
    let changed = network.middle_of_next_epoch();
    network.decide(&emission.set_parameters(rules(30 * MDT, 77)).raw().clone());
    // Full work in that epoch and in the next, each reported in the epoch behind it.
    for epoch in [changed, changed + 1] {
        assert_eq!(network.middle_of_next_epoch(), epoch + 1);
        registry.report(10_000, 1_000_000, 1_000_000, 1_000_000).send().unwrap();
    }
    network.sandbox.advance_to((changed + 3) * EPOCH + 1).unwrap();
    let emitted = [changed, changed + 1].map(|epoch| emission.record(epoch).view().unwrap().2.0);
    assert_eq!(emitted, [50 * MDT, 30 * MDT]);
}

#[test]
fn case_106_what_unbonds_registers_or_offends_before_a_change_keeps_the_old_terms() {
    let network = Network::new();
    let (validator, eve) = (network.validator.address(), &network.eve);
    let mut staking: StakingClient<Wallet> = network.client(STAKING, eve);
    let mut slashing: SlashingClient<Wallet> = network.client(SLASHING, eve);
    let mut registry: RegistryClient<Wallet> = network.client(REGISTRY, eve);
    let mut late: RegistryClient<Wallet> = network.client(REGISTRY, &network.owner);
    staking.delegate(validator).value(10 * MDT).send().unwrap();
    let epoch = network.middle_of_next_epoch();
    let harsher = (DEFAULTS.0, DEFAULTS.1, 200_000, DEFAULTS.3, DEFAULTS.4, DEFAULTS.5, DEFAULTS.6, DEFAULTS.7);
    network.decide(&slashing.set_staking_parameters(150 * MDT, 1_000).raw().clone());
    assert_eq!(network.epoch(), epoch);
    // The same epoch: the old terms, for good.
    let ready = staking.unbond(validator, MDT).send().unwrap();
    assert_eq!(ready, (epoch + 1) * EPOCH + UNBONDING);
    let next = network.middle_of_next_epoch();
    network.decide(&slashing.set_parameters(harsher).raw().clone());
    assert_eq!(slashing.parameters().view().unwrap(), DEFAULTS);
    assert_eq!(staking.unbonding(validator, eve.address()).view().unwrap(), (ready, MDT));
    assert_eq!(staking.unbond(validator, MDT).send().unwrap(), (next + 1) * EPOCH + 1_000);
    let last = network.middle_of_next_epoch();
    network.decide(&registry.set_parameters(5 * MDT, 100).raw().clone());
    registry.register().value(MDT).send().unwrap();
    assert_eq!(slashing.parameters().view().unwrap(), harsher);
    assert_eq!(network.middle_of_next_epoch(), last + 1);
    let error = late.register().value(MDT).send().expect_revert();
    assert_eq!(*error, RegistryError::WrongFee { expected: 5 * MDT, value: MDT });
    // What began to unbond under the old terms ends under them.
    network.sandbox.advance_to(ready - 1).unwrap();
    assert_eq!(staking.withdraw(validator).send().unwrap(), MDT);
}
