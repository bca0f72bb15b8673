//! Who enters where: from the configuration to a running session.

use crate::{ClientConfig, KEY_FILE};
use identity::Key;
use session::{Cache, ClientEndpoint, KnownServers, Recorder, Session, SessionConfig};
use std::{path::PathBuf, sync::Arc};

/// A session, and the servers that it knows.
pub(super) fn make_session(config: &ClientConfig) -> Result<(Session, Arc<KnownServers>), String> {
    let cache_folder = match &config.data {
        Some(folder) => folder.join("cache"),
        None => temporary_folder(),
    };
    let hosted = &config.surroundings.hosted;
    let is_hosted_here = hosted
        .as_ref()
        .is_some_and(|hosted| hosted.serves(&config.address));
    let known_servers = match &config.data {
        // A port that happened to be free today tells nothing about who has it tomorrow.
        Some(folder) if !is_hosted_here => {
            KnownServers::load(&folder.join("known_servers")).map_err(|error| error.to_string())?
        }
        _ => KnownServers::in_memory(),
    };
    let known_servers = Arc::new(known_servers);
    let session = SessionConfig {
        address: config.address.clone(),
        key: key(config)?,
        name: config.name.clone(),
        avatar: config.avatar.clone(),
        is_agent: false,
        program: concat!("stoa ", env!("CARGO_PKG_VERSION")).to_owned(),
        cache: Some(
            Cache::open(&cache_folder, session::DEFAULT_CACHE_BYTES)
                .map_err(|error| error.to_string())?,
        ),
        known_servers: Arc::clone(&known_servers),
        pin_unknown: config.pin_unknown,
        endpoint: ClientEndpoint::udp(),
        recorder: recorder(config)?,
        reading: session::Reading::Whole,
    };
    let session = Session::spawn(session)
        .map_err(|error| format!("the session cannot be started: {error}"))?;
    Ok((session, known_servers))
}

fn recorder(config: &ClientConfig) -> Result<Option<Recorder>, String> {
    let create = |path: &PathBuf| {
        Recorder::create(path)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    };
    config.record.as_ref().map(create).transpose()
}

/// The key of this person: from the data folder, or one that goes with the program or the visit.
fn key(config: &ClientConfig) -> Result<Key, String> {
    match (&config.data, &config.surroundings.key) {
        (Some(folder), _) => {
            std::fs::create_dir_all(folder).map_err(|error| {
                format!(
                    "the data folder {} cannot be made: {error}",
                    folder.display()
                )
            })?;
            Key::load_or_create(&folder.join(KEY_FILE)).map_err(|error| error.to_string())
        }
        (None, Some(key)) => Ok(key.clone()),
        (None, None) => Key::generate().map_err(|error| error.to_string()),
    }
}

/// A folder of this process; the program removes it when it ends.
fn temporary_folder() -> PathBuf {
    std::env::temp_dir().join(format!("stoa-{}", std::process::id()))
}
