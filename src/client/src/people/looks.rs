//! Looks by who wears them: fetched, read once, worn by several, dropped with the last wearer. Until a look has come
//! from the server, or when it cannot, its wearer stands there in the first avatar that every client ships.

use super::{
    Figure,
    load::{Look, Raw, Source, spawn, upload},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::Said,
    scenery::{Inbox, PictureWishes, SurfaceStores, WishedPictures},
};
use bevy::{
    mesh::skinning::SkinnedMeshInverseBindposes,
    prelude::*,
    tasks::{Task, block_on, poll_once},
};
use protocol::{AvatarChoice, ContentHash, SHIPPED_AVATARS};
use session::SessionEvent;
use std::{path::Path, sync::Arc};

/// What somebody can be shown in now.
pub(super) enum Worn {
    /// Nothing has been read yet.
    Nothing,
    /// In place of what they chose.
    StandIn(Arc<Look>),
    Chosen(Arc<Look>),
}

/// State of a look.
enum Slot {
    /// Its file is on the way from the server. When its wearer was heard of meanwhile, the server may have it by now,
    /// whatever it is about to answer.
    Fetching {
        is_heard_of: bool,
    },
    /// The server did not give its file; it may do so when its wearer is heard of again.
    Missing,
    Reading(Task<Result<Raw, String>>),
    There(Arc<Look>),
    /// Its file cannot be shown; the reason was logged.
    Broken,
}

/// A look that somebody wears, or did until now.
struct Known {
    choice: AvatarChoice,
    /// Parted in what its wearer sees in first person and what not.
    is_split: bool,
    slot: Slot,
}

/// All looks of this visit.
#[derive(Resource, Default)]
pub(super) struct Looks(Vec<Known>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Looks>();
    app.add_systems(
        Update,
        (drop_unworn, take_news, finish)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received),
    );
    app.add_systems(OnEnter(Stage::Outside), clear);
}

impl Looks {
    /// What somebody who chose a look is shown in. What is not there is on its way after this call; `fetch` asks the
    /// server for a file and says whether it could.
    pub(super) fn wear(
        &mut self,
        choice: &AvatarChoice,
        is_self: bool,
        config: &Config,
        wishes: &PictureWishes,
        fetch: impl FnOnce(ContentHash, u64) -> bool,
    ) -> Worn {
        match self.slot(choice, is_self, config, wishes, fetch) {
            Some(Slot::There(look)) => return Worn::Chosen(Arc::clone(look)),
            Some(Slot::Reading(_)) => return Worn::Nothing,
            Some(Slot::Fetching { .. } | Slot::Missing | Slot::Broken) | None => {}
        }
        if is_default(choice) {
            return Worn::Nothing;
        }
        let default = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
        match self.slot(&default, is_self, config, wishes, |_, _| false) {
            Some(Slot::There(look)) => Worn::StandIn(Arc::clone(look)),
            _ => Worn::Nothing,
        }
    }

    /// Where a look stands, once it has been begun; `None` when the server cannot be asked now.
    fn slot(
        &mut self,
        choice: &AvatarChoice,
        is_self: bool,
        config: &Config,
        wishes: &PictureWishes,
        fetch: impl FnOnce(ContentHash, u64) -> bool,
    ) -> Option<&Slot> {
        let fits = |known: &Known| known.choice == *choice && (known.is_split || !is_self);
        let place = match self.0.iter().position(fits) {
            Some(place) => place,
            None => {
                let is_split = is_self || config.0.avatar == *choice;
                self.0.push(Known {
                    choice: choice.clone(),
                    is_split,
                    slot: begin(choice, is_split, config, wishes, fetch)?,
                });
                self.0.len() - 1
            }
        };
        Some(&self.0[place].slot)
    }

    /// Follows what the session says of files and of their wearers.
    fn hear(&mut self, event: &SessionEvent, read: impl Fn(&Path, bool) -> Slot) {
        match event {
            SessionEvent::FileReady { hash, path } => {
                for known in self.0.iter_mut().filter(|known| known.awaits(*hash)) {
                    known.slot = read(path, known.is_split);
                }
            }
            SessionEvent::FileFailed { hash, .. } => self.0.retain_mut(|known| {
                let is_meant = known.awaits(*hash);
                let is_asked_again =
                    is_meant && matches!(known.slot, Slot::Fetching { is_heard_of: true });
                if is_meant {
                    known.slot = Slot::Missing;
                }
                !is_asked_again
            }),
            SessionEvent::PersonChanged(person) => self.0.retain_mut(|known| {
                let is_meant = known.choice == person.avatar;
                if let (true, Slot::Fetching { is_heard_of }) = (is_meant, &mut known.slot) {
                    *is_heard_of = true;
                }
                !(is_meant && matches!(known.slot, Slot::Missing))
            }),
            // What was asked over the connection before is asked anew.
            SessionEvent::Entered { .. } | SessionEvent::Resumed(_) => self
                .0
                .retain(|known| !matches!(known.slot, Slot::Fetching { .. } | Slot::Missing)),
            _ => {}
        }
    }

