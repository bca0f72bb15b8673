//! The client without a window: the same app, driven by hand. Simulation and network keep wall time at 60 Hz; pictures
//! are drawn at most five times a second, since a software rasteriser needs its time. After a slow picture the steps that
//! were due meanwhile follow one by one, so that what a script does takes as long as it says.

use super::{Ending, SteppedClient};
use crate::{ClientError, Offscreen, stats::Figures};
use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Time between two simulation steps.
pub(super) const STEP: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// Time that is caught up with after a slow picture; of more than that the rest is lost.
const MAX_BEHIND: Duration = Duration::from_secs(4);
/// A machine too slow to catch up draws all the same when so much time has passed.
const STARVED: Duration = Duration::from_secs(3);
/// Shortest time between two pictures.
const PICTURE: Duration = Duration::from_millis(200);
/// Longest time until everything is loaded.
const LOADING_LIMIT: Duration = Duration::from_secs(180);
/// Updates after the last picture, in which the screenshot comes back from the adapter.
pub(super) const SETTLING_UPDATES: usize = 400;
/// Pictures until a screen that just appeared is laid out and drawn.
const SETTLING_PICTURES: usize = 4;

/// Where cameras draw to when there is no window.
#[derive(Resource, Clone)]
pub(crate) struct PictureTarget(pub(crate) RenderTarget);

/// Whether this update draws, and screenshots that somebody asked for.
#[derive(Resource, Default)]
pub(crate) struct Drawing {
    /// True in updates that draw a picture.
    pub(crate) is_on: bool,
    /// Files for the next picture: updates that do not draw have none.
    pub(crate) wanted: Vec<PathBuf>,
    /// Files that are still to be written.
    pub(crate) waiting: usize,
    /// Time since the step was due: where one is now is where one should have been then.
    pub(crate) behind: Duration,
    /// A script asked for the end.
    pub(crate) is_quitting: bool,
}

pub(super) fn run(mut client: SteppedClient, options: &Offscreen) -> Result<(), ClientError> {
    let outcome = drive(&mut client, options);
    crate::stats::write(client.app.world_mut())?;
    outcome
}

fn drive(client: &mut SteppedClient, options: &Offscreen) -> Result<(), ClientError> {
    let started = Instant::now();
    let (mut next_step, mut next_picture, mut pictures) = (started, started, 0u32);
    loop {
        let is_quitting = client.app.world().resource::<Drawing>().is_quitting;
        let now = Instant::now();
        next_step = next_step.max(now.checked_sub(MAX_BEHIND).unwrap_or(now));
        let behind = now.saturating_duration_since(next_step);
        let is_late = behind >= STEP;
        let wanted = std::mem::take(&mut client.app.world_mut().resource_mut::<Drawing>().wanted);
        let is_drawing = is_quitting
            || !wanted.is_empty()
            || now >= next_picture + if is_late { STARVED } else { Duration::ZERO };
        client.app.world_mut().resource_mut::<Drawing>().behind = behind;
        let is_ready = client.is_loaded();
        let is_enough = options.frames.is_some_and(|frames| pictures + 1 >= frames);
        let is_last = is_ready && is_drawing && (is_quitting || is_enough);
        for file in wanted
            .iter()
            .chain(options.screenshot.iter().filter(|_| is_last))
        {
            let target = client.target.clone();
            request_screenshot(client.app.world_mut(), &target, file.clone());
        }
        let took = match client.update(is_drawing) {
            Ok(took) => took,
            Err(error) => {
                draw_ending(client, options)?;
                return Err(error);
            }
        };
        if is_drawing {
            next_picture = now + PICTURE;
            if is_ready {
                pictures += 1;
                let mut figures = client.app.world_mut().resource_mut::<Figures>();
                figures.note_picture(took);
            }
        }
        if is_last || is_quitting || client.app.should_exit().is_some() {
            settle(client)?;
            if options.is_measuring_coverage && client.is_loaded() {
                super::coverage::measure(client)?;
            }
            return Ok(());
        }
        if !is_ready && started.elapsed() > LOADING_LIMIT {
            return Err(ClientError::Visit(format!(
                "the world was not there after {} seconds",
                LOADING_LIMIT.as_secs()
            )));
        }
        next_step += STEP;
        thread::sleep(next_step.saturating_duration_since(Instant::now()));
    }
}

/// The wished screenshot of a visit that failed shows why.
fn draw_ending(client: &mut SteppedClient, options: &Offscreen) -> Result<(), ClientError> {
    let Some(file) = &options.screenshot else {
        return Ok(());
    };
    for _ in 0..SETTLING_PICTURES {
        client.update(true)?;
    }
    let target = client.target.clone();
    request_screenshot(client.app.world_mut(), &target, file.clone());
    settle(client)
}

/// Goes on until screenshots have come back and are written.
fn settle(client: &mut SteppedClient) -> Result<(), ClientError> {
    for _ in 0..SETTLING_UPDATES {
        if client.app.world().resource::<Drawing>().waiting == 0 {
            return Ok(());
        }
        client.update(true)?;
    }
    Err(ClientError::Drawing(
        "the screenshot did not come back from the adapter".to_owned(),
    ))
}

/// Takes the next picture and writes it to a file.
fn request_screenshot(world: &mut World, target: &RenderTarget, file: PathBuf) {
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
