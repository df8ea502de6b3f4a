//! A registry and a staking contract that answer what a test has told them.

pub(crate) use mock::MockClient;

#[florin_sdk::contract]
pub(crate) mod mock {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Mock {
        metrics: Map<u64, (u64, u32, u32, u32)>,
        scores: Map<u64, Vec<(Address, u32)>>,
        stakes: Map<u64, Vec<(Address, u128)>>,
        paid: CounterMap<(u64, Address)>,
        closed: Item<u64>,
        finals: Item<u64>,
        metrics_broken: Item<u64>,
        stakes_broken: Item<u64>,
    }

    #[error]
    pub enum MockError {
        Broken {},
    }

    impl Mock {
        pub fn report(&mut self, epoch: u64, tasks: u64, difficulty: u32, participation: u32, quality: u32) {
            self.metrics.set(&epoch, &(tasks, difficulty, participation, quality));
        }

        pub fn score(&mut self, epoch: u64, miners: Vec<Address>, scores: Vec<u32>) {
            self.scores.set(&epoch, &miners.into_iter().zip(scores).collect());
        }

        pub fn stake(&mut self, epoch: u64, validators: Vec<Address>, stakes: Vec<u128>) {
            self.stakes.set(&epoch, &validators.into_iter().zip(stakes).collect());
        }

        /// Fails when it is asked for the metrics, or the stake, of an epoch from these on.
        pub fn break_from(&mut self, metrics: u64, stakes: u64) {
            self.metrics_broken.set(&metrics);
            self.stakes_broken.set(&stakes);
        }

        pub fn outcome(&self, epoch: u64) -> (bool, u32, u32, u64) {
            let scores = self.scores.get_or_default(&epoch);
            let sum = scores.iter().map(|(_, score)| u64::from(*score)).sum();
            let count = scores.len() as u32;
            (epoch < self.finals.get_or_default(), count.div_ceil(64), count, sum)
        }

        pub fn metrics(&self, epoch: u64) -> Result<(bool, u64, u32, u32, u32), MockError> {
            whole(self.metrics_broken.get(), epoch)?;
            Ok(match self.metrics.get(&epoch) {
                Some((tasks, difficulty, participation, quality)) => (true, tasks, difficulty, participation, quality),
                None => (false, 0, 0, 0, 0),
            })
        }

        pub fn scores(&self, epoch: u64, page: u32) -> (Vec<Address>, Vec<u32>) {
            let scores = self.scores.get_or_default(&epoch);
            scores.into_iter().skip(page as usize * 64).take(64).unzip()
        }

        /// Each call makes a half of an epoch final.
        pub fn finalize(&mut self, max_steps: u32) -> u64 {
            assert!(max_steps > 0);
            let next = self.finals.get_or_default() + 1;
            self.finals.set(&next);
            next
        }

        pub fn total_stake(&self, epoch: u64) -> Result<u128, MockError> {
            whole(self.stakes_broken.get(), epoch)?;
            Ok(self.stakes.get_or_default(&epoch).iter().map(|(_, stake)| *stake).sum())
        }

        pub fn validators(&self, epoch: u64, after: Address, limit: u32) -> (Vec<Address>, Vec<B256>, Vec<u128>) {
            let stakes = self.stakes.get_or_default(&epoch);
            let behind = stakes.into_iter().filter(|(account, _)| *account > after).take(limit as usize);
            let (accounts, stakes): (Vec<_>, Vec<_>) = behind.unzip();
            (accounts.clone(), vec![B256::ZERO; accounts.len()], stakes)
        }

        #[payable]
        pub fn reward(&mut self, epoch: u64, validator: Address) {
            let amount = env().value();
            assert!(self.closed.get().is_none_or(|closed| epoch > closed));
            assert!(amount > 0 && self.paid.get(&(epoch, validator)) == 0, "a validator is paid once an epoch");
            self.paid.add(&(epoch, validator), amount).unwrap();
        }

        pub fn close_epoch(&mut self, epoch: u64) {
            self.closed.set(&epoch);
        }

        pub fn paid(&self, epoch: u64, validator: Address) -> u128 {
            self.paid.get(&(epoch, validator))
        }

        pub fn closed(&self) -> u64 {
            self.closed.get_or_default()
        }
    }

    fn whole(broken_from: Option<u64>, epoch: u64) -> Result<(), MockError> {
        if broken_from.is_some_and(|first| epoch >= first) { Err(MockError::Broken {}) } else { Ok(()) }
    }
}

pub(crate) use mock::Mock;
