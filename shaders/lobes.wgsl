// What KHR_materials_* ask of a surface beyond the engine's own material: textures of every lobe with their own
// transforms, sheen, thin films, dispersion, coloured light from behind.

#import bevy_pbr::{
    forward_io::{FragmentOutput, VertexOutput},
    mesh_view_bindings as view_bindings,
    pbr_bindings,
    pbr_fragment::pbr_input_from_standard_material,
    pbr_functions::{
        alpha_discard, apply_normal_mapping, apply_pbr_lighting, calculate_tbn_mikktspace,
        main_pass_post_lighting_processing,
    },
    pbr_types::{PbrInput, STANDARD_MATERIAL_FLAGS_DOUBLE_SIDED_BIT, STANDARD_MATERIAL_FLAGS_UNLIT_BIT},
}
#import stoa::lights
#import stoa::film::reflection_of_film

#ifdef ENVIRONMENT_MAP
#import stoa::around::irradiance_from
#endif

const PI: f32 = 3.14159265;

// Slots, in the order of `scene::Slot`.
const BASE_COLOR: u32 = 0u;
const METALLIC_ROUGHNESS: u32 = 1u;
const NORMAL: u32 = 2u;
const OCCLUSION: u32 = 3u;
const EMISSIVE: u32 = 4u;
const TRANSMISSION: u32 = 5u;
const THICKNESS: u32 = 6u;
const CLEARCOAT: u32 = 7u;
const CLEARCOAT_ROUGHNESS: u32 = 8u;
const CLEARCOAT_NORMAL: u32 = 9u;
const SPECULAR: u32 = 10u;
const SPECULAR_COLOR: u32 = 11u;
const ANISOTROPY: u32 = 12u;
const SHEEN_COLOR: u32 = 13u;
const SHEEN_ROUGHNESS: u32 = 14u;
const FILM: u32 = 15u;
const FILM_THICKNESS: u32 = 16u;
const DIFFUSE_TRANSMISSION: u32 = 17u;
const DIFFUSE_TRANSMISSION_COLOR: u32 = 18u;

struct Slot {
    // Rows of the transform of texture coordinates. The fourth number of `u` is 0 for no texture of ours, 1 for the first
    // and 2 for the second set of coordinates; that of `v` says what lies outside: across + 4 * along, 0 the picture again,
    // 1 mirrored, 2 its edge.
    u: vec4<f32>,
    v: vec4<f32>,
}

