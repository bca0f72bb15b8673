//! The client without a window: the same app, driven by hand. Simulation and network keep wall time at 60 Hz; pictures
//! are drawn at most five times a second, since a software rasteriser needs its time.

use super::{Ending, order::Stage};
use crate::{ClientError, Offscreen, scenery::IsSceneryComplete, stats::Figures};
use bevy::{
    asset::RenderAssetUsages,
    camera::RenderTarget,
    prelude::*,
    render::{
        render_resource::{Extent3d, PollType, TextureDimension, TextureFormat, TextureUsages},
        renderer::RenderDevice,
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Time between two simulation steps.
const STEP: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// Shortest time between two pictures.
const PICTURE: Duration = Duration::from_millis(200);
/// Longest time until everything is loaded.
const LOADING_LIMIT: Duration = Duration::from_secs(180);
/// Updates after the last picture, in which the screenshot comes back from the adapter.
const SETTLING_UPDATES: usize = 400;

/// Where cameras draw to when there is no window.
#[derive(Resource, Clone)]
pub(crate) struct PictureTarget(pub(crate) RenderTarget);

/// Whether this update draws, and screenshots that somebody asked for.
#[derive(Resource, Default)]
pub(crate) struct Drawing {
    /// True in updates that draw a picture.
    pub(crate) is_on: bool,
    /// Files that are still to be written.
    pub(crate) waiting: usize,
    /// A script asked for the end.
    pub(crate) is_quitting: bool,
}

pub(super) fn run(mut app: App, options: &Offscreen) -> Result<(), ClientError> {
    app.init_resource::<Drawing>();
    let target = make_target(&mut app, options);
    app.insert_resource(PictureTarget(target.clone()));
    app.finish();
    app.cleanup();
    let outcome = drive(&mut app, options, &target);
    crate::stats::write(app.world_mut())?;
    outcome
}

fn drive(app: &mut App, options: &Offscreen, target: &RenderTarget) -> Result<(), ClientError> {
    let started = Instant::now();
    let (mut next_step, mut next_picture, mut pictures) = (Instant::now(), Instant::now(), 0u32);
    loop {
        let is_quitting = app.world().resource::<Drawing>().is_quitting;
        let is_drawing = is_quitting || Instant::now() >= next_picture;
        app.world_mut().resource_mut::<Drawing>().is_on = is_drawing;
        let is_ready = is_loaded(app.world());
        let is_enough = options.frames.is_some_and(|frames| pictures + 1 >= frames);
        let is_last = is_ready && is_drawing && (is_quitting || is_enough);
        if let (true, Some(file)) = (is_last, &options.screenshot) {
            request_screenshot(app.world_mut(), target, file.clone());
        }
        let before = Instant::now();
        app.update();
        if is_drawing {
            finish_drawing(app.world())?;
            next_picture = before + PICTURE;
            if is_ready {
                pictures += 1;
                app.world_mut()
                    .resource_mut::<Figures>()
                    .note_picture(before.elapsed());
            }
        }
        if let Some(error) = app.world_mut().resource_mut::<Ending>().0.take() {
            return Err(error);
        }
        if is_last || is_quitting || app.should_exit().is_some() {
            return settle(app);
        }
        if !is_ready && started.elapsed() > LOADING_LIMIT {
            return Err(ClientError::Visit(format!(
                "the world was not there after {} seconds",
                LOADING_LIMIT.as_secs()
            )));
        }
        next_step = (next_step + STEP).max(Instant::now() - STEP * 4);
        thread::sleep(next_step.saturating_duration_since(Instant::now()));
    }
}

/// Everything is loaded when the world is built and all of it has reached the adapter.
fn is_loaded(world: &World) -> bool {
    *world.resource::<State<Stage>>().get() == Stage::Inside
        && world.resource::<IsSceneryComplete>().0
}

/// Goes on until screenshots have come back and are written.
fn settle(app: &mut App) -> Result<(), ClientError> {
    for _ in 0..SETTLING_UPDATES {
        if app.world().resource::<Drawing>().waiting == 0 {
            return Ok(());
        }
        app.update();
        finish_drawing(app.world())?;
    }
    Err(ClientError::Drawing(
        "the screenshot did not come back from the adapter".to_owned(),
    ))
}

fn finish_drawing(world: &World) -> Result<(), ClientError> {
    let device = world.resource::<RenderDevice>().wgpu_device();
    device
        .poll(PollType::Wait {
            submission_index: None,
            timeout: None,
        })
        .map(drop)
        .map_err(|error| ClientError::Drawing(error.to_string()))
}

fn make_target(app: &mut App, options: &Offscreen) -> RenderTarget {
    let size = Extent3d {
        width: options.width,
        height: options.height,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT;
    app.world_mut()
        .resource_mut::<Assets<Image>>()
        .add(image)
        .into()
}

/// Takes the next picture and writes it to a file.
pub(crate) fn request_screenshot(world: &mut World, target: &RenderTarget, file: PathBuf) {
    let Some(image) = target.as_image().cloned() else {
        return;
    };
    world.resource_mut::<Drawing>().waiting += 1;
    world.spawn(Screenshot::image(image)).observe(
        move |captured: On<ScreenshotCaptured>,
              mut drawing: ResMut<Drawing>,
              mut ending: ResMut<Ending>| {
            drawing.waiting = drawing.waiting.saturating_sub(1);
            if let Err(error) = save(&captured.image, &file) {
                ending.0 = Some(ClientError::File(error));
            }
        },
    );
}

fn save(image: &Image, file: &Path) -> Result<(), String> {
    let picture = image
        .clone()
        .try_into_dynamic()
        .map_err(|error| format!("{}: {error}", file.display()))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    picture
        .to_rgb8()
        .save(file)
        .map_err(|error| format!("{}: {error}", file.display()))
}
