//! What happened, in figures: written as JSON at the end, printed as a summary for the demo.

use crate::{
    ClientError,
    app::{
        Config, Ending,
        order::{ClientSystems, Stage},
    },
    link::{Link, Visit, VisitWorld},
};
use bevy::prelude::*;
use protocol::PersonId;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// Samples of a figure that are kept.
const MAX_SAMPLES: usize = 100_000;

/// Somebody seen during the visit.
#[derive(Default)]
struct Seen {
    name: String,
    last: Option<Vec3>,
    moved_metres: f32,
    age_ms: Vec<f32>,
}

/// Figures of this visit.
#[derive(Resource, Default)]
pub(crate) struct Figures {
    picture_ms: Vec<f32>,
    seen: BTreeMap<PersonId, Seen>,
    /// Share of the last picture that shows the world's own surfaces, where that was measured.
    pub(crate) covered_share: Option<f32>,
}

impl Figures {
    pub(crate) fn note_picture(&mut self, time: Duration) {
        if self.picture_ms.len() < MAX_SAMPLES {
            self.picture_ms.push(time.as_secs_f32() * 1_000.0);
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Figures>();
    app.add_systems(
        Update,
        watch
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

fn watch(link: Option<Res<Link>>, visit: Res<Visit>, mut figures: ResMut<Figures>) {
    let Some(link) = link else { return };
    let now = link.0.now_secs();
    let view = link.0.view();
    let age_ms = view.state_age_secs(now).map(|secs| (secs * 1_000.0) as f32);
    for person in visit.people.values() {
        let seen = figures.seen.entry(person.person).or_default();
        if seen.name.is_empty() {
            seen.name = person.name.as_str().to_owned();
        }
        let Some(pose) = view.pose(person.entity, now) else {
            continue;
        };
        if let Some(last) = seen.last.replace(pose.position) {
            seen.moved_metres += last.distance(pose.position);
        }
        if let Some(age) = age_ms.filter(|_| seen.age_ms.len() < MAX_SAMPLES) {
            seen.age_ms.push(age);
        }
    }
}

fn percentile(samples: &[f32], share: f32) -> f32 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted
        .get(((sorted.len() as f32 * share) as usize).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// Writes the statistics file and prints the summary, where they were asked for.
///
/// # Errors
/// [`ClientError::File`] when the file cannot be written.
pub(crate) fn write(world: &mut World) -> Result<(), ClientError> {
    let config = world.resource::<Config>().0.clone();
    let figures = world.resource::<Figures>();
    let visit = world.resource::<Visit>();
    let stats = world
        .get_resource::<Link>()
        .map(|link| link.0.stats())
        .unwrap_or_default();
    let entities = world
        .get_resource::<Link>()
        .map_or(0, |link| link.0.view().len());
    let ending = world.resource::<Ending>().0.as_ref();
    let errors: Vec<String> = ending
        .map(ToString::to_string)
        .into_iter()
        .chain(visit.fault.as_ref().map(|fault| fault.line.clone()))
        .collect();
    if let Some(file) = &config.stats {
        let people: Vec<_> = figures
            .seen
            .values()
            .map(|seen| json!({"name": seen.name, "distance_moved_m": seen.moved_metres, "state_age_ms_p95": percentile(&seen.age_ms, 0.95)}))
            .collect();
        let chat: Vec<_> = visit
            .chat
            .iter()
            .map(|line| json!({"from": line.from, "text": line.text}))
            .collect();
        let document = json!({
            "connected_secs": visit.inside_secs,
            "frames": figures.picture_ms.len(),
            "frame_ms": {"p50": percentile(&figures.picture_ms, 0.5), "p95": percentile(&figures.picture_ms, 0.95), "p99": percentile(&figures.picture_ms, 0.99)},
            "entities": entities,
            "bytes_in": stats.bytes_in,
            "bytes_out": stats.bytes_out,
            "people_seen": people,
            "chat": chat,
            "errors": errors,
            "covered_share": figures.covered_share,
        });
        std::fs::write(file, format!("{document:#}\n"))
            .map_err(|error| ClientError::File(format!("{}: {error}", file.display())))?;
    }
    if config.is_summarising {
        summarise(&config, figures, visit, world.get_resource::<VisitWorld>());
    }
    Ok(())
}

#[allow(
    clippy::print_stdout,
    reason = "the summary is what the program was asked to print"
)]
fn summarise(
    config: &crate::ClientConfig,
    figures: &Figures,
    visit: &Visit,
    world: Option<&VisitWorld>,
) {
    if let crate::Display::Offscreen(options) = &config.display
        && let Some(file) = options.screenshot.as_ref().filter(|file| file.exists())
    {
        println!("saved {}", file.display());
    }
    let title = world.map_or("nowhere", |world| world.manifest.title.as_str());
    let bodies = world.map_or(0, |world| world.bodies.len());
    let names: Vec<&str> = figures
        .seen
        .values()
        .map(|seen| seen.name.as_str())
        .collect();
    let mean = figures.picture_ms.iter().sum::<f32>() / figures.picture_ms.len().max(1) as f32;
    println!(
        "{title}: {} other people ({}), {bodies} objects that move",
        names.len(),
        names.join(", ")
    );
    println!(
        "{} pictures, {:.0} ms each ({:.1} frames per second), {:.1} s inside",
        figures.picture_ms.len(),
        mean,
        1_000.0 / mean.max(1e-3),
        visit.inside_secs
    );
}
