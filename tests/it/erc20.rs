//! The token as any Ethereum tool sees it: an interface written in Solidity, not by our macro.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolEvent, SolStruct, SolValue, eip712_domain, sol};
use florin_sandbox::{
    Account, Address, B256, Balance, Client, ExpectRevert, Sandbox, Status, TransactionReceipt, Wallet, artifact,
};
use florin_sdk::Contract;
use florin_token::{Token, TokenError};

sol! {
    #[derive(Debug, PartialEq)]
    interface IERC20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);

        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }

    interface IERC20Permit {
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
            external;
        function nonces(address owner) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
    }

    interface IMintBurn {
        function mint(address to, uint256 value) external;
        function burn(uint256 value) external;
    }

    /// EIP-2612.
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

/// What the owner begins with.
const SUPPLY: u64 = 1_000_000;

struct Stage {
    sandbox: Sandbox,
    token: Address,
    owner: Account,
    bob: Account,
}

fn stage() -> Stage {
    let sandbox = Sandbox::new();
    let [owner, bob] = ["owner", "bob"].map(|name| sandbox.account(name));
    let arguments = ("Florin Token".to_owned(), "FLR".to_owned(), U256::from(6), owner.address(), U256::from(SUPPLY));
    let arguments = SolValue::abi_encode_params(&arguments);
    let deployed = sandbox.by(&owner).deploy_wasm(&artifact::<Token>().unwrap(), &arguments).unwrap();
    Stage { sandbox, token: deployed.contract.unwrap(), owner, bob }
}

impl Stage {
    fn send<C: SolCall>(&self, by: &Account, call: &C) -> TransactionReceipt {
        self.wallet(by).send(self.token, Balance::ZERO, call.abi_encode()).unwrap()
    }

    fn must<C: SolCall>(&self, by: &Account, call: &C) -> C::Return {
        let receipt = self.send(by, call);
        assert_eq!(receipt.status, Status::Success, "{}", receipt.output);
        C::abi_decode_returns(&receipt.output).unwrap()
    }

    fn view<C: SolCall>(&self, call: &C) -> C::Return {
        let receipt = self.wallet(&self.bob).simulate(self.token, Balance::ZERO, call.abi_encode()).unwrap();
        assert_eq!(receipt.status, Status::Success, "{}", receipt.output);
        C::abi_decode_returns(&receipt.output).unwrap()
    }

    fn wallet(&self, account: &Account) -> Wallet {
        self.sandbox.by(account)
    }

    fn balance(&self, account: impl Into<Address>) -> U256 {
        self.view(&IERC20::balanceOfCall { account: account.into() })
    }

    fn allowance(&self, owner: &Account, spender: &Account) -> U256 {
        self.view(&IERC20::allowanceCall { owner: owner.address(), spender: spender.address() })
    }

    fn transfer(&self, by: &Account, to: impl Into<Address>, value: U256) -> TransactionReceipt {
        self.send(by, &IERC20::transferCall { to: to.into(), value })
    }
}

fn transfers(receipt: &TransactionReceipt) -> Vec<IERC20::Transfer> {
    let logs = receipt.events.iter().map(florin_runtime::receipt::Event::to_ethereum);
    logs.filter_map(|log| IERC20::Transfer::decode_log(&log).ok().map(|log| log.data)).collect()
}

/// The interface of EIP-20, with the optional functions, as `JsonAbi` reads it from Solidity.
const ERC20: &[&str] = &[
    "function name() external view returns (string memory)",
    "function symbol() external view returns (string memory)",
    "function decimals() external view returns (uint8)",
    "function totalSupply() external view returns (uint256)",
    "function balanceOf(address account) external view returns (uint256)",
    "function transfer(address to, uint256 value) external returns (bool)",
    "function transferFrom(address from, address to, uint256 value) external returns (bool)",
    "function approve(address spender, uint256 value) external returns (bool)",
    "function allowance(address owner, address spender) external view returns (uint256)",
    "event Transfer(address indexed from, address indexed to, uint256 value)",
    "event Approval(address indexed owner, address indexed spender, uint256 value)",
];

/// EIP-2612.
const PERMIT: &[&str] = &[
    "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external",
    "function nonces(address owner) external view returns (uint256)",
    "function DOMAIN_SEPARATOR() external view returns (bytes32)",
];

