//! The claims contract, as Wasm on the chain, against trees from an independent implementation.

use florin_claims::{Claimed, Claims, ClaimsError, Swept};
use florin_sandbox::{
    Account, Address, B256, Balance, Client, ClientOf, ExpectRevert, Gas, Sandbox, Status, U256, WEI_PER_MDT, Wallet,
};
use florin_sdk::client::RawCall;
use florin_token::{Token, Transfer};

use crate::claim_tree::{self, Campaign, Hash};

/// Who gets what is not claimed.
const POOL: Address = Address::repeat_byte(0x9f);

/// A list of accounts in ascending order, and what each may claim.
fn list(lines: u8) -> Vec<(Address, u128)> {
    (1..=lines).map(|line| (Address::repeat_byte(line), 1_000 + u128::from(line))).collect()
}

fn total(list: &[(Address, u128)]) -> u128 {
    list.iter().map(|(_, amount)| amount).sum()
}

/// A funded campaign of MDT over a list.
struct Airdrop {
    sandbox: Sandbox,
    claims: ClientOf<Claims>,
    owner: Account,
    relayer: Account,
    list: Vec<(Address, u128)>,
    leaves: Vec<Hash>,
}

const CAMPAIGN: u64 = 7;

impl Airdrop {
    fn new(list: Vec<(Address, u128)>) -> Self {
        let sum = total(&list);
        Self::with_total(list, sum)
    }

    fn with_total(list: Vec<(Address, u128)>, total: u128) -> Self {
        let sandbox = Sandbox::new();
        let [owner, relayer] = ["owner", "relayer"].map(|name| sandbox.account(name));
        let claims = sandbox.by(&owner).deploy::<Claims>(()).unwrap();
        let leaves = scope(&sandbox, claims.address(), CAMPAIGN).leaves(&list);
        let drop = Self { sandbox, claims, owner, relayer, list, leaves };
        drop.create(CAMPAIGN, total, 0, 0).unwrap();
        drop
    }

    /// Creates a campaign over the list's root.
    fn create(
        &self,
        campaign: u64,
        total: u128,
        first_block: u64,
        last_block: u64,
    ) -> Result<(), florin_sdk::client::CallError<ClaimsError, florin_sandbox::SandboxError>> {
        let root = B256::from(claim_tree::root(&self.leaves));
        let mut claims = self.claims.by(&self.owner);
        let count = u32::try_from(self.list.len()).unwrap();
        let call = claims.create_campaign(campaign, Address::ZERO, root, count, total, first_block, last_block, POOL);
        call.value(total).send()
    }

    fn proof(&self, index: usize) -> Vec<B256> {
        claim_tree::proof(&self.leaves, index).into_iter().map(B256::from).collect()
    }

    /// Submits the claim of one line as the relayer.
    fn claim(
        &self,
        index: usize,
    ) -> Result<(), florin_sdk::client::CallError<ClaimsError, florin_sandbox::SandboxError>> {
        let (account, amount) = self.list[index];
        self.claim_with(index, account, amount, self.proof(index))
    }

    fn claim_with(
        &self,
        index: usize,
        account: Address,
        amount: u128,
        proof: Vec<B256>,
    ) -> Result<(), florin_sdk::client::CallError<ClaimsError, florin_sandbox::SandboxError>> {
        let index = u32::try_from(index).unwrap();
        self.claims.by(&self.relayer).claim(CAMPAIGN, index, account, amount, proof).send()
    }

    /// Returns the calldata of a claim.
    fn raw_claim(&self, index: usize) -> RawCall {
        let (account, amount) = self.list[index];
        let mut claims = self.claims.by(&self.relayer);
        claims.claim(CAMPAIGN, u32::try_from(index).unwrap(), account, amount, self.proof(index)).raw().clone()
    }

    fn paid(&self, index: usize) -> u128 {
        self.sandbox.balance(self.list[index].0).unwrap().wei()
    }

    fn claimed(&self) -> u128 {
        self.claims.by(&self.relayer).claimed(CAMPAIGN).view().unwrap()
    }

    /// An account that may put a thousand claims into one block.
    fn frugal(&self, account: &Account) -> Wallet {
        self.sandbox.by(account).with_gas_limit(Gas(400_000))
    }
}

