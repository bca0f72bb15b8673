//! Tangents of meshes whose file has none.

use super::build::floats3;
use bevy::{
    asset::RenderAssetUsages,
    mesh::{Indices, PrimitiveTopology, VertexAttributeValues},
    prelude::*,
};
use scene::{Material, Primitive, Scene, Topology};

/// The set of texture coordinates along which tangents run, when some material of a primitive looks at them: the normal
/// map's, else that of the other textures that have a direction (glTF 2.0, 3.7.2.1).
pub(super) fn wanted(scene: &Scene, primitive: &Primitive) -> Option<usize> {
    let variants = primitive.variants.iter().map(|(_, material)| *material);
    let materials = primitive.material.into_iter().chain(variants);
    materials
        .filter_map(|material| uv_set(&scene.materials[material.index()]))
        .next()
}

fn uv_set(material: &Material) -> Option<usize> {
    let slots = [
        material.normal_texture,
        material.clearcoat_normal_texture,
        material.anisotropy_texture,
    ];
    let slot = slots.into_iter().flatten().next();
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

#[cfg(test)]
mod tests {
    use super::super::{Form, Geometry, testing::triangles};
    use super::*;
    use scene::{MaterialIndex, Node, TextureIndex, TextureSlot, TextureTransform};

    /// Tangents of a triangle whose second set of coordinates runs along +Y, under a material and one of a variant.
    fn tangents(material: Material, variant: Material) -> Option<[f32; 4]> {
        let mut scene = triangles(vec![Node::default()], 0);
        scene.materials = vec![material, variant];
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
            (brushed, plain, Vec3::X),
        ];
        for (material, variant, way) in cases {
            let [x, y, z, _] = tangents(material, variant).expect("there are tangents");
            assert!(
                Vec3::new(x, y, z).abs_diff_eq(way, 1e-4),
                "{x} {y} {z}: {way}"
            );
        }
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
