//! A chain with funded users, whose supply is counted after every block.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, Bytes};
use florin_runtime::{
    block::{Block, CommittedBlock},
    chain::{Chain, ChainConfig},
    execution::{admission::intrinsic_gas, deploy::DeployPayload},
    gas::{Gas, GasSchedule},
    genesis::Genesis,
    ledger::{Account, Balance, Capabilities},
    receipt::Receipt,
    signature::VerifiedTransaction,
    transaction::{Body, GasPrice, Rejection, build},
    vm::{
        Vm, VmConfig,
        trace::{CALLS_MAX, Trace},
    },
};
use parity_scale_codec::Decode;
use secp256k1::{Message, SecretKey, ecdsa::RecoverableSignature};

use crate::puppet::Script;

/// What each user has at first.
pub(crate) const FUNDS: u128 = 1_000_000_000_000;
/// A machine that tells of functions, made once for all worlds with the usual prices, whatever engine they have.
static TRACED: LazyLock<Vm> = LazyLock::new(|| Vm::new(VmConfig::default()).and_then(|vm| vm.traced()).unwrap());

/// The gas limit where a test does not care.
pub(crate) const GAS: u64 = 10_000_000;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) chain: Chain,
    keys: Vec<SecretKey>,
}

/// Returns the address of a user, who has the same key in every world.
pub(crate) fn user(index: usize) -> Address {
    let digest = [7; 32];
    let (recovery, rs) = sign(&key(index), digest);
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&rs);
    signature[64] = recovery;
    florin_runtime::signature::ecdsa_recover(&digest, &signature).unwrap()
}

fn key(index: usize) -> SecretKey {
    SecretKey::from_secret_bytes([u8::try_from(index).unwrap() + 1; 32]).unwrap()
}

fn sign(key: &SecretKey, digest: [u8; 32]) -> (u8, [u8; 64]) {
    let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), key);
    let (recovery, rs) = signature.serialize_compact();
    (recovery.to_u8(), rs)
}

