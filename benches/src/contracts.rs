//! The artifacts of `token` and `claims` on a chain, called through bindings made from Solidity text.

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use florin_runtime::gas::Gas;
use florin_runtime::ledger::Balance;
use florin_runtime::transaction::{Body, GasPrice};
use florin_sandbox::deploy_payload;
use florin_tokenomics::{ClaimTree, Scope};

use crate::ledger::{Ledger, WorkloadError, recipient};

sol! {
    function transfer(address to, uint256 value) external returns (bool);
    function createCampaign(uint64 campaign, address token, bytes32 root, uint32 leafCount, uint128 total, uint64 firstBlock, uint64 lastBlock, address sweepTarget) external payable;
    function claim(uint64 campaign, uint32 index, address account, uint128 amount, bytes32[] proof) external;
}

/// Gas of a call; the rest is not paid.
const CALL_GAS: Gas = Gas(1_000_000);

/// Reads the Wasm of a contract.
///
/// # Errors
/// If it was never built.
pub fn artifact(name: &str) -> Result<Vec<u8>, WorkloadError> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/artifacts").join(name).with_extension("wasm");
    std::fs::read(&path).map_err(|error| WorkloadError::Contract(format!("{}: {error}", path.display())))
}

/// Returns a call without value.
pub fn call(nonce: u64, to: Address, input: Vec<u8>) -> Body {
    Body {
        nonce,
        to: Some(to),
        value: Balance::ZERO,
        gas_limit: CALL_GAS,
        gas_price: GasPrice::flat(1),
        input: input.into(),
    }
}

/// Deploys a contract as the first account and returns its address.
///
/// # Errors
/// If it is not there or is refused.
pub fn deploy(ledger: &mut Ledger, name: &str, args: &[u8]) -> Result<Address, WorkloadError> {
    deploy_module(ledger, &artifact(name)?, args)
}

/// Deploys a module as the first account and returns its address.
///
/// # Errors
/// If it is refused.
pub fn deploy_module(ledger: &mut Ledger, module: &[u8], args: &[u8]) -> Result<Address, WorkloadError> {
    let body = Body {
        nonce: 0,
        to: None,
        value: Balance::ZERO,
        gas_limit: Gas(200_000_000),
        gas_price: GasPrice::flat(1),
        input: deploy_payload(module, args),
    };
    let (_, contract) = ledger.commit(body)?;
    contract.ok_or_else(|| WorkloadError::Contract("no contract was created".to_owned()))
}

/// Deploys a token and gives each account of the ledger so many units.
///
/// # Errors
/// If a step fails.
pub fn deploy_token(ledger: &mut Ledger, units: u64) -> Result<Address, WorkloadError> {
    let owner = ledger.signers.first().map(crate::signer::Signer::address).unwrap_or_default();
    let args = ("Florin".to_owned(), "FLN".to_owned(), U256::from(9), owner, U256::from(u64::MAX));
    let token = deploy(ledger, "token", &args.abi_encode_params())?;
    let accounts: Vec<Address> = ledger.signers.iter().skip(1).map(crate::signer::Signer::address).collect();
    for account in accounts {
        ledger.commit(call(0, token, token_transfer(account, units)))?;
    }
    Ok(token)
}

/// Returns the calldata of a transfer of tokens.
pub fn token_transfer(to: Address, units: u64) -> Vec<u8> {
    transferCall { to, value: U256::from(units) }.abi_encode()
}

/// A funded campaign: each of its accounts may claim one wei.
pub struct Campaign {
    /// The claims contract.
    pub contract: Address,
    tree: ClaimTree,
}

impl Campaign {
    /// Deploys the claims contract and funds a campaign of so many accounts.
    ///
    /// # Errors
    /// If a step fails.
    pub fn new(ledger: &mut Ledger, accounts: u32) -> Result<Self, WorkloadError> {
        let contract = deploy(ledger, "claims", &[])?;
        let scope = Scope { chain_id: ledger.chain.domain().chain_id, contract: contract.into_array(), campaign: 1 };
        let allocations: Vec<_> = (0..accounts).map(|index| (recipient(index as usize).into_array(), 1)).collect();
        let tree = ClaimTree::from_allocations(scope, &allocations)
            .map_err(|error| WorkloadError::Contract(error.to_string()))?;
        let total = tree.total();
        let create = createCampaignCall {
            campaign: 1,
            token: Address::ZERO,
            root: B256::from(tree.root()),
            leafCount: accounts,
            total,
            firstBlock: 0,
            lastBlock: 0,
            sweepTarget: contract,
        };
        let body = Body { value: Balance::new(total), ..call(0, contract, create.abi_encode()) };
        ledger.commit(body)?;
        Ok(Self { contract, tree })
    }

    /// Returns the calldata of a claim.
    ///
    /// # Errors
    /// If there is no such claim.
    pub fn claim(&self, index: u32) -> Result<Bytes, WorkloadError> {
        let (index, account, amount, proof) = self.line(index)?;
        Ok(claimCall { campaign: 1, index, account, amount, proof }.abi_encode().into())
    }

    /// Returns index, account, amount and proof of a claim.
    ///
    /// # Errors
    /// If there is no such claim.
    pub fn line(&self, index: u32) -> Result<(u32, Address, u128, Vec<B256>), WorkloadError> {
        let no_claim = || WorkloadError::Contract(format!("there is no claim {index}"));
        let claim = self.tree.claims().get(index as usize).ok_or_else(no_claim)?;
        let proof = self.tree.proof(index).ok_or_else(no_claim)?;
        Ok((index, claim.account.into(), claim.amount, proof.into_iter().map(B256::from).collect()))
    }
}
