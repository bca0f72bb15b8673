//! Puts a loaded world into the engine: pictures on a worker thread first, then nodes.

use super::{Geometry, Pictures, Surfaces, lights, mesh};
use crate::{
    app::order::ClientSystems,
    link::{LoadedHere, VisitWorld},
    look::Preset,
};
use bevy::{
    camera::visibility::NoFrustumCulling,
    mesh::{
        morph::MeshMorphWeights,
        skinning::{SkinnedMesh, SkinnedMeshInverseBindposes},
    },
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use scene::{MeshIndex, NodeIndex, Scene, Topology};
use std::{collections::BTreeMap, sync::Arc};

/// Updates after the last spawn until everything has surely reached the adapter.
const SETTLING_UPDATES: u32 = 4;

/// Root of everything that the world file draws.
#[derive(Component)]
pub(crate) struct SceneryRoot;

/// The engine's entity of each node of the world.
#[derive(Resource, Default)]
pub(crate) struct NodeEntities(pub(crate) BTreeMap<NodeIndex, Entity>);

/// True when the world is whole on the screen.
#[derive(Resource, Default)]
pub(crate) struct IsSceneryComplete(pub(crate) bool);

/// What a worker thread makes of a scene.
struct Prepared {
    pictures: Pictures,
    meshes: BTreeMap<(MeshIndex, usize), Geometry>,
}

#[derive(Resource, Default)]
struct Preparing {
    task: Option<Task<Prepared>>,
    settling: u32,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<NodeEntities>()
        .init_resource::<IsSceneryComplete>()
        .init_resource::<Preparing>();
    app.add_systems(
        Update,
        (begin, finish)
            .chain()
            .in_set(ClientSystems::Receive)
            .after(crate::link::Received),
    );
}

fn begin(
    mut loaded: MessageReader<LoadedHere>,
    world: Option<Res<VisitWorld>>,
    preset: Res<Preset>,
    mut preparing: ResMut<Preparing>,
    mut complete: ResMut<IsSceneryComplete>,
) {
    let Some(world) = world.filter(|_| loaded.read().count() > 0) else {
        return;
    };
    complete.0 = false;
    let scene = Arc::clone(&world.scene);
    let preset = *preset;
    preparing.task =
        Some(AsyncComputeTaskPool::get().spawn(async move { prepare(&scene, preset) }));
}

fn prepare(scene: &Scene, preset: Preset) -> Prepared {
    let mut meshes = BTreeMap::new();
    for (index, described) in scene.meshes.iter().enumerate() {
        let index = MeshIndex(index as u32);
        let is_skinned = scene
            .nodes
            .iter()
            .any(|node| node.mesh == Some(index) && mesh::skin_of(scene, node).is_some());
        for (part, primitive) in described
            .primitives
            .iter()
            .enumerate()
            .filter(|(_, primitive)| !primitive.indices.is_empty())
        {
            meshes.insert((index, part), Geometry::of(scene, primitive, is_skinned));
        }
    }
    Prepared {
        pictures: Pictures::decode(scene, preset.texture_side(), preset.anisotropy()),
        meshes,
    }
}

/// The engine's stores of assets that scenery goes into.
#[derive(bevy::ecs::system::SystemParam)]
struct Stores<'w> {
    meshes: ResMut<'w, Assets<Mesh>>,
    images: ResMut<'w, Assets<Image>>,
    materials: ResMut<'w, Assets<StandardMaterial>>,
    bind_poses: ResMut<'w, Assets<SkinnedMeshInverseBindposes>>,
}

fn finish(
    mut commands: Commands,
    mut preparing: ResMut<Preparing>,
    world: Option<Res<VisitWorld>>,
    mut entities: ResMut<NodeEntities>,
    mut complete: ResMut<IsSceneryComplete>,
    mut stores: Stores,
    old_roots: Query<Entity, With<SceneryRoot>>,
) {
    if preparing.settling > 0 {
        preparing.settling -= 1;
        complete.0 = preparing.settling == 0;
    }
    let (Some(task), Some(world)) = (&mut preparing.task, world) else {
        return;
    };
    let Some(mut prepared) = block_on(poll_once(task)) else {
        return;
    };
    preparing.task = None;
    preparing.settling = SETTLING_UPDATES;
    for old in &old_roots {
        commands.entity(old).despawn();
    }
    entities.0.clear();
    let scene = &*world.scene;
    let root = spawn_nodes(&mut commands, scene, &mut entities.0);
    let mut surfaces = Surfaces::default();
    let mut handles: BTreeMap<(MeshIndex, usize), (Handle<Mesh>, bool)> = BTreeMap::new();
    for (place, geometry) in prepared.meshes {
        handles.insert(
            place,
            (stores.meshes.add(geometry.mesh), geometry.is_skinned),
        );
    }
    for (&node, &entity) in &entities.0 {
        draw_node(
            &mut commands,
            scene,
            node,
            entity,
            &entities.0,
            &handles,
            &mut surfaces,
            &mut prepared.pictures,
            &mut stores,
        );
    }
    if let Some(stage) = simulation::stage(scene) {
        super::floor::spawn(
            &mut commands,
            root,
            &stage,
            &mut stores.meshes,
            &mut stores.images,
            &mut stores.materials,
        );
    }
    if scene.bounds().is_none() {
        super::bodies::draw_colliders(
            &mut commands,
            scene,
            &entities.0,
            &mut stores.meshes,
            &mut stores.materials,
        );
    }
}

