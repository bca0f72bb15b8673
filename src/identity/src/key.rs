//! A participant's secret key and the file it lives in.

use crate::did::Did;
use crate::secret_file::{SecretFileError, create_secret_file, read_secret_file};
use ed25519_dalek::{Signer, SigningKey};
use std::{fmt, path::Path};
use zeroize::{Zeroize, Zeroizing};

/// First word of a key file; says what the rest is.
const FILE_LABEL: &str = "stoa-ed25519-seed-v1";
/// A key file is one short line.
const MAX_FILE_BYTES: u64 = 256;

/// An Ed25519 key pair. The secret is wiped from memory when the value is dropped, and never shown.
#[derive(Clone)]
pub struct Key(SigningKey);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system gave no random bytes.
    #[error("the system gives no random numbers, so no key can be made: {0}")]
    Random(String),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The file is not a key file.
    #[error(
        "{0} is not a Stoa key: restore it from a copy, or move it away to start as somebody new"
    )]
    Form(String),
}

impl Key {
    /// A new key from the system's random numbers.
    ///
    /// # Errors
    /// [`KeyError::Random`] when there are none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| KeyError::Random(error.to_string()))?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of a 32-byte seed (RFC 8032 section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads the key in `path`; makes one there when there is no file. Only the owner may read the file (mode
    /// 0600); it appears whole or not at all, and of two programs that start at once both get the same key.
    ///
    /// # Errors
    /// [`KeyError`]: the file is there but is no key, or cannot be read or written.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if let Some(text) = read_secret_file(path, MAX_FILE_BYTES)? {
            return Self::from_text(&text, path);
        }
        let key = Self::generate()?;
        let text = key.to_text();
        if create_secret_file(path, text.as_bytes())? {
            return Ok(key);
        }
        match read_secret_file(path, MAX_FILE_BYTES)? {
            Some(text) => Self::from_text(&text, path),
            None => Err(KeyError::Form(path.display().to_string())),
        }
    }

    /// The public half.
    #[must_use]
    pub fn did(&self) -> Did {
        Did::of(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut encoded = bs58::encode(self.0.as_bytes()).into_string();
        let text = Zeroizing::new(format!("{FILE_LABEL} {encoded}\n"));
        encoded.zeroize();
        text
    }

    fn from_text(text: &[u8], path: &Path) -> Result<Self, KeyError> {
        let bad = || KeyError::Form(path.display().to_string());
        let text = std::str::from_utf8(text).or(Err(bad()))?;
        let encoded = text
            .trim_end()
            .strip_prefix(FILE_LABEL)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(bad)?;
        let mut seed = Zeroizing::new([0; 32]);
        match bs58::decode(encoded).onto(&mut seed[..]) {
            Ok(32) => Ok(Self::from_seed(&seed)),
            _ => Err(bad()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.did())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_gives_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/persona.key");
        let first = Key::load_or_create(&path).unwrap();
        let second = Key::load_or_create(&path).unwrap();
        assert_eq!(first.did(), second.did());
        assert_ne!(first.did(), Key::generate().unwrap().did());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("persona.key");
        Key::load_or_create(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        Key::load_or_create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_damaged_file_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("persona.key");
        for damage in [
            "",
            "stoa-ed25519-seed-v1 ",
            "stoa-ed25519-seed-v1 abc\n",
            "\u{0}",
        ] {
            std::fs::write(&path, damage).unwrap();
            let error = Key::load_or_create(&path).unwrap_err();
            assert!(error.to_string().contains("persona.key"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damage);
        }
        std::fs::write(&path, vec![b'x'; 5000]).unwrap();
        assert!(Key::load_or_create(&path).is_err());
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let key = Key::from_seed(&[7; 32]);
        assert_eq!(format!("{key:?}"), format!("Key({})", key.did()));
    }
}
