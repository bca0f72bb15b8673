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
use std::{collections::BTreeSet, fmt, sync::Arc};

/// Whether others get the file of one's own avatar in this visit.
#[derive(Resource, Default)]
pub(crate) struct Sharing {
    pub(crate) step: Step,
    /// The file that this is about; `None` when there is none that others could need.
    file: Option<OwnFile>,
    /// Files that the wearer wants to keep, in this run.
    declined: BTreeSet<ContentHash>,
}

/// How far it is.
#[derive(Default)]
pub(crate) enum Step {
    /// Nothing is to be shared.
    #[default]
    Nothing,
    /// Its licence is read.
    Reading(Task<Result<AvatarMeta, String>>),
    /// Its wearer is asked.
    Asked(Box<Terms>),
    /// On its way to the server, or there; or why it is not, until the server can be asked anew.
    Offered {
        is_right_confirmed: bool,
        fault: Option<String>,
    },
    /// Others see another avatar.
    Withheld(Withheld),
}

#[derive(Clone)]
struct OwnFile {
    hash: ContentHash,
    bytes: Arc<[u8]>,
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
    /// It cannot be read: why.
    Unreadable(String),
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Sharing>();
    app.add_systems(OnExit(Stage::Inside), forget).add_systems(
        Update,
        (begin, hear, judge)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(Received)
            .run_if(in_state(Stage::Inside)),
    );
}

impl Sharing {
    /// The wearer has decided. A yes is kept for the next visits, a no for this run.
    pub(crate) fn answer(&mut self, is_yes: bool, kept: &mut Kept, link: &Link) {
        let (Step::Asked(terms), Some(file)) = (&self.step, self.file.clone()) else {
            return;
        };
        if is_yes {
            kept.0.values.shared_avatar = Some(file.hash.to_string());
            self.step = offer(&file, terms.needs_right, link);
        } else {
            self.declined.insert(file.hash);
            self.step = Step::Withheld(Withheld::ByWearer);
        }
    }
}

