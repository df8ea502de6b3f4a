//! What an operator sees of the files: how many, whose, and whether they are sound.
//!
//! Guarantees that looking changes nothing, and that no text of a file is passed on: names are shown only if they are
//! of the cache's own form, 64 hexadecimal digits and the ending.

use alloy_primitives::B256;

use super::folder::Listed;
use super::{CODE_SUFFIX, CodeFiles, FileProblem, TEMPORARY_SUFFIX, layout};
use crate::fault::Fault;

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its name, or what stands for a name that the cache would not give.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// What it is.
    pub standing: Standing,
}

/// What a file of the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Code of a contract, for the settings of this machine.
    Current {
        /// The contract's code hash.
        code: B256,
    },
    /// Code of a contract, for other settings: another release, engine or schedule. It is left to age.
    OtherSetting {
        /// The contract's code hash.
        code: B256,
    },
    /// Being written, or left by a writer that died.
    Temporary,
    /// Not what it must be; it is refused when its contract is called.
    Refused(FileProblem),
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl CodeFiles {
    /// Tells what the files say that they are, without authenticating them.
    ///
    /// # Errors
    /// `Fault::Storage` if the folder cannot be read.
    pub fn survey(&self) -> Result<Vec<FileReport>, Fault> {
        self.report(|name, bytes| {
            let start = self.folder.read_start(name, layout::HEADER_BYTES).ok_or(FileProblem::Unreadable)?;
            let header = layout::header(&start, bytes)?;
            self.standing(name, &header)
        })
    }

    /// Authenticates every file.
    ///
    /// # Errors
    /// `Fault::Storage` if the folder cannot be read.
    pub fn verify(&self) -> Result<Vec<FileReport>, Fault> {
        self.report(|name, _| {
            let file = self.folder.read(name)?.ok_or(FileProblem::Unreadable)?;
            let (header, _) = layout::authenticate(&self.key, file)?;
            self.standing(name, &header)
        })
    }

    /// Removes every file of the cache, and those that dead writers have left. Foreign names stay.
    ///
    /// # Errors
    /// `Fault::Storage` if the folder cannot be read.
    pub fn clear(&self) -> Result<Cleared, Fault> {
        let listed = self.listed()?;
        let mut cleared = Cleared { files: self.folder.sweep().unwrap_or_default(), bytes: 0 };
        for file in listed.iter().filter(|file| file.name.ends_with(CODE_SUFFIX)) {
            if self.folder.remove(&file.name) {
                cleared.files = cleared.files.saturating_add(1);
                cleared.bytes = cleared.bytes.saturating_add(file.bytes);
            }
        }
        self.lock().counts.bytes = 0;
        Ok(cleared)
    }

    fn report(&self, judge: impl Fn(&str, usize) -> Result<Standing, FileProblem>) -> Result<Vec<FileReport>, Fault> {
        let judge = |file: &Listed| match usize::try_from(file.bytes) {
            _ if file.name.ends_with(TEMPORARY_SUFFIX) => Standing::Temporary,
            _ if !file.is_file => Standing::Refused(FileProblem::NotAFile),
            Ok(bytes) => judge(&file.name, bytes).unwrap_or_else(Standing::Refused),
            Err(_) => Standing::Refused(FileProblem::TooLong),
        };
        let report = |file: &Listed| FileReport { name: shown(&file.name), bytes: file.bytes, standing: judge(file) };
        Ok(self.listed()?.iter().map(report).collect())
    }

    /// A file must bear the name that follows from what it holds.
    fn standing(&self, name: &str, header: &layout::Header) -> Result<Standing, FileProblem> {
        let code = header.code;
        if name != format!("{}{CODE_SUFFIX}", header.setting.key(code)) {
            return Err(FileProblem::OtherKey);
        }
        let is_current = header.setting == self.setting;
        Ok(if is_current { Standing::Current { code } } else { Standing::OtherSetting { code } })
    }

    fn listed(&self) -> Result<Vec<Listed>, Fault> {
        let path = self.path().display();
        self.folder.list().map_err(|unusable| Fault::Storage(format!("cache folder {path}: {unusable:?}")))
    }
}

/// Returns a name that the cache gives, and a placeholder for any other.
fn shown(name: &str) -> String {
    let is_plain = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    let stem = name.strip_suffix(CODE_SUFFIX).or_else(|| name.strip_suffix(TEMPORARY_SUFFIX));
    match stem {
        Some(stem) if stem.len() <= 64 && is_plain(stem) => name.to_owned(),
        _ => "(a name that the cache does not give)".to_owned(),
    }
}
