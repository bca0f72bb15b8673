//! A question about the file on show: it is read first, then asked, and gone with the world in which it was asked.

use crate::app::order::{ClientSystems, Stage};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};

/// How far a question is; `T` is what was read of the file.
#[derive(Resource, Default)]
pub(super) enum Asking<T: Send + Sync + 'static> {
    #[default]
    Idle,
    Reading(Task<Result<T, String>>),
    /// With what the file is, or why it is unfit.
    Asked(Result<T, String>),
}

impl<T: Send + Sync + 'static> Asking<T> {
    /// Reads on another thread.
    pub(super) fn after(read: impl FnOnce() -> Result<T, String> + Send + 'static) -> Self {
        Self::Reading(AsyncComputeTaskPool::get().spawn(async move { read() }))
    }
}

/// For questions of one kind.
pub(super) fn plugin<T: Send + Sync + 'static>(app: &mut App) {
    app.init_resource::<Asking<T>>()
        .add_systems(
            Update,
            finish::<T>
                .in_set(ClientSystems::Receive)
                .run_if(in_state(Stage::Inside)),
        )
        .add_systems(OnExit(Stage::Inside), give_way::<T>);
}

fn finish<T: Send + Sync + 'static>(mut asking: ResMut<Asking<T>>) {
    let Asking::Reading(task) = asking.bypass_change_detection() else {
        return;
    };
    if let Some(result) = block_on(poll_once(task)) {
        *asking = Asking::Asked(result);
    }
}

fn give_way<T: Send + Sync + 'static>(mut asking: ResMut<Asking<T>>) {
    *asking = Asking::Idle;
}
