//! Animations of the world file: looping in world time, so that a lift is where the physics has it.

use super::{NodeEntities, spawn::engine_transform};
use crate::{
    app::order::ClientSystems,
    link::{Link, LoadedHere, VisitWorld},
};
use bevy::{mesh::morph::MeshMorphWeights, prelude::*};
use scene::{Animation, Sample, Scene};
use simulation::ambient_animations;

/// Which animations play, chosen when a world comes.
#[derive(Resource, Default)]
pub(super) struct Playing(Option<Vec<usize>>);

impl Playing {
    /// Numbers of the animations that play in a world.
    pub(super) fn of(&mut self, scene: &Scene) -> &[usize] {
        self.0.get_or_insert_with(|| ambient_animations(scene))
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Playing>()
        .add_systems(Update, animate.in_set(ClientSystems::Pose))
        .add_systems(Update, forget.in_set(ClientSystems::Receive));
}

/// Another world has other animations.
fn forget(mut loaded: MessageReader<LoadedHere>, mut playing: ResMut<Playing>) {
    if loaded.read().count() > 0 {
        playing.0 = None;
    }
}

/// Where an animation is now: it loops in world time.
pub(super) fn secs_of(animation: &Animation, link: &Link) -> f32 {
    let tick = link.0.view().playout_tick(link.0.now_secs()).unwrap_or(0.0);
    (tick / f64::from(protocol::TICKS_PER_SECOND))
        .rem_euclid(f64::from(animation.duration_secs.max(1e-3))) as f32
}

pub(super) fn animate(
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
    entities: Res<NodeEntities>,
    mut playing: ResMut<Playing>,
    mut transforms: Query<&mut Transform>,
    children: Query<&Children>,
    mut morphs: Query<&mut MeshMorphWeights>,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    let scene = &world.scene;
    for &index in playing.of(scene) {
        let animation = &scene.animations[index];
        let secs = secs_of(animation, &link);
        for channel in &animation.channels {
            let Some(&entity) = entities.0.get(&channel.node) else {
                continue;
            };
            let sample = channel.sample(secs);
            if let Sample::Weights(new) = sample {
                for &child in children.get(entity).into_iter().flatten() {
                    if let Ok(mut weights) = morphs.get_mut(child) {
                        *weights = MeshMorphWeights::Value {
                            weights: new.clone(),
                        };
                    }
                }
                continue;
            }
            let Ok(mut transform) = transforms.get_mut(entity) else {
                continue;
            };
            let mut local = scene::Transform {
                translation: transform.translation,
                rotation: transform.rotation,
                scale: transform.scale,
            };
            match sample {
                Sample::Translation(value) => local.translation = value,
                Sample::Rotation(value) => local.rotation = value,
                Sample::Scale(value) => local.scale = value,
                Sample::Weights(_) => {}
            }
            *transform = engine_transform(&local);
        }
    }
}
