#[florin_sdk::event]
pub struct Moved {
    #[indexed]
    from: florin_sdk::Address,
    #[indexed]
    to: florin_sdk::Address,
    #[indexed]
    amount: u128,
    #[indexed]
    height: u64,
}

fn main() {}
