#[florin_sdk::contract]
mod purse {
    #[storage]
    pub struct Purse {}

    impl Purse {
        pub fn pay_out(&self) {}

        #[allow(non_snake_case)]
        pub fn payOut(&self) {}
    }
}

fn main() {}