fn scope(sandbox: &Sandbox, contract: Address, number: u64) -> Campaign {
    Campaign { chain_id: sandbox.domain().chain_id, contract, number }
}

#[test]
fn every_line_is_paid_by_a_proof_from_an_independent_tree() {
    for lines in [1, 2, 3, 4, 5, 6, 7, 11, 16, 33] {
        let drop = Airdrop::new(list(lines));
        for index in 0..usize::from(lines) {
            drop.claim(index).unwrap();
            assert_eq!(drop.paid(index), drop.list[index].1);
            let (account, amount) = drop.list[index];
            let event = Claimed { campaign: CAMPAIGN, account, index: u32::try_from(index).unwrap(), amount };
            assert_eq!(drop.sandbox.last_receipt().unwrap().events_of::<Claimed>(), [event]);
        }
        assert_eq!(drop.claimed(), total(&drop.list));
        assert_eq!(drop.sandbox.balance(drop.claims.address()).unwrap(), Balance::ZERO);
    }
}

#[test]
fn the_trees_of_the_chains_own_definition_are_the_independent_ones() {
    for lines in 1..=200 {
        let list = list(lines);
        let scope = Campaign { chain_id: 5, contract: Address::repeat_byte(6), number: 7 };
        let leaves = scope.leaves(&list);
        let ours = florin_tokenomics::Scope { chain_id: 5, contract: [6; 20], campaign: 7 };
        let allocations: Vec<_> = list.iter().map(|(account, amount)| (account.into_array(), *amount)).collect();
        let tree = florin_tokenomics::ClaimTree::from_allocations(ours, &allocations).unwrap();
        assert_eq!(tree.root(), claim_tree::root(&leaves));
        for index in 0..u32::from(lines) {
            assert_eq!(tree.proof(index).unwrap(), claim_tree::proof(&leaves, index as usize));
        }
    }
}

#[test]
fn case_81_an_inner_node_is_no_leaf() {
    let drop = Airdrop::new(list(4));
    // One level up: the proof of the parent, at the parent's place.
    let proof = drop.proof(0)[1..].to_vec();
    for index in 0..4 {
        let (account, amount) = drop.list[index];
        let error = drop.claim_with(index, account, amount, proof.clone()).expect_revert();
        assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN, index: u32::try_from(index).unwrap() });
    }
    // A leaf is 85 bytes behind tag 0, a node 65 bytes behind tag 1; no 64 bytes are a leaf.
    assert_eq!(florin_tokenomics::LEAF_BYTES, 85);
    assert_eq!(drop.claimed(), 0);
}

#[test]
fn case_82_a_doubled_last_leaf_proves_nothing() {
    // Three leaves and a root made as if the third stood twice (CVE-2012-2459).
    let mut drop = Airdrop::new(list(3));
    drop.leaves.push(drop.leaves[2]);
    let (account, amount) = drop.list[2];
    let phantom = claim_tree::proof(&drop.leaves, 3).into_iter().map(B256::from).collect();
    let error = drop.claim_with(3, account, amount, phantom).expect_revert();
    assert_eq!(error, ClaimsError::IndexOutOfRange { index: 3, leaf_count: 3 });
    let doubled = claim_tree::proof(&drop.leaves, 2).into_iter().map(B256::from).collect();
    let error = drop.claim_with(2, account, amount, doubled).expect_revert();
    assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN, index: 2 });
    // A list with an account or an index twice is not built at all.
    let ours = florin_tokenomics::Scope { chain_id: 5, contract: [6; 20], campaign: 7 };
    let twice = [([1; 20], 5), ([1; 20], 6)];
    assert!(florin_tokenomics::ClaimTree::from_allocations(ours, &twice).is_err());
}

