//! Amounts of more than 64 bits in a module. A compiler that computes the upper half of a sum wrong, as one with the feature
//! `wide-arithmetic` did, is right below 2^64, where every amount of MDT lies; so this is told apart from everything else.

use florin_claims::{Claims, ClaimsError};
use florin_sandbox::{Address, B256, Client, ExpectRevert, Sandbox, U256};
use florin_token::Token;

use crate::claim_tree::{self, Campaign};

const POOL: Address = Address::repeat_byte(0x9f);

#[test]
fn amounts_above_64_bits_are_claimed_and_swept_to_the_wei() {
    for [first, second] in [[u128::from(u64::MAX), (1 << 70) + 5], [1 << 64, 1], [(1 << 100) + 7, (1 << 126) - 1]] {
        let sandbox = Sandbox::new();
        let [owner, relayer] = ["owner", "relayer"].map(|name| sandbox.account(name));
        let mut claims = sandbox.by(&owner).deploy::<Claims>(()).unwrap();
        let held = U256::from(first + second);
        let token = ("Gold".to_owned(), "GLD".to_owned(), 18, owner.address(), held);
        let mut token = sandbox.by(&owner).deploy::<Token>(token).unwrap();
        token.approve(claims.address(), held).send().unwrap();
        let list = [(Address::repeat_byte(1), first), (Address::repeat_byte(2), second)];
        let scope = Campaign { chain_id: sandbox.domain().chain_id, contract: claims.address(), number: 7 };
        let leaves = scope.leaves(&list);
        let root = B256::from(claim_tree::root(&leaves));
        let last_block = sandbox.height() + 9;
        claims.create_campaign(7, token.address(), root, 2, first + second, 0, last_block, POOL).send().unwrap();

        let proof: Vec<B256> = claim_tree::proof(&leaves, 1).into_iter().map(B256::from).collect();
        claims.by(&relayer).claim(7, 1, list[1].0, second, proof).send().unwrap();
        assert_eq!(claims.claimed(7).view().unwrap(), second);
        sandbox.advance_to(last_block).unwrap();
        claims.sweep(7).send().unwrap();
        assert_eq!(claims.swept(7).view().unwrap(), first);
        let balance = |of: Address| token.by(&relayer).balance_of(of).view().unwrap();
        let balances = [list[1].0, POOL, claims.address()].map(balance);
        assert_eq!(balances, [U256::from(second), U256::from(first), U256::ZERO]);
        assert_eq!(claims.sweep(7).send().expect_revert(), ClaimsError::AlreadySwept { campaign: 7 });
    }
}
