//! One's own avatar file on its way to others: the world says which files it passes on, the file's licence what others may
//! do with it, and its wearer has the last word. Not a byte of it leaves before.

use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{Link, Received, Said, Visit},
    settings::Kept,
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use protocol::{AvatarChoice, AvatarFiles, ContentHash};
use scene::{AvatarMeta, NoSideFiles};
use session::SessionEvent;
use std::fmt;

/// Whether others get the file of one's own avatar in this visit.
#[derive(Resource, Default)]
pub(crate) enum Sharing {
    /// There is none.
    #[default]
    Nothing,
    /// Its licence is read.
    Reading(Task<Result<AvatarMeta, String>>),
    /// Its wearer is asked.
    Asked(Box<Terms>),
    /// On its way to the server, or there.
    Offered {
        hash: ContentHash,
        is_right_confirmed: bool,
    },
    /// Others see another avatar.
    Withheld(Withheld),
}

/// What its wearer is told before they decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) meta: AvatarMeta,
    /// Its licence does not let others have it: who says yes must have the right.
    pub(crate) needs_right: bool,
}

/// Why others do not get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// The world passes on none.
    ByWorld,
    /// Its licence does not let others have it, and the world takes nobody's word for it.
    ByLicence,
    /// Its wearer does not want it.
    ByWearer,
    /// It cannot be read, or the server did not take it: why.
    Failed(String),
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Sharing>();
    app.add_systems(OnEnter(Stage::Inside), begin)
        .add_systems(OnExit(Stage::Inside), forget)
        .add_systems(
            Update,
            (hear, judge)
                .chain()
                .in_set(ClientSystems::Receive)
                .after(Received)
                .run_if(in_state(Stage::Inside)),
        );
}

impl Sharing {
    /// The wearer has decided. A yes is kept for the next visits.
    pub(crate) fn answer(&mut self, is_yes: bool, config: &Config, kept: &mut Kept, link: &Link) {
        let Self::Asked(terms) = self else { return };
        let needs_right = terms.needs_right;
        if !is_yes {
            *self = Self::Withheld(Withheld::ByWearer);
            return;
        }
        if let AvatarChoice::File { hash, .. } = config.0.avatar {
            kept.0.values.shared_avatar = Some(hash.to_string());
        }
        *self = Self::offered(needs_right, config, link);
    }

    fn offered(is_right_confirmed: bool, config: &Config, link: &Link) -> Self {
        let file = config.0.avatar_file.clone().unwrap_or_default();
        match link.0.offer_avatar(file.into(), is_right_confirmed) {
            Ok(hash) => Self::Offered {
                hash,
                is_right_confirmed,
            },
            Err(error) => Self::Withheld(Withheld::Failed(error.to_string())),
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ByWorld => "this world passes on no avatar files",
            Self::ByLicence => "its licence does not let others have it",
            Self::ByWearer => "you have not agreed to give it away (--share-avatar)",
            Self::Failed(reason) => reason,
        })
    }
}

/// What its wearer is to decide, if anything.
fn terms(meta: AvatarMeta, files: AvatarFiles) -> Result<Terms, Withheld> {
    let needs_right = !meta.may_be_shared();
    match files {
        AvatarFiles::Nobodys => Err(Withheld::ByWorld),
        AvatarFiles::Licensed if needs_right => Err(Withheld::ByLicence),
        AvatarFiles::Licensed | AvatarFiles::Confirmed => Ok(Terms { meta, needs_right }),
    }
}

fn begin(config: Res<Config>, mut sharing: ResMut<Sharing>) {
    let (AvatarChoice::File { .. }, Some(file)) = (&config.0.avatar, config.0.avatar_file.clone())
    else {
        *sharing = Sharing::Nothing;
        return;
    };
    let reading = async move {
        let avatar = scene::load_avatar(&file, &NoSideFiles);
        avatar
            .map(|avatar| avatar.meta)
            .map_err(|error| error.to_string())
    };
    *sharing = Sharing::Reading(AsyncComputeTaskPool::get().spawn(reading));
}

fn forget(mut sharing: ResMut<Sharing>) {
    *sharing = Sharing::Nothing;
}

fn hear(
    mut said: MessageReader<Said>,
    (config, link): (Res<Config>, Option<Res<Link>>),
    mut sharing: ResMut<Sharing>,
) {
    for Said(event) in said.read() {
        let Sharing::Offered {
            hash: own,
            is_right_confirmed,
        } = *sharing
        else {
            continue;
        };
        match (event, &link) {
            // The server may have been started anew, without it.
            (SessionEvent::Resumed(_), Some(link)) => {
                *sharing = Sharing::offered(is_right_confirmed, &config, link);
            }
            (SessionEvent::FileFailed { hash, reason }, _) if own == *hash => {
                tracing::warn!("others see a default avatar in your place: {reason}");
                *sharing = Sharing::Withheld(Withheld::Failed(reason.clone()));
            }
            _ => {}
        }
    }
}

