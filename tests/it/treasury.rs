//! The treasury and its multisignature owner, as Wasm on the chain: from the grants of a genesis to a changed owner.

use florin_multisig::{Multisig, MultisigClient, MultisigError};
use florin_runtime::genesis::GenesisCall;
use florin_sandbox::{
    Account, Address, B256, Balance, Bytes, Client, ExpectRevert, Sandbox, WEI_PER_MDT as MDT, Wallet,
};
use florin_sdk::native::{Native, NativeTransport};
use florin_treasury::{Treasury, TreasuryClient, TreasuryError};

const TREASURY: Address = Address::repeat_byte(0xb1);
const BOARD: Address = Address::repeat_byte(0xb2);
const HOLDER: Address = Address::repeat_byte(0xb3);

/// Returns the calldata of a message of the treasury.
fn encode(build: impl FnOnce(&mut TreasuryClient<NativeTransport>) -> Vec<u8>) -> Bytes {
    let _native = Native::new();
    build(&mut TreasuryClient::new(TREASURY, NativeTransport { caller: BOARD })).into()
}

struct Chain {
    sandbox: Sandbox,
    members: [Account; 3],
}

impl Chain {
    /// A treasury of 1,000 MDT that two of three members own together, with a grant from the genesis.
    fn new() -> Self {
        let names = ["ann", "ben", "cyd"];
        let members = names.map(|name| Account::named(name).address());
        let grant = encode(|treasury| treasury.grant(HOLDER, 100 * MDT, 10 * MDT, 1, 10, 90, true).raw().input.clone());
        let sandbox = Sandbox::builder()
            .allocate(TREASURY, Balance::new(1_000 * MDT))
            .contract::<Multisig>(BOARD, BOARD, &(members.to_vec(), 2))
            .and_then(|builder| builder.contract::<Treasury>(TREASURY, BOARD, &(BOARD,)))
            .unwrap()
            .call(GenesisCall { caller: BOARD, contract: TREASURY, value: Balance::ZERO, message: grant })
            .build()
            .unwrap();
        let members = names.map(|name| sandbox.account(name));
        Self { sandbox, members }
    }

    fn board(&self, member: usize) -> MultisigClient<Wallet> {
        MultisigClient::new(BOARD, self.sandbox.by(&self.members[member]))
    }

    fn treasury(&self) -> TreasuryClient<Wallet> {
        TreasuryClient::new(TREASURY, self.sandbox.by(&self.members[0]))
    }

    /// Two members agree on a call of the treasury.
    fn decide(&self, input: Bytes) -> u64 {
        let id = self.board(0).propose(TREASURY, 0, input).send().unwrap();
        self.board(1).confirm(id).send().unwrap();
        id
    }
}

#[test]
fn two_of_three_members_spend_and_one_alone_does_not() {
    let chain = Chain::new();
    let shop = Address::repeat_byte(0x55);
    let memo = B256::repeat_byte(9);
    let spend = encode(|treasury| treasury.spend(shop, 5 * MDT, memo).raw().input.clone());
    let refused = chain.treasury().spend(shop, 1, memo).send().expect_revert();
    assert_eq!(refused, TreasuryError::Unauthorized { account: chain.members[0].address() });
    let id = chain.board(0).propose(TREASURY, 0, spend).send().unwrap();
    let alone = chain.board(0).execute(id).send().expect_revert();
    assert_eq!(alone, MultisigError::NotEnough { id, confirmations: 1, required: 2 });
    chain.board(2).confirm(id).send().unwrap();
    chain.board(2).execute(id).send().unwrap();
    assert_eq!(chain.sandbox.balance(shop).unwrap().wei(), 5 * MDT);
    let budget = (995 * MDT, 100 * MDT, 895 * MDT, 5 * MDT);
    assert_eq!(chain.treasury().budget().view().unwrap(), budget);
}

#[test]
fn a_grant_of_the_genesis_vests_block_by_block_and_its_rest_comes_back() {
    let chain = Chain::new();
    chain.treasury().release(0).send().unwrap();
    let mut paid = 10 * MDT;
    assert_eq!(chain.sandbox.balance(HOLDER).unwrap().wei(), paid);
    chain.sandbox.advance_to(40).unwrap();
    // The release is in block 41: 30 blocks behind the cliff at 11.
    chain.treasury().release(0).send().unwrap();
    paid += 30 * MDT;
    assert_eq!(chain.sandbox.balance(HOLDER).unwrap().wei(), paid);
    let revoke = encode(|treasury| treasury.revoke(0).raw().input.clone());
    let id = chain.decide(revoke);
    chain.sandbox.advance_to(55).unwrap();
    chain.board(1).execute(id).send().unwrap();
    let (vested, releasable) = chain.treasury().vested(0).view().unwrap();
    assert_eq!((vested, releasable), (55 * MDT, 15 * MDT), "what had vested in block 56");
    chain.sandbox.advance_to(200).unwrap();
    chain.treasury().release(0).send().unwrap();
    assert_eq!(chain.sandbox.balance(HOLDER).unwrap().wei(), 55 * MDT);
    assert_eq!(chain.treasury().budget().view().unwrap(), (945 * MDT, 0, 945 * MDT, 0));
}

#[test]
fn case_107_the_board_changes_its_own_members_and_hands_the_treasury_over() {
    let chain = Chain::new();
    let [ann, ben, _] = chain.members.clone().map(|member| member.address());
    let dan = chain.sandbox.account("dan");
    let direct = chain.board(0).change_owners(vec![ann], 1).send().expect_revert();
    assert_eq!(direct, MultisigError::OnlyByProposal { caller: ann });
    let change = chain.board(0).change_owners(vec![ann, ben, dan.address()], 3).raw().input.clone();
    let id = chain.board(0).propose(BOARD, 0, change.into()).send().unwrap();
    chain.board(1).confirm(id).send().unwrap();
    chain.board(0).execute(id).send().unwrap();
    assert_eq!(chain.board(0).required().view().unwrap(), 3);
    let former = chain.board(2).confirm(id).send().expect_revert();
    assert_eq!(former, MultisigError::NotAnOwner { account: chain.members[2].address() });

    let offer = encode(|treasury| treasury.transfer_ownership(dan.address()).raw().input.clone());
    let id = chain.decide(offer);
    MultisigClient::new(BOARD, chain.sandbox.by(&dan)).confirm(id).send().unwrap();
    chain.board(0).execute(id).send().unwrap();
    assert_eq!(chain.treasury().owner().view().unwrap(), BOARD, "until it is accepted");
    let mut heir = TreasuryClient::new(TREASURY, chain.sandbox.by(&dan));
    heir.accept_ownership().send().unwrap();
    heir.spend(ann, MDT, B256::ZERO).send().unwrap();
    let former = encode(|treasury| treasury.spend(ann, MDT, B256::ZERO).raw().input.clone());
    let id = chain.decide(former);
    MultisigClient::new(BOARD, chain.sandbox.by(&dan)).confirm(id).send().unwrap();
    let refused = chain.board(0).execute(id).send().expect_revert();
    assert!(matches!(refused, MultisigError::CallFailed { status: 1, .. }), "{refused:?}");
}
