//! The table `avatars` of `world.toml`: which avatar files visitors may bring.

use serde::Deserialize;

/// Keys of the table.
pub(crate) const AVATAR_KEYS: [&str; 1] = ["files"];

/// Which avatars visitors may bring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AvatarRules {
    /// Which of their own files are passed on to others.
    pub files: PassedOn,
}

/// Which avatar files a world passes on to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PassedOn {
    /// None.
    None,
    /// Those that [may be shared](crate::AvatarMeta::may_be_shared) by their own licence.
    #[default]
    Licensed,
    /// Others as well, when their wearer confirms to have the right.
    Confirmed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WorldManifest;

    #[test]
    fn a_world_says_which_avatar_files_it_passes_on() {
        let files = |text: &str| {
            WorldManifest::parse(text)
                .map(|(manifest, issues)| (manifest.avatars.files, issues.len()))
        };
        assert_eq!(files("").unwrap(), (PassedOn::Licensed, 0));
        for (word, meant) in [
            ("none", PassedOn::None),
            ("licensed", PassedOn::Licensed),
            ("confirmed", PassedOn::Confirmed),
        ] {
            let text = format!("[avatars]\nfiles = \"{word}\"");
            assert_eq!(files(&text).unwrap(), (meant, 0));
        }
        let fault = files("[avatars]\nfiles = \"all\"").unwrap_err().to_string();
        assert!(fault.contains("licensed"), "{fault}");
        assert_eq!(files("[avatars]\nsize = 3").unwrap().1, 1);
    }
}
