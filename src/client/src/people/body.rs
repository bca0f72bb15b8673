//! A body: the nodes of a look in the engine, posed by blended clips.

use super::{
    Dressed, Figure, Head, StandIn,
    clips::Clips,
    face::Expressing,
    load::{Look, SeenBy},
    looks::{Looks, Worn},
    performance::Performance,
    pose::{CLIPS, Gait, WAVE},
};
use crate::{
    app::Config,
    link::Link,
    scenery::{Skins, SurfaceStores, WishedPictures},
};
use bevy::{camera::visibility::NoFrustumCulling, mesh::morph::MeshMorphWeights, prelude::*};
use scene::{NodeIndex, Skeleton, SpringMotion};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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

/// What a figure wears.
pub(super) struct Body {
    pub(super) look: Arc<Look>,
    pub(super) skeleton: Skeleton,
    pub(super) springs: SpringMotion,
    pub(super) expressing: Expressing,
    /// Drawn entities with morph targets, by node.
    pub(super) faces: Vec<(NodeIndex, Entity)>,
    /// Drawn entities that not everybody sees.
    pub(super) parts: Vec<(SeenBy, Entity)>,
    /// Entities of the nodes that something turns.
    moving: Vec<(NodeIndex, Entity)>,
    hips_height: f32,
    /// The head, or what stands in for one.
    head: Entity,
}

/// Puts a body on figures whose look has come, and takes off what stood in for it.
pub(super) fn dress(
    mut commands: Commands,
    mut looks: ResMut<Looks>,
    (config, wished): (Res<Config>, WishedPictures),
    link: Option<Res<Link>>,
    mut stores: SurfaceStores,
    figures: Query<(Entity, &Figure, Has<StandIn>), Or<(Without<Dressed>, With<StandIn>)>>,
) {
    let fetch = |hash, bytes| {
        let asked = link.as_ref().map(|link| link.0.fetch(hash, bytes));
        asked.is_some_and(|asked| asked.is_ok())
    };
    let wishes = wished.now();
    for (entity, figure, stands_in) in &figures {
        let is_own = figure.who.person().is_none();
        let (look, is_chosen) = match looks.wear(&figure.look, is_own, &config, &wishes, fetch) {
            Worn::Chosen(look) => (look, true),
            Worn::StandIn(look) if !stands_in => (look, false),
            Worn::StandIn(_) | Worn::Nothing => continue,
        };
        commands.entity(entity).despawn_related::<Children>();
        let body = build(&mut commands, entity, look, &mut stores);
        let head = Head(body.head);
        let mut figure = commands.entity(entity);
        figure.insert((Dressed(body), head));
        if is_chosen {
            figure.remove::<StandIn>();
        } else {
            figure.insert(StandIn);
        }
    }
}

pub(super) fn build(
    commands: &mut Commands,
    figure: Entity,
    look: Arc<Look>,
    stores: &mut SurfaceStores<'_>,
) -> Body {
    let scene = &look.avatar.scene;
    let root = commands
        .spawn((Transform::default(), Visibility::Inherited, ChildOf(figure)))
        .id();
    let mut entities: BTreeMap<NodeIndex, Entity> = BTreeMap::new();
    for node in scene.nodes_in_scene() {
        let described = &scene.nodes[node.index()];
        let parent = described
            .parent
            .and_then(|parent| entities.get(&parent).copied())
            .unwrap_or(root);
        let transform = crate::scenery::engine_transform(&described.transform);
        let visibility = match described.is_hidden {
            true => Visibility::Hidden,
            false => Visibility::Inherited,
        };
        entities.insert(
            node,
            commands
                .spawn((transform, visibility, ChildOf(parent)))
                .id(),
        );
    }
    let expressing = Expressing::new(&look, stores);
    let (faces, parts) = draw(commands, &look, &entities, root, &expressing);
    let skeleton = Skeleton::new(scene);
    let hips = look.avatar.bones.get("hips");
    let head = look.avatar.bones.get("head");
    let head = head.and_then(|head| entities.get(head)).copied();
    Body {
        head: head.unwrap_or(root),
        moving: moving(&look)
            .into_iter()
            .filter_map(|node| Some((node, *entities.get(&node)?)))
            .collect(),
        hips_height: hips.map_or(1.0, |&hips| skeleton.world(hips).translation.y),
        springs: SpringMotion::new(&look.avatar.springs, &skeleton),
        skeleton,
        expressing,
        faces,
        parts,
        look,
    }
}

