//! Certificates seen before, by host and port: trust on first use, as SSH does it.

use protocol::Fingerprint;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{fs, sync::Mutex};

/// Longest file that is read.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The pins, in a text file with a line `HOST:PORT FINGERPRINT` each, or in memory alone.
#[derive(Debug, Default)]
pub struct KnownServers {
    path: Option<PathBuf>,
    pins: Mutex<BTreeMap<String, Fingerprint>>,
}

/// The file of pins cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KnownServersError {
    /// Reading failed.
    #[error("cannot read the known servers in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is neither empty, a comment, nor a pin.
    #[error("line {line} of {path} is not `HOST:PORT FINGERPRINT`: correct or remove it")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Writing failed.
    #[error(
        "cannot remember the server in {path}: {source}: check that the folder can be written and has room"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl KnownServers {
    /// Pins that are forgotten with the value.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Reads the file; one that does not exist is empty.
    ///
    /// # Errors
    /// [`KnownServersError`]. A damaged line is never skipped: it could be the pin that matters.
    pub fn load(path: &Path) -> Result<Self, KnownServersError> {
        Ok(Self {
            pins: Mutex::new(read_pins(path)?),
            path: Some(path.to_owned()),
        })
    }

    /// The certificate that this server showed before.
    #[must_use]
    pub fn get(&self, host: &str, port: u16) -> Option<Fingerprint> {
        self.lock().get(&key(host, port)).copied()
    }

    /// Remembers a certificate, in place of an earlier one.
    ///
    /// # Errors
    /// [`KnownServersError`] when the file cannot be written; the pin then holds for this process.
    pub fn pin(
        &self,
        host: &str,
        port: u16,
        fingerprint: Fingerprint,
    ) -> Result<(), KnownServersError> {
        let mut pins = self.lock();
        if pins.insert(key(host, port), fingerprint) == Some(fingerprint) {
            return Ok(());
        }
        self.change(&pins, &key(host, port), Some(fingerprint))
    }

    /// Forgets a server, so that its next certificate is trusted on first use again.
    ///
    /// # Errors
    /// As [`Self::pin`].
    pub fn forget(&self, host: &str, port: u16) -> Result<(), KnownServersError> {
        let mut pins = self.lock();
        if pins.remove(&key(host, port)).is_none() {
            return Ok(());
        }
        self.change(&pins, &key(host, port), None)
    }

    /// Applies one change to what the file says by now: another program may have pinned servers meanwhile.
    fn change(
        &self,
        pins: &BTreeMap<String, Fingerprint>,
        name: &str,
        fingerprint: Option<Fingerprint>,
    ) -> Result<(), KnownServersError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut merged = read_pins(path).unwrap_or_else(|_damaged| pins.clone());
        match fingerprint {
            Some(fingerprint) => merged.insert(name.to_owned(), fingerprint),
            None => merged.remove(name),
        };
        write_pins(path, &merged).map_err(|source| KnownServersError::Write {
            path: path.clone(),
            source,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Fingerprint>> {
        self.pins
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn key(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{}:{port}", host.to_ascii_lowercase())
    }
}

fn read_pins(path: &Path) -> Result<BTreeMap<String, Fingerprint>, KnownServersError> {
    let failed = |source| KnownServersError::Read {
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            return Err(failed(io::Error::other("the file is too long")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(failed(error)),
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let mut pins = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pin = line
            .split_once(' ')
            .and_then(|(name, hex)| Some((name.to_owned(), hex.trim().parse().ok()?)));
        let Some((name, fingerprint)) = pin else {
            return Err(KnownServersError::Line {
                path: path.to_owned(),
                line: index + 1,
            });
        };
        pins.insert(name, fingerprint);
    }
    Ok(pins)
}

fn write_pins(path: &Path, pins: &BTreeMap<String, Fingerprint>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(io::Error::other)?;
    let temporary = folder.join(format!(
        ".known-servers-{:016x}.new",
        u64::from_le_bytes(suffix)
    ));
    let written = (|| {
        let mut file = fs::File::create_new(&temporary)?;
        for (name, fingerprint) in pins {
            writeln!(file, "{name} {fingerprint}")?;
        }
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() && fs::remove_file(&temporary).is_err() {
        tracing::debug!("{} is left over", temporary.display());
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_last_and_can_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/known-servers.txt");
        let first = KnownServers::load(&path).unwrap();
        assert_eq!(first.get("example.org", 7862), None);
        first
            .pin("Example.org", 7862, Fingerprint([1; 32]))
            .unwrap();
        first.pin("::1", 7862, Fingerprint([2; 32])).unwrap();
        let second = KnownServers::load(&path).unwrap();
        assert_eq!(second.get("example.ORG", 7862), Some(Fingerprint([1; 32])));
        assert_eq!(second.get("::1", 7862), Some(Fingerprint([2; 32])));
        assert_eq!(second.get("example.org", 7863), None);
        second.forget("example.org", 7862).unwrap();
        let third = KnownServers::load(&path).unwrap();
        assert_eq!(third.get("example.org", 7862), None);
        assert_eq!(third.get("::1", 7862), Some(Fingerprint([2; 32])));
    }

    #[test]
    fn two_programs_do_not_lose_each_others_pins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known-servers.txt");
        let (one, two) = (
            KnownServers::load(&path).unwrap(),
            KnownServers::load(&path).unwrap(),
        );
        one.pin("a", 1, Fingerprint([1; 32])).unwrap();
        two.pin("b", 2, Fingerprint([2; 32])).unwrap();
        let both = KnownServers::load(&path).unwrap();
        assert!(both.get("a", 1).is_some() && both.get("b", 2).is_some());
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known-servers.txt");
        fs::write(&path, "# pins\n\nexample.org:7862 abc\n").unwrap();
        let error = KnownServers::load(&path).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
