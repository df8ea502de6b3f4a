//! The stable numeric outcome of a transaction, and of a call from one contract to another.
//!
//! Codes are consensus: they are in receipts. A code is never reused and never changes its meaning. No other text or
//! number of an engine's error reaches a receipt.

macro_rules! statuses {
    ($($(#[doc = $doc:expr])+ $name:ident = $code:literal,)+) => {
        /// What became of a transaction or of a call; the number is the code in receipts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Status {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Status {
            /// Every status, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Returns the status with this code.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Returns the name as it is written in reports, e.g. `OutOfGas`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Returns one sentence for a person.
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc,)+).trim_ascii(),)+
                }
            }
        }
    };
}

statuses! {
    /// The call finished and its effects are kept.
    Success = 0,
    /// The contract reverted and gave revert data.
    Reverted = 1,
    /// The gas limit was reached.
    OutOfGas = 2,
    /// The contract executed `unreachable`, which is what a panic compiles to.
    Unreachable = 3,
    /// A load, store or bulk operation left the linear memory.
    MemoryOutOfBounds = 4,
    /// An access left the table.
    TableOutOfBounds = 5,
    /// An indirect call met a null entry or another signature.
    BadIndirectCall = 6,
    /// An integer operation overflowed: the smallest signed number divided by -1.
    IntegerOverflow = 7,
    /// An integer was divided by zero.
    DivisionByZero = 8,
    /// The logical stack limit was reached.
    StackLimit = 9,
    /// Calls between contracts were nested too deeply.
    CallDepth = 10,
    /// A pointer and length given to a host function leave the linear memory.
    BadPointer = 11,
    /// An argument of a host function exceeds a limit: key, value, event, return data or count.
    LimitExceeded = 12,
    /// An argument of a host function is malformed.
    BadArgument = 13,
    /// A read-only call tried to write, emit, transfer, mint or burn.
    ReadOnly = 14,
    /// The contract is already running and the message does not opt in to reentrancy.
    Reentrancy = 15,
    /// There is no contract at the address.
    NoContract = 16,
    /// The balance does not cover the amount.
    InsufficientBalance = 17,
    /// The uploaded module was refused by the upload check.
    CodeRefused = 18,
    /// A contract exists at the address already.
    AddressTaken = 19,
    /// The contract lacks the capability to mint or to burn.
    MissingCapability = 20,
    /// Minting would exceed the maximum supply.
    SupplyExceeded = 21,
    /// There is no code with this hash.
    NoCode = 22,
    /// The deploy payload is malformed.
    BadDeployPayload = 23,
    /// A counter would leave its bounds.
    CounterOutOfBounds = 24,
    /// The module could not be instantiated: a segment leaves the memory or the table.
    Instantiation = 25,
    /// The host failed; the gas burnt so far is charged.
    Internal = 26,
}

impl Status {
    /// Returns the code in receipts.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Tells whether the effects are kept.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn codes_are_dense_and_round_trip() {
        for (index, status) in Status::ALL.iter().enumerate() {
            assert_eq!(usize::from(status.code()), index);
            assert_eq!(Status::from_code(status.code()), Some(*status));
        }
        assert_eq!(Status::from_code(u8::MAX), None);
    }
}
