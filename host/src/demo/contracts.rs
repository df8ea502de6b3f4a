//! The two contracts of the demo as the outside sees them: their code, and their interfaces as Solidity.
//!
//! Guarantees that the demo speaks to them as any Ethereum tool would: the bindings are made from Solidity text, not from
//! the contracts' own source.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolInterface, SolValue, sol};

/// The module of the ERC-20 token.
const TOKEN: &[u8] = include_bytes!("../../../contracts/artifacts/token.wasm");

/// The module of the claims contract.
const CLAIMS: &[u8] = include_bytes!("../../../contracts/artifacts/claims.wasm");

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    interface Token {
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }

    interface Claims {
        event CampaignCreated(
            uint64 indexed campaign,
            address indexed owner,
            address indexed token,
            bytes32 root,
            uint32 leafCount,
            uint128 total,
            uint64 firstBlock,
            uint64 lastBlock,
            address sweepTarget
        );
        event Claimed(uint64 indexed campaign, address indexed account, uint32 index, uint128 amount);
        event Swept(uint64 indexed campaign, address indexed target, uint128 amount);

        error UnknownCampaign(uint64 campaign);
        error CampaignExists(uint64 campaign);
        error WrongNumber(uint64 campaign, uint64 expected);
        error EmptyCampaign(uint64 campaign);
        error InvalidWindow(uint64 firstBlock, uint64 lastBlock, uint64 height);
        error NoSweepTarget(uint64 campaign);
        error WrongValue(uint128 expected, uint128 value);
        error NotStarted(uint64 campaign, uint64 firstBlock, uint64 height);
        error WindowClosed(uint64 campaign, uint64 lastBlock, uint64 height);
        error IndexOutOfRange(uint32 index, uint32 leafCount);
        error InvalidProof(uint64 campaign, uint32 index);
        error AlreadyClaimed(uint64 campaign, uint32 index);
        error ZeroAmount(uint64 campaign, uint32 index);
        error TotalExceeded(uint64 campaign, uint128 amount, uint128 claimed, uint128 total);
        error BatchSize(uint32 claims, uint32 claimsMax);
        error WindowOpen(uint64 campaign, uint64 lastBlock, uint64 height);
        error AlreadySwept(uint64 campaign);
        error PaymentFailed(address account, uint128 amount);
        error TokenFailed(address token, uint8 status);
        error TokenRefused(address token);
        error ShortDelivery(address token, uint128 amount, uint256 received);

        function createCampaign(
            uint64 campaign,
            address token,
            bytes32 root,
            uint32 leafCount,
            uint128 total,
            uint64 firstBlock,
            uint64 lastBlock,
            address sweepTarget
        ) external payable;
        function claim(uint64 campaign, uint32 index, address account, uint128 amount, bytes32[] proof) external;
        function claimMany(uint64 campaign, (uint32, address, uint128, bytes32[])[] claims) external;
        function sweep(uint64 campaign) external;
        function claimed(uint64 campaign) external view returns (uint128);
    }
}

pub(super) use Claims::ClaimsErrors;

/// Returns the payload that deploys the token and mints its supply to the owner.
pub(super) fn token_payload(owner: Address, supply: U256) -> Bytes {
    let (name, symbol, decimals) = ("Safe Token".to_owned(), "SAFE".to_owned(), U256::from(18));
    deploy_payload(TOKEN, &(name, symbol, decimals, owner, supply).abi_encode_params())
}

/// Returns the payload that deploys the claims contract.
pub(super) fn claims_payload() -> Bytes {
    deploy_payload(CLAIMS, &[])
}

/// `u32 code length, big-endian | module | ABI-encoded constructor arguments`
fn deploy_payload(module: &[u8], arguments: &[u8]) -> Bytes {
    let length = u32::try_from(module.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), module, arguments].concat().into()
}

/// Returns revert data as a person reads it: a custom error of the claims contract, or bytes.
pub(super) fn describe(revert_data: &[u8]) -> String {
    match ClaimsErrors::abi_decode(revert_data) {
        Ok(error) => describe_error(&error),
        Err(_) => format!("0x{}", hex::encode(revert_data)),
    }
}

/// Returns a custom error with its fields.
pub(super) fn describe_error(error: &ClaimsErrors) -> String {
    // `Name(Name { fields })` names the variant and the struct in it: once is enough.
    let text = format!("{error:?}");
    text.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')')).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_json_abi::JsonAbi;
    use alloy_sol_types::{SolCall, SolEvent, SolInterface};

    use super::{Claims, ClaimsErrors, Token, describe, describe_error};

    fn artifact(json: &str) -> JsonAbi {
        serde_json::from_str(json).unwrap()
    }

    /// Asserts that the artifact has a function of this selector which returns these types.
    fn assert_function<C: SolCall>(abi: &JsonAbi) {
        let function = abi.functions().find(|function| function.selector() == C::SELECTOR);
        assert_eq!(function.map(|function| function.signature().clone()), Some(C::SIGNATURE.to_owned()));
    }

    #[test]
    fn the_solidity_text_agrees_with_the_artifacts() {
        let claims = artifact(include_str!("../../../contracts/artifacts/claims.json"));
        assert_function::<Claims::createCampaignCall>(&claims);
        assert_function::<Claims::claimCall>(&claims);
        assert_function::<Claims::claimedCall>(&claims);
        for topic in [Claims::Claimed::SIGNATURE_HASH, Claims::CampaignCreated::SIGNATURE_HASH] {
            assert!(claims.events().any(|event| event.selector() == topic));
        }
        for selector in ClaimsErrors::selectors() {
            let name = ClaimsErrors::name_by_selector(selector);
            assert!(claims.errors().any(|error| error.selector() == selector), "{name:?}");
        }
        let token = artifact(include_str!("../../../contracts/artifacts/token.json"));
        assert_function::<Token::approveCall>(&token);
        assert_function::<Token::balanceOfCall>(&token);
        assert_function::<Token::totalSupplyCall>(&token);
    }

    #[test]
    fn an_error_is_shown_with_its_fields_and_foreign_bytes_as_bytes() {
        let error = ClaimsErrors::AlreadyClaimed(Claims::AlreadyClaimed { campaign: 1, index: 7 });
        assert_eq!(describe_error(&error), "AlreadyClaimed { campaign: 1, index: 7 }");
        assert_eq!(describe(&error.abi_encode()), "AlreadyClaimed { campaign: 1, index: 7 }");
        assert_eq!(describe(&[1, 2, 3, 4, 5]), "0x0102030405");
        assert_eq!(describe(&[]), "0x");
    }
}
