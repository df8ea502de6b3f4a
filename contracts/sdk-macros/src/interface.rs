//! `#[interface]`: a client for a contract that is known by its messages only.
//!
//! Guarantees the same client as `#[contract]` makes, from the methods of a trait; the trait itself is not kept.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::{ItemTrait, Result, TraitItem};

use crate::{
    expand,
    message::{Markers, Message},
};

pub(crate) fn expand(item: &ItemTrait) -> Result<TokenStream> {
    let mut messages = Vec::new();
    for method in &item.items {
        let TraitItem::Fn(method) = method else {
            return Err(syn::Error::new_spanned(method, "an interface consists of methods"));
        };
        if let Some(body) = &method.default {
            return Err(syn::Error::new_spanned(body, "the methods of an interface have no body"));
        }
        let mut attributes = method.attrs.clone();
        let markers = Markers::take(&mut attributes)?;
        if markers.init || markers.reentrant {
            let message = "an interface describes calls; `#[init]` and `#[reentrant]` belong to the contract";
            return Err(syn::Error::new_spanned(&method.sig.ident, message));
        }
        messages.push(Message::parse(&method.sig, &attributes, markers)?);
    }
    let name = format_ident!("{}Client", item.ident);
    let summary = format!("Typed client of any contract with the messages of `{}`.", item.ident);
    Ok(expand::client(&item.vis, &name, &summary, &messages))
}