impl World {
    pub(crate) const USERS: usize = 4;

    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Genesis)) -> Self {
        Self::build(change, VmConfig::default())
    }

    pub(crate) fn with_vm(vm: VmConfig) -> Self {
        Self::build(|_| (), vm)
    }

    pub(crate) fn with_schedule(schedule: GasSchedule) -> Self {
        let hash = B256::new(schedule.hash());
        Self::build(|genesis| genesis.gas_schedule_hash = hash, VmConfig { schedule, ..VmConfig::default() })
    }

    fn build(change: impl FnOnce(&mut Genesis), vm: VmConfig) -> Self {
        let allocations = (0..Self::USERS).map(|index| (user(index), Balance::new(FUNDS))).collect();
        let first = user(0).create(0);
        let capabilities = Capabilities { mint: vec![first], burn: vec![first] };
        let proposer = Address::repeat_byte(0xfe);
        let mut genesis = Genesis { allocations, capabilities, proposer, ..Genesis::default() };
        change(&mut genesis);
        let config = ChainConfig { genesis, vm, signature_threads: 1 };
        let chain = Chain::new(config).unwrap();
        Self { chain, keys: (0..Self::USERS).map(key).collect() }
    }

    pub(crate) fn nonce(&self, index: usize) -> u64 {
        self.chain.account(user(index)).unwrap().nonce
    }

    pub(crate) fn balance(&self, address: Address) -> u128 {
        self.chain.account(address).unwrap().balance.wei()
    }

    pub(crate) fn stored(&self, contract: Address, key: &[u8]) -> Option<Vec<u8>> {
        self.chain.storage(contract, key).unwrap().map(|value| value.to_vec())
    }

    /// Signs a body.
    pub(crate) fn signed(&self, index: usize, body: &Body) -> VerifiedTransaction {
        let domain = self.chain.domain();
        let unsigned = build::eip1559(body, &domain);
        let (recovery, rs) = sign(&self.keys[index], unsigned.digest().0);
        let transaction = self.chain.decode(&unsigned.assemble(&rs, recovery == 1)).unwrap();
        self.chain.verify(vec![transaction]).remove(0).unwrap()
    }

    /// Returns a body of a user's next transaction.
    pub(crate) fn body(&self, index: usize, to: Option<Address>, value: u128, input: Vec<u8>) -> Body {
        Body {
            nonce: self.nonce(index),
            to,
            value: Balance::new(value),
            gas_limit: Gas(GAS),
            gas_price: GasPrice::flat(1),
            input: Bytes::from(input),
        }
    }

    /// Puts one transaction into a block of its own.
    pub(crate) fn send(&mut self, index: usize, body: &Body) -> Receipt {
        let transaction = self.signed(index, body);
        self.block(vec![transaction]).receipts()[0].clone()
    }

    pub(crate) fn call(&mut self, index: usize, to: Address, script: &Script) -> Receipt {
        let body = self.body(index, Some(to), 0, script.bytes());
        self.send(index, &body)
    }

    /// Deploys with the first user, who must succeed.
    pub(crate) fn deploy(&mut self, code: &[u8]) -> Address {
        let receipt = self.deploy_with(0, code, 0, &Script::new());
        assert!(receipt.status.is_success(), "{receipt:?}");
        receipt.contract.unwrap()
    }

    pub(crate) fn deploy_with(&mut self, index: usize, code: &[u8], value: u128, script: &Script) -> Receipt {
        let input = DeployPayload::join(code, &script.bytes()).unwrap();
        let mut body = self.body(index, None, value, input.to_vec());
        body.gas_limit = Gas(900_000_000);
        self.send(index, &body)
    }

    pub(crate) fn propose(&self, candidates: Vec<VerifiedTransaction>) -> (Block, Vec<(usize, Rejection)>) {
        let proposal = self.chain.propose(candidates, self.chain.head().timestamp + 12).unwrap();
        assert!(proposal.deferred.is_empty());
        (proposal.block, proposal.rejected)
    }

    /// Proposes, executes and commits a block, none of whose transactions may be rejected.
    pub(crate) fn block(&mut self, transactions: Vec<VerifiedTransaction>) -> CommittedBlock {
        let (block, rejected) = self.propose(transactions);
        assert_eq!(rejected, []);
        self.run(&block)
    }

    /// Executes a block twice, once traced, and commits it.
    pub(crate) fn run(&mut self, block: &Block) -> CommittedBlock {
        let executed = self.chain.execute(block).unwrap();
        let prices = [self.chain.vm(), &TRACED].map(|vm| vm.schedule().hash());
        let again = if prices[0] == prices[1] {
            let (again, traces) = self.chain.trace(&TRACED, block).unwrap();
            self.check_traces(block, again.receipts(), &traces);
            again
        } else {
            self.chain.execute(block).unwrap()
        };
        assert_eq!(again, executed, "the second execution differs");
        let committed = self.chain.commit(executed).unwrap();
        self.check_supply();
        committed
    }

    /// A trace ends as its transaction does, and its functions burn what the transaction pays beyond its intrinsic gas.
    fn check_traces(&self, block: &Block, receipts: &[Receipt], traces: &[Trace]) {
        assert_eq!(traces.len(), receipts.len());
        for ((transaction, receipt), trace) in block.transactions().iter().zip(receipts).zip(traces) {
            let burnt = trace.functions.iter().map(|function| function.ticks).sum();
            let intrinsic = intrinsic_gas(self.chain.vm().schedule(), transaction);
            let run = intrinsic.0 + Gas::from_ticks(burnt).0;
            // A deploy pays for the compiler too, which runs no function.
            assert!(receipt.gas_used.0 == run || transaction.to().is_none() && receipt.gas_used.0 > run);
            assert_eq!(trace.truncated, trace.calls.len() == CALLS_MAX);
            if let Some(first) = trace.calls.first() {
                assert_eq!((first.status, &first.output), (receipt.status, &receipt.output));
                let events = trace.calls.iter().map(|call| call.events.len()).sum::<usize>();
                assert!(receipt.events.len() <= events);
            }
        }
    }

    /// The supply equation: the sum of all balances is genesis + minted - burned.
    pub(crate) fn check_supply(&self) {
        let accounts = self.chain.memory().unwrap().entries().iter().filter(|(key, _)| key.as_bytes()[0] == 0);
        let sum: u128 = accounts.map(|(_, value)| Account::decode(&mut &value[..]).unwrap().balance.wei()).sum();
        assert_eq!(self.chain.supply().unwrap().circulating().unwrap().wei(), sum);
    }
}
