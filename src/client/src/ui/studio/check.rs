//! The report on the file that is looked at, made beside everything else.

use super::{Studio, report::Checked};
use crate::app::{Config, order::ClientSystems};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use std::path::PathBuf;

/// What is known of the file.
#[derive(Resource, Default)]
pub(super) struct Check {
    /// The world in which it is seen: a file that is dropped once more is checked once more.
    of: Option<(PathBuf, protocol::WorldAddress)>,
    task: Option<Task<Checked>>,
    pub(super) checked: Option<Checked>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Check>();
    app.add_systems(Update, check.in_set(ClientSystems::Receive));
}

fn check(studio: Res<Studio>, config: Res<Config>, mut check: ResMut<Check>) {
    if let Some(shown) = studio.shown(&config.0)
        && check
            .of
            .as_ref()
            .is_none_or(|(file, address)| *file != shown.file || *address != shown.address)
    {
        let file = shown.file.clone();
        let task = AsyncComputeTaskPool::get().spawn(async move { Checked::of(&file) });
        *check = Check {
            of: Some((shown.file.clone(), shown.address.clone())),
            task: Some(task),
            checked: None,
        };
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
