//! Named fields of an event or an error: their names in the ABI and their types.
//!
//! Guarantees the order of declaration, which is the order in the ABI.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Fields, Result, Type};

use crate::names;

/// A named field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) indexed: bool,
}

/// Takes the fields of a struct or variant, and `#[indexed]` and `#[name]` off them. `noun` is what they belong to.
pub(crate) fn take(fields: &mut Fields, noun: &str) -> Result<Vec<Field>> {
    let fields = match fields {
        Fields::Named(fields) => &mut fields.named,
        Fields::Unit => return Ok(Vec::new()),
        Fields::Unnamed(fields) => {
            let message =
                format!("the fields of {noun} have names, because they have names in the ABI: `{{ a: A, b: B }}`");
            return Err(syn::Error::new_spanned(fields, message));
        }
    };
    let mut taken = Vec::new();
    for field in fields {
        let indexed = names::take_marker(&mut field.attrs, "indexed")?;
        let name = names::take_name(&mut field.attrs)?;
        let Some(ident) = field.ident.clone() else { continue };
        let name = name.unwrap_or_else(|| names::camel_case(&ident));
        taken.push(Field { ident, name, ty: field.ty.clone(), indexed });
    }
    Ok(taken)
}

/// The fields as a constant slice of `Param`.
pub(crate) fn params(fields: &[Field]) -> TokenStream {
    let params = fields.iter().map(|Field { name, ty, indexed, .. }| {
        quote! {
            ::florin_sdk::schema::Param {
                name: #name,
                sol_type: <#ty as ::florin_sdk::AbiType>::NAME,
                indexed: #indexed,
            }
        }
    });
    quote! { &[#(#params),*] }
}

/// Code that encodes the values of these names and types behind a prefix.
pub(crate) fn encode(prefix: &TokenStream, idents: &[&Ident], types: &[&Type]) -> TokenStream {
    let out = names::local("out");
    quote! {{
        let mut #out = ::florin_sdk::abi::Encoder::behind(
            #prefix,
            <(#(#types,)*) as ::florin_sdk::AbiType>::LIST_HEAD,
        );
        #(<#types as ::florin_sdk::AbiType>::encode(#idents, &mut #out);)*
        #out.finish()
    }}
}
