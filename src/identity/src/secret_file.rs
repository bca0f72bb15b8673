//! Small files that only their owner may read, and that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A secret file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// Reading failed.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write {path}: {source}: check that the folder can be written and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is longer than anything that we would have written.
    #[error("{path} is longer than {limit} bytes, so it is not what it should be")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

/// Reads a file of at most `limit` bytes, `None` when there is none. Access by others than the owner is taken
/// away first, where the system knows owners.
///
/// # Errors
/// [`SecretFileError`] when it cannot be read or is too long.
pub fn read_secret_file(
    path: &Path,
    limit: u64,
) -> Result<Option<Zeroizing<Vec<u8>>>, SecretFileError> {
    let failed = |source| SecretFileError::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    restrict(&file).map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.min(4096) as usize));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(SecretFileError::TooLong {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(Some(bytes))
}

/// Creates a file with mode 0600, and its folder. False when there is one of that name already, which stays as
/// it is: of two programs that do this at once, one wins and the other reads the winner's.
///
/// # Errors
/// [`SecretFileError::Write`].
pub fn create_secret_file(path: &Path, bytes: &[u8]) -> Result<bool, SecretFileError> {
    create(path, bytes).map_err(|source| SecretFileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let temporary = folder.join(format!(".{:016x}.new", u64::from_le_bytes(suffix)));
    let written = write_and_publish(&temporary, path, bytes);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return written.and(Err(error)),
        _ => {}
    }
    written
}

fn write_and_publish(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // A link, unlike a rename, never replaces a file that somebody else created meanwhile.
    match fs::hard_link(temporary, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(_) if path.exists() => Ok(false),
        // File systems without links.
        Err(_) => fs::rename(temporary, path).map(|()| true),
    }
}

#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}
