//! The same thing again and again, as Wasm on the chain: whoever repeats gains nothing, and loses nothing but fees.

use florin_claims::{Claims, ClaimsClient, ClaimsError};
use florin_sandbox::{Account, Address, B256, Balance, Client, Gas, Sandbox, Status, WEI_PER_MDT as MDT, Wallet};
use florin_sdk::client::RawCall;
use florin_tokenomics::shares::divide;
use florin_tokenomics::split::SplitTable;
use florin_tokenomics::{ClaimTree, Ppm, Scope};

use crate::numbers::Numbers;

const CLAIMS: Address = Address::repeat_byte(0xc1);
const POOL: Address = Address::repeat_byte(0x9f);
const CAMPAIGN: u64 = 7;

/// A chain with one campaign.
struct Scene {
    sandbox: Sandbox,
    relayers: Vec<Account>,
    tree: ClaimTree,
}

impl Scene {
    /// A campaign of so many lines of one amount, and relayers with money, on a chain that verifies signatures on so many threads.
    fn new(lines: u32, amount: u128, relayers: u32, threads: usize) -> Self {
        let owner = Account::named("owner");
        let relayers: Vec<_> = (0..relayers).map(|number| Account::named(&format!("relayer {number}"))).collect();
        let builder = Sandbox::builder().signature_threads(threads);
        let builder = builder.contract::<Claims>(CLAIMS, owner.address(), &()).unwrap();
        let fund = |builder: florin_sandbox::SandboxBuilder, of: &Account| builder.allocate(of, Balance::new(MDT));
        let sandbox = relayers.iter().fold(builder, fund).build().unwrap();
        let scope = Scope { chain_id: sandbox.domain().chain_id, contract: CLAIMS.into_array(), campaign: CAMPAIGN };
        let list: Vec<_> = (0..lines).map(|line| (account(line).into_array(), amount)).collect();
        let tree = ClaimTree::from_allocations(scope, &list).unwrap();
        let (root, total) = (B256::from(tree.root()), tree.total());
        let mut claims = ClaimsClient::new(CLAIMS, sandbox.by(&sandbox.account("owner")));
        claims.create_campaign(CAMPAIGN, Address::ZERO, root, lines, total, 0, 0, POOL).value(total).send().unwrap();
        Self { sandbox, relayers, tree }
    }

    fn by(&self, relayer: usize) -> Wallet {
        self.sandbox.by(&self.relayers[relayer]).with_gas_limit(Gas(400_000))
    }

    fn client(&self) -> ClaimsClient<Wallet> {
        ClaimsClient::new(CLAIMS, self.by(0))
    }

    fn line(&self, index: u32) -> (u32, Address, u128, Vec<B256>) {
        let claim = self.tree.claims()[index as usize];
        let proof = self.tree.proof(index).unwrap().into_iter().map(B256::from).collect();
        (index, claim.account.into(), claim.amount, proof)
    }

    /// A claim of a line, by the message for one.
    fn directly(&self, index: u32) -> RawCall {
        let (index, account, amount, proof) = self.line(index);
        self.client().claim(CAMPAIGN, index, account, amount, proof).raw().clone()
    }

    /// A claim of lines, by the message for many.
    fn in_batch(&self, indices: &[u32]) -> RawCall {
        let lines = indices.iter().map(|index| self.line(*index)).collect();
        self.client().claim_many(CAMPAIGN, lines).raw().clone()
    }

    fn paid(&self, index: u32) -> u128 {
        self.sandbox.balance(account(index)).unwrap().wei()
    }

    fn claimed(&self) -> u128 {
        self.client().claimed(CAMPAIGN).view().unwrap()
    }
}

fn account(line: u32) -> Address {
    Address::left_padding_from(&(1 << 40 | u64::from(line)).to_be_bytes())
}

