//! Where compiled code is kept between runs: a folder, and the key that authenticates what is in it.
//!
//! ```text
//! DIR/            mode 0700
//! DIR/node.key    32 random bytes, mode 0600, made at the first start
//! DIR/code/       mode 0700: the runtime's files
//! ```
//!
//! Guarantees that the key is made once however many processes start together, is on the disk before it is used, and is
//! refused if anybody else could have read or written it: who has the key can make this node run his machine code. The
//! key may lie elsewhere than the folder, so that whoever can write to the one need not reach the other.

use std::io;
use std::path::PathBuf;

use florin_runtime::vm::{CacheFolder, NodeKey};
use thiserror::Error;

use crate::keys::secret_file::{Flaw, SecretFile, SecretFileError, make_folder};

/// Why there is no cache.
#[derive(Debug, Error)]
pub enum CodeCacheError {
    /// The system does not let the folder or the key be made or read.
    #[error("{path}: {error}")]
    Io {
        /// The folder or file.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file is no key, or not this user's alone.
    #[error("{path} is no usable key: {why}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl From<SecretFileError> for CodeCacheError {
    fn from(error: SecretFileError) -> Self {
        match error {
            SecretFileError::Io { path, error } => Self::Io { path, error },
            SecretFileError::Flawed { path, flaw } => Self::Key { path, why: remedy(flaw) },
        }
    }
}

/// Returns what is wrong and what to do: this key can be made anew at any time.
const fn remedy(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Link => "it is a link",
        Flaw::NotRegular => "it is no regular file",
        Flaw::OpenToOthers => "other users may read or write it; remove it, and a new one is made with mode 0600",
        Flaw::Length => "it does not hold 32 bytes; remove it, and a new one is made",
    }
}

/// Names the folder and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeCache {
    folder: PathBuf,
    key: PathBuf,
}

impl CodeCache {
    /// Names a folder, and a file for the key if it is not to lie there.
    pub fn new(folder: PathBuf, key: Option<PathBuf>) -> Self {
        let key = key.unwrap_or_else(|| folder.join("node.key"));
        Self { folder, key }
    }

    /// Returns the folder for this user's caches: `$XDG_CACHE_HOME/florin`, else `~/.cache/florin`, else `.florin` in the
    /// working folder. A path that is not absolute counts as none, as the XDG base directory specification has it.
    pub fn default_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
        let absolute = |name| variable(name).filter(|path| path.is_absolute());
        let caches = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        caches.map_or_else(|| PathBuf::from(".florin"), |caches| caches.join("florin"))
    }

    /// Returns the folder of the files.
    pub fn code_folder(&self) -> PathBuf {
        self.folder.join("code")
    }

    /// Makes what is not there yet, and returns the settings for the runtime.
    ///
    /// # Errors
    /// [`CodeCacheError`] if folder or key cannot be made, or the key is not this user's alone.
    pub fn open(&self) -> Result<CacheFolder, CodeCacheError> {
        make_folder(&self.folder)?;
        let key = NodeKey::new(self.key()?);
        Ok(CacheFolder { path: self.code_folder(), bytes_max: CacheFolder::BYTES_MAX_DEFAULT, key })
    }

    fn key(&self) -> Result<[u8; 32], CodeCacheError> {
        Ok(SecretFile::new(self.key.clone()).read_or_make()?.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::{CodeCache, CodeCacheError};

    #[test]
    fn a_key_is_made_once_by_whoever_is_first() {
        let above = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(above.path().join("florin"), None);
        let keys = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| cache.open().and_then(|_| cache.key())));
            threads.map(|thread| thread.join().unwrap().unwrap())
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_ne!(keys[0], [0; 32]);
        let mode = |path: &str| fs::metadata(above.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("florin"), mode("florin/node.key")), (0o700, 0o600));
        assert_eq!(fs::read_dir(above.path().join("florin")).unwrap().count(), 1, "nothing is left beside the key");
        let other = tempfile::tempdir().unwrap();
        assert_ne!(CodeCache::new(other.path().to_owned(), None).key().unwrap(), keys[0]);
    }

    #[test]
    fn a_key_that_others_may_touch_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("elsewhere.key");
        let cache = CodeCache::new(folder.path().to_owned(), Some(path.clone()));
        let why = || match cache.key() {
            Err(CodeCacheError::Key { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        cache.key().unwrap();
        for mode in [0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(why().contains("other users"));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for key in [&[1_u8; 31][..], &[1; 33]] {
            fs::write(&path, key).unwrap();
            assert!(why().contains("32 bytes"));
        }
        let target = folder.path().join("target");
        fs::rename(&path, &target).unwrap();
        symlink(&target, &path).unwrap();
        assert_eq!(why(), "it is a link");
    }

    #[test]
    fn the_default_folder_is_the_users_cache() {
        let of = |set: &'static [(&'static str, &'static str)]| {
            let variable = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, path)| PathBuf::from(path));
            CodeCache::default_folder(variable)
        };
        assert_eq!(of(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), PathBuf::from("/c/florin"));
        assert_eq!(of(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")]), PathBuf::from("/h/.cache/florin"));
        assert_eq!(of(&[]), PathBuf::from(".florin"));
    }
}
