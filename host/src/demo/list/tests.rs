//! The built-in list is the published one; every malformed list is refused by line and column.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use florin_tokenomics::AddressError;
use proptest::prelude::*;

use super::{ACCOUNTS_MAX, Allocation, AllocationList, LINE_BYTES_MAX, LIST_BYTES_MAX, ListError};

const ONE: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const TWO: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

fn refusal(text: &str) -> ListError {
    AllocationList::parse(text.as_bytes()).unwrap_err()
}

#[test]
fn the_built_in_list_is_the_published_one() {
    let list = AllocationList::built_in().unwrap();
    assert_eq!(list.allocations().len(), 43_575);
    assert_eq!(list.total(), 50_000_000_000_000_002_208_038_912);
    let first = Allocation {
        account: florin_tokenomics::address::parse("0x0000000b71f2d236c38ae51952c46f03b89d0777").unwrap(),
        amount: 538_308_238_998_851_616_768,
    };
    assert_eq!(list.allocations().first(), Some(&first));
    let last = Allocation {
        account: florin_tokenomics::address::parse("0xfffe778eee5b70f6609d434e4204218a0a50a5cb").unwrap(),
        amount: 3_630_295_784_353_433_649_152,
    };
    assert_eq!(list.allocations().last(), Some(&last));
    assert!(list.allocations().windows(2).all(|pair| pair[0].account < pair[1].account));
}

#[test]
fn the_first_accounts_of_a_list_are_a_list() {
    let list = AllocationList::built_in().unwrap();
    let part = list.first(3).unwrap();
    assert_eq!(part.allocations(), &list.allocations()[..3]);
    assert_eq!(part.total(), part.allocations().iter().map(|allocation| allocation.amount).sum::<u128>());
    assert_eq!(list.first(usize::MAX).unwrap(), list);
    assert_eq!(list.first(0), Err(ListError::Empty));
}

#[test]
fn a_list_may_have_names_a_byte_order_mark_spaces_quotes_and_any_line_ends() {
    let plain = AllocationList::parse(format!("{ONE},7\n{TWO},8").as_bytes()).unwrap();
    assert_eq!(plain.total(), 15);
    for text in [
        format!("address,amount\n{ONE},7\n{TWO},8\n"),
        format!("\u{feff}address,amount\r\n{ONE},7\r\n{TWO},8\r\n"),
        format!("\u{feff}{ONE},7\n\n\n{TWO},8\n\n"),
        format!("  {ONE} , 7 \n\"{TWO}\",\"8\""),
        format!("{TWO},0008\n{ONE},7"),
        format!("{},7\n{},8", ONE.to_lowercase(), TWO.to_lowercase()),
    ] {
        assert_eq!(AllocationList::parse(text.as_bytes()).as_ref(), Ok(&plain), "{text:?}");
    }
}

#[test]
fn a_bad_address_is_refused_by_line_and_column() {
    let address = |text: &str| match refusal(text) {
        ListError::Address { line, reason } => (line, reason),
        other => unreachable!("{other}"),
    };
    assert_eq!(address(&format!("{ONE},7\n0x12,8")), (2, AddressError::Length { chars: 4 }));
    assert_eq!(address(&format!("a,b\n{ONE},7\n,8")), (3, AddressError::Length { chars: 0 }));
    assert_eq!(address(&format!("{},7", ONE.replace("0x5", "0xg"))), (1, AddressError::Digit { position: 3 }));
    assert_eq!(address(&format!("{},7", ONE.replace("aA", "aa"))), (1, AddressError::Checksum { position: 5 }));
    // A mistyped first line is not taken for names, or its account would silently go unpaid.
    assert_eq!(address(&format!("{},7", ONE.replace("0x", "0X"))), (1, AddressError::Prefix));
    assert_eq!(
        refusal(&format!("{ONE},7\n{},8", TWO.replace("fB", "fb"))).to_string(),
        "line 2, column 1: the checksum is wrong from character 4 on: a digit was mistyped"
    );
}

#[test]
fn a_bad_amount_is_refused_by_line_and_column() {
    for amount in ["", "x", "1.5", "-1", "+1", "1e18", "0x10", "1 000", "\u{661}"] {
        assert_eq!(refusal(&format!("{TWO},1\n{ONE},{amount}")), ListError::Amount { line: 2 }, "{amount:?}");
    }
    let max = u128::MAX;
    assert_eq!(AllocationList::parse(format!("{ONE},{max}").as_bytes()).unwrap().total(), max);
    let over = "340282366920938463463374607431768211456";
    assert_eq!(refusal(&format!("{ONE},{over}")), ListError::Overflow { line: 1, what: "the amount" });
    assert_eq!(refusal(&format!("{ONE},{max}\n{TWO},1")), ListError::Overflow { line: 2, what: "the total" });
    assert_eq!(refusal(&format!("{ONE},0")), ListError::Zero { line: 1 });
}

