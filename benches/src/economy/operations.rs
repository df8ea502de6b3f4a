//! The gas of every operation of the economy, on a network in which they follow one another as in life.
//!
//! A figure is what the receipt says: the transaction's own 21,000, its bytes, and all that its call did.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use florin::genesis::address::{MULTISIG, RECYCLING, REGISTRY, SLASHING, STAKING, TREASURY};
use florin::keys::ConsensusKey;
use florin_abi::vote::Vote;
use florin_runtime::gas::Gas;
use florin_runtime::ledger::WEI_PER_MDT as MDT;
use florin_runtime::receipt::Receipt;

use super::messages::{Multisig, Recycling, Registry, Slashing, Staking, Treasury};
use super::network::{Network, Sent, UNBONDING_BLOCKS, halves};
use super::{Operation, Scale};
use crate::ledger::WorkloadError;

/// Measures every operation.
///
/// # Errors
/// If a message fails.
pub fn measure(scale: Scale) -> Result<Vec<Operation>, WorkloadError> {
    let mut diary = Diary { network: Network::new(scale.miners, scale.validators)?, operations: Vec::new() };
    let (miners, validators) = (scale.miners, scale.validators);
    diary.transfer()?;
    let receipts = diary.network.register_miners()?;
    diary.note("registry: register as a miner", receipts.last());
    diary.stakes()?;
    diary.network.approach(1)?;
    let receipts = diary.network.commit_weights()?;
    diary.note("registry: commit to weights", receipts.last());
    diary.treasury()?;
    diary.network.approach(2)?;
    let [reveals, reports] = diary.network.reveal_and_report()?;
    diary.note(&format!("registry: reveal {miners} weights"), reveals.first());
    diary.note("registry: report, the first of an epoch", reports.first());
    let dearest = reports.iter().max_by_key(|receipt| receipt.gas_used);
    diary.note(&format!("registry: report, the dearest of {validators}"), dearest);
    diary.hooks("hooks: a block in which nothing is due")?;
    diary.network.approach(3)?;
    let steps = diary.network.finalize(1)?.gas;
    let chunks = miners.div_ceil(64) as usize;
    let mut step = |name: &str, gas: Option<&Gas>| {
        diary.operations.push(Operation { name: name.to_owned(), gas: gas.copied().unwrap_or_default() });
    };
    // Epoch 0, in which nobody had weights, is final already.
    step(&format!("registry: step of finalize, 64 slots of {validators} rows"), steps.first());
    step("registry: step of finalize, a page of 64 miners", steps.get(chunks));
    diary.hooks(&format!("hooks: an epoch of {miners} miners and {validators} validators, finalized and settled"))?;
    diary.rest()?;
    Ok(diary.operations)
}

/// A network, and what was noted of it.
struct Diary {
    network: Network,
    operations: Vec<Operation>,
}

impl Diary {
    fn note(&mut self, name: &str, receipt: Option<&Receipt>) {
        let gas = receipt.map_or(Gas(0), |receipt| receipt.gas_used);
        self.operations.push(Operation { name: name.to_owned(), gas });
    }

    /// Sends a message in a block of its own and notes its gas.
    fn send(
        &mut self,
        name: &str,
        signer: usize,
        to: Address,
        value: u128,
        input: Vec<u8>,
    ) -> Result<(), WorkloadError> {
        let receipts = self.network.send_all(vec![Sent::paying(signer, to, value, input)])?;
        self.note(name, receipts.first());
        Ok(())
    }

    /// Notes what the hooks of the next block burn together.
    fn hooks(&mut self, name: &str) -> Result<(), WorkloadError> {
        let block = self.network.block(Vec::new())?;
        let executed = self.network.ledger.chain.execute(&block)?;
        super::network::checked(&executed)?;
        let gas = executed.hook_receipts().iter().fold(0_u64, |sum, receipt| sum.saturating_add(receipt.gas_used.0));
        self.network.ledger.chain.commit(executed)?;
        self.operations.push(Operation { name: name.to_owned(), gas: Gas(gas) });
        Ok(())
    }

    fn transfer(&mut self) -> Result<(), WorkloadError> {
        let (user, owner) = (self.network.user(), self.network.owner());
        self.send("transfer of MDT", user, self.network.address(owner), 1, Vec::new())
    }

    fn stakes(&mut self) -> Result<(), WorkloadError> {
        let user = self.network.user();
        let validator = self.network.address(self.network.validator(0));
        let delegate = || Staking::delegateCall { validator }.abi_encode();
        self.send("staking: delegate, the first time", user, STAKING, 10 * MDT, delegate())?;
        self.send("staking: delegate, again", user, STAKING, MDT, delegate())?;
        let first = self.network.validator(0);
        self.send(
            "staking: set the commission",
            first,
            STAKING,
            0,
            Staking::setCommissionCall { ppm: 60_000 }.abi_encode(),
        )?;
        let key = ConsensusKey::derive(1, "bench", 0).map_err(|error| WorkloadError::Contract(error.to_string()))?;
        let chain_id = self.network.ledger.chain.domain().chain_id;
        let owner = self.network.owner();
        let possession = halves(&key.prove(chain_id, self.network.address(owner)).0);
        let register = Staking::registerCall { key: key.public(), possession, commission: 50_000 };
        self.send("staking: register as a validator", owner, STAKING, 100 * MDT, register.abi_encode())
    }

