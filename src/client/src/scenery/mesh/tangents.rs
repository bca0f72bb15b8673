//! Tangents of meshes whose file has none.

use super::build::floats3;
use bevy::{
    asset::RenderAssetUsages,
    mesh::{Indices, PrimitiveTopology, VertexAttributeValues},
    prelude::*,
};
use scene::{Material, Primitive, Scene, TextureSlot, Topology};

/// Most corners of triangles at one place for which tangents are those of MikkTSpace.
const MAX_CORNERS_OF_A_PLACE: u16 = 1_000;
/// Most triangles without area, by those with one, for which they are.
const MAX_FLAT_TIMES_GOOD: usize = 100_000_000;

/// The set of texture coordinates along which tangents run, when some material of a primitive looks at them: the normal
/// map's, else that of the other textures that have a direction (glTF 2.0, 3.7.2.1).
pub(super) fn wanted(scene: &Scene, primitive: &Primitive) -> Option<usize> {
    let variants = primitive.variants.iter().map(|(_, material)| *material);
    let materials = primitive.material.into_iter().chain(variants);
    materials
        .filter_map(|material| uv_set(scene, &scene.materials[material.index()]))
        .next()
}

fn uv_set(scene: &Scene, material: &Material) -> Option<usize> {
    let slots = [
        material.normal_texture,
        material.clearcoat_normal_texture,
        material.anisotropy_texture,
    ];
    // What has no image is as if there were none.
    let has_image = |slot: &TextureSlot| scene.textures[slot.texture.index()].image.is_some();
    let slot = slots.into_iter().flatten().find(has_image);
    match slot {
        Some(slot) => Some(slot.uv_set as usize),
        None => (material.anisotropy > 0.0).then_some(0),
    }
}

/// Tangents along a set of texture coordinates; `None` where none can be made.
pub(super) fn along(primitive: &Primitive, uv_set: usize) -> Option<VertexAttributeValues> {
    let uvs = primitive
        .uv_sets
        .get(uv_set)
        .filter(|set| !set.is_empty())?;
    if primitive.topology != Topology::Triangles {
        return None;
    }
    if is_crowded(primitive) {
        return Some(VertexAttributeValues::Float32x4(summed(primitive, uvs)));
    }
    let uvs: Vec<[f32; 2]> = uvs.iter().map(Vec2::to_array).collect();
    // The engine looks at the first set of what it is given.
    let mut bare = Mesh::new(
        PrimitiveTopology::TriangleList,
        RenderAssetUsages::default(),
    )
    .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, floats3(&primitive.positions))
    .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, floats3(&primitive.normals))
    .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, uvs)
    .with_inserted_indices(Indices::U32(primitive.indices.clone()));
    if let Err(error) = bare.generate_tangents() {
        tracing::debug!("a mesh is drawn without tangents: {error}");
    }
    bare.remove_attribute(Mesh::ATTRIBUTE_TANGENT)
}

/// True where MikkTSpace as it is written would take too much: it goes around the triangles of a vertex by calling itself for
/// each, compares all corners at one place with each other, and looks for a good triangle for each that has no area.
fn is_crowded(primitive: &Primitive) -> bool {
    let place = |index: u32| primitive.positions[index as usize];
    // Counted by a hash alone: what falls together by chance counts as one place, which is far below the limit.
    let slots = (primitive.indices.len() * 2).next_power_of_two();
    let mut corners = vec![0u16; slots];
    let mut flat = 0usize;
    for triangle in primitive.indices.chunks_exact(3) {
        let places = [place(triangle[0]), place(triangle[1]), place(triangle[2])];
        let [a, b, c] = places;
        flat += usize::from(a == b || b == c || c == a);
        for place in places {
            // Zero has two signs.
            let words = (place + Vec3::ZERO).to_array().map(f32::to_bits);
            let mixed = words.into_iter().fold(0u64, |mixed, word| {
                (mixed ^ u64::from(word))
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .rotate_left(29)
            });
            let count = &mut corners[mixed as usize & (slots - 1)];
            *count += 1;
            if *count > MAX_CORNERS_OF_A_PLACE {
                return true;
            }
        }
    }
    let good = primitive.indices.len() / 3 - flat;
    flat.saturating_mul(good) > MAX_FLAT_TIMES_GOOD
}

