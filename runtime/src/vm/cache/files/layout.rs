//! One file of compiled code, byte by byte.
//!
//! ```text
//! | "FLORINCC" | format u32 = 1 | info length u32 | artifact length u64 |   24 bytes, integers little-endian
//! | setting [32] | code hash [32] |                                         64 bytes
//! | info: SCALE of ModuleInfo | artifact: what the engine serialized |
//! | MAC [32]: BLAKE3, keyed with the node's key, of every byte before it |
//! ```
//!
//! Guarantees that an [`Authentic`] artifact was written by a holder of the node's key, for this contract and this
//! setting, and is in memory of this process: nobody can change it between the check and the use. Refuses a length that
//! is not the claimed one before anything else is looked at; allocates nothing by a claimed length.
//!
//! Costs one BLAKE3 pass over the file.

use alloy_primitives::B256;
use parity_scale_codec::{DecodeAll, Encode};

use super::super::super::ModuleInfo;
use super::super::counts::FileProblem;
use super::super::key::Setting;

const MAGIC: &[u8; 8] = b"FLORINCC";
const FORMAT: u32 = 1;

/// Bytes before the info.
pub(super) const HEADER_BYTES: usize = 88;
/// Bytes behind the artifact.
pub(super) const MAC_BYTES: usize = 32;

/// The key of the MAC, derived from the node's key for this one purpose.
#[derive(Clone)]
pub(super) struct MacKey([u8; 32]);

impl core::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MacKey(secret)")
    }
}

impl MacKey {
    /// Derives the key.
    pub(super) fn derive(node_key: &[u8; 32]) -> Self {
        Self(blake3::derive_key("florin/compiled-code-file/1", node_key))
    }

    fn mac(&self, bytes: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, bytes)
    }
}

/// What a file says about itself before it is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    info_bytes: usize,
    artifact_bytes: usize,
    pub(super) setting: Setting,
    pub(super) code: B256,
}

/// An artifact that the node itself has written.
#[derive(Debug)]
pub(in crate::vm) struct Authentic {
    file: Vec<u8>,
    artifact: core::ops::Range<usize>,
    info: ModuleInfo,
}

impl Authentic {
    /// Returns what the engine serialized.
    pub(in crate::vm) fn artifact(&self) -> &[u8] {
        self.file.get(self.artifact.clone()).unwrap_or_default()
    }

    /// Returns what the upload check had learned.
    pub(in crate::vm) fn info(&self) -> &ModuleInfo {
        &self.info
    }
}

/// Makes a whole file.
pub(super) fn seal(key: &MacKey, setting: Setting, code: B256, info: &ModuleInfo, artifact: &[u8]) -> Option<Vec<u8>> {
    let info = info.encode();
    let room = [HEADER_BYTES, info.len(), artifact.len(), MAC_BYTES]
        .iter()
        .try_fold(0_usize, |sum, part| sum.checked_add(*part))?;
    let mut file = Vec::with_capacity(room);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&FORMAT.to_le_bytes());
    file.extend_from_slice(&u32::try_from(info.len()).ok()?.to_le_bytes());
    file.extend_from_slice(&u64::try_from(artifact.len()).ok()?.to_le_bytes());
    file.extend_from_slice(&setting.0);
    file.extend_from_slice(code.as_slice());
    file.extend_from_slice(&info);
    file.extend_from_slice(artifact);
    let mac = key.mac(&file);
    file.extend_from_slice(mac.as_bytes());
    Some(file)
}

/// Reads what a file says about itself. `file_bytes` is how long it is.
///
/// # Errors
/// `Torn` or `Format`.
pub(super) fn header(file: &[u8], file_bytes: usize) -> Result<Header, FileProblem> {
    let mut rest = file.get(..HEADER_BYTES).ok_or(FileProblem::Torn)?;
    let mut take = |count: usize| {
        let (part, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(part)
    };
    let number = |bytes: &[u8]| {
        bytes.iter().rev().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))
    };
    let mut read = || {
        let magic = take(8)?;
        let format = number(take(4)?);
        let (info, artifact) = (number(take(4)?), number(take(8)?));
        let (setting, code) = (take(32)?, take(32)?);
        let is_ours = magic == MAGIC && format == usize::try_from(FORMAT).ok();
        Some((is_ours, info, artifact, Setting(setting.try_into().ok()?), B256::from_slice(code)))
    };
    let (is_ours, info, artifact, setting, code) = read().ok_or(FileProblem::Torn)?;
    if !is_ours {
        return Err(FileProblem::Format);
    }
    let (Some(info_bytes), Some(artifact_bytes)) = (info, artifact) else { return Err(FileProblem::Torn) };
    let claimed = [HEADER_BYTES, info_bytes, artifact_bytes, MAC_BYTES];
    if claimed.iter().try_fold(0_usize, |sum, part| sum.checked_add(*part)) != Some(file_bytes) {
        return Err(FileProblem::Torn);
    }
    Ok(Header { info_bytes, artifact_bytes, setting, code })
}

/// Authenticates a whole file, whatever contract and setting it is for.
///
/// # Errors
/// `Torn`, `Format`, `BadMac`, or `NotAccepted` for what an authentic file cannot hold.
pub(super) fn authenticate(key: &MacKey, file: Vec<u8>) -> Result<(Header, Authentic), FileProblem> {
    let header = header(&file, file.len())?;
    let (signed, mac) = file.split_last_chunk::<MAC_BYTES>().ok_or(FileProblem::Torn)?;
    // Compares in constant time.
    if key.mac(signed) != *mac {
        return Err(FileProblem::BadMac);
    }
    let start = HEADER_BYTES.checked_add(header.info_bytes).ok_or(FileProblem::Torn)?;
    let end = start.checked_add(header.artifact_bytes).ok_or(FileProblem::Torn)?;
    let mut info = signed.get(HEADER_BYTES..start).ok_or(FileProblem::Torn)?;
    let info = ModuleInfo::decode_all(&mut info).map_err(|_| FileProblem::NotAccepted)?;
    Ok((header, Authentic { file, artifact: start..end, info }))
}

/// Authenticates a file that must be for this contract and this setting.
///
/// # Errors
/// `OtherKey`, and those of [`authenticate`].
pub(super) fn open(key: &MacKey, setting: Setting, code: B256, file: Vec<u8>) -> Result<Authentic, FileProblem> {
    let claimed = header(&file, file.len())?;
    if claimed.setting != setting || claimed.code != code {
        return Err(FileProblem::OtherKey);
    }
    authenticate(key, file).map(|(_, authentic)| authentic)
}
