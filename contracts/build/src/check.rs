//! The upload check, run by the author before the chain runs it: the runtime's own rules, nothing of ours.

use std::path::Path;

use florin_abi::limits::CODE_BYTES_MAX;
use florin_runtime::vm::{ModuleInfo, Refusal, Vm};

use crate::error::BuildError;
use crate::project::Package;
use crate::strip::{Names, strip};

/// A module that the chain accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its size in bytes.
    pub bytes: usize,
    /// What the check learned.
    pub info: ModuleInfo,
}

/// Checks a module by the rules of the chain.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(module: &[u8]) -> Result<Accepted, Refusal> {
    Vm::check(module).map(|info| Accepted { bytes: module.len(), info })
}

/// Reads a module and checks it. At most one byte more than the limit is read.
///
/// # Errors
/// `Io` if the file cannot be read.
pub fn check_file(path: &Path) -> Result<Result<Accepted, Refusal>, BuildError> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(BuildError::io("read", path))?;
    let mut module = Vec::new();
    let limit = u64::from(CODE_BYTES_MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut module).map_err(BuildError::io("read", path))?;
    Ok(check(&module))
}

/// Checks what is deployed; a refusal is told with the names of functions, which only the linked module has.
pub(crate) fn check_linked(package: &Package, linked: &[u8], module: &[u8]) -> Result<Accepted, BuildError> {
    check(module).map_err(|refusal| {
        let named = strip(linked, Names::Keep).ok().and_then(|named| check(&named.module).err());
        let same_rule = named.filter(|named| named.reason == refusal.reason);
        BuildError::Refused { package: package.name.clone(), refusal: Box::new(same_rule.unwrap_or(refusal)) }
    })
}
