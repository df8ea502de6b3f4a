//! The reference that the metering pass is held against: each operator pays for itself, right before it is executed.
//!
//! Shares the prices with the pass, and nothing of how it finds what is executed. Nothing stops below zero and nothing
//! counts the stack.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use wasm_encoder::{Encode, Instruction};
use wasmparser::{Operator, Parser, Payload};

use super::{Writer, fault, price};
use crate::fault::Fault;
use crate::gas::OperatorPrices;

/// Rewrites a module that passed the upload check.
pub(in crate::vm) fn count_each_operator(code: &[u8], prices: &OperatorPrices) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { entries: super::entry::find(code)?, ..Writer::default() };
    for payload in Parser::new(0).parse_all(code) {
        let payload = payload.map_err(fault)?;
        let Payload::CodeSectionEntry(body) = &payload else {
            writer.section(code, &payload)?;
            continue;
        };
        let mut reader = body.get_locals_reader().map_err(fault)?;
        let (groups, mut locals, params) = (reader.get_count(), Vec::new(), params(&writer));
        for _ in 0..groups {
            locals.push(reader.read().map_err(fault)?);
        }
        let declared: u32 = locals.iter().map(|(count, _)| count).sum();
        let mut bytes = Vec::new();
        (groups + 1).encode(&mut bytes);
        for (count, ty) in locals {
            count.encode(&mut bytes);
            super::encoded(ty)?.encode(&mut bytes);
        }
        1_u32.encode(&mut bytes);
        wasm_encoder::ValType::I32.encode(&mut bytes);
        pay(&mut bytes, price::entry(declared.into(), prices), writer.ticks());
        let mut operators = body.get_operators_reader().map_err(fault)?;
        while !operators.eof() {
            let (operator, start) = operators.read_with_offset().map_err(fault)?;
            pay(&mut bytes, price::fixed(&operator, writer.imported, prices)?, writer.ticks());
            pay_units(&mut bytes, &operator, prices, params + declared, writer.ticks());
            bytes.extend_from_slice(&code[start..operators.original_position()]);
        }
        writer.code.raw(&bytes);
    }
    Ok(writer.finish())
}

/// Returns how many parameters the next body has.
fn params(writer: &Writer) -> u32 {
    let function = writer.imported + writer.code.len();
    let ty = writer.functions[super::index(function)];
    super::length(writer.types[super::index(ty)].params().len())
}

fn pay(bytes: &mut Vec<u8>, ticks: u64, counter: u32) {
    let ticks = Instruction::I64Const(ticks.cast_signed());
    for instruction in [Instruction::GlobalGet(counter), ticks, Instruction::I64Sub, Instruction::GlobalSet(counter)] {
        instruction.encode(bytes);
    }
}

/// Pays for the units on top of the stack.
fn pay_units(bytes: &mut Vec<u8>, operator: &Operator<'_>, prices: &OperatorPrices, local: u32, counter: u32) {
    let Some(per_unit) = price::per_unit(operator, prices) else { return };
    let ticks = per_unit.ticks.cast_signed();
    let most = i64::from(per_unit.units_max.unwrap_or(u32::MAX));
    for instruction in [
        Instruction::LocalTee(local),
        Instruction::LocalGet(local),
        Instruction::I64ExtendI32U,
        Instruction::I64Const(most),
        Instruction::LocalGet(local),
        Instruction::I64ExtendI32U,
        Instruction::I64Const(most),
        Instruction::I64LtU,
        Instruction::Select,
        Instruction::I64Const(-ticks),
        Instruction::I64Mul,
        Instruction::GlobalGet(counter),
        Instruction::I64Add,
        Instruction::GlobalSet(counter),
    ] {
        instruction.encode(bytes);
    }
}
