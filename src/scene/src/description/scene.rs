//! The canonical scene: what any accepted file becomes. Flat arrays with typed indices; every index is in range,
//! every number finite, every accessor decoded. Right-handed, +Y up, metres, seconds, radians, glTF models face +Z.

use crate::{
    description::animation::Animation,
    description::material::{Image, Material, Sampler, Texture},
    description::physics::{GravityField, PhysicsWorld},
    description::sky::EnvironmentSky,
    description::sound::Sound,
    limits,
};
use glam::{Affine3A, Mat4, Quat, Vec2, Vec3, Vec4};

macro_rules! index_type {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The index as `usize`.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

index_type! {
    /// Index into [`Scene::nodes`].
    NodeIndex,
    /// Index into [`Scene::meshes`].
    MeshIndex,
    /// Index into [`Scene::materials`].
    MaterialIndex,
    /// Index into [`Scene::textures`].
    TextureIndex,
    /// Index into [`Scene::images`].
    ImageIndex,
    /// Index into [`Scene::skins`].
    SkinIndex,
    /// Index into [`Scene::cameras`].
    CameraIndex,
    /// Index into [`Scene::lights`].
    LightIndex,
}

/// Everything a file describes, decoded and checked.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// All nodes, also those outside the default scene (colliders and skins may name them).
    pub nodes: Vec<Node>,
    /// Roots of the default scene.
    pub roots: Vec<NodeIndex>,
    /// Meshes.
    pub meshes: Vec<Mesh>,
    /// Materials.
    pub materials: Vec<Material>,
    /// Textures: an image and how it is sampled.
    pub textures: Vec<Texture>,
    /// Encoded images with checked headers.
    pub images: Vec<Image>,
    /// Samplers.
    pub samplers: Vec<Sampler>,
    /// Skins.
    pub skins: Vec<Skin>,
    /// Animations.
    pub animations: Vec<Animation>,
    /// True when the file has a graph of KHR_interactivity, which alone says what of its animations plays, and when.
    pub has_behaviour_graph: bool,
    /// The animations that the host of a world wants to play, in their order of precedence; `None` leaves it to the file.
    pub chosen_animations: Option<Vec<usize>>,
    /// Cameras.
    pub cameras: Vec<Camera>,
    /// Lights of KHR_lights_punctual.
    pub lights: Vec<Light>,
    /// Shapes, materials and filters of either physics dialect.
    pub physics: PhysicsWorld,
    /// KHR_audio_emitter.
    pub sound: Sound,
    /// OMI_environment_sky.
    pub sky: Option<EnvironmentSky>,
    /// Names of the looks that the file offers (KHR_materials_variants).
    pub variants: Vec<String>,
    /// KHR_xmp_json_ld.
    pub metadata: Metadata,
    /// `asset.copyright`, when stated.
    pub copyright: Option<String>,
    /// `asset.generator`, when stated.
    pub generator: Option<String>,
}

/// One element of the tree.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Unique in its scene: the name in the file, with a number after it where needed; never empty.
    pub name: String,
    /// Parent, when there is one.
    pub parent: Option<NodeIndex>,
    /// Children.
    pub children: Vec<NodeIndex>,
    /// Transform relative to the parent.
    pub transform: Transform,
    /// Mesh drawn here.
    pub mesh: Option<MeshIndex>,
    /// Skin of the mesh.
    pub skin: Option<SkinIndex>,
    /// Morph weights that replace those of the mesh.
    pub weights: Vec<f32>,
    /// Camera here.
    pub camera: Option<CameraIndex>,
    /// Light here.
    pub light: Option<LightIndex>,
    /// EXT_mesh_gpu_instancing: the mesh is drawn once for each, relative to this node. Empty means once at the node.
    pub instances: Vec<Transform>,
    /// Body, collider, trigger and joint of either physics dialect.
    pub physics: crate::description::physics::NodePhysics,
    /// Indices of emitters of KHR_audio_emitter here.
    pub emitters: Vec<u32>,
    /// OMI_spawn_point.
    pub spawn_point: Option<SpawnPoint>,
    /// OMI_seat.
    pub seat: Option<Seat>,
    /// `STOA_notice_board`: width and height of the writable area in metres; it faces +Z.
    pub notice_board: Option<Vec2>,
    /// `STOA_portal`, else OMI_link.
    pub portal: Option<Portal>,
    /// KHR_node_visibility of this node alone; a hidden node hides what is below it.
    pub is_hidden: bool,
    /// KHR_node_selectability of this node alone: it and what is below it cannot be picked.
    pub is_unselectable: bool,
    /// KHR_node_hoverability of this node alone: it and what is below it does not answer to pointing.
    pub is_unhoverable: bool,
    /// OMI_physics_gravity where this node's trigger is.
    pub gravity: Option<GravityField>,
    /// MSFT_lod: what stands in for this node from afar.
    pub levels: Levels,
    /// `extras`, as JSON text in the file's own spelling.
    pub extras: Option<String>,
}

