//! The token: the bytes that the chain runs, on one of our engines, and the same rules as native Rust over the same map.
//!
//! Both move one unit to one of [`RECIPIENTS`] accounts in turn, from the same calldata to the same event and the same
//! answer, so that what is left of the native time is the price of the sandbox.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use florin_benches::contracts::{artifact, token_transfer};
use florin_runtime::execution::Session;
use florin_runtime::receipt::Event;
use florin_runtime::vm::frame::{Entry, Frame};
use florin_runtime::vm::{RunOutcome, Vm, VmConfig};

use crate::world::{CALLER, CONTRACT, World};
use florin_peers::clock::{Nanoseconds, timed};
use florin_peers::failure::Failure;

sol! {
    function transfer(address to, uint256 value) external returns (bool);
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// Accounts that receive, in turn.
pub(crate) const RECIPIENTS: u8 = 64;

/// The field of the token's storage that holds balances.
const BALANCES: u8 = 6;

/// The token on one of our engines.
pub(crate) struct Token {
    /// Where it stands.
    pub(crate) world: World,
    inputs: Turns,
}

impl Token {
    /// Deploys it on a machine with these settings.
    ///
    /// # Errors
    /// If the artifact is not there or its constructor fails.
    pub(crate) fn new(config: VmConfig) -> Result<Self, Failure> {
        let mut world = World::new(Vm::new(config)?, &artifact("token")?)?;
        let args = ("Florin".to_owned(), "FLN".to_owned(), U256::from(9), CALLER, U256::from(u64::MAX));
        world.call(Entry::Init, args.abi_encode_params().into())?;
        Ok(Self { world, inputs: Turns::new() })
    }

    /// Makes so many transfers and returns the CPU time of one.
    ///
    /// # Errors
    /// If one fails.
    pub(crate) fn transfer(&mut self, calls: u32) -> Result<Nanoseconds, Failure> {
        timed(calls, || (0..calls).try_for_each(|_| accepted(&self.world.call(Entry::Call, self.inputs.next())?)))
    }

    /// Makes so many transfers, each by what is given, and returns the CPU time of one.
    ///
    /// # Errors
    /// If one fails.
    pub(crate) fn transfer_by(
        &mut self,
        calls: u32,
        mut by: impl FnMut(&World, Frame) -> (Frame, RunOutcome),
    ) -> Result<Nanoseconds, Failure> {
        timed(calls, || {
            (0..calls).try_for_each(|_| {
                let frame = self.world.begin(self.inputs.next())?;
                let ended = by(&self.world, frame);
                accepted(&self.world.end(ended)?)
            })
        })
    }

    /// Returns the units that have arrived.
    ///
    /// # Errors
    /// If the state does not answer.
    pub(crate) fn moved(&mut self) -> Result<u128, Failure> {
        moved(self.world.session()?)
    }
}

/// The token's rules without a sandbox.
pub(crate) struct Native {
    world: World,
    inputs: Turns,
}

impl Native {
    /// Takes over a token that was deployed as a contract.
    ///
    /// # Errors
    /// As [`Token::new`].
    pub(crate) fn new() -> Result<Self, Failure> {
        let Token { world, inputs } = Token::new(VmConfig::default())?;
        Ok(Self { world, inputs })
    }

    /// Makes so many transfers and returns the CPU time of one.
    ///
    /// # Errors
    /// If one fails.
    pub(crate) fn transfer(&mut self, calls: u32) -> Result<Nanoseconds, Failure> {
        let session = self.world.session()?;
        timed(calls, || {
            (0..calls).try_for_each(|_| {
                let output = shift(session, &self.inputs.next())?;
                session.end_transaction();
                accepted(&output)
            })
        })
    }

    /// Returns the units that have arrived.
    ///
    /// # Errors
    /// If the state does not answer.
    pub(crate) fn moved(&mut self) -> Result<u128, Failure> {
        moved(self.world.session()?)
    }
}

/// The token's `transfer`, from calldata to answer.
fn shift(session: &mut Session, input: &[u8]) -> Result<Bytes, Failure> {
    let refused = |why: &str| Failure::Wrong(format!("the native token refuses: {why}"));
    let call = transferCall::abi_decode(input).map_err(|error| refused(&error.to_string()))?;
    if CALLER.is_zero() || call.to.is_zero() {
        return Err(refused("the zero address"));
    }
    let amount = i128::try_from(call.value).map_err(|_| refused("the amount"))?;
    for (account, delta) in [(CALLER, amount.wrapping_neg()), (call.to, amount)] {
        let status = session.storage_add(CONTRACT, &balance_key(account), delta, u128::MAX)?;
        if !status.is_success() {
            return Err(refused("the balance"));
        }
    }
    let log = Transfer { from: CALLER, to: call.to, value: call.value }.encode_log_data();
    let (topics, data) = log.split();
    let status = session.emit(Event { contract: CONTRACT, topics, data });
    if status.is_success() { Ok(true.abi_encode().into()) } else { Err(refused("the event")) }
}

/// Calldata of transfers to one account after the other.
struct Turns {
    inputs: Vec<Bytes>,
    next: usize,
}

impl Turns {
    fn new() -> Self {
        let inputs = recipients().map(|to| token_transfer(to, 1).into()).collect();
        Self { inputs, next: 0 }
    }

    fn next(&mut self) -> Bytes {
        let input = self.inputs.get(self.next).cloned().unwrap_or_default();
        self.next = self.next.wrapping_add(1).checked_rem(self.inputs.len()).unwrap_or_default();
        input
    }
}

fn recipients() -> impl Iterator<Item = Address> {
    (0..RECIPIENTS).map(|number| Address::repeat_byte(number | 0x80))
}

fn balance_key(account: Address) -> Vec<u8> {
    [&[BALANCES], account.as_slice()].concat()
}

fn accepted(output: &[u8]) -> Result<(), Failure> {
    match bool::abi_decode(output) {
        Ok(true) => Ok(()),
        answer => Err(Failure::Wrong(format!("a transfer answered {answer:?}"))),
    }
}

fn moved(session: &Session) -> Result<u128, Failure> {
    recipients().try_fold(0_u128, |sum, account| {
        let value = session.storage(CONTRACT, &balance_key(account))?.unwrap_or_default();
        let value = value.first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        Ok(sum.saturating_add(value))
    })
}
