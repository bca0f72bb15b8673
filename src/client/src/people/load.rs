//! VRM files read, checked and decoded on worker threads.

use crate::scenery::{
    self, Form, Forms, Geometry, Inbox, PictureWishes, Pictures, Surface, SurfaceStores, Surfaces,
    skin_of,
};
use bevy::{
    mesh::skinning::SkinnedMeshInverseBindposes,
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task},
};
use scene::{
    Avatar, FirstPersonRule, MaterialIndex, MeshIndex, NoSideFiles, NodeIndex, Primitive, Purpose,
    Topology, worker::Worker,
};
use std::{borrow::Cow, collections::BTreeSet, path::PathBuf, sync::Arc};

/// Most pixels on a side of a picture that somebody wears.
const MAX_TEXTURE_SIDE: u32 = 1024;

/// A look in the engine.
pub(super) struct Look {
    pub(super) avatar: Arc<Avatar>,
    /// How its nodes draw.
    pub(super) forms: Forms,
    pub(super) meshes: Vec<LookMesh>,
    pub(super) bind_poses: Vec<Handle<SkinnedMeshInverseBindposes>>,
    /// Materials that expressions change.
    pub(super) bound: BTreeSet<MaterialIndex>,
}

/// Who sees a part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeenBy {
    All,
    /// Everybody but its wearer in first person.
    Others,
    /// Its wearer in first person alone.
    Wearer,
}

impl SeenBy {
    /// Is it seen, by its wearer in first person or by anybody else?
    pub(super) fn is_seen(self, is_wearer: bool) -> bool {
        match self {
            Self::All => true,
            Self::Others => !is_wearer,
            Self::Wearer => is_wearer,
        }
    }
}

/// A primitive of a look.
pub(super) struct LookMesh {
    pub(super) mesh: MeshIndex,
    pub(super) handle: Handle<Mesh>,
    pub(super) surface: Surface,
    pub(super) material_index: Option<MaterialIndex>,
    pub(super) seen_by: SeenBy,
    /// The form in which nodes draw it.
    pub(super) form: Form,
    pub(super) is_skinned: bool,
    /// Morph targets.
    pub(super) targets: usize,
}

/// A look that has been read, not yet in the engine.
pub(super) struct Raw {
    avatar: Arc<Avatar>,
    forms: Forms,
    pictures: Pictures,
    parts: Vec<RawPart>,
}

/// A primitive, or the part of one that some people see.
struct RawPart {
    mesh: MeshIndex,
    material: Option<MaterialIndex>,
    topology: Topology,
    seen_by: SeenBy,
    form: Form,
    geometry: Geometry,
    targets: usize,
}

/// Where the file of a look is.
pub(super) enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
    /// Folder and name; an unknown name becomes the first avatar that is shipped.
    Shipped(PathBuf, String),
}

/// Reads a look on a worker thread; the text of an error is fit to show. `is_split` parts what its wearer must not see in
/// first person.
pub(super) fn spawn(
    source: Source,
    wishes: PictureWishes,
    is_split: bool,
) -> Task<Result<Raw, String>> {
    let wishes = PictureWishes {
        max_side: wishes.max_side.min(MAX_TEXTURE_SIDE),
        ..wishes
    };
    AsyncComputeTaskPool::get()
        .spawn(async move { scenery::guarded(|| read_look(source, &wishes, is_split)) })
}

fn read_look(source: Source, wishes: &PictureWishes, is_split: bool) -> Result<Raw, String> {
    let worker = Worker::started();
    let bytes = match source {
        Source::Bytes(bytes) => bytes,
        Source::File(path) => read(&path)?,
        Source::Shipped(folder, name) => {
            let is_plain = name.chars().all(|character| {
                character.is_ascii_alphanumeric() || character == '_' || character == '-'
            });
            let wished = folder.join(format!("{name}.vrm"));
            if is_plain && wished.exists() {
                read(&wished)?
            } else {
                read(&first_shipped(&folder)?)?
            }
        }
    };
    let avatar =
        Arc::new(scene::load_avatar(&bytes, &NoSideFiles).map_err(|error| error.to_string())?);
    let pictures = Pictures::decode(&avatar.scene, wishes, &worker);
    let forms = Forms::new(&avatar.scene);
    let parts = parts(&avatar, &forms, is_split);
    Ok(Raw {
        avatar,
        forms,
        pictures,
        parts,
    })
}

