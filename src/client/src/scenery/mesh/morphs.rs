//! Morph targets of meshes that have just come into view.
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
        Render, RenderApp, RenderSystems,
        batching::gpu_preprocessing::BatchedInstanceBuffers,
        mesh::{RenderMesh, allocator::MeshAllocator},
        render_asset::RenderAssets,
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
    render.add_systems(Render, again);
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
