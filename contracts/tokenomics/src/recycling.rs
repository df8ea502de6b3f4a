//! Where recycled amounts come from (economy E28).

/// What brought an amount into the recycling pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Fees of miners that registered.
    RegistrationFees,
    /// What of slashes is neither the reporter's nor burned.
    SlashingPenalties,
    /// Fees of tasks.
    TaskFees,
    /// A share of transaction fees.
    TransactionFees,
    /// Rewards that nobody claimed in time.
    UnclaimedRewards,
}

impl Source {
    /// Every source, in the order of the codes.
    pub const ALL: [Self; 5] = [
        Self::RegistrationFees,
        Self::SlashingPenalties,
        Self::TaskFees,
        Self::TransactionFees,
        Self::UnclaimedRewards,
    ];

    /// Returns the code in messages and events.
    pub const fn code(self) -> u8 {
        match self {
            Self::RegistrationFees => 0,
            Self::SlashingPenalties => 1,
            Self::TaskFees => 2,
            Self::TransactionFees => 3,
            Self::UnclaimedRewards => 4,
        }
    }

    /// Returns the source with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Returns the name, e.g. `registration_fees`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RegistrationFees => "registration_fees",
            Self::SlashingPenalties => "slashing_penalties",
            Self::TaskFees => "task_fees",
            Self::TransactionFees => "transaction_fees",
            Self::UnclaimedRewards => "unclaimed_rewards",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn codes_of_sources_round_trip_and_others_are_none() {
        for source in Source::ALL {
            assert_eq!(Source::from_code(source.code()), Some(source));
        }
        assert_eq!(Source::from_code(5), None);
        assert_eq!(Source::UnclaimedRewards.name(), "unclaimed_rewards");
    }
}
