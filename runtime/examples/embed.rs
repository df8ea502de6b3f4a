//! A contract in a program of your own: a chain in memory, a deployment, a payment, a question.

use std::error::Error;

use florin_runtime::alloy_primitives::{Address, Bytes, U256, keccak256};
use florin_runtime::chain::{Chain, ChainConfig};
use florin_runtime::execution::deploy::DeployPayload;
use florin_runtime::signature::{Scheme, key_address};
use florin_runtime::transaction::{Body, GasPrice, build};
use florin_runtime::{gas::Gas, genesis::Genesis, ledger::Balance, receipt::Receipt, vm::VmConfig};
use secp256k1::{Message, SecretKey, ecdsa::RecoverableSignature};

const JAR: &[u8] = include_bytes!("../../contracts/artifacts/jar.wasm");

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let (tipped, kept) = run(VmConfig::default())?;
    println!("{:?}: {}, {} event; the jar would pay {kept}", tipped.status, tipped.gas_used, tipped.events.len());
    Ok(())
}

pub(crate) fn run(vm: VmConfig) -> Result<(Receipt, u128), Box<dyn Error>> {
    let key = SecretKey::from_secret_bytes([7; 32])?;
    let ann = key_address(Scheme::Ecdsa, &key.public_key().serialize()).ok_or("no key")?;
    let (allocations, gas_schedule_hash) = (vec![(ann, Balance::new(1_000_000_000))], vm.schedule.hash().into());
    let genesis = Genesis { allocations, gas_schedule_hash, ..Genesis::default() };
    let mut chain = Chain::new(ChainConfig { genesis, vm, ..ChainConfig::default() })?;

    let deployment = DeployPayload::join(JAR, ann.into_word().as_slice()).ok_or("the module is too long")?;
    let jar = send(&mut chain, (&key, ann), None, 0, deployment)?.contract.ok_or("the module was refused")?;
    let tipped = send(&mut chain, (&key, ann), Some(jar), 500, message("tip()"))?;
    let asked = chain.view(ann, jar, 0, message("empty()"), Gas(1_000_000))?;
    Ok((tipped, U256::try_from_be_slice(&asked.output).ok_or("not a number")?.to()))
}

fn message(signature: &str) -> Bytes {
    Bytes::copy_from_slice(&keccak256(signature)[..4])
}

fn send(
    chain: &mut Chain,
    (key, sender): (&SecretKey, Address),
    to: Option<Address>,
    value: u128,
    input: Bytes,
) -> Result<Receipt, Box<dyn Error>> {
    let (nonce, value, gas_limit) = (chain.account(sender)?.nonce, Balance::new(value), Gas(20_000_000));
    let body = Body { nonce, to, value, gas_limit, gas_price: GasPrice::flat(1), input };
    let unsigned = build::eip1559(&body, &chain.domain());
    let digest = Message::from_digest(unsigned.digest().0);
    let (parity, rs) = RecoverableSignature::sign_ecdsa_recoverable(digest, key).serialize_compact();
    let produced = chain.produce(&[unsigned.assemble(&rs, parity.to_u8() == 1)], 0)?;
    match produced.rejected.into_iter().next() {
        Some((_, rejection)) => Err(rejection.into()),
        None => Ok(produced.block.receipts()[0].clone()),
    }
}
