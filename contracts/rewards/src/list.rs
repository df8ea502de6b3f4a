//! The list of an epoch's rewards: all claimed rows merged by account, page by page, with the tree over it.
//!
//! ```text
//! row 0 (miners)      a b   d e                page 0: 256 rewards -> root 0 \
//! row 1 (validators)    b c                    page 1: 256 rewards -> root 1  > root of the campaign
//! list                a b c d e  (b: the sum)  page 2:  17 rewards -> root 2 /
//! ```
//! Guarantees the tree of [`florin_tokenomics::merkle`]: a full page has 2^8 leaves, so its root is an inner node of the whole
//! tree, and the rest is carried up as the definition says. Rewards of zero are left out; an account in two rows has one leaf
//! with the sum.
//!
//! Costs a page: one hash a leaf, one host call for its root, one entry of the state, one event. Refuses nothing.

use florin_sdk::abi::Octets;
use florin_sdk::prelude::*;
use florin_tokenomics::remainders::Threshold;
use florin_tokenomics::shares::Pool;
use florin_tokenomics::{Leaf, Scope};

use crate::events::RewardsListed;
use crate::pools::{Buffers, ENTRY_BYTES, entries, entry, pool_of, push_entry, row_key, share};
use crate::settlement::{Settlement, Shared, Stage};
use crate::storage::{Fixed, Rewards, slot};
use crate::work::{STAKING, Step};

/// Rewards of a page: 2^8, so that a full page is a whole subtree.
pub const PAGE_REWARDS: u32 = 256;

/// A row while it is merged.
struct Cursor {
    at: u32,
    pool: Pool,
    threshold: Threshold,
    pages: u32,
    /// The entry behind the head.
    next: (u32, u32),
    weights: Vec<u8>,
    is_loaded: bool,
    head: Option<Head>,
}

/// The next reward of a row that is not zero.
#[derive(Clone, Copy)]
struct Head {
    account: Address,
    amount: u128,
    /// Where it stands, and the ties before it: from there the next block goes on.
    place: (u32, u32),
    ties: u32,
}

impl Cursor {
    fn new(epoch: u64, shared: &Shared, at: u32, buffers: &mut Buffers) -> Step<Self> {
        Ok(Self {
            at,
            pool: pool_of(shared, epoch)?,
            threshold: shared.threshold(),
            pages: shared.pages,
            next: shared.next,
            weights: buffers.weights_of(at),
            is_loaded: false,
            head: None,
        })
    }

    /// Moves the head to the next reward.
    fn advance(&mut self, contract: &Rewards) {
        self.head = None;
        while self.next.0 < self.pages {
            let (page, place) = self.next;
            if !self.is_loaded {
                contract.weights.read_into(&(row_key(self.at), page), &mut self.weights);
                self.is_loaded = true;
            }
            let found = usize::try_from(place).ok().and_then(|place| entries(&self.weights).get(place));
            let Some(bytes) = found else {
                self.next = (page.saturating_add(1), 0);
                self.is_loaded = false;
                continue;
            };
            let (account, weight) = entry(bytes);
            let ties = self.threshold.ties;
            let amount = share(&self.pool, weight, &mut self.threshold);
            self.next = (page, place.saturating_add(1));
            if amount > 0 {
                self.head = Some(Head { account, amount, place: (page, place), ties });
                return;
            }
        }
    }

    /// Writes down where the next block goes on.
    fn leave(self, shared: &mut Shared, buffers: &mut Buffers) {
        (shared.next, shared.ties) = self.head.map_or((self.next, self.threshold.ties), |head| (head.place, head.ties));
        buffers.keep(self.at, self.weights);
    }
}

impl Rewards {
    /// Writes the next page of the list.
    pub(crate) fn write_page(&mut self, fixed: &Fixed, settlement: &mut Settlement, buffers: &mut Buffers) -> Step<()> {
        let mut cursors = Vec::new();
        for (at, shared) in (0_u32..).zip(&settlement.shared) {
            if shared.kind != STAKING {
                let mut cursor = Cursor::new(settlement.epoch, shared, at, buffers)?;
                cursor.advance(self);
                cursors.push(cursor);
            }
        }
        let first = settlement.listed;
        let scope =
            Scope { chain_id: env().chain_id(), contract: fixed.claims.into_array(), campaign: settlement.epoch };
        buffers.page.clear();
        buffers.page.reserve((PAGE_REWARDS as usize).saturating_mul(ENTRY_BYTES));
        buffers.leaves.clear();
        while settlement.listed.saturating_sub(first) < PAGE_REWARDS {
            let heads = cursors.iter().filter_map(|cursor| cursor.head);
            let Some(account) = heads.map(|head| head.account).min() else { break };
            let mut amount = 0_u128;
            for cursor in &mut cursors {
                if let Some(head) = cursor.head.filter(|head| head.account == account) {
                    amount = amount.saturating_add(head.amount);
                    cursor.advance(self);
                }
            }
            let leaf = Leaf { scope, index: settlement.listed, account: account.into_array(), amount };
            buffers.leaves.push(env().sha256(&leaf.encode()));
            push_entry(&mut buffers.page, account, amount);
            settlement.listed = settlement.listed.saturating_add(1);
            settlement.claimable = settlement.claimable.saturating_add(amount);
        }
        if cursors.iter().all(|cursor| cursor.head.is_none()) {
            settlement.stage = Stage::Finishing;
        }
        for cursor in cursors {
            let at = usize::try_from(cursor.at).unwrap_or(usize::MAX);
            if let Some(shared) = settlement.shared.get_mut(at) {
                cursor.leave(shared, buffers);
            }
        }
        if !buffers.leaves.is_empty() {
            let page = u32::try_from(settlement.page_roots.len()).unwrap_or(u32::MAX);
            self.lists.write(&(slot(settlement.epoch), page), &buffers.page);
            settlement.page_roots.push(env().merkle_root(&buffers.leaves));
            let entries = Octets(buffers.page.clone());
            env().emit(&RewardsListed { epoch: settlement.epoch, first, entries });
        }
        Ok(())
    }
}
