//! `floor(a * b / c)`, with the product in 256 bits: the one division of the economy.
//!
//! Guarantees the exact quotient and remainder for all operands, and `None` for a division by zero and for a quotient
//! beyond 128 bits. Rounds down, once.
//!
//! WebAssembly divides 64 bits by 64, and no more, so 128 bits are divided here by multiplying with a reciprocal of the
//! divisor: N. Möller and T. Granlund, "Improved division by invariant integers", IEEE Transactions on Computers 60
//! (2011), the algorithms 3 to 6. The reciprocal is what costs, a small division and seven multiplications; a [`Divisor`] computes it once,
//! constants at compile time. Costs of a product of two amounts below 2^64 and its division by a ready divisor: three
//! multiplications. In a contract a 256-bit library takes
//! ten times as long, a host function four times (docs/ARCHITECTURE.md has the figures).

/// A number to divide by, ready to be divided by many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divisor {
    number: u128,
    /// The number, shifted left until its highest bit is set, in one word or in two.
    high: u64,
    low: u64,
    /// How far it was shifted, in bits: less than 64.
    shift: u32,
    reciprocal: u64,
}

/// A quotient, rounded down, and what it leaves of the dividend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotient {
    /// The quotient.
    pub quotient: u128,
    /// The remainder, less than the divisor.
    pub remainder: u128,
}

/// Returns `floor(a * b / c)`; `None` if `c` is 0 or the quotient has more than 128 bits.
///
/// One division with one divisor; where the divisor stays, make it a [`Divisor`].
#[inline(always)]
pub const fn mul_div(a: u128, b: u128, c: u128) -> Option<u128> {
    match Divisor::new(c) {
        Some(divisor) => divisor.mul_div(a, b),
        None => None,
    }
}

/// Returns the quotient of `a * b` by `c` and the remainder; `None` if `c` is 0 or the quotient has more than 128 bits. One copy
/// of the code, for contracts that divide in many places and seldom.
#[inline(never)]
pub const fn quotient(a: u128, b: u128, c: u128) -> Option<Quotient> {
    match Divisor::new(c) {
        Some(divisor) => divisor.mul_div_rem(a, b),
        None => None,
    }
}

