//! `#[derive(Scale)]`: the encoding of a struct or an enum.
//!
//! Guarantees the bytes that `parity-scale-codec` derives: fields in order; of an enum, one byte for the place of the
//! variant, then its fields.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, Result, parse_quote};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let mut generics = item.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::florin_sdk::Scale));
    }
    let ident = &item.ident;
    let (impl_generics, type_generics, condition) = generics.split_for_impl();
    let (encode, decode) = match &item.data {
        Data::Struct(data) => of_struct(&data.fields),
        Data::Enum(data) => of_enum(item, data)?,
        Data::Union(_) => {
            return Err(syn::Error::new_spanned(ident, "a union cannot be stored: its bytes have no one meaning"));
        }
    };
    Ok(quote! {
        impl #impl_generics ::florin_sdk::Scale for #ident #type_generics #condition {
            fn encode_to(&self, _out: &mut ::florin_sdk::Vec<u8>) {
                #encode
            }

            fn decode_from(_input: &mut &[u8]) -> ::core::option::Option<Self> {
                #decode
            }
        }
    })
}

fn of_struct(fields: &Fields) -> (TokenStream, TokenStream) {
    let (pattern, bindings) = pattern(fields);
    let build = build(fields);
    let encode = quote! {
        let Self #pattern = self;
        #(::florin_sdk::Scale::encode_to(#bindings, _out);)*
    };
    (encode, quote! { ::core::option::Option::Some(Self #build) })
}

fn of_enum(item: &DeriveInput, data: &syn::DataEnum) -> Result<(TokenStream, TokenStream)> {
    let mut writes = Vec::new();
    let mut reads = Vec::new();
    for (place, variant) in data.variants.iter().enumerate() {
        let place = u8::try_from(place)
            .map_err(|_| syn::Error::new_spanned(&item.ident, "a stored enum has at most 256 variants"))?;
        if let Some((_, discriminant)) = &variant.discriminant {
            return Err(syn::Error::new_spanned(
                discriminant,
                "a stored variant is written as its place, not as a discriminant",
            ));
        }
        let ident = &variant.ident;
        let (pattern, bindings) = pattern(&variant.fields);
        let build = build(&variant.fields);
        writes.push(quote! {
            Self::#ident #pattern => {
                _out.push(#place);
                #(::florin_sdk::Scale::encode_to(#bindings, _out);)*
            }
        });
        reads.push(quote! { #place => ::core::option::Option::Some(Self::#ident #build) });
    }
    let encode = quote! { match self { #(#writes)* } };
    let decode = quote! {
        match <u8 as ::florin_sdk::Scale>::decode_from(_input)? {
            #(#reads,)*
            _ => ::core::option::Option::None,
        }
    };
    Ok((encode, decode))
}

/// The pattern that binds the fields, and the bindings.
fn pattern(fields: &Fields) -> (TokenStream, Vec<proc_macro2::Ident>) {
    let bindings: Vec<_> = (0..fields.len()).map(|place| format_ident!("field_{place}")).collect();
    let pattern = match fields {
        Fields::Named(fields) => {
            let names = fields.named.iter().map(|field| &field.ident);
            quote! { { #(#names: #bindings),* } }
        }
        Fields::Unnamed(_) => quote! { (#(#bindings),*) },
        Fields::Unit => TokenStream::new(),
    };
    (pattern, bindings)
}

/// The fields, decoded one after the other.
fn build(fields: &Fields) -> TokenStream {
    let values = fields.iter().map(|field| {
        let ty = &field.ty;
        quote! { <#ty as ::florin_sdk::Scale>::decode_from(_input)? }
    });
    match fields {
        Fields::Named(fields) => {
            let names = fields.named.iter().map(|field| &field.ident);
            quote! { { #(#names: #values),* } }
        }
        Fields::Unnamed(_) => quote! { (#(#values),*) },
        Fields::Unit => TokenStream::new(),
    }
}
