//! Leaving in good order. Saying goodbye takes a round trip, which nobody waits for before the program ends.

use super::Link;
use bevy::prelude::*;
use std::thread::{self, JoinHandle};

/// Sessions that are saying goodbye; dropping this waits for them, a second and a half at most.
#[derive(Resource, Default)]
struct Farewells(Vec<JoinHandle<()>>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Farewells>();
}

/// Ends the visit by one's own wish.
pub(crate) fn leave(commands: &mut Commands) {
    commands.queue(|world: &mut World| {
        let Some(Link(session)) = world.remove_resource() else {
            return;
        };
        // Where there is no thread to be had, the session is dropped here, and this waits.
        let farewell = thread::Builder::new()
            .name("farewell".to_owned())
            .spawn(move || drop(session));
        let mut farewells = world.resource_mut::<Farewells>();
        farewells.0.retain(|farewell| !farewell.is_finished());
        farewells.0.extend(farewell);
    });
}

impl Drop for Farewells {
    fn drop(&mut self) {
        for farewell in self.0.drain(..) {
            if farewell.join().is_err() {
                tracing::debug!("a session ended badly");
            }
        }
    }
}
