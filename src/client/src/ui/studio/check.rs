//! The report on the file that is looked at, made beside everything else, and once more when the file was saved. What was saved
//! and is broken is not seen: only the report tells of it.

use super::{Studio, report::Checked};
use crate::{
    app::{Config, order::ClientSystems},
    link::Said,
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use session::SessionEvent;
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Seconds between two looks at the file.
const LOOK_SECS: f64 = 0.5;

/// What is known of the file.
#[derive(Resource, Default)]
pub(super) struct Check {
    /// The world in which it is seen: a file that is dropped once more is checked once more.
    of: Option<(PathBuf, protocol::WorldAddress)>,
    /// It was entered: entering it once more means that it was saved, or a file that it names.
    was_entered: bool,
    /// Size and time of the file when it was checked, and when that was looked at last.
    saved: Option<(u64, SystemTime)>,
    looked_secs: f64,
    task: Option<Task<Checked>>,
    pub(super) checked: Option<Checked>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Check>();
    app.add_systems(Update, check.in_set(ClientSystems::Receive));
}

/// Size and time of a file, or of that of a folder.
fn look(file: &Path) -> Option<(u64, SystemTime)> {
    let main = scene::main_file(file).ok()?;
    let state = std::fs::metadata(main).ok()?;
    Some((state.len(), state.modified().ok()?))
}

fn check(
    mut said: MessageReader<Said>,
    time: Res<Time<Real>>,
    studio: Res<Studio>,
    config: Res<Config>,
    mut check: ResMut<Check>,
) {
    let is_entered = said
        .read()
        .any(|Said(event)| matches!(event, SessionEvent::Entered { .. }));
    if let Some(shown) = studio.shown(&config.0) {
        let file = shown.opened.world();
        let of = Some((file.clone(), shown.address.clone()));
        let is_new = check.of != of;
        let now = time.elapsed_secs_f64();
        let mut saved = check.saved;
        if is_new || now - check.looked_secs > LOOK_SECS {
            check.bypass_change_detection().looked_secs = now;
            saved = look(&file);
        }
        if is_new || is_entered && check.was_entered || saved != check.saved {
            check.saved = saved;
            check.task = Some(AsyncComputeTaskPool::get().spawn(async move { Checked::of(&file) }));
        }
        if is_new {
            check.of = of;
            check.checked = None;
            check.was_entered = false;
        }
        if is_entered {
            check.was_entered = true;
        }
    }
    let done = check
        .bypass_change_detection()
        .task
        .as_mut()
        .and_then(|task| block_on(poll_once(task)));
    if done.is_some() {
        check.task = None;
        check.checked = done;
    }
}