/// Asks the wearer, where they have not agreed before and somebody else could get the file.
fn judge(
    mut sharing: ResMut<Sharing>,
    (config, visit): (Res<Config>, Res<Visit>),
    kept: Res<Kept>,
    link: Option<Res<Link>>,
) {
    let Sharing::Reading(task) = sharing.bypass_change_detection() else {
        return;
    };
    let (Some(result), Some(link)) = (block_on(poll_once(task)), link) else {
        return;
    };
    let judged = result
        .map_err(Withheld::Failed)
        .and_then(|meta| terms(meta, visit.rights().avatar_files));
    *sharing = match judged {
        Ok(terms) if has_agreed(&config, &kept) => {
            Sharing::offered(terms.needs_right, &config, &link)
        }
        Ok(terms) if config.0.has_screens => Sharing::Asked(Box::new(terms)),
        Ok(_) => Sharing::Withheld(Withheld::ByWearer),
        Err(why) => Sharing::Withheld(why),
    };
    if let Sharing::Withheld(why) = &*sharing {
        tracing::warn!("others see a default avatar in your place: {why}");
    }
}

/// True when the wearer said yes before, or when nobody but this program gets the file.
fn has_agreed(config: &Config, kept: &Kept) -> bool {
    let AvatarChoice::File { hash, .. } = &config.0.avatar else {
        return false;
    };
    let hosted = config.0.surroundings.hosted.as_ref();
    let is_alone = hosted
        .is_some_and(|hosted| hosted.invitation.is_none() && hosted.serves(&config.0.address));
    let agreed = kept.0.values.shared_avatar.as_ref();
    config.0.is_sharing_avatar || is_alone || agreed == Some(&hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(permission: &str, is_redistribution_allowed: bool) -> AvatarMeta {
        AvatarMeta {
            avatar_permission: permission.to_owned(),
            is_redistribution_allowed,
            ..AvatarMeta::default()
        }
    }

    #[test]
    fn the_world_and_the_licence_decide_before_the_wearer_does() {
        let open = [meta("everyone", false), meta("onlyAuthor", true)];
        let closed = [
            meta("onlyAuthor", false),
            meta("onlySeparatelyLicensedPerson", false),
            AvatarMeta::default(),
        ];
        let needs_right =
            |meta: &AvatarMeta, files| terms(meta.clone(), files).map(|terms| terms.needs_right);
        for meta in &open {
            assert_eq!(needs_right(meta, AvatarFiles::Licensed), Ok(false));
            assert_eq!(needs_right(meta, AvatarFiles::Confirmed), Ok(false));
        }
        for meta in &closed {
            let refused = needs_right(meta, AvatarFiles::Licensed);
            assert_eq!(refused, Err(Withheld::ByLicence));
            assert_eq!(needs_right(meta, AvatarFiles::Confirmed), Ok(true));
        }
        for meta in open.iter().chain(&closed) {
            let refused = needs_right(meta, AvatarFiles::Nobodys);
            assert_eq!(refused, Err(Withheld::ByWorld));
        }
    }

    #[test]
    fn nobody_is_asked_twice_of_the_same_file_nor_where_nobody_else_is() {
        let mut config = Config(crate::testing::config());
        let mut kept = Kept(crate::SettingsFile::default());
        assert!(!has_agreed(&config, &kept), "a shipped avatar is no file");
        let hash = ContentHash([7; 32]);
        config.0.avatar = AvatarChoice::File { hash, bytes: 9 };
        assert!(!has_agreed(&config, &kept));
        kept.0.values.shared_avatar = Some(ContentHash([8; 32]).to_string());
        assert!(!has_agreed(&config, &kept));
        kept.0.values.shared_avatar = Some(hash.to_string());
        assert!(has_agreed(&config, &kept));
        kept.0.values.shared_avatar = None;
        let hosted = |invitation| crate::HostedWorld {
            address: config.0.address.clone(),
            invitation,
            open_to_others: String::new(),
        };
        let (alone, open) = (hosted(None), hosted(Some(config.0.address.clone())));
        config.0.surroundings.hosted = Some(alone);
        assert!(has_agreed(&config, &kept));
        config.0.surroundings.hosted = Some(open);
        assert!(!has_agreed(&config, &kept));
    }
}
