//! Evidence (economy E23): votes that a validator signed and must not have signed, and the chain's own record.
//!
//! Guarantees that an offence is named by validator, kind, height and view, and not by what its maker or its reporter can vary:
//! signatures, order, the block. Double signing up to the block of its slash is one offence, because one faulty setup signs many
//! votes. The blocks that showed a downtime are used up.
//!
//! Refused: heights to come; heights further back than the unbonding period; validators that were not in the set at that height.

use florin_sdk::env::Scheme;
use florin_sdk::prelude::*;
use florin_sdk::vote::{NO_BLOCK, Vote};
use florin_tokenomics::slash::{Offence, SIGNED_WINDOW_BLOCKS, is_down};
use florin_tokenomics::units::epoch_of;

use crate::errors::{Refusal, SlashingError, refusal};
use crate::punishment::StakingClient;
use crate::storage::{Signature, Signed, Slashing};

/// The places of a list of signers.
const SIGNERS_MAX: u32 = 256;

/// A vote as it is brought: for a block, with the signature.
pub(crate) struct SignedVote {
    pub(crate) block_hash: B256,
    pub(crate) signature: Signature,
}

impl Slashing {
    /// Punishes two votes for one height and view.
    pub(crate) fn punish_double_sign(
        &mut self,
        validator: Address,
        height: u64,
        view: u64,
        votes: &[SignedVote; 2],
    ) -> Result<u128, Refusal> {
        let [one, other] = votes;
        if one.block_hash == other.block_hash || votes.iter().any(|vote| vote.block_hash == NO_BLOCK) {
            return Err(refusal(SlashingError::NotConflicting));
        }
        let mut record = self.records.get_or_default(&validator);
        if height <= record.punished_until {
            return Err(refusal(SlashingError::AlreadyPunished { validator, height }));
        }
        self.check_height(validator, height)?;
        self.check_signatures(validator, height, view, votes)?;
        record.punished_until = env().block_height();
        self.punish(validator, record, Offence::DoubleSign, height)
    }

    /// Punishes a vote for a block that the chain has refused.
    pub(crate) fn punish_invalid_vote(
        &mut self,
        validator: Address,
        height: u64,
        view: u64,
        vote: SignedVote,
    ) -> Result<u128, Refusal> {
        if !self.refused.contains(&(height, vote.block_hash)) {
            return Err(refusal(SlashingError::NotRefused { height }));
        }
        let id = evidence_id(validator, height, view);
        if self.punished.contains(&id) {
            return Err(refusal(SlashingError::AlreadyPunished { validator, height }));
        }
        self.check_height(validator, height)?;
        self.check_signatures(validator, height, view, &[vote])?;
        self.punished.set(&id, &true);
        let record = self.records.get_or_default(&validator);
        self.punish(validator, record, Offence::InvalidVote, height)
    }

    /// Punishes a validator that the chain's record shows as down.
    pub(crate) fn punish_downtime(&mut self, validator: Address) -> Result<u128, Refusal> {
        let (signed, recorded, last) = self.uptime(validator)?;
        if !is_down(signed, recorded) {
            return Err(refusal(SlashingError::NotDown { signed, recorded }));
        }
        self.check_height(validator, last)?;
        let mut record = self.records.get_or_default(&validator);
        record.down_until = last;
        self.punish(validator, record, Offence::Downtime, last)
    }

