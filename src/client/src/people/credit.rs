//! Makers of avatars whose licence wants them to be named (`creditNotation` of VRM 1.0).

use super::{Dressed, Figure, StandIn};
use bevy::{ecs::system::SystemParam, prelude::*};
use protocol::PersonId;
use scene::AvatarMeta;
use std::collections::BTreeMap;

/// Of an avatar: as its file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    pub(crate) avatar: String,
    pub(crate) authors: Vec<String>,
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
    meta.is_credit_required.then(|| Credit {
        avatar: meta.name.clone(),
        authors: meta.authors.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_named_where_the_licence_wants_it() {
        let mut meta = AvatarMeta {
            name: "Yuki".to_owned(),
            authors: vec!["Ada".to_owned()],
            ..AvatarMeta::default()
        };
        assert_eq!(credit(&meta), None);
        meta.is_credit_required = true;
        let named = credit(&meta).unwrap();
        assert_eq!((named.avatar, named.authors), (meta.name, meta.authors));
    }
}