#[test]
fn case_82_an_account_on_two_lines_is_refused_with_both_lines() {
    let text = format!("{ONE},7\n{TWO},8\n{},7", ONE.to_lowercase());
    assert_eq!(refusal(&text), ListError::DuplicateAccount { line: 3, first_line: 1 });
}

#[test]
fn a_list_without_an_allocation_is_refused() {
    for text in ["", "\n\n", "\u{feff}", "address,amount", "address,amount\r\n\r\n"] {
        assert_eq!(refusal(text), ListError::Empty, "{text:?}");
    }
}

#[test]
fn a_line_with_too_few_or_too_many_columns_is_refused() {
    assert_eq!(refusal(&format!("{ONE},7\n{TWO}")), ListError::Columns { line: 2, found: 1 });
    assert_eq!(refusal(&format!("{ONE},7\n{TWO},8,9")), ListError::Columns { line: 2, found: 3 });
    assert_eq!(refusal(&format!("{ONE};7")), ListError::Columns { line: 1, found: 1 });
}

#[test]
fn case_39_a_huge_line_or_an_open_quote_is_refused() {
    let long = "9".repeat(LINE_BYTES_MAX);
    let error = refusal(&format!("{ONE},7\n{TWO},{long}"));
    assert_eq!(error, ListError::LineTooLong { line: 2, bytes: LINE_BYTES_MAX + 42 });
    // At the limit the number is read, and is too large.
    let long = "9".repeat(LINE_BYTES_MAX - 42);
    assert_eq!(refusal(&format!("{TWO},{long}")), ListError::Overflow { line: 1, what: "the amount" });
    let rest = format!("{TWO},8\n").repeat(100);
    assert!(matches!(refusal(&format!("\"{ONE},7\n{rest}")), ListError::LineTooLong { line: 1, .. }));
    assert!(matches!(refusal(&"x".repeat(1 << 20)), ListError::LineTooLong { line: 1, bytes: 1_048_576 }));
    let text = vec![b'\n'; LIST_BYTES_MAX + 1];
    assert_eq!(AllocationList::parse(&text), Err(ListError::TooLong { bytes: LIST_BYTES_MAX + 1 }));
    assert_eq!(AllocationList::parse(&text[1..]), Err(ListError::Empty));
}

#[test]
fn text_that_is_not_utf_8_is_refused_by_line_and_column() {
    let utf_16 = format!("{ONE},7").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let marked = [&[0xff, 0xfe], utf_16.as_slice()].concat();
    assert_eq!(AllocationList::parse(&marked), Err(ListError::Encoding { line: 1, column: 1 }));
    let text = [format!("{ONE},7\n{TWO},8").as_bytes(), &[0xff]].concat();
    assert_eq!(AllocationList::parse(&text), Err(ListError::Encoding { line: 2, column: 2 }));
}

#[test]
fn the_number_of_accounts_is_limited() {
    let line = |index: usize| format!("0x{index:040x},1\n");
    let mut text = (0..ACCOUNTS_MAX).map(line).collect::<String>();
    assert_eq!(AllocationList::parse(text.as_bytes()).unwrap().total(), ACCOUNTS_MAX as u128);
    text.push_str(&line(ACCOUNTS_MAX));
    assert_eq!(refusal(&text), ListError::TooMany { line: ACCOUNTS_MAX as u64 + 1 });
}

proptest! {
    #[test]
    fn a_list_reads_back(allocations in prop::collection::btree_map(any::<[u8; 20]>(), 1..u128::MAX >> 8, 1..50)) {
        let text = allocations.iter().map(|(account, amount)| format!("0x{},{amount}\n", hex::encode(account)));
        let list = AllocationList::parse(text.collect::<String>().as_bytes()).unwrap();
        let read = list.allocations().iter().map(|allocation| (allocation.account, allocation.amount));
        prop_assert!(read.eq(allocations));
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(AllocationList::parse(&bytes).is_err());
    }

    #[test]
    fn a_cut_list_is_refused_or_shorter(at in 0..100_usize) {
        let text = format!("{ONE},7\n{TWO},85\n");
        if let Ok(list) = AllocationList::parse(&text.as_bytes()[..at.min(text.len())]) {
            prop_assert!(list.allocations().len() <= 2 && list.total() <= 92);
        }
    }
}