impl Divisor {
    /// Computes the reciprocal of a number; `None` for 0.
    #[inline(always)]
    pub const fn new(number: u128) -> Option<Self> {
        if high(number) != 0 {
            return Some(Self::of_two_words(number));
        }
        let word = low(number);
        if word == 0 {
            return None;
        }
        let shift = word.leading_zeros();
        let word = word.wrapping_shl(shift);
        Some(Self { number, high: word, low: 0, shift, reciprocal: reciprocal(word) })
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u128 {
        self.number
    }

    const fn is_wide(&self) -> bool {
        high(self.number) != 0
    }

    /// Returns `floor(a * b / self)`; `None` if the quotient has more than 128 bits.
    #[inline(always)]
    pub const fn mul_div(&self, a: u128, b: u128) -> Option<u128> {
        match self.mul_div_rem(a, b) {
            Some(found) => Some(found.quotient),
            None => None,
        }
    }

    /// Returns the quotient of `a * b` and the remainder; `None` if the quotient has more than 128 bits.
    ///
    /// Inlined, so that of a divisor which is a constant only multiplications and shifts are left.
    #[inline(always)]
    pub const fn mul_div_rem(&self, a: u128, b: u128) -> Option<Quotient> {
        if high(a) | high(b) != 0 || self.is_wide() {
            return self.mul_div_rem_of_two_words(a, b);
        }
        Some(self.by_one_word(0, multiply(low(a), low(b))))
    }

    #[cold]
    #[inline(never)]
    const fn mul_div_rem_of_two_words(&self, a: u128, b: u128) -> Option<Quotient> {
        let (above, below) = product(a, b);
        // The quotient has more than 128 bits exactly when what stands above is no less than the divisor.
        if above >= self.number {
            return None;
        }
        Some(if self.is_wide() { self.by_two_words(above, below) } else { self.by_one_word(low(above), below) })
    }

    /// Divides `2^128 * above + below`, where `above` is less than the number, by a number of one word.
    #[inline(always)]
    const fn by_one_word(&self, above: u64, below: u128) -> Quotient {
        let (word, shift) = (self.high, self.shift);
        let (second, third) = (shift_left(high(below), low(below), shift), low(below).wrapping_shl(shift));
        let first = shift_left(above, high(below), shift);
        let (upper, rest) =
            if first == 0 && second < word { (0, second) } else { step(first, second, word, self.reciprocal) };
        let (lower, rest) = step(rest, third, word, self.reciprocal);
        Quotient { quotient: join(upper, lower), remainder: join(0, rest.wrapping_shr(shift)) }
    }

    /// Divides `2^128 * above + below`, where `above` is less than the number, by a number of two words.
    const fn by_two_words(&self, above: u128, below: u128) -> Quotient {
        let (number, shift) = (join(self.high, self.low), self.shift);
        let first = shift_left(high(above), low(above), shift);
        let second = shift_left(low(above), high(below), shift);
        let third = shift_left(high(below), low(below), shift);
        let (upper, rest) = step_of_two_words(join(first, second), third, number, self.reciprocal);
        let (lower, rest) = step_of_two_words(rest, low(below).wrapping_shl(shift), number, self.reciprocal);
        // Back to the right, in words.
        let carried = (high(rest) << 1).wrapping_shl(63_u32.wrapping_sub(shift));
        let remainder = join(high(rest).wrapping_shr(shift), low(rest).wrapping_shr(shift) | carried);
        Quotient { quotient: join(upper, lower), remainder }
    }

    /// Algorithm 6: the reciprocal of a number above 2^64.
    #[cold]
    #[inline(never)]
    const fn of_two_words(number: u128) -> Self {
        let shift = high(number).leading_zeros();
        let (first, second) = (shift_left(high(number), low(number), shift), low(number).wrapping_shl(shift));
        let mut reciprocal = reciprocal(first);
        let (mut rest, carried) = first.wrapping_mul(reciprocal).overflowing_add(second);
        if carried {
            reciprocal = reciprocal.wrapping_sub(1);
            if rest >= first {
                reciprocal = reciprocal.wrapping_sub(1);
                rest = rest.wrapping_sub(first);
            }
            rest = rest.wrapping_sub(first);
        }
        let product = multiply(reciprocal, second);
        let (rest, carried) = rest.overflowing_add(high(product));
        if carried {
            reciprocal = reciprocal.wrapping_sub(1);
            if join(rest, low(product)) >= join(first, second) {
                reciprocal = reciprocal.wrapping_sub(1);
            }
        }
        Self { number, high: first, low: second, shift, reciprocal }
    }
}

/// Algorithm 3: returns `floor((2^128 - 1) / word) - 2^64` of a word whose highest bit is set. The first 11 bits come from
/// a small division, where the paper has a table.
#[inline]
const fn reciprocal(word: u64) -> u64 {
    let odd = word & 1;
    let half = (word >> 1).wrapping_add(odd);
    let upper = (word >> 24).wrapping_add(1);
    // The highest bit is set already; said once more, it spares a comparison with 0.
    let first = 0x7_fd00_u32.wrapping_div(low_half(word >> 55) | 256) as u64;
    let second = (first << 11).wrapping_sub(first.wrapping_mul(first).wrapping_mul(upper) >> 40).wrapping_sub(1);
    let error = (1_u64 << 60).wrapping_sub(second.wrapping_mul(upper));
    let third = (second << 13).wrapping_add(second.wrapping_mul(error) >> 47);
    let error = (third >> 1 & 0_u64.wrapping_sub(odd)).wrapping_sub(third.wrapping_mul(half));
    let fourth = (third << 31).wrapping_add(high(multiply(third, error)) >> 1);
    fourth.wrapping_sub(high(multiply(fourth, word).wrapping_add(join(0, word)))).wrapping_sub(word)
}

/// Algorithm 4: divides `2^64 * upper + lower`, where `upper < word`, by a word whose highest bit is set.
#[inline(always)]
const fn step(upper: u64, lower: u64, word: u64, reciprocal: u64) -> (u64, u64) {
    let guess = multiply(reciprocal, upper).wrapping_add(join(upper, lower));
    let mut quotient = high(guess).wrapping_add(1);
    let mut rest = lower.wrapping_sub(quotient.wrapping_mul(word));
    if rest > low(guess) {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(word);
    }
    if rest >= word {
        quotient = quotient.wrapping_add(1);
        rest = rest.wrapping_sub(word);
    }
    (quotient, rest)
}

/// Algorithm 5: divides `2^64 * upper + lower`, where `upper < number`, by two words whose highest bit is set.
const fn step_of_two_words(upper: u128, lower: u64, number: u128, reciprocal: u64) -> (u64, u128) {
    let guess = multiply(reciprocal, high(upper)).wrapping_add(upper);
    let mut quotient = high(guess).wrapping_add(1);
    let first = low(upper).wrapping_sub(high(guess).wrapping_mul(high(number)));
    let mut rest = join(first, lower).wrapping_sub(multiply(high(guess), low(number))).wrapping_sub(number);
    if high(rest) >= low(guess) {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(number);
    }
    if rest >= number {
        quotient = quotient.wrapping_add(1);
        rest = rest.wrapping_sub(number);
    }
    (quotient, rest)
}

/// Multiplies to 256 bits: the upper and the lower half.
const fn product(a: u128, b: u128) -> (u128, u128) {
    let (lower, upper) = (multiply(low(a), low(b)), multiply(high(a), high(b)));
    let (left, right) = (multiply(low(a), high(b)), multiply(high(a), low(b)));
    let middle = join(0, high(lower)).wrapping_add(join(0, low(left))).wrapping_add(join(0, low(right)));
    let carried = join(0, high(left)).wrapping_add(join(0, high(right))).wrapping_add(join(0, high(middle)));
    (upper.wrapping_add(carried), join(low(middle), low(lower)))
}

/// Returns the upper word of two words that are shifted left by less than 64 bits.
#[inline(always)]
const fn shift_left(upper: u64, lower: u64, shift: u32) -> u64 {
    // Right in two steps, because a shift by 64 bits would be none.
    upper.wrapping_shl(shift) | (lower >> 1).wrapping_shr(63_u32.wrapping_sub(shift))
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "nine bits")]
const fn low_half(word: u64) -> u32 {
    word as u32
}

/// One operator of WebAssembly.
#[inline(always)]
const fn multiply(a: u64, b: u64) -> u128 {
    (a as u128).wrapping_mul(b as u128)
}

#[inline(always)]
const fn join(high: u64, low: u64) -> u128 {
    (high as u128) << 64 | low as u128
}

#[inline(always)]
const fn high(number: u128) -> u64 {
    low(number >> 64)
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
const fn low(number: u128) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests;