#[test]
fn the_abi_json_is_the_erc20_interface_and_the_permit_extension() {
    let ours: JsonAbi = serde_json::from_str(Token::ABI_JSON).unwrap();
    let standard = JsonAbi::parse(ERC20.iter().chain(PERMIT).copied()).unwrap();
    for wanted in standard.functions() {
        let found: Vec<_> = ours.functions().filter(|function| function.name == wanted.name).collect();
        assert_eq!(found.len(), 1, "{}", wanted.name);
        let types = |function: &alloy_json_abi::Function| {
            let inputs: Vec<_> = function.inputs.iter().map(|input| (input.name.clone(), input.ty.clone())).collect();
            let outputs: Vec<_> = function.outputs.iter().map(|output| output.ty.clone()).collect();
            (inputs, outputs, function.state_mutability, function.selector())
        };
        assert_eq!(types(found[0]), types(wanted), "{}", wanted.name);
    }
    for wanted in standard.events() {
        let found: Vec<_> = ours.events().filter(|event| event.name == wanted.name).collect();
        assert_eq!(found.len(), 1, "{}", wanted.name);
        let fields = |event: &alloy_json_abi::Event| {
            let inputs = event.inputs.iter().map(|input| (input.name.clone(), input.ty.clone(), input.indexed));
            (inputs.collect::<Vec<_>>(), event.anonymous, event.selector())
        };
        assert_eq!(fields(found[0]), fields(wanted), "{}", wanted.name);
    }
    // The JSON beside the Wasm is the same.
    let file = std::path::Path::new(Token::MANIFEST_DIR).parent().unwrap().join("artifacts/token.json");
    let beside: JsonAbi = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(beside, ours);
}

#[test]
fn a_constructor_that_fails_deploys_nothing_and_tells_why() {
    let sandbox = Sandbox::new();
    let bob = sandbox.account("bob");
    let future = bob.address().create(0);
    let arguments = ("Gold".to_owned(), "GLD".to_owned(), 18, Address::ZERO, U256::from(1));
    let error = sandbox.by(&bob).deploy::<Token>(arguments).expect_revert();
    assert_eq!(error, TokenError::InvalidOwner { owner: Address::ZERO });
    assert_eq!(sandbox.code_hash(future).unwrap(), None);
    // The next one has its own address, and is deployed.
    let arguments = ("Gold".to_owned(), "GLD".to_owned(), 18, bob.address(), U256::from(1));
    assert_eq!(sandbox.by(&bob).deploy::<Token>(arguments).unwrap().address(), bob.address().create(1));
}

#[test]
fn an_erc20_artifact_is_below_24_kilobytes() {
    let bytes = artifact::<Token>().unwrap().len();
    assert!(bytes < 24_000, "{bytes} bytes");
}

#[test]
fn the_token_answers_to_bindings_made_from_solidity() {
    let stage = stage();
    assert_eq!(stage.view(&IERC20::nameCall {}), "Florin Token");
    assert_eq!(stage.view(&IERC20::symbolCall {}), "FLR");
    assert_eq!(stage.view(&IERC20::decimalsCall {}), 6);
    assert_eq!(stage.view(&IERC20::totalSupplyCall {}), U256::from(SUPPLY));

    let to = stage.bob.address();
    let value = U256::from(300);
    assert!(stage.must(&stage.owner, &IERC20::transferCall { to, value }));
    let receipt = stage.sandbox.last_receipt().unwrap();
    assert_eq!(transfers(&receipt), [IERC20::Transfer { from: stage.owner.address(), to, value }]);
    assert_eq!(receipt.events[0].contract, stage.token);
    assert_eq!([stage.balance(&stage.bob), stage.balance(&stage.owner)], [value, U256::from(SUPPLY - 300)]);

    let carol = stage.sandbox.account("carol");
    assert!(stage.must(&stage.bob, &IERC20::approveCall { spender: carol.address(), value: U256::from(100) }));
    let log = stage.sandbox.last_receipt().unwrap().events[0].to_ethereum();
    let approval = IERC20::Approval::decode_log(&log).unwrap().data;
    let expected = IERC20::Approval { owner: to, spender: carol.address(), value: U256::from(100) };
    assert_eq!(approval, expected);
    let spend = IERC20::transferFromCall { from: to, to: carol.address(), value: U256::from(60) };
    assert!(stage.must(&carol, &spend));
    assert_eq!(stage.allowance(&stage.bob, &carol), U256::from(40));
    assert_eq!([stage.balance(&stage.bob), stage.balance(&carol)], [U256::from(240), U256::from(60)]);
    assert_eq!(stage.send(&carol, &spend).status, Status::Reverted);
}

