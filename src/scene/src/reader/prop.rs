//! Things that people place in a world that is there already. Many stand in one world, brought by anybody: their limits
//! are far below those of a world.

use crate::{
    Loaded, Purpose, SideFiles,
    description::scene::{Mesh, Node, Scene, corners},
    error::{ErrorKind, SceneError},
    limits::{
        MAX_PROP_BENDS, MAX_PROP_COLLIDERS, MAX_PROP_IMAGE_BYTES, MAX_PROP_METRES,
        MAX_PROP_NODE_DEPTH, MAX_PROP_NODES, MAX_PROP_PARTS, MAX_PROP_TRIANGLES, MAX_PROP_VERTICES,
        MAX_THINGS_BYTES, MAX_THINGS_IMAGE_BYTES, MAX_THINGS_TRIANGLES,
    },
    reader::document::{self, require_at_most},
    source::json::Item,
};
use glam::{Affine3A, Vec3};

/// Bytes of a decoded pixel.
const PIXEL_BYTES: u64 = 4;

/// A thing that may be placed.
#[derive(Clone, Debug)]
pub struct Prop {
    /// What it is made of.
    pub scene: Scene,
    /// Lowest and highest corner of what is drawn, in the file's own space, metres.
    pub bounds: (Vec3, Vec3),
    /// What it takes of a world's room.
    pub cost: PropCost,
}

/// What a thing takes, or all things of a world together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PropCost {
    /// Bytes of the file.
    pub bytes: u64,
    /// Triangles, lines and points drawn.
    pub triangles: u64,
    /// Bytes of its pictures once decoded, four a pixel.
    pub image_bytes: u64,
}

impl PropCost {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            triangles: self.triangles.saturating_add(other.triangles),
            image_bytes: self.image_bytes.saturating_add(other.image_bytes),
        }
    }

    /// Whether all things of a world may take so much together.
    ///
    /// # Errors
    /// The first limit that is passed, in words.
    pub fn fits_a_world(&self) -> Result<(), String> {
        let mebibytes = |bytes: u64| bytes / (1024 * 1024);
        if self.bytes > MAX_THINGS_BYTES {
            Err(format!(
                "at most {} MiB of files",
                mebibytes(MAX_THINGS_BYTES)
            ))
        } else if self.triangles > MAX_THINGS_TRIANGLES {
            Err(format!("at most {MAX_THINGS_TRIANGLES} triangles"))
        } else if self.image_bytes > MAX_THINGS_IMAGE_BYTES {
            let most = mebibytes(MAX_THINGS_IMAGE_BYTES);
            Err(format!("at most {most} MiB of decoded images"))
        } else {
            Ok(())
        }
    }
}

/// Reads a thing from untrusted bytes; `files` gives what it names beside itself.
///
/// # Errors
/// [`SceneError`]: every fault of glTF, more than a thing may have, nothing to see, or somebody's body (VRM).
pub fn load_prop(bytes: &[u8], files: &dyn SideFiles) -> Result<Prop, SceneError> {
    let loaded = document::load(bytes, files, Purpose::Prop.limit())?;
    let (bounds, cost) = measure(&loaded, bytes.len() as u64)?;
    Ok(Prop {
        scene: loaded.scene,
        bounds,
        cost,
    })
}

/// Bounds and costs of a thing, which has so many bytes.
///
/// # Errors
/// As [`load_prop`], for what can be read.
pub(crate) fn measure(loaded: &Loaded, bytes: u64) -> Result<((Vec3, Vec3), PropCost), SceneError> {
    let scene = &loaded.scene;
    let root = Item::root(&loaded.document);
    if let Some(body) = root.extension("VRMC_vrm").or_else(|| root.extension("VRM")) {
        let fault = "it is an avatar: avatars are worn, not placed";
        return Err(SceneError::new(ErrorKind::NoProp, body.pointer(), fault));
    }
    let cost = PropCost {
        bytes,
        ..limit(&root, scene)?
    };
    let bounds = scene
        .bounds()
        .filter(|(low, high)| low.is_finite() && high.is_finite())
        .ok_or_else(|| {
            let fault = "it draws nothing that could be placed";
            SceneError::new(ErrorKind::NoProp, "", fault)
        })?;
    limit_size(bounds, farthest(scene))?;
    Ok((bounds, cost))
}

fn limit(root: &Item<'_>, scene: &Scene) -> Result<PropCost, SceneError> {
    let (drawn, solid) = (scene.drawn(), scene.solid());
    let as_drawn = solid_as_drawn(scene);
    let pixels = |image: &crate::Image| u64::from(image.width) * u64::from(image.height);
    let image_bytes = scene.images.iter().map(pixels).sum::<u64>() * PIXEL_BYTES;
    for (count, limit, what) in [
        (scene.nodes.len() as u64, MAX_PROP_NODES, "nodes"),
        (
            scene.depth() as u64,
            MAX_PROP_NODE_DEPTH,
            "nodes below each other",
        ),
        (vertices(scene), MAX_PROP_VERTICES, "vertices"),
        (drawn.parts, MAX_PROP_PARTS, "primitives drawn"),
        (
            drawn.pieces,
            MAX_PROP_TRIANGLES,
            "triangles, lines and points drawn",
        ),
        (
            drawn.bends,
            MAX_PROP_BENDS,
            "joints and morph weights of primitives drawn",
        ),
        (solid.colliders, MAX_PROP_COLLIDERS, "colliders"),
        (
            solid.triangles,
            MAX_PROP_TRIANGLES,
            "triangles of colliders",
        ),
        (
            as_drawn,
            MAX_PROP_TRIANGLES,
            "triangles that are solid as they are drawn",
        ),
        (solid.hull_vertices, MAX_PROP_VERTICES, "vertices of hulls"),
        (
            image_bytes,
            MAX_PROP_IMAGE_BYTES,
            "bytes of pictures once decoded",
        ),
    ] {
        require_at_most(root, count, limit, what)?;
    }
    Ok(PropCost {
        bytes: 0,
        triangles: drawn.pieces.max(solid.triangles).max(as_drawn),
        image_bytes,
    })
}

