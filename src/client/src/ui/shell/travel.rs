//! From world to world: leaving, trying again, entering another one, going home, quitting.

use super::{
    field::{self, Field},
    notice::Notice,
    start::{self, LastAddress},
};
use crate::{
    HostedWorld,
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{self, Visit},
    ui::{
        button::Action,
        words::{Words, fill},
    },
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
    text::EditableText,
};
use protocol::WorldAddress;

/// The home world being opened: a server starts and reads its files meanwhile.
#[derive(Resource, Default)]
struct Opening(Option<Task<Result<HostedWorld, String>>>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Opening>();
    app.add_systems(
        Update,
        (go, enter_address, open_home, arrive_home).in_set(ClientSystems::Act),
    );
    app.add_systems(OnExit(Stage::Outside), stay_away);
}

/// What needs no more than a press.
fn go(
    mut commands: Commands,
    mut chosen: MessageReader<Action>,
    visit: Res<Visit>,
    mut config: ResMut<Config>,
    mut next: ResMut<NextState<Stage>>,
    mut exit: MessageWriter<AppExit>,
) {
    for action in chosen.read() {
        match action {
            Action::Retry => next.set(Stage::Entering),
            Action::GoOutside => {
                link::leave(&mut commands);
                next.set(Stage::Outside);
            }
            Action::Trust => {
                // From here on the server must show what was shown to the person; entering remembers it.
                config.0.address.fingerprint =
                    visit.fault.as_ref().and_then(|fault| fault.presented);
                next.set(Stage::Entering);
            }
            Action::Quit => drop(exit.write(AppExit::Success)),
            _ => {}
        }
    }
}

fn enter_address(
    mut chosen: MessageReader<Action>,
    words: Res<Words>,
    fields: Query<(&Field, &EditableText)>,
    mut last: ResMut<LastAddress>,
    mut config: ResMut<Config>,
    mut notice: ResMut<Notice>,
    mut next: ResMut<NextState<Stage>>,
) {
    if !chosen.read().any(|action| *action == Action::EnterAddress) {
        return;
    }
    let Some((_, text)) = fields.iter().find(|(field, _)| **field == Field::Address) else {
        return;
    };
    last.0 = field::content(text);
    match complete(&last.0).parse::<WorldAddress>() {
        Ok(address) => {
            config.0.address = address;
            next.set(Stage::Entering);
        }
        Err(fault) => notice.bad(start::explain(&fault, words.0)),
    }
}

/// People leave out what every address begins with.
fn complete(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.contains("://") {
        text.to_owned()
    } else {
        format!("stoa://{text}")
    }
}

fn open_home(
    mut chosen: MessageReader<Action>,
    words: Res<Words>,
    config: Res<Config>,
    mut opening: ResMut<Opening>,
    mut notice: ResMut<Notice>,
) {
    let is_asked = chosen.read().any(|action| *action == Action::EnterHome);
    let Some(home) = config.0.surroundings.home.clone() else {
        return;
    };
    if is_asked && opening.0.is_none() {
        notice.good(words.0.start_opening);
        opening.0 = Some(AsyncComputeTaskPool::get().spawn(async move { home.open() }));
    }
}

fn arrive_home(
    words: Res<Words>,
    mut opening: ResMut<Opening>,
    mut config: ResMut<Config>,
    mut notice: ResMut<Notice>,
    mut next: ResMut<NextState<Stage>>,
) {
    let Some(result) = opening
        .0
        .as_mut()
        .and_then(|task| block_on(poll_once(task)))
    else {
        return;
    };
    opening.0 = None;
    match result {
        Ok(hosted) => {
            config.0.address = hosted.address.clone();
            config.0.surroundings.hosted = Some(hosted);
            next.set(Stage::Entering);
        }
        Err(line) => notice.bad(fill(words.0.start_not_opened, &[&line])),
    }
}

/// Whoever went elsewhere meanwhile is not taken home.
fn stay_away(mut opening: ResMut<Opening>) {
    opening.0 = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_without_its_beginning() {
        for text in ["example.org/plaza", " stoa://example.org/plaza\n"] {
            let address: WorldAddress = complete(text).parse().unwrap();
            assert_eq!(address.to_string(), "stoa://example.org:7862/plaza");
        }
        assert!(
            complete("http://example.org")
                .parse::<WorldAddress>()
                .is_err()
        );
        assert!(complete("  ").parse::<WorldAddress>().is_err());
    }
}
