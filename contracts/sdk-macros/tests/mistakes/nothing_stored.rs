#[florin_sdk::contract]
mod empty {
    pub struct Empty;
}

fn main() {}
