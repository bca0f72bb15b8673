//! Who may place things in a world, and how many; and which avatar files it passes on.

use identity::Did;
use protocol::{AvatarChoice, AvatarFiles, Rights, SHIPPED_AVATARS, limits::MAX_THINGS};
use scene::{AvatarRules, MayPlace, PassedOn, ThingRules};
use std::collections::BTreeSet;

const _: () = assert!(scene::limits::MAX_THINGS == MAX_THINGS);

/// Something that should be a key and is none.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no key of a person ({fault}): it must look like did:key:z6Mk...")]
pub struct KeyError {
    text: String,
    fault: String,
}

/// A world's rules on what people bring.
#[derive(Debug)]
pub(crate) struct Placers {
    owners: BTreeSet<String>,
    may_place: Allowed,
    avatar_files: AvatarFiles,
    /// Things in all.
    pub(crate) at_most: usize,
    /// Things of one person.
    pub(crate) each_at_most: usize,
}

#[derive(Debug)]
enum Allowed {
    Everybody,
    Keys(BTreeSet<String>),
}

impl Placers {
    /// What a world's manifest says, and the keys of whoever runs the server.
    pub(crate) fn new(
        rules: ThingRules,
        avatars: &AvatarRules,
        owners: &[String],
    ) -> Result<Self, KeyError> {
        Ok(Self {
            owners: keys(owners)?,
            may_place: match rules.place {
                MayPlace::Nobody => Allowed::Keys(BTreeSet::new()),
                MayPlace::Everybody => Allowed::Everybody,
                MayPlace::Keys(listed) => Allowed::Keys(keys(&listed)?),
            },
            avatar_files: match avatars.files {
                PassedOn::None => AvatarFiles::Nobodys,
                PassedOn::Licensed => AvatarFiles::Licensed,
                PassedOn::Confirmed => AvatarFiles::Confirmed,
            },
            at_most: rules.at_most,
            each_at_most: rules.each_at_most,
        })
    }

    /// What somebody may do.
    pub(crate) fn rights(&self, did: &str) -> Rights {
        let is_owner = self.owners.contains(did);
        let is_allowed = match &self.may_place {
            Allowed::Everybody => true,
            Allowed::Keys(keys) => keys.contains(did),
        };
        Rights {
            may_place: is_owner || is_allowed,
            may_take_away_all: is_owner,
            avatar_files: self.avatar_files,
        }
    }

    /// What others see of an avatar: where no files are passed on, nobody fetches one that another world of the server has.
    pub(crate) fn seen(&self, avatar: AvatarChoice) -> AvatarChoice {
        match (self.avatar_files, avatar) {
            (AvatarFiles::Nobodys, AvatarChoice::File { .. }) => {
                AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned())
            }
            (_, avatar) => avatar,
        }
    }
}

fn keys(texts: &[String]) -> Result<BTreeSet<String>, KeyError> {
    let parse = |text: &String| {
        let did: Result<Did, _> = text.parse();
        did.map(|did| did.to_string()).map_err(|error| KeyError {
            text: scene::printable(text),
            fault: error.to_string(),
        })
    };
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use identity::Key;

    fn key(seed: u8) -> String {
        Key::from_seed(&[seed; 32]).did().to_string()
    }

    fn placers(place: MayPlace) -> Placers {
        let rules = ThingRules {
            place,
            ..ThingRules::default()
        };
        Placers::new(rules, &AvatarRules::default(), &[key(1)]).unwrap()
    }

    #[test]
    fn owners_may_do_everything_and_others_what_the_host_says() {
        let rights = |place: MayPlace, seed| {
            let rights = placers(place).rights(&key(seed));
            (rights.may_place, rights.may_take_away_all)
        };
        let listed = || MayPlace::Keys(vec![key(2)]);
        for place in [MayPlace::Nobody, MayPlace::Everybody, listed()] {
            assert_eq!(rights(place, 1), (true, true));
        }
        assert_eq!(rights(MayPlace::Nobody, 2), (false, false));
        assert_eq!(rights(MayPlace::Everybody, 2), (true, false));
        assert_eq!(rights(listed(), 2), (true, false));
        assert_eq!(rights(listed(), 3), (false, false));
    }

    #[test]
    fn no_file_is_seen_where_none_is_passed_on() {
        let seen = |files, avatar: &AvatarChoice| {
            let rules = AvatarRules { files };
            let placers = Placers::new(ThingRules::default(), &rules, &[]).unwrap();
            placers.seen(avatar.clone())
        };
        let hash = protocol::ContentHash([7; 32]);
        let file = AvatarChoice::File { hash, bytes: 9 };
        let shipped = AvatarChoice::Shipped(SHIPPED_AVATARS[1].to_owned());
        for files in [PassedOn::Licensed, PassedOn::Confirmed] {
            assert_eq!(seen(files, &file), file);
        }
        let default = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
        assert_eq!(seen(PassedOn::None, &file), default);
        assert_eq!(seen(PassedOn::None, &shipped), shipped);
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        let wrong = ["Ada", "", "did:key:z6Mk"].map(str::to_owned);
        for text in wrong {
            let error = Placers::new(
                ThingRules::default(),
                &AvatarRules::default(),
                std::slice::from_ref(&text),
            )
            .unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }
}
