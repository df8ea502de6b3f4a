#[florin_sdk::contract]
mod purse {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Purse {
        total: Counter,
    }

    impl Purse {
        #[payable]
        pub fn total(&self) -> u128 {
            self.total.get()
        }
    }
}

fn main() {}
