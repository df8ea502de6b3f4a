//! One shared row of the split, page by page: its accounts and weights, the floors, the remainder's threshold, and payment
//! through the staking contract.
//!
//! Guarantees that the shares of a row are its pool to the wei, by the rule of E11, and that what is paid is what was
//! collected: weights are taken over once, so that nothing changes below a settlement that goes on for blocks. Costs: a page
//! is one entry of the state and is read once a pass into one buffer.

use alloc::boxed::Box;

use florin_sdk::prelude::*;
use florin_tokenomics::remainders::{Search, Threshold};
use florin_tokenomics::shares::Pool;

use crate::errors::RewardsError;
use crate::settlement::{Settlement, Shared, Stage};
use crate::sources;
use crate::storage::{Fixed, Rewards};
use crate::work::{MINERS, STAKING, Step, next_row};

/// Bytes of an entry: account and weight, or account and amount.
pub(crate) const ENTRY_BYTES: usize = 36;

/// The most entries of a page of weights.
const PAGE_MAX: usize = 256;

/// Validators that are asked for at a time.
const VALIDATORS_PAGE: u32 = 64;

/// Validators that are paid in a step: the staking contract writes several entries for each.
const PAYMENTS: u32 = 32;

/// Memory that all steps of a block share.
#[derive(Default)]
pub(crate) struct Buffers {
    /// A page of weights for each shared row.
    pub(crate) weights: Vec<Vec<u8>>,
    /// The page that is written.
    pub(crate) page: Vec<u8>,
    /// Its leaves.
    pub(crate) leaves: Vec<B256>,
}

impl Buffers {
    /// Returns the page buffer of a row.
    pub(crate) fn weights_of(&mut self, at: u32) -> Vec<u8> {
        let at = usize::try_from(at).unwrap_or_default();
        if self.weights.len() <= at {
            self.weights.resize_with(at.saturating_add(1), Vec::new);
        }
        self.weights.get_mut(at).map(core::mem::take).unwrap_or_default()
    }

    /// Gives it back.
    pub(crate) fn keep(&mut self, at: u32, buffer: Vec<u8>) {
        if let Some(place) = usize::try_from(at).ok().and_then(|at| self.weights.get_mut(at)) {
            *place = buffer;
        }
    }
}

/// Appends an entry to a page.
pub(crate) fn push_entry(page: &mut Vec<u8>, account: Address, number: u128) {
    page.extend_from_slice(account.as_slice());
    page.extend_from_slice(&number.to_le_bytes());
}

/// Reads an entry.
pub(crate) fn entry(bytes: &[u8; ENTRY_BYTES]) -> (Address, u128) {
    let (account, number) = bytes.split_at(20);
    let number = number.first_chunk().map_or(0, |number| u128::from_le_bytes(*number));
    (Address::from_slice(account), number)
}

/// Returns the entries of a page.
pub(crate) fn entries(page: &[u8]) -> &[[u8; ENTRY_BYTES]] {
    page.as_chunks::<ENTRY_BYTES>().0
}

impl Rewards {
    /// Takes over the next page of a row.
    pub(crate) fn collect(
        &mut self,
        fixed: &Fixed,
        settlement: &mut Settlement,
        buffers: &mut Buffers,
        at: u32,
        after: Address,
    ) -> Step<()> {
        let epoch = settlement.epoch;
        let shared = row(settlement, at)?;
        let source = if shared.kind == MINERS { fixed.registry } else { fixed.staking };
        let unordered = RewardsError::SourceUnordered { source, epoch };
        let page = &mut buffers.page;
        page.clear();
        let (mut last, mut weight) = (after, shared.weight);
        let (question, numbers_at) = if shared.kind == MINERS {
            (sources::scores(epoch, shared.pages), 1)
        } else {
            (sources::validators(epoch, &after, VALIDATORS_PAGE), 2)
        };
        let (count, is_ordered) = question.view(&source, |words| {
            let ((accounts, count), (numbers, same_count)) = (words.list(0), words.list(numbers_at));
            let mut is_ordered = count == same_count && count <= PAGE_MAX;
            for place in 0..count {
                let account = words.account(accounts.saturating_add(place));
                let each = words.number(numbers.saturating_add(place));
                is_ordered &= account > last && each > 0;
                last = account;
                weight = weight.saturating_add(each);
                push_entry(page, account, each);
            }
            (count, is_ordered)
        })?;
        if !is_ordered || weight > shared.total {
            return Err(Box::new(unordered));
        }
        shared.weight = weight;
        if count > 0 {
            self.weights.write(&(row_key(at), shared.pages), &buffers.page);
            shared.pages = shared.pages.saturating_add(1);
        }
        settlement.stage = if weight == shared.total {
            settlement.search.put(Search::new(weight));
            Stage::Flooring { at, page: 0 }
        } else if count > 0 {
            Stage::Collecting { at, after: last }
        } else {
            // The list ends before its sum.
            return Err(Box::new(unordered));
        };
        Ok(())
    }

