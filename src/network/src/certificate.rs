//! The server's certificate: self-signed, made once, kept in the data folder; clients pin its fingerprint.

use identity::{SecretFileError, create_secret_file, read_secret_file};
use protocol::Fingerprint;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// File name inside the data folder: certificate and private key, PEM (RFC 7468).
const FILE_NAME: &str = "server.pem";
/// Two PEM sections of an elliptic curve certificate are under 2 kB.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A TLS certificate with its private key.
#[derive(Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The file holds no certificate and key.
    #[error(
        "{0} holds no certificate and private key: restore it from a copy, or remove it to get a new one (people will be warned that it changed)"
    )]
    Form(String),
    /// A new one cannot be made.
    #[error("a server certificate cannot be made: {0}")]
    Make(String),
}

impl Certificate {
    /// Reads `server.pem` in `folder`, or makes one there, readable by its owner alone.
    ///
    /// # Errors
    /// [`CertificateError`] when the file cannot be read, written or understood.
    pub fn load_or_create(folder: &Path) -> Result<Self, CertificateError> {
        let path = folder.join(FILE_NAME);
        if let Some(pem) = read_secret_file(&path, MAX_FILE_BYTES)? {
            return Self::from_pem(&pem, &path);
        }
        let pem = generate_pem()?;
        if create_secret_file(&path, pem.as_bytes())? {
            return Self::from_pem(pem.as_bytes(), &path);
        }
        match read_secret_file(&path, MAX_FILE_BYTES)? {
            Some(pem) => Self::from_pem(&pem, &path),
            None => Err(CertificateError::Form(path.display().to_string())),
        }
    }

    /// One that is gone with the process, for loopback servers and tests.
    ///
    /// # Errors
    /// [`CertificateError::Make`].
    pub fn temporary() -> Result<Self, CertificateError> {
        Self::from_pem(generate_pem()?.as_bytes(), Path::new("a new certificate"))
    }

    /// BLAKE3 of the DER bytes: what people compare and clients pin.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint_of(&self.der)
    }

    fn from_pem(pem: &[u8], path: &Path) -> Result<Self, CertificateError> {
        let bad = || CertificateError::Form(path.display().to_string());
        Ok(Self {
            der: CertificateDer::from_pem_slice(pem).or(Err(bad()))?,
            key: PrivateKeyDer::from_pem_slice(pem).or(Err(bad()))?,
        })
    }

    pub(crate) fn tls_config(&self) -> Result<rustls::ServerConfig, rustls::Error> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], self.key.clone_key())?;
        config.alpn_protocols = vec![protocol::ALPN.to_vec()];
        Ok(config)
    }
}

pub(crate) fn fingerprint_of(der: &CertificateDer<'_>) -> Fingerprint {
    Fingerprint(*blake3::hash(der).as_bytes())
}

fn generate_pem() -> Result<String, CertificateError> {
    let failed = |error: rcgen::Error| CertificateError::Make(error.to_string());
    let key = KeyPair::generate().map_err(failed)?;
    let mut params =
        CertificateParams::new(vec![protocol::CERTIFICATE_NAME.to_owned()]).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, protocol::CERTIFICATE_NAME);
    params.distinguished_name = name;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_gives_the_same_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let first = Certificate::load_or_create(folder.path()).unwrap();
        let second = Certificate::load_or_create(folder.path()).unwrap();
        assert_eq!(first.fingerprint(), second.fingerprint());
        let other = Certificate::temporary().unwrap();
        assert_ne!(first.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_damaged_file_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "-----BEGIN nothing").unwrap();
        let error = Certificate::load_or_create(folder.path()).unwrap_err();
        assert!(error.to_string().contains(FILE_NAME), "{error}");
    }
}