#[test]
fn case_99_the_table_of_transfers() {
    let stage = stage();
    let supply = U256::from(SUPPLY);
    let owner = stage.owner.address();
    let bob = stage.bob.address();
    let outcome = |to: Address, value: U256| {
        let snapshot = stage.sandbox.snapshot();
        let receipt = stage.transfer(&stage.owner, to, value);
        let balances = [stage.balance(owner), stage.balance(to), stage.view(&IERC20::totalSupplyCall {})];
        stage.sandbox.revert(&snapshot);
        (receipt.status, balances, transfers(&receipt).len())
    };
    let one = U256::from(1);
    let rest = supply - one;
    let zero = U256::ZERO;
    // To, amount; status, balance of the owner, balance of the recipient, events.
    for (case, to, value, status, sender_has, recipient_has, events) in [
        ("to another", bob, one, Status::Success, rest, one, 1),
        ("to oneself", owner, one, Status::Success, supply, supply, 1),
        ("all to oneself", owner, supply, Status::Success, supply, supply, 1),
        ("more than all to oneself", owner, supply + one, Status::Reverted, supply, supply, 0),
        ("to the token", stage.token, one, Status::Success, rest, one, 1),
        ("nothing", bob, zero, Status::Success, supply, zero, 1),
        ("everything", bob, supply, Status::Success, zero, supply, 1),
        ("one too many", bob, supply + one, Status::Reverted, supply, zero, 0),
        ("2^128 - 1", bob, U256::from(u128::MAX), Status::Reverted, supply, zero, 0),
        ("2^256 - 1", bob, U256::MAX, Status::Reverted, supply, zero, 0),
        ("to nobody", Address::ZERO, one, Status::Reverted, supply, zero, 0),
    ] {
        assert_eq!(outcome(to, value), (status, [sender_has, recipient_has, supply], events), "{case}");
    }
}

#[test]
fn case_99_the_table_of_mint_burn_and_allowances() {
    let stage = stage();
    let supply = || stage.view(&IERC20::totalSupplyCall {});
    let (owner, bob) = (&stage.owner, &stage.bob);
    let mint = |by: &Account, value| stage.send(by, &IMintBurn::mintCall { to: bob.address(), value }).status;
    let burn = |by: &Account, value| stage.send(by, &IMintBurn::burnCall { value }).status;

    assert_eq!(mint(bob, U256::from(1)), Status::Reverted);
    assert_eq!(mint(owner, U256::MAX), Status::Reverted);
    assert_eq!(burn(owner, U256::from(SUPPLY + 1)), Status::Reverted);
    assert_eq!(burn(owner, U256::MAX), Status::Reverted);
    assert_eq!(supply(), U256::from(SUPPLY));
    assert_eq!(mint(owner, U256::from(50)), Status::Success);
    assert_eq!(burn(owner, U256::from(SUPPLY)), Status::Success);
    assert_eq!((supply(), stage.balance(bob)), (U256::from(50), U256::from(50)));

    // The race: a spender that takes the old allowance just before it is replaced gets both, and no wei more.
    let carol = stage.sandbox.account("carol");
    let approve = |value: u64| {
        stage.must(bob, &IERC20::approveCall { spender: carol.address(), value: U256::from(value) });
    };
    let take = |value: u64| {
        let call = IERC20::transferFromCall { from: bob.address(), to: carol.address(), value: U256::from(value) };
        stage.send(&carol, &call).status
    };
    approve(10);
    assert_eq!(take(11), Status::Reverted);
    assert_eq!(take(10), Status::Success);
    approve(5);
    assert_eq!([take(5), take(1)], [Status::Success, Status::Reverted]);
    assert_eq!(stage.balance(&carol), U256::from(15));
    // An allowance above the balance does not create money.
    approve(1_000);
    assert_eq!(take(36), Status::Reverted);
    assert_eq!(take(35), Status::Success);
    assert_eq!((supply(), stage.balance(&carol)), (U256::from(50), U256::from(50)));
}

fn domain(stage: &Stage) -> Eip712Domain {
    eip712_domain! {
        name: "Florin Token",
        version: "1",
        chain_id: stage.sandbox.domain().chain_id,
        verifying_contract: stage.token,
    }
}

/// Submits a permit, signed by `signer` over `message`, as Carol.
fn permit(stage: &Stage, signer: &Account, message: &Permit, domain: &Eip712Domain) -> Status {
    let signature = signer.sign(message.eip712_signing_hash(domain));
    submit_permit(stage, message, &signature)
}