#[test]
fn case_83_a_proof_has_exactly_its_length() {
    let drop = Airdrop::new(list(5));
    let invalid = |index| ClaimsError::InvalidProof { campaign: CAMPAIGN, index };
    for index in 0..5 {
        let (account, amount) = drop.list[index];
        let number = u32::try_from(index).unwrap();
        let proof = drop.proof(index);
        let longer = |nodes: usize| [proof.clone(), vec![B256::ZERO; nodes]].concat();
        for wrong in
            [Vec::new(), proof[1..].to_vec(), proof[..proof.len() - 1].to_vec(), longer(1), longer(40), longer(3_000)]
        {
            if wrong != proof {
                let error = drop.claim_with(index, account, amount, wrong).expect_revert();
                assert_eq!(error, invalid(number));
            }
        }
        let mut forged = proof.clone();
        forged[0][31] ^= 1;
        assert_eq!(drop.claim_with(index, account, amount, forged).expect_revert(), invalid(number));
        // The right proof at the wrong place.
        let beside = drop.claim_with((index + 1) % 5, account, amount, proof).expect_revert();
        assert_eq!(beside, invalid(u32::try_from((index + 1) % 5).unwrap()));
    }
    for index in [5, 6, u32::MAX as usize] {
        let (account, amount) = drop.list[0];
        let error = drop.claim_with(index, account, amount, drop.proof(0)).expect_revert();
        assert_eq!(error, ClaimsError::IndexOutOfRange { index: u32::try_from(index).unwrap(), leaf_count: 5 });
    }
    assert_eq!(drop.claimed(), 0);
}

#[test]
fn case_84_a_leaf_of_another_chain_contract_or_campaign_is_none_here() {
    let here = Airdrop::new(list(4));
    let right = scope(&here.sandbox, here.claims.address(), CAMPAIGN);
    let (account, amount) = here.list[0];
    for foreign in [
        Campaign { chain_id: right.chain_id + 1, ..right },
        Campaign { contract: Address::repeat_byte(1), ..right },
        Campaign { number: CAMPAIGN + 1, ..right },
    ] {
        // The owner is talked into the foreign root; its leaves are claimable nowhere.
        let leaves = foreign.leaves(&here.list);
        let mut claims = here.claims.by(&here.owner);
        let root = B256::from(claim_tree::root(&leaves));
        let campaign = 100;
        let snapshot = here.sandbox.snapshot();
        claims.create_campaign(campaign, Address::ZERO, root, 4, 10_000, 0, 0, POOL).value(10_000).send().unwrap();
        let proof = claim_tree::proof(&leaves, 0).into_iter().map(B256::from).collect();
        let error = claims.claim(campaign, 0, account, amount, proof).send().expect_revert();
        assert_eq!(error, ClaimsError::InvalidProof { campaign, index: 0 });
        here.sandbox.revert(&snapshot);
    }
    here.claim(0).unwrap();
}

#[test]
fn case_85_fields_of_a_leaf_do_not_run_into_each_other() {
    // Values that would read the same if they were joined as text, or as bytes of no fixed width.
    let scope = Campaign { chain_id: 1, contract: Address::repeat_byte(6), number: 23 };
    let joined = Campaign { chain_id: 12, contract: Address::repeat_byte(6), number: 3 };
    let account = Address::repeat_byte(1);
    assert_ne!(scope.leaf(1, account, 23), scope.leaf(12, account, 3));
    assert_ne!(scope.leaf(1, account, 23), joined.leaf(1, account, 23));
    assert_ne!(scope.leaf(1, account, 256), scope.leaf(256, account, 1));

    let drop = Airdrop::new(vec![(Address::repeat_byte(1), 23), (Address::repeat_byte(2), 3)]);
    for (account, amount) in
        [(Address::repeat_byte(1), 2), (Address::repeat_byte(1), 230), (Address::repeat_byte(1), 23 << 8)]
    {
        let error = drop.claim_with(0, account, amount, drop.proof(0)).expect_revert();
        assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN, index: 0 });
    }
}

#[test]
fn case_86_equal_lines_of_two_campaigns_have_different_leaves_and_a_guess_is_told_nothing() {
    let drop = Airdrop::new(list(4));
    let (account, amount) = drop.list[0];
    let here = scope(&drop.sandbox, drop.claims.address(), CAMPAIGN);
    let there = Campaign { number: CAMPAIGN + 1, ..here };
    assert_ne!(here.leaf(0, account, amount), there.leaf(0, account, amount));
    // Whoever guesses a line learns that it is right by its proof only: without one, the contract tells nothing apart.
    let mut claims = drop.claims.by(&drop.relayer);
    for guessed in [amount, amount + 1] {
        assert_eq!(claims.status_of(CAMPAIGN, 0, account, guessed, Vec::new()).view().unwrap(), 0);
    }
    assert_eq!(claims.status_of(CAMPAIGN, 0, account, amount, drop.proof(0)).view().unwrap(), 1);
}

