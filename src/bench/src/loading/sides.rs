//! The two who load.

use super::STEP;
use crate::engine;
use anyhow::{Context, Result, bail, ensure};
use bevy::{
    asset::LoadState,
    gltf::Gltf,
    image::Image,
    prelude::*,
    render::{
        RenderApp, RenderPlugin,
        mesh::RenderMesh,
        render_asset::{RenderAsset, RenderAssets},
        render_resource::PollType,
        renderer::{RenderDevice, RenderQueue},
        texture::GpuImage,
    },
};
use client::{ClientConfig, Graphics, SettingsFile, SteppedLoader, Surroundings};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Longest time of one load.
const LIMIT: Duration = Duration::from_secs(120);
/// Updates after a load in which a side finishes what comes after it, and how long it rests then.
const UPDATES_TO_SETTLE: usize = 10;
const REST: Duration = Duration::from_millis(150);
/// Updates in which what was loaded is surely gone again.
const UPDATES_TO_FORGET: usize = 100;

/// Somebody who loads files.
pub(super) trait Side {
    /// Asks for a file.
    fn ask(&mut self, path: &Path);
    fn update(&mut self) -> Result<()>;
    /// Everything that comes of the file is among the assets.
    fn has_handed_over(&self) -> Result<bool>;
    /// Nothing that the file needs is still under way.
    fn is_at_rest(&self) -> bool;
    /// Lets go of the file.
    fn forget(&mut self);
    fn app(&self) -> &App;

    /// Loads a file, forgets it again, and tells how long the loading took.
    fn load(&mut self, path: &Path) -> Result<Duration> {
        let before = held(self.app());
        let began = Instant::now();
        self.ask(path);
        loop {
            let step = Instant::now();
            self.update()?;
            if self.has_handed_over()? && is_prepared(self.app()) {
                break;
            }
            if began.elapsed() > LIMIT {
                bail!("{} is not loaded", path.display());
            }
            thread::sleep(STEP.saturating_sub(step.elapsed()));
        }
        flush(self.app())?;
        let took = began.elapsed();
        ensure!(
            held(self.app()).0 > before.0,
            "nothing came of {}",
            path.display()
        );
        // What a side does afterwards must not burden the next load.
        while !self.is_at_rest() && began.elapsed() < LIMIT {
            self.update()?;
        }
        for _ in 0..UPDATES_TO_SETTLE {
            self.update()?;
        }
        self.forget();
        for _ in 0..UPDATES_TO_FORGET {
            self.update()?;
            if held(self.app()) == before {
                thread::sleep(REST);
                return Ok(took);
            }
        }
        bail!("{} is not forgotten", path.display())
    }
}

/// The client.
pub(super) struct Ours(SteppedLoader);

impl Ours {
    pub(super) fn start() -> Result<Self> {
        let mut ours = Self(SteppedLoader::start(config()?)?);
        settle(&mut ours)?;
        Ok(ours)
    }
}

impl Side for Ours {
    fn ask(&mut self, path: &Path) {
        self.0.load(path);
    }

    fn update(&mut self) -> Result<()> {
        Ok(self.0.update()?)
    }

    fn has_handed_over(&self) -> Result<bool> {
        Ok(self.0.is_handed_over())
    }

    fn is_at_rest(&self) -> bool {
        self.0.is_built()
    }

    fn forget(&mut self) {
        self.0.leave();
    }

    fn app(&self) -> &App {
        self.0.app()
    }
}

/// Nothing is drawn, so that of all this only the graphics setting matters: pictures keep their size.
fn config() -> Result<ClientConfig> {
    let mut settings = SettingsFile::default();
    settings.values.graphics = Graphics::High;
    let surroundings = Surroundings {
        settings,
        ..Surroundings::default()
    };
    let nowhere = "stoa://127.0.0.1:9/nowhere".parse()?;
    engine::client_config(nowhere, PathBuf::new(), (16, 16), surroundings)
}

/// The engine with its own loader.
pub(super) struct Theirs {
    app: App,
    file: Option<Handle<Gltf>>,
}

impl Theirs {
    pub(super) fn start() -> Result<Self> {
        let mut theirs = Self {
            app: engine::headless(RenderPlugin::default()),
            file: None,
        };
        settle(&mut theirs)?;
        Ok(theirs)
    }
}

impl Side for Theirs {
    fn ask(&mut self, path: &Path) {
        let server = self.app.world().resource::<AssetServer>();
        self.file = Some(server.load(path.to_path_buf()));
    }

    fn update(&mut self) -> Result<()> {
        self.app.update();
        Ok(())
    }

    fn has_handed_over(&self) -> Result<bool> {
        let Some(file) = &self.file else {
            return Ok(false);
        };
        let server = self.app.world().resource::<AssetServer>();
        if let LoadState::Failed(error) = server.load_state(file) {
            bail!("the engine's loader failed: {error}");
        }
        Ok(server.is_loaded_with_dependencies(file))
    }

    fn is_at_rest(&self) -> bool {
        true
    }

    fn forget(&mut self) {
        self.file = None;
    }

    fn app(&self) -> &App {
        &self.app
    }
}

/// Updates a side that has just begun until it prepares nothing of its own any more.
fn settle(side: &mut impl Side) -> Result<()> {
    for _ in 0..UPDATES_TO_FORGET {
        side.update()?;
    }
    ensure!(is_prepared(side.app()), "an engine does not come to rest");
    flush(side.app())
}

/// Meshes and images.
fn held(app: &App) -> (usize, usize) {
    let world = app.world();
    (
        world.resource::<Assets<Mesh>>().len(),
        world.resource::<Assets<Image>>().len(),
    )
}

/// Every mesh and image is prepared for drawing.
fn is_prepared(app: &App) -> bool {
    are_prepared::<RenderMesh>(app) && are_prepared::<GpuImage>(app)
}

fn are_prepared<A: RenderAsset>(app: &App) -> bool {
    let prepared = app
        .get_sub_app(RenderApp)
        .and_then(|render| render.world().get_resource::<RenderAssets<A>>());
    let mut all = app.world().resource::<Assets<A::SourceAsset>>().ids();
    prepared.is_some_and(|prepared| all.all(|id| prepared.get(id).is_some()))
}

/// Waits until the adapter has taken all that was written to it.
fn flush(app: &App) -> Result<()> {
    let render = app.get_sub_app(RenderApp).context("nothing is drawn")?;
    render.world().resource::<RenderQueue>().submit([]);
    let device = app.world().resource::<RenderDevice>().wgpu_device();
    device.poll(PollType::Wait {
        submission_index: None,
        timeout: None,
    })?;
    Ok(())
}