fn parts(avatar: &Avatar, forms: &Forms, is_split: bool) -> Vec<RawPart> {
    let scene = &avatar.scene;
    let mut parts = Vec::new();
    let (nodes, once) = (scene.nodes_in_scene(), scene::Transform::default());
    for (mesh, form) in forms.all(scene) {
        let node = nodes.iter().copied().find(|&node| {
            scene.nodes[node.index()].mesh == Some(mesh) && forms.of(scene, node, &once) == form
        });
        let Some(node) = node else { continue };
        let drawn = scene.meshes[mesh.index()].primitives.iter();
        for primitive in drawn.filter(|primitive| !primitive.indices.is_empty()) {
            for (seen_by, primitive) in seen(avatar, node, primitive, is_split) {
                let geometry = Geometry::of(scene, &primitive, form);
                parts.push(RawPart {
                    mesh,
                    material: primitive.material,
                    topology: primitive.topology,
                    seen_by,
                    form,
                    geometry,
                    targets: primitive.targets.len(),
                });
            }
        }
    }
    parts
}

/// A primitive by the first-person rule of its node: whole, or in two parts.
fn seen<'p>(
    avatar: &Avatar,
    node: NodeIndex,
    primitive: &'p Primitive,
    is_split: bool,
) -> Vec<(SeenBy, Cow<'p, Primitive>)> {
    let whole = |seen_by| vec![(seen_by, Cow::Borrowed(primitive))];
    let scene = &avatar.scene;
    match avatar.first_person_rule(node) {
        FirstPersonRule::Both => whole(SeenBy::All),
        FirstPersonRule::ThirdPersonOnly => whole(SeenBy::Others),
        FirstPersonRule::FirstPersonOnly if is_split => whole(SeenBy::Wearer),
        FirstPersonRule::FirstPersonOnly => Vec::new(),
        FirstPersonRule::Auto if !is_split => whole(SeenBy::All),
        FirstPersonRule::Auto => {
            let Some(skin) = skin_of(scene, &scene.nodes[node.index()]) else {
                let is_head = avatar.is_head(node);
                return whole(if is_head { SeenBy::Others } else { SeenBy::All });
            };
            let (body, head) = avatar.split_head(primitive, &scene.skins[skin]);
            [(SeenBy::All, body), (SeenBy::Others, head)]
                .into_iter()
                .filter(|(_, part)| !part.indices.is_empty())
                .map(|(seen_by, part)| (seen_by, Cow::Owned(part)))
                .collect()
        }
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, String> {
    scene::read_bounded(path, Purpose::Avatar.limit())
}

fn first_shipped(folder: &std::path::Path) -> Result<PathBuf, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "vrm"))
        .collect();
    files.sort();
    files
        .into_iter()
        .next()
        .ok_or_else(|| format!("{} holds no avatar", folder.display()))
}

