//! Animations of the world file: looping in world time, so that a lift is where the physics has it. What people can stand on
//! is shown at the tick of one's own motion; everything else a little later, with everybody else.

use super::{NodeEntities, spawn::engine_transform};
use crate::{
    app::order::ClientSystems,
    link::{Link, LoadedHere, VisitWorld},
};
use bevy::{mesh::morph::MeshMorphWeights, prelude::*};
use scene::{Animation, NodeIndex, Sample, Scene};
use simulation::Simulation;
use std::collections::BTreeSet;

/// Which animations play, chosen when a world comes.
#[derive(Resource, Default)]
pub(super) struct Playing(Option<Vec<usize>>);

impl Playing {
    /// Numbers of the animations that play in a world.
    pub(super) fn of(&mut self, scene: &Scene) -> &[usize] {
        self.0.get_or_insert_with(|| scene.ambient_animations())
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Playing>()
        .init_resource::<Carrying>()
        .add_systems(Update, animate.in_set(ClientSystems::Pose))
        .add_systems(
            Update,
            forget
                .in_set(ClientSystems::Receive)
                .after(crate::link::Received),
        );
}

/// Nodes that move what people can stand on.
#[derive(Resource, Default)]
pub(super) struct Carrying(Option<BTreeSet<NodeIndex>>);

impl Carrying {
    fn of(&mut self, simulation: &Simulation) -> &BTreeSet<NodeIndex> {
        self.0.get_or_insert_with(|| {
            let nodes = &simulation.scene().nodes;
            let mut carrying = BTreeSet::new();
            for body in simulation.bodies().iter().filter(|body| body.is_animated) {
                let mut next = Some(body.node);
                while let Some(node) = next.filter(|node| carrying.insert(*node)) {
                    next = nodes[node.index()].parent;
                }
            }
            carrying
        })
    }
}

/// Another world has other animations.
fn forget(
    mut loaded: MessageReader<LoadedHere>,
    mut playing: ResMut<Playing>,
    mut carrying: ResMut<Carrying>,
) {
    if loaded.read().count() > 0 {
        playing.0 = None;
        carrying.0 = None;
    }
}

/// The tick at which other people and loose things are shown, and what only is looked at.
pub(super) fn shown_tick(link: &Link) -> f64 {
    link.0.view().playout_tick(link.0.now_secs()).unwrap_or(0.0)
}

/// The tick of one's own picture, later than that: what one stands on must not be shown behind one's feet.
fn own_tick(simulation: &Simulation, fixed: &Time<Fixed>) -> f64 {
    (simulation.tick() as f64 - 1.0 + fixed.overstep_fraction_f64()).max(0.0)
}

/// Where an animation is at a tick: it loops in world time.
pub(super) fn secs_of(animation: &Animation, tick: f64) -> f32 {
    (tick / f64::from(protocol::TICKS_PER_SECOND))
        .rem_euclid(f64::from(animation.duration_secs.max(1e-3))) as f32
}

pub(super) fn animate(
    world: Option<Res<VisitWorld>>,
    link: Option<Res<Link>>,
    fixed: Res<Time<Fixed>>,
    entities: Res<NodeEntities>,
    (mut playing, mut carrying): (ResMut<Playing>, ResMut<Carrying>),
    mut transforms: Query<&mut Transform>,
    children: Query<&Children>,
    mut morphs: Query<&mut MeshMorphWeights>,
) {
    let (Some(world), Some(link)) = (world, link) else {
        return;
    };
    let scene = &world.scene;
    let carrying = carrying.of(&world.simulation);
    let (shown, own) = (shown_tick(&link), own_tick(&world.simulation, &fixed));
    for &index in playing.of(scene) {
        let animation = &scene.animations[index];
        for channel in &animation.channels {
            let is_carrying = carrying.contains(&channel.node);
            let secs = secs_of(animation, if is_carrying { own } else { shown });
            let Some(&entity) = entities.0.get(&channel.node) else {
                continue;
            };
            let sample = channel.sample(secs);
            if matches!(sample, Sample::Weights(_) | Sample::Weight(..)) {
                for &child in children.get(entity).into_iter().flatten() {
                    if let Ok(mut morph) = morphs.get_mut(child) {
                        weigh(&sample, &mut morph);
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
                Sample::Weights(_) | Sample::Weight(..) => {}
            }
            *transform = engine_transform(&local);
        }
    }
}

/// Sets the weights that a sample holds.
fn weigh(sample: &Sample, morph: &mut MeshMorphWeights) {
    let MeshMorphWeights::Value { weights } = morph else {
        return;
    };
    match sample {
        Sample::Weights(all) => {
            let pairs = weights.iter_mut().zip(all);
            pairs.for_each(|(weight, one)| *weight = *one);
        }
        Sample::Weight(target, one) => {
            if let Some(weight) = weights.get_mut(*target) {
                *weight = *one;
            }
        }
        Sample::Translation(_) | Sample::Rotation(_) | Sample::Scale(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use scene::{Channel, Interpolation, Node, Shape, Track};
    use simulation::{Role, WorldRules};
    use std::sync::Arc;

    /// Two nodes that rise by a metre a second for ten seconds; one can stand on the second.
    fn rising() -> Scene {
        let mut scene = Scene::default();
        scene.physics.is_described = true;
        scene.physics.shapes.push(Shape::Box(Vec3::ONE));
        scene.roots = vec![NodeIndex(0), NodeIndex(1)];
        scene.nodes = vec![Node::default(); 2];
        scene.nodes[1].physics.collider = Some(scene::ColliderPart {
            geometry: scene::Geometry::Shape(0),
            material: None,
            filter: None,
        });
        let channels = scene.roots.iter().map(|&node| Channel {
            node,
            times: vec![0.0, 10.0],
            interpolation: Interpolation::Linear,
            track: Track::Translation(vec![Vec3::ZERO, Vec3::Y * 10.0]),
        });
        scene.animations.push(Animation {
            channels: channels.collect(),
            duration_secs: 10.0,
            ..Animation::default()
        });
        scene
    }

    #[test]
    fn what_one_stands_on_is_drawn_at_the_tick_of_ones_own_motion() {
        let rules = WorldRules { gravity: 9.81 };
        let mut simulation = Simulation::new(Arc::new(rising()), rules, Role::Follower);
        simulation.set_tick(121);
        let mut app = App::new();
        app.init_resource::<Playing>()
            .init_resource::<Carrying>()
            .init_resource::<Time<Fixed>>()
            .insert_resource(testing::link())
            .insert_resource(testing::visit_world(simulation))
            .add_systems(Update, animate);
        let nodes = [0, 1].map(|node| {
            (
                NodeIndex(node),
                app.world_mut().spawn(Transform::IDENTITY).id(),
            )
        });
        app.insert_resource(NodeEntities(nodes.into()));
        app.update();
        let height = |(_, entity)| app.world().get::<Transform>(entity).unwrap().translation.y;
        let [decoration, lift] = nodes.map(height);
        assert!((lift - 2.0).abs() < 1e-3, "{lift}");
        assert!(decoration.abs() < 1e-3, "{decoration}");
    }
    #[test]
    fn one_weight_changes_and_the_others_stay() {
        let weights = vec![0.1, 0.2, 0.3];
        let mut morph = MeshMorphWeights::Value { weights };
        weigh(&Sample::Weight(1, 0.9), &mut morph);
        weigh(&Sample::Weight(7, 0.9), &mut morph);
        let MeshMorphWeights::Value { weights } = &morph else {
            panic!("weights became something else");
        };
        assert_eq!(*weights, [0.1, 0.9, 0.3]);
        weigh(&Sample::Weights(vec![1.0, 0.0, 1.0]), &mut morph);
        assert!(matches!(morph, MeshMorphWeights::Value { weights } if weights == [1.0, 0.0, 1.0]));
    }
}
