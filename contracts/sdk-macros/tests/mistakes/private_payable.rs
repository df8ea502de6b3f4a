#[florin_sdk::contract]
mod purse {
    #[storage]
    pub struct Purse {}

    impl Purse {
        #[payable]
        fn deposit(&mut self) {}
    }
}

fn main() {}