struct Lobes {
    // Colour and roughness.
    sheen: vec4<f32>,
    // Factor, index of refraction, thinnest and thickest in nanometres.
    film: vec4<f32>,
    // Strength, cosine and sine of the rotation, dispersion.
    anisotropy: vec4<f32>,
    // Of the normal, the occlusion and the coat's normal; 1 + the glossiness, where there is one in place of a roughness.
    scales: vec4<f32>,
    // Colour of light from behind.
    behind: vec4<f32>,
    slots: array<Slot, 19>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(100) var<uniform> lobes: Lobes;
@group(#{MATERIAL_BIND_GROUP}) @binding(101) var lobe_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(102) var transmission_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(103) var thickness_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(104) var clearcoat_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(105) var clearcoat_roughness_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(106) var clearcoat_normal_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(107) var specular_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(108) var specular_color_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(109) var anisotropy_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(110) var sheen_color_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(111) var sheen_roughness_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(112) var film_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(113) var film_thickness_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(114) var behind_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(115) var behind_color_texture: texture_2d<f32>;

fn is_used(slot: u32) -> bool {
    return lobes.slots[slot].u.w > 0.5;
}

// Texture coordinates of a slot.
fn place(in: VertexOutput, slot: u32) -> vec2<f32> {
    var uv = vec2<f32>(0.0);
#ifdef VERTEX_UVS_A
    uv = in.uv;
#endif
#ifdef VERTEX_UVS_B
    if lobes.slots[slot].u.w > 1.5 {
        uv = in.uv_b;
    }
#endif
    let at = vec3<f32>(uv, 1.0);
    return vec2<f32>(dot(lobes.slots[slot].u.xyz, at), dot(lobes.slots[slot].v.xyz, at));
}

// One coordinate where the picture is not simply repeated; half a texel stays free, since the sampler repeats.
fn held(at: f32, code: u32, size: f32) -> f32 {
    let margin = 0.5 / size;
    if code == 2u {
        return clamp(at, margin, 1.0 - margin);
    }
    if code == 1u {
        let wave = 1.0 - abs(1.0 - 2.0 * fract(at * 0.5));
        return clamp(wave, margin, 1.0 - margin);
    }
    return at;
}

// A texel of one of our textures; all share one sampler, so that a surface stays within what adapters can bind.
fn texel(in: VertexOutput, slot: u32, picture: texture_2d<f32>) -> vec4<f32> {
    let uv = place(in, slot);
    let code = u32(lobes.slots[slot].v.w + 0.5);
    let size = vec2<f32>(textureDimensions(picture));
    let inside = vec2<f32>(held(uv.x, code & 3u, size.x), held(uv.y, code >> 2u, size.y));
    return textureSampleGrad(picture, lobe_sampler, inside, dpdx(uv), dpdy(uv));
}

// Axes of the surface's texture; made up where a mesh has none.
fn axes(in: VertexOutput, normal: vec3<f32>) -> mat3x3<f32> {
#ifdef VERTEX_TANGENTS
    return calculate_tbn_mikktspace(normal, in.world_tangent);
#else
    let across = normalize(cross(select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(normal.y) > 0.9), normal));
    return mat3x3<f32>(across, cross(normal, across), normal);
#endif
}

// A texel of a normal map with its slant scaled.
fn scaled(texel: vec3<f32>, scale: f32) -> vec3<f32> {
    let slant = (texel.xy * 2.0 - 1.0) * scale;
    return normalize(vec3<f32>(slant, max(texel.z * 2.0 - 1.0, 0.001))) * 0.5 + 0.5;
}

// Core textures whose transform is not that of the base colour, or whose strength is scaled.
fn read_core(in: VertexOutput, is_front: bool, surface: ptr<function, PbrInput>) {
    if is_used(METALLIC_ROUGHNESS) {
        let read = textureSample(
            pbr_bindings::metallic_roughness_texture, pbr_bindings::metallic_roughness_sampler, place(in, METALLIC_ROUGHNESS),
        );
        (*surface).material.perceptual_roughness = pbr_bindings::material.perceptual_roughness * read.g;
        (*surface).material.metallic = pbr_bindings::material.metallic * read.b;
    }
    if is_used(OCCLUSION) {
        let read = textureSample(pbr_bindings::occlusion_texture, pbr_bindings::occlusion_sampler, place(in, OCCLUSION)).r;
        (*surface).diffuse_occlusion = vec3<f32>(1.0 + lobes.scales.y * (read - 1.0));
    }
    if is_used(EMISSIVE) {
        let read = textureSample(pbr_bindings::emissive_texture, pbr_bindings::emissive_sampler, place(in, EMISSIVE)).rgb;
        (*surface).material.emissive = vec4<f32>(pbr_bindings::material.emissive.rgb * read, pbr_bindings::material.emissive.a);
    }
    if is_used(NORMAL) {
        let read = textureSample(pbr_bindings::normal_map_texture, pbr_bindings::normal_map_sampler, place(in, NORMAL)).rgb;
        (*surface).N = bent(in, is_front, *surface, scaled(read, lobes.scales.x));
    }
}

fn bent(in: VertexOutput, is_front: bool, surface: PbrInput, texel: vec3<f32>) -> vec3<f32> {
    let flags = surface.material.flags;
    let double_sided = (flags & STANDARD_MATERIAL_FLAGS_DOUBLE_SIDED_BIT) != 0u;
    // That of the front: it is turned here.
    return apply_normal_mapping(flags, axes(in, in.world_normal), double_sided, is_front, texel);
}

// The engine turns the normals of a back only where there are neither tangents nor a normal map, and the one that it bends where
// there are both.
fn turn_back(is_front: bool, surface: ptr<function, PbrInput>) {
    let double_sided = ((*surface).material.flags & STANDARD_MATERIAL_FLAGS_DOUBLE_SIDED_BIT) != 0u;
    if !double_sided || is_front {
        return;
    }
#ifdef VERTEX_TANGENTS
    (*surface).world_normal = -(*surface).world_normal;
    (*surface).clearcoat_N = -(*surface).clearcoat_N;
#ifndef STANDARD_MATERIAL_NORMAL_MAP
    (*surface).N = -(*surface).N;
#endif
#else
#ifdef STANDARD_MATERIAL_NORMAL_MAP
    (*surface).world_normal = -(*surface).world_normal;
    (*surface).clearcoat_N = -(*surface).clearcoat_N;
    (*surface).N = -(*surface).N;
#endif
#endif
}

// Textures of the lobes that the engine knows.
fn read_lobes(in: VertexOutput, is_front: bool, surface: ptr<function, PbrInput>) {
    if is_used(TRANSMISSION) {
        (*surface).material.specular_transmission *= texel(in, TRANSMISSION, transmission_texture).r;
    }
    if is_used(THICKNESS) {
        (*surface).material.thickness *= texel(in, THICKNESS, thickness_texture).g;
    }
    if is_used(CLEARCOAT) {
        (*surface).material.clearcoat *= texel(in, CLEARCOAT, clearcoat_texture).r;
    }
    if is_used(CLEARCOAT_ROUGHNESS) {
        (*surface).material.clearcoat_perceptual_roughness *= texel(in, CLEARCOAT_ROUGHNESS, clearcoat_roughness_texture).g;
    }
    if is_used(CLEARCOAT_NORMAL) {
        let read = texel(in, CLEARCOAT_NORMAL, clearcoat_normal_texture).rgb;
        (*surface).clearcoat_N = bent(in, is_front, *surface, scaled(read, lobes.scales.z));
    }
    // The engine squares what it calls reflectance.
    if is_used(SPECULAR) {
        (*surface).material.reflectance *= sqrt(texel(in, SPECULAR, specular_texture).a);
    }
    if is_used(SPECULAR_COLOR) {
        let read = texel(in, SPECULAR_COLOR, specular_color_texture);
        (*surface).material.reflectance *= sqrt(read.rgb);
        if lobes.scales.w > 0.5 {
            (*surface).material.perceptual_roughness = 1.0 - (lobes.scales.w - 1.0) * read.a;
            // What is reflected is not thrown back a second time (KHR_materials_pbrSpecularGlossiness).
            let reflected = 0.16 * (*surface).material.reflectance * (*surface).material.reflectance;
            let kept = 1.0 - saturate(max(reflected.r, max(reflected.g, reflected.b)));
            (*surface).material.base_color = vec4<f32>((*surface).material.base_color.rgb * kept, (*surface).material.base_color.a);
        }
    }
#ifdef STANDARD_MATERIAL_ANISOTROPY
    var strength = lobes.anisotropy.x;
    var along = lobes.anisotropy.yz;
    if is_used(ANISOTROPY) {
        let read = texel(in, ANISOTROPY, anisotropy_texture).rgb;
        let turned = normalize(read.rg * 2.0 - 1.0 + vec2<f32>(1e-5, 0.0));
        along = vec2<f32>(along.x * turned.x - along.y * turned.y, along.y * turned.x + along.x * turned.y);
        strength *= read.b;
    }
    (*surface).anisotropy_strength = strength;
    (*surface).anisotropy_T = normalize(axes(in, in.world_normal) * vec3<f32>(along, 0.0));
    (*surface).anisotropy_B = normalize(cross((*surface).world_normal, (*surface).anisotropy_T));
#endif
}

// KHR_materials_iridescence: the film changes what is reflected head-on, seen from where the eye is.
fn lay_film(in: VertexOutput, surface: ptr<function, PbrInput>) {
    var factor = lobes.film.x;
    if factor <= 0.0 {
        return;
    }
    if is_used(FILM) {
        factor *= texel(in, FILM, film_texture).r;
    }
    var thickness = lobes.film.w;
    if is_used(FILM_THICKNESS) {
        thickness = mix(lobes.film.z, lobes.film.w, texel(in, FILM_THICKNESS, film_thickness_texture).g);
    }
    let cosine = max(dot((*surface).N, (*surface).V), 0.0001);
    let bare = 0.16 * (*surface).material.reflectance * (*surface).material.reflectance;
    let under = (*surface).material.base_color.rgb;
    let on_dielectric = reflection_of_film(lobes.film.y, thickness, bare, cosine);
    let on_metal = reflection_of_film(lobes.film.y, thickness, under, cosine);
    (*surface).material.reflectance = mix((*surface).material.reflectance, sqrt(on_dielectric / 0.16), factor);
    let metal = mix(under, on_metal, factor * (*surface).material.metallic);
    (*surface).material.base_color = vec4<f32>(metal, (*surface).material.base_color.a);
}

// Share of light from everywhere that cloth throws back: own fit to the integral of the lobe below, mean error 0.011.
fn sheen_albedo(cosine: f32, roughness: f32) -> f32 {
    let powers = vec4<f32>(1.0, cosine, cosine * cosine, cosine * cosine * cosine);
    let rows = vec4<f32>(
        dot(vec4<f32>(1.963, -21.333, 19.937, -13.529), powers),
        dot(vec4<f32>(-8.245, 86.462, -98.514, 54.654), powers),
        dot(vec4<f32>(10.315, -131.162, 168.9, -85.995), powers),
        dot(vec4<f32>(-4.58, 64.756, -90.162, 44.602), powers),
    );
    let r = max(roughness, 0.1);
    return saturate(exp(dot(rows, vec4<f32>(1.0, r, r * r, r * r * r))));
}

// Charlie distribution with the visibility of KHR_materials_sheen, times the cosine of the light.
fn sheen_of(surface: PbrInput, light: lights::Incident, roughness: f32) -> vec3<f32> {
    let halfway = normalize(light.direction + surface.V);
    let n_h = saturate(dot(surface.N, halfway));
    let n_l = saturate(dot(surface.N, light.direction));
    let n_v = max(dot(surface.N, surface.V), 0.0001);
    let inverse = 1.0 / max(roughness * roughness, 0.0049);
    let spread = (2.0 + inverse) * pow(max(1.0 - n_h * n_h, 0.0001), inverse * 0.5) / (2.0 * PI);
    let visible = 1.0 / (4.0 * (n_l + n_v - n_l * n_v) + 0.0001);
    return light.radiance * spread * visible * n_l;
}

// Light that comes from all around, on a surface of full white.
fn irradiance(surface: PbrInput) -> vec3<f32> {
    var around = view_bindings::lights.ambient_color.rgb;
#ifdef ENVIRONMENT_MAP
    around += irradiance_from(surface, surface.N);
#endif
    return around;
}

// KHR_materials_sheen: the base loses what the cloth throws back, and the cloth's light comes on top.
fn lay_sheen(in: VertexOutput, surface: PbrInput, lit: vec4<f32>) -> vec4<f32> {
    var color = lobes.sheen.rgb;
    var roughness = lobes.sheen.a;
    if is_used(SHEEN_COLOR) {
        color *= texel(in, SHEEN_COLOR, sheen_color_texture).rgb;
    }
    if is_used(SHEEN_ROUGHNESS) {
        roughness *= texel(in, SHEEN_ROUGHNESS, sheen_roughness_texture).a;
    }
    let strength = max(color.r, max(color.g, color.b));
    if strength <= 0.0 {
        return lit;
    }
    let albedo = sheen_albedo(max(dot(surface.N, surface.V), 0.0001), roughness);
    let near = lights::near(surface);
    var thrown = irradiance(surface) * albedo * surface.diffuse_occlusion;
    for (var index = 0u; index < view_bindings::lights.n_directional_lights; index += 1u) {
        thrown += sheen_of(surface, lights::directional(surface, index, near.view_z), roughness);
    }
    for (var place = near.first_point; place < near.end; place += 1u) {
        thrown += sheen_of(surface, lights::clustered(surface, place, place >= near.first_spot), roughness);
    }
    let kept = lit.rgb * (1.0 - strength * albedo);
    return vec4<f32>(kept + thrown * color * view_bindings::view.exposure, lit.a);
}

// The engine's lighting; glass that splits colours is lit once for each.
fn light_glass(surface: PbrInput) -> vec4<f32> {
    let dispersion = lobes.anisotropy.w;
    if dispersion <= 0.0 {
        return apply_pbr_lighting(surface);
    }
    let spread = (surface.material.ior - 1.0) * 0.025 * dispersion;
    var split = surface;
    split.material.ior = surface.material.ior - spread;
    let red = apply_pbr_lighting(split).r;
    split.material.ior = surface.material.ior + spread;
    let blue = apply_pbr_lighting(split).b;
    let middle = apply_pbr_lighting(surface);
    return vec4<f32>(red, middle.g, blue, middle.a);
}

// KHR_materials_diffuse_transmission: light from behind has a colour of its own.
fn light_leaf(in: VertexOutput, surface: PbrInput) -> vec4<f32> {
#ifdef STANDARD_MATERIAL_DIFFUSE_TRANSMISSION
    var share = surface.material.diffuse_transmission;
    if is_used(DIFFUSE_TRANSMISSION) {
        share *= texel(in, DIFFUSE_TRANSMISSION, behind_texture).a;
    }
    var color = lobes.behind.rgb;
    if is_used(DIFFUSE_TRANSMISSION_COLOR) {
        color *= texel(in, DIFFUSE_TRANSMISSION_COLOR, behind_color_texture).rgb;
    }
    var front = surface;
    front.material.diffuse_transmission = 0.0;
    let dimmed = front.material.base_color.rgb * (1.0 - share * (1.0 - front.material.metallic));
    front.material.base_color = vec4<f32>(dimmed, front.material.base_color.a);
    var back = surface;
    back.material.diffuse_transmission = 1.0;
    back.material.base_color = vec4<f32>(color, front.material.base_color.a);
    back.material.metallic = 0.0;
    back.material.reflectance = vec3<f32>(0.0);
    back.material.emissive = vec4<f32>(0.0);
    back.material.clearcoat = 0.0;
    back.material.specular_transmission = 0.0;
    let lit = light_glass(front);
    return vec4<f32>(lit.rgb + apply_pbr_lighting(back).rgb * share, lit.a);
#else
    return light_glass(surface);
#endif
}

@fragment
fn fragment(in: VertexOutput, @builtin(front_facing) is_front: bool) -> FragmentOutput {
    var surface = pbr_input_from_standard_material(in, is_front);
    surface.material.base_color = alpha_discard(surface.material, surface.material.base_color);
    var out: FragmentOutput;
    if (surface.material.flags & STANDARD_MATERIAL_FLAGS_UNLIT_BIT) != 0u {
        out.color = surface.material.base_color;
    } else {
        turn_back(is_front, &surface);
        read_core(in, is_front, &surface);
        read_lobes(in, is_front, &surface);
        lay_film(in, &surface);
        out.color = lay_sheen(in, surface, light_leaf(in, surface));
    }
    out.color = main_pass_post_lighting_processing(surface, out.color);
    return out;
}
