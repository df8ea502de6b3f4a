#[florin_sdk::contract]
mod purse {
    #[storage]
    pub struct Purse {}

    impl Purse {
        pub fn rate(&mut self, rate: f64) {
            let _ = rate;
        }
    }
}

fn main() {}
