//! The contracts of the economy as the outside sees them: their interfaces as Solidity, their errors and events decoded.
//!
//! Guarantees that the demo speaks to them as any Ethereum tool would: the bindings are made from Solidity text, which a test
//! compares with the artifacts.

use alloy_primitives::Address;
use alloy_sol_types::{SolEventInterface, SolInterface, sol};
use florin_runtime::receipt::Event;

pub(super) use super::super::contracts::Claims;
use crate::genesis::address;

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    interface Emission {
        event EpochSettled(
            uint64 indexed epoch,
            (uint64, uint32, uint32, uint32) metrics,
            uint32 utility,
            (uint128, uint128, uint128, uint128, uint128) figures,
            uint128[] pools,
            bytes32 root,
            uint32 leafCount,
            uint128 claimable
        );

        error OwnableUnauthorizedAccount(address account);
        error OnlyTheChain(address caller);
        error SourceFailed(address source, uint8 status);
        error LedgerRefused(uint8 status);
        error NotBalanced(uint64 epoch);
        error InvalidRatio(uint32 ppm);

        function onBlock() external;
        function isUnderWay() external view returns (bool);
    }

    interface Rewards {
        event RewardsListed(uint64 indexed epoch, uint32 first, bytes entries);

        error OnlyTheEmission(address caller);
        error SourceFailed(address source, uint8 status);
        error SourceUnordered(address source, uint64 epoch);
        error NotBalanced(uint64 epoch);

        function advance() external returns (bool, bytes32, uint32, uint128);
    }

    interface Recycling {
        event Recycled(uint8 indexed source, address indexed from, uint128 amount);
        event Reused(uint128 amount);
        event Burned(uint8 indexed reason, uint128 amount);

        error OwnableUnauthorizedAccount(address account);
        error OnlyTheChain(address caller);
        error OnlyTheEmission(address caller);
        error UnknownSource(uint8 source);
        error NoValue();
        error PoolTooSmall(uint128 amount, uint128 pool);
        error SourceFailed(address source, uint8 status);
        error LedgerRefused(uint8 status);

        function onBlock() external;
        function closeEpoch(uint128 amount) external payable;
        function recycle(uint8 source) external payable;
        function burnQualityPenalty() external payable;
        function pool() external view returns (uint128);
    }

    interface Staking {
        event Delegated(address indexed validator, address indexed delegator, uint128 amount);
        event Unbonded(address indexed validator, address indexed delegator, uint128 amount, uint64 ready);
        event Withdrawn(address indexed validator, address indexed delegator, uint128 amount);
        event Rewarded(address indexed validator, uint64 indexed epoch, uint128 amount, uint128 commission);
        event RewardsClaimed(address indexed validator, address indexed delegator, uint128 amount);
        event Slashed(address indexed validator, uint64 indexed epoch, uint128 amount);

        error Unauthorized(address allowed);
        error UnknownValidator(address validator);
        error BelowMinimum(uint128 stake, uint128 minStake);
        error ZeroAmount();
        error InsufficientStake(uint128 amount, uint128 stake);
        error TooManyChanges();
        error EpochClosed(uint64 epoch, uint64 openEpoch);
        error AlreadyRewarded(address validator, uint64 epoch);
        error NotEffective(address validator, uint64 epoch);
        error Jailed(uint64 until);

        function delegate(address validator) external payable;
        function unbond(address validator, uint128 amount) external returns (uint64);
        function withdraw(address validator) external returns (uint128);
        function claimRewards(address validator) external returns (uint128);
        function slash(address validator, uint64 epoch, uint64 ratio, uint64 jailedUntil) external returns (uint128);
        function unjail() external;
        function effectiveStake(address validator, uint64 epoch) external view returns (uint128);
        function totalStake(uint64 epoch) external view returns (uint128, uint128);
        function validators(uint64 epoch, address after, uint32 limit)
            external view returns (address[], bytes32[], uint128[]);
    }

    interface Slashing {
        event Punished(
            address indexed validator,
            address indexed reporter,
            uint8 kind,
            uint64 height,
            uint128 amount,
            uint128 rewarded,
            uint128 burned,
            uint128 recycled,
            uint64 jailedUntil
        );

        error Unauthorized(address allowed);
        error UnknownValidator(address validator);
        error NotEffective(address validator, uint64 epoch);
        error FutureEvidence(uint64 height, uint64 now);
        error StaleEvidence(uint64 height, uint64 now);
        error NotConflicting();
        error InvalidSignature();
        error AlreadyPunished(address validator, uint64 height);
        error NotDown(uint32 signed, uint32 recorded);
        error StakingFailed();

        function reportDoubleSign(
            address validator,
            uint64 height,
            uint64 view,
            bytes32 hashA,
            bytes32[2] signatureA,
            bytes32 hashB,
            bytes32[2] signatureB
        ) external returns (uint128);
        function reportDowntime(address validator) external returns (uint128);
    }

    interface Registry {
        event MinerChanged(address indexed miner, uint32 slot, uint64 firstEpoch, uint64 lastEpoch);
        event WeightsCommitted(address indexed validator, uint64 indexed epoch, bytes32 commitment);
        event WeightsRevealed(address indexed validator, uint64 indexed epoch, uint128 stake);
        event EpochFinalized(uint64 indexed epoch, uint32 rows, uint32 miners, uint64 totalScore);
        event MetricsAccepted(
            uint64 indexed epoch,
            uint64 tasks,
            uint32 difficulty,
            uint32 participation,
            uint32 quality
        );

        error WrongFee(uint128 expected, uint128 value);
        error AlreadyRegistered(address miner);
        error UnknownMiner(address miner);
        error RegistryFull();
        error NoStake(address validator, uint64 epoch);
        error AlreadyDone(address validator, uint64 epoch);
        error NoCommitment(address validator, uint64 epoch);
        error InvalidWeights();
        error FinalizationBehind(uint64 epoch);
        error StakingFailed();
        error PaymentFailed(address account, uint128 amount);

        function register() external payable returns (uint32);
        function deregister() external;
        function commit(bytes32 commitment) external;
        function reveal(bytes32 salt, bytes32[] weights) external;
        function report(uint64 tasks, uint32 difficulty, uint32 participation, uint32 quality) external;
    }

    interface Treasury {
        event Spent(address indexed to, uint128 amount, bytes32 indexed memo);
        event Deposited(address indexed from, uint128 amount);
        event Released(uint64 indexed id, address indexed holder, uint128 amount);

        error OwnableUnauthorizedAccount(address account);
        error AboveBudget(uint128 amount, uint128 available);
        error NothingVested(uint64 id);

        function spend(address to, uint128 amount, bytes32 memo) external;
        function release(uint64 id) external returns (uint128);
    }

    interface Multisig {
        event Proposed(uint64 indexed id, address indexed owner, address indexed to, uint128 value, bytes input);
        event Executed(uint64 indexed id, address indexed to, uint128 value);

        error NotAnOwner(address account);
        error NotEnough(uint64 id, uint32 confirmations, uint32 required);
        error CallFailed(uint64 id, uint8 status, bytes output);

        function propose(address to, uint128 value, bytes input) external returns (uint64);
        function confirm(uint64 id) external;
        function execute(uint64 id) external returns (bytes);
    }
}

