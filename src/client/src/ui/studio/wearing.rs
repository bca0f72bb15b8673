//! An avatar that one looks at can be worn: in every world that one enters from then on, until one chooses another look.

use super::{
    Studio,
    asking::{self, Asking},
    name_of,
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    motion::InputTaken,
    settings::Kept,
    ui::{
        button::Action,
        card::{self, fact},
        inside::{Notice, Tone, legible},
        theme,
        things::PLACE_KEY,
        words::{Words, fill},
    },
};
use bevy::prelude::*;
use protocol::{AvatarChoice, ContentHash};
use scene::{NoSideFiles, Purpose};
use std::path::{Path, PathBuf};

/// Characters that are shown of why a file cannot be worn.
const MAX_FAULT: usize = 240;

/// An avatar that may be worn.
struct Body {
    /// Where it is found later.
    file: PathBuf,
    bytes: Vec<u8>,
}

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(asking::plugin::<Body>).add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Listen),
            obey.in_set(ClientSystems::Act),
            ask.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

impl Body {
    /// Reads a file and sends it through the gate of avatars.
    fn of(file: &Path) -> Result<Self, String> {
        let bytes = scene::read_bounded(file, Purpose::Avatar.limit())?;
        scene::load_avatar(&bytes, &NoSideFiles).map_err(|error| error.to_string())?;
        let file = std::path::absolute(file).map_err(|error| error.to_string())?;
        Ok(Self { file, bytes })
    }

    /// From now on one looks like this, in this run and in later ones.
    fn wear(self, config: &mut Config, kept: &mut Kept) {
        config.0.avatar = AvatarChoice::File {
            hash: ContentHash(*blake3::hash(&self.bytes).as_bytes()),
            bytes: self.bytes.len() as u64,
        };
        config.0.avatar_file = Some(self.bytes);
        // Settings are text: a file with another name is worn in this run alone.
        if let Some(file) = self.file.to_str() {
            kept.0.values.avatar = Some(file.to_owned());
        }
    }
}

fn listen(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    (studio, config): (Res<Studio>, Res<Config>),
    mut asking: ResMut<Asking<Body>>,
) {
    if taken.is_taken || !keys.just_pressed(PLACE_KEY.0) {
        return;
    }
    let shown = studio.shown(&config.0);
    if let Some(shown) = shown.filter(|shown| shown.is_avatar()) {
        let file = shown.opened.world();
        *asking = Asking::after(move || Body::of(&file));
    }
}

/// Who came from a world goes back there, dressed; elsewhere it is said that the next one is where it shows.
fn obey(
    mut commands: Commands,
    mut chosen: MessageReader<Action>,
    (studio, words): (Res<Studio>, Res<Words>),
    mut asking: ResMut<Asking<Body>>,
    mut config: ResMut<Config>,
    mut kept: ResMut<Kept>,
) {
    for action in chosen.read() {
        match action {
            Action::WearFile => {
                let Asking::Asked(Ok(body)) = std::mem::take(&mut *asking) else {
                    continue;
                };
                let shown = studio.shown(&config.0);
                let has_world = shown.is_some_and(|shown| shown.world().is_some());
                body.wear(&mut config, &mut kept);
                if has_world {
                    commands.write_message(Action::LeaveStudio);
                } else {
                    commands.write_message(Notice {
                        tone: Tone::Good,
                        text: words.0.worn.to_owned(),
                        detail: String::new(),
                    });
                }
            }
            Action::KeepThing => *asking = Asking::Idle,
            _ => {}
        }
    }
}

fn ask(
    mut commands: Commands,
    asking: Res<Asking<Body>>,
    words: Res<Words>,
    (studio, config): (Res<Studio>, Res<Config>),
    questions: Query<Entity, With<Question>>,
) {
    if !asking.is_changed() && !words.is_changed() {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let Asking::Asked(result) = &*asking else {
        return;
    };
    let Some(shown) = studio.shown(&config.0) else {
        return;
    };
    let (file, words) = (name_of(shown.opened.source()), words.0);
    let (title, about) = match result {
        Ok(_) => (words.wear_ask, words.wear_about),
        Err(_) => (words.wear_unfit, words.wear_unfit_about),
    };
    card::ask(&mut commands, Question, 600.0, |card| {
        card.spawn((
            legible::strong(fill(title, &[&file]), theme::TITLE - 4.0, theme::TEXT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        ));
        card.spawn(legible::text(about, theme::BODY, theme::TEXT));
        match result {
            Ok(_) => {
                let wear = (Action::WearFile, words.wear_yes);
                card::answers(card, (Action::KeepThing, words.place_no), Some(wear));
            }
            Err(fault) => {
                let fault = legible::one_line(fault, MAX_FAULT);
                card.spawn(fact(words.fault_detail, fault));
                card::answers(card, (Action::KeepThing, words.stranger_back), None);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{settings::SettingsFile, testing};

    fn assets(name: &str) -> PathBuf {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        checkout.unwrap().join("assets/avatars").join(name)
    }

    #[test]
    fn what_is_worn_is_worn_again_later() {
        let file = assets("sen.vrm");
        let mut config = Config(testing::config());
        let mut kept = Kept(SettingsFile::default());
        Body::of(&file).unwrap().wear(&mut config, &mut kept);
        let bytes = std::fs::read(&file).unwrap();
        let choice = AvatarChoice::File {
            hash: ContentHash(*blake3::hash(&bytes).as_bytes()),
            bytes: bytes.len() as u64,
        };
        assert_eq!(config.0.avatar, choice);
        assert_eq!(config.0.avatar_file, Some(bytes));
        assert_eq!(kept.0.values.avatar.as_deref(), file.to_str());
    }

    #[test]
    fn what_is_no_avatar_is_not_worn() {
        assert!(Body::of(Path::new("/nowhere/me.vrm")).is_err());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chair.vrm");
        std::fs::write(&file, r#"{"asset": {"version": "2.0"}}"#).unwrap();
        assert!(Body::of(&file).is_err());
    }
}
