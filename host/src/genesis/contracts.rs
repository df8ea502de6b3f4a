//! The contracts of the economy as the genesis makes them: their code, what their constructors are told, and the first messages
//! to them. They are bytes here, and their messages are written as Solidity has them.
//!
//! ```text
//!                  owner of treasury, slashing (and so staking), registry, recycling, emission: the multisignature
//!   registry ──fees──┐                ┌── what nobody claimed ── claims <──campaign──┐
//!                    v                v                                              │
//!   slashing ──> recycling ──pool──> emission ──pools──> rewards ──────────> staking (validators, their delegators)
//!       └─────────────────────────────────────────slash──────────────────────────────────^
//! ```

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_sol_types::{SolCall, SolValue, sol};
use florin_runtime::genesis::GenesisContract;
use florin_tokenomics::split::RowKind;

use super::GenesisFile;
use super::address::{CLAIMS, Contract, EMISSION, MULTISIG, RECYCLING, REGISTRY, REWARDS, SLASHING, STAKING, TREASURY};
use super::sections::{Emission, Recipient, Slashing, SplitRow, ValidatorEntry, VestingTerms};

sol! {
    /// A row of the split; the kind is the code of a `RowKind`.
    struct EmissionRow {
        uint32 sharePpm;
        uint8 kind;
        address account;
    }

    /// What an epoch brings and who gets it, as the emission takes it.
    struct EmissionRules {
        uint128 base;
        uint64 halvingEpochs;
        uint32 qualityThreshold;
        uint64 tasksFull;
        uint32 tasksWeight;
        uint32 difficultyWeight;
        uint32 participationWeight;
        uint64 claimWindow;
        uint32 treasuryRow;
        EmissionRow[] rows;
    }

    interface Treasury {
        function grant(
            address holder,
            uint128 total,
            uint128 atStart,
            uint64 start,
            uint64 cliff,
            uint64 length,
            bool isRevocable
        ) external returns (uint64);
    }

    interface Staking {
        function register(bytes32 key, bytes32[2] possession, uint32 commission) external payable;
    }
}

impl Contract {
    /// Returns the module.
    pub const fn code(self) -> &'static [u8] {
        match self {
            Self::Treasury => include_bytes!("../../../contracts/artifacts/treasury.wasm"),
            Self::Multisig => include_bytes!("../../../contracts/artifacts/multisig.wasm"),
            Self::Staking => include_bytes!("../../../contracts/artifacts/staking.wasm"),
            Self::Slashing => include_bytes!("../../../contracts/artifacts/slashing.wasm"),
            Self::Registry => include_bytes!("../../../contracts/artifacts/registry.wasm"),
            Self::Recycling => include_bytes!("../../../contracts/artifacts/recycling.wasm"),
            Self::Claims => include_bytes!("../../../contracts/artifacts/claims.wasm"),
            Self::Rewards => include_bytes!("../../../contracts/artifacts/rewards.wasm"),
            Self::Emission => include_bytes!("../../../contracts/artifacts/emission.wasm"),
        }
    }

    /// Returns who its constructor takes for the caller: of the claims it is the authority over the campaigns of epochs.
    const fn creator(self) -> Address {
        match self {
            Self::Claims => REWARDS,
            _ => Address::new(florin_abi::SYSTEM),
        }
    }
}

/// Returns a contract as a file tells its constructor.
pub(super) fn contract(contract: Contract, file: &GenesisFile) -> GenesisContract {
    let epoch_blocks = file.chain.epoch_blocks;
    let arguments = match contract {
        Contract::Treasury => (MULTISIG,).abi_encode_params(),
        Contract::Multisig => (file.owners.members.clone(), file.owners.required).abi_encode_params(),
        Contract::Staking => {
            let (min_stake, unbonding) = (file.staking.min_stake.wei(), file.staking.unbonding_blocks);
            (SLASHING, REWARDS, epoch_blocks, min_stake, unbonding).abi_encode_params()
        }
        Contract::Slashing => {
            let parameters = slashing_parameters(&file.slashing);
            (MULTISIG, STAKING, RECYCLING, epoch_blocks, parameters).abi_encode_params()
        }
        Contract::Registry => {
            let (fee, miners_max) = (file.registry.fee.wei(), file.registry.miners_max);
            (MULTISIG, STAKING, RECYCLING, epoch_blocks, fee, miners_max).abi_encode_params()
        }
        Contract::Recycling => (MULTISIG, EMISSION, CLAIMS).abi_encode_params(),
        Contract::Claims => Vec::new(),
        Contract::Rewards => (EMISSION, CLAIMS, RECYCLING, REGISTRY, STAKING).abi_encode_params(),
        Contract::Emission => {
            let rules = emission_rules(&file.emission);
            (MULTISIG, REWARDS, RECYCLING, REGISTRY, STAKING, epoch_blocks, rules).abi_encode_params()
        }
    };
    GenesisContract {
        address: contract.address(),
        creator: contract.creator(),
        code: Bytes::from_static(contract.code()),
        arguments: arguments.into(),
    }
}

