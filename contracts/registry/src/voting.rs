//! What validators say of an epoch: weights for its miners, and its metrics (economy E5, E11).
//!
//! ```text
//!   epoch E           E + 1                      E + 2
//!   commit(hash) ───> reveal(salt, weights) ───> scores
//!                     report(metrics) ─────────> accepted at more than 2/3 of the stake
//! ```
//!
//! Guarantees that a validator speaks once an epoch, with the stake that counted in it; that nobody sees another's weights before
//! its own are fixed, and that a copied commitment cannot be revealed, because the validator's address is in it. Who does not reveal
//! counts as none.

use florin_sdk::prelude::*;
use florin_sdk::words::{Message, selector};
use florin_tokenomics::commitment;
use florin_tokenomics::units::PPM;
use florin_tokenomics::validate;

use crate::errors::{Refusal, RegistryError, refusal};
use crate::events::{MetricsAccepted, WeightsCommitted, WeightsRevealed};
use crate::storage::{Ballot, CHUNK_SLOTS, Chunk, KEPT_EPOCHS, Metrics, OPEN_EPOCHS, Registry, Report};

/// Bytes of a weight.
const WEIGHT_BYTES: usize = 4;

/// The staking contract: `uint128`, the stake of a validator that counts in an epoch.
const EFFECTIVE_STAKE: [u8; 4] = selector("effectiveStake(address,uint64)");
/// The staking contract: `(uint128 total, uint128 quorum)` of an epoch.
const TOTAL_STAKE: [u8; 4] = selector("totalStake(uint64)");

impl Registry {
    /// Takes a commitment for the epoch that is running.
    pub(crate) fn take_commitment(&mut self, validator: Address, commitment: B256) -> Result<(), Refusal> {
        let (epoch, oldest) = (self.this_epoch(), self.progress.get_or_default().epoch);
        if epoch >= oldest.saturating_add(OPEN_EPOCHS) {
            return Err(refusal(RegistryError::FinalizationBehind { epoch: oldest }));
        }
        let place = (epoch % OPEN_EPOCHS, validator);
        if self.ballots.get(&place).is_some_and(|ballot| ballot.epoch == epoch && ballot.stake > 0) {
            return Err(refusal(RegistryError::AlreadyDone { validator, epoch }));
        }
        let stake = self.stake_in(validator, epoch)?;
        self.ballots.set(&place, &Ballot { epoch, commitment, stake, chunks: 0 });
        env().emit(&WeightsCommitted { validator, epoch, commitment });
        Ok(())
    }

    /// Takes the weights that a validator committed to in the epoch before.
    pub(crate) fn take_weights(&mut self, validator: Address, salt: B256, words: &[B256]) -> Result<(), Refusal> {
        let epoch = self.epoch_before()?;
        let place = (epoch % OPEN_EPOCHS, validator);
        let mut weights = Vec::with_capacity(words.len().saturating_mul(32));
        for word in words {
            weights.extend_from_slice(word.as_slice());
        }
        let ballot = self.ballots.get(&place).filter(|ballot| ballot.epoch == epoch);
        let commitment = self.commitment_of(epoch, validator, salt, &weights);
        let Some(ballot) = ballot.filter(|ballot| ballot.commitment == commitment) else {
            return Err(refusal(RegistryError::NoCommitment { validator, epoch }));
        };
        if ballot.chunks > 0 {
            return Err(refusal(RegistryError::AlreadyDone { validator, epoch }));
        }
        let chunks = self.keep_weights(place, &weights)?;
        self.ballots.set(&place, &Ballot { chunks, ..ballot });
        env().emit(&WeightsRevealed { validator, epoch, stake: ballot.stake });
        Ok(())
    }

