//! `#[event]`: topics and data of a struct.
//!
//! Guarantees at most three indexed fields, each of a type that fits a topic.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{ItemStruct, Result, parse_quote};

use crate::{fields, names};

/// The topics of an event besides the signature's hash.
const INDEXED_MAX: usize = 3;

pub(crate) fn expand(mut item: ItemStruct) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&item.generics, "an event has no generics: its topic is fixed"));
    }
    let name = names::take_name(&mut item.attrs)?.unwrap_or_else(|| item.ident.to_string());
    let fields = fields::take(&mut item.fields, "an event")?;
    if let Some(extra) = fields.iter().filter(|field| field.indexed).nth(INDEXED_MAX) {
        return Err(syn::Error::new_spanned(&extra.ident, "an event has at most three `#[indexed]` fields"));
    }
    for field in &mut item.fields {
        field.vis = parse_quote!(pub);
    }

    let params = fields::params(&fields);
    let derives = names::missing_derives(&item.attrs, &["Clone", "Debug", "PartialEq", "Eq"]);
    let ident = &item.ident;
    let (indexed, plain): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.indexed);
    let indexed_idents: Vec<_> = indexed.iter().map(|field| &field.ident).collect();
    let indexed_types: Vec<_> = indexed.iter().map(|field| &field.ty).collect();
    let plain_idents: Vec<_> = plain.iter().map(|field| &field.ident).collect();
    let plain_types: Vec<_> = plain.iter().map(|field| &field.ty).collect();
    let heads = fields::encode(&quote!(TOPIC.as_slice()), &indexed_idents, &indexed_types);
    let data = fields::encode(&quote!(&[]), &plain_idents, &plain_types);
    let of_fields = |fields: &[&Ident], rest: TokenStream| match &item.fields {
        syn::Fields::Unit => ident.to_token_stream(),
        _ => quote! { #ident { #(#fields,)* #rest } },
    };
    let (of_indexed, of_plain) = (of_fields(&indexed_idents, quote!(..)), of_fields(&plain_idents, quote!(..)));
    let all: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let whole = of_fields(&all, TokenStream::new());
    let item = item.to_token_stream();
    let (topics, bytes) = (names::local("topics"), names::local("data"));
    Ok(quote! {
        #[derive(#(#derives),*)]
        #[allow(missing_docs, reason = "the fields of an event are public because it is")]
        #item

        const _: () = {
            const ITEM: ::florin_sdk::schema::Item = ::florin_sdk::schema::Item {
                kind: ::florin_sdk::schema::Kind::Event,
                name: #name,
                inputs: #params,
                outputs: &[],
            };
            const TOPIC: ::florin_sdk::B256 = ::florin_sdk::B256::new(ITEM.topic());

            impl ::florin_sdk::Event for #ident {
                const ITEM: ::florin_sdk::schema::Item = ITEM;
                const TOPIC: ::florin_sdk::B256 = TOPIC;

                fn topics(&self) -> ::florin_sdk::Vec<u8> {
                    let #of_indexed = self;
                    #heads
                }

                fn data(&self) -> ::florin_sdk::Vec<u8> {
                    let #of_plain = self;
                    #data
                }

                fn decode(
                    #topics: &[::florin_sdk::B256],
                    #bytes: &[u8],
                ) -> ::core::result::Result<Self, ::florin_sdk::abi::Malformed> {
                    let [TOPIC, #(#indexed_idents),*] = #topics else {
                        return ::core::result::Result::Err(::florin_sdk::abi::Malformed);
                    };
                    #(let #indexed_idents = <#indexed_types as ::florin_sdk::abi::Indexed>::from_topic(#indexed_idents)?;)*
                    let (#(#plain_idents,)*) =
                        <(#(#plain_types,)*) as ::florin_sdk::AbiType>::decode_values(#bytes)?;
                    ::core::result::Result::Ok(#whole)
                }
            }
        };
    })
}