#[test]
fn case_88_a_thousand_relayers_with_one_claim_pay_it_once_on_any_number_of_threads() {
    let told = [1, 8].map(|threads| {
        let scene = Scene::new(5, 900, 1_000, threads);
        let claim = scene.directly(3);
        let mut block = scene.sandbox.block();
        for relayer in 0..scene.relayers.len() {
            block.push(&scene.by(relayer), &claim).unwrap();
        }
        let receipts: Vec<_> = block.mine().unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(receipts.len(), 1_000);
        assert_eq!(receipts[0].status, Status::Success);
        for receipt in &receipts[1..] {
            let again = ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index: 3 };
            assert_eq!(receipt.expect_revert::<ClaimsError>(), again);
            assert_eq!(receipt.events, []);
        }
        assert_eq!((scene.paid(3), scene.claimed()), (900, 900));
        assert_eq!(scene.sandbox.balance(CLAIMS).unwrap().wei(), 4 * 900);
        (receipts, scene.sandbox.head().hash_slow(), scene.sandbox.state_root())
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn case_88_in_500_repetitions_a_claim_is_paid_once_by_whichever_way_and_on_whichever_fork() {
    let scene = Scene::new(1_000, 70, 3, 8);
    let mut order = Numbers::from_seed(88);
    for round in 0..500_u32 {
        let (index, other) = (2 * round, 2 * round + 1);
        let ways = [scene.directly(index), scene.in_batch(&[index]), scene.in_batch(&[other, index])];
        let mine = |first: usize| {
            let mut block = scene.sandbox.block();
            for place in 0..3 {
                block.push(&scene.by(place), &ways[(first + place) % 3]).unwrap();
            }
            let outcomes = block.mine().unwrap().into_iter().map(|outcome| outcome.unwrap().status);
            let paid: Vec<usize> =
                outcomes.enumerate().filter(|(_, status)| status.is_success()).map(|of| of.0).collect();
            assert_eq!(paid, [0], "the first of three is paid");
        };
        // A block that is dropped, and the block that stays, in which another may be first; then a block of the same again.
        let before = scene.sandbox.snapshot();
        let claimed = scene.claimed();
        mine(order.below(3) as usize);
        assert_eq!(scene.paid(index), 70);
        scene.sandbox.revert(&before);
        assert_eq!((scene.paid(index), scene.claimed()), (0, claimed));
        let first = order.below(3) as usize;
        mine(first);
        let in_both = u128::from(first == 2);
        assert_eq!((scene.paid(index), scene.paid(other)), (70, 70 * in_both));
        assert_eq!(scene.claimed(), claimed + 70 * (1 + in_both));
        let again = scene.sandbox.by(&scene.relayers[1]).send(CLAIMS, Balance::ZERO, ways[0].input.clone()).unwrap();
        assert_eq!(again.expect_revert::<ClaimsError>(), ClaimsError::AlreadyClaimed { campaign: CAMPAIGN, index });
        assert_eq!(scene.paid(index), 70);
    }
}

#[test]
fn case_96_ten_thousand_claims_of_one_wei_are_the_whole_and_not_a_wei_more() {
    let scene = Scene::new(10_000, 1, 1, 1);
    for thousand in 0..10 {
        let mut block = scene.sandbox.block();
        for line in 0..1_000 {
            block.push(&scene.by(0), &scene.directly(1_000 * thousand + line)).unwrap();
        }
        let outcomes = block.mine().unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().status.is_success()));
        assert_eq!(scene.claimed(), 1_000 * (u128::from(thousand) + 1));
    }
    assert!((0..10_000).all(|line| scene.paid(line) == 1));
    assert_eq!(scene.sandbox.balance(CLAIMS).unwrap(), Balance::ZERO);
}

#[test]
fn case_96_a_hundred_thousand_random_splits_are_whole_to_the_wei() {
    let mut numbers = Numbers::from_seed(96);
    for _ in 0..100_000 {
        let amount = u128::from(numbers.next() >> numbers.below(64));
        // Balances of 8 and 9 units among them, where rounding weighs most.
        let weights: Vec<u128> =
            (0..=numbers.below(6)).map(|_| u128::from(numbers.next() >> numbers.below(64)) + 8).collect();
        let sum: u128 = weights.iter().sum();
        let shares = divide(amount, &weights).unwrap();
        assert_eq!(shares.iter().sum::<u128>(), amount);
        for (share, weight) in shares.iter().zip(&weights) {
            // No product has more than 128 bits: both factors have at most 64, or three more.
            let floor = mul_div_by_parts(amount, *weight, sum);
            assert!((floor..=floor + 1).contains(share), "{amount} {weights:?}");
        }
        let first = numbers.below(1_000_001) as u32;
        let rows = [first, (1_000_000 - first) / 3, 1_000_000 - first - (1_000_000 - first) / 3];
        let table = SplitTable::new(&rows.map(|ppm| Ppm::new(ppm).unwrap()), 2).unwrap();
        let has_recipient = numbers.next();
        let split = table.split(amount, |row| has_recipient >> row & 1 == 1).unwrap();
        assert_eq!(split.iter().sum::<u128>(), amount);
    }
}

/// Returns the floor of `amount * weight / sum`, for a sum below 2^68 and factors below 2^65, by halves of the amount.
fn mul_div_by_parts(amount: u128, weight: u128, sum: u128) -> u128 {
    let (high, low) = (amount >> 32, amount & 0xffff_ffff);
    let (upper, rest) = (high * weight / sum, high * weight % sum);
    (upper << 32) + ((rest << 32) + low * weight) / sum
}
