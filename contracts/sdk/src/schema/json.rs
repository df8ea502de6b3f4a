//! The ABI JSON, written by constant functions: first its length, then its bytes.
//!
//! Guarantees Solidity's form (`type`, `name`, `inputs`, `outputs`, `stateMutability`, `anonymous`, `indexed`, tuples with
//! `components`), rows in declaration order, each event and error once.

use super::{Item, Kind, Mutability, Param};

/// Text that is written into a buffer, or only measured when the buffer is empty.
struct Writer<'b> {
    out: &'b mut [u8],
    len: usize,
}

/// Returns the length of the JSON of these rows.
pub const fn json_len(groups: &[&[Item]]) -> usize {
    let mut writer = Writer { out: &mut [], len: 0 };
    writer.groups(groups);
    writer.len
}

/// Returns the JSON of these rows; `N` is [`json_len`] of them.
pub const fn json_bytes<const N: usize>(groups: &[&[Item]]) -> [u8; N] {
    let mut out = [0; N];
    let mut writer = Writer { out: &mut out, len: 0 };
    writer.groups(groups);
    out
}

#[expect(clippy::arithmetic_side_effects, reason = "runs in the compiler, where an overflow is an error")]
impl Writer<'_> {
    const fn byte(&mut self, byte: u8) {
        if self.len < self.out.len() {
            self.out[self.len] = byte;
        }
        self.len += 1;
    }

    const fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn groups(&mut self, groups: &[&[Item]]) {
        self.text("[");
        let mut first = true;
        let mut group = 0;
        while group < groups.len() {
            let mut row = 0;
            while row < groups[group].len() {
                if !written_before(groups, group, row) {
                    if !first {
                        self.text(",");
                    }
                    first = false;
                    self.item(&groups[group][row]);
                }
                row += 1;
            }
            group += 1;
        }
        self.text("]");
    }

    const fn item(&mut self, item: &Item) {
        match item.kind {
            Kind::Constructor(mutability) => {
                self.text("{\"type\":\"constructor\",\"inputs\":");
                self.inputs(item.inputs, false);
                self.mutability(mutability);
            }
            Kind::Function(mutability) => {
                self.text("{\"type\":\"function\",\"name\":\"");
                self.text(item.name);
                self.text("\",\"inputs\":");
                self.inputs(item.inputs, false);
                self.text(",\"outputs\":");
                self.outputs(item.outputs);
                self.mutability(mutability);
            }
            Kind::Event => {
                self.text("{\"type\":\"event\",\"name\":\"");
                self.text(item.name);
                self.text("\",\"inputs\":");
                self.inputs(item.inputs, true);
                self.text(",\"anonymous\":false");
            }
            Kind::Error => {
                self.text("{\"type\":\"error\",\"name\":\"");
                self.text(item.name);
                self.text("\",\"inputs\":");
                self.inputs(item.inputs, false);
            }
        }
        self.text("}");
    }

    const fn mutability(&mut self, mutability: Mutability) {
        self.text(",\"stateMutability\":\"");
        self.text(match mutability {
            Mutability::View => "view",
            Mutability::NonPayable => "nonpayable",
            Mutability::Payable => "payable",
        });
        self.text("\"");
    }

    const fn inputs(&mut self, params: &[Param], of_event: bool) {
        self.text("[");
        let mut index = 0;
        while index < params.len() {
            if index > 0 {
                self.text(",");
            }
            self.text("{");
            self.param(params[index].name, params[index].sol_type.as_bytes());
            if of_event {
                self.text(if params[index].indexed { ",\"indexed\":true" } else { ",\"indexed\":false" });
            }
            self.text("}");
            index += 1;
        }
        self.text("]");
    }

    const fn outputs(&mut self, types: &[&str]) {
        self.text("[");
        let mut index = 0;
        while index < types.len() {
            self.text(if index > 0 { ",{" } else { "{" });
            self.param("", types[index].as_bytes());
            self.text("}");
            index += 1;
        }
        self.text("]");
    }

    /// Writes name and type; of `(a,b)[]` the type is `tuple[]` with the components `a` and `b`.
    const fn param(&mut self, name: &str, sol_type: &[u8]) {
        self.text("\"name\":\"");
        self.text(name);
        self.text("\",\"type\":\"");
        if sol_type.is_empty() || sol_type[0] != b'(' {
            self.slice(sol_type, 0, sol_type.len());
            self.text("\"");
            return;
        }
        let close = closing(sol_type, 0);
        self.text("tuple");
        self.slice(sol_type, close + 1, sol_type.len());
        self.text("\",\"components\":[");
        let mut start = 1;
        while start < close {
            let end = component_end(sol_type, start, close);
            self.text(if start > 1 { ",{" } else { "{" });
            let (_, tail) = sol_type.split_at(start);
            self.param("", tail.split_at(end - start).0);
            self.text("}");
            start = end + 1;
        }
        self.text("]");
    }

    const fn slice(&mut self, bytes: &[u8], from: usize, to: usize) {
        let mut index = from;
        while index < to {
            self.byte(bytes[index]);
            index += 1;
        }
    }
}

const fn written_before(groups: &[&[Item]], group: usize, row: usize) -> bool {
    let item = &groups[group][row];
    let mut earlier = 0;
    while earlier <= group {
        let rows = if earlier == group { row } else { groups[earlier].len() };
        let mut index = 0;
        while index < rows {
            if groups[earlier][index].same(item) {
                return true;
            }
            index = index.saturating_add(1);
        }
        earlier = earlier.saturating_add(1);
    }
    false
}

/// Returns the place of the bracket that closes the one at `open`.
#[expect(clippy::arithmetic_side_effects, reason = "runs in the compiler, where an overflow is an error")]
const fn closing(text: &[u8], open: usize) -> usize {
    let mut depth = 0;
    let mut index = open;
    loop {
        match text[index] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
        index += 1;
    }
}

/// Returns where the component that begins at `start` ends: at a comma outside of brackets, or at `close`.
#[expect(clippy::arithmetic_side_effects, reason = "runs in the compiler, where an overflow is an error")]
const fn component_end(text: &[u8], start: usize, close: usize) -> usize {
    let mut index = start;
    while index < close {
        match text[index] {
            b',' => return index,
            b'(' => index = closing(text, index),
            _ => {}
        }
        index += 1;
    }
    close
}
