//! The scene in a Bevy world: the same for both libraries.

use crate::scene::{Person, SENDS_PER_SEC, Scene, State, Thing};
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy::time::TimeUpdateStrategy;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time between two sends, which is how long an update takes in the eyes of every app.
pub(crate) const SEND_INTERVAL: Duration = Duration::from_millis(1_000 / SENDS_PER_SEC);

/// Place in the scene's list. Sent once.
#[derive(Component, Serialize, Deserialize, Clone, Copy)]
pub(crate) struct Number(u16);

/// An app with nothing in it, on a manual clock.
pub(crate) fn empty_app() -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(SEND_INTERVAL));
    app
}

/// Ends the building of an app that is not handed to a runner.
pub(crate) fn finish(app: &mut App) {
    app.finish();
    app.cleanup();
}

/// Spawns every entity, with what marks it as one to be sent.
pub(crate) fn spawn(world: &mut World, scene: &Scene, mark: impl Bundle + Clone) -> Vec<Entity> {
    (scene.states.iter().zip(0..))
        .map(|(state, number)| {
            let mut entity = world.spawn((mark.clone(), Number(number)));
            match *state {
                State::Person(person) => entity.insert(person),
                State::Thing(thing) => entity.insert(thing),
            };
            entity.id()
        })
        .collect()
}

/// Writes what has changed, so that the library sends nothing else.
pub(crate) fn write(world: &mut World, entities: &[Entity], scene: &Scene) {
    for (entity, state) in entities.iter().zip(&scene.states) {
        match *state {
            State::Person(person) => {
                if let Some(mut old) = world.get_mut::<Person>(*entity) {
                    old.set_if_neq(person);
                }
            }
            State::Thing(thing) => {
                if let Some(mut old) = world.get_mut::<Thing>(*entity) {
                    old.set_if_neq(thing);
                }
            }
        }
    }
}

/// Reads a client's world.
pub(crate) struct Reader(
    QueryState<(
        &'static Number,
        Option<&'static Person>,
        Option<&'static Thing>,
    )>,
);

impl Reader {
    pub(crate) fn new(world: &mut World) -> Self {
        Self(world.query())
    }

    /// True when the world holds these states and no others.
    pub(crate) fn holds(&mut self, world: &World, states: &[State]) -> bool {
        let mut held = 0;
        let is_right = self.0.iter(world).all(|(number, person, thing)| {
            held += 1;
            match states.get(usize::from(number.0)) {
                Some(State::Person(state)) => person == Some(state),
                Some(State::Thing(state)) => thing == Some(state),
                None => false,
            }
        });
        is_right && held == states.len()
    }
}
