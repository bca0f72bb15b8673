// Numbers and pictures of MToon (VRMC_materials_mtoon), for surfaces and for the lines around them.
#define_import_path stoa::toon

#import bevy_pbr::mesh_view_bindings as view_bindings

struct Toon {
    // Colour in shade; sharpness of its border.
    shade: vec4<f32>,
    // Colour of the rim; what is added to it.
    rim: vec4<f32>,
    // Colour of the matcap; how much light falls on the rim.
    matcap: vec4<f32>,
    // Shift of the border, factor of its texture, evenness of light from around, narrowness of the rim.
    numbers: vec4<f32>,
    // Texture widths and heights and radians a second.
    motion: vec4<f32>,
    // 1 where there is a texture: shift, matcap.
    textures: vec4<f32>,
    // Colour of the outline; how much of the surface's light it has.
    outline: vec4<f32>,
    // Width of the outline; 0 when it is in metres, 1 when in heights of the screen.
    width: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(100) var<uniform> toon: Toon;
@group(#{MATERIAL_BIND_GROUP}) @binding(101) var toon_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(102) var shade_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(103) var shift_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(104) var matcap_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(105) var rim_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(106) var motion_texture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(108) var width_texture: texture_2d<f32>;

// Texture coordinates move as far as the mask says: by its blue.
fn moved(uv: vec2<f32>, mask: f32) -> vec2<f32> {
    let share = mask * view_bindings::globals.time;
    let turn = toon.motion.z * share;
    let middle = uv - 0.5;
    let turned = vec2<f32>(
        cos(turn) * middle.x + sin(turn) * middle.y,
        -sin(turn) * middle.x + cos(turn) * middle.y,
    );
    return turned + 0.5 + toon.motion.xy * share;
}
