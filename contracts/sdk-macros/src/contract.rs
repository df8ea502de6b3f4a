//! `#[contract]`: what stands in the module.
//!
//! Guarantees one storage struct, at most one constructor, and that every marker is on an item that it belongs to.
//! The storage struct, events and errors may also be defined elsewhere with the attributes of the same names: then the
//! contract's type is that of the `impl` blocks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, ImplItem, Item, ItemImpl, ItemMod, Path, Result, Token, Type, Visibility,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::{
    error, event,
    message::{Markers, Message},
    names, storage,
};

/// The arguments of the attribute.
pub(crate) struct Options {
    events: Vec<Path>,
}

/// A contract module.
pub(crate) struct Contract {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) module: Ident,
    /// The storage struct.
    pub(crate) root: Ident,
    pub(crate) init: Option<Message>,
    pub(crate) messages: Vec<Message>,
    pub(crate) events: Vec<Path>,
    pub(crate) errors: Vec<Ident>,
    /// The module's items, markers taken off and inner attributes expanded.
    pub(crate) items: Vec<TokenStream>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self { events: Vec::new() };
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name != "events" {
                return Err(syn::Error::new(name.span(), "unknown option; `#[contract]` knows `events(..)`"));
            }
            let list;
            syn::parenthesized!(list in input);
            options.events.extend(Punctuated::<Path, Token![,]>::parse_terminated(&list)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// What has been found in the module so far.
#[derive(Default)]
struct Found {
    storage: Option<Ident>,
    implemented: Option<Ident>,
    init: Option<Message>,
    messages: Vec<Message>,
    events: Vec<Path>,
    errors: Vec<Ident>,
}

impl Contract {
    /// Reads the module.
    pub(crate) fn parse(options: Options, module: ItemMod) -> Result<Self> {
        let Some((_, content)) = module.content else {
            return Err(syn::Error::new_spanned(&module.ident, "a contract is an inline module: `mod name { .. }`"));
        };
        let mut found = Found { events: options.events, ..Found::default() };
        let mut items = Vec::new();
        for item in content {
            items.push(found.item(item)?);
        }
        let root = match (found.storage, found.implemented) {
            (Some(storage), Some(implemented)) if storage != implemented => {
                let message = format!("messages are methods of the storage struct `{storage}`");
                return Err(syn::Error::new_spanned(implemented, message));
            }
            (Some(root), _) | (None, Some(root)) => root,
            (None, None) => {
                let message = "a contract has a storage struct and its messages: `#[storage] pub struct Name { .. }` and `impl Name { .. }`";
                return Err(syn::Error::new_spanned(&module.ident, message));
            }
        };
        Ok(Self {
            attrs: module.attrs,
            vis: module.vis,
            module: module.ident,
            root,
            init: found.init,
            messages: found.messages,
            events: found.events,
            errors: found.errors,
            items,
        })
    }

    /// The name of the client.
    pub(crate) fn client(&self) -> Ident {
        quote::format_ident!("{}Client", self.root)
    }
}

impl Found {
    fn item(&mut self, item: Item) -> Result<TokenStream> {
        match item {
            Item::Struct(mut item) => {
                if names::take_marker(&mut item.attrs, "storage")? {
                    if let Some(other) = &self.storage {
                        let message = format!("a contract has one storage struct, and `{other}` is it");
                        return Err(syn::Error::new_spanned(&item.ident, message));
                    }
                    self.storage = Some(item.ident.clone());
                    storage::expand(item)
                } else if names::take_marker(&mut item.attrs, "event")? {
                    self.events.push(item.ident.clone().into());
                    event::expand(item)
                } else if names::take_marker(&mut item.attrs, "error")? {
                    self.errors.push(item.ident.clone());
                    error::expand(Item::Struct(item))
                } else {
                    Ok(item.into_token_stream())
                }
            }
            Item::Enum(mut item) => {
                if names::take_marker(&mut item.attrs, "error")? {
                    self.errors.push(item.ident.clone());
                    error::expand(Item::Enum(item))
                } else {
                    Ok(item.into_token_stream())
                }
            }
            Item::Impl(item) if item.trait_.is_none() => self.methods(item),
            other => Ok(other.into_token_stream()),
        }
    }

    fn methods(&mut self, mut block: ItemImpl) -> Result<TokenStream> {
        let of_root = self_ident(&block.self_ty).filter(|ident| match (&self.storage, &self.implemented) {
            (Some(root), _) | (None, Some(root)) => root == ident,
            (None, None) => true,
        });
        let has_markers = block.items.iter().any(|item| match item {
            ImplItem::Fn(method) => method.attrs.iter().any(|attribute| names::is(attribute, "init")),
            _ => false,
        });
        let Some(root) = of_root else {
            if has_markers {
                return Err(syn::Error::new_spanned(&block.self_ty, "messages are methods of the storage struct"));
            }
            return Ok(block.into_token_stream());
        };
        for item in &mut block.items {
            let ImplItem::Fn(method) = item else { continue };
            let markers = Markers::take(&mut method.attrs)?;
            if !matches!(method.vis, Visibility::Public(_)) {
                if let Some(marker) = markers.any() {
                    let message = format!("`#[{marker}]` belongs on a message, and only a `pub` method is one");
                    return Err(syn::Error::new_spanned(&method.sig.ident, message));
                }
                continue;
            }
            if markers.init {
                method.attrs.push(syn::parse_quote! {
                    #[allow(
                        clippy::new_ret_no_self,
                        clippy::wrong_self_convention,
                        reason = "a constructor sets up the storage struct that is there"
                    )]
                });
            }
            self.message(method, markers)?;
        }
        self.implemented = Some(root);
        Ok(block.into_token_stream())
    }

    fn message(&mut self, method: &syn::ImplItemFn, markers: Markers) -> Result<()> {
        let (is_init, reentrant) = (markers.init, markers.reentrant);
        let message = Message::parse(&method.sig, &method.attrs, markers)?;
        if !is_init {
            if let Some(other) = self.messages.iter().find(|other| other.signature() == message.signature()) {
                let text = format!(
                    "`{}` and `{}` are both `{}` in the ABI; rename one of them",
                    message.ident, other.ident, message.name
                );
                return Err(syn::Error::new_spanned(&method.sig.ident, text));
            }
            self.messages.push(message);
            return Ok(());
        }
        if message.access == crate::message::Access::View {
            return Err(syn::Error::new_spanned(
                &method.sig.ident,
                "the constructor takes `&mut self`: it sets the state up",
            ));
        }
        if reentrant {
            return Err(syn::Error::new_spanned(&method.sig.ident, "the constructor cannot be entered again"));
        }
        if let Some(other) = &self.init {
            let message = format!("a contract has one constructor, and `{}` is it", other.ident);
            return Err(syn::Error::new_spanned(&method.sig.ident, message));
        }
        self.init = Some(message);
        Ok(())
    }
}

/// The name of a plain type: `Token`, but not `Token<T>` or `&Token`.
fn self_ident(ty: &Type) -> Option<Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last()?;
            last.arguments.is_none().then(|| last.ident.clone())
        }
        _ => None,
    }
}

/// The span of everything that the macro makes up.
pub(crate) fn generated() -> Span {
    Span::call_site()
}

/// A module around the items.
pub(crate) fn module(contract: &Contract, more: &TokenStream) -> TokenStream {
    let Contract { attrs, vis, module, items, .. } = contract;
    quote! {
        #(#attrs)*
        #[allow(unreachable_pub, reason = "`pub` makes a method a message, wherever the module stands")]
        #vis mod #module {
            #(#items)*
            #more
        }
    }
}
