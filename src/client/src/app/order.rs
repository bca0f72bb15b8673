//! What runs when. Features put their systems into these sets and never name each other.

use bevy::prelude::*;

/// Order within `Update`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientSystems {
    /// Events of the session and loaded worlds are taken in.
    Receive,
    /// Open screens take the keys that are theirs, before anything else hears of them.
    Listen,
    /// Keys, mouse and scripts become intents.
    Intend,
    /// Intents become motion and requests.
    Act,
    /// Poses of bodies and people are set for this frame.
    Pose,
    /// The camera follows.
    View,
    /// Screens, sound and figures show what is.
    Show,
}

/// Where a visit stands.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Nowhere: a screen asks who one is, or where to go.
    Outside,
    /// On the way: connecting, proving, downloading.
    #[default]
    Entering,
    /// The world is being built.
    Loading,
    /// Inside.
    Inside,
    /// Over: the reason is on the screen.
    Over,
}

/// Where the application begins, when not on the way in.
#[derive(Resource)]
pub(super) struct FirstStage(pub(super) Stage);

pub(crate) fn plugin(app: &mut App) {
    match app.world_mut().remove_resource::<FirstStage>() {
        Some(FirstStage(stage)) => drop(app.insert_state(stage)),
        None => drop(app.init_state::<Stage>()),
    }
    app.configure_sets(
        Update,
        (
            ClientSystems::Receive,
            ClientSystems::Listen,
            ClientSystems::Intend,
            ClientSystems::Act,
            ClientSystems::Pose,
            ClientSystems::View,
            ClientSystems::Show,
        )
            .chain(),
    );
}
