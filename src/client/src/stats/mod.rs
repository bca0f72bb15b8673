//! What happened, in figures: written as JSON at the end, printed as a summary for the demo.

mod server;

pub(crate) use server::ServerSays;

use crate::{
    ClientError, Display,
    app::{
        Config, Ending,
        order::{ClientSystems, Stage},
    },
    link::{Link, Visit, VisitWorld},
    scenery::IsSceneryComplete,
};
use bevy::prelude::*;
use protocol::PersonId;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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
    pictures: u64,
    /// Without a window the time that a picture took, with one the time from picture to picture.
    picture_ms: Vec<f32>,
    seen: BTreeMap<PersonId, Seen>,
    /// Share of the last picture that shows the world's own surfaces, where that was measured.
    pub(crate) covered_share: Option<f32>,
}

impl Figures {
    pub(crate) fn note_picture(&mut self, time: Duration) {
        self.pictures += 1;
        if self.picture_ms.len() < MAX_SAMPLES {
            self.picture_ms.push(time.as_secs_f32() * 1_000.0);
        }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Figures>();
    app.add_plugins(server::plugin);
    app.add_systems(
        Update,
        watch
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
    if app.world().resource::<Config>().0.display == Display::Window {
        app.add_systems(
            Update,
            time_pictures
                .in_set(ClientSystems::Show)
                .run_if(in_state(Stage::Inside).and_then(|whole: Res<IsSceneryComplete>| whole.0)),
        );
    }
}

fn time_pictures(time: Res<Time<Real>>, mut figures: ResMut<Figures>) {
    figures.note_picture(time.delta());
}

/// What went wrong with an application that the engine runs and keeps.
#[derive(Clone, Default)]
pub(crate) struct Outcome(Arc<Mutex<Option<ClientError>>>);

impl Outcome {
    /// Takes it, once the application has ended.
    pub(crate) fn take(&self) -> Result<(), ClientError> {
        let fault = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        fault.map_or(Ok(()), Err)
    }
}

/// Has the figures written in the last frame: an application with a window does not come back from its run.
pub(crate) fn write_at_exit(app: &mut App) -> Outcome {
    let outcome = Outcome::default();
    let noted = outcome.clone();
    app.add_systems(Last, move |world: &mut World| {
        if world.resource::<Messages<AppExit>>().is_empty() {
            return;
        }
        if let Err(fault) = write(world) {
            *noted.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        }
    });
    outcome
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
    let (entities, costs) = world
        .get_resource::<Link>()
        .map(|link| link.0.view())
        .map(|view| (view.len(), view.costs()))
        .unwrap_or_default();
    let told = world.resource::<ServerSays>().told;
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
            "frames": figures.pictures,
            "frame_ms": {"p50": percentile(&figures.picture_ms, 0.5), "p95": percentile(&figures.picture_ms, 0.95), "p99": percentile(&figures.picture_ms, 0.99)},
            "entities": entities,
            "bytes_in": stats.bytes_in,
            "bytes_out": stats.bytes_out,
            "state_bytes": {
                "avatar_positions": costs.avatar_positions / 8.0,
                "avatar_headings": costs.avatar_headings / 8.0,
                "body_positions": costs.body_positions / 8.0,
                "body_rotations": costs.body_rotations / 8.0,
                "velocities": costs.velocities / 8.0,
                "bookkeeping": costs.bookkeeping / 8.0,
            },
            "told": {
                "sends": told.sends,
                "records": told.records,
                "withheld": told.withheld,
                "oldest_withheld_sends": told.oldest_withheld_sends,
            },
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
    if let Display::Offscreen(options) = &config.display
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
    println!("{title}: {}, {bodies} objects that move", others(&names));
    println!(
        "{} pictures, {:.0} ms each ({:.1} frames per second), {:.1} s inside",
        figures.pictures,
        mean,
        1_000.0 / mean.max(1e-3),
        visit.inside_secs
    );
}

/// How many others there were, and who.
fn others(names: &[&str]) -> String {
    match names {
        [] => "nobody else".to_owned(),
        [name] => format!("1 other person ({name})"),
        _ => format!("{} other people ({})", names.len(), names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use bevy::state::app::StatesPlugin;

    #[test]
    fn an_empty_world_is_told_without_empty_brackets() {
        assert_eq!(others(&[]), "nobody else");
        assert_eq!(others(&["Ada"]), "1 other person (Ada)");
        assert_eq!(others(&["Ada", "Bo"]), "2 other people (Ada, Bo)");
    }

    /// An application with a window that ends, and what its figures say.
    fn ended(file: &std::path::Path) -> Result<serde_json::Value, ClientError> {
        let mut config = testing::config();
        config.stats = Some(file.to_owned());
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .insert_resource(Config(config))
            .insert_resource(IsSceneryComplete(true))
            .init_resource::<Ending>()
            .init_resource::<Visit>()
            .add_message::<crate::link::Said>()
            .add_plugins(plugin);
        let outcome = write_at_exit(&mut app);
        app.update();
        assert!(!file.exists(), "it has not ended");
        app.world_mut().write_message(AppExit::Success);
        app.update();
        outcome.take()?;
        let text = std::fs::read_to_string(file).unwrap();
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_visit_at_a_window_leaves_its_figures_too() {
        let folder = tempfile::tempdir().unwrap();
        let figures = ended(&folder.path().join("stats.json")).unwrap();
        assert_eq!(figures["frames"], 2);
        assert!(ended(&folder.path().join("nowhere/stats.json")).is_err());
    }
}
