#[florin_sdk::contract]
mod purse {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Purse {
        total: Counter,
    }

    impl Purse {
        #[init]
        pub fn new(&mut self) {}

        #[init]
        pub fn with_total(&mut self, total: u128) {}
    }
}

fn main() {}