fn submit_permit(stage: &Stage, message: &Permit, signature: &[u8; 65]) -> Status {
    let call = IERC20Permit::permitCall {
        owner: message.owner,
        spender: message.spender,
        value: message.value,
        deadline: message.deadline,
        v: signature[64],
        r: B256::from_slice(&signature[..32]),
        s: B256::from_slice(&signature[32..64]),
    };
    stage.send(&stage.sandbox.account("carol"), &call).status
}

#[test]
fn a_permit_is_an_approval_by_signature_once() {
    let stage = stage();
    let bob = stage.bob.clone();
    assert_eq!(stage.view(&IERC20Permit::DOMAIN_SEPARATORCall {}), domain(&stage).hash_struct());
    let deadline = U256::from(stage.sandbox.time() + 1_000);
    let message = |nonce: u64| Permit {
        owner: stage.owner.address(),
        spender: bob.address(),
        value: U256::from(70),
        nonce: U256::from(nonce),
        deadline,
    };
    let allowance = || stage.allowance(&stage.owner, &bob);
    let nonce = || stage.view(&IERC20Permit::noncesCall { owner: stage.owner.address() });

    assert_eq!(permit(&stage, &stage.owner, &message(0), &domain(&stage)), Status::Success);
    assert_eq!((allowance(), nonce()), (U256::from(70), U256::from(1)));
    // Replayed, ahead of its turn, signed by another.
    assert_eq!(permit(&stage, &stage.owner, &message(0), &domain(&stage)), Status::Reverted);
    assert_eq!(permit(&stage, &stage.owner, &message(2), &domain(&stage)), Status::Reverted);
    assert_eq!(permit(&stage, &bob, &message(1), &domain(&stage)), Status::Reverted);
    // Signed for another chain, another token, another name.
    for foreign in [
        Eip712Domain { chain_id: Some(U256::from(1)), ..domain(&stage) },
        Eip712Domain { verifying_contract: Some(Address::repeat_byte(1)), ..domain(&stage) },
        Eip712Domain { name: Some("Florin".into()), ..domain(&stage) },
    ] {
        assert_eq!(permit(&stage, &stage.owner, &message(1), &foreign), Status::Reverted);
    }
    // Too late by a second.
    stage.sandbox.set_next_time(u64::try_from(deadline).unwrap() + 1).unwrap();
    assert_eq!(permit(&stage, &stage.owner, &message(1), &domain(&stage)), Status::Reverted);
    assert_eq!((allowance(), nonce()), (U256::from(70), U256::from(1)));
}

#[test]
fn a_permit_at_its_deadline_is_in_time_and_its_malleated_signature_is_not_accepted() {
    let stage = stage();
    let deadline = stage.sandbox.time() + 1_000;
    let message = Permit {
        owner: stage.owner.address(),
        spender: stage.bob.address(),
        value: U256::MAX,
        nonce: U256::ZERO,
        deadline: U256::from(deadline),
    };
    let signature = stage.owner.sign(message.eip712_signing_hash(&domain(&stage)));
    // (r, n - s) with the other v recovers to the same key.
    let order = U256::from_be_bytes(secp256k1::constants::CURVE_ORDER);
    let mut malleated = signature;
    let s = order - U256::from_be_slice(&signature[32..64]);
    malleated[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    malleated[64] = 55 - signature[64];
    assert_eq!(submit_permit(&stage, &message, &malleated), Status::Reverted);
    let mut nobody = signature;
    nobody[..64].fill(0);
    assert_eq!(submit_permit(&stage, &message, &nobody), Status::Reverted);
    stage.sandbox.set_next_time(deadline).unwrap();
    assert_eq!(submit_permit(&stage, &message, &signature), Status::Success);
    assert_eq!(stage.allowance(&stage.owner, &stage.bob), U256::MAX);
}

#[test]
fn case_39_calldata_that_lies_about_lengths_is_refused_and_changes_nothing() {
    let stage = stage();
    let wallet = stage.wallet(&stage.owner);
    let good = IERC20::transferCall { to: stage.bob.address(), value: U256::from(5) }.abi_encode();
    for length in 0..good.len() {
        let receipt = wallet.send(stage.token, Balance::ZERO, good[..length].to_vec()).unwrap();
        assert_eq!(receipt.status, Status::Reverted, "{length} bytes");
    }
    // An address with something in front, an unknown selector.
    let mut wide = good.clone();
    wide[4] = 1;
    let mut unknown = good.clone();
    unknown[..4].copy_from_slice(&keccak256("steal()")[..4]);
    for input in [wide, unknown] {
        assert_eq!(wallet.send(stage.token, Balance::ZERO, input).unwrap().status, Status::Reverted);
    }
    assert_eq!(stage.balance(&stage.bob), U256::ZERO);
}