/// Coarser stand-ins of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    /// From finer to coarser; they are in no scene themselves.
    pub nodes: Vec<NodeIndex>,
    /// Share of the screen's height below which each level gives way to the next, the finest first; the last one is
    /// the share below which nothing is drawn.
    pub coverage: Vec<f32>,
}

/// What a file says about its maker, licence and origin (KHR_xmp_json_ld).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// All packets, as JSON text in the file's own spelling.
    pub packets: Vec<String>,
    /// `dc:title` of the packet about the file.
    pub title: String,
    /// `dc:creator`, joined by commas.
    pub creator: String,
    /// `dc:rights`.
    pub rights: String,
    /// `xmpRights:UsageTerms`: what the licence is called, or its words.
    pub usage_terms: String,
    /// `xmpRights:WebStatement`: where the licence stands.
    pub web_statement: String,
}

/// A way to another place. It is never followed without the person's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// A relative path, `#spawn`, a `stoa:` or an `https:` address; other schemes never come here.
    pub uri: String,
    /// What to call it; empty when it has no title.
    pub title: String,
}

/// Translation, rotation (unit), scale, applied in the order scale, rotation, translation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Metres.
    pub translation: Vec3,
    /// Unit quaternion.
    pub rotation: Quat,
    /// May be negative or zero on an axis.
    pub scale: Vec3,
}

impl Default for Transform {
    fn default() -> Self {
        Self {
            translation: Vec3::ZERO,
            rotation: Quat::IDENTITY,
            scale: Vec3::ONE,
        }
    }
}

impl Transform {
    /// As an affine map from this space to the parent's.
    #[must_use]
    pub fn affine(&self) -> Affine3A {
        Affine3A::from_scale_rotation_translation(self.scale, self.rotation, self.translation)
    }

    /// From a matrix; shear, which no node transform can hold, is dropped.
    #[must_use]
    pub fn from_matrix(matrix: &Mat4) -> Self {
        let (scale, rotation, translation) = matrix.to_scale_rotation_translation();
        if scale.is_finite()
            && rotation.is_finite()
            && translation.is_finite()
            && rotation.length_squared() > 0.5
        {
            Self {
                translation,
                rotation: rotation.normalize(),
                scale,
            }
        } else {
            Self {
                translation: matrix.w_axis.truncate(),
                rotation: Quat::IDENTITY,
                scale: Vec3::ZERO,
            }
        }
    }
}

/// A mesh: primitives that share morph weights.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// Name in the file.
    pub name: String,
    /// What is drawn.
    pub primitives: Vec<Primitive>,
    /// Default morph weights.
    pub weights: Vec<f32>,
    /// Names of the morph targets, from `extras.targetNames`.
    pub target_names: Vec<String>,
}

/// All corners of a box.
pub(crate) fn corners(low: Vec3, high: Vec3) -> [Vec3; 8] {
    std::array::from_fn(|number| {
        let is_high = [1, 2, 4].map(|bit| number & bit != 0);
        Vec3::select(is_high.into(), high, low)
    })
}

impl Mesh {
    /// Smallest and largest corner of all primitives; `None` without vertices.
    #[must_use]
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let all = self.primitives.iter().filter_map(Primitive::bounds);
        all.reduce(|(low, high), (lower, higher)| (low.min(lower), high.max(higher)))
    }

    /// Triangles of all primitives.
    #[must_use]
    pub fn triangle_count(&self) -> u64 {
        self.primitives
            .iter()
            .filter(|primitive| primitive.topology == Topology::Triangles)
            .map(|primitive| primitive.indices.len() as u64 / 3)
            .sum()
    }
}