/// Nodes that clips, gaze, constraints or springs turn.
fn moving(look: &Look) -> BTreeSet<NodeIndex> {
    let avatar = &look.avatar;
    let bones = avatar.bones.values().copied();
    let followers = avatar.constraints.iter().map(|one| one.node);
    let chains = avatar.springs.chains.iter();
    let joints = chains.flat_map(|chain| chain.joints.iter().map(|joint| joint.node));
    bones.chain(followers).chain(joints).collect()
}

/// Hangs the meshes of a look on its nodes; gives those with morph targets, and those that not everybody sees.
fn draw(
    commands: &mut Commands,
    look: &Look,
    entities: &BTreeMap<NodeIndex, Entity>,
    root: Entity,
    expressing: &Expressing,
) -> (Vec<(NodeIndex, Entity)>, Vec<(SeenBy, Entity)>) {
    let scene = &look.avatar.scene;
    let mut skins = Skins::new(scene, root, entities);
    let (mut faces, mut parts) = (Vec::new(), Vec::new());
    for (&node, &entity) in entities {
        let described = &scene.nodes[node.index()];
        let Some(mesh) = described.mesh else { continue };
        let skin = skins.of(commands, described, |skin| look.bind_poses[skin].clone());
        let place = scene::Transform::default();
        let form = look.forms.of(scene, node, &place);
        let parts_here = look.meshes.iter();
        for part in parts_here.filter(|part| part.mesh == mesh && part.form == form) {
            let mut drawn = commands.spawn((
                Mesh3d(part.handle.clone()),
                Transform::default(),
                NoFrustumCulling,
                ChildOf(entity),
            ));
            if let (true, Some(skin)) = (part.is_skinned, &skin) {
                drawn.insert(skin.clone());
            }
            if part.targets > 0 {
                let mut weights = scene.rest_weights(&scene.nodes[node.index()]).to_vec();
                weights.resize(part.targets, 0.0);
                drawn.insert(MeshMorphWeights::Value { weights });
                faces.push((node, drawn.id()));
            }
            if part.seen_by != SeenBy::All {
                drawn.insert(Visibility::Inherited);
                parts.push((part.seen_by, drawn.id()));
            }
            expressing.surface(part).lay(&mut drawn);
        }
    }
    (faces, parts)
}

/// Poses every body from its gait and stands it where its figure is.
pub(super) fn animate(
    clips: Res<Clips>,
    performance: Res<Performance>,
    mut figures: Query<(&Figure, &Transform, &mut Dressed)>,
) {
    for (figure, place, mut dressed) in &mut figures {
        let Body {
            look,
            skeleton,
            hips_height,
            ..
        } = &mut dressed.0;
        let performed = performance.of(figure);
        for (bone, &node) in &look.avatar.bones {
            let (normalised, hips) = match performed {
                Some((clip, secs)) => clip.pose(bone, secs),
                None => blend(&clips, &figure.gait, bone),
            };
            let looking = head_turn(bone, figure.gait.pitch);
            skeleton.set_normalised_rotation(node, looking * normalised);
            if let Some(hips) = hips {
                let parent = skeleton.rest_in_model(skeleton.parent(node));
                let rest = skeleton.rest(node).translation;
                skeleton.set_translation(node, rest + parent.inverse() * hips * *hips_height);
            }
        }
        skeleton.place(place.translation, place.rotation);
    }
}

/// What was computed goes to the engine.
pub(super) fn show(
    figures: Query<&Dressed>,
    mut transforms: Query<&mut Transform, Without<Figure>>,
) {
    for Dressed(body) in &figures {
        for &(node, entity) in &body.moving {
            if let Ok(mut transform) = transforms.get_mut(entity) {
                transform.set_if_neq(crate::scenery::engine_transform(body.skeleton.local(node)));
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