#[test]
fn case_87_nothing_is_proven_by_no_leaves_or_by_the_root_itself() {
    let drop = Airdrop::new(list(5));
    let mut claims = drop.claims.by(&drop.relayer);
    let empty = claims.claim_many(CAMPAIGN, Vec::new()).send().expect_revert();
    assert_eq!(empty, ClaimsError::BatchSize { claims: 0, claims_max: florin_claims::claims::BATCH_CLAIMS_MAX });
    // Each line of a batch has a whole proof of its own: neither the root, nor zeros, nor another line's proof stands for it.
    let root = B256::from(claim_tree::root(&drop.leaves));
    let (account, amount) = drop.list[1];
    for nodes in [vec![], vec![root], vec![root; 3], vec![B256::ZERO; 3], drop.proof(0)] {
        let lines = vec![(0, drop.list[0].0, drop.list[0].1, drop.proof(0)), (1, account, amount, nodes)];
        let error = claims.claim_many(CAMPAIGN, lines).send().expect_revert();
        assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN, index: 1 });
    }
    assert_eq!((drop.paid(0), drop.paid(1), drop.claimed()), (0, 0, 0));
}

#[test]
fn case_88_a_claim_a_thousand_times_in_one_block_is_paid_once() {
    let drop = Airdrop::new(list(4));
    let others = ["bob", "carol", "dave"].map(|name| drop.frugal(&drop.sandbox.account(name)));
    let claim = drop.raw_claim(2);
    let mut block = drop.sandbox.block();
    for round in 0..1_000 {
        block.push(&others[round % others.len()], &claim).unwrap();
    }
    let outcomes = block.mine().unwrap();
    let statuses: Vec<Status> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap().status).collect();
    assert_eq!(statuses.len(), 1_000);
    assert_eq!(statuses[0], Status::Success);
    assert!(statuses[1..].iter().all(|status| *status == Status::Reverted));
    let error = outcomes[999].as_ref().unwrap().expect_revert::<ClaimsError>();
    assert_eq!(error, ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 2 });
    assert_eq!((drop.paid(2), drop.claimed()), (drop.list[2].1, drop.list[2].1));
}

#[test]
fn case_88_a_claim_is_paid_once_over_blocks_senders_and_dropped_blocks() {
    let drop = Airdrop::new(list(4));
    let before = drop.sandbox.snapshot();
    drop.claim(1).unwrap();
    assert_eq!(drop.claim(1).expect_revert(), ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 1 });
    // As its own account, and in a batch.
    let (account, amount) = drop.list[1];
    let mut batch = drop.claims.by(&drop.owner);
    let twice = vec![(1, account, amount, drop.proof(1))];
    let error = batch.claim_many(CAMPAIGN, twice.clone()).send().expect_revert();
    assert_eq!(error, ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 1 });

    // The block is dropped: the claim was never paid, and is paid once again.
    drop.sandbox.revert(&before);
    assert_eq!(drop.paid(1), 0);
    let within = [twice.clone(), twice].concat();
    let error = batch.claim_many(CAMPAIGN, within).send().expect_revert();
    assert_eq!(error, ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 1 });
    assert_eq!(drop.paid(1), 0);
    drop.claim(1).unwrap();
    assert_eq!((drop.paid(1), drop.claimed()), (amount, amount));
}

