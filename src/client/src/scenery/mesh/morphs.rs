//! Morph targets: as many as the adapter can read, and of meshes that have just come into view.
//!
//! The engine gives a mesh its place in the table of morph targets only for what was drawn in the picture before, but
//! notes that place only when the mesh comes or moves: one that stands still would be drawn at rest for ever.

use bevy::{
    pbr::{
        MeshInputUniform, MeshUniform, MorphIndices, MorphUniforms, RenderMeshInstances,
        collect_meshes_for_gpu_building, prepare_morph_descriptors,
    },
    prelude::*,
    render::{
        Render, RenderApp, RenderStartup, RenderSystems,
        batching::gpu_preprocessing::BatchedInstanceBuffers,
        mesh::{
            RenderMesh,
            allocator::{MeshAllocator, MeshAllocatorSettings},
        },
        render_asset::RenderAssets,
        renderer::RenderDevice,
    },
};

/// What the graphics adapter is told of each mesh. Adapters that draw without it look places up for every picture.
type Inputs = BatchedInstanceBuffers<MeshUniform, MeshInputUniform>;

pub(in crate::scenery) fn plugin(app: &mut App) {
    let Some(render) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    let again = (give_places, note_places)
        .chain()
        .after(collect_meshes_for_gpu_building)
        .in_set(RenderSystems::PrepareMeshes)
        .run_if(resource_exists::<Inputs>);
    render.add_systems(RenderStartup, fit);
    render.add_systems(Render, again);
}

/// Most bytes of one mesh's morph targets.
pub(in crate::scenery) fn most_morph_bytes(device: &RenderDevice) -> u64 {
    device.limits().max_storage_buffer_binding_size
}

/// The engine reads a whole slab of morph targets at once, and would make larger ones than some adapters can read. One that has room
/// for a mesh of half of what can be read may be a little larger than that mesh.
fn fit(device: Res<RenderDevice>, mut settings: ResMut<MeshAllocatorSettings>) {
    let most = most_morph_bytes(&device) / 2;
    settings.max_slab_size = settings.max_slab_size.min(most);
}

/// The mesh, at rest when it has more bytes of morph targets than that.
pub(in crate::scenery) fn within(mesh: Mesh, most: u64) -> Mesh {
    let bytes = mesh.get_morph_targets().map_or(0, size_of_val) as u64;
    if bytes <= most {
        return mesh;
    }
    tracing::warn!(
        "a mesh has {} MiB of morph targets, and the graphics adapter reads {} MiB: it stays at rest",
        bytes >> 20,
        most >> 20
    );
    let mut resting = Mesh::new(mesh.primitive_topology(), mesh.asset_usage);
    for (attribute, values) in mesh.attributes() {
        resting.insert_attribute(*attribute, values.clone());
    }
    if let Some(indices) = mesh.indices() {
        resting.insert_indices(indices.clone());
    }
    resting
}

/// For those that were not there when the engine did it.
fn give_places(
    indices: ResMut<MorphIndices>,
    uniforms: ResMut<MorphUniforms>,
    instances: Res<RenderMeshInstances>,
    meshes: Res<RenderAssets<RenderMesh>>,
    allocator: Res<MeshAllocator>,
) {
    prepare_morph_descriptors(indices, uniforms, instances, meshes, allocator);
}

fn note_places(
    indices: Res<MorphIndices>,
    instances: Res<RenderMeshInstances>,
    inputs: Res<Inputs>,
) {
    let (
        MorphIndices::Storage {
            gpu_descriptor_indices: places,
            ..
        },
        RenderMeshInstances::GpuBuilding(instances),
    ) = (&*indices, &*instances)
    else {
        return;
    };
    for (entity, place) in places {
        let Some(instance) = instances.get(entity) else {
            continue;
        };
        let index = instance.gpu_specific.current_uniform_index();
        let mut input = inputs.current_input_buffer.get_unchecked(index);
        if input.morph_descriptor_index != place.0 {
            input.morph_descriptor_index = place.0;
            inputs.current_input_buffer.set(index, input);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::{
        asset::RenderAssetUsages,
        mesh::{PrimitiveTopology, VertexAttributeValues, morph::MorphAttributes},
    };

    #[test]
    fn what_has_more_morph_targets_than_can_be_read_stays_at_rest() {
        let mesh = || {
            let mut mesh = Mesh::new(
                PrimitiveTopology::TriangleList,
                RenderAssetUsages::RENDER_WORLD,
            );
            mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, vec![[1.0, 2.0, 3.0]; 3]);
            mesh.set_morph_targets(vec![MorphAttributes::from([Vec3::ONE; 3]); 6]);
            mesh
        };
        let bytes = size_of::<[MorphAttributes; 6]>() as u64;
        assert!(within(mesh(), bytes).has_morph_targets());
        let resting = within(mesh(), bytes - 1);
        assert!(!resting.has_morph_targets());
        let positions = resting.attribute(Mesh::ATTRIBUTE_POSITION);
        assert_eq!(positions.map(VertexAttributeValues::len), Some(3));
    }
}