/// What the vertices of a primitive form, after strips, fans and loops were unrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Three indices a triangle, counter-clockwise is the front.
    Triangles,
    /// Two indices a line.
    Lines,
    /// One index a point.
    Points,
}

/// Geometry with one material. All attribute arrays are empty or as long as `positions`.
#[derive(Clone, Debug)]
pub struct Primitive {
    /// What the indices form.
    pub topology: Topology,
    /// Metres, in the node's space.
    pub positions: Vec<Vec3>,
    /// Unit vectors; made flat where the file has none.
    pub normals: Vec<Vec3>,
    /// xyz and handedness; empty when the file has none.
    pub tangents: Vec<Vec4>,
    /// Texture coordinate sets; a set that the file skips is empty.
    pub uv_sets: Vec<Vec<Vec2>>,
    /// COLOR_0, linear RGBA.
    pub colors: Vec<Vec4>,
    /// Joint sets, four influences each.
    pub joints: Vec<Vec<[u16; 4]>>,
    /// Weights to the joint sets.
    pub joint_weights: Vec<Vec<Vec4>>,
    /// Indices into the attribute arrays, all in range.
    pub indices: Vec<u32>,
    /// Displacements by morph weight.
    pub targets: Vec<MorphTarget>,
    /// Material; `None` means glTF's default.
    pub material: Option<MaterialIndex>,
    /// Material in each of [`Scene::variants`] that gives it another.
    pub variants: Vec<(u32, MaterialIndex)>,
    /// What the points of a splat field spread to; empty for others.
    pub splats: Vec<Splat>,
}

/// A soft ellipsoid of KHR_gaussian_splatting around a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splat {
    /// Standard deviation along each of its own axes, in the node's units.
    pub deviation: Vec3,
    /// From its own axes to the node's.
    pub rotation: Quat,
}

impl Primitive {
    /// Material in a variant of the scene; variants that do not name the primitive leave it as it is.
    #[must_use]
    pub fn material_in(&self, variant: Option<u32>) -> Option<MaterialIndex> {
        let chosen = variant.and_then(|variant| {
            let of_variant = self.variants.iter().find(|(known, _)| *known == variant);
            of_variant.map(|(_, material)| *material)
        });
        chosen.or(self.material)
    }

    /// Memory that the attributes of one vertex take.
    pub(crate) fn bytes_a_vertex(&self) -> usize {
        fn of<T>(values: &[T]) -> usize {
            if values.is_empty() { 0 } else { size_of::<T>() }
        }
        let sets = self.uv_sets.iter().map(|set| of(set)).sum::<usize>()
            + self.joints.iter().map(|set| of(set)).sum::<usize>()
            + self.joint_weights.iter().map(|set| of(set)).sum::<usize>();
        let targets = self.targets.iter();
        let morphs: usize = targets
            .map(|target| of(&target.positions) + of(&target.normals))
            .sum();
        let own = of(&self.positions) + of(&self.normals) + of(&self.tangents) + of(&self.colors);
        own + sets + morphs + of(&self.splats)
    }

    /// Smallest and largest corner of the positions; `None` without vertices.
    #[must_use]
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let first = *self.positions.first()?;
        Some(
            self.positions
                .iter()
                .fold((first, first), |(low, high), &position| {
                    (low.min(position), high.max(position))
                }),
        )
    }
}

/// Displacement of each vertex at weight 1; empty arrays displace nothing.
#[derive(Clone, Debug, Default)]
pub struct MorphTarget {
    /// Metres.
    pub positions: Vec<Vec3>,
    /// Change of the normal.
    pub normals: Vec<Vec3>,
}

/// Joints that deform a mesh.
#[derive(Clone, Debug)]
pub struct Skin {
    /// Name in the file.
    pub name: String,
    /// Joint nodes.
    pub joints: Vec<NodeIndex>,
    /// Node that the author calls the root of the skeleton.
    pub skeleton: Option<NodeIndex>,
    /// From mesh space to each joint's space in the bind pose; as many as joints.
    pub inverse_bind_matrices: Vec<Mat4>,
}

