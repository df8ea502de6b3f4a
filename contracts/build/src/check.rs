//! The upload check, run by the author before the chain runs it: the runtime's own rules, nothing of ours.

use std::path::Path;

use florin_abi::limits::CODE_BYTES_MAX;
use florin_runtime::vm::{ModuleInfo, Refusal, Vm};

use crate::error::BuildError;
use crate::project::Package;

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

/// Checks what is deployed; a refusal is told with the names of functions, which only the other module has.
pub(crate) fn check_deployed(package: &Package, module: &[u8], named_module: &[u8]) -> Result<Accepted, BuildError> {
    check(module).map_err(|refusal| {
        let named = check(named_module).err().filter(|named| named.reason == refusal.reason);
        BuildError::Refused { package: package.name().to_owned(), refusal: Box::new(named.unwrap_or(refusal)) }
    })
}
