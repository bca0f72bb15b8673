//! The key of whoever runs this program, who may do everything in the worlds that it hosts.

use identity::Key;
use std::path::{Path, PathBuf};

/// Where the key is.
#[derive(Clone)]
pub(crate) enum OwnKey {
    /// In the data folder, where the client looks for it as well.
    Kept(PathBuf),
    /// Made for this run; `None` where the system gives no random numbers.
    Passing(Option<Box<Key>>),
}

impl OwnKey {
    /// As the client will have it.
    pub(crate) fn of(data: Option<&Path>) -> Self {
        match data {
            Some(folder) => Self::Kept(folder.to_path_buf()),
            None => Self::Passing(Key::generate().ok().map(Box::new)),
        }
    }

    /// The key that is not kept.
    pub(crate) fn passing(&self) -> Option<Key> {
        match self {
            Self::Kept(_) => None,
            Self::Passing(key) => key.as_deref().cloned(),
        }
    }

    /// Its public side. `None` when it cannot be read: the client says why when it enters.
    pub(crate) fn did(&self) -> Option<String> {
        let key = match self {
            Self::Passing(key) => key.as_deref().cloned(),
            Self::Kept(folder) => std::fs::create_dir_all(folder)
                .ok()
                .and_then(|()| Key::load_or_create(&folder.join(client::KEY_FILE)).ok()),
        };
        key.map(|key| key.did().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_what_is_hosted_here_is_who_enters() {
        let folder = tempfile::tempdir().unwrap();
        let kept = OwnKey::of(Some(folder.path()));
        let did = kept.did().unwrap();
        let key = Key::load_or_create(&folder.path().join(client::KEY_FILE)).unwrap();
        assert_eq!(
            (did, kept.passing().is_none()),
            (key.did().to_string(), true)
        );
        let passing = OwnKey::of(None);
        let did = passing.passing().map(|key| key.did().to_string());
        assert!(did.is_some() && did == passing.did());
    }
}