    /// Counts a digit of the fractions of a page; in the first pass it sums the floors too.
    pub(crate) fn count(
        &mut self,
        fixed: &Fixed,
        settlement: &mut Settlement,
        buffers: &mut Buffers,
        at: u32,
        page: u32,
    ) -> Step<()> {
        let is_first_pass = matches!(settlement.stage, Stage::Flooring { .. });
        let (epoch, mut search) = (settlement.epoch, settlement.search.take());
        let shared = row(settlement, at)?;
        let floors = self.pass(epoch, shared, buffers, (at, page), &mut search)?;
        if is_first_pass {
            shared.floors = shared.floors.saturating_add(floors);
        }
        let page = page.saturating_add(1);
        if page < shared.pages {
            settlement.search.put(search);
            settlement.stage = if is_first_pass { Stage::Flooring { at, page } } else { Stage::Searching { at, page } };
            return Ok(());
        }
        if is_first_pass {
            let left = shared.pool.checked_sub(shared.floors).and_then(|left| u32::try_from(left).ok());
            let source = if shared.kind == MINERS { fixed.registry } else { fixed.staking };
            let Some(wanted) = left else {
                return Err(Box::new(RewardsError::SourceUnordered { source, epoch }));
            };
            settlement.search.wanted = wanted;
            if wanted == 0 {
                row(settlement, at)?.set_threshold(Threshold::NOBODY);
                return leave_row(settlement, at);
            }
        }
        match search.advance(&mut settlement.search.wanted) {
            Some(threshold) => {
                row(settlement, at)?.set_threshold(threshold);
                leave_row(settlement, at)
            }
            None => {
                settlement.search.put(search);
                settlement.stage = Stage::Searching { at, page: 0 };
                Ok(())
            }
        }
    }

    /// Counts the fractions of a page; returns the sum of its floors.
    fn pass(
        &self,
        epoch: u64,
        shared: &Shared,
        buffers: &mut Buffers,
        (at, page): (u32, u32),
        search: &mut Search,
    ) -> Step<u128> {
        let mut weights = buffers.weights_of(at);
        self.weights.read_into(&(row_key(at), page), &mut weights);
        let unbalanced = RewardsError::NotBalanced { epoch };
        let pool = pool_of(shared, epoch)?;
        let mut floors = 0_u128;
        for bytes in entries(&weights) {
            let Ok(part) = pool.share(entry(bytes).1) else { return Err(Box::new(unbalanced)) };
            floors = floors.saturating_add(part.quotient);
            search.count(part.remainder);
        }
        buffers.keep(at, weights);
        Ok(floors)
    }

    /// Pays the next validators of a row through the staking contract.
    pub(crate) fn pay(
        &mut self,
        fixed: &Fixed,
        settlement: &mut Settlement,
        buffers: &mut Buffers,
        (at, page, first): (u32, u32, u32),
    ) -> Step<()> {
        let epoch = settlement.epoch;
        let shared = row(settlement, at)?;
        let mut weights = buffers.weights_of(at);
        self.weights.read_into(&(row_key(at), page), &mut weights);
        let pool = pool_of(shared, epoch)?;
        let mut threshold = shared.threshold();
        let (from, count) = (usize::try_from(first).unwrap_or(usize::MAX), PAYMENTS as usize);
        for bytes in entries(&weights).iter().skip(from).take(count) {
            let (account, weight) = entry(bytes);
            let amount = share(&pool, weight, &mut threshold);
            if amount > 0 {
                sources::reward(&fixed.staking, epoch, &account, amount)?;
            }
        }
        let is_last_part = entries(&weights).len() <= from.saturating_add(count);
        buffers.keep(at, weights);
        shared.set_threshold(threshold);
        let is_last_page = page.saturating_add(1) >= shared.pages;
        settlement.stage = match (is_last_part, is_last_page) {
            (false, _) => Stage::Paying { at, page, entry: first.saturating_add(PAYMENTS) },
            (true, false) => Stage::Paying { at, page: page.saturating_add(1), entry: 0 },
            (true, true) => next_row(&settlement.shared, at.saturating_add(1)),
        };
        Ok(())
    }
}

/// Returns the division of a row's pool.
pub(crate) fn pool_of(shared: &Shared, epoch: u64) -> Step<Pool> {
    Pool::new(shared.pool, shared.weight).map_err(|_| Box::new(RewardsError::NotBalanced { epoch }))
}

/// Returns the share of the next entry in order, its wei of the remainder included.
pub(crate) fn share(pool: &Pool, weight: u128, threshold: &mut Threshold) -> u128 {
    match pool.share(weight) {
        Ok(part) => part.quotient.saturating_add(u128::from(threshold.admit(part.remainder))),
        Err(_) => 0,
    }
}

/// Returns the first part of a key of weights.
pub(crate) fn row_key(at: u32) -> u8 {
    u8::try_from(at).unwrap_or(u8::MAX)
}

fn row(settlement: &mut Settlement, at: u32) -> Step<&mut Shared> {
    let epoch = settlement.epoch;
    let row = usize::try_from(at).ok().and_then(|at| settlement.shared.get_mut(at));
    row.ok_or_else(|| Box::new(RewardsError::NotBalanced { epoch }))
}

fn leave_row(settlement: &mut Settlement, at: u32) -> Step<()> {
    let is_paid_now = row(settlement, at)?.kind == STAKING;
    settlement.stage = if is_paid_now {
        Stage::Paying { at, page: 0, entry: 0 }
    } else {
        next_row(&settlement.shared, at.saturating_add(1))
    };
    Ok(())
}
