// Light that comes from all around.
#define_import_path stoa::around

#ifdef ENVIRONMENT_MAP
#import bevy_pbr::{
    clustered_forward as clustering,
    environment_map,
    lighting,
    lighting::{LAYER_BASE, LAYER_CLEARCOAT},
    pbr_types::PbrInput,
}
#import stoa::lights

// From the environment on a surface of full white that faces a direction.
fn irradiance_from(surface: PbrInput, normal: vec3<f32>) -> vec3<f32> {
    var white: lighting::LightingInput;
    white.layers[LAYER_BASE].NdotV = 1.0;
    white.layers[LAYER_BASE].N = normal;
    white.layers[LAYER_BASE].R = normal;
    white.layers[LAYER_BASE].perceptual_roughness = 1.0;
    white.layers[LAYER_BASE].roughness = 1.0;
    white.P = surface.world_position.xyz;
    white.V = surface.V;
    white.diffuse_color = vec3<f32>(1.0);
    white.F_ab = vec2<f32>(0.1);
#ifdef STANDARD_MATERIAL_CLEARCOAT
    white.layers[LAYER_CLEARCOAT].N = normal;
#endif
    let view_z = lights::near(surface).view_z;
    let cluster = clustering::view_fragment_cluster_index(surface.frag_coord.xy, view_z, surface.is_orthographic);
    var ranges = clustering::unpack_clusterable_object_index_ranges(cluster);
    return environment_map::environment_map_light(&white, &ranges, false).diffuse;
}
#endif
