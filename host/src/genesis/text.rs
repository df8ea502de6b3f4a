//! Values that a genesis file writes as text: amounts, addresses, keys and signatures.
//!
//! Guarantees that what is written reads back as the same value. An amount has a unit, so that nobody takes a billionth for
//! the whole; an address has its checksum, and a wrong one is refused.

use std::fmt;
use std::marker::PhantomData;

use alloy_primitives::{Address, FixedBytes};
use florin_runtime::ledger::{Balance, WEI_PER_MDT};
use florin_tokenomics::Checksummed;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

use super::address::Contract;
use super::sections::{Party, Recipient};

/// Digits behind the point of an amount in MDT.
const DECIMALS: usize = 9;

/// A value that is written as text.
pub(crate) trait Text: Sized {
    /// What a reader of the file should write.
    const EXPECTED: &'static str;

    /// Reads the value; says what is wrong with the text.
    fn read(text: &str) -> Result<Self, String>;

    /// Writes the value.
    fn write(&self) -> String;
}

impl Text for Balance {
    const EXPECTED: &'static str = "an amount as text, such as \"100 MDT\" or \"5 wei\"";

    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = text.split_once(' ').unwrap_or((text, "wei"));
        let wei = match unit {
            "MDT" => mdt(number),
            "wei" => whole(number),
            _ => return Err(format!("`{unit}` is no unit of an amount: write MDT or wei")),
        };
        wei.map(Self::new).ok_or_else(|| format!("`{text}` is no amount: write \"100 MDT\", \"0.5 MDT\" or \"5 wei\""))
    }

    fn write(&self) -> String {
        let wei = self.wei();
        match (wei.checked_div(WEI_PER_MDT), wei.checked_rem(WEI_PER_MDT)) {
            (Some(mdt), Some(0)) => format!("{mdt} MDT"),
            _ => format!("{wei} wei"),
        }
    }
}

/// Reads digits, and nothing but digits.
fn whole(text: &str) -> Option<u128> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Reads MDT with at most nine decimals.
fn mdt(text: &str) -> Option<u128> {
    let (mdt, decimals) = text.split_once('.').map_or((text, ""), |(mdt, decimals)| (mdt, decimals));
    if text.ends_with('.') || decimals.len() > DECIMALS {
        return None;
    }
    let wei = whole(&format!("{decimals:0<DECIMALS$}"))?;
    whole(mdt)?.checked_mul(WEI_PER_MDT)?.checked_add(wei)
}

impl Text for Address {
    const EXPECTED: &'static str = "an address as text: 0x and 40 hexadecimal digits";

    fn read(text: &str) -> Result<Self, String> {
        florin_tokenomics::address::parse(text).map(Self::new).map_err(|error| format!("`{text}`: {error}"))
    }

    fn write(&self) -> String {
        Checksummed::new(&self.into_array()).to_string()
    }
}

impl Text for Party {
    const EXPECTED: &'static str = "the name of a contract, or an address as text";

    fn read(text: &str) -> Result<Self, String> {
        if text.starts_with("0x") {
            let address = Address::read(text)?;
            let contract = Contract::ALL.into_iter().find(|contract| contract.address() == address);
            return Ok(contract.map_or(Self::Account(address), Self::Contract));
        }
        Contract::named(text).map(Self::Contract).ok_or_else(|| {
            let names = Contract::ALL.map(Contract::name).join(", ");
            format!("there is no contract `{text}`: write one of {names}, or an address")
        })
    }

    fn write(&self) -> String {
        match self {
            Self::Contract(contract) => contract.name().to_owned(),
            Self::Account(address) => address.write(),
        }
    }
}

impl Text for Recipient {
    const EXPECTED: &'static str = "who gets a row of the split, as text";

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "miners" => Ok(Self::Miners),
            "validators" => Ok(Self::Validators),
            "claiming validators" => Ok(Self::ClaimingValidators),
            "treasury" => Ok(Self::Treasury),
            _ if text.starts_with("0x") => Ok(match Address::read(text)? {
                super::address::TREASURY => Self::Treasury,
                address => Self::Account(address),
            }),
            _ => Err(format!(
                "`{text}` is no recipient: write miners, validators, claiming validators, treasury, or an address"
            )),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Miners => "miners".to_owned(),
            Self::Validators => "validators".to_owned(),
            Self::ClaimingValidators => "claiming validators".to_owned(),
            Self::Treasury => "treasury".to_owned(),
            Self::Account(address) => address.write(),
        }
    }
}

