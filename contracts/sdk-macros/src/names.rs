//! Names in the ABI, and attributes by name.
//!
//! Guarantees that `transfer_from` is `transferFrom` and that underscores in front, which only silence a warning, are not
//! part of a name.

use proc_macro2::{Ident, Span};
use syn::{Attribute, LitStr, Result, Token, punctuated::Punctuated};

/// Returns a Rust name as Solidity writes it: `transfer_from` is `transferFrom`, `_data` is `data`.
pub(crate) fn camel_case(ident: &Ident) -> String {
    let text = ident.to_string();
    let text = text.strip_prefix("r#").unwrap_or(&text).trim_start_matches('_');
    let mut words = text.split('_').filter(|word| !word.is_empty());
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// A local variable of generated code, which no name of the author's can collide with.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Tells whether the attribute's last segment is this name, so that `#[florin_sdk::event]` is `#[event]`.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
}

/// Takes the attribute of this name out of the list.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let place = attributes.iter().position(|attribute| is(attribute, name))?;
    Some(attributes.remove(place))
}

/// Takes a marker, an attribute without arguments, out of the list.
pub(crate) fn take_marker(attributes: &mut Vec<Attribute>, name: &str) -> Result<bool> {
    let Some(attribute) = take(attributes, name) else { return Ok(false) };
    attribute
        .meta
        .require_path_only()
        .map_err(|error| syn::Error::new(error.span(), format!("`#[{name}]` has no arguments")))?;
    Ok(true)
}

/// Takes `#[name("..")]` out of the list.
pub(crate) fn take_name(attributes: &mut Vec<Attribute>) -> Result<Option<String>> {
    let Some(attribute) = take(attributes, "name") else { return Ok(None) };
    let name: LitStr = attribute.parse_args()?;
    let text = name.value();
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    if !begins || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(syn::Error::new(name.span(), "a name in the ABI consists of letters, digits and `_`"));
    }
    Ok(Some(text))
}

/// The documentation among the attributes.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes.iter().filter(|attribute| is(attribute, "doc")).collect()
}

/// Returns those of the traits that no `#[derive]` among the attributes names yet.
pub(crate) fn missing_derives(attributes: &[Attribute], traits: &[&str]) -> Vec<Ident> {
    let mut present = Vec::new();
    for attribute in attributes.iter().filter(|attribute| is(attribute, "derive")) {
        if let Ok(paths) = attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated) {
            present.extend(paths.iter().filter_map(|path| path.segments.last().map(|last| last.ident.to_string())));
        }
    }
    let missing = traits.iter().filter(|name| !present.iter().any(|there| there == *name));
    missing.map(|name| Ident::new(name, Span::call_site())).collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Ident, Span};

    use super::camel_case;

    #[test]
    fn names_become_camel_case() {
        for (rust, solidity) in [
            ("transfer", "transfer"),
            ("transfer_from", "transferFrom"),
            ("_data", "data"),
            ("eip712_domain", "eip712Domain"),
            ("balanceOf", "balanceOf"),
        ] {
            assert_eq!(camel_case(&Ident::new(rust, Span::call_site())), solidity);
        }
    }
}