/// Something that a contract of the economy told the world.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Emission(Emission::EmissionEvents),
    Rewards(Rewards::RewardsEvents),
    Recycling(Recycling::RecyclingEvents),
    Claims(Claims::ClaimsEvents),
    Staking(Staking::StakingEvents),
    Slashing(Slashing::SlashingEvents),
    Registry(Registry::RegistryEvents),
    Treasury(Treasury::TreasuryEvents),
}

impl Fact {
    /// Reads an event; nothing if it is none of those that the demo keeps books of.
    pub(super) fn read(event: &Event) -> Option<Self> {
        fn as_log<E: SolEventInterface>(event: &Event) -> Option<E> {
            E::decode_raw_log(&event.topics, &event.data).ok()
        }
        match event.contract {
            address::EMISSION => as_log(event).map(Self::Emission),
            address::REWARDS => as_log(event).map(Self::Rewards),
            address::RECYCLING => as_log(event).map(Self::Recycling),
            address::CLAIMS => as_log(event).map(Self::Claims),
            address::STAKING => as_log(event).map(Self::Staking),
            address::SLASHING => as_log(event).map(Self::Slashing),
            address::REGISTRY => as_log(event).map(Self::Registry),
            address::TREASURY => as_log(event).map(Self::Treasury),
            _ => None,
        }
    }
}

