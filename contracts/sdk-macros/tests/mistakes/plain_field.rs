#[florin_sdk::storage]
pub struct Purse {
    total: u128,
}

fn main() {}
