//! The report on the file that is looked at, made beside everything else, and once more when the file was saved.

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
use std::path::PathBuf;

/// What is known of the file.
#[derive(Resource, Default)]
pub(super) struct Check {
    /// The world in which it is seen: a file that is dropped once more is checked once more.
    of: Option<(PathBuf, protocol::WorldAddress)>,
    /// It was entered: entering it once more means that it was saved.
    was_entered: bool,
    task: Option<Task<Checked>>,
    pub(super) checked: Option<Checked>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Check>();
    app.add_systems(Update, check.in_set(ClientSystems::Receive));
}

fn check(
    mut said: MessageReader<Said>,
    studio: Res<Studio>,
    config: Res<Config>,
    mut check: ResMut<Check>,
) {
    let is_entered = said
        .read()
        .any(|Said(event)| matches!(event, SessionEvent::Entered { .. }));
    if let Some(shown) = studio.shown(&config.0) {
        let of = Some((shown.file.clone(), shown.address.clone()));
        let is_new = check.of != of;
        if is_new || is_entered && check.was_entered {
            let file = shown.file.clone();
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
