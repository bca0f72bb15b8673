//! Meshes of the engine from primitives of the description.

use super::{Form, tangents};
use bevy::{
    asset::RenderAssetUsages,
    mesh::{
        Indices, MeshVertexAttribute, PrimitiveTopology, VertexAttributeValues,
        morph::MorphAttributes,
    },
    prelude::*,
};
use scene::{Material, Primitive, Scene, Topology, limits::MAX_DRAWN_UV_SETS};

/// How a primitive is drawn: a mesh, and whether it is skinned.
pub(crate) struct Geometry {
    pub(crate) mesh: Mesh,
    pub(crate) is_skinned: bool,
}

/// Half an axis of a drawn ellipsoid in standard deviations: about there a splat hides a third of what is behind it.
const DRAWN_DEVIATIONS: f32 = 1.5;
/// Splats that hide less than this in their middle are left out.
const LEAST_OPACITY: f32 = 0.2;

/// Solid ellipsoids for the splats of a primitive; `None` where points are drawn.
fn ellipsoids(primitive: &Primitive) -> Option<Mesh> {
    if primitive.splats.is_empty() || !primitive.targets.is_empty() {
        return None;
    }
    let form = Sphere::new(DRAWN_DEVIATIONS).mesh().ico(0);
    let form = form.unwrap_or_else(|_| Mesh::from(Sphere::new(DRAWN_DEVIATIONS)));
    let corners = form
        .attribute(Mesh::ATTRIBUTE_POSITION)
        .and_then(VertexAttributeValues::as_float3)
        .unwrap_or_default();
    let order: Vec<u32> = form
        .indices()
        .map(|indices| indices.iter().map(|index| index as u32).collect())
        .unwrap_or_default();
    let (mut positions, mut colors, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    let whole = Vec4::ONE;
    let splats = primitive.positions.iter().zip(&primitive.splats);
    for (number, (&center, splat)) in splats.enumerate() {
        let color = *primitive.colors.get(number).unwrap_or(&whole);
        if color.w < LEAST_OPACITY {
            continue;
        }
        let start = positions.len() as u32;
        positions.extend(corners.iter().map(|&corner| {
            (center + splat.rotation * (Vec3::from(corner) * splat.deviation)).to_array()
        }));
        colors.extend(corners.iter().map(|_| color.with_w(1.0).to_array()));
        indices.extend(order.iter().map(|index| start + index));
    }
    (!positions.is_empty()).then(|| {
        Mesh::new(
            PrimitiveTopology::TriangleList,
            RenderAssetUsages::RENDER_WORLD,
        )
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, colors)
        .with_inserted_indices(Indices::U32(indices))
    })
}

/// Sets of texture coordinates of a primitive.
#[derive(Clone, Copy)]
struct Coordinates {
    /// Those that the engine's mesh has.
    drawn: [u32; MAX_DRAWN_UV_SETS],
    /// The one along which tangents run, where they are needed.
    tangents_along: Option<usize>,
}

impl Coordinates {
    fn of(scene: &Scene, primitive: &Primitive) -> Self {
        let mut drawn = match primitive.material {
            Some(index) => scene.materials[index.index()].drawn_uv_sets(),
            None => Material::default().drawn_uv_sets(),
        };
        // The engine looks at a first set wherever there is a second.
        let sets = (0..).zip(&primitive.uv_sets);
        let mut there = sets.filter(|(_, set)| !set.is_empty());
        if let Some((first, _)) = there.clone().next()
            && !there.any(|(number, _)| number == drawn[0])
        {
            drawn[0] = first;
        }
        Self {
            drawn,
            tangents_along: tangents::wanted(scene, primitive),
        }
    }
}