    fn treasury(&mut self) -> Result<(), WorkloadError> {
        let (owner, user) = (self.network.owner(), self.network.user());
        let holder = self.network.address(user);
        self.send("treasury: deposit", user, TREASURY, MDT, Treasury::depositCall {}.abi_encode())?;
        let spend = Treasury::spendCall { to: holder, amount: MDT, memo: B256::repeat_byte(9) };
        let grant = Treasury::grantCall {
            holder,
            total: 100 * MDT,
            atStart: 10 * MDT,
            start: 0,
            cliff: 1,
            length: 1_000,
            isRevocable: true,
        };
        let propose = |to, input: Vec<u8>| Multisig::proposeCall { to, value: 0, input: input.into() }.abi_encode();
        let execute = |id| Multisig::executeCall { id }.abi_encode();
        self.send("multisig: propose a call", owner, MULTISIG, 0, propose(TREASURY, spend.abi_encode()))?;
        self.send("multisig: execute, treasury: spend", owner, MULTISIG, 0, execute(0))?;
        self.send("multisig: propose a grant", owner, MULTISIG, 0, propose(TREASURY, grant.abi_encode()))?;
        self.send("multisig: execute, treasury: grant", owner, MULTISIG, 0, execute(1))?;
        self.network.advance_to(self.network.ledger.chain.height() + 2)?;
        self.send(
            "treasury: release what has vested",
            user,
            TREASURY,
            0,
            Treasury::releaseCall { id: 0 }.abi_encode(),
        )?;
        let revoke = Treasury::revokeCall { id: 0 }.abi_encode();
        self.send("multisig: propose a revocation", owner, MULTISIG, 0, propose(TREASURY, revoke))?;
        self.send("multisig: execute, treasury: revoke", owner, MULTISIG, 0, execute(2))
    }

    /// What follows when an epoch is settled.
    fn rest(&mut self) -> Result<(), WorkloadError> {
        let (owner, user, first) = (self.network.owner(), self.network.user(), self.network.validator(0));
        let validator = self.network.address(first);
        let claim = Staking::claimRewardsCall { validator }.abi_encode();
        self.send("staking: claim rewards", user, STAKING, 0, claim.clone())?;
        self.send("staking: claim rewards of a validator", first, STAKING, 0, claim)?;
        let unbond = Staking::unbondCall { validator, amount: 5 * MDT };
        self.send("staking: unbond", user, STAKING, 0, unbond.abi_encode())?;
        self.send("slashing: report of a double sign", user, SLASHING, 0, self.evidence(1)?)?;
        self.send("registry: deregister", 0, REGISTRY, 0, Registry::deregisterCall {}.abi_encode())?;
        self.send("recycling: recycle", user, RECYCLING, MDT, Recycling::recycleCall { source: 2 }.abi_encode())?;
        let burn = Recycling::burnQualityPenaltyCall {}.abi_encode().into();
        let propose = Multisig::proposeCall { to: RECYCLING, value: MDT, input: burn };
        self.send("multisig: deposit", owner, MULTISIG, MDT, vec![0xd0, 0xe3, 0x0d, 0xb0])?;
        self.send("multisig: propose a burning", owner, MULTISIG, 0, propose.abi_encode())?;
        let execute = Multisig::executeCall { id: 3 };
        self.send("multisig: execute, recycling: burn a quality penalty", owner, MULTISIG, 0, execute.abi_encode())?;
        let epoch = self.network.epoch();
        self.network.approach(epoch.saturating_add(1))?;
        self.network.advance_to(self.network.ledger.chain.height() + UNBONDING_BLOCKS)?;
        self.send("staking: withdraw", user, STAKING, 0, Staking::withdrawCall { validator }.abi_encode())
    }

    /// Two votes of a validator for two blocks of the last height.
    fn evidence(&self, number: usize) -> Result<Vec<u8>, WorkloadError> {
        let none = || WorkloadError::Contract(format!("there is no validator {number}"));
        let key = self.network.keys.get(number).ok_or_else(none)?;
        let (chain_id, height) = (self.network.ledger.chain.domain().chain_id, self.network.ledger.chain.height());
        let [(hash_a, signature_a), (hash_b, signature_b)] = [1, 2].map(|byte| {
            let hash = B256::repeat_byte(byte);
            (hash, halves(&key.vote(&Vote { chain_id, height, view: 0, block_hash: hash.0 }).0))
        });
        let report = Slashing::reportDoubleSignCall {
            validator: self.network.address(self.network.validator(number)),
            height,
            view: 0,
            hashA: hash_a,
            signatureA: signature_a,
            hashB: hash_b,
            signatureB: signature_b,
        };
        Ok(report.abi_encode())
    }
}
