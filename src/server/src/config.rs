//! What a host decides: a TOML file, then flags.

use serde::Deserialize;
use std::{
    net::{Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Everything that a server needs to know. Relative paths are relative to the working folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Worlds to host: glTF files or folders.
    pub worlds: Vec<PathBuf>,
    /// UDP address; port 0 is any free one.
    pub listen: SocketAddr,
    /// Certificate and worlds' state live here; `None` keeps both in memory and forgets them.
    pub data: Option<PathBuf>,
    /// Host name to print in addresses.
    pub public_host: Option<String>,
    /// Worlds show what is saved to their files while they run.
    pub follow: bool,
    /// Keys (`did:key`) of whoever runs the server: they may place things in every world, and take anybody's away.
    pub owners: Vec<String>,
    /// Most state that one client is sent, in kbit/s with all headers; a path that takes less gets less.
    pub client_kbit_per_sec: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            worlds: Vec::new(),
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, protocol::DEFAULT_PORT)),
            data: None,
            public_host: None,
            follow: false,
            owners: Vec::new(),
            client_kbit_per_sec: protocol::limits::DEFAULT_CLIENT_KBIT_PER_SEC,
        }
    }
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("the configuration {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no TOML, or has an unknown key or a wrong value.
    #[error("the configuration {path} is wrong: {fault}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// In one line.
        fault: String,
    },
}

impl ServerConfig {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        toml::from_str(&text).map_err(|error: toml::de::Error| ConfigError::Wrong {
            path: path.to_path_buf(),
            fault: error.message().replace('\n', " "),
        })
    }
}