/// Jail and history in blocks; rate, severities, reporter's and burned part in ppm.
type SlashingParameters = (u64, u64, u32, u32, u32, u32, u32, u32);

fn slashing_parameters(slashing: &Slashing) -> SlashingParameters {
    (
        slashing.jail_blocks,
        slashing.history_blocks,
        slashing.rate_ppm,
        slashing.double_sign_ppm,
        slashing.invalid_vote_ppm,
        slashing.downtime_ppm,
        slashing.reporter_ppm,
        slashing.burned_ppm,
    )
}

fn emission_rules(emission: &Emission) -> EmissionRules {
    let row = |row: &SplitRow| {
        let (kind, account) = match row.recipient {
            Recipient::Miners => (RowKind::Miners, Address::ZERO),
            Recipient::Validators => (RowKind::Staking, Address::ZERO),
            Recipient::ClaimingValidators => (RowKind::Validators, Address::ZERO),
            Recipient::Treasury => (RowKind::Account, TREASURY),
            Recipient::Account(account) => (RowKind::Account, account),
        };
        EmissionRow { sharePpm: row.share_ppm, kind: kind.code(), account }
    };
    let treasury = (0_u32..).zip(&emission.split).find(|(_, row)| row.recipient == Recipient::Treasury);
    EmissionRules {
        base: emission.base.wei(),
        halvingEpochs: emission.halving_epochs,
        qualityThreshold: emission.quality_threshold_ppm,
        tasksFull: emission.tasks_full,
        tasksWeight: emission.tasks_weight_ppm,
        difficultyWeight: emission.difficulty_weight_ppm,
        participationWeight: emission.participation_weight_ppm,
        claimWindow: emission.claim_window_blocks,
        treasuryRow: treasury.map_or(u32::MAX, |(row, _)| row),
        rows: emission.split.iter().map(row).collect(),
    }
}

/// Returns the message that makes a grant of the treasury, from the genesis on.
pub(super) fn grant(holder: Address, total: u128, terms: &VestingTerms) -> Bytes {
    let VestingTerms { at_start, cliff_blocks, length_blocks, revocable } = *terms;
    let call = Treasury::grantCall {
        holder,
        total,
        atStart: at_start.wei(),
        start: 0,
        cliff: cliff_blocks,
        length: length_blocks,
        isRevocable: revocable,
    };
    call.abi_encode().into()
}

/// Returns the message with which a validator registers; its value is the stake.
pub(super) fn register(validator: &ValidatorEntry) -> Bytes {
    let call = Staking::registerCall {
        key: validator.key,
        possession: halves(&validator.possession),
        commission: validator.commission_ppm,
    };
    call.abi_encode().into()
}

fn halves(signature: &FixedBytes<64>) -> [B256; 2] {
    let (r, s) = signature.split_at(32);
    [B256::from_slice(r), B256::from_slice(s)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_json_abi::JsonAbi;
    use alloy_sol_types::SolCall;

    use super::{Staking, Treasury};

    fn artifact(json: &str) -> JsonAbi {
        serde_json::from_str(json).unwrap()
    }

    /// The constructors as this file encodes their arguments, and the messages that it sends.
    #[test]
    fn what_the_genesis_says_is_what_the_artifacts_understand() {
        let constructors = [
            (include_str!("../../../contracts/artifacts/treasury.json"), "address"),
            (include_str!("../../../contracts/artifacts/multisig.json"), "address[],uint32"),
            (include_str!("../../../contracts/artifacts/staking.json"), "address,address,uint64,uint128,uint64"),
            (
                include_str!("../../../contracts/artifacts/slashing.json"),
                "address,address,address,uint64,(uint64,uint64,uint32,uint32,uint32,uint32,uint32,uint32)",
            ),
            (
                include_str!("../../../contracts/artifacts/registry.json"),
                "address,address,address,uint64,uint128,uint32",
            ),
            (include_str!("../../../contracts/artifacts/recycling.json"), "address,address,address"),
            (include_str!("../../../contracts/artifacts/rewards.json"), "address,address,address,address,address"),
            (
                include_str!("../../../contracts/artifacts/emission.json"),
                "address,address,address,address,address,uint64,\
                 (uint128,uint64,uint32,uint64,uint32,uint32,uint32,uint64,uint32,(uint32,uint8,address)[])",
            ),
        ];
        for (json, expected) in constructors {
            let abi = artifact(json);
            let inputs = &abi.constructor().unwrap().inputs;
            let types: Vec<_> = inputs.iter().map(|input| input.selector_type().into_owned()).collect();
            assert_eq!(types.join(","), expected);
        }
        assert!(
            artifact(include_str!("../../../contracts/artifacts/claims.json"))
                .constructor()
                .is_none_or(|constructor| constructor.inputs.is_empty())
        );
        let sends =
            |json: &str, selector: [u8; 4]| artifact(json).functions().any(|function| function.selector() == selector);
        assert!(sends(constructors[0].0, Treasury::grantCall::SELECTOR));
        assert!(sends(constructors[2].0, Staking::registerCall::SELECTOR));
    }
}