    /// Takes a validator's report of the epoch before.
    pub(crate) fn take_report(&mut self, validator: Address, metrics: Metrics) -> Result<(), Refusal> {
        let epoch = self.epoch_before()?;
        let Metrics { tasks, difficulty, participation, quality } = metrics;
        if validate::score(difficulty.max(participation).max(quality).into()).is_err() {
            return Err(refusal(RegistryError::InvalidReport));
        }
        let ring = epoch % OPEN_EPOCHS;
        if self.reports.get(&(ring, validator)).is_some_and(|report| report.epoch == epoch) {
            return Err(refusal(RegistryError::AlreadyDone { validator, epoch }));
        }
        let stake = self.stake_in(validator, epoch)?;
        let mut before = 0_u128;
        for (_, report) in self.reports.iter_of(&ring) {
            if report.epoch == epoch && report.metrics == metrics {
                before = before.saturating_add(report.stake);
            }
        }
        self.reports.set(&(ring, validator), &Report { epoch, metrics, stake });
        let quorum = self.ask_staking(Message::new(TOTAL_STAKE, 1).number(epoch.into()), 1)?;
        let behind = before.saturating_add(stake);
        // It is reached once: by the report that lifts it over.
        if before < quorum && behind >= quorum {
            self.metrics.set(&(epoch % KEPT_EPOCHS), &Report { epoch, metrics, stake: behind });
            env().emit(&MetricsAccepted { epoch, tasks, difficulty, participation, quality });
        }
        Ok(())
    }

    /// Returns the commitment to weights.
    pub(crate) fn commitment_of(&self, epoch: u64, validator: Address, salt: B256, weights: &[u8]) -> B256 {
        let (contract, validator) = (env().self_address().into_array(), validator.into_array());
        let head = commitment::Commitment { chain_id: env().chain_id(), contract, epoch, validator, salt: salt.0 };
        env().keccak256(&head.encode(weights))
    }

    /// Writes weights in chunks; returns how many.
    fn keep_weights(&mut self, (ring, validator): (u64, Address), weights: &[u8]) -> Result<u32, Refusal> {
        let (mut chunks, mut sum_ppm, mut slots) = (0_u32, 0_u64, 0_u32);
        let fresh_slot = self.fresh_slot.get_or_default();
        for part in weights.chunks(CHUNK_SLOTS.saturating_mul(WEIGHT_BYTES)) {
            let mut chunk = Chunk { ppm: Vec::with_capacity(CHUNK_SLOTS) };
            for weight in part.chunks(WEIGHT_BYTES) {
                let ppm = weight.try_into().map_or(u32::MAX, u32::from_be_bytes);
                // A slot that nobody ever had gets nothing: weights of words may end with zeros.
                let worth = if slots < fresh_slot || ppm == 0 { ppm } else { u32::MAX };
                sum_ppm = sum_ppm.saturating_add(worth.into());
                slots = slots.saturating_add(1);
                chunk.ppm.push(ppm);
            }
            self.weights.set(&(ring, chunks, validator), &chunk);
            chunks = chunks.saturating_add(1);
        }
        if sum_ppm == u64::from(PPM) { Ok(chunks) } else { Err(refusal(RegistryError::InvalidWeights)) }
    }

    /// Returns the epoch before the one that is running.
    fn epoch_before(&self) -> Result<u64, Refusal> {
        self.this_epoch().checked_sub(1).ok_or_else(|| refusal(RegistryError::TooEarly))
    }

    /// Returns the stake of a validator that counts in an epoch.
    fn stake_in(&self, validator: Address, epoch: u64) -> Result<u128, Refusal> {
        match self.ask_staking(Message::new(EFFECTIVE_STAKE, 2).account(&validator).number(epoch.into()), 0)? {
            0 => Err(refusal(RegistryError::NoStake { validator, epoch })),
            stake => Ok(stake),
        }
    }

    /// Asks the staking contract; returns the number in a word of the answer.
    fn ask_staking(&self, question: &Message, at: usize) -> Result<u128, Refusal> {
        let asked = question.view(&self.setup().staking, |words| words.number(at));
        asked.map_err(|_| refusal(RegistryError::StakingFailed))
    }
}
