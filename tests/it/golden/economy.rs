//! What the main messages of the economy's contracts cost, told along the life of an epoch, and the hooks that settle it.

use alloy_primitives::{Address, B256};
use florin_claims::ClaimsClient;
use florin_emission::EpochSettled;
use florin_multisig::{Multisig, MultisigClient};
use florin_recycling::{Recycled, RecyclingClient};
use florin_rewards::RewardsClient;
use florin_sandbox::{Account, Balance, Client, Gas, WEI_PER_MDT as MDT};
use florin_sdk::client::RawCall;
use florin_sdk::vote::Vote;
use florin_slashing::SlashingClient;
use florin_tokenomics::{ClaimTree, Scope};
use florin_treasury::TreasuryClient;

use crate::circle::{CLAIMS, Circle, EMISSION, EPOCH, FEE, HOOK_GAS, RECYCLING, REWARDS, SLASHING, STAKING, TREASURY};
use crate::circle::{registration, words};
use crate::economy::sign;

/// The salt of all commitments.
const SALT: B256 = B256::repeat_byte(7);

/// The economy's contracts in one genesis, and the lines told of them.
struct Tale {
    circle: Circle,
    lines: Vec<String>,
}

impl Tale {
    fn new(emission_gas: Gas) -> Self {
        Self { circle: Circle::new(3, 4, emission_gas), lines: Vec::new() }
    }

    /// Sends a call in a block of its own and tells what it cost.
    fn tell(&mut self, what: &str, by: &Account, call: &RawCall) {
        let sent = self.circle.by(by).send(call.to, Balance::new(call.value), call.input.clone());
        let receipt = sent.unwrap();
        self.lines.push(format!("{what}: {} {:?}", receipt.gas_used, receipt.status));
    }

    /// Tells what the hook of a contract cost in the last block.
    fn tell_hook(&mut self, what: &str, contract: Address) {
        let receipts = self.circle.sandbox.hook_receipts();
        let receipt = receipts.iter().find(|receipt| receipt.contract == contract).unwrap();
        self.lines.push(format!("{what}: {} {:?}", receipt.gas_used, receipt.status));
    }

    fn account(&self, name: &str) -> Account {
        self.circle.sandbox.account(name)
    }

    /// Registers all miners and begins the next epoch.
    fn register_miners(&mut self) {
        let miners = self.circle.miners.clone();
        let register = |tale: &Self, miner: &Account| tale.circle.registry(miner).register().value(FEE).raw().clone();
        let call = register(self, &miners[0]);
        self.tell("registry.register", &miners[0], &call);
        let calls: Vec<_> = miners[1..].iter().map(|miner| (miner, register(self, miner))).collect();
        self.circle.block(&calls);
    }

    /// Has all validators commit, reveal and report an epoch; returns it. The next block is one of the epoch after.
    fn work(&mut self) -> u64 {
        let weights = words(&[400_000, 300_000, 200_000, 100_000]);
        let (epoch, validators) = (self.circle.epoch(), self.circle.validators.clone());
        for (validator, who) in validators.iter().zip(["the first", "the second", "the third"]) {
            let commitment = self.circle.commitment(validator, epoch, &weights);
            let call = self.circle.registry(validator).commit(commitment).raw().clone();
            self.tell(&format!("registry.commit by {who}"), validator, &call);
        }
        self.circle.next_epoch();
        for (validator, who) in validators.iter().zip(["the first", "the second", "the third"]) {
            let call = self.circle.registry(validator).reveal(SALT, weights.clone()).raw().clone();
            self.tell(&format!("registry.reveal by {who}"), validator, &call);
            let call = self.circle.registry(validator).report(10_000, 1_000_000, 1_000_000, 1_000_000).raw().clone();
            self.tell(&format!("registry.report by {who}"), validator, &call);
        }
        epoch
    }

