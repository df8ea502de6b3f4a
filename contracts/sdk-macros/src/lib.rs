//! The attributes behind `florin-sdk`: from a module of plain Rust to a contract.
//!
//! Guarantees that the same item expands to the same code everywhere, that every mistake is reported at the place where it
//! was made with what to do instead, and that generated code contains no `unsafe` but the three attributes that place the
//! entry points and the custom sections in a Wasm module.
//!
//! Read the documentation in `florin-sdk`, which re-exports all of them.

mod contract;
mod error;
mod event;
mod expand;
mod fields;
mod interface;
mod message;
mod names;
mod scale;
mod storage;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a contract of a module: storage struct, events, errors, and the `pub` methods that are its messages.
///
/// Options: `#[contract(events(Transfer, ..))]` names events that are defined outside of the module.
#[proc_macro_attribute]
pub fn contract(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as contract::Options);
    let module = parse_macro_input!(item as syn::ItemMod);
    contract::Contract::parse(options, module).map(|contract| expand::contract(&contract)).unwrap_or_else(failed).into()
}

/// Makes a storage struct; inside of a `#[contract]` module and outside alike.
#[proc_macro_attribute]
pub fn storage(options: TokenStream, item: TokenStream) -> TokenStream {
    parse_macro_input!(options as syn::parse::Nothing);
    let item = parse_macro_input!(item as syn::ItemStruct);
    storage::expand(item).unwrap_or_else(failed).into()
}

/// Makes an event of a struct with named fields, of which up to three are `#[indexed]`.
#[proc_macro_attribute]
pub fn event(options: TokenStream, item: TokenStream) -> TokenStream {
    parse_macro_input!(options as syn::parse::Nothing);
    let item = parse_macro_input!(item as syn::ItemStruct);
    event::expand(item).unwrap_or_else(failed).into()
}

/// Makes Solidity custom errors: one of a struct, one of each variant of an enum.
#[proc_macro_attribute]
pub fn error(options: TokenStream, item: TokenStream) -> TokenStream {
    parse_macro_input!(options as syn::parse::Nothing);
    let item = parse_macro_input!(item as syn::Item);
    error::expand(item).unwrap_or_else(failed).into()
}

/// Makes a typed client from a trait that lists the messages of some contract.
#[proc_macro_attribute]
pub fn interface(options: TokenStream, item: TokenStream) -> TokenStream {
    parse_macro_input!(options as syn::parse::Nothing);
    let item = parse_macro_input!(item as syn::ItemTrait);
    interface::expand(&item).unwrap_or_else(failed).into()
}

/// Makes a struct or an enum storable, with the encoding that `parity-scale-codec` derives.
#[proc_macro_derive(Scale)]
pub fn scale(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    scale::expand(&item).unwrap_or_else(failed).into()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `unwrap_or_else` asks for")]
fn failed(error: syn::Error) -> proc_macro2::TokenStream {
    error.to_compile_error()
}