/// Returns revert data of a contract as a person reads it: a custom error with its fields, or bytes.
pub(super) fn describe(contract: Address, revert_data: &[u8]) -> String {
    fn text<E: SolInterface + std::fmt::Debug>(data: &[u8]) -> Option<String> {
        let text = format!("{:?}", E::abi_decode(data).ok()?);
        // `Name(Name { fields })` names the variant and the struct in it: once is enough.
        let inner = text.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')')).map(str::to_owned);
        Some(inner.unwrap_or(text))
    }
    let known = match contract {
        address::EMISSION => text::<Emission::EmissionErrors>(revert_data),
        address::REWARDS => text::<Rewards::RewardsErrors>(revert_data),
        address::RECYCLING => text::<Recycling::RecyclingErrors>(revert_data),
        address::CLAIMS => text::<Claims::ClaimsErrors>(revert_data),
        address::STAKING => text::<Staking::StakingErrors>(revert_data),
        address::SLASHING => text::<Slashing::SlashingErrors>(revert_data),
        address::REGISTRY => text::<Registry::RegistryErrors>(revert_data),
        address::TREASURY => text::<Treasury::TreasuryErrors>(revert_data),
        address::MULTISIG => text::<Multisig::MultisigErrors>(revert_data),
        _ => None,
    };
    known.unwrap_or_else(|| format!("0x{}", hex::encode(revert_data)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_json_abi::JsonAbi;
    use alloy_sol_types::{SolError, SolEventInterface, SolInterface};

    use super::*;

    /// Asserts that an artifact has all messages, events and errors of an interface.
    fn assert_interface<C: SolInterface, V: SolEventInterface, E: SolInterface>(json: &str, signatures: &[&str]) {
        let abi: JsonAbi = serde_json::from_str(json).unwrap();
        for selector in C::selectors() {
            assert!(abi.functions().any(|function| function.selector() == selector), "message {selector:02x?}");
        }
        for selector in E::selectors() {
            assert!(abi.errors().any(|error| error.selector() == selector), "error {selector:02x?}");
        }
        assert_eq!(signatures.len(), V::COUNT);
        for signature in signatures {
            assert!(abi.events().any(|event| event.signature() == **signature), "event {signature}");
        }
    }

    #[test]
    fn the_solidity_text_agrees_with_the_artifacts() {
        macro_rules! assert_contract {
            ($file:literal, $name:ident, $calls:ident, $events:ident, $errors:ident, [$($event:ident),*]) => {
                assert_interface::<$name::$calls, $name::$events, $name::$errors>(
                    include_str!(concat!("../../../../contracts/artifacts/", $file, ".json")),
                    &[$(<$name::$event as alloy_sol_types::SolEvent>::SIGNATURE),*],
                );
            };
        }
        assert_contract!("emission", Emission, EmissionCalls, EmissionEvents, EmissionErrors, [EpochSettled]);
        assert_contract!("rewards", Rewards, RewardsCalls, RewardsEvents, RewardsErrors, [RewardsListed]);
        assert_contract!(
            "recycling",
            Recycling,
            RecyclingCalls,
            RecyclingEvents,
            RecyclingErrors,
            [Recycled, Reused, Burned]
        );
        assert_contract!("claims", Claims, ClaimsCalls, ClaimsEvents, ClaimsErrors, [CampaignCreated, Claimed, Swept]);
        assert_contract!(
            "staking",
            Staking,
            StakingCalls,
            StakingEvents,
            StakingErrors,
            [Delegated, Unbonded, Withdrawn, Rewarded, RewardsClaimed, Slashed]
        );
        assert_contract!("slashing", Slashing, SlashingCalls, SlashingEvents, SlashingErrors, [Punished]);
        assert_contract!(
            "registry",
            Registry,
            RegistryCalls,
            RegistryEvents,
            RegistryErrors,
            [MinerChanged, WeightsCommitted, WeightsRevealed, EpochFinalized, MetricsAccepted]
        );
        assert_contract!(
            "treasury",
            Treasury,
            TreasuryCalls,
            TreasuryEvents,
            TreasuryErrors,
            [Spent, Deposited, Released]
        );
        assert_contract!("multisig", Multisig, MultisigCalls, MultisigEvents, MultisigErrors, [Proposed, Executed]);
    }

    #[test]
    fn an_error_is_shown_with_its_fields_and_foreign_bytes_as_bytes() {
        let error = Slashing::AlreadyPunished { validator: Address::ZERO, height: 7 }.abi_encode();
        assert_eq!(
            describe(address::SLASHING, &error),
            "AlreadyPunished { validator: 0x0000000000000000000000000000000000000000, height: 7 }"
        );
        assert_eq!(describe(address::CLAIMS, &[1, 2, 3, 4]), "0x01020304");
        assert_eq!(describe(Address::ZERO, &[]), "0x");
    }
}
