//! The model's own arithmetic: quotients in 256 bits, and shares by the largest remainder as one sorts them by hand.

use florin_sandbox::U256;

/// Returns `floor(a * b / c)`.
pub(crate) fn floor(a: u128, b: u128, c: u128) -> u128 {
    (U256::from(a) * U256::from(b) / U256::from(c)).to::<u128>()
}

/// Returns `ceil(a * b / c)`.
pub(crate) fn ceil(a: u128, b: u128, c: u128) -> u128 {
    (U256::from(a) * U256::from(b)).div_ceil(U256::from(c)).to::<u128>()
}

/// Returns `a * b mod c`.
pub(crate) fn rest(a: u128, b: u128, c: u128) -> u128 {
    (U256::from(a) * U256::from(b) % U256::from(c)).to::<u128>()
}

/// Divides an amount by weights that sum to `total`: floors, then a wei each to the largest fractions, a tie to the earlier.
pub(crate) fn divide(amount: u128, weights: &[u128], total: u128) -> Vec<u128> {
    let mut shares: Vec<u128> = weights.iter().map(|weight| floor(amount, *weight, total)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|place| (std::cmp::Reverse(rest(amount, weights[*place], total)), *place));
    let left = amount - shares.iter().sum::<u128>();
    for place in order.into_iter().take(left as usize) {
        shares[place] += 1;
    }
    shares
}

/// Wei that lose in proportion, and the shares of their owners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) stake: u128,
    pub(crate) shares: u128,
}

impl Pool {
    pub(crate) fn worth(self, shares: u128) -> u128 {
        if self.shares == 0 { 0 } else { floor(shares, self.stake, self.shares) }
    }

    /// Returns the shares that an amount buys; none if its wei would belong to others.
    pub(crate) fn price(self, amount: u128) -> Option<u128> {
        match self {
            Self { shares: 0, .. } => Some(amount),
            Self { stake: 0, .. } => None,
            Self { stake, shares } => Some(floor(amount, shares, stake)),
        }
    }

    pub(crate) fn buy(&mut self, amount: u128) -> u128 {
        let shares = self.price(amount).unwrap();
        self.stake += amount;
        self.shares += shares;
        shares
    }

    /// Returns the shares that taking out an amount costs the owner of some shares, which are worth as much.
    pub(crate) fn cost(self, owned: u128, amount: u128) -> u128 {
        if amount == self.worth(owned) { owned } else { ceil(amount, self.shares, self.stake) }
    }
}
