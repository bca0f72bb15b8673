//! A body: the nodes of a look in the engine, posed by blended clips in the order that VRM gives: pose, look, expressions.

use super::{
    Dressed, Figure, Head,
    clips::{Clips, rest_in_world},
    is_own_hidden,
    load::{Look, Looks},
    pose::{CLIPS, Gait, WAVE},
};
use crate::{app::Config, camera::ViewMode, link::Link, look::Preset, scenery::skin_of};
use bevy::{
    camera::visibility::NoFrustumCulling,
    mesh::{morph::MeshMorphWeights, skinning::SkinnedMesh},
    prelude::*,
};
use scene::NodeIndex;
use std::{collections::BTreeMap, sync::Arc};

/// Bones that a wave moves; the rest of the body goes on with what it does.
const WAVING_BONES: [&str; 8] = [
    "rightShoulder",
    "rightUpperArm",
    "rightLowerArm",
    "rightHand",
    "head",
    "neck",
    "rightThumbProximal",
    "rightIndexProximal",
];

/// A posed bone.
struct Bone {
    name: String,
    entity: Entity,
    rest: Transform,
    parent_in_world: Quat,
}

/// What a figure wears.
pub(super) struct Body {
    pub(super) look: Arc<Look>,
    bones: Vec<Bone>,
    hips_height: f32,
    /// Drawn entities with morph targets, by node.
    pub(super) faces: Vec<(NodeIndex, Entity)>,
    root: Entity,
}

/// Puts a body on figures whose look has come.
pub(super) fn dress(
    mut commands: Commands,
    mut looks: ResMut<Looks>,
    config: Res<Config>,
    preset: Res<Preset>,
    link: Option<Res<Link>>,
    figures: Query<(Entity, &Figure), Without<Dressed>>,
) {
    let Some(link) = link else { return };
    for (entity, figure) in &figures {
        if let Some(look) = looks.get(&figure.look, &config, *preset, &link) {
            let body = build(&mut commands, entity, look);
            let head = body.bones.iter().find(|bone| bone.name == "head");
            let head = Head(head.map_or(body.root, |bone| bone.entity));
            commands.entity(entity).insert((Dressed(body), head));
        }
    }
}

fn build(commands: &mut Commands, figure: Entity, look: Arc<Look>) -> Body {
    let avatar = Arc::clone(&look.avatar);
    let scene = &avatar.scene;
    let root = commands
        .spawn((Transform::default(), Visibility::Inherited, ChildOf(figure)))
        .id();
    let mut entities: BTreeMap<NodeIndex, Entity> = BTreeMap::new();
    for node in scene.visible_nodes() {
        let described = &scene.nodes[node.index()];
        let parent = described
            .parent
            .and_then(|parent| entities.get(&parent).copied())
            .unwrap_or(root);
        let transform = crate::scenery::engine_transform(&described.transform);
        entities.insert(
            node,
            commands
                .spawn((transform, Visibility::Inherited, ChildOf(parent)))
                .id(),
        );
    }
    let faces = draw(commands, &look, &entities, root);
    let bones = avatar
        .bones
        .iter()
        .filter_map(|(name, &node)| {
            let described = &scene.nodes[node.index()];
            let rest = crate::scenery::engine_transform(&described.transform);
            Some(Bone {
                name: name.clone(),
                entity: *entities.get(&node)?,
                rest,
                parent_in_world: rest_in_world(scene, described.parent),
            })
        })
        .collect();
    let hips_height = avatar
        .bones
        .get("hips")
        .map_or(1.0, |&hips| scene.world_from_node(hips).translation.y);
    Body {
        bones,
        hips_height,
        faces,
        root,
        look,
    }
}

