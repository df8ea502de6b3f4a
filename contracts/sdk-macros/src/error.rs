//! `#[error]`: Solidity custom errors of a struct or an enum.
//!
//! Guarantees one custom error for a struct and one for each variant of an enum, under its own name.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Fields, Item, ItemEnum, ItemStruct, Result, parse_quote};

use crate::{fields, fields::Field, names};

/// One custom error: its name in the ABI, how it is matched, how its fields are matched and built, and its fields.
struct Row {
    name: String,
    kind: TokenStream,
    pattern: TokenStream,
    fields: Vec<Field>,
}

pub(crate) fn expand(item: Item) -> Result<TokenStream> {
    match item {
        Item::Struct(item) => of_struct(item),
        Item::Enum(item) => of_enum(item),
        other => Err(syn::Error::new_spanned(other, "`#[error]` belongs on a struct or an enum")),
    }
}

fn of_struct(mut item: ItemStruct) -> Result<TokenStream> {
    refuse_generics(&item.generics)?;
    let name = names::take_name(&mut item.attrs)?.unwrap_or_else(|| item.ident.to_string());
    let row = row(quote!(Self), name, &mut item.fields)?;
    for field in &mut item.fields {
        field.vis = parse_quote!(pub);
    }
    let derives = derives(&item.attrs);
    Ok(finish(&item.ident, item.to_token_stream(), &derives, &[row]))
}

fn of_enum(mut item: ItemEnum) -> Result<TokenStream> {
    refuse_generics(&item.generics)?;
    if item.variants.is_empty() {
        return Err(syn::Error::new_spanned(
            &item.ident,
            "an error has at least one variant; a message that cannot fail returns no `Result`",
        ));
    }
    let mut rows = Vec::new();
    for variant in &mut item.variants {
        let ident = &variant.ident;
        let name = names::take_name(&mut variant.attrs)?.unwrap_or_else(|| ident.to_string());
        rows.push(row(quote!(Self::#ident), name, &mut variant.fields)?);
    }
    let derives = derives(&item.attrs);
    Ok(finish(&item.ident, item.to_token_stream(), &derives, &rows))
}

fn refuse_generics(generics: &syn::Generics) -> Result<()> {
    if generics.params.is_empty() {
        return Ok(());
    }
    Err(syn::Error::new_spanned(generics, "an error has no generics: its selector is fixed"))
}

fn derives(attributes: &[syn::Attribute]) -> Vec<Ident> {
    names::missing_derives(attributes, &["Clone", "Debug", "PartialEq", "Eq"])
}

fn row(path: TokenStream, name: String, fields: &mut Fields) -> Result<Row> {
    let unit = matches!(fields, Fields::Unit);
    let fields = fields::take(fields, "an error")?;
    if let Some(field) = fields.iter().find(|field| field.indexed) {
        return Err(syn::Error::new_spanned(&field.ident, "only the fields of an event can be `#[indexed]`"));
    }
    let idents = fields.iter().map(|field| &field.ident);
    let pattern = if unit {
        path.clone()
    } else {
        quote! { #path { #(#idents),* } }
    };
    Ok(Row { name, kind: quote! { #path { .. } }, pattern, fields })
}

fn finish(ident: &Ident, item: TokenStream, derives: &[Ident], rows: &[Row]) -> TokenStream {
    let consts: Vec<_> = (0..rows.len()).map(|index| format_ident!("ITEM_{index}")).collect();
    let selectors: Vec<_> = (0..rows.len()).map(|index| format_ident!("SELECTOR_{index}")).collect();
    let names = rows.iter().map(|row| &row.name);
    let params = rows.iter().map(|row| fields::params(&row.fields));
    let patterns: Vec<_> = rows.iter().map(|row| &row.pattern).collect();
    let tuples = rows.iter().map(|row| {
        let idents = row.fields.iter().map(|field| &field.ident);
        quote! { (#(#idents,)*) }
    });
    let tuples: Vec<_> = tuples.collect();
    let out = names::local("out");
    let encoders = rows.iter().map(|row| {
        let encode = row.fields.iter().map(|Field { ident, ty, .. }| {
            quote! { <#ty as ::florin_sdk::AbiType>::encode(#ident, &mut #out); }
        });
        quote! { { #(#encode)* } }
    });
    let kinds = rows.iter().map(|row| &row.kind);
    let types: Vec<_> = rows
        .iter()
        .map(|row| {
            let types = row.fields.iter().map(|field| &field.ty);
            quote! { (#(#types,)*) }
        })
        .collect();
    let bytes = names::local("data");
    quote! {
        #[derive(#(#derives),*)]
        #[allow(missing_docs, reason = "the fields of an error are public because it is")]
        #item

        const _: () = {
            #(
                const #consts: ::florin_sdk::schema::Item = ::florin_sdk::schema::Item {
                    kind: ::florin_sdk::schema::Kind::Error,
                    name: #names,
                    inputs: #params,
                    outputs: &[],
                };
                const #selectors: [u8; 4] = #consts.selector();
            )*

            impl ::florin_sdk::ContractError for #ident {
                const ITEMS: &'static [::florin_sdk::schema::Item] = &[#(#consts),*];

                fn encode(&self) -> ::florin_sdk::Vec<u8> {
                    // One encoder for all of them: in a module an error more costs little code.
                    let (selector, head) = match self {
                        #(#kinds => (&#selectors, <#types as ::florin_sdk::AbiType>::LIST_HEAD),)*
                    };
                    let mut #out = ::florin_sdk::abi::Encoder::behind(selector, head);
                    match self {
                        #(#patterns => #encoders)*
                    }
                    #out.finish()
                }

                fn decode(#bytes: &[u8]) -> ::core::option::Option<Self> {
                    match *#bytes.first_chunk()? {
                        #(#selectors => {
                            let #tuples = ::florin_sdk::error::decode_error::<#types>(#selectors, #bytes)?;
                            ::core::option::Option::Some(#patterns)
                        })*
                        _ => ::core::option::Option::None,
                    }
                }
            }

            impl ::core::fmt::Display for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(self, f)
                }
            }

            impl ::core::error::Error for #ident {}
        };
    }
}
