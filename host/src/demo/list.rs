//! Allocation lists: who gets how much, read from CSV, and the real list that the demo pays out.
//!
//! Guarantees a list that is not empty, in which each account stands once, in ascending order, no amount is zero and
//! the exact total fits 128 bits. Two columns, address and amount in the smallest unit; a first line with two names
//! is skipped, so is an UTF-8 byte order mark. Addresses in mixed case must carry the right EIP-55 checksum.
//!
//! Refuses everything else, naming line and column. Costs one pass, and memory of a few times the text at most.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::IntErrorKind;

use florin_tokenomics::{AddressError, address};
use thiserror::Error;

/// The published user allocation of the SAFE token; see `data/README.md`.
const SAFE_ALLOCATIONS: &[u8] = include_bytes!("../../data/safe_allocations.csv.zst");

/// Length of the built-in list when unpacked, in bytes.
const SAFE_ALLOCATIONS_BYTES: usize = 2_844_792;

/// The longest list, in bytes.
pub const LIST_BYTES_MAX: usize = 64 << 20;

/// The longest line, in bytes without separators.
pub const LINE_BYTES_MAX: usize = 256;

/// The most accounts in a list.
pub const ACCOUNTS_MAX: usize = 1 << 18;

/// What one account gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Who is paid.
    pub account: [u8; 20],
    /// How much, in the token's smallest unit. At least 1.
    pub amount: u128,
}

/// Why a list is refused. Lines and columns count from 1; column 1 is the address, column 2 the amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// No line with an allocation.
    #[error("the list is empty")]
    Empty,
    /// More bytes than [`LIST_BYTES_MAX`].
    #[error("the list has {bytes} bytes, the limit is {LIST_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// More accounts than [`ACCOUNTS_MAX`].
    #[error("line {line}: the list has more than {ACCOUNTS_MAX} accounts")]
    TooMany {
        /// The first line too many.
        line: u64,
    },
    /// A line is longer than [`LINE_BYTES_MAX`], or a quote is not closed.
    #[error("line {line}: {bytes} bytes, the limit is {LINE_BYTES_MAX}; is a quote or a line break missing?")]
    LineTooLong {
        /// The line.
        line: u64,
        /// Its length without separators.
        bytes: usize,
    },
    /// A line has another number of columns than two.
    #[error("line {line}: {found} columns instead of 2 (address,amount)")]
    Columns {
        /// The line.
        line: u64,
        /// Columns on it.
        found: usize,
    },
    /// The text is not UTF-8.
    #[error("line {line}, column {column}: not UTF-8; save the list as UTF-8 text")]
    Encoding {
        /// The line.
        line: u64,
        /// The column.
        column: u32,
    },
    /// The first column is not an address.
    #[error("line {line}, column 1: {reason}")]
    Address {
        /// The line.
        line: u64,
        /// What is wrong with the address; positions count within the column.
        reason: AddressError,
    },
    /// The second column is not a whole number in decimal digits.
    #[error("line {line}, column 2: the amount is not a whole number of the smallest unit")]
    Amount {
        /// The line.
        line: u64,
    },
    /// An amount, or the total with it, needs more than 128 bits.
    #[error("line {line}, column 2: {what} exceeds 2^128 - 1")]
    Overflow {
        /// The line.
        line: u64,
        /// The amount, or the total up to here.
        what: &'static str,
    },
    /// An amount is zero.
    #[error("line {line}, column 2: the amount is zero")]
    Zero {
        /// The line.
        line: u64,
    },
    /// An account stands on two lines.
    #[error("line {line}, column 1: the account stands on line {first_line} already")]
    DuplicateAccount {
        /// The second line with the account.
        line: u64,
        /// The first line with it.
        first_line: u64,
    },
    /// The reader gave up.
    #[error("the list cannot be read: {reason}")]
    Unreadable {
        /// What the reader says.
        reason: String,
    },
}

/// A checked list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationList {
    allocations: Vec<Allocation>,
    total: u128,
}

impl AllocationList {
    /// Returns the list of 43,575 accounts that comes with the program.
    ///
    /// # Errors
    /// A [`ListError`] if the program's own bytes are damaged.
    pub fn built_in() -> Result<Self, ListError> {
        let unpacked = zstd::bulk::decompress(SAFE_ALLOCATIONS, SAFE_ALLOCATIONS_BYTES);
        let text = unpacked.map_err(|error| ListError::Unreadable { reason: error.to_string() })?;
        Self::parse(&text)
    }