/// Triangles of what is solid because the file describes no physics.
fn solid_as_drawn(scene: &Scene) -> u64 {
    if scene.physics.is_described {
        return 0;
    }
    let counts: Vec<u64> = scene
        .meshes
        .iter()
        .map(Mesh::solid_triangle_count)
        .collect();
    let mut all = 0_u64;
    scene.each_drawn(|_, mesh| all = all.saturating_add(counts[mesh.index()]));
    all
}

/// Vertices that are kept, those of each morph target anew.
fn vertices(scene: &Scene) -> u64 {
    let primitives = scene.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let of_each = primitives.map(|own| own.positions.len() as u64 * (1 + own.targets.len() as u64));
    of_each.fold(0, u64::saturating_add)
}

/// What a mesh may take of space.
struct Extent {
    low: Vec3,
    high: Vec3,
    /// How far each morph target moves any vertex at weight 1, along each axis.
    targets: Vec<Vec3>,
}

impl Extent {
    fn of(mesh: &Mesh) -> Option<Self> {
        let (low, high) = mesh.bounds()?;
        let mut targets = vec![Vec3::ZERO; mesh.weights.len()];
        for primitive in &mesh.primitives {
            for (most, target) in targets.iter_mut().zip(&primitive.targets) {
                let moved = target.positions.iter().map(|moved| moved.abs());
                *most = moved.fold(*most, Vec3::max);
            }
        }
        Some(Self { low, high, targets })
    }

    /// Its box with the targets at some weights.
    fn corners(&self, weights: &[f32]) -> [Vec3; 8] {
        let moved = self.targets.iter().zip(weights);
        let moved: Vec3 = moved.map(|(most, weight)| *most * weight.abs()).sum();
        corners(self.low - moved, self.high + moved)
    }
}

/// How far from the origin anything could be drawn: skinned meshes at each of their joints, morph targets at the weights of the
/// file, every level of detail. [`Scene::bounds`] tells where things are likely seen, and may be less.
fn farthest(scene: &Scene) -> f32 {
    let worlds = scene.world_transforms();
    let extents: Vec<Option<Extent>> = scene.meshes.iter().map(Extent::of).collect();
    let mut farthest = 0.0_f32;
    let mut see = |node: &Node, world: Affine3A| {
        let extent = node.mesh.and_then(|mesh| extents[mesh.index()].as_ref());
        let Some(extent) = extent else { return };
        let corners = extent.corners(scene.rest_weights(node));
        for place in places(scene, node, world, &worlds) {
            for corner in corners {
                let away = place.transform_point3(corner).abs().max_element();
                farthest = farthest.max(if away.is_nan() { f32::INFINITY } else { away });
            }
        }
    };
    for index in scene.nodes_in_scene() {
        let node = &scene.nodes[index.index()];
        see(node, worlds[index.index()]);
        let above = node
            .parent
            .map(|above| worlds[above.index()])
            .unwrap_or_default();
        for level in node
            .levels
            .nodes
            .iter()
            .map(|level| &scene.nodes[level.index()])
        {
            see(level, above * level.transform.affine());
        }
    }
    farthest
}

/// From the space of a node's mesh to the world's: at each joint of its skin, or at each of its instances.
fn places(scene: &Scene, node: &Node, world: Affine3A, worlds: &[Affine3A]) -> Vec<Affine3A> {
    let primitives = node
        .mesh
        .map_or(&[][..], |mesh| &scene.meshes[mesh.index()].primitives);
    let is_skinned = primitives.iter().any(|own| !own.joints.is_empty());
    let skin = node.skin.filter(|_| is_skinned);
    if let Some(skin) = skin.and_then(|skin| scene.skins.get(skin.index())) {
        let joints = skin.joints.iter().zip(&skin.inverse_bind_matrices);
        return joints
            .map(|(joint, inverse)| worlds[joint.index()] * Affine3A::from_mat4(*inverse))
            .collect();
    }
    match node.instances.as_slice() {
        [] => vec![world],
        all => all
            .iter()
            .map(|instance| world * instance.affine())
            .collect(),
    }
}

fn limit_size((low, high): (Vec3, Vec3), farthest: f32) -> Result<(), SceneError> {
    let largest = (high - low).max_element();
    let fault = |text: String| Err(SceneError::new(ErrorKind::OverLimit, "", text));
    if largest > MAX_PROP_METRES {
        return fault(format!(
            "it is {largest:.1} m large, the limit is {MAX_PROP_METRES} m: scale it down"
        ));
    }
    if farthest > MAX_PROP_METRES {
        return fault(format!(
            "it is {farthest:.1} m from its origin, the limit is {MAX_PROP_METRES} m: move it there"
        ));
    }
    Ok(())
}
