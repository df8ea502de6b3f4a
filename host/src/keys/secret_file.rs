//! A secret of 32 bytes in a file that is one user's alone.
//!
//! Guarantees that a secret is made once however many processes start together, has mode 0600 and is on the disk before it is
//! used, and that a file that anybody else could have read or written is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// Reading or writing by anybody but the owner.
const OTHERS: u32 = 0o077;

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum SecretFileError {
    /// The system does not let the file or its folder be made or read.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file is no secret, or not this user's alone.
    #[error("{path} is no usable key: {flaw}")]
    Flawed {
        /// The file.
        path: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
}

/// What is wrong with a file that should hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// Somebody could make it lead elsewhere.
    #[error("it is a link")]
    Link,
    /// A folder, a pipe or a device.
    #[error("it is no regular file")]
    NotRegular,
    /// The mode lets others in.
    #[error("other users may read or write it")]
    OpenToOthers,
    /// It holds more or less.
    #[error("it does not hold 32 bytes")]
    Length,
}

/// Names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// Names the file.
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the secret; nothing if there is no file.
    ///
    /// # Errors
    /// [`SecretFileError`] if it cannot be read, is no secret, or is not this user's alone.
    pub fn read(&self) -> Result<Option<[u8; SECRET_BYTES]>, SecretFileError> {
        let flawed = |flaw| SecretFileError::Flawed { path: self.0.display().to_string(), flaw };
        let safe = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(safe.bits()).unwrap_or_default();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) => {
                return Err(flawed(Flaw::Link));
            }
            Err(error) => return Err(io_error(&self.0)(error)),
        };
        let stat = file.metadata().map_err(io_error(&self.0))?;
        if !stat.is_file() {
            return Err(flawed(Flaw::NotRegular));
        }
        if stat.mode() & OTHERS != 0 {
            return Err(flawed(Flaw::OpenToOthers));
        }
        let mut secret = Vec::with_capacity(SECRET_BYTES);
        let limit = u64::try_from(SECRET_BYTES).unwrap_or_default().saturating_add(1);
        file.take(limit).read_to_end(&mut secret).map_err(io_error(&self.0))?;
        secret.try_into().map(Some).map_err(|_| flawed(Flaw::Length))
    }

    /// Returns the secret, and whether it was made now: 32 random bytes, if there is no file.
    ///
    /// # Errors
    /// As [`SecretFile::read`], and if the file or its folder cannot be made.
    pub fn read_or_make(&self) -> Result<([u8; SECRET_BYTES], Origin), SecretFileError> {
        if let Some(secret) = self.read()? {
            return Ok((secret, Origin::Found));
        }
        let origin = self.make()?;
        // Another process may have been faster; its secret is the one.
        let secret = self.read()?.ok_or_else(|| io_error(&self.0)(io::ErrorKind::NotFound.into()))?;
        Ok((secret, origin))
    }

    /// Makes a secret beside its place and links it there, which fails if there is one by now.
    fn make(&self) -> Result<Origin, SecretFileError> {
        let path = &self.0;
        let failed = io_error(path);
        let (mut secret, mut number) = ([0; SECRET_BYTES], [0; 8]);
        for random in [&mut secret[..], &mut number] {
            getrandom::getrandom(random).map_err(|error| failed(io::Error::other(error.to_string())))?;
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make_folder(parent)?;
        let beside = path.with_extension(format!("{}.new", hex::encode(number)));
        let made = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            let origin = match fs::hard_link(&beside, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Origin::Found,
                linked => linked.map(|()| Origin::Made)?,
            };
            File::open(parent)?.sync_all()?;
            Ok(origin)
        })();
        let _ = fs::remove_file(&beside);
        made.map_err(failed)
    }
}

/// Where a secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file was there.
    Found,
    /// The file was made.
    Made,
}

/// Makes a folder of one user's own, unless it is there.
pub(crate) fn make_folder(folder: &Path) -> Result<(), SecretFileError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io_error(folder))
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> SecretFileError + use<> {
    let path = path.display().to_string();
    move |error| SecretFileError::Io { path: path.clone(), error }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{Flaw, Origin, SecretFile, SecretFileError};

    #[test]
    fn a_secret_is_made_once_by_whoever_is_first() {
        let above = tempfile::tempdir().unwrap();
        let file = SecretFile::new(above.path().join("keys/one.key"));
        let secrets = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| file.read_or_make()));
            threads.map(|thread| thread.join().unwrap().unwrap())
        });
        assert!(secrets.iter().all(|(secret, _)| *secret == secrets[0].0));
        assert_eq!(secrets.iter().filter(|(_, origin)| *origin == Origin::Made).count(), 1);
        assert_ne!(secrets[0].0, [0; 32]);
        let mode = |path: &str| fs::metadata(above.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("keys"), mode("keys/one.key")), (0o700, 0o600));
        assert_eq!(fs::read_dir(above.path().join("keys")).unwrap().count(), 1, "nothing is left beside the secret");
        let other = tempfile::tempdir().unwrap();
        let other = SecretFile::new(other.path().join("two.key")).read_or_make().unwrap();
        assert_ne!(other.0, secrets[0].0);
    }

    #[test]
    fn a_secret_that_others_may_touch_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let file = SecretFile::new(path.clone());
        let flaw = || match file.read_or_make() {
            Err(SecretFileError::Flawed { flaw, .. }) => flaw,
            other => panic!("{other:?}"),
        };
        file.read_or_make().unwrap();
        for mode in [0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(flaw(), Flaw::OpenToOthers);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for secret in [&[1_u8; 31][..], &[1; 33]] {
            fs::write(&path, secret).unwrap();
            assert_eq!(flaw(), Flaw::Length);
        }
        let target = folder.path().join("target");
        fs::rename(&path, &target).unwrap();
        symlink(&target, &path).unwrap();
        assert_eq!(flaw(), Flaw::Link);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(flaw(), Flaw::NotRegular);
    }
}
