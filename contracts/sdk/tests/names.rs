//! Names that generated code uses too are the author's to use.
#![allow(clippy::unwrap_used, reason = "tests")]

use florin_sdk::{Contract, ContractError, Event, native::Native};

#[florin_sdk::contract]
mod names {
    use florin_sdk::prelude::*;

    #[storage]
    pub struct Names {
        input: Item<u32>,
    }

    #[event]
    pub struct Data {
        #[indexed]
        topics: u32,
        data: u32,
        out: u32,
    }

    #[error]
    pub enum Refusal {
        Data {
            data: u32,
            out: u32,
        },
        #[name("Plain")]
        Named {
            #[name("_value")]
            value: u32,
        },
    }

    impl Names {
        #[init]
        pub fn new(&mut self, input: u32) {
            self.input.set(&input);
        }

        pub fn items(&mut self, input: u32, selector: u32, contract: u32, data: u32) -> Result<(u32, u32), Refusal> {
            let sum = input.checked_add(selector).ok_or(Refusal::Named { value: input })?;
            env().emit(&Data { topics: sum, data, out: contract });
            if data == 0 { Err(Refusal::Data { data, out: contract }) } else { Ok((sum, self.input.get_or_default())) }
        }

        pub fn json(&self) -> u32 {
            1
        }

        pub fn messages(&self, transport: u32, address: u32) -> u32 {
            transport.max(address)
        }

        pub fn r#move(&self, _unused: u32, r#type: u32) -> u32 {
            r#type
        }
    }
}

use names::{Data, Names, Refusal};

#[test]
fn names_of_generated_code_do_not_collide_with_the_authors() {
    let native = Native::new();
    let mut names = native.deploy::<Names>(native.account("alice"), &(7,)).unwrap();
    assert_eq!(names.items(1, 2, 3, 4).send(), Ok((3, 7)));
    assert_eq!(native.events_of::<Data>(), [Data { topics: 3, data: 4, out: 3 }]);
    assert_eq!(names.items(1, 2, 3, 0).send().unwrap_err().reverted(), Some(Refusal::Data { data: 0, out: 3 }));
    assert_eq!(names.items(1, u32::MAX, 3, 0).send().unwrap_err().reverted(), Some(Refusal::Named { value: 1 }));
    assert_eq!((names.json().view(), names.messages(4, 5).view(), names.r#move(1, 2).view()), (Ok(1), Ok(5), Ok(2)));
}

#[test]
fn names_in_the_abi_are_camel_case_or_what_name_says() {
    let abi: alloy_json_abi::JsonAbi = serde_json::from_str(Names::ABI_JSON).unwrap();
    let moved = abi.function("move").unwrap().first().unwrap();
    assert_eq!(moved.inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>(), ["unused", "type"]);
    assert_eq!(abi.error("Plain").unwrap().first().unwrap().inputs[0].name, "_value");
    assert_eq!(Refusal::ITEMS.len(), 2);
    assert_eq!(Data::ITEM.name, "Data");
}