/// A camera that looks along its node's -Z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Camera {
    /// Perspective.
    Perspective {
        /// Vertical field of view in radians.
        vertical_radians: f32,
        /// Width over height, when fixed.
        aspect: Option<f32>,
        /// Near plane in metres.
        near: f32,
        /// Far plane in metres; infinite when absent.
        far: Option<f32>,
    },
    /// Orthographic.
    Orthographic {
        /// Half the width in metres.
        half_width: f32,
        /// Half the height in metres.
        half_height: f32,
        /// Near plane in metres.
        near: f32,
        /// Far plane in metres.
        far: f32,
    },
}

/// A light of KHR_lights_punctual; it shines along its node's -Z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Linear RGB.
    pub color: Vec3,
    /// Candela for point and spot, lux for directional.
    pub intensity: f32,
    /// Metres beyond which it does not reach; infinite when absent.
    pub range: Option<f32>,
    /// Which kind.
    pub kind: LightKind,
}

/// Kinds of light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LightKind {
    /// Parallel rays.
    Directional,
    /// In all directions.
    Point,
    /// In a cone.
    Spot {
        /// Half angle of full intensity, radians.
        inner_radians: f32,
        /// Half angle of no intensity, radians.
        outer_radians: f32,
    },
}

/// OMI_spawn_point: where people appear, facing the node's +Z.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpawnPoint {
    /// Name in addresses after `#`; empty when it has none.
    pub title: String,
}

/// OMI_seat: points in the node's space, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seat {
    /// Where the back of the pelvis rests.
    pub back: Vec3,
    /// Where the heels rest.
    pub foot: Vec3,
    /// Where the hollows of the knees rest.
    pub knee: Vec3,
    /// Between spine and thigh, radians.
    pub angle: f32,
}

impl Scene {
    /// True when the file says what is solid; when it does not, its drawn meshes are the fixed world.
    #[must_use]
    pub fn has_physics(&self) -> bool {
        self.physics.is_described
    }

    /// True when the node or one above it is hidden.
    #[must_use]
    pub fn is_hidden(&self, node: NodeIndex) -> bool {
        self.is_any_above(node, |node| node.is_hidden)
    }

    /// True when the node may be picked: neither it nor one above it says otherwise.
    #[must_use]
    pub fn is_selectable(&self, node: NodeIndex) -> bool {
        !self.is_any_above(node, |node| node.is_unselectable)
    }

    /// True when the node answers to pointing: neither it nor one above it says otherwise.
    #[must_use]
    pub fn is_hoverable(&self, node: NodeIndex) -> bool {
        !self.is_any_above(node, |node| node.is_unhoverable)
    }

    fn is_any_above(&self, node: NodeIndex, is_so: impl Fn(&Node) -> bool) -> bool {
        let mut next = Some(node);
        while let Some(node) = next.and_then(|index| self.nodes.get(index.index())) {
            if is_so(node) {
                return true;
            }
            next = node.parent;
        }
        false
    }

    /// From a node's space to world space, following parents.
    #[must_use]
    pub fn world_from_node(&self, node: NodeIndex) -> Affine3A {
        let mut world = Affine3A::IDENTITY;
        let mut next = Some(node);
        while let Some(node) = next.and_then(|index| self.nodes.get(index.index())) {
            world = node.transform.affine() * world;
            next = node.parent;
        }
        world
    }

    /// Nodes of the default scene whose light shines, in their order: as many as are drawn, see
    /// [`MAX_DRAWN_LAMPS`](crate::limits::MAX_DRAWN_LAMPS) and [`MAX_DRAWN_SUNS`](crate::limits::MAX_DRAWN_SUNS).
    #[must_use]
    pub fn shining(&self) -> Vec<NodeIndex> {
        let (mut lamps, mut suns) = (limits::MAX_DRAWN_LAMPS, limits::MAX_DRAWN_SUNS);
        let mut shines = |node: &NodeIndex| {
            let light = self.nodes[node.index()].light;
            let Some(light) = light.and_then(|index| self.lights.get(index.index())) else {
                return false;
            };
            let room = match light.kind {
                LightKind::Directional => &mut suns,
                LightKind::Point | LightKind::Spot { .. } => &mut lamps,
            };
            let is_room = *room > 0;
            *room -= usize::from(is_room);
            is_room
        };
        let mut nodes = self.nodes_in_scene();
        nodes.retain(|node| shines(node));
        nodes
    }