/// Hangs the meshes of a look on its nodes; gives those with morph targets.
fn draw(
    commands: &mut Commands,
    look: &Look,
    entities: &BTreeMap<NodeIndex, Entity>,
    root: Entity,
) -> Vec<(NodeIndex, Entity)> {
    let scene = &look.avatar.scene;
    let mut faces = Vec::new();
    for (&node, &entity) in entities {
        let described = &scene.nodes[node.index()];
        let Some(mesh) = described.mesh else { continue };
        let skin = skin_of(scene, described);
        for part in look.meshes.iter().filter(|part| part.mesh == mesh) {
            let mut drawn = commands.spawn((
                Mesh3d(part.handle.clone()),
                MeshMaterial3d(part.material.clone()),
                Transform::default(),
                NoFrustumCulling,
                ChildOf(entity),
            ));
            if let (true, Some(skin)) = (part.is_skinned, skin) {
                let joints = scene.skins[skin]
                    .joints
                    .iter()
                    .map(|joint| entities.get(joint).copied().unwrap_or(root))
                    .collect();
                drawn.insert(SkinnedMesh {
                    inverse_bindposes: look.bind_poses[skin].clone(),
                    joints,
                });
            }
            if part.has_targets {
                drawn.insert(MeshMorphWeights::Value {
                    weights: scene.meshes[mesh.index()].weights.clone(),
                });
                faces.push((node, drawn.id()));
            }
        }
    }
    faces
}

/// Poses every body from its gait.
pub(super) fn animate(
    clips: Res<Clips>,
    figures: Query<(&Figure, &Dressed)>,
    mut transforms: Query<&mut Transform, Without<Figure>>,
) {
    for (figure, Dressed(body)) in &figures {
        for bone in &body.bones {
            let (normalized, hips) = blend(&clips, &figure.gait, &bone.name);
            let looking = head_turn(&bone.name, figure.gait.pitch);
            let Ok(mut transform) = transforms.get_mut(bone.entity) else {
                continue;
            };
            let parent = bone.parent_in_world;
            transform.rotation =
                (parent.inverse() * looking * normalized * parent * bone.rest.rotation).normalize();
            if let Some(hips) = hips {
                transform.translation =
                    bone.rest.translation + parent.inverse() * hips * body.hips_height;
            }
        }
    }
}

/// Rotation away from the T-pose, in world axes, and the way of the hips.
fn blend(clips: &Clips, gait: &Gait, bone: &str) -> (Quat, Option<Vec3>) {
    let (mut rotation, mut total, mut hips) = (Quat::IDENTITY, 0.0f32, None::<Vec3>);
    for (index, name) in CLIPS.iter().enumerate() {
        let weight = gait.weights[index];
        let is_overlay = index == WAVE;
        if weight < 1e-3 || (is_overlay && !WAVING_BONES.contains(&bone)) {
            continue;
        }
        let Some(clip) = clips.0.get(index).and_then(Option::as_ref) else {
            continue;
        };
        let length = clip.duration_secs();
        let secs = if is_overlay || *name == "jump" {
            gait.secs[index].clamp(0.0, length)
        } else {
            gait.secs[index].rem_euclid(length)
        };
        let Some(pose) = clip.sample(bone, secs) else {
            continue;
        };
        if is_overlay {
            rotation = rotation.slerp(pose.normalized, weight);
            continue;
        }
        total += weight;
        rotation = rotation.slerp(pose.normalized, weight / total);
        if let Some(way) = pose.hips {
            hips = Some(hips.unwrap_or_default() + way * weight);
        }
    }
    (rotation, hips)
}

/// The head follows the view up and down, the neck a little.
fn head_turn(bone: &str, pitch: f32) -> Quat {
    let share = match bone {
        "head" => 0.55,
        "neck" => 0.25,
        "upperChest" | "chest" => 0.1,
        _ => return Quat::IDENTITY,
    };
    // Avatars face +Z: looking up turns about -X.
    Quat::from_rotation_x(-pitch * share)
}

/// In first person one does not see the inside of one's own head.
pub(super) fn hide_own(
    mode: Res<ViewMode>,
    figures: Query<(&Figure, &Dressed)>,
    mut visibilities: Query<&mut Visibility, Without<Figure>>,
) {
    for (figure, Dressed(body)) in &figures {
        if let Ok(mut visibility) = visibilities.get_mut(body.root) {
            let wished = if is_own_hidden(figure, &mode) {
                Visibility::Hidden
            } else {
                Visibility::Inherited
            };
            if *visibility != wished {
                *visibility = wished;
            }
        }
    }
}
