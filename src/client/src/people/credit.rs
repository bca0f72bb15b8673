//! Makers of avatars whose licence wants them to be named (`creditNotation` of VRM 1.0).

use super::{Dressed, Figure, StandIn};
use bevy::{ecs::system::SystemParam, prelude::*};
use protocol::PersonId;
use scene::AvatarMeta;
use std::collections::BTreeMap;

/// Characters that are looked at of an avatar's name and of the names of those who made it.
const MAX_CHARACTERS: usize = 200;

/// Of an avatar, as its file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    pub(crate) avatar: String,
    /// Separated by commas.
    pub(crate) authors: String,
}

/// What is to be named of the avatars that are in the picture now.
#[derive(SystemParam)]
pub(crate) struct Credits<'w, 's> {
    worn: Query<'w, 's, (&'static Figure, &'static Dressed), Without<StandIn>>,
}

impl Credits<'_, '_> {
    /// By who wears it, oneself included.
    pub(crate) fn by_person(&self) -> BTreeMap<PersonId, Credit> {
        let worn = self.worn.iter();
        worn.filter_map(|(figure, Dressed(body))| {
            Some((figure.person?, credit(&body.look.avatar.meta)?))
        })
        .collect()
    }
}

fn credit(meta: &AvatarMeta) -> Option<Credit> {
    let authors = meta.authors.iter().enumerate().flat_map(|(index, author)| {
        let before = if index > 0 { ", " } else { "" };
        before.chars().chain(author.chars())
    });
    meta.is_credit_required.then(|| Credit {
        avatar: meta.name.chars().take(MAX_CHARACTERS).collect(),
        authors: authors.take(MAX_CHARACTERS).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_named_where_the_licence_wants_it() {
        let mut meta = AvatarMeta {
            name: "Yuki".to_owned(),
            authors: vec!["Ada".to_owned(), "Bo".repeat(1_000_000)],
            ..AvatarMeta::default()
        };
        assert_eq!(credit(&meta), None);
        meta.is_credit_required = true;
        let named = credit(&meta).unwrap();
        assert_eq!(named.avatar, "Yuki");
        assert!(named.authors.starts_with("Ada, BoBo"), "{}", named.authors);
        assert_eq!(named.authors.chars().count(), MAX_CHARACTERS);
    }
}
