//! `#[storage]`: a prefix for each field.
//!
//! Guarantees that no two fields have the same prefix. A field without `#[key(n)]` has the prefix of the field before it
//! plus one; the first has 0.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, ItemStruct, LitInt, Result};

use crate::names;

pub(crate) fn expand(mut item: ItemStruct) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&item.generics, "the storage struct has no generics: its keys are fixed"));
    }
    let mut taken: Vec<(u8, String)> = Vec::new();
    let mut next = Some(0u8);
    let mut inits = Vec::new();
    match &mut item.fields {
        Fields::Unit => {}
        Fields::Unnamed(fields) => {
            return Err(syn::Error::new_spanned(
                fields,
                "the fields of the storage struct have names: `{ total: Counter }`",
            ));
        }
        Fields::Named(fields) => {
            for field in &mut fields.named {
                let Some(ident) = field.ident.clone() else { continue };
                let prefix = match names::take(&mut field.attrs, "key") {
                    Some(attribute) => {
                        let literal: LitInt = attribute.parse_args()?;
                        literal.base10_parse::<u8>().map_err(|_| {
                            syn::Error::new(literal.span(), "a key is one byte: `#[key(0)]` to `#[key(255)]`")
                        })?
                    }
                    None => next.ok_or_else(|| {
                        syn::Error::new_spanned(
                            &ident,
                            "no key is left behind 255; give this field a free one with `#[key(n)]`",
                        )
                    })?,
                };
                if let Some((_, other)) = taken.iter().find(|(used, _)| *used == prefix) {
                    let message = format!("`{ident}` has the key {prefix}, which `{other}` has already");
                    return Err(syn::Error::new_spanned(&ident, message));
                }
                taken.push((prefix, ident.to_string()));
                next = prefix.checked_add(1);
                let ty = &field.ty;
                inits.push(quote! { #ident: <#ty as ::florin_sdk::storage::Field>::at(#prefix) });
            }
        }
    }
    let ident = &item.ident;
    Ok(quote! {
        #item

        impl ::florin_sdk::storage::Root for #ident {
            fn root() -> Self {
                Self { #(#inits),* }
            }
        }
    })
}