    /// Stakes that come and go.
    fn stakes(&mut self) {
        let (newcomer, first) = (self.account("newcomer"), self.circle.validators[0].clone());
        let call = RawCall { to: STAKING, value: 100 * MDT, input: registration(&newcomer).to_vec() };
        self.tell("staking.register", &newcomer, &call);
        let miner = self.circle.miners[0].clone();
        let mut staking = self.circle.staking(&miner);
        let calls = [
            ("staking.delegate, at first", staking.delegate(first.address()).value(50 * MDT).raw().clone()),
            ("staking.delegate, more", staking.delegate(first.address()).value(50 * MDT).raw().clone()),
            ("staking.unbond", staking.unbond(first.address(), 30 * MDT).raw().clone()),
        ];
        for (what, call) in calls {
            self.tell(what, &miner, &call);
        }
        let call = self.circle.staking(&first).set_commission(60_000).raw().clone();
        self.tell("staking.setCommission", &first, &call);
    }

    /// Mines until an epoch is settled, and tells the hook that did it.
    fn settle(&mut self, epoch: u64) {
        let settled = |tale: &Self| tale.circle.sandbox.hook_events_of::<EpochSettled>();
        while settled(self).iter().all(|event| event.epoch != epoch) {
            assert!(self.circle.sandbox.height() < 10 * EPOCH);
            self.circle.block(&[]);
        }
        self.tell_hook("emission.onBlock that settles an epoch", EMISSION);
        self.tell_hook("slashing.onBlock of a block whose signers are unknown", SLASHING);
    }

    /// Rewards and claims of a settled epoch.
    fn claims(&mut self, epoch: u64) {
        let (first, anybody) = (self.circle.validators[0].clone(), self.account("anybody"));
        let call = self.circle.staking(&first).claim_rewards(first.address()).raw().clone();
        self.tell("staking.claimRewards by a validator", &first, &call);
        let list = RewardsClient::new(REWARDS, self.circle.by(&anybody)).list(epoch, 0).view().unwrap().0;
        let entry =
            |entry: &[u8]| (entry[..20].try_into().unwrap(), u128::from_le_bytes(entry[20..].try_into().unwrap()));
        let list: Vec<([u8; 20], u128)> = list.chunks_exact(36).map(entry).collect();
        let chain_id = self.circle.sandbox.domain().chain_id;
        let tree =
            ClaimTree::from_allocations(Scope { chain_id, contract: CLAIMS.into_array(), campaign: epoch }, &list);
        let tree = tree.unwrap();
        let claim = tree.claims()[1];
        let proof: Vec<_> = tree.proof(claim.index).unwrap().into_iter().map(B256::from).collect();
        let mut claims = ClaimsClient::new(CLAIMS, self.circle.by(&anybody));
        let call = claims.claim(epoch, claim.index, Address::new(claim.account), claim.amount, proof).raw().clone();
        self.tell("claims.claim of an epoch", &anybody, &call);
        let mut recycling = RecyclingClient::new(RECYCLING, self.circle.by(&anybody));
        let call = recycling.recycle(2).value(MDT).raw().clone();
        self.tell("recycling.recycle", &anybody, &call);
        let call = recycling.burn_quality_penalty().value(MDT).raw().clone();
        let owner = self.account("owner");
        self.tell("recycling.burnQualityPenalty", &owner, &call);
        while self.circle.sandbox.hook_events_of::<Recycled>().is_empty() {
            assert!(self.circle.sandbox.height() < 20 * EPOCH);
            self.circle.block(&[]);
        }
        self.tell_hook("recycling.onBlock that takes a campaign back", RECYCLING);
    }

