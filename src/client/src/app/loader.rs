//! The client's way from a file to the adapter, without a visit around it: for measuring how long a file takes.
//!
//! It has the stages of a visit, what reads a world and what draws it, and nothing else: no session, people, sky, sound or screens.

use super::{Config, Ending, adapter, add_engine, order};
use crate::{
    ClientConfig, ClientError, link, look, motion,
    scenery::{self, NodeEntities},
    settings,
};
use bevy::prelude::*;
use std::path::Path;

/// Loads worlds into memory of the adapter, one after the other; its owner steps it.
pub struct SteppedLoader {
    app: App,
}

impl SteppedLoader {
    /// A client that goes nowhere. `config.display` must be [`crate::Display::Offscreen`]; of the rest, settings and variant count.
    ///
    /// # Errors
    /// [`ClientError::NoAdapter`] when nothing can draw.
    pub fn start(config: ClientConfig) -> Result<Self, ClientError> {
        let adapter = adapter::open().ok_or(ClientError::NoAdapter)?;
        let mut app = App::new();
        let display = config.display.clone();
        app.insert_resource(order::FirstStage(order::Stage::Outside))
            .insert_resource(settings::Kept(config.surroundings.settings.clone()))
            .insert_resource(Config(config))
            .init_resource::<Ending>()
            .init_resource::<motion::Me>()
            .init_resource::<motion::OwnHands>()
            .init_resource::<look::Dawn>();
        look::shaders::embed(&mut app);
        add_engine(&mut app, &display, false, adapter);
        app.add_plugins((
            order::plugin,
            link::plugin,
            look::preset::plugin,
            look::shaders::plugin,
            scenery::plugin,
        ));
        app.finish();
        app.cleanup();
        Ok(Self { app })
    }

    /// Asks for the world of a file or folder, as if a session had just brought it. What was there before must have been left.
    pub fn load(&mut self, path: &Path) {
        link::load_alone(self.app.world_mut(), path);
    }

    /// One update of the application, without a picture.
    ///
    /// # Errors
    /// [`ClientError::Visit`] when the file cannot be shown.
    pub fn update(&mut self) -> Result<(), ClientError> {
        self.app.update();
        match self.app.world_mut().resource_mut::<Ending>().0.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// True when everything that the file draws has been handed to the engine.
    #[must_use]
    pub fn is_handed_over(&self) -> bool {
        !self.app.world().resource::<NodeEntities>().0.is_empty()
    }

    /// True when its physics are built as well.
    #[must_use]
    pub fn is_built(&self) -> bool {
        let stage = self.app.world().resource::<State<order::Stage>>();
        *stage.get() == order::Stage::Inside
    }

    /// Leaves the world: with the next updates nothing is kept of it.
    pub fn leave(&mut self) {
        let mut next = self
            .app
            .world_mut()
            .resource_mut::<NextState<order::Stage>>();
        next.set(order::Stage::Outside);
    }

    /// The application, to look into.
    pub fn app(&self) -> &App {
        &self.app
    }
}