/// Puts what was read into the engine.
pub(super) fn upload(
    raw: Raw,
    inbox: &Inbox,
    stores: &mut SurfaceStores<'_>,
    bind_poses: &mut Assets<SkinnedMeshInverseBindposes>,
) -> Look {
    let scene = &raw.avatar.scene;
    let mut surfaces = Surfaces::default();
    let parts = raw
        .parts
        .into_iter()
        .map(|part| LookMesh {
            mesh: part.mesh,
            handle: inbox.hand_in_mesh(part.geometry.mesh),
            surface: surfaces.handle(scene, part.material, part.topology, &raw.pictures, stores),
            // Expressions change what is lit.
            material_index: part
                .material
                .filter(|_| part.topology == Topology::Triangles),
            seen_by: part.seen_by,
            form: part.form,
            is_skinned: part.geometry.is_skinned,
            targets: part.targets,
        })
        .collect();
    let bind_poses = scene
        .skins
        .iter()
        .map(|skin| bind_poses.add(skin.inverse_bind_matrices.clone()))
        .collect();
    Look {
        bound: scene::bound_materials(&raw.avatar),
        avatar: raw.avatar,
        forms: raw.forms,
        meshes: parts,
        bind_poses,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::body, *};
    use crate::scenery::testing;
    use bevy::{ecs::system::RunSystemOnce, mesh::morph::MeshMorphWeights};

    fn shipped() -> Avatar {
        let bytes = std::fs::read(crate::testing::assets().join("avatars/mira.vrm")).unwrap();
        scene::load_avatar(&bytes, &NoSideFiles).unwrap()
    }

    /// A shipped avatar after a change, hung on its nodes.
    fn worn(change: impl FnOnce(&mut scene::Scene)) -> World {
        let mut avatar = shipped();
        change(&mut avatar.scene);
        let avatar = Arc::new(avatar);
        let mut world = testing::world();
        world
            .run_system_once(
                move |mut commands: Commands,
                      mut meshes: ResMut<Assets<Mesh>>,
                      mut stores: SurfaceStores,
                      mut bind_poses: ResMut<Assets<SkinnedMeshInverseBindposes>>| {
                    let forms = Forms::new(&avatar.scene);
                    let raw = Raw {
                        parts: parts(&avatar, &forms, false),
                        forms,
                        avatar: Arc::clone(&avatar),
                        pictures: Pictures::default(),
                    };
                    let inbox = Inbox::of(&stores.images, &meshes);
                    let look = upload(raw, &inbox, &mut stores, &mut bind_poses);
                    inbox.empty_into(None, &mut stores.images, &mut meshes);
                    let figure = commands.spawn(Transform::default()).id();
                    body::build(&mut commands, figure, Arc::new(look), &mut stores);
                },
            )
            .unwrap();
        world
    }

    #[test]
    fn a_drawn_look_knows_no_colours_of_vertices() {
        let mut avatar = shipped();
        for primitive in avatar
            .scene
            .meshes
            .iter_mut()
            .flat_map(|mesh| &mut mesh.primitives)
        {
            primitive.colors = vec![Vec4::X; primitive.positions.len()];
        }
        let has_colors =
            |part: &RawPart| part.geometry.mesh.contains_attribute(Mesh::ATTRIBUTE_COLOR);
        let forms = Forms::new(&avatar.scene);
        assert!(parts(&avatar, &forms, false).iter().all(has_colors));
        for material in &mut avatar.scene.materials {
            material.toon = Some(Box::default());
        }
        assert!(!parts(&avatar, &forms, false).iter().any(has_colors));
    }

    #[test]
    fn lines_are_split_from_the_head_whole() {
        let avatar = shipped();
        let scene = &avatar.scene;
        let mut has_both = false;
        for node in &scene.nodes {
            let (Some(mesh), Some(skin)) = (node.mesh, skin_of(scene, node)) else {
                continue;
            };
            for primitive in &scene.meshes[mesh.index()].primitives {
                let corners = primitive.positions.len() as u32 / 2 * 2;
                let lines = Primitive {
                    topology: Topology::Lines,
                    indices: (0..corners).collect(),
                    ..primitive.clone()
                };
                let (body, head) = avatar.split_head(&lines, &scene.skins[skin]);
                assert_eq!((body.indices.len() % 2, head.indices.len() % 2), (0, 0));
                has_both |= !body.indices.is_empty() && !head.indices.is_empty();
            }
        }
        assert!(has_both);
    }

    #[test]
    fn a_mirrored_avatar_is_seen_from_outside() {
        let mut world = worn(|scene| {
            for node in &mut scene.nodes {
                node.skin = None;
            }
            for root in &scene.roots {
                scene.nodes[root.index()].transform.scale.x = -1.0;
            }
        });
        let facing = testing::facing(&mut world);
        assert!(!facing.is_empty() && facing.iter().all(|part| *part));
    }

    #[test]
    fn what_a_file_hides_of_an_avatar_is_hidden_and_its_nodes_have_weights_of_their_own() {
        let hidden = |world: &mut World| {
            let mut all = world.query::<&Visibility>();
            all.iter(world)
                .filter(|own| **own == Visibility::Hidden)
                .count()
        };
        assert_eq!(hidden(&mut worn(|_| {})), 0);
        let mut world = worn(|scene| {
            let morphed = scene
                .nodes
                .iter()
                .position(|node| !scene.rest_weights(node).is_empty());
            let node = &mut scene.nodes[morphed.expect("a face has morph targets")];
            node.is_hidden = true;
            let count = scene.meshes[node.mesh.unwrap().index()].weights.len();
            node.weights = vec![0.25; count];
        });
        assert_eq!(hidden(&mut world), 1);
        let mut morphed = world.query::<&MeshMorphWeights>();
        let is_own = |weights: &MeshMorphWeights| match weights {
            MeshMorphWeights::Value { weights } => {
                !weights.is_empty() && weights.iter().all(|weight| *weight == 0.25)
            }
            MeshMorphWeights::Reference(_) => false,
        };
        assert!(morphed.iter(&world).any(is_own));
    }

    #[test]
    fn only_what_has_a_skin_is_drawn_with_joints() {
        let mut as_made = worn(|_| {});
        let skinned = testing::skinned(&mut as_made);
        assert!(!skinned.is_empty() && skinned.iter().all(|part| *part));
        let mut without_skins = worn(|scene| {
            for node in &mut scene.nodes {
                node.skin = None;
            }
        });
        let skinned = testing::skinned(&mut without_skins);
        assert!(!skinned.is_empty() && skinned.iter().all(|part| !part));
    }
}
