// MToon 1.0: a drawn look with a hard border between light and shade (VRMC_materials_mtoon).

#import bevy_pbr::{
    forward_io::{FragmentOutput, VertexOutput},
    mesh_view_bindings as view_bindings,
    pbr_bindings,
    pbr_fragment::pbr_input_from_standard_material,
    pbr_functions::{alpha_discard, main_pass_post_lighting_processing},
    pbr_types::PbrInput,
}
#import stoa::{
    lights,
    toon::{matcap_texture, motion_texture, moved, rim_texture, shade_texture, shift_texture, toon, toon_sampler},
}

#ifdef ENVIRONMENT_MAP
#import stoa::around::irradiance_from
#endif

const PI: f32 = 3.14159265;

// 0 in shade, 1 in the light.
fn border(n_l: f32, shift: f32) -> f32 {
    let toony = min(toon.shade.a, 0.9999);
    return saturate((n_l + shift + 1.0 - toony) / (2.0 - 2.0 * toony));
}

@fragment
fn fragment(in: VertexOutput, @builtin(front_facing) is_front: bool) -> FragmentOutput {
    var drawn = in;
    var uv = vec2<f32>(0.0);
#ifdef VERTEX_UVS_A
    if any(toon.motion.xyz != vec3<f32>(0.0)) {
        drawn.uv = moved(in.uv, textureSample(motion_texture, toon_sampler, in.uv).b);
    }
    uv = (pbr_bindings::material.uv_transform * vec3<f32>(drawn.uv, 1.0)).xy;
#endif
    var surface = pbr_input_from_standard_material(drawn, is_front);
    surface.material.base_color = alpha_discard(surface.material, surface.material.base_color);
    let lit = surface.material.base_color.rgb;
    let shade = toon.shade.rgb * textureSample(shade_texture, toon_sampler, uv).rgb;
    let shift = toon.numbers.x + toon.textures.x * toon.numbers.y * textureSample(shift_texture, toon_sampler, uv).r;

    var light = vec3<f32>(0.0);
    var direct = vec3<f32>(0.0);
    let near = lights::near(surface);
    for (var index = 0u; index < view_bindings::lights.n_directional_lights; index += 1u) {
        let incident = lights::directional(surface, index, near.view_z);
        // What lies in the shadow of something is shade, not darkness.
        let lamp = view_bindings::lights.directional_lights[index].color.rgb;
        let shadow = max(incident.radiance.r, max(incident.radiance.g, incident.radiance.b))
            / max(max(lamp.r, max(lamp.g, lamp.b)), 0.0001);
        let share = border(dot(surface.N, incident.direction), shift) * shadow;
        direct += mix(shade, lit, share) * lamp;
        light += lamp;
    }
    for (var place = near.first_point; place < near.end; place += 1u) {
        let incident = lights::clustered(surface, place, place >= near.first_spot);
        direct += mix(shade, lit, border(dot(surface.N, incident.direction), shift)) * incident.radiance;
        light += incident.radiance;
    }
    var around = view_bindings::lights.ambient_color.rgb;
#ifdef ENVIRONMENT_MAP
    let even = 0.5 * (irradiance_from(surface, vec3<f32>(0.0, 1.0, 0.0)) + irradiance_from(surface, vec3<f32>(0.0, -1.0, 0.0)));
    around += mix(irradiance_from(surface, surface.N), even, toon.numbers.z);
#endif
    var color = direct / PI + lit * around;

    let facing = saturate(dot(surface.N, surface.V));
    var rim = pow(saturate(1.0 - facing + toon.rim.a), max(toon.numbers.w, 0.0001)) * toon.rim.rgb;
    let across = normalize(vec3<f32>(surface.V.z, 0.0, -surface.V.x) + vec3<f32>(0.00001, 0.0, 0.0));
    let up = cross(surface.V, across);
    let sphere = vec2<f32>(dot(across, surface.N), -dot(up, surface.N)) * 0.495 + 0.5;
    rim += toon.textures.y * toon.matcap.rgb * textureSample(matcap_texture, toon_sampler, sphere).rgb;
    rim *= textureSample(rim_texture, toon_sampler, uv).rgb;
    // A rim that shines by itself is as bright as white paper in the light of the place.
    let lamp = light / PI + around;
    let brightness = max(lamp.r, max(lamp.g, lamp.b));
    color += rim * mix(vec3<f32>(brightness), lamp, toon.matcap.a);

    let emissive = surface.material.emissive.rgb * mix(1.0, view_bindings::view.exposure, surface.material.emissive.a);
    var shown = color * view_bindings::view.exposure + emissive;
#ifdef OUTLINE
    // A line that is not lit is as bright as its colour on paper would be.
    shown = toon.outline.rgb * mix(vec3<f32>(brightness * view_bindings::view.exposure), shown, toon.outline.a);
#endif
    var out: FragmentOutput;
    out.color = vec4<f32>(shown, surface.material.base_color.a);
    out.color = main_pass_post_lighting_processing(surface, out.color);
    return out;
}
