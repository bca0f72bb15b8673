//! `loading`: how long a file takes until the last mesh and picture of it is in the adapter's memory, in the client against
//! the engine's own glTF loader. Both run in this process, one load after the other, in pairs whose order alternates; what is
//! claimed are ratios within a pair.
//!
//! **The interval** begins when a side is asked for a file of which all bytes are in the system's cache, and ends when every
//! mesh and image that the side holds is prepared for drawing and the adapter has taken all that was written to it. Both sides
//! are updated at most every [`STEP`], draw nothing, and build no pipelines.
//!
//! - **Ours:** what the client does with a world that a session has brought: limits and checks of `scene`, pictures decoded in a
//!   process of their own, meshes, mipmaps down to one pixel, materials, entities. Local physics are built at the same time; what goes
//!   to the adapter does not wait for them, and neither does the interval. Pictures keep the size that the file has. Sky, sound and people
//!   begin at the same moment in a visit, and are left out here.
//! - **Theirs:** `AssetServer` and `bevy_gltf` with default settings: no checks beyond the loader's own, pictures decoded in this
//!   process, no mipmaps, no physics, and no entities, since nothing is spawned.
//!
//! **Canonical** files are what `stoa-import convert` makes of the originals. They require extensions for compression that the
//! engine's loader does not read, so that it loads the original there too: what is compared is what a world's host would
//! have either program load.

mod files;
mod sides;

use crate::report::{self, Metric};
use anyhow::{Context, Result, anyhow};
use files::{Names, Subject};
use sides::{Ours, Side, Theirs};
use std::{path::PathBuf, time::Duration};

/// Shortest time between the beginnings of two updates of a side.
const STEP: Duration = Duration::from_millis(8);
/// Ratios that are allowed, over all files.
const ORIGINAL_PASS: f64 = 1.2;
const CANONICAL_PASS: f64 = 0.8;

/// What is loaded.
pub(crate) struct Loading {
    /// Folder of the world; its only GLB is loaded.
    pub(crate) world: PathBuf,
    /// Folder in and below which the other files are; without it the world is all there is.
    pub(crate) models: Option<PathBuf>,
    /// Pairs of loads of each file that count.
    pub(crate) pairs: u32,
    /// Decides which side begins.
    pub(crate) seed: u64,
}

pub(crate) fn run(loading: &Loading) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let found = files::find(&loading.world, loading.models.as_deref(), folder.path())?;
    let mut sides = (Ours::start()?, Theirs::start()?);
    let (mut originals, mut canonicals) = (Vec::new(), Vec::new());
    for subject in &found.subjects {
        let Names {
            original,
            canonical,
        } = subject.names;
        originals.push(measure(loading, original, &mut sides, subject, false)?);
        canonicals.push(measure(loading, canonical, &mut sides, subject, true)?);
    }
    for (metric, ratios, pass) in [
        ("original", &mut originals, ORIGINAL_PASS),
        ("canonical", &mut canonicals, CANONICAL_PASS),
    ] {
        let metric = ratio(metric, median(ratios)?);
        if found.absent.is_empty() {
            metric.print_pass(pass);
        } else {
            metric.print();
        }
    }
    if !found.absent.is_empty() {
        report::complain(&anyhow!(
            "not loaded, and so nothing is claimed of all files: {}; give the folder with these models as --models",
            found.absent.join(", ")
        ));
    }
    Ok(())
}

/// The median of the ratios of a file.
fn measure(
    loading: &Loading,
    metric: &'static str,
    (ours, theirs): &mut (Ours, Theirs),
    subject: &Subject,
    is_canonical: bool,
) -> Result<f64> {
    let mine = if is_canonical {
        &subject.canonical
    } else {
        &subject.original
    };
    let mut ratios = Vec::new();
    // The first pair warms both sides up.
    for pair in 0..=loading.pairs {
        subject.read_all()?;
        let is_ours_first = (loading.seed + u64::from(pair)).is_multiple_of(2);
        let (my_time, their_time) = if is_ours_first {
            let my_time = ours.load(mine)?;
            (my_time, theirs.load(&subject.original)?)
        } else {
            let their_time = theirs.load(&subject.original)?;
            (ours.load(mine)?, their_time)
        };
        if pair > 0 {
            ratios.push(my_time.as_secs_f64() / their_time.as_secs_f64());
        }
    }
    let median = median(&mut ratios)?;
    ratio(metric, median).print();
    Ok(median)
}

fn ratio(metric: &'static str, value: f64) -> Metric {
    Metric {
        bench: "loading",
        metric,
        value,
        unit: "of the engine's time",
        baseline: None,
    }
}

fn median(values: &mut [f64]) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2);
    middle.copied().context("nothing was loaded")
}