/// The tree of nodes, without what they draw; gives its root.
fn spawn_nodes(
    commands: &mut Commands,
    scene: &Scene,
    entities: &mut BTreeMap<NodeIndex, Entity>,
) -> Entity {
    let root = commands
        .spawn((SceneryRoot, Transform::default(), Visibility::default()))
        .id();
    for node in scene.visible_nodes() {
        let described = &scene.nodes[node.index()];
        let parent = described
            .parent
            .and_then(|parent| entities.get(&parent).copied())
            .unwrap_or(root);
        let entity = commands
            .spawn((
                Name::new(described.name.clone()),
                engine_transform(&described.transform),
                if described.is_hidden {
                    Visibility::Hidden
                } else {
                    Visibility::Inherited
                },
                ChildOf(parent),
            ))
            .id();
        entities.insert(node, entity);
        if let Some(light) = described.light {
            lights::insert(&mut commands.entity(entity), &scene.lights[light.index()]);
        }
    }
    root
}

fn draw_node(
    commands: &mut Commands,
    scene: &Scene,
    node: NodeIndex,
    entity: Entity,
    entities: &BTreeMap<NodeIndex, Entity>,
    handles: &BTreeMap<(MeshIndex, usize), (Handle<Mesh>, bool)>,
    surfaces: &mut Surfaces,
    pictures: &mut Pictures,
    stores: &mut Stores,
) {
    let described = &scene.nodes[node.index()];
    let Some(index) = described.mesh else { return };
    let described_mesh = &scene.meshes[index.index()];
    let skin = mesh::skin_of(scene, described)
        .and_then(|skin| skinned(scene, skin, entities, &mut stores.bind_poses));
    let weights = if described.weights.is_empty() {
        described_mesh.weights.clone()
    } else {
        described.weights.clone()
    };
    for (part, primitive) in described_mesh.primitives.iter().enumerate() {
        let Some((handle, is_skinned)) = handles.get(&(index, part)) else {
            continue;
        };
        let material = surfaces.handle(
            scene,
            primitive.material,
            pictures,
            &mut stores.images,
            &mut stores.materials,
        );
        let material = if primitive.topology == Topology::Triangles {
            material
        } else {
            unlit(&material, &mut stores.materials)
        };
        let places: Vec<Transform> = if described.instances.is_empty() {
            vec![Transform::IDENTITY]
        } else {
            described.instances.iter().map(engine_transform).collect()
        };
        for place in places {
            let mut drawn = commands.spawn((
                Mesh3d(handle.clone()),
                MeshMaterial3d(material.clone()),
                place,
                ChildOf(entity),
            ));
            if let (true, Some(skin)) = (*is_skinned, &skin) {
                // Bounds of the bind pose do not follow the joints.
                drawn.insert((skin.clone(), NoFrustumCulling));
            }
            if !primitive.targets.is_empty() {
                drawn.insert((
                    MeshMorphWeights::Value {
                        weights: weights.clone(),
                    },
                    NoFrustumCulling,
                ));
            }
        }
    }
}

/// Lines and points have no surface that light could fall on.
fn unlit(
    material: &Handle<StandardMaterial>,
    materials: &mut Assets<StandardMaterial>,
) -> Handle<StandardMaterial> {
    let mut plain = materials.get(material).cloned().unwrap_or_default();
    plain.unlit = true;
    materials.add(plain)
}

fn skinned(
    scene: &Scene,
    skin: usize,
    entities: &BTreeMap<NodeIndex, Entity>,
    bind_poses: &mut Assets<SkinnedMeshInverseBindposes>,
) -> Option<SkinnedMesh> {
    let described = &scene.skins[skin];
    let joints = described
        .joints
        .iter()
        .map(|joint| entities.get(joint).copied())
        .collect::<Option<Vec<_>>>()?;
    let inverse_bindposes = bind_poses.add(described.inverse_bind_matrices.clone());
    Some(SkinnedMesh {
        inverse_bindposes,
        joints,
    })
}

/// A transform of the description as one of the engine.
pub(crate) fn engine_transform(transform: &scene::Transform) -> Transform {
    Transform {
        translation: transform.translation,
        rotation: transform.rotation,
        scale: transform.scale,
    }
}
