//! The table `things` of `world.toml`: what visitors may place in a world.

use crate::limits::{DEFAULT_THINGS_EACH, MAX_THING_KEYS, MAX_THINGS};
use serde::Deserialize;

/// Keys of the table.
pub(crate) const THING_KEYS: [&str; 3] = ["place", "at_most", "each_at_most"];

/// What visitors may place in a world.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ThingRules {
    /// Who.
    pub place: MayPlace,
    /// Things in all.
    pub at_most: usize,
    /// Things of one person.
    pub each_at_most: usize,
}

/// Who may place things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Stated")]
pub enum MayPlace {
    /// Nobody but who runs the server.
    #[default]
    Nobody,
    /// Whoever comes in.
    Everybody,
    /// Whoever has one of these keys (`did:key`).
    Keys(Vec<String>),
}

/// The value of `place` as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stated {
    Word(String),
    Keys(Vec<String>),
}

impl TryFrom<Stated> for MayPlace {
    type Error = String;

    fn try_from(stated: Stated) -> Result<Self, String> {
        match stated {
            Stated::Keys(keys) => Ok(Self::Keys(keys)),
            Stated::Word(word) => match word.as_str() {
                "nobody" => Ok(Self::Nobody),
                "everybody" => Ok(Self::Everybody),
                _ => Err(format!(
                    "place is `{word}`, but must be nobody, everybody or a list of keys"
                )),
            },
        }
    }
}

impl Default for ThingRules {
    fn default() -> Self {
        Self {
            place: MayPlace::Nobody,
            at_most: MAX_THINGS,
            each_at_most: DEFAULT_THINGS_EACH,
        }
    }
}

impl ThingRules {
    /// The fault of the first value that is out of range. Whether keys are keys is looked at by who knows them.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.at_most > MAX_THINGS || self.each_at_most > MAX_THINGS {
            return Err(format!(
                "[things] at_most and each_at_most must be from 0 to {MAX_THINGS}"
            ));
        }
        match &self.place {
            MayPlace::Keys(keys) if keys.len() > MAX_THING_KEYS => Err(format!(
                "[things] place lists more than {MAX_THING_KEYS} keys"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WorldManifest;

    fn rules(text: &str) -> Result<ThingRules, String> {
        let parsed = WorldManifest::parse(text);
        parsed
            .map(|(manifest, issues)| {
                assert!(issues.is_empty(), "{issues:?}");
                manifest.things
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_places_anything_where_the_host_says_nothing() {
        assert_eq!(rules("").unwrap().place, MayPlace::Nobody);
        assert_eq!(rules("[things]").unwrap(), ThingRules::default());
    }

    #[test]
    fn who_may_place_is_a_word_or_a_list_of_keys() {
        let place = |value: &str| rules(&format!("[things]\nplace = {value}"));
        let place = |value: &str| place(value).map(|rules| rules.place);
        assert_eq!(place("\"everybody\""), Ok(MayPlace::Everybody));
        assert_eq!(place("\"nobody\""), Ok(MayPlace::Nobody));
        let keys = MayPlace::Keys(vec!["did:key:z6Mk".to_owned()]);
        assert_eq!(place("[\"did:key:z6Mk\"]"), Ok(keys));
        for wrong in ["\"friends\"", "true", "[1]"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
        assert!(place("\"friends\"").unwrap_err().contains("friends"));
    }

    #[test]
    fn more_than_a_world_may_hold_is_refused() {
        let error = rules("[things]\nat_most = 65").unwrap_err();
        assert!(error.contains("from 0 to 64"), "{error}");
        assert!(rules("[things]\neach_at_most = -1").is_err());
    }
}
