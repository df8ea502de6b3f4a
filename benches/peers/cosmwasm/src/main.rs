//! The token on cosmwasm-vm, as a program that answers one line with one line, so that its rounds can be interleaved with
//! those of others.
//!
//! ```text
//! transfer N   -> CPU time of N transfers in ns: each takes an instance from the pinned cache, calls it, and gives the
//!                 state back; metering is on, as it always is
//! moved        -> the units that have arrived so far
//! cached N     -> N different contracts are compiled and pinned; bytes resident: before, and more with them
//! live N       -> N instances are kept; bytes resident: before, and more with them
//! ```
//! Refuses any other line by ending with an error.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, anyhow, ensure};
use cosmwasm_std::{Addr, Checksum, Empty, Env, MessageInfo};
use cosmwasm_vm::testing::{MockApi, MockQuerier, MockStorage, mock_backend, mock_env, mock_info};
use cosmwasm_vm::{
    Backend, Cache, CacheOptions, Instance, InstanceOptions, Size, Storage, call_execute, call_instantiate,
    capabilities_from_csv,
};
use cpu_time::ThreadTime;
use tempfile::TempDir;

/// How the module is made from `token/`; see `README.md` beside it.
const TOKEN: &[u8] = include_bytes!("../token.wasm");

/// Accounts that receive, in turn.
const RECIPIENTS: usize = 64;

/// What the sender begins with.
const SUPPLY: u128 = 1 << 100;

/// More gas than a call needs.
const OPTIONS: InstanceOptions = InstanceOptions { gas_limit: 1_000_000_000_000 };

type Machine = Cache<MockApi, MockStorage, MockQuerier>;
type Kept = Backend<MockApi, MockStorage, MockQuerier>;

fn main() -> Result<()> {
    let mut token = Token::new()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (verb, count) = line.split_once(' ').unwrap_or((&line, "0"));
        let count: usize = count.parse().with_context(|| format!("no number: {line}"))?;
        let answer = match verb {
            "transfer" => token.transfer(count)?.to_string(),
            "moved" => token.moved()?.to_string(),
            "cached" => cached(&token, count)?,
            "live" => live(&token, count)?,
            _ => return Err(anyhow!("unknown: {line}")),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// The deployed token.
struct Token {
    machine: Machine,
    code: Checksum,
    env: Env,
    sender: MessageInfo,
    recipients: Vec<String>,
    messages: Vec<Vec<u8>>,
    state: Option<Kept>,
    next: usize,
    _folder: TempDir,
}

impl Token {
    /// Compiles, pins and instantiates it.
    fn new() -> Result<Self> {
        let folder = TempDir::new()?;
        let capabilities = capabilities_from_csv("iterator,staking");
        let options = CacheOptions::new(folder.path(), capabilities, Size::mebi(200), Size::mebi(64));
        // SAFETY: the folder is new and nobody else's.
        let machine = unsafe { Machine::new(options) }?;
        let code = machine.store_code(TOKEN, true, true)?;
        machine.pin(&code)?;

        let api = MockApi::default();
        let sender = mock_info(&api.addr_make("sender"), &[]);
        let recipients: Vec<String> = (0..RECIPIENTS).map(|index| api.addr_make(&index.to_string())).collect();
        let message = |to: &String| format!(r#"{{"transfer":{{"recipient":"{to}","amount":"1"}}}}"#).into_bytes();
        let messages = recipients.iter().map(message).collect();
        let env = mock_env();

        let mut instance = machine.get_instance(&code, mock_backend(&[]), OPTIONS)?;
        let first = format!(r#"{{"owner":"{}","supply":"{SUPPLY}"}}"#, sender.sender);
        let result = call_instantiate::<_, _, _, Empty>(&mut instance, &env, &sender, first.as_bytes())?;
        result.into_result().map_err(|error| anyhow!(error))?;
        let state = instance.recycle();
        Ok(Self { machine, code, env, sender, recipients, messages, state, next: 0, _folder: folder })
    }

    /// Makes so many transfers of one unit, each in an instance of its own, and returns their CPU time in ns.
    fn transfer(&mut self, count: usize) -> Result<u128> {
        let clock = ThreadTime::now();
        for _ in 0..count {
            let state = self.state.take().context("the state is with a call that failed")?;
            let mut instance = self.machine.get_instance(&self.code, state, OPTIONS)?;
            let message = self.messages.get(self.next % RECIPIENTS).context("there are recipients")?;
            self.next = self.next.wrapping_add(1);
            let result = call_execute::<_, _, _, Empty>(&mut instance, &self.env, &self.sender, message)?;
            let response = result.into_result().map_err(|error| anyhow!(error))?;
            ensure!(response.attributes.len() == 4, "a transfer reports itself");
            self.state = instance.recycle();
        }
        Ok(clock.elapsed().as_nanos())
    }

    /// Returns the sum of what the recipients have.
    fn moved(&self) -> Result<u128> {
        let state = self.state.as_ref().context("the state is with a call that failed")?;
        let mut sum = 0_u128;
        for recipient in &self.recipients {
            let key = [&[6], Addr::unchecked(recipient).as_bytes()].concat();
            let (value, _) = state.storage.get(&key);
            if let Some(bytes) = value? {
                let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| anyhow!("a balance has 16 bytes"))?;
                sum = sum.saturating_add(u128::from_be_bytes(bytes));
            }
        }
        Ok(sum)
    }
}

fn cached(token: &Token, count: usize) -> Result<String> {
    let before = resident_bytes()?;
    for number in 0..count {
        let code = token.machine.store_code(&variant(number), true, true)?;
        token.machine.pin(&code)?;
    }
    report(before)
}

fn live(token: &Token, count: usize) -> Result<String> {
    let before = resident_bytes()?;
    let mut kept: Vec<Instance<MockApi, MockStorage, MockQuerier>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut instance = token.machine.get_instance(&token.code, mock_backend(&[]), OPTIONS)?;
        let first = format!(r#"{{"owner":"{}","supply":"{SUPPLY}"}}"#, token.sender.sender);
        let result = call_instantiate::<_, _, _, Empty>(&mut instance, &token.env, &token.sender, first.as_bytes())?;
        result.into_result().map_err(|error| anyhow!(error))?;
        kept.push(instance);
    }
    report(before)
}

fn report(before: u64) -> Result<String> {
    Ok(format!("{before} {}", resident_bytes()?.saturating_sub(before)))
}

/// Returns the token with a custom section that holds the number: the same code under another checksum.
fn variant(number: usize) -> Vec<u8> {
    let mut module = TOKEN.to_vec();
    // Section 0 of 13 bytes: a name of 4 bytes behind its length, and 8 bytes.
    module.extend_from_slice(&[0, 13, 4]);
    module.extend_from_slice(b"peer");
    module.extend_from_slice(&(number as u64).to_le_bytes());
    module
}

/// Returns the bytes of this process that are in memory now.
fn resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells the memory")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes.saturating_mul(1024))
}
