//! The settings of a sandbox, all of them with a default.
//!
//! Guarantees that the genesis and the machine agree on the prices. Refuses a genesis that contradicts itself.

use alloy_primitives::{Address, B256, Bytes};
use florin_abi::limits::CALL_DEPTH_MAX;
use florin_runtime::chain::{Chain, ChainConfig};
use florin_runtime::gas::Gas;
use florin_runtime::genesis::{Genesis, GenesisCall, GenesisContract};
use florin_runtime::hook::Hook;
use florin_runtime::ledger::{Balance, WEI_PER_MDT};
use florin_runtime::vm::{EngineKind, VmConfig};
use florin_sdk::Contract;

use crate::account::Account;
use crate::artifact::{ArtifactError, artifact};
use crate::error::SandboxError;
use crate::sandbox::Sandbox;
use crate::world::World;

/// What a named account holds when it is first asked for: 1,000 MDT.
const ACCOUNT_BALANCE: Balance = Balance::new(1_000 * WEI_PER_MDT);
/// What the account that funds the others holds: 10,000,000 MDT, enough for 10,000 accounts.
const FAUCET_BALANCE: Balance = Balance::new(10_000_000 * WEI_PER_MDT);
/// The time of the genesis: 2026-01-01 00:00:00 UTC.
const GENESIS_TIME: u64 = 1_767_225_600;
/// Seconds from one block to the next.
const BLOCK_SECONDS: u64 = 12;
/// The gas limit of a transaction unless it says otherwise.
const TRANSACTION_GAS_LIMIT: Gas = Gas(50_000_000);

/// Settings of a [`Sandbox`].
#[derive(Clone, Debug)]
pub struct SandboxBuilder {
    genesis: Genesis,
    vm: VmConfig,
    signature_threads: usize,
    gas_limit: Gas,
    account_balance: Balance,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        let faucet = Account::named(World::FAUCET);
        let genesis = Genesis {
            time: GENESIS_TIME,
            allocations: vec![(faucet.address(), FAUCET_BALANCE)],
            proposer: Account::named("proposer").address(),
            ..Genesis::default()
        };
        Self {
            genesis,
            // One thread executes.
            vm: VmConfig { instances_max: CALL_DEPTH_MAX, ..VmConfig::default() },
            signature_threads: 1,
            gas_limit: TRANSACTION_GAS_LIMIT,
            account_balance: ACCOUNT_BALANCE,
        }
    }
}

impl SandboxBuilder {
    /// Sets the chain id, which every transaction is signed for.
    #[must_use]
    pub const fn chain_id(mut self, chain_id: u64) -> Self {
        self.genesis.chain_id = chain_id;
        self
    }

    /// Sets the engine that runs contracts. Receipts, gas and roots do not depend on it.
    #[must_use]
    pub fn engine(mut self, engine: EngineKind) -> Self {
        self.vm.engine = engine;
        self
    }

    /// Sets everything about the virtual machine, the gas schedule included.
    #[must_use]
    pub fn vm(mut self, vm: VmConfig) -> Self {
        self.vm = vm;
        self
    }

    /// Sets the price of gas in wei, which accounts also offer.
    #[must_use]
    pub const fn gas_price(mut self, wei: u128) -> Self {
        self.genesis.gas_price = wei;
        self
    }

    /// Sets the gas that a transaction may use unless it says otherwise.
    #[must_use]
    pub const fn gas_limit(mut self, gas: Gas) -> Self {
        self.gas_limit = gas;
        self
    }

    /// Sets the gas of all transactions of a block together.
    #[must_use]
    pub const fn block_gas_limit(mut self, gas: Gas) -> Self {
        self.genesis.block_gas_limit = gas;
        self
    }

    /// Sets what a named account holds when it is first asked for.
    #[must_use]
    pub const fn account_balance(mut self, balance: Balance) -> Self {
        self.account_balance = balance;
        self
    }

    /// Gives an address an amount in the genesis.
    #[must_use]
    pub fn allocate(mut self, address: impl Into<Address>, balance: Balance) -> Self {
        self.genesis.allocations.push((address.into(), balance));
        self
    }

    /// Lets a contract mint MDT and burn its own. The address of a contract is known before it is deployed:
    /// [`Account::address`] and nonce determine it ([`Address::create`]).
    #[must_use]
    pub fn mint_and_burn(mut self, contract: Address) -> Self {
        self.genesis.capabilities.mint.push(contract);
        self.genesis.capabilities.burn.push(contract);
        self
    }

    /// Lets a contract mint MDT.
    #[must_use]
    pub fn mint(mut self, contract: Address) -> Self {
        self.genesis.capabilities.mint.push(contract);
        self
    }

    /// Lets a contract burn its own MDT.
    #[must_use]
    pub fn burn(mut self, contract: Address) -> Self {
        self.genesis.capabilities.burn.push(contract);
        self
    }

    /// Takes a genesis as it is, with an allocation for the accounts added. Beside the gas schedule, which is the machine's,
    /// whatever was set of the genesis before is gone.
    #[must_use]
    pub fn genesis(mut self, mut genesis: Genesis) -> Self {
        genesis.allocations.push((Account::named(World::FAUCET).address(), FAUCET_BALANCE));
        self.genesis = genesis;
        self
    }

    /// Creates a contract in the genesis, at any address; its constructor takes `creator` for the caller.
    ///
    /// # Errors
    /// If there is no artifact. What its constructor refuses is told when the sandbox is built.
    pub fn contract<C: Contract>(
        self,
        address: Address,
        creator: Address,
        args: &C::InitArgs,
    ) -> Result<Self, ArtifactError> {
        Ok(self.contract_wasm(GenesisContract {
            address,
            creator,
            code: artifact::<C>()?.into(),
            arguments: C::encode_init(args).into(),
        }))
    }

    /// Creates a contract of any module in the genesis.
    #[must_use]
    pub fn contract_wasm(mut self, contract: GenesisContract) -> Self {
        self.genesis.contracts.push(contract);
        self
    }

    /// Sends a message in the genesis, after the constructors. The caller's allocation pays the value.
    #[must_use]
    pub fn call(mut self, call: GenesisCall) -> Self {
        self.genesis.calls.push(call);
        self
    }

    /// Lets the chain call a contract before the transactions of every block.
    #[must_use]
    pub fn hook(mut self, contract: Address, message: impl Into<Bytes>, gas_limit: Gas) -> Self {
        self.genesis.hooks.push(Hook { contract, message: message.into(), gas_limit });
        self
    }

    /// Sets the number of threads that verify the signatures of a block.
    #[must_use]
    pub const fn signature_threads(mut self, threads: usize) -> Self {
        self.signature_threads = threads;
        self
    }

    /// Starts the chain.
    ///
    /// # Errors
    /// If the genesis contradicts itself or the engine cannot be set up.
    pub fn build(self) -> Result<Sandbox, SandboxError> {
        let gas_schedule_hash = B256::new(self.vm.schedule.hash());
        let genesis = Genesis { gas_schedule_hash, ..self.genesis };
        let chain = Chain::new(ChainConfig { genesis, vm: self.vm, signature_threads: self.signature_threads })?;
        Ok(Sandbox::of(World::new(chain, BLOCK_SECONDS, self.gas_limit, self.account_balance)))
    }
}
