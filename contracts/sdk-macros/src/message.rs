//! A message: a method that others can call.
//!
//! Guarantees that what is not expressible in the ABI is refused where it stands: missing or owned receivers, generics,
//! borrowed arguments, patterns.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, FnArg, Pat, Result, ReturnType, Signature, Type, spanned::Spanned};

use crate::names;

/// A message, or the constructor.
pub(crate) struct Message {
    pub(crate) ident: Ident,
    /// The name in the ABI.
    pub(crate) name: String,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) args: Vec<Arg>,
    /// What the method returns.
    pub(crate) returns: Type,
    pub(crate) access: Access,
    pub(crate) reentrant: bool,
}

/// An argument.
pub(crate) struct Arg {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// What a message may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    View,
    NonPayable,
    Payable,
}

/// What the attributes say about a method.
pub(crate) struct Markers {
    pub(crate) init: bool,
    pub(crate) payable: bool,
    pub(crate) reentrant: bool,
    pub(crate) name: Option<String>,
}

impl Markers {
    /// Takes the markers off a method.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        Ok(Self {
            init: names::take_marker(attributes, "init")?,
            payable: names::take_marker(attributes, "payable")?,
            reentrant: names::take_marker(attributes, "reentrant")?,
            name: names::take_name(attributes)?,
        })
    }

    /// The first marker that is set, for an error on a method that is no message.
    pub(crate) fn any(&self) -> Option<&'static str> {
        if self.init {
            Some("init")
        } else if self.payable {
            Some("payable")
        } else if self.reentrant {
            Some("reentrant")
        } else {
            self.name.as_ref().map(|_| "name")
        }
    }
}

impl Message {
    /// Reads a signature.
    pub(crate) fn parse(signature: &Signature, attributes: &[Attribute], markers: Markers) -> Result<Self> {
        refuse_qualifiers(signature)?;
        let writes = receiver(signature)?;
        let access = match (writes, markers.payable) {
            (true, true) => Access::Payable,
            (true, false) => Access::NonPayable,
            (false, false) => Access::View,
            (false, true) => {
                return Err(syn::Error::new_spanned(
                    &signature.ident,
                    "a view cannot be `#[payable]`: take `&mut self`",
                ));
            }
        };
        let args = signature.inputs.iter().skip(1).map(argument).collect::<Result<Vec<_>>>()?;
        if args.len() > 12 {
            return Err(syn::Error::new_spanned(&signature.inputs, "a message has at most 12 arguments"));
        }
        let returns = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => {
                refuse_reference(ty, "a message returns owned values")?;
                (**ty).clone()
            }
        };
        Ok(Self {
            ident: signature.ident.clone(),
            name: markers.name.unwrap_or_else(|| names::camel_case(&signature.ident)),
            docs: names::docs(attributes).into_iter().cloned().collect(),
            args,
            returns,
            access,
            reentrant: markers.reentrant,
        })
    }

    /// The arguments' types as a tuple.
    pub(crate) fn tuple(&self) -> TokenStream {
        let types = self.args.iter().map(|arg| &arg.ty);
        quote! { (#(#types,)*) }
    }

    /// Name and argument types as they are written: what two messages may not share.
    pub(crate) fn signature(&self) -> (&str, Vec<&Type>) {
        (&self.name, self.types())
    }

    /// The arguments' types.
    pub(crate) fn types(&self) -> Vec<&Type> {
        self.args.iter().map(|arg| &arg.ty).collect()
    }

    /// The arguments' names.
    pub(crate) fn idents(&self) -> Vec<&Ident> {
        self.args.iter().map(|arg| &arg.ident).collect()
    }

    /// The row of the ABI, as a constant expression.
    pub(crate) fn item(&self, constructor: bool) -> TokenStream {
        let mutability = match self.access {
            Access::View => quote!(View),
            Access::NonPayable => quote!(NonPayable),
            Access::Payable => quote!(Payable),
        };
        let kind = if constructor { quote!(Constructor) } else { quote!(Function) };
        let name = if constructor { "" } else { self.name.as_str() };
        let params = self.args.iter().map(|Arg { name, ty, .. }| {
            quote! {
                ::florin_sdk::schema::Param {
                    name: #name,
                    sol_type: <#ty as ::florin_sdk::AbiType>::NAME,
                    indexed: false,
                }
            }
        });
        let returns = &self.returns;
        quote! {
            ::florin_sdk::schema::Item {
                kind: ::florin_sdk::schema::Kind::#kind(::florin_sdk::schema::Mutability::#mutability),
                name: #name,
                inputs: &[#(#params),*],
                outputs: <<#returns as ::florin_sdk::Returns>::Output as ::florin_sdk::AbiType>::VALUES,
            }
        }
    }
}

fn refuse_qualifiers(signature: &Signature) -> Result<()> {
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&signature.generics, "a message has no generics: its selector is fixed"));
    }
    let refused: [(Option<&dyn quote::ToTokens>, &str); 3] = [
        (signature.asyncness.as_ref().map(|token| token as _), "a message is not async: a call runs to its end"),
        (signature.unsafety.as_ref().map(|token| token as _), "a message is not unsafe: anyone may call it"),
        (signature.abi.as_ref().map(|token| token as _), "a message has no `extern` ABI: the dispatcher calls it"),
    ];
    match refused.into_iter().find_map(|(token, message)| token.map(|token| (token, message))) {
        Some((token, message)) => Err(syn::Error::new_spanned(token, message)),
        None => Ok(()),
    }
}

/// Tells whether the receiver is `&mut self`; `&self` is the other possibility.
fn receiver(signature: &Signature) -> Result<bool> {
    let message =
        "a message takes `&self` (a view) or `&mut self`; make it private or `pub(crate)` if it is not a message";
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() && receiver.colon_token.is_none() => {
            Ok(receiver.mutability.is_some())
        }
        Some(FnArg::Receiver(receiver)) => Err(syn::Error::new_spanned(receiver, message)),
        _ => Err(syn::Error::new_spanned(&signature.ident, message)),
    }
}

fn argument(argument: &FnArg) -> Result<Arg> {
    let FnArg::Typed(argument) = argument else {
        return Err(syn::Error::new_spanned(argument, "`self` comes first"));
    };
    let Pat::Ident(pattern) = &*argument.pat else {
        return Err(syn::Error::new(
            argument.pat.span(),
            "an argument is a plain name, because it has a name in the ABI",
        ));
    };
    refuse_reference(
        &argument.ty,
        "an argument is owned: take `String` for `&str`, `Vec<T>` for `&[T]`, `T` for `&T`",
    )?;
    let ident = pattern.ident.clone();
    Ok(Arg { name: names::camel_case(&ident), ident, ty: (*argument.ty).clone() })
}

fn refuse_reference(ty: &Type, message: &str) -> Result<()> {
    match ty {
        Type::Reference(_) => Err(syn::Error::new_spanned(ty, message)),
        Type::ImplTrait(_) => Err(syn::Error::new_spanned(ty, "the ABI needs one type, not `impl Trait`")),
        _ => Ok(()),
    }
}