/// Builds the engine's mesh, as it is seen in a form.
fn build(primitive: &Primitive, form: Form, coordinates: Coordinates) -> Geometry {
    let mut geometry = build_plain(primitive, form, coordinates);
    // Tangents were made before: they belong to the surface, whichever way its triangles go round.
    if form.is_mirrored
        && geometry.mesh.primitive_topology() == PrimitiveTopology::TriangleList
        && let Err(error) = geometry.mesh.invert_winding()
    {
        tracing::debug!("a mirrored mesh is drawn inside out: {error}");
    }
    geometry
}

/// As the file has it.
fn build_plain(primitive: &Primitive, form: Form, coordinates: Coordinates) -> Geometry {
    if let Some(mesh) = ellipsoids(primitive) {
        return Geometry {
            mesh,
            is_skinned: false,
        };
    }
    let topology = match primitive.topology {
        Topology::Triangles => PrimitiveTopology::TriangleList,
        Topology::Lines => PrimitiveTopology::LineList,
        Topology::Points => PrimitiveTopology::PointList,
    };
    let count = primitive.positions.len();
    let mut mesh = Mesh::new(topology, RenderAssetUsages::RENDER_WORLD);
    mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, floats3(&primitive.positions));
    if !primitive.normals.is_empty() {
        mesh.insert_attribute(Mesh::ATTRIBUTE_NORMAL, floats3(&primitive.normals));
    }
    let uv_attributes: [MeshVertexAttribute; MAX_DRAWN_UV_SETS] =
        [Mesh::ATTRIBUTE_UV_0, Mesh::ATTRIBUTE_UV_1];
    for (set, attribute) in coordinates.drawn.into_iter().zip(uv_attributes) {
        let set = primitive.uv_sets.get(set as usize);
        if let Some(set) = set.filter(|set| !set.is_empty()) {
            mesh.insert_attribute(
                attribute,
                set.iter().map(|uv| uv.to_array()).collect::<Vec<_>>(),
            );
        }
    }
    if !primitive.colors.is_empty() {
        mesh.insert_attribute(
            Mesh::ATTRIBUTE_COLOR,
            primitive
                .colors
                .iter()
                .map(|color| color.to_array())
                .collect::<Vec<_>>(),
        );
    }
    let is_skinned = form.is_skinned && !primitive.joints.is_empty();
    if is_skinned {
        let (joints, weights) = strongest_four(primitive, count);
        mesh.insert_attribute(
            Mesh::ATTRIBUTE_JOINT_INDEX,
            VertexAttributeValues::Uint16x4(joints),
        );
        mesh.insert_attribute(Mesh::ATTRIBUTE_JOINT_WEIGHT, weights);
    }
    mesh.insert_indices(Indices::U32(primitive.indices.clone()));
    // Only where something is turned by them: with tangents the engine does not turn the normals of backs round by itself.
    let along = coordinates.tangents_along;
    if along.is_some() && !primitive.tangents.is_empty() {
        mesh.insert_attribute(
            Mesh::ATTRIBUTE_TANGENT,
            primitive
                .tangents
                .iter()
                .map(|tangent| tangent.to_array())
                .collect::<Vec<_>>(),
        );
    } else if let Some(tangents) = along.and_then(|set| tangents::along(primitive, set)) {
        mesh.insert_attribute(Mesh::ATTRIBUTE_TANGENT, tangents);
    }
    add_targets(&mut mesh, primitive);
    Geometry { mesh, is_skinned }
}

impl Geometry {
    /// Of a primitive in a form, with tangents where one of its materials needs them.
    pub(crate) fn of(scene: &Scene, primitive: &Primitive, form: Form) -> Self {
        let mut geometry = build(primitive, form, Coordinates::of(scene, primitive));
        let material = primitive.material;
        // MToon does not look at colours of vertices; the engine multiplies any that are there.
        if material.is_some_and(|index| scene.materials[index.index()].toon.is_some()) {
            geometry.mesh.remove_attribute(Mesh::ATTRIBUTE_COLOR);
        }
        geometry
    }
}

