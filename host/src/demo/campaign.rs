//! The campaign of the demo: two contracts deployed, the list's exact sum minted and locked up, a claim for each line.
//!
//! ```text
//! height   1        2       3 ..                       ..             ..             n             n + 1
//!          deploy   fund    claims, 1,000 in a block   3 attacks      last claims    claim twice   after the window
//!                           |<------------------------ window ------------------------------->|
//! ```

use std::num::NonZeroUsize;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use florin_tokenomics::{Claim, ClaimTree, Scope};

use super::DemoError;
use super::cast::{Cast, GAS_LIMIT};
use super::contracts::{Claims, Token, claims_payload, token_payload};
use super::list::AllocationList;
use super::pipeline::Pipeline;

/// The number of the campaign.
pub(super) const CAMPAIGN: u64 = 1;

/// The most claims in a block.
pub const CLAIMS_PER_BLOCK_MAX: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Blocks of the window besides those with claims: three attacks on an open claim, and a claim made twice.
const OTHER_BLOCKS: u64 = 2;

/// A funded campaign over a list.
pub(super) struct Campaign {
    /// The list with its tree.
    pub(super) tree: ClaimTree,
    /// The token that is paid.
    pub(super) token: Address,
    /// The claims contract.
    pub(super) claims: Address,
    /// Claims in a block.
    pub(super) claims_per_block: NonZeroUsize,
    /// The last block in which it pays.
    pub(super) last_block: u64,
}

impl Campaign {
    /// Deploys the contracts, mints the list's sum to the owner, and locks it up in a campaign.
    pub(super) fn open(
        pipeline: &mut Pipeline,
        cast: &mut Cast,
        list: &AllocationList,
        claims_per_block: NonZeroUsize,
    ) -> Result<Self, DemoError> {
        let owner = &mut cast.owner;
        let total = U256::from(list.total());
        let (deploy_token, token) = owner.deploy(token_payload(owner.address(), total), GAS_LIMIT);
        let (deploy_claims, claims) = owner.deploy(claims_payload(), GAS_LIMIT);
        let approve = Token::approveCall { spender: claims, value: total }.abi_encode();
        let approve = owner.call(token, approve, GAS_LIMIT);
        pipeline.settle("deploying the contracts", &[deploy_token, deploy_claims, approve])?;

        let scope = Scope { chain_id: pipeline.genesis().chain_id, contract: claims.into_array(), campaign: CAMPAIGN };
        let lines = list.allocations().iter().map(|line| (line.account, line.amount)).collect::<Vec<_>>();
        let tree = ClaimTree::from_allocations(scope, &lines)?;

        let first_block = pipeline.height().saturating_add(1);
        let claim_blocks = u64::try_from(lines.len().div_ceil(claims_per_block.get())).unwrap_or(u64::MAX);
        let last_block = first_block.saturating_add(claim_blocks).saturating_add(OTHER_BLOCKS);
        let create = Claims::createCampaignCall {
            campaign: CAMPAIGN,
            token,
            root: tree.root().into(),
            leafCount: tree.count(),
            total: tree.total(),
            firstBlock: first_block,
            lastBlock: last_block,
            sweepTarget: owner.address(),
        };
        let create = owner.call(claims, create.abi_encode(), GAS_LIMIT);
        pipeline.settle("funding the campaign", &[create])?;
        Ok(Self { tree, token, claims, claims_per_block, last_block })
    }

    /// Returns the call that claims a line of the list.
    pub(super) fn claim(&self, line: &Claim) -> Claims::claimCall {
        let proof = self.tree.proof(line.index).unwrap_or_default();
        Claims::claimCall {
            campaign: CAMPAIGN,
            index: line.index,
            account: line.account.into(),
            amount: line.amount,
            proof: proof.into_iter().map(B256::from).collect(),
        }
    }
}