/// Of each vertex: the sum of its triangles' tangents, at a right angle to its normal.
fn summed(primitive: &Primitive, uvs: &[Vec2]) -> Vec<[f32; 4]> {
    let mut sums = vec![(Vec3::ZERO, Vec3::ZERO); primitive.positions.len()];
    for triangle in primitive.indices.chunks_exact(3) {
        let corners = [triangle[0], triangle[1], triangle[2]].map(|index| index as usize);
        let [origin, first, second] = corners.map(|corner| primitive.positions[corner]);
        let [zero, one, two] = corners.map(|corner| uvs[corner]);
        let (first, second, one, two) = (first - origin, second - origin, one - zero, two - zero);
        let turn = one.perp_dot(two).signum();
        let tangent = (first * two.y - second * one.y) * turn;
        let bitangent = (second * one.x - first * two.x) * turn;
        for corner in corners {
            sums[corner].0 += tangent.normalize_or_zero();
            sums[corner].1 += bitangent.normalize_or_zero();
        }
    }
    let of_vertex = |(index, (tangent, bitangent)): (usize, (Vec3, Vec3))| {
        let normal = primitive.normals.get(index).copied().unwrap_or(Vec3::Y);
        let normal = normal.normalize_or(Vec3::Y);
        let tangent = tangent.reject_from_normalized(normal);
        let tangent = tangent.normalize_or(normal.any_orthonormal_vector());
        // Texture coordinates run down, bitangents up.
        let hand = -normal.cross(tangent).dot(bitangent).signum();
        tangent.extend(hand).to_array()
    };
    sums.into_iter().enumerate().map(of_vertex).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Form, Geometry, testing::triangles};
    use super::*;
    use scene::{MaterialIndex, Node, TextureIndex, TextureTransform};

    /// Tangents of a triangle whose second set of coordinates runs along +Y, under a material and one of a variant.
    fn tangents(material: Material, variant: Material) -> Option<[f32; 4]> {
        let mut scene = triangles(vec![Node::default()], 0);
        scene.materials = vec![material, variant];
        let image = |image| scene::Texture {
            image,
            sampler: None,
        };
        scene.textures = vec![image(Some(scene::ImageIndex(0))), image(None)];
        let primitive = &mut scene.meshes[0].primitives[0];
        let along_x = vec![Vec2::ZERO, Vec2::X, Vec2::Y];
        let along_y = vec![Vec2::ZERO, Vec2::Y, Vec2::X];
        primitive.uv_sets = vec![along_x, along_y];
        primitive.material = Some(MaterialIndex(0));
        primitive.variants = vec![(0, MaterialIndex(1))];
        let mesh = Geometry::of(&scene, &scene.meshes[0].primitives[0], Form::default()).mesh;
        match mesh.attribute(Mesh::ATTRIBUTE_TANGENT) {
            Some(VertexAttributeValues::Float32x4(tangents)) => Some(tangents[0]),
            _ => None,
        }
    }

    #[test]
    fn tangents_run_along_the_coordinates_of_whatever_map_looks_at_them() {
        let slot = |uv_set| {
            Some(TextureSlot {
                texture: TextureIndex(0),
                uv_set,
                transform: TextureTransform::default(),
            })
        };
        let plain = Material::default();
        assert_eq!(tangents(plain.clone(), plain.clone()), None);
        let bumpy = |uv_set| Material {
            normal_texture: slot(uv_set),
            ..Material::default()
        };
        let coated = Material {
            clearcoat_normal_texture: slot(1),
            ..Material::default()
        };
        let brushed = Material {
            anisotropy: 0.5,
            ..Material::default()
        };
        let cases = [
            (bumpy(0), plain.clone(), Vec3::X),
            (bumpy(1), plain.clone(), Vec3::Y),
            (plain.clone(), bumpy(1), Vec3::Y),
            (coated, plain.clone(), Vec3::Y),
            (brushed, plain.clone(), Vec3::X),
        ];
        let mut without_image = bumpy(0);
        if let Some(slot) = &mut without_image.normal_texture {
            slot.texture = TextureIndex(1);
        }
        assert_eq!(tangents(without_image, plain), None);
        for (material, variant, way) in cases {
            let [x, y, z, _] = tangents(material, variant).expect("there are tangents");
            assert!(
                Vec3::new(x, y, z).abs_diff_eq(way, 1e-4),
                "{x} {y} {z}: {way}"
            );
        }
    }

    /// A fan around the origin in the XY plane, with coordinates that lie as the corners do, or mirrored.
    fn fan(triangles: u32, is_mirrored: bool) -> Primitive {
        let mut primitive = crate::scenery::mesh::testing::triangle();
        let rim = (0..triangles).map(|index| {
            Vec2::from_angle(index as f32 * std::f32::consts::TAU / triangles as f32).extend(0.0)
        });
        primitive.positions = std::iter::once(Vec3::ZERO).chain(rim).collect();
        let count = primitive.positions.len();
        primitive.normals = vec![Vec3::Z; count];
        let uv = |place: &Vec3| {
            if is_mirrored {
                Vec2::new(-place.y, place.x)
            } else {
                Vec2::new(place.y, place.x)
            }
        };
        primitive.uv_sets = vec![primitive.positions.iter().map(uv).collect()];
        let corners = (0..triangles).flat_map(|index| [0, index + 1, (index + 1) % triangles + 1]);
        primitive.indices = corners.collect();
        primitive
    }

    #[test]
    fn what_mikktspace_would_break_down_at_gets_plain_tangents() {
        for is_mirrored in [false, true] {
            let small = fan(20, is_mirrored);
            assert!(!is_crowded(&small));
            let Some(VertexAttributeValues::Float32x4(exact)) = along(&small, 0) else {
                panic!("there are tangents");
            };
            for (exact, plain) in exact.into_iter().zip(summed(&small, &small.uv_sets[0])) {
                let (exact, plain) = (Vec4::from(exact), Vec4::from(plain));
                assert!(exact.abs_diff_eq(plain, 1e-3), "{exact} {plain}");
            }
            let large = fan(20_000, is_mirrored);
            assert!(is_crowded(&large));
            let tangents = along(&large, 0).unwrap();
            assert_eq!(tangents.len(), large.positions.len());
        }
        let mut in_one_place = fan(2_000, false);
        in_one_place.positions.fill(Vec3::ZERO);
        let Some(VertexAttributeValues::Float32x4(tangents)) = along(&in_one_place, 0) else {
            panic!("there are tangents");
        };
        assert!(tangents.iter().flatten().all(|part| part.is_finite()));
    }

    #[test]
    fn tangents_of_a_file_are_taken_where_something_is_turned_by_them() {
        let with_own = |material: Material| {
            let mut scene = triangles(vec![Node::default()], 0);
            scene.materials = vec![material];
            let primitive = &mut scene.meshes[0].primitives[0];
            primitive.tangents = vec![Vec4::new(0.0, 1.0, 0.0, -1.0); 3];
            primitive.material = Some(MaterialIndex(0));
            let geometry = Geometry::of(&scene, &scene.meshes[0].primitives[0], Form::default());
            geometry.mesh.contains_attribute(Mesh::ATTRIBUTE_TANGENT)
        };
        // The engine turns the normals of backs round where there are none.
        assert!(!with_own(Material::default()));
        assert!(with_own(Material {
            anisotropy: 0.5,
            ..Material::default()
        }));
    }
}
