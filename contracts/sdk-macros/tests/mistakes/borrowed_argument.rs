#[florin_sdk::contract]
mod greeter {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Greeter {
        name: Item<String>,
    }

    impl Greeter {
        pub fn greet(&mut self, name: &str) {
            self.name.set(&name.into());
        }
    }
}

fn main() {}