#[test]
fn case_89_no_more_is_paid_than_the_campaign_holds() {
    // The leaves promise 4 times about 1,000; the campaign holds one wei less than the first three.
    let lines = list(4);
    let held = total(&lines[..3]) - 1;
    let drop = Airdrop::with_total(lines, held);
    // Money of another campaign lies in the same contract.
    drop.create(CAMPAIGN + 1, 1_000_000, 0, 0).unwrap();
    drop.claim(0).unwrap();
    drop.claim(1).unwrap();
    let claimed = drop.list[0].1 + drop.list[1].1;
    let expected = |index: usize| ClaimsError::TotalExceeded {
        campaign: CAMPAIGN,
        amount: drop.list[index].1,
        claimed,
        total: held,
    };
    assert_eq!(drop.claim(2).expect_revert(), expected(2));
    assert_eq!(drop.claim(3).expect_revert(), expected(3));
    assert_eq!((drop.paid(2), drop.paid(3), drop.claimed()), (0, 0, claimed));
}

#[test]
fn case_89_one_leaf_above_the_whole_total_is_not_paid() {
    let drop =
        Airdrop::with_total(vec![(Address::repeat_byte(1), u128::MAX), (Address::repeat_byte(2), u128::MAX)], 1_000);
    for index in 0..2 {
        let error = drop.claim(index).expect_revert();
        assert_eq!(
            error,
            ClaimsError::TotalExceeded { campaign: CAMPAIGN, amount: u128::MAX, claimed: 0, total: 1_000 }
        );
    }
}

#[test]
fn case_90_a_campaigns_root_is_never_replaced() {
    let drop = Airdrop::new(list(4));
    drop.claim(0).unwrap();
    let error = drop.create(CAMPAIGN, 5_000, 0, 0).expect_revert();
    assert_eq!(error, ClaimsError::CampaignExists { campaign: CAMPAIGN });
    // The same root under a new number: old proofs stay with the old campaign.
    drop.create(CAMPAIGN + 1, 5_000, 0, 0).unwrap();
    let (account, amount) = drop.list[1];
    let mut claims = drop.claims.by(&drop.relayer);
    let error = claims.claim(CAMPAIGN + 1, 1, account, amount, drop.proof(1)).send().expect_revert();
    assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN + 1, index: 1 });
    drop.claim(1).unwrap();
    assert_eq!(drop.claim(0).expect_revert(), ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 0 });
}

#[test]
fn case_91_the_window_opens_and_closes_at_its_exact_blocks() {
    let drop = Airdrop::new(list(4));
    let sandbox = &drop.sandbox;
    let campaign = 9;
    let leaves = scope(sandbox, drop.claims.address(), campaign).leaves(&drop.list);
    let root = B256::from(claim_tree::root(&leaves));
    let (first_block, last_block) = (sandbox.height() + 10, sandbox.height() + 20);
    let mut claims = drop.claims.by(&drop.owner);
    let sum = total(&drop.list);
    claims
        .create_campaign(campaign, Address::ZERO, root, 4, sum, first_block, last_block, POOL)
        .value(sum)
        .send()
        .unwrap();
    let mut claim = |index: usize| {
        let (account, amount) = drop.list[index];
        let proof = claim_tree::proof(&leaves, index).into_iter().map(B256::from).collect();
        claims.claim(campaign, u32::try_from(index).unwrap(), account, amount, proof).send()
    };

    // Each claim makes the block after the height that it is submitted at.
    sandbox.advance_to(first_block - 2).unwrap();
    let early = ClaimsError::NotStarted { campaign, first_block, height: first_block - 1 };
    assert_eq!(claim(0).expect_revert(), early);
    claim(0).unwrap();
    assert_eq!(sandbox.height(), first_block);
    sandbox.advance_to(last_block - 1).unwrap();
    claim(1).unwrap();
    assert_eq!(sandbox.height(), last_block);
    let late = ClaimsError::WindowClosed { campaign, last_block, height: last_block + 1 };
    assert_eq!(claim(2).expect_revert(), late);
}