    /// A treasury that grants, and a board.
    fn treasury(&mut self) {
        let owner = self.account("owner");
        let holder = self.account("holder").address();
        let mut treasury = TreasuryClient::new(TREASURY, self.circle.by(&owner));
        let calls = [
            ("treasury.deposit", treasury.deposit().value(100 * MDT).raw().clone()),
            ("treasury.grant", treasury.grant(holder, 50 * MDT, 5 * MDT, 0, 1, 40, true).raw().clone()),
            ("treasury.release", treasury.release(0).raw().clone()),
            ("treasury.spend", treasury.spend(holder, MDT, SALT).raw().clone()),
            ("treasury.revoke", treasury.revoke(0).raw().clone()),
        ];
        for (what, call) in calls {
            self.tell(what, &owner, &call);
        }
        let [ann, ben] = ["ann", "ben"].map(|name| self.account(name));
        let board =
            self.circle.sandbox.by(&ann).deploy::<Multisig>((vec![ann.address(), ben.address()], 2)).unwrap().address();
        let mut client = MultisigClient::new(board, self.circle.by(&ann));
        let calls = [
            ("multisig.deposit", &ann, client.deposit().value(MDT).raw().clone()),
            ("multisig.propose", &ann, client.propose(holder, 5, Default::default()).raw().clone()),
            ("multisig.confirm", &ben, client.confirm(0).raw().clone()),
            ("multisig.execute", &ben, client.execute(0).raw().clone()),
        ];
        for (what, by, call) in calls {
            self.tell(what, by, &call);
        }
    }

    /// Evidence of two kinds, and what comes back after the unbonding period.
    fn evidence(&mut self) {
        let (offender, reporter) = (self.circle.validators[2].clone(), self.account("reporter"));
        let (chain_id, height) = (self.circle.sandbox.domain().chain_id, self.circle.sandbox.height());
        let vote = |hash: B256| sign(offender.name(), &Vote { chain_id, height, view: 0, block_hash: hash.0 }.encode());
        let [a, b] = [1, 2].map(B256::repeat_byte);
        let mut slashing = SlashingClient::new(SLASHING, self.circle.by(&reporter));
        let report = slashing.report_double_sign(offender.address(), height, 0, a, vote(a), b, vote(b)).raw().clone();
        self.tell("slashing.reportDoubleSign", &reporter, &report);
        self.tell("slashing.reportDoubleSign, again", &reporter, &report);
        self.circle.sandbox.set_parent_signers(&[0b1000_0000]);
        self.circle.sandbox.advance(101).unwrap();
        self.tell_hook("slashing.onBlock", SLASHING);
        let down = self.circle.validators[0].address();
        let call = slashing.report_downtime(down).raw().clone();
        self.tell("slashing.reportDowntime", &reporter, &call);
        self.circle.sandbox.advance(102 * EPOCH).unwrap();
        let miner = self.circle.miners[0].clone();
        let call = self.circle.staking(&miner).withdraw(down).raw().clone();
        self.tell("staking.withdraw", &miner, &call);
        let call = self.circle.staking(&offender).unjail().raw().clone();
        self.tell("staking.unjail, too early", &offender, &call);
        let call = self.circle.registry(&miner).deregister().raw().clone();
        self.tell("registry.deregister", &miner, &call);
    }
}

/// Tells an epoch whose scores anybody finalizes, step by step: the hook has too little gas to ask for it.
fn finalization() -> Vec<String> {
    let mut tale = Tale::new(Gas(1_000_000));
    tale.register_miners();
    tale.circle.next_epoch();
    tale.work();
    tale.circle.next_epoch();
    tale.lines.clear();
    let anybody = tale.account("anybody");
    let call = tale.circle.registry(&anybody).finalize(1).raw().clone();
    let first = tale.circle.registry(&anybody).next_to_finalize().view().unwrap();
    for step in ["of an epoch without weights", "that scores", "that lists miners", "that ends an epoch"] {
        tale.tell(&format!("registry.finalize, a step {step}"), &anybody, &call);
    }
    assert_eq!(tale.circle.registry(&anybody).next_to_finalize().view().unwrap(), first + 2);
    tale.lines
}

/// Tells the life of an epoch.
pub(super) fn lines() -> Vec<String> {
    let mut tale = Tale::new(HOOK_GAS);
    tale.register_miners();
    tale.stakes();
    tale.circle.next_epoch();
    let epoch = tale.work();
    tale.settle(epoch);
    tale.claims(epoch);
    tale.treasury();
    tale.evidence();
    [tale.lines, finalization()].concat()
}