    /// Forgets what nobody wears; the stand-in stays while it may be needed.
    fn keep(&mut self, is_worn: impl Fn(&AvatarChoice) -> bool) {
        self.0
            .retain(|known| is_worn(&known.choice) || is_default(&known.choice));
        let is_needed = self.0.iter().any(|known| {
            !is_default(&known.choice) && !matches!(known.slot, Slot::There(_) | Slot::Reading(_))
        });
        self.0.retain(|known| is_needed || is_worn(&known.choice));
    }
}

impl Known {
    /// Its file is on the way, and this is it.
    fn awaits(&self, file: ContentHash) -> bool {
        matches!(self.choice, AvatarChoice::File { hash, .. } if hash == file)
            && matches!(self.slot, Slot::Fetching { .. })
    }
}

/// Everybody without a look of their own wears this one.
fn is_default(choice: &AvatarChoice) -> bool {
    matches!(choice, AvatarChoice::Shipped(name) if name == SHIPPED_AVATARS[0])
}

/// Where a look that nobody has asked for comes from; `None` when the server cannot be asked now.
fn begin(
    choice: &AvatarChoice,
    is_split: bool,
    config: &Config,
    wishes: &PictureWishes,
    fetch: impl FnOnce(ContentHash, u64) -> bool,
) -> Option<Slot> {
    let own_file = config.0.avatar_file.as_ref();
    let source = match (choice, own_file.filter(|_| config.0.avatar == *choice)) {
        (AvatarChoice::Shipped(name), _) => {
            Source::Shipped(config.0.assets.join("avatars"), name.clone())
        }
        (AvatarChoice::File { .. }, Some(bytes)) => Source::Bytes(bytes.clone()),
        (AvatarChoice::File { hash, bytes }, None) => {
            let is_asked = fetch(*hash, *bytes);
            return is_asked.then_some(Slot::Fetching { is_heard_of: false });
        }
    };
    Some(Slot::Reading(spawn(source, wishes.clone(), is_split)))
}

/// Nobody's look of a world that one has left stays.
fn clear(mut looks: ResMut<Looks>) {
    looks.0.clear();
}

fn drop_unworn(
    mut looks: ResMut<Looks>,
    mut gone: RemovedComponents<Figure>,
    figures: Query<&Figure>,
) {
    if gone.read().count() > 0 {
        looks.keep(|choice| figures.iter().any(|figure| figure.look == *choice));
    }
}

fn take_news(mut said: MessageReader<Said>, mut looks: ResMut<Looks>, wished: WishedPictures) {
    for Said(event) in said.read() {
        if let SessionEvent::FileFailed { hash, reason } = event
            && looks.0.iter().any(|known| known.awaits(*hash))
        {
            tracing::warn!("an avatar cannot be had: {reason}");
        }
        looks.hear(event, |path, is_split| {
            Slot::Reading(spawn(Source::File(path.to_owned()), wished.now(), is_split))
        });
    }
}