fn offer(file: &OwnFile, is_right_confirmed: bool, link: &Link) -> Step {
    let offered = link
        .0
        .offer_avatar(Arc::clone(&file.bytes), is_right_confirmed);
    Step::Offered {
        is_right_confirmed,
        fault: offered.err().map(|error| error.to_string()),
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ByWorld => "this world passes on no avatar files",
            Self::ByLicence => "its licence does not let others have it",
            Self::ByWearer => "you have not agreed to give it away (--share-avatar)",
            Self::Unreadable(reason) => reason,
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

/// The file that one wears, where somebody else could see it.
fn worn(config: &Config) -> Option<(ContentHash, &[u8])> {
    let hosted = config.0.surroundings.hosted.as_ref();
    let is_alone = hosted
        .is_some_and(|hosted| hosted.invitation.is_none() && hosted.serves(&config.0.address));
    match (&config.0.avatar, &config.0.avatar_file) {
        (AvatarChoice::File { hash, .. }, Some(file)) if !is_alone => Some((*hash, file)),
        _ => None,
    }
}

/// Begins with what one wears, and anew when one wears something else.
fn begin(config: Res<Config>, mut sharing: ResMut<Sharing>) {
    let worn = worn(&config);
    let known = sharing.file.as_ref().map(|file| file.hash);
    if worn.map(|(hash, _)| hash) == known {
        return;
    }
    sharing.file = worn.map(|(hash, file)| OwnFile {
        hash,
        bytes: file.into(),
    });
    sharing.step = match &sharing.file {
        None => Step::Nothing,
        Some(file) => {
            let bytes = Arc::clone(&file.bytes);
            let reading = async move {
                let avatar = scene::load_avatar(&bytes, &NoSideFiles);
                avatar
                    .map(|avatar| avatar.meta)
                    .map_err(|error| error.to_string())
            };
            Step::Reading(AsyncComputeTaskPool::get().spawn(reading))
        }
    };
}

fn forget(mut sharing: ResMut<Sharing>) {
    sharing.step = Step::Nothing;
    sharing.file = None;
}

fn hear(mut said: MessageReader<Said>, link: Option<Res<Link>>, mut sharing: ResMut<Sharing>) {
    for Said(event) in said.read() {
        let (Some(file), Step::Offered { .. }) = (sharing.file.clone(), &sharing.step) else {
            continue;
        };
        let Step::Offered {
            is_right_confirmed,
            fault,
        } = &mut sharing.step
        else {
            continue;
        };
        match (event, &link) {
            // It may have been lost on the way, and the server may have been started anew without it.
            (SessionEvent::Resumed(_), Some(link)) => {
                let is_right_confirmed = *is_right_confirmed;
                sharing.step = offer(&file, is_right_confirmed, link);
            }
            (SessionEvent::FileFailed { hash, reason }, _) if file.hash == *hash => {
                tracing::warn!("others see a default avatar in your place: {reason}");
                *fault = Some(reason.clone());
            }
            _ => {}
        }
    }
}

/// Asks the wearer, where they have not decided before.
fn judge(
    mut sharing: ResMut<Sharing>,
    (config, visit): (Res<Config>, Res<Visit>),
    kept: Res<Kept>,
    link: Option<Res<Link>>,
) {
    let Step::Reading(task) = &mut sharing.bypass_change_detection().step else {
        return;
    };
    let (Some(result), Some(link)) = (block_on(poll_once(task)), link) else {
        return;
    };
    let Some(file) = sharing.file.clone() else {
        return;
    };
    let judged = result
        .map_err(Withheld::Unreadable)
        .and_then(|meta| terms(meta, visit.rights().avatar_files));
    sharing.step = match judged {
        Ok(terms) if has_agreed(&terms, file.hash, &config, &kept) => {
            offer(&file, terms.needs_right, &link)
        }
        Ok(terms) if config.0.has_screens && !sharing.declined.contains(&file.hash) => {
            Step::Asked(Box::new(terms))
        }
        Ok(_) => Step::Withheld(Withheld::ByWearer),
        Err(why) => Step::Withheld(why),
    };
    if let Step::Withheld(why) = &sharing.step {
        tracing::warn!("others see a default avatar in your place: {why}");
    }
}

/// True when the wearer said yes to this file before, or to every one whose licence lets others have it.
fn has_agreed(terms: &Terms, file: ContentHash, config: &Config, kept: &Kept) -> bool {
    let agreed = kept.0.values.shared_avatar.as_ref();
    (config.0.is_sharing_avatar && !terms.needs_right) || agreed == Some(&file.to_string())
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
    fn what_was_agreed_to_is_not_asked_again_and_a_flag_swears_to_no_right() {
        let mut config = Config(crate::testing::config());
        let mut kept = Kept(crate::SettingsFile::default());
        let file = ContentHash([7; 32]);
        let [open, closed] = ["everyone", "onlyAuthor"]
            .map(|permission| terms(meta(permission, false), AvatarFiles::Confirmed).unwrap());
        let agreed = |config: &Config, kept: &Kept| {
            [&open, &closed].map(|terms| has_agreed(terms, file, config, kept))
        };
        assert_eq!(agreed(&config, &kept), [false, false]);
        config.0.is_sharing_avatar = true;
        assert_eq!(agreed(&config, &kept), [true, false]);
        config.0.is_sharing_avatar = false;
        kept.0.values.shared_avatar = Some(ContentHash([8; 32]).to_string());
        assert_eq!(agreed(&config, &kept), [false, false]);
        kept.0.values.shared_avatar = Some(file.to_string());
        assert_eq!(agreed(&config, &kept), [true, true]);
    }

    #[test]
    fn only_a_file_that_somebody_else_could_see_is_spoken_of() {
        let mut config = Config(crate::testing::config());
        assert!(worn(&config).is_none(), "a shipped avatar is no file");
        let hash = ContentHash([7; 32]);
        config.0.avatar_file = Some(vec![1]);
        assert!(worn(&config).is_none(), "a file that is not worn");
        config.0.avatar = AvatarChoice::File { hash, bytes: 1 };
        assert_eq!(worn(&config), Some((hash, &[1][..])));
        let hosted = |invitation| crate::HostedWorld {
            address: config.0.address.clone(),
            invitation,
            open_to_others: String::new(),
        };
        let (alone, open) = (hosted(None), hosted(Some(config.0.address.clone())));
        config.0.surroundings.hosted = Some(alone);
        assert!(worn(&config).is_none(), "nobody else can come there");
        config.0.surroundings.hosted = Some(open);
        assert!(worn(&config).is_some());
    }

    /// Ada inside, in an avatar of her own.
    fn inside() -> App {
        AsyncComputeTaskPool::get_or_init(bevy::tasks::TaskPool::new);
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, bevy::state::app::StatesPlugin))
            .insert_state(Stage::Inside)
            .add_message::<Said>()
            .init_resource::<Visit>()
            .insert_resource(Config(crate::testing::config()))
            .insert_resource(Kept(crate::SettingsFile::default()))
            .insert_resource(crate::testing::link())
            .add_plugins(plugin);
        wear(&mut app, "mira");
        app
    }

    fn wear(app: &mut App, name: &str) -> ContentHash {
        let file = crate::testing::assets().join(format!("avatars/{name}.vrm"));
        let file = std::fs::read(file).unwrap();
        let hash = ContentHash(*blake3::hash(&file).as_bytes());
        let mut config = app.world_mut().resource_mut::<Config>();
        config.0.avatar = AvatarChoice::File {
            hash,
            bytes: file.len() as u64,
        };
        config.0.avatar_file = Some(file);
        hash
    }

    fn is_asked_of(app: &mut App) -> Option<String> {
        for _ in 0..100_000 {
            app.update();
            match &app.world().resource::<Sharing>().step {
                Step::Reading(_) => std::thread::yield_now(),
                Step::Asked(terms) => return Some(terms.meta.name.clone()),
                _ => return None,
            }
        }
        panic!("it is never read");
    }

    fn answer(app: &mut App, is_yes: bool) {
        app.world_mut()
            .run_system_cached_with(
                |In(is_yes): In<bool>,
                 mut sharing: ResMut<Sharing>,
                 mut kept: ResMut<Kept>,
                 link: Res<Link>| sharing.answer(is_yes, &mut kept, &link),
                is_yes,
            )
            .unwrap();
    }

    #[test]
    fn a_no_holds_for_this_run_and_a_yes_for_the_file_alone() {
        let mut app = inside();
        assert_eq!(is_asked_of(&mut app).as_deref(), Some("Mira"));
        answer(&mut app, false);
        app.world_mut().run_system_cached(forget).unwrap();
        assert_eq!(is_asked_of(&mut app), None);
        let finn = wear(&mut app, "finn");
        assert_eq!(is_asked_of(&mut app).as_deref(), Some("Finn"));
        answer(&mut app, true);
        let kept = &app.world().resource::<Kept>().0.values;
        assert_eq!(kept.shared_avatar, Some(finn.to_string()));
        let step = &app.world().resource::<Sharing>().step;
        assert!(matches!(step, Step::Offered { .. }));
        wear(&mut app, "sen");
        assert_eq!(is_asked_of(&mut app).as_deref(), Some("Sen"));
    }

    #[test]
    fn what_was_lost_on_the_way_is_offered_again() {
        let mut app = inside();
        assert!(is_asked_of(&mut app).is_some());
        answer(&mut app, true);
        let hash = app
            .world()
            .resource::<Sharing>()
            .file
            .as_ref()
            .unwrap()
            .hash;
        let reason = "the connection was lost on the way".to_owned();
        app.world_mut()
            .write_message(Said(SessionEvent::FileFailed { hash, reason }));
        app.update();
        let fault = |app: &App| match &app.world().resource::<Sharing>().step {
            Step::Offered { fault, .. } => fault.clone(),
            _ => panic!("it is given up"),
        };
        assert!(fault(&app).is_some_and(|fault| fault.contains("on the way")));
        app.world_mut()
            .write_message(Said(SessionEvent::Resumed(crate::testing::welcome())));
        app.update();
        assert!(!fault(&app).is_some_and(|fault| fault.contains("on the way")));
    }
}
