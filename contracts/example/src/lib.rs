//! A tip jar: anybody puts money in, its keeper takes it out.
#![cfg_attr(not(test), no_std)]

/// The contract: its public messages are its ABI.
#[florin_sdk::contract]
pub mod jar {
    use florin_sdk::prelude::*;

    /// What the jar remembers.
    #[storage]
    pub struct Jar {
        keeper: Item<Address>,
    }

    #[event]
    pub struct Tipped {
        #[indexed]
        from: Address,
        amount: u128,
    }

    #[error]
    pub enum JarError {
        NotKeeper { caller: Address },
        PaymentFailed,
    }

    impl Jar {
        /// Names the keeper, once.
        #[init]
        pub fn new(&mut self, keeper: Address) {
            self.keeper.set(&keeper);
        }

        /// Takes the money that comes with the call.
        #[payable]
        pub fn tip(&mut self) {
            env().emit(&Tipped { from: env().caller(), amount: env().value() });
        }

        /// Pays everything to the keeper.
        pub fn empty(&mut self) -> Result<u128, JarError> {
            let caller = env().caller();
            if self.keeper.get() != Some(caller) {
                return Err(JarError::NotKeeper { caller });
            }
            let amount = env().balance(env().self_address());
            env().transfer(caller, amount).map_err(|_| JarError::PaymentFailed)?;
            Ok(amount)
        }
    }
}
