//! A thin rim of light around the thing that would be picked up: the same shape, a little larger, seen from inside. Nodes that
//! are not to answer to pointing (KHR_node_hoverability) have none.

use crate::{
    app::order::{ClientSystems, Stage},
    link::VisitWorld,
    motion::Reach,
    scenery::{IsHull, NodeEntities},
    ui::theme,
};
use bevy::{
    camera::primitives::Aabb,
    light::{NotShadowCaster, NotShadowReceiver},
    mesh::skinning::SkinnedMesh,
    prelude::*,
    render::render_resource::Face,
};
use protocol::EntityId;
use scene::NodeIndex;
use std::collections::HashSet;

/// Thickness of the rim in metres.
const RIM: f32 = 0.014;
/// Shapes of one thing that get a rim; one with more is a machine rather than a thing.
const MAX_SHAPES: usize = 16;

/// The shape that makes a rim.
#[derive(Component)]
struct Rim;

/// What has a rim now, and the material of rims.
#[derive(Resource, Default)]
struct Highlighted {
    body: Option<EntityId>,
    material: Option<Handle<StandardMaterial>>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Highlighted>();
    app.add_systems(
        Update,
        highlight
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside))
            .run_if(resource_changed::<Reach>),
    );
}

fn highlight(
    mut commands: Commands,
    reach: Res<Reach>,
    world: Option<Res<VisitWorld>>,
    nodes: Res<NodeEntities>,
    mut highlighted: ResMut<Highlighted>,
    mut materials: ResMut<Assets<StandardMaterial>>,
    rims: Query<Entity, With<Rim>>,
    children: Query<&Children>,
    shapes: Query<(&Mesh3d, &Aabb), (Without<SkinnedMesh>, Without<IsHull>)>,
) {
    if highlighted.body == reach.body {
        return;
    }
    highlighted.body = reach.body;
    for rim in &rims {
        commands.entity(rim).despawn();
    }
    let Some(lit) = reach.body.and_then(|body| {
        let world = world?;
        let node = world.node_of_body.get(&body).copied()?;
        let root = nodes.0.get(&node).copied()?;
        let scene = &world.scene;
        if !scene.is_hoverable(node) {
            return None;
        }
        let is_dark = |(node, _): &(&NodeIndex, &Entity)| scene.nodes[node.index()].is_unhoverable;
        let dark = nodes.0.iter().filter(is_dark).map(|(_, entity)| *entity);
        Some(lit(root, &children, &dark.collect()))
    }) else {
        return;
    };
    let material = highlighted
        .material
        .get_or_insert_with(|| materials.add(light()))
        .clone();
    let drawn = lit
        .into_iter()
        .filter_map(|entity| Some((entity, shapes.get(entity).ok()?)));
    for (entity, (mesh, bounds)) in drawn.take(MAX_SHAPES) {
        let rim = commands
            .spawn((
                Rim,
                mesh.clone(),
                MeshMaterial3d(material.clone()),
                larger(bounds),
                NotShadowCaster,
                NotShadowReceiver,
            ))
            .id();
        commands.entity(entity).add_child(rim);
    }
}

/// A node and everything below it, without what is dark and what is below that.
fn lit(root: Entity, children: &Query<&Children>, dark: &HashSet<Entity>) -> Vec<Entity> {
    let mut lit = Vec::new();
    let mut open = vec![root];
    while let Some(entity) = open.pop() {
        if !dark.contains(&entity) {
            lit.push(entity);
            open.extend(children.get(entity).into_iter().flatten());
        }
    }
    lit
}

fn light() -> StandardMaterial {
    StandardMaterial {
        base_color: theme::ACCENT,
        unlit: true,
        fog_enabled: false,
        cull_mode: Some(Face::Front),
        ..default()
    }
}

/// Grows a shape about its middle by [`RIM`] on each side.
fn larger(bounds: &Aabb) -> Transform {
    let half = Vec3::from(bounds.half_extents).max(Vec3::splat(1e-3));
    let scale = (half + RIM) / half;
    let center = Vec3::from(bounds.center);
    Transform {
        translation: center - center * scale,
        scale,
        ..default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::ecs::system::RunSystemOnce;

    #[test]
    fn what_is_not_to_answer_to_pointing_has_no_rim_and_neither_has_what_is_below() {
        let mut world = World::new();
        let [root, handle, screw, blade] = [0; 4].map(|_| world.spawn_empty().id());
        world.entity_mut(root).add_children(&[handle, blade]);
        world.entity_mut(handle).add_child(screw);
        let mut seen = |dark: &[Entity]| {
            let dark = dark.iter().copied().collect();
            let look = move |children: Query<&Children>| lit(root, &children, &dark);
            let lit = world.run_system_once(look).unwrap();
            lit.into_iter().collect::<HashSet<_>>()
        };
        assert_eq!(seen(&[]), HashSet::from([root, handle, screw, blade]));
        assert_eq!(seen(&[handle]), HashSet::from([root, blade]));
        assert_eq!(seen(&[root]), HashSet::new());
    }

    #[test]
    fn a_rim_is_equally_thick_on_all_sides() {
        let (low, high) = (Vec3::new(1.0, 0.0, -2.0), Vec3::new(1.5, 2.0, 4.0));
        let grown = larger(&Aabb::from_min_max(low, high));
        assert!(grown.transform_point(low).distance(low - RIM) < 1e-5);
        assert!(grown.transform_point(high).distance(high + RIM) < 1e-5);
    }
}