/// The engine takes four influences a vertex; of more, the strongest count.
fn strongest_four(primitive: &Primitive, count: usize) -> (Vec<[u16; 4]>, Vec<[f32; 4]>) {
    let mut all_joints = Vec::with_capacity(count);
    let mut all_weights = Vec::with_capacity(count);
    for vertex in 0..count {
        let mut influences: Vec<(u16, f32)> = Vec::with_capacity(8);
        for (joints, weights) in primitive
            .joints
            .iter()
            .zip(&primitive.joint_weights)
            .filter(|(joints, _)| !joints.is_empty())
        {
            influences
                .extend((0..4).map(|lane| (joints[vertex][lane], weights[vertex][lane].max(0.0))));
        }
        influences.sort_by(|a, b| b.1.total_cmp(&a.1));
        influences.resize(4, (0, 0.0));
        let sum: f32 = influences.iter().map(|influence| influence.1).sum();
        let scale = if sum > 1e-6 { 1.0 / sum } else { 0.0 };
        all_joints.push(std::array::from_fn(|lane| influences[lane].0));
        all_weights.push(if scale > 0.0 {
            std::array::from_fn(|lane| influences[lane].1 * scale)
        } else {
            [1.0, 0.0, 0.0, 0.0]
        });
    }
    (all_joints, all_weights)
}

fn add_targets(mesh: &mut Mesh, primitive: &Primitive) {
    if primitive.targets.is_empty() || primitive.positions.is_empty() {
        return;
    }
    let pick = |values: &[Vec3], vertex: usize| values.get(vertex).copied().unwrap_or_default();
    let attributes = primitive
        .targets
        .iter()
        .flat_map(|target| {
            (0..primitive.positions.len()).map(|vertex| {
                MorphAttributes::new(
                    pick(&target.positions, vertex),
                    pick(&target.normals, vertex),
                    Vec3::ZERO,
                )
            })
        })
        .collect();
    mesh.set_morph_targets(attributes);
}

pub(super) fn floats3(values: &[Vec3]) -> Vec<[f32; 3]> {
    values.iter().map(|value| value.to_array()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenery::mesh::testing::triangles;
    use scene::{MaterialIndex, Node, TextureIndex, TextureSlot, TextureTransform};

    #[test]
    fn a_mesh_has_the_coordinates_that_its_material_looks_at() {
        let slot = |uv_set| {
            Some(TextureSlot {
                texture: TextureIndex(0),
                uv_set,
                transform: TextureTransform::default(),
            })
        };
        let mut scene = triangles(vec![Node::default()], 0);
        scene.materials = vec![Material {
            base_color_texture: slot(3),
            occlusion_texture: slot(1),
            ..Material::default()
        }];
        let primitive = &mut scene.meshes[0].primitives[0];
        // The set of a number is full of it.
        primitive.uv_sets = (0..4u8)
            .map(|number| vec![Vec2::splat(number.into()); 3])
            .collect();
        let first_corners = |scene: &Scene| {
            let mesh = Geometry::of(scene, &scene.meshes[0].primitives[0], Form::default()).mesh;
            [Mesh::ATTRIBUTE_UV_0, Mesh::ATTRIBUTE_UV_1].map(|attribute| {
                match mesh.attribute(attribute) {
                    Some(VertexAttributeValues::Float32x2(set)) => set[0][0],
                    _ => f32::NAN,
                }
            })
        };
        assert_eq!(first_corners(&scene), [0.0, 1.0], "without a material");
        scene.meshes[0].primitives[0].material = Some(MaterialIndex(0));
        assert_eq!(first_corners(&scene), [1.0, 3.0]);
        scene.meshes[0].primitives[0].uv_sets[1].clear();
        assert_eq!(first_corners(&scene), [0.0, 3.0], "what is not there");
        scene.meshes[0].primitives[0].uv_sets.clear();
        assert!(first_corners(&scene).iter().all(|set| set.is_nan()));
    }
}
