#[florin_sdk::event]
pub struct Named {
    #[indexed]
    name: florin_sdk::String,
}

fn main() {}
