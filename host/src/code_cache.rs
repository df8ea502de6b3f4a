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

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use florin_runtime::vm::{CacheFolder, NodeKey};
use thiserror::Error;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Reading or writing by anybody but the owner.
const OTHERS: u32 = 0o077;

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

    fn key(&self) -> Result<[u8; KEY_BYTES], CodeCacheError> {
        match read_key(&self.key)? {
            Some(key) => Ok(key),
            None => {
                make_key(&self.key)?;
                // Another process may have been faster; its key is the one.
                read_key(&self.key)?.ok_or_else(|| io_error(&self.key)(io::ErrorKind::NotFound.into()))
            }
        }
    }
}

fn make_folder(folder: &Path) -> Result<(), CodeCacheError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io_error(folder))
}

/// Makes a key beside its place and links it there, which fails if there is one by now.
fn make_key(path: &Path) -> Result<(), CodeCacheError> {
    let failed = io_error(path);
    let (mut key, mut number) = ([0; KEY_BYTES], [0; 8]);
    for random in [&mut key[..], &mut number] {
        getrandom::getrandom(random).map_err(|error| failed(io::Error::other(error.to_string())))?;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    let beside = path.with_extension(format!("{}.new", hex::encode(number)));
    let made = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(&key)?;
        file.sync_all()?;
        match fs::hard_link(&beside, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
        File::open(parent)?.sync_all()
    })();
    let _ = fs::remove_file(&beside);
    made.map_err(failed)
}

fn read_key(path: &Path) -> Result<Option<[u8; KEY_BYTES]>, CodeCacheError> {
    let bad = |why| CodeCacheError::Key { path: path.display().to_string(), why };
    let safe = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(safe.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) => {
            return Err(bad("it is a link"));
        }
        Err(error) => return Err(io_error(path)(error)),
    };
    let stat = file.metadata().map_err(io_error(path))?;
    if !stat.is_file() {
        return Err(bad("it is no regular file"));
    }
    if stat.mode() & OTHERS != 0 {
        return Err(bad("other users may read or write it; remove it, and a new one is made with mode 0600"));
    }
    let mut key = Vec::with_capacity(KEY_BYTES);
    let limit = u64::try_from(KEY_BYTES).unwrap_or_default().saturating_add(1);
    file.take(limit).read_to_end(&mut key).map_err(io_error(path))?;
    key.try_into().map(Some).map_err(|_| bad("it does not hold 32 bytes; remove it, and a new one is made"))
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> CodeCacheError + use<> {
    let path = path.display().to_string();
    move |error| CodeCacheError::Io { path: path.clone(), error }
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