    /// Returns how many of the last blocks a validator signed, how many of them count, and the height of the last. A block counts
    /// if who signed it is known, and the validator was in its set and was not punished for it.
    pub(crate) fn uptime(&self, validator: Address) -> Result<(u32, u32, u64), Refusal> {
        let (settings, record) = (self.settings(), self.records.get_or_default(&validator));
        let (mut signed, mut recorded, mut last) = (0_u32, 0_u32, 0_u64);
        // Where nothing was known of a block, its slot still has the one of a window before.
        let first = env().block_height().saturating_sub(SIGNED_WINDOW_BLOCKS.into());
        let counts = |block: &Signed| block.height >= first && block.height > record.down_until;
        // The record spans few epochs; the place in a set is asked for once each.
        let mut places: Vec<(u64, u32)> = Vec::new();
        for slot in 0..SIGNED_WINDOW_BLOCKS {
            let Some(block) = self.signed.get(&slot).filter(counts) else { continue };
            let epoch = epoch_of(block.height, settings.epoch_blocks);
            let place = match places.iter().find(|(known, _)| *known == epoch) {
                Some((_, place)) => *place,
                None => {
                    let asked = StakingClient::at(settings.staking).place(validator, epoch).view();
                    let place = asked.map_err(|_| refusal(SlashingError::StakingFailed))?;
                    places.push((epoch, place));
                    place
                }
            };
            if place < SIGNERS_MAX {
                recorded = recorded.saturating_add(1);
                last = last.max(block.height);
                signed = signed.saturating_add(u32::from(block.signers.bit(place as usize)));
            }
        }
        Ok((signed, recorded, last))
    }

    /// Keeps who signed the parent block, if that is known: a bit for each validator of its epoch, in the order of the addresses,
    /// the lowest bit of the first byte first. The genesis, which is the parent at height 1, is signed by nobody.
    pub(crate) fn record_signers(&mut self) {
        let Some(height) = env().block_height().checked_sub(1).filter(|parent| *parent > 0) else { return };
        let signers = U256::try_from_le_slice(&env().parent_signers()).unwrap_or_default();
        if let Some(slot) = height.checked_rem(SIGNED_WINDOW_BLOCKS.into())
            && !signers.is_zero()
        {
            let slot = u32::try_from(slot).unwrap_or_default();
            self.signed.set(&slot, &Signed { height, signers });
        }
    }

    /// Checks that an offence at a height can still be punished: time passes by blocks, and the stake of that epoch is in reach.
    fn check_height(&self, validator: Address, height: u64) -> Result<(), Refusal> {
        let (now, settings) = (env().block_height(), self.settings());
        if height > now {
            return Err(refusal(SlashingError::FutureEvidence { height, now }));
        }
        let epoch = epoch_of(height, settings.epoch_blocks);
        let staking = || StakingClient::at(settings.staking);
        let failed = || refusal(SlashingError::StakingFailed);
        let (_, unbonding_blocks) = staking().parameters(epoch).view().map_err(|_| failed())?;
        if now.saturating_sub(height) > unbonding_blocks {
            return Err(refusal(SlashingError::StaleEvidence { height, now }));
        }
        let stake = staking().effective_stake(validator, epoch).view().map_err(|_| failed())?;
        if stake == 0 {
            return Err(refusal(SlashingError::NotEffective { validator, epoch }));
        }
        Ok(())
    }

    fn check_signatures(
        &self,
        validator: Address,
        height: u64,
        view: u64,
        votes: &[SignedVote],
    ) -> Result<(), Refusal> {
        let known = StakingClient::at(self.settings().staking).validator(validator).view();
        let (key, ..) = known.map_err(|_| refusal(SlashingError::UnknownValidator { validator }))?;
        let chain_id = env().chain_id();
        for vote in votes {
            let bytes = Vote { chain_id, height, view, block_hash: vote.block_hash.0 }.encode();
            let signature = vote.signature.map(|half| half.0);
            if !env().verify_signature(Scheme::Ed25519, key.as_slice(), &bytes, signature.as_flattened()) {
                return Err(refusal(SlashingError::InvalidSignature));
            }
        }
        Ok(())
    }
}

/// The name of a vote for a refused block: not the block nor the signature, which its maker may vary.
fn evidence_id(validator: Address, height: u64, view: u64) -> B256 {
    let mut bytes = validator.to_vec();
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(&view.to_be_bytes());
    env().keccak256(&bytes)
}
