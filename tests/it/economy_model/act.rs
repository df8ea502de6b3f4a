//! What an account may do: one message, as the model reads it.

use florin_sandbox::Address;
use florin_slashing::ParameterValues;

/// A message of an account, with the amount that goes along.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The account's place.
    pub(crate) by: usize,
    /// The amount, in wei.
    pub(crate) value: u128,
    pub(crate) act: Act,
}

impl Call {
    pub(crate) const fn new(by: usize, act: Act) -> Self {
        Self { by, value: 0, act }
    }

    pub(crate) const fn with(by: usize, value: u128, act: Act) -> Self {
        Self { by, value, act }
    }
}

/// A signed vote: whose key, for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The place of the account whose key signs.
    pub(crate) key: usize,
    /// The chain that the vote is for.
    pub(crate) chain_id: u64,
    /// The byte that the block's hash repeats; 0 is no block.
    pub(crate) block: u8,
    /// What the signature is over, besides what is said: another height.
    pub(crate) is_of_other_height: bool,
}

/// A commitment before it is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) validator: usize,
    pub(crate) epoch: u64,
    pub(crate) salt: u8,
    pub(crate) weights: Vec<u32>,
}

/// How a claim's proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// As the tree gives it for the index.
    Genuine,
    /// With a bit flipped; of a tree of one leaf, with a node too many.
    Broken,
}

/// A line of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) index: u32,
    pub(crate) account: Address,
    pub(crate) amount: u128,
    pub(crate) proof: Proof,
}

/// The terms of a campaign that an account creates.
#[derive(Clone, Debug)]
pub(crate) struct Airdrop {
    pub(crate) campaign: u64,
    pub(crate) list: Vec<(Address, u128)>,
    pub(crate) leaf_count: u32,
    pub(crate) total: u128,
    pub(crate) first_block: u64,
    pub(crate) last_block: u64,
    pub(crate) target: Address,
}

/// A grant's terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) holder: Address,
    pub(crate) total: u128,
    pub(crate) at_start: u128,
    pub(crate) start: u64,
    pub(crate) cliff: u64,
    pub(crate) length: u64,
    pub(crate) is_revocable: bool,
}

/// What an account does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Transfer {
        to: Address,
    },

    Register {
        key: usize,
        prover: usize,
        commission: u32,
    },
    Delegate {
        validator: usize,
    },
    SetCommission {
        ppm: u32,
    },
    Unbond {
        validator: usize,
        amount: u128,
    },
    Withdraw {
        validator: usize,
    },
    ClaimRewards {
        validator: usize,
    },
    Unjail,
    Retire {
        validator: usize,
    },

    DoubleSign {
        validator: usize,
        height: u64,
        view: u64,
        votes: [Signed; 2],
    },
    InvalidVote {
        validator: usize,
        height: u64,
        view: u64,
        vote: Signed,
    },
    Downtime {
        validator: usize,
    },
    SetSlashing {
        terms: ParameterValues,
    },
    SetStaking {
        min_stake: u128,
        unbonding: u64,
    },

    RegisterMiner,
    Deregister,
    Commit {
        commitment: Committed,
    },
    Reveal {
        salt: u8,
        weights: Vec<u32>,
    },
    Report {
        tasks: u64,
        difficulty: u32,
        participation: u32,
        quality: u32,
    },
    Finalize {
        steps: u32,
    },
    SetRegistry {
        fee: u128,
        miners_max: u32,
    },

    SetRules {
        which: usize,
    },

    CreateCampaign {
        terms: Airdrop,
    },
    Claim {
        campaign: u64,
        line: Line,
    },
    ClaimMany {
        campaign: u64,
        lines: Vec<Line>,
    },
    Sweep {
        campaign: u64,
    },

    Recycle {
        source: u8,
    },
    BurnPenalty,

    Deposit,
    Spend {
        to: Address,
        amount: u128,
    },
    Grant {
        terms: Terms,
    },
    Release {
        id: u64,
    },
    Revoke {
        id: u64,
    },

    /// A message that only a contract or the chain may send.
    Usurp {
        which: Usurped,
    },
}

/// The messages of contracts and of the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Usurped {
    EmissionHook,
    RecyclingHook,
    SlashingHook,
    RefusedBlock,
    TakeFromPool,
    BeginSettlement,
    AdvanceSettlement,
    PayReward,
    CloseRewards,
    Slash,
    SetStaking,
}

impl Usurped {
    pub(crate) const ALL: [Self; 11] = [
        Self::EmissionHook,
        Self::RecyclingHook,
        Self::SlashingHook,
        Self::RefusedBlock,
        Self::TakeFromPool,
        Self::BeginSettlement,
        Self::AdvanceSettlement,
        Self::PayReward,
        Self::CloseRewards,
        Self::Slash,
        Self::SetStaking,
    ];
}

impl Act {
    /// The validator whose stake a message may change.
    pub(crate) fn validator(&self, by: usize) -> Option<Address> {
        let place = match self {
            Self::Register { .. } | Self::SetCommission { .. } | Self::Unjail => by,
            Self::Delegate { validator }
            | Self::Unbond { validator, .. }
            | Self::Withdraw { validator }
            | Self::ClaimRewards { validator }
            | Self::Retire { validator }
            | Self::DoubleSign { validator, .. }
            | Self::InvalidVote { validator, .. }
            | Self::Downtime { validator } => *validator,
            _ => return None,
        };
        Some(super::terms::address(place))
    }
}
