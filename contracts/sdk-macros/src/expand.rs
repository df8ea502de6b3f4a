//! What `#[contract]` makes: the dispatcher, the constants, the entry points and sections of the module, the client.
//!
//! Guarantees that a message's selector, row in the ABI, decoder and client come from the one signature.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Visibility;

use crate::{
    contract::{self, Contract},
    message::{Access, Message},
    names,
};

/// The whole module.
pub(crate) fn contract(contract: &Contract) -> TokenStream {
    let implementation = implementation(contract);
    let summary = format!("Typed client of [`{}`].", contract.root);
    let client = client(&syn::parse_quote!(pub), &contract.client(), &summary, &contract.messages);
    contract::module(contract, &quote! { #implementation #client })
}

fn implementation(contract: &Contract) -> TokenStream {
    let Contract { root, module, messages, .. } = contract;
    let name = module.to_string();
    let client = contract.client();
    let constants = constants(contract);
    let run_init = run_init(contract);
    let run_call = run_call(messages);
    let (args, error) = match &contract.init {
        Some(init) => {
            let (args, returns) = (init.tuple(), &init.returns);
            (args, quote! { <#returns as ::florin_sdk::Returns>::Error })
        }
        None => (quote!(()), quote!(::core::convert::Infallible)),
    };
    let exports = exports(contract);
    quote! {
        #[allow(
            long_running_const_eval,
            unexpected_cfgs,
            reason = "the compiler hashes the interface; `florin_artifact` is set by the build of an artifact only"
        )]
        const _: () = {
            #constants

            impl ::florin_sdk::Contract for #root {
                const NAME: &'static str = #name;
                const MANIFEST_DIR: &'static str = ::core::env!("CARGO_MANIFEST_DIR");
                const ITEMS: &'static [&'static [::florin_sdk::schema::Item]] = ITEMS;
                const ABI_JSON: &'static str = ABI_JSON;
                const ABI_HASH: [u8; 32] = ABI_HASH;
                const METADATA: &'static [u8] = &METADATA;
                const REENTRANT: &'static [[u8; 4]] = REENTRANT;

                type InitArgs = #args;
                type InitError = #error;
                type Client<T: ::florin_sdk::Transport> = #client<T>;

                fn load() -> Self {
                    <Self as ::florin_sdk::storage::Root>::root()
                }

                #run_init
                #run_call
            }

            #exports
        };
    }
}