impl<const N: usize> Text for FixedBytes<N> {
    const EXPECTED: &'static str = "bytes as text: 0x and hexadecimal digits";

    fn read(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{text}` does not begin with 0x"))?;
        let mut bytes = [0; N];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
            format!("0x and {} hexadecimal digits are {N} bytes, this is something else", N.saturating_mul(2))
        })?;
        Ok(Self::new(bytes))
    }

    fn write(&self) -> String {
        format!("0x{}", hex::encode(self.0))
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: Text> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

pub(crate) fn serialize<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.write())
}

pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(Reader(PhantomData))
}

/// A value that may be missing.
pub(crate) mod optional {
    use serde::{Deserializer, Serializer};

    use super::Text;

    pub(crate) fn serialize<T: Text, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

/// A list of values.
pub(crate) mod list {
    use super::{Deserializer, PhantomData, SeqAccess, Serializer, Text, Visitor, fmt};

    struct Lists<T>(PhantomData<T>);

    /// Reads one element where the kind of the sequence decides.
    struct One<T>(T);

    impl<'de, T: Text> serde::Deserialize<'de> for One<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::deserialize(deserializer).map(Self)
        }
    }

    impl<'de, T: Text> Visitor<'de> for Lists<T> {
        type Value = Vec<T>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "a list; each element is {}", T::EXPECTED)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(One(element)) = elements.next_element()? {
                list.push(element);
            }
            Ok(list)
        }
    }

    pub(crate) fn serialize<T: Text, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(Text::write))
    }

    pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(Lists(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use alloy_primitives::{Address, B256};
    use florin_runtime::ledger::Balance;

    use super::Text;
    use crate::genesis::{Contract, Party};

    #[test]
    fn an_amount_is_read_with_its_unit_and_nothing_else_is() {
        for (text, wei) in [
            ("100 MDT", 100_000_000_000),
            ("0.5 MDT", 500_000_000),
            ("1.000000001 MDT", 1_000_000_001),
            ("5 wei", 5),
            ("5", 5),
            ("0 MDT", 0),
        ] {
            assert_eq!(Balance::read(text).unwrap().wei(), wei, "{text}");
        }
        let huge = "340282366920938463463374607431768211456";
        for text in [
            "",
            " ",
            "MDT",
            "1 mdt",
            "1.0000000001 MDT",
            "1. MDT",
            ".5 MDT",
            "1,5 MDT",
            "-1 MDT",
            "+1",
            "1_0 wei",
            huge,
        ] {
            assert!(Balance::read(text).is_err(), "{text}");
        }
        assert!(Balance::read(&format!("{} MDT", u128::MAX)).is_err());
        assert_eq!(Balance::new(1_500_000_000).write(), "1500000000 wei");
        assert_eq!(Balance::new(2_000_000_000).write(), "2 MDT");
        assert_eq!(Balance::read(&Balance::new(u128::MAX).write()).unwrap().wei(), u128::MAX);
    }

    #[test]
    fn an_address_with_a_letter_in_the_wrong_case_is_refused() {
        let text = Address::repeat_byte(0xab).write();
        assert_eq!(Address::read(&text).unwrap(), Address::repeat_byte(0xab));
        let swapped: String = text.chars().map(|c| if c == 'a' { 'A' } else { c }).collect();
        assert!(swapped != text && Address::read(&swapped).unwrap_err().contains("checksum"));
    }

    #[test]
    fn a_contract_is_named_by_its_name_or_its_address() {
        let emission = Party::Contract(Contract::Emission);
        assert_eq!(Party::read("emission").unwrap(), emission);
        assert_eq!(Party::read(&Contract::Emission.address().write()).unwrap(), emission);
        assert!(Party::read("emision").unwrap_err().contains("emission"));
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        assert_eq!(B256::read(&B256::repeat_byte(7).write()).unwrap(), B256::repeat_byte(7));
        assert!(B256::read("0x07").unwrap_err().contains("64 hexadecimal digits"));
        assert!(B256::read("07").unwrap_err().contains("0x"));
    }
}
