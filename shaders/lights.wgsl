// Light that falls on a point, lamp by lamp, for surfaces that reflect it otherwise than the engine's own.
#define_import_path stoa::lights

#import bevy_pbr::{
    clustered_forward as clustering,
    lighting::getDistanceAttenuation,
    mesh_types::MESH_FLAGS_SHADOW_RECEIVER_BIT,
    mesh_view_bindings as view_bindings,
    mesh_view_types,
    pbr_types::PbrInput,
    shadows,
}

// Light from one lamp.
struct Incident {
    // Unit vector towards the lamp.
    direction: vec3<f32>,
    // Illuminance of a surface that faces it, shadow and distance taken in.
    radiance: vec3<f32>,
}

// Numbers of the lamps near a point in the engine's lists: [first, last) of each kind.
struct Near {
    first_point: u32,
    first_spot: u32,
    end: u32,
    view_z: f32,
}

fn near(in: PbrInput) -> Near {
    let view = view_bindings::view.view_from_world;
    let view_z = dot(vec4<f32>(view[0].z, view[1].z, view[2].z, view[3].z), in.world_position);
    let cluster = clustering::view_fragment_cluster_index(in.frag_coord.xy, view_z, in.is_orthographic);
    let ranges = clustering::unpack_clusterable_object_index_ranges(cluster);
    return Near(
        ranges.first_point_light_index_offset,
        ranges.first_spot_light_index_offset,
        ranges.first_reflection_probe_index_offset,
        view_z,
    );
}

fn directional(in: PbrInput, index: u32, view_z: f32) -> Incident {
    let lamp = &view_bindings::lights.directional_lights[index];
    var shadow = 1.0;
    if (in.flags & MESH_FLAGS_SHADOW_RECEIVER_BIT) != 0u
        && ((*lamp).flags & mesh_view_types::DIRECTIONAL_LIGHT_FLAGS_SHADOWS_ENABLED_BIT) != 0u {
        shadow = shadows::fetch_directional_shadow(index, in.world_position, in.world_normal, view_z, in.frag_coord.xy);
    }
    return Incident((*lamp).direction_to_light.xyz, (*lamp).color.rgb * shadow);
}

// `position` is a place in the engine's list between those of `Near`.
fn clustered(in: PbrInput, position: u32, is_spot: bool) -> Incident {
    let index = clustering::get_clusterable_object_id(position);
    let lamp = &view_bindings::clustered_lights.data[index];
    let way = (*lamp).position_radius.xyz - in.world_position.xyz;
    let direction = normalize(way);
    var strength = getDistanceAttenuation(dot(way, way), (*lamp).color_inverse_square_range.w);
    let has_shadow = (in.flags & MESH_FLAGS_SHADOW_RECEIVER_BIT) != 0u
        && ((*lamp).flags & mesh_view_types::POINT_LIGHT_FLAGS_SHADOWS_ENABLED_BIT) != 0u;
    if is_spot {
        var axis = vec3<f32>((*lamp).light_custom_data.x, 0.0, (*lamp).light_custom_data.y);
        axis.y = sqrt(max(0.0, 1.0 - axis.x * axis.x - axis.z * axis.z));
        if ((*lamp).flags & mesh_view_types::POINT_LIGHT_FLAGS_SPOT_LIGHT_Y_NEGATIVE) != 0u {
            axis.y = -axis.y;
        }
        let cone = saturate(dot(-axis, direction) * (*lamp).light_custom_data.z + (*lamp).light_custom_data.w);
        strength *= cone * cone;
        if has_shadow {
            strength *= shadows::fetch_spot_shadow(
                index, in.world_position, in.world_normal, (*lamp).shadow_map_near_z, in.frag_coord.xy,
            );
        }
    } else if has_shadow {
        strength *= shadows::fetch_point_shadow(index, in.world_position, in.world_normal, in.frag_coord.xy);
    }
    return Incident(direction, (*lamp).color_inverse_square_range.rgb * strength);
}
