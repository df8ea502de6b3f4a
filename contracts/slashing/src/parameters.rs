//! The parameters of slashes as values of the ABI, and their ranges.
//!
//! Guarantees that ratios are ratios, that a reporter gets less than the slash, and that something is burned, so that reporting
//! oneself does not pay.

use florin_sdk::prelude::*;
use florin_tokenomics::Ppm;
use florin_tokenomics::slash::{BURNED_PART, HISTORY_BLOCKS, JAIL_BLOCKS, Offence, REPORTER_PART, SLASH_RATE};
use florin_tokenomics::units::epoch_of;

use crate::errors::{Refusal, SlashingError, refusal};
use crate::storage::{ParameterValues, Parameters, Settings, Slashing};

/// The parameters by default, as the constructor takes them.
pub const DEFAULTS: ParameterValues = (
    JAIL_BLOCKS,
    HISTORY_BLOCKS,
    SLASH_RATE.get(),
    Offence::DoubleSign.severity().get(),
    Offence::InvalidVote.severity().get(),
    Offence::Downtime.severity().get(),
    REPORTER_PART.get(),
    BURNED_PART.get(),
);

impl Parameters {
    /// Reads the values of a message.
    ///
    /// # Errors
    /// `InvalidParameter` with the place of the value in the tuple, from 1.
    pub(crate) fn checked(values: ParameterValues) -> Result<Self, Refusal> {
        let (jail_blocks, history_blocks, rate, double_sign, invalid_vote, downtime, reporter, burned) = values;
        let whole = Ppm::ONE.get();
        let fits = [
            rate <= whole,
            double_sign <= whole,
            invalid_vote <= whole,
            downtime <= whole,
            reporter < whole,
            burned > 0 && reporter.saturating_add(burned) <= whole,
        ];
        for (place, fits) in (3..).zip(fits) {
            if !fits {
                return Err(refusal(SlashingError::InvalidParameter { place }));
            }
        }
        Ok(Self { jail_blocks, history_blocks, rate, double_sign, invalid_vote, downtime, reporter, burned })
    }

    /// Returns the values for a message.
    pub(crate) const fn values(self) -> ParameterValues {
        (
            self.jail_blocks,
            self.history_blocks,
            self.rate,
            self.double_sign,
            self.invalid_vote,
            self.downtime,
            self.reporter,
            self.burned,
        )
    }

    /// Returns the severity of an offence, in ppm.
    pub(crate) const fn severity(&self, offence: Offence) -> u32 {
        match offence {
            Offence::DoubleSign => self.double_sign,
            Offence::InvalidVote => self.invalid_vote,
            Offence::Downtime => self.downtime,
        }
    }
}

impl Slashing {
    /// Returns what the constructor wrote, and the owner.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.get_or_default()
    }

    /// Returns the parameters of the epoch that is running.
    pub(crate) fn parameters_now(&self) -> Parameters {
        let terms = self.terms.get_or_default();
        let epoch = epoch_of(env().block_height(), self.settings().epoch_blocks);
        if epoch < terms.changed { terms.before } else { terms.after }
    }
}