    /// Nodes of the default scene, hidden ones too, parents before children.
    #[must_use]
    pub fn nodes_in_scene(&self) -> Vec<NodeIndex> {
        let mut order = self.roots.clone();
        let mut next = 0;
        while let Some(node) = order
            .get(next)
            .and_then(|index| self.nodes.get(index.index()))
        {
            order.extend(&node.children);
            next += 1;
        }
        order
    }

    /// Calls with each place at which a mesh is drawn, from the mesh's space to the world's, in the file's pose: instances
    /// each, and skinned meshes where the first of their joints puts them, whatever node they hang from.
    pub fn each_drawn(&self, mut see: impl FnMut(Affine3A, MeshIndex)) {
        let worlds = self.world_transforms();
        for index in self.nodes_in_scene() {
            let node = &self.nodes[index.index()];
            let Some(mesh) = node.mesh else { continue };
            let world = self
                .placed_by_skin(node, &worlds)
                .unwrap_or(worlds[index.index()]);
            if node.instances.is_empty() {
                see(world, mesh);
            }
            for instance in &node.instances {
                see(world * instance.affine(), mesh);
            }
        }
    }

    /// Smallest and largest corner of what is drawn, in world space and the file's pose; `None` when nothing is.
    #[must_use]
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let of_mesh: Vec<Option<(Vec3, Vec3)>> = self.meshes.iter().map(Mesh::bounds).collect();
        let mut bounds: Option<(Vec3, Vec3)> = None;
        self.each_drawn(|place, mesh| {
            let Some((low, high)) = of_mesh[mesh.index()] else {
                return;
            };
            for corner in corners(low, high) {
                let point = place.transform_point3(corner);
                bounds = Some(bounds.map_or((point, point), |(low, high)| {
                    (low.min(point), high.max(point))
                }));
            }
        });
        bounds.filter(|(low, high)| low.is_finite() && high.is_finite())
    }

    fn placed_by_skin(&self, node: &Node, worlds: &[Affine3A]) -> Option<Affine3A> {
        let skin = self.skins.get(node.skin?.index())?;
        let joint = *worlds.get(skin.joints.first()?.index())?;
        let inverse = skin.inverse_bind_matrices.first().copied();
        Some(joint * Affine3A::from_mat4(inverse.unwrap_or_default()))
    }

    /// All nodes, parents before children, also those outside the default scene.
    #[must_use]
    pub fn parents_first(&self) -> Vec<NodeIndex> {
        let mut order: Vec<NodeIndex> = (0..self.nodes.len() as u32)
            .map(NodeIndex)
            .filter(|node| self.nodes[node.index()].parent.is_none())
            .collect();
        let mut next = 0;
        while let Some(node) = order.get(next) {
            order.extend(&self.nodes[node.index()].children);
            next += 1;
        }
        order
    }

    /// From each node's space to world space, in one walk over the tree.
    #[must_use]
    pub fn world_transforms(&self) -> Vec<Affine3A> {
        let mut worlds: Vec<Affine3A> = self
            .nodes
            .iter()
            .map(|node| node.transform.affine())
            .collect();
        for node in self.parents_first() {
            if let Some(parent) = self.nodes[node.index()].parent {
                worlds[node.index()] = worlds[parent.index()] * worlds[node.index()];
            }
        }
        worlds
    }

    /// Morph weights of a node's mesh where nothing moves them: the node's own, or those of its mesh.
    #[must_use]
    pub fn rest_weights<'s>(&'s self, node: &'s Node) -> &'s [f32] {
        match (node.weights.as_slice(), node.mesh) {
            ([], Some(mesh)) => &self.meshes[mesh.index()].weights,
            (own, _) => own,
        }
    }

    /// Triangles drawn, instances included, levels of detail left out.
    #[must_use]
    pub fn triangle_count(&self) -> u64 {
        let of_mesh: Vec<u64> = self.meshes.iter().map(Mesh::triangle_count).collect();
        let nodes = self.nodes_in_scene();
        nodes
            .iter()
            .map(|index| &self.nodes[index.index()])
            .filter_map(|node| {
                node.mesh
                    .map(|mesh| of_mesh[mesh.index()] * node.instances.len().max(1) as u64)
            })
            .fold(0, u64::saturating_add)
    }
}
