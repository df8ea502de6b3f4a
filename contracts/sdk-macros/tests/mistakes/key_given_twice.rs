#[florin_sdk::storage]
pub struct Purse {
    first: florin_sdk::storage::Counter,
    #[key(0)]
    second: florin_sdk::storage::Counter,
}

fn main() {}
