//! The treasury and its grants by their definitions (economy E29, E30).

use florin_sandbox::Address;
use florin_treasury::TreasuryError;

use super::Model;
use super::arithmetic::floor;
use crate::economy_model::act::Terms;
use crate::economy_model::terms::{OWNER, TREASURY, address};

/// A grant and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) terms: Terms,
    /// What it pays in all, when it was ended.
    pub(crate) ended: Option<u128>,
    pub(crate) released: u128,
}

/// The treasury.
#[derive(Clone, Debug, Default)]
pub(crate) struct Treasury {
    pub(crate) grants: Vec<Grant>,
    pub(crate) spent: u128,
}

type Answer<T> = Result<T, TreasuryError>;

impl Grant {
    pub(crate) fn vested(&self, height: u64) -> u128 {
        let Terms { total, at_start, start, cliff, length, .. } = self.terms;
        match self.ended {
            Some(ended) => ended,
            None if height < start => 0,
            None if height < start + cliff => at_start,
            None if height >= start + cliff + length => total,
            None => at_start + floor(total - at_start, (height - start - cliff).into(), length.into()),
        }
    }
}

impl Treasury {
    /// What grants wait for.
    pub(crate) fn committed(&self) -> u128 {
        self.grants.iter().map(|grant| grant.ended.unwrap_or(grant.terms.total) - grant.released).sum()
    }
}

impl Model {
    fn owner_spends(&self, by: usize, to: Address, amount: u128) -> Answer<()> {
        if by != OWNER {
            return Err(TreasuryError::Unauthorized { account: address(by) });
        }
        if to.is_zero() {
            return Err(TreasuryError::InvalidAccount { account: to });
        }
        if amount == 0 || amount >= 1 << 63 {
            return Err(TreasuryError::InvalidAmount { amount });
        }
        let available = self.money.of(TREASURY) - self.treasury.committed();
        if amount > available {
            return Err(TreasuryError::AboveBudget { amount, available });
        }
        Ok(())
    }

    pub(crate) fn spend(&mut self, by: usize, to: Address, amount: u128) -> Answer<()> {
        self.owner_spends(by, to, amount)?;
        self.treasury.spent += amount;
        self.money.pay(TREASURY, to, amount);
        Ok(())
    }

    pub(crate) fn grant(&mut self, by: usize, given: Terms) -> Answer<u64> {
        self.owner_spends(by, given.holder, given.total)?;
        let start = if given.start == 0 { self.height } else { given.start };
        let Terms { total, at_start, cliff, length, .. } = given;
        if at_start > total || start.checked_add(cliff).and_then(|end| end.checked_add(length)).is_none() {
            return Err(TreasuryError::InvalidGrant { total, at_start, start, cliff, length });
        }
        self.treasury.grants.push(Grant { terms: Terms { start, ..given }, ended: None, released: 0 });
        Ok(self.treasury.grants.len() as u64 - 1)
    }

    pub(crate) fn release(&mut self, id: u64) -> Answer<u128> {
        let height = self.height;
        let grant = self.treasury.grants.get_mut(id as usize).ok_or(TreasuryError::UnknownGrant { id })?;
        let amount = grant.vested(height) - grant.released;
        if amount == 0 {
            return Err(TreasuryError::NothingVested { id });
        }
        grant.released += amount;
        let holder = grant.terms.holder;
        self.money.pay(TREASURY, holder, amount);
        Ok(amount)
    }

    pub(crate) fn revoke(&mut self, by: usize, id: u64) -> Answer<u128> {
        let height = self.height;
        if by != OWNER {
            return Err(TreasuryError::Unauthorized { account: address(by) });
        }
        let grant = self.treasury.grants.get_mut(id as usize).ok_or(TreasuryError::UnknownGrant { id })?;
        if !grant.terms.is_revocable {
            return Err(TreasuryError::NotRevocable { id });
        }
        if grant.ended.is_some() {
            return Err(TreasuryError::AlreadyRevoked { id });
        }
        let vested = grant.vested(height);
        grant.ended = Some(vested);
        Ok(grant.terms.total - vested)
    }
}