fn finish(
    mut looks: ResMut<Looks>,
    inbox: Res<Inbox>,
    mut stores: SurfaceStores,
    mut bind_poses: ResMut<Assets<SkinnedMeshInverseBindposes>>,
) {
    for known in &mut looks.0 {
        let Slot::Reading(task) = &mut known.slot else {
            continue;
        };
        let Some(result) = block_on(poll_once(task)) else {
            continue;
        };
        known.slot = match result {
            Ok(raw) => Slot::There(Arc::new(upload(raw, &inbox, &mut stores, &mut bind_poses))),
            Err(error) => {
                tracing::warn!("an avatar cannot be shown: {error}");
                Slot::Broken
            }
        };
        // One a frame: an arriving avatar must not stop the picture.
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        look::Preset,
        people::{Dressed, StandIn, Who, body, pose::Gait},
        testing,
    };
    use protocol::PersonId;
    use std::{cell::Cell, path::PathBuf};

    /// Updates until a look has surely been read.
    const PATIENCE: usize = 2_000_000;
    const FILE: AvatarChoice = AvatarChoice::File {
        hash: ContentHash([7; 32]),
        bytes: 9,
    };

    fn news() -> SessionEvent {
        SessionEvent::PersonChanged(testing::person(3, "Bo", FILE))
    }

    fn refusal() -> SessionEvent {
        SessionEvent::FileFailed {
            hash: ContentHash([7; 32]),
            reason: "there is no such file here".to_owned(),
        }
    }

    fn arrival(path: PathBuf) -> SessionEvent {
        let hash = ContentHash([7; 32]);
        SessionEvent::FileReady { hash, path }
    }

    /// How often the server is asked while these things are heard, each followed by a frame.
    fn times_asked(events: &[SessionEvent]) -> u32 {
        bevy::tasks::AsyncComputeTaskPool::get_or_init(bevy::tasks::TaskPool::new);
        let (mut looks, config, asked) =
            (Looks::default(), Config(testing::config()), Cell::new(0));
        let inbox = Inbox::of(&Assets::default(), &Assets::default());
        let wishes = PictureWishes::new(Preset::Low, None, inbox);
        let frame = |looks: &mut Looks| {
            looks.wear(&FILE, false, &config, &wishes, |_, _| {
                asked.set(asked.get() + 1);
                true
            });
        };
        frame(&mut looks);
        for event in events {
            looks.hear(event, |_, _| Slot::Broken);
            frame(&mut looks);
        }
        asked.get()
    }

    #[test]
    fn a_file_that_was_refused_is_asked_for_again_when_its_wearer_is_heard_of() {
        assert_eq!(times_asked(&[refusal(), refusal()]), 1);
        assert_eq!(times_asked(&[refusal(), news()]), 2);
        // The news may overtake the answer.
        assert_eq!(times_asked(&[news(), refusal(), refusal()]), 2);
        let there = || arrival("somewhere".into());
        assert_eq!(times_asked(&[there(), news(), refusal()]), 1);
    }

    #[test]
    fn what_was_asked_over_a_lost_connection_is_asked_again() {
        let resumed = || SessionEvent::Resumed(testing::welcome());
        assert_eq!(times_asked(&[resumed()]), 2);
        assert_eq!(times_asked(&[refusal(), resumed()]), 2);
    }

    /// An application in which somebody wears the file.
    fn dressing() -> (App, Entity) {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, bevy::state::app::StatesPlugin))
            .insert_state(Stage::Inside)
            .add_message::<Said>()
            .insert_resource(Config(testing::config()))
            .insert_resource(Preset::Low)
            .add_plugins(plugin)
            .add_systems(Update, body::dress.in_set(ClientSystems::Pose));
        crate::scenery::testing::add_stores(app.world_mut());
        let figure = Figure {
            who: Who::Person(PersonId(3)),
            person: Some(PersonId(3)),
            look: FILE,
            gait: Gait::default(),
        };
        let figure = app.world_mut().spawn((figure, Transform::default())).id();
        (app, figure)
    }

    #[track_caller]
    fn update_until(app: &mut App, is_so: impl Fn(&App) -> bool) {
        assert!(
            (0..PATIENCE).any(|_| {
                app.update();
                std::thread::yield_now();
                is_so(app)
            }),
            "it never was"
        );
    }

    fn named(app: &App, figure: Entity) -> Option<&str> {
        let Dressed(body) = app.world().get(figure)?;
        Some(&body.look.avatar.meta.name)
    }

    #[test]
    fn somebody_stands_there_in_another_look_until_their_own_has_come() {
        let (mut app, figure) = dressing();
        update_until(&mut app, |app| named(app, figure) == Some("Mira"));
        assert!(app.world().get::<StandIn>(figure).is_some());
        app.world_mut().resource_mut::<Looks>().0.push(Known {
            choice: FILE,
            is_split: false,
            slot: Slot::Fetching { is_heard_of: false },
        });
        let own = testing::assets().join("avatars/finn.vrm");
        app.world_mut().write_message(Said(arrival(own)));
        update_until(&mut app, |app| named(app, figure) == Some("Finn"));
        assert!(app.world().get::<StandIn>(figure).is_none());
        let bodies = app.world().get::<Children>(figure).unwrap();
        assert_eq!(bodies.len(), 1, "what stood in has gone");
    }

    #[test]
    fn looks_go_with_their_last_wearer_and_with_the_world() {
        let (mut app, figure) = dressing();
        update_until(&mut app, |app| named(app, figure) == Some("Mira"));
        app.update();
        assert!(!app.world().resource::<Looks>().0.is_empty());
        app.world_mut().despawn(figure);
        app.update();
        assert!(app.world().resource::<Looks>().0.is_empty());
    }

    #[test]
    fn who_chooses_a_shipped_avatar_wears_it_whatever_file_they_brought() {
        let (mut app, figure) = dressing();
        let mut config = app.world_mut().resource_mut::<Config>();
        config.0.avatar_file = Some(b"a file of one's own".to_vec());
        let mut wearer = app.world_mut().get_mut::<Figure>(figure).unwrap();
        (wearer.who, wearer.look) = (Who::Me, AvatarChoice::Shipped("sen".to_owned()));
        update_until(&mut app, |app| named(app, figure) == Some("Sen"));
    }
}
