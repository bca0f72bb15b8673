//! The physics engine as a Bevy plugin without pictures, stepped by a schedule of its own.

use crate::{rules::TICK_SECS, surface::ContactRules, yielding};
use bevy::{
    ecs::schedule::{ScheduleLabel, SingleThreadedExecutor},
    prelude::{App, Time, TransformPlugin, World},
    tasks::{ComputeTaskPool, TaskPoolBuilder},
};
use bevy_rapier3d::prelude::{RapierPhysicsPlugin, TimestepMode};

/// Schedule in which one tick happens. The engine's own sets order what is in it: what the components say goes into
/// the engine, the engine steps, poses come back.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tick;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Time>()
        .insert_resource(TimestepMode::Fixed {
            dt: TICK_SECS,
            substeps: 1,
        })
        .add_plugins(TransformPlugin)
        .init_schedule(Tick)
        // One tick is a fraction of a millisecond of bookkeeping: handing it to other threads costs more than it saves.
        .edit_schedule(Tick, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::new());
        })
        .add_plugins(RapierPhysicsPlugin::<ContactRules>::default().in_schedule(Tick))
        .add_plugins(yielding::plugin);
}

/// Keeps ticks on the thread that asks for them. For programs that do nothing else with Bevy, before their first world:
/// a tick's part for another thread is smaller than waking it.
pub fn keep_ticks_on_one_thread() {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(1).build());
}

/// A Bevy world with the engine in it, ready for its first tick.
pub(crate) fn world() -> World {
    let mut app = App::new();
    app.add_plugins(plugin);
    app.finish();
    app.cleanup();
    let mut world = std::mem::take(app.world_mut());
    // bevy_rapier3d makes its context in a startup schedule, which this world has to run by itself.
    world.run_schedule(bevy::prelude::PreStartup);
    world
}