#[test]
fn case_90_91_the_rest_is_swept_once_and_not_a_block_too_early() {
    let drop = Airdrop::new(list(4));
    let sandbox = &drop.sandbox;
    let campaign = 9;
    let last_block = sandbox.height() + 5;
    drop.create(campaign, 5_000, 0, last_block).unwrap();
    let held = |address| sandbox.balance(address).unwrap().wei();
    let before = held(drop.claims.address());
    let mut anyone = drop.claims.by(&drop.relayer);

    sandbox.advance_to(last_block - 1).unwrap();
    let open = ClaimsError::WindowOpen { campaign, last_block, height: last_block };
    assert_eq!(anyone.sweep(campaign).send().expect_revert(), open);
    anyone.sweep(campaign).send().unwrap();
    let event = Swept { campaign, target: POOL, amount: 5_000 };
    assert_eq!(sandbox.last_receipt().unwrap().events_of::<Swept>(), [event]);
    assert_eq!(anyone.sweep(campaign).send().expect_revert(), ClaimsError::AlreadySwept { campaign });
    assert_eq!(
        drop.claims.by(&drop.owner).sweep(campaign).send().expect_revert(),
        ClaimsError::AlreadySwept { campaign }
    );
    assert_eq!((held(POOL), before - held(drop.claims.address())), (5_000, 5_000));
    // The other campaign's money is untouched, its claims are paid.
    drop.claim(3).unwrap();
}

#[test]
fn case_92_whoever_submits_a_claim_the_account_of_its_leaf_is_paid() {
    let drop = Airdrop::new(list(4));
    let mallory = drop.sandbox.account("mallory");
    let mut hers = drop.claims.by(&mallory);
    let (account, amount) = drop.list[3];
    for (account, amount) in [(mallory.address(), amount), (account, amount + 1), (account, 0)] {
        let error = hers.claim(CAMPAIGN, 3, account, amount, drop.proof(3)).send().expect_revert();
        assert_eq!(error, ClaimsError::InvalidProof { campaign: CAMPAIGN, index: 3 });
    }
    let before = drop.sandbox.balance(&mallory).unwrap();
    hers.claim(CAMPAIGN, 3, account, amount, drop.proof(3)).send().unwrap();
    let fee = drop.sandbox.last_receipt().unwrap().fee;
    assert_eq!(drop.sandbox.balance(&mallory).unwrap(), before.checked_sub(fee).unwrap());
    assert_eq!(drop.paid(3), amount);
    assert!(before.wei() <= 1_000 * WEI_PER_MDT);
}

#[test]
fn a_campaign_of_a_token_pays_in_the_token_and_sweeps_the_rest() {
    let drop = Airdrop::new(list(5));
    let (sandbox, owner, relayer) = (&drop.sandbox, &drop.owner, &drop.relayer);
    let (campaign, held) = (50, U256::from(total(&drop.list)));
    let token = ("Gold".to_owned(), "GLD".to_owned(), 18, owner.address(), held);
    let token = sandbox.by(owner).deploy::<Token>(token).unwrap();
    let balance = |address| token.by(relayer).balance_of(address).view().unwrap();

    let leaves = scope(sandbox, drop.claims.address(), campaign).leaves(&drop.list);
    let root = B256::from(claim_tree::root(&leaves));
    let last_block = sandbox.height() + 10;
    let create = || {
        let mut claims = drop.claims.by(owner);
        claims.create_campaign(campaign, token.address(), root, 5, total(&drop.list), 0, last_block, POOL).send()
    };
    // Without an approval the token refuses, and there is no campaign.
    let refused = ClaimsError::TokenFailed { token: token.address(), status: Status::Reverted.code() };
    assert_eq!(create().expect_revert(), refused);
    token.by(owner).approve(drop.claims.address(), held).send().unwrap();
    create().unwrap();
    assert_eq!([balance(owner.address()), balance(drop.claims.address())], [U256::ZERO, held]);

    let (account, amount) = drop.list[4];
    let proof: Vec<B256> = claim_tree::proof(&leaves, 4).into_iter().map(B256::from).collect();
    let mut claims = drop.claims.by(relayer);
    claims.claim(campaign, 4, account, amount, proof).send().unwrap();
    let receipt = sandbox.last_receipt().unwrap();
    assert_eq!((receipt.events_of::<Claimed>().len(), receipt.events_of::<Transfer>().len()), (1, 1));
    assert_eq!(balance(account), U256::from(amount));

    sandbox.advance_to(last_block).unwrap();
    claims.sweep(campaign).send().unwrap();
    assert_eq!([balance(POOL), balance(drop.claims.address())], [held - U256::from(amount), U256::ZERO]);
}