    /// Reads a list from CSV.
    ///
    /// # Errors
    /// A [`ListError`] for the first line that is wrong.
    pub fn parse(csv: &[u8]) -> Result<Self, ListError> {
        if csv.len() > LIST_BYTES_MAX {
            return Err(ListError::TooLong { bytes: csv.len() });
        }
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(csv);
        let mut record = csv::ByteRecord::new();
        let mut accounts = BTreeMap::new();
        let mut total = 0_u128;
        let mut is_first = true;
        while reader.read_byte_record(&mut record).map_err(unreadable)? {
            let row = Row::new(&record)?;
            if !(std::mem::take(&mut is_first) && row.is_header()) {
                let Allocation { account, amount } = row.allocation()?;
                let line = row.line;
                total = total.checked_add(amount).ok_or(ListError::Overflow { line, what: "the total" })?;
                match accounts.entry(account) {
                    Entry::Occupied(first) => {
                        let (_, first_line) = first.get();
                        return Err(ListError::DuplicateAccount { line, first_line: *first_line });
                    }
                    Entry::Vacant(place) => place.insert((amount, line)),
                };
                if accounts.len() > ACCOUNTS_MAX {
                    return Err(ListError::TooMany { line });
                }
            }
        }
        if accounts.is_empty() {
            return Err(ListError::Empty);
        }
        let allocations = accounts.into_iter().map(|(account, (amount, _))| Allocation { account, amount }).collect();
        Ok(Self { allocations, total })
    }

    /// Returns the list of the first `count` accounts, or the whole list if it has no more.
    ///
    /// # Errors
    /// [`ListError::Empty`] for a count of zero.
    pub fn first(&self, count: usize) -> Result<Self, ListError> {
        let allocations = self.allocations.iter().copied().take(count).collect::<Vec<_>>();
        // A part of a total that fits fits.
        let total = allocations.iter().fold(0_u128, |sum, allocation| sum.saturating_add(allocation.amount));
        if allocations.is_empty() { Err(ListError::Empty) } else { Ok(Self { allocations, total }) }
    }

    /// Returns the allocations by account.
    pub fn allocations(&self) -> &[Allocation] {
        &self.allocations
    }

    /// Returns the exact sum of the amounts.
    pub const fn total(&self) -> u128 {
        self.total
    }
}

/// A line of two columns.
struct Row<'a> {
    line: u64,
    address: &'a str,
    amount: &'a str,
}

impl<'a> Row<'a> {
    fn new(record: &'a csv::ByteRecord) -> Result<Self, ListError> {
        let line = record.position().map_or(0, csv::Position::line);
        let bytes = record.as_slice().len();
        if bytes > LINE_BYTES_MAX {
            return Err(ListError::LineTooLong { line, bytes });
        }
        let text = |index: usize, column: u32| {
            let field = record.get(index).unwrap_or_default();
            str::from_utf8(field).map_err(|_| ListError::Encoding { line, column })
        };
        let (address, amount) = (text(0, 1)?, text(1, 2)?);
        if record.len() != 2 {
            return Err(ListError::Columns { line, found: record.len() });
        }
        Ok(Self { line, address, amount })
    }

    /// A line without an address and without a number names the columns. Anything else is meant to be paid.
    fn is_header(&self) -> bool {
        !self.address.starts_with("0x") && !self.amount.starts_with(|first: char| first.is_ascii_digit())
    }

    fn allocation(&self) -> Result<Allocation, ListError> {
        let line = self.line;
        let account = address::parse(self.address).map_err(|reason| ListError::Address { line, reason })?;
        if self.amount.is_empty() || !self.amount.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(ListError::Amount { line });
        }
        let amount = self.amount.parse::<u128>().map_err(|error| match error.kind() {
            IntErrorKind::PosOverflow => ListError::Overflow { line, what: "the amount" },
            _ => ListError::Amount { line },
        })?;
        if amount == 0 { Err(ListError::Zero { line }) } else { Ok(Allocation { account, amount }) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unreadable(error: csv::Error) -> ListError {
    ListError::Unreadable { reason: error.to_string() }
}

#[cfg(test)]
mod tests;
