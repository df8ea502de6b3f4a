//! Scores of an epoch, step by step (economy E11).
//!
//! ```text
//!   rows of weights ──a chunk of slots a step──> scores by slot ──64 miners a step──> pages by address ──> final
//! ```
//!
//! Guarantees the scores of `florin_tokenomics::weights::weighted`, whatever the steps: rows, stakes and the miners of the epoch do
//! not change any more when its scores begin. Costs a step: of scores, a read for each row and a sort of the rows for each of 64
//! slots; of pages, two reads for each of 64 miners and a write. Miners that left before the epoch are forgotten on the way, and their
//! slots are free again: no weight of an epoch to come is for them.

use florin_sdk::prelude::*;
use florin_tokenomics::Ppm;
use florin_tokenomics::weights::{Voice, weighted_score};

use crate::events::EpochFinalized;
use crate::storage::{CHUNK_SLOTS, Chunk, KEPT_EPOCHS, OPEN_EPOCHS, Outcome, Progress, Registry, SLOTS_A_CHUNK};

/// Miners that one step lists.
const MINERS_A_STEP: usize = 64;

/// Weights that one call looks at: what its memory holds.
const CELLS_MAX: usize = 65_536;

/// A validator that showed its weights.
struct Row {
    validator: Address,
    /// Its stake that counted in the epoch, in wei.
    stake: u128,
    /// The chunks of its weights.
    chunks: u32,
}

impl Registry {
    /// Does steps of the oldest epoch that is not final and may be, and of those behind it; returns the next to finalize.
    pub(crate) fn advance(&mut self, max_steps: u32) -> u64 {
        let last = self.this_epoch().checked_sub(2);
        let mut progress = self.progress.get_or_default();
        let mut rows = self.rows_of(progress.epoch);
        let mut cells = 0_usize;
        for _ in 0..max_steps {
            if last.is_none_or(|last| progress.epoch > last) || cells > CELLS_MAX {
                break;
            }
            let chunks = rows.iter().fold(0, |most, row| row.chunks.max(most));
            if progress.chunk < chunks {
                self.score_chunk(&rows, progress.epoch, progress.chunk);
                progress.chunk = progress.chunk.saturating_add(1);
                cells = cells.saturating_add(rows.len().saturating_mul(CHUNK_SLOTS));
            } else if rows.is_empty() || !self.list_miners(&mut progress, chunks) {
                self.finish(&progress, rows.len());
                progress = Progress { epoch: progress.epoch.saturating_add(1), ..Progress::default() };
                rows = self.rows_of(progress.epoch);
            } else {
                // A page of scores takes as much memory as a chunk of a few rows.
                cells = cells.saturating_add(CELLS_MAX / 8);
            }
        }
        self.progress.set(&progress);
        progress.epoch
    }

    /// Returns who showed its weights for an epoch.
    fn rows_of(&self, epoch: u64) -> Vec<Row> {
        let mut rows = Vec::new();
        for ((_, validator), ballot) in self.ballots.iter_of(&(epoch % OPEN_EPOCHS)) {
            if ballot.epoch == epoch && ballot.chunks > 0 {
                rows.push(Row { validator, stake: ballot.stake, chunks: ballot.chunks });
            }
        }
        rows
    }

    /// Computes the scores of one chunk of slots.
    fn score_chunk(&mut self, rows: &[Row], epoch: u64, chunk: u32) {
        let mut weights = Vec::with_capacity(rows.len());
        for row in rows {
            let place = (epoch % OPEN_EPOCHS, chunk, row.validator);
            let own = if chunk < row.chunks { self.weights.get_or_default(&place) } else { Chunk::default() };
            weights.push((own.ppm, row.stake));
        }
        let mut scores = Chunk { ppm: Vec::with_capacity(CHUNK_SLOTS) };
        let mut voices = Vec::with_capacity(rows.len());
        for slot in 0..CHUNK_SLOTS {
            voices.clear();
            for (own, stake) in &weights {
                let ppm = own.get(slot).copied().unwrap_or_default();
                voices.push(Voice { weight: Ppm::saturating(ppm.into()), stake: *stake });
            }
            scores.ppm.push(weighted_score(&voices).get());
        }
        self.slot_scores.set(&chunk, &scores);
    }

    /// Lists the next miners of the epoch with their scores; tells whether there were any.
    fn list_miners(&mut self, progress: &mut Progress, chunks: u32) -> bool {
        let (mut page, mut seen) = (Vec::new(), 0_usize);
        // A chunk serves many miners; those that were read are at hand.
        let mut known: Vec<(u32, Chunk)> = Vec::new();
        for (address, miner) in self.miners.iter_after(&progress.after) {
            if seen >= MINERS_A_STEP {
                break;
            }
            seen = seen.saturating_add(1);
            progress.after = address;
            if miner.last_epoch < progress.epoch {
                self.forget(address, miner.slot);
                continue;
            }
            let (chunk, slot) = (miner.slot / SLOTS_A_CHUNK, (miner.slot % SLOTS_A_CHUNK) as usize);
            if miner.first_epoch > progress.epoch || chunk >= chunks {
                continue;
            }
            if !known.iter().any(|(number, _)| *number == chunk) {
                known.push((chunk, self.slot_scores.get_or_default(&chunk)));
            }
            let scores = known.iter().find(|(number, _)| *number == chunk);
            let score = scores.and_then(|(_, scores)| scores.ppm.get(slot)).copied().unwrap_or_default();
            if score > 0 {
                progress.miners = progress.miners.saturating_add(1);
                progress.total_score = progress.total_score.saturating_add(score.into());
                page.push((address, score));
            }
        }
        if !page.is_empty() {
            self.pages.set(&(progress.epoch % KEPT_EPOCHS, progress.pages), &page);
            progress.pages = progress.pages.saturating_add(1);
        }
        seen > 0
    }

    /// Makes the scores of the epoch final.
    fn finish(&mut self, progress: &Progress, rows: usize) {
        let Progress { epoch, pages, miners, total_score, .. } = *progress;
        self.outcomes.set(&(epoch % KEPT_EPOCHS), &Outcome { epoch, pages, miners, total_score });
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        env().emit(&EpochFinalized { epoch, rows, miners, total_score });
    }
}