/// The rows of the ABI and what is computed from them.
fn constants(contract: &Contract) -> TokenStream {
    let Contract { module, messages, events, errors, .. } = contract;
    let name = module.to_string();
    let constructor = contract.init.iter().map(|init| init.item(true));
    let rows = messages.iter().map(|message| message.item(false));
    let selectors = selector_names(messages);
    let places = 0..messages.len();
    let reentrant = messages.iter().zip(&selectors).filter(|(message, _)| message.reentrant);
    let reentrant = reentrant.map(|(_, selector)| selector);
    let returned = contract.init.iter().chain(messages).map(|message| &message.returns);
    quote! {
        const CONSTRUCTOR: &[::florin_sdk::schema::Item] = &[#(#constructor),*];
        const MESSAGES: &[::florin_sdk::schema::Item] = &[#(#rows),*];
        #(const #selectors: u32 = u32::from_be_bytes(MESSAGES[#places].selector());)*
        const _: () = ::florin_sdk::schema::assert_distinct(&[#(#selectors),*]);
        const REENTRANT: &[[u8; 4]] = &[#(#reentrant.to_be_bytes()),*];
        const ITEMS: &[&[::florin_sdk::schema::Item]] = &[
            CONSTRUCTOR,
            MESSAGES,
            &[#(<#events as ::florin_sdk::Event>::ITEM),*],
            #(<#errors as ::florin_sdk::ContractError>::ITEMS,)*
            #(<<#returned as ::florin_sdk::Returns>::Error as ::florin_sdk::ContractError>::ITEMS,)*
            <::florin_sdk::DispatchError as ::florin_sdk::ContractError>::ITEMS,
        ];
        const JSON: [u8; ::florin_sdk::schema::json_len(ITEMS)] = ::florin_sdk::schema::json_bytes(ITEMS);
        const ABI_JSON: &str = ::florin_sdk::schema::text(&JSON);
        const ABI_HASH: [u8; 32] = ::florin_sdk::schema::keccak256(&JSON);
        const METADATA: [u8; ::florin_sdk::metadata::len(#name)] = ::florin_sdk::metadata::encode(#name, ABI_HASH);
    }
}

fn selector_names(messages: &[Message]) -> Vec<Ident> {
    messages
        .iter()
        .map(|message| format_ident!("SELECTOR_{}", message.ident.to_string().trim_start_matches("r#").to_uppercase()))
        .collect()
}

fn run_init(contract: &Contract) -> TokenStream {
    let input = names::local("input");
    let body = match &contract.init {
        Some(init) => {
            let refuse_value = refuse_value(init);
            let (ident, idents, types) = (&init.ident, init.idents(), init.types());
            quote! {
                #refuse_value
                let mut #input = ::florin_sdk::abi::Decoder::new(#input);
                #(let #idents = <#types as ::florin_sdk::AbiType>::decode(&mut #input);)*
                if #input.is_malformed() {
                    return ::florin_sdk::dispatch::malformed(0);
                }
                ::florin_sdk::dispatch::answer(<Self as ::florin_sdk::Contract>::load().#ident(#(#idents),*))
            }
        }
        None => quote! {
            ::florin_sdk::dispatch::refuse_value()?;
            if #input.is_empty() {
                ::core::result::Result::Ok(::florin_sdk::Vec::new())
            } else {
                ::florin_sdk::dispatch::malformed(0)
            }
        },
    };
    quote! {
        fn run_init(#input: &[u8]) -> ::florin_sdk::contract::Answer {
            #body
        }
    }
}

fn run_call(messages: &[Message]) -> TokenStream {
    let [input, selector, root] = ["input", "selector", "contract"].map(names::local);
    let names = selector_names(messages);
    let payable = messages.iter().zip(&names).filter(|(message, _)| message.access == Access::Payable);
    let payable = payable.map(|(_, constant)| quote! { #constant => {} });
    let arms = messages.iter().zip(&names).map(|(message, constant)| {
        let (ident, idents, types) = (&message.ident, message.idents(), message.types());
        let binding = match message.access {
            Access::View => quote!(let #root),
            Access::NonPayable | Access::Payable => quote!(let mut #root),
        };
        quote! {
            #constant => {
                #(let #idents = <#types as ::florin_sdk::AbiType>::decode(&mut #input);)*
                if !#input.is_malformed() {
                    #binding = <Self as ::florin_sdk::Contract>::load();
                    return ::florin_sdk::dispatch::answer(#root.#ident(#(#idents),*));
                }
            }
        }
    });
    quote! {
        #[allow(unreachable_code, reason = "a contract without messages has no arguments to refuse")]
        fn run_call(#input: &[u8]) -> ::florin_sdk::contract::Answer {
            let (#selector, mut #input) = ::florin_sdk::dispatch::selector(#input)?;
            match #selector {
                #(#payable)*
                _ => ::florin_sdk::dispatch::refuse_value()?,
            }
            match #selector {
                #(#arms)*
                _ => return ::florin_sdk::dispatch::unknown(#selector),
            }
            ::florin_sdk::dispatch::malformed(#selector)
        }
    }
}

fn refuse_value(message: &Message) -> TokenStream {
    match message.access {
        Access::Payable => TokenStream::new(),
        Access::View | Access::NonPayable => quote! { ::florin_sdk::dispatch::refuse_value()?; },
    }
}

/// The entry points and custom sections. They are compiled only where `florin_artifact` is set, which is for the one
/// crate that becomes a module: a contract that is a dependency of another must not export anything.
///
/// A section's static is not `#[used]`: that would put its bytes into the linear memory too. The section `florin.abi` is
/// read and taken out by `florin contract build`.
fn exports(contract: &Contract) -> TokenStream {
    let root = &contract.root;
    let init = contract.init.as_ref().map(|_| {
        quote! {
            #[unsafe(no_mangle)]
            extern "C" fn florin_init() {
                ::florin_sdk::env::run(<#root as ::florin_sdk::Contract>::run_init);
            }
        }
    });
    let reentrant = contract.messages.iter().any(|message| message.reentrant).then(|| {
        quote! {
            #[unsafe(link_section = "florin.reentrant")]
            static REENTRANT_SECTION: [[u8; 4]; REENTRANT.len()] = ::florin_sdk::metadata::array(REENTRANT);
        }
    });
    quote! {
        #[cfg(all(target_arch = "wasm32", target_os = "none", florin_artifact))]
        #[allow(dead_code, reason = "the sections' bytes are read from the module, not by its code")]
        const _: () = {
            #init

            #[unsafe(no_mangle)]
            extern "C" fn florin_call() {
                ::florin_sdk::env::run(<#root as ::florin_sdk::Contract>::run_call);
            }

            #[unsafe(link_section = "florin.metadata")]
            static METADATA_SECTION: [u8; METADATA.len()] = METADATA;

            #[unsafe(link_section = "florin.abi")]
            static ABI_SECTION: [u8; JSON.len()] = JSON;

            #reentrant
        };
    }
}

/// A client with one method for each message.
pub(crate) fn client(vis: &Visibility, name: &Ident, summary: &str, messages: &[Message]) -> TokenStream {
    let span = contract::generated();
    let methods = messages.iter().map(|message| client_method(vis, message));
    quote::quote_spanned! { span =>
        #[doc = #summary]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name<T> {
            address: ::florin_sdk::Address,
            transport: T,
        }

        impl<T: ::florin_sdk::Transport> ::florin_sdk::Client<T> for #name<T> {
            fn new(address: ::florin_sdk::Address, transport: T) -> Self {
                Self { address, transport }
            }

            fn address(&self) -> ::florin_sdk::Address {
                self.address
            }

            fn transport(&self) -> &T {
                &self.transport
            }
        }

        impl #name<::florin_sdk::CrossContract> {
            /// Makes a client for calls from within a contract.
            #[allow(dead_code, reason = "a client need not be used from contracts")]
            #vis const fn at(address: ::florin_sdk::Address) -> Self {
                Self { address, transport: ::florin_sdk::CrossContract }
            }
        }

        #[allow(dead_code, clippy::too_many_arguments, reason = "the messages are what the contract offers")]
        impl<T: ::florin_sdk::Transport> #name<T> {
            #(#methods)*
        }
    }
}

fn client_method(vis: &Visibility, message: &Message) -> TokenStream {
    let Message { ident, name, docs, args, returns, .. } = message;
    let idents: Vec<_> = args.iter().map(|arg| &arg.ident).collect();
    let types: Vec<_> = args.iter().map(|arg| &arg.ty).collect();
    let row = message.item(false);
    let input = names::local("input");
    let references: Vec<_> = idents.iter().map(|ident| quote!(&#ident)).collect();
    let note = format!("Prepares a call of `{name}`.");
    let gap = if docs.is_empty() { None } else { Some(quote!(#[doc = ""])) };
    quote! {
        #(#docs)*
        #gap
        #[doc = #note]
        #vis fn #ident(&mut self, #(#idents: #types),*) -> ::florin_sdk::Call<'_, T, #returns> {
            const SELECTOR: [u8; 4] = (#row).selector();
            let mut #input = ::florin_sdk::abi::Encoder::behind(
                &SELECTOR,
                <(#(#types,)*) as ::florin_sdk::AbiType>::LIST_HEAD,
            );
            #(<#types as ::florin_sdk::AbiType>::encode(#references, &mut #input);)*
            let #input = #input.finish();
            ::florin_sdk::Call::new(&mut self.transport, self.address, #input)
        }
    }
}
