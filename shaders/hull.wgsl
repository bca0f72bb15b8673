// Swells a surface along its normals. What is drawn of it is its inside, so that a line stands around the surface
// (VRMC_materials_mtoon, Outline).

#import bevy_pbr::{
    forward_io::{Vertex, VertexOutput},
    mesh_bindings::mesh,
    mesh_functions,
    mesh_view_bindings::view,
    morph,
    pbr_bindings,
    skinning,
    view_transformations::position_world_to_clip,
}
#import stoa::toon::{motion_texture, moved, toon, toon_sampler, width_texture}

// So much nearer to the eye is a surface than a hull in the same place: where the line has no width, it is not seen.
const BEHIND: f32 = 0.9995;

// A vertex in its mesh, bent by morph targets.
struct Bent {
    position: vec3<f32>,
    normal: vec3<f32>,
}

fn bent(in: Vertex) -> Bent {
    var bent = Bent(in.position, vec3<f32>(0.0));
#ifdef VERTEX_NORMALS
    bent.normal = in.normal;
#endif
#ifdef MORPH_TARGETS
    let number = in.index - mesh[in.instance_index].first_vertex_index;
    let count = morph::layer_count(in.instance_index);
    for (var target_index = 0u; target_index < count; target_index += 1u) {
        let weight = morph::weight_at(target_index, in.instance_index);
        if weight != 0.0 {
            bent.position += weight * morph::morph_position(number, target_index, in.instance_index);
            bent.normal += weight * morph::morph_normal(number, target_index, in.instance_index);
        }
    }
#endif
    return bent;
}

// Metres, or heights of the screen.
fn width_at(in: Vertex) -> f32 {
    var width = toon.width.x;
#ifdef VERTEX_UVS_A
    var uv = in.uv;
    if any(toon.motion.xyz != vec3<f32>(0.0)) {
        uv = moved(uv, textureSampleLevel(motion_texture, toon_sampler, uv, 0.0).b);
    }
    uv = (pbr_bindings::material.uv_transform * vec3<f32>(uv, 1.0)).xy;
    width *= textureSampleLevel(width_texture, toon_sampler, uv, 0.0).g;
#endif
    return width;
}

@vertex
fn vertex(in: Vertex) -> VertexOutput {
    var out: VertexOutput;
    let vertex = bent(in);
    var normal = vec3<f32>(0.0);
#ifdef SKINNED
    let world_from_local = skinning::skin_model(in.joint_indices, in.joint_weights, in.instance_index);
#ifdef VERTEX_NORMALS
    normal = skinning::skin_normals(world_from_local, vertex.normal);
#endif
#else
    let world_from_local = mesh_functions::get_world_from_local(in.instance_index);
    normal = mesh_functions::mesh_normal_local_to_world(vertex.normal, in.instance_index);
#endif
    let width = width_at(in);
    let is_on_screen = toon.width.y > 0.5;
    let at = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(vertex.position, 1.0));
    let swollen = at.xyz + normal * select(width, 0.0, is_on_screen);
    out.position = position_world_to_clip(swollen);
    if is_on_screen {
        let across = (view.view_from_world * vec4<f32>(normal, 0.0)).xy;
        // The screen is two units high, and as many wide.
        let unit = 2.0 * vec2<f32>(view.viewport.w / view.viewport.z, 1.0);
        let direction = across / max(length(across), 0.0001);
        out.position += vec4<f32>(direction * width * unit * out.position.w, 0.0, 0.0);
    }
    out.position.z *= BEHIND;
    out.world_position = vec4<f32>(swollen, 1.0);
    out.world_normal = normal;
#ifdef VERTEX_UVS_A
    out.uv = in.uv;
#endif
#ifdef VERTEX_UVS_B
    out.uv_b = in.uv_b;
#endif
#ifdef VERTEX_TANGENTS
    out.world_tangent = mesh_functions::mesh_tangent_local_to_world(world_from_local, in.tangent, in.instance_index);
#endif
#ifdef VERTEX_COLORS
    out.color = in.color;
#endif
#ifdef VERTEX_OUTPUT_INSTANCE_INDEX
    out.instance_index = in.instance_index;
#endif
    return out;
}
