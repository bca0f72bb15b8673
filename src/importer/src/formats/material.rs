//! Materials of FBX and OBJ as metal and roughness.

use super::{
    model::{Model, shown},
    texture::{self, Part, Sets, in_use, is_same_picture, picture},
};
use scene::linear_from_srgb;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{Material, MaterialMap, Mesh, Node, Scene, ShaderType};

/// Exponent of a highlight without any roughness, in OBJ.
const MOST_SHININESS: f64 = 1_000.0;

/// Where roughness and metal stand.
const SURFACE_MAP: &str = "metallicRoughnessTexture";
/// Largest index of refraction that is taken for one: that of what glass and gems are made of, and more.
const MOST_IOR: f32 = 4.0;

/// Writes all materials; their places by element id.
pub(super) fn write(scene: &Scene, model: &mut Model<'_>) -> BTreeMap<u32, usize> {
    let mut places = BTreeMap::new();
    let mut sets = texture::sets_by_material(scene);
    for material in &scene.materials {
        let own = sets.remove(&material.element.element_id);
        let json = material_json(material, &own.unwrap_or_default(), model);
        let place = model.push("materials", json);
        places.insert(material.element.element_id, place);
    }
    places
}

/// Element ids of the materials that a node gives its mesh.
pub(super) fn used_by(node: &Node, mesh: &Mesh) -> Vec<u32> {
    let own = if node.materials.is_empty() {
        &mesh.materials
    } else {
        &node.materials
    };
    own.iter()
        .map(|material| material.element.element_id)
        .collect()
}

/// Element id of the material of a part.
pub(super) fn of_part(node: &Node, mesh: &Mesh, part: usize) -> Option<u32> {
    used_by(node, mesh).get(part).copied()
}

fn material_json(material: &Material, sets: &Sets, model: &mut Model<'_>) -> Value {
    let pbr = &material.pbr;
    if !material.features.pbr.enabled {
        model.note("materials of the old kind become metal and roughness by guess");
    }
    let opacity_map = opacity_map(material, model);
    let cut_out = opacity_map.and_then(|map| cut_out(material, map, sets, model));
    let base_texture = match (&cut_out, in_use(&pbr.base_color)) {
        (Some((texture, _)), true) => Some(texture.clone()),
        _ => texture::info(&pbr.base_color, sets, model),
    };
    let base = match base_texture.is_some() {
        // What a texture is multiplied with is white unless a factor says otherwise.
        true => [factor(&pbr.base_factor, 1.0); 3],
        false => {
            let own = color(&pbr.base_color, factor(&pbr.base_factor, 1.0), 1.0);
            linear(own, material, model)
        }
    };
    // What is told of the old kind beside its map means nothing more.
    let opacity = match &cut_out {
        Some(_) if !in_use(&pbr.opacity) => 1.0,
        _ => opacity(material),
    };
    let mut core = surface(material, sets, model);
    let has_surface_map = core.get(SURFACE_MAP).is_some();
    core["baseColorFactor"] = json!([base[0], base[1], base[2], opacity]);
    let base_texture_is_there = base_texture.is_some();
    if let Some(texture) = base_texture.or(cut_out.as_ref().map(|own| own.0.clone())) {
        core["baseColorTexture"] = texture;
    }
    let mut json = json!({ "name": &*material.element.name, "pbrMetallicRoughness": core });
    if let Some(texture) = normal_texture(material, sets, model) {
        json["normalTexture"] = texture;
    }
    // Of a grey picture every channel says the same.
    if let Some(texture) = texture::info(&pbr.ambient_occlusion, sets, model) {
        json["occlusionTexture"] = texture;
    }
    put_emission(&mut json, material, sets, model);
    put_glass(&mut json, material);
    if opacity < 1.0 {
        json["alphaMode"] = "BLEND".into();
    }
    if base_texture_is_there && is_cut_out_by_base(material) {
        let alpha = picture(&pbr.base_color);
        let mode = alpha.and_then(|(name, content)| model.alpha_mode(name, content));
        if let Some(mode) = mode {
            json["alphaMode"] = mode.into();
        }
    }
    let mode = cut_out
        .as_ref()
        .and_then(|(_, name)| model.alpha_mode(name, &[]));
    if let Some(mode) = mode.filter(|_| opacity >= 1.0) {
        json["alphaMode"] = mode.into();
    }
    if material.features.double_sided.enabled || model.shows_both_sides {
        json["doubleSided"] = true.into();
    }
    note_left_out(material, has_surface_map, cut_out.is_some(), model);
    json
}

/// Many tools name their normal map as a bump map.
fn normal_map(material: &Material) -> &MaterialMap {
    match in_use(&material.pbr.normal_map) {
        true => &material.pbr.normal_map,
        false => &material.fbx.bump,
    }
}

/// A map of normals with its strength. Material libraries name maps of heights in the same place: those are grey.
fn normal_texture(material: &Material, sets: &Sets, model: &mut Model<'_>) -> Option<Value> {
    let map = normal_map(material);
    let (name, content) = picture(map)?;
    // What is called so for certain may look as it likes.
    let is_certain =
        in_use(&material.pbr.normal_map) && material.shader_type != ShaderType::WavefrontMtl;
    let is_there = model.picture(name, content).is_ok();
    let is_relief =
        model.is_grey(name, content) || (!is_certain && !model.is_normals(name, content));
    if is_there && is_relief {
        let name = shown(name);
        model.note(format!(
            "the bump map `{name}` is left out: it holds heights; export it as a normal map"
        ));
        return None;
    }
    let mut info = texture::info(map, sets, model)?;
    if let Some(strength) = texture::bump_strength(map) {
        info["scale"] = strength.into();
    }
    Some(info)
}

/// What a surface shines by itself, which may be brighter than 1.
fn put_emission(json: &mut Value, material: &Material, sets: &Sets, model: &mut Model<'_>) {
    let pbr = &material.pbr;
    let amount = match pbr.emission_factor.has_value {
        true => pbr.emission_factor.value_vec4.x as f32,
        false => 1.0,
    };
    let map = match amount > 0.0 {
        true => texture::info(&pbr.emission_color, sets, model),
        false => None,
    };
    let own = &pbr.emission_color.value_vec4;
    let mut color = match pbr.emission_color.has_value {
        true => [own.x, own.y, own.z].map(|part| part as f32),
        false => [0.0; 3],
    };
    if map.is_some() {
        // What a picture is multiplied with is white; it may be brighter.
        color = [color.into_iter().fold(1.0, f32::max); 3];
    }
    color = linear(color, material, model);
    let usable = |part: f32| if part.is_finite() { part } else { 0.0 };
    let emission = color.map(|part| usable(part * amount));
    let strongest = emission.into_iter().fold(0.0, f32::max);
    if strongest > 0.0 {
        let strength = strongest.max(1.0);
        json["emissiveFactor"] = json!(emission.map(|part| (part / strength).clamp(0.0, 1.0)));
        if strength > 1.0 {
            let own = json!({ "emissiveStrength": strength });
            json["extensions"]["KHR_materials_emissive_strength"] = own;
        }
    }
    if let Some(texture) = map {
        json["emissiveTexture"] = texture;
    }
}

/// What light passes through, where the material is of a kind that says so.
fn put_glass(json: &mut Value, material: &Material) {
    let (pbr, features) = (&material.pbr, &material.features);
    let share = factor(&pbr.transmission_factor, 0.0);
    if !features.pbr.enabled || !features.transmission.enabled || share <= 0.0 {
        return;
    }
    json["extensions"]["KHR_materials_transmission"] = json!({ "transmissionFactor": share });
    let ior = pbr.specular_ior.value_vec4.x as f32;
    if pbr.specular_ior.has_value && (1.0..=MOST_IOR).contains(&ior) {
        json["extensions"]["KHR_materials_ior"] = json!({ "ior": ior });
    }
}

/// Metal and roughness, as numbers and as the maps that glTF can take as they are.
fn surface(material: &Material, sets: &Sets, model: &mut Model<'_>) -> Value {
    let pbr = &material.pbr;
    let is_metal = material.features.metalness.enabled;
    let mut metallic = if is_metal {
        factor(&pbr.metalness, 0.0)
    } else {
        0.0
    };
    let mut roughness = match material.features.roughness_as_glossiness.enabled {
        true => 1.0 - factor(&pbr.glossiness, 0.0),
        false => roughness_of_exponent(material).unwrap_or_else(|| factor(&pbr.roughness, 1.0)),
    };
    let parts = surface_parts(material, model);
    let texture = match shared_surface_map(material, model) {
        Some(map) => texture::info(map, sets, model),
        None => texture::surface(parts, sets, model),
    };
    let mut core = json!({});
    if let Some(texture) = texture {
        if parts[0].is_some() {
            roughness = 1.0;
        }
        if in_use(&pbr.metalness) {
            metallic = 1.0;
        }
        core[SURFACE_MAP] = texture;
    }
    core["metallicFactor"] = metallic.into();
    core["roughnessFactor"] = roughness.into();
    core
}

/// The maps of roughness and of metal, those that are in use.
fn surface_parts<'m>(material: &'m Material, model: &Model<'_>) -> [Option<Part<'m>>; 2] {
    let pbr = &material.pbr;
    let part = |map, is_inverted| in_use(map).then_some(Part { map, is_inverted });
    // Of an OBJ nobody knows what the map of its exponent means.
    let is_gloss = is_gloss(material, model);
    let is_unknown = is_gloss && material.shader_type == ShaderType::WavefrontMtl;
    let rough = part(&pbr.roughness, is_gloss).filter(|_| !is_unknown);
    [
        rough.or_else(|| part(&pbr.glossiness, true)),
        part(&pbr.metalness, false),
    ]
}

/// The map that says where the surface is; `None` where that is the colours' own alpha, or there is none. What materials of the old kind
/// call transparency is opacity as 3ds Max, Blender and others write it, and transparency as Maya does.
fn opacity_map<'m>(material: &'m Material, model: &Model<'_>) -> Option<Part<'m>> {
    let [stated, old @ ..] = opacity_maps(material);
    if is_cut_out_by_base(material) {
        return None;
    }
    let stated = in_use(stated).then_some(Part {
        map: stated,
        is_inverted: false,
    });
    let old = old.into_iter().find(|map| in_use(map)).map(|map| Part {
        map,
        is_inverted: model.is_of_maya,
    });
    stated.or(old)
}

/// The colours with that map as their alpha, and the name of their picture.
fn cut_out(
    material: &Material,
    opacity: Part<'_>,
    sets: &Sets,
    model: &mut Model<'_>,
) -> Option<(Value, String)> {
    let colors = &material.pbr.base_color;
    texture::cut_out(in_use(colors).then_some(colors), opacity, sets, model)
}

/// Colours of the old kind are those of a screen, as Unity and three.js take them; those of Blender and of physical materials are linear.
fn linear(color: [f32; 3], material: &Material, model: &Model<'_>) -> [f32; 3] {
    let is_obj = material.shader_type == ShaderType::WavefrontMtl;
    let is_linear = match is_obj {
        true => model.is_of_blender,
        false => material.features.pbr.enabled || material.shader_type == ShaderType::BlenderPhong,
    };
    match is_linear {
        true => color,
        // What shines brighter than white is no colour of a screen.
        false => color.map(|part| {
            if part <= 1.0 {
                linear_from_srgb(part)
            } else {
                part
            }
        }),
    }
}

/// Roughness of an OBJ's material that states an exponent of highlights and no roughness, as Blender writes it: up to 1,000.
fn roughness_of_exponent(material: &Material) -> Option<f32> {
    let exponent = &material.fbx.specular_exponent;
    let is_obj = material.shader_type == ShaderType::WavefrontMtl;
    let is_told = exponent.has_value && material.element.props.find_prop("Pr").is_none();
    let share = (exponent.value_vec4.x / MOST_SHININESS).clamp(0.0, 1.0);
    (is_obj && is_told).then(|| (1.0 - share.sqrt()) as f32)
}

/// The map whose green says how rough and whose blue says how metallic a surface is: one for both, or a grey one for roughness
/// where nothing is metal.
fn shared_surface_map<'m>(material: &'m Material, model: &Model<'_>) -> Option<&'m MaterialMap> {
    let pbr = &material.pbr;
    let is_rough = in_use(&pbr.roughness) && !is_gloss(material, model);
    let is_plain = !in_use(&pbr.metalness) && factor(&pbr.metalness, 0.0) <= 0.0;
    let is_one = is_same_picture(&pbr.roughness, &pbr.metalness);
    (is_rough && (is_plain || is_one)).then_some(&pbr.roughness)
}

/// What the old kind calls shininess is the contrary of roughness.
fn is_gloss(material: &Material, model: &Model<'_>) -> bool {
    // Blender writes its roughness there as it is.
    material.shader_type != ShaderType::BlenderPhong
        && !model.is_of_blender
        && is_same_picture(&material.pbr.roughness, &material.fbx.specular_exponent)
}

/// Of the materials that state none, the old kind says how transparent they are; one that would not be seen at all is meant
/// otherwise.
fn opacity(material: &Material) -> f32 {
    let (pbr, fbx) = (&material.pbr, &material.fbx);
    if pbr.opacity.has_value {
        return factor(&pbr.opacity, 1.0);
    }
    let stated = material.element.props.find_prop("Opacity");
    let see_through = material.element.props.find_prop("Tr");
    let transparent = color(
        &fbx.transparency_color,
        factor(&fbx.transparency_factor, 1.0),
        0.0,
    );
    let opacity = match (stated, see_through) {
        (Some(stated), _) => (stated.value_vec4.x as f32).clamp(0.0, 1.0),
        // Of an OBJ; some tools write it in place of `d`.
        (None, Some(stated)) => 1.0 - (stated.value_vec4.x as f32).clamp(0.0, 1.0),
        (None, None) => 1.0 - transparent.iter().sum::<f32>() / 3.0,
    };
    if opacity > 0.0 { opacity } else { 1.0 }
}

/// The maps that say where a surface is not there.
fn opacity_maps(material: &Material) -> [&MaterialMap; 3] {
    let fbx = &material.fbx;
    [
        &material.pbr.opacity,
        &fbx.transparency_color,
        &fbx.transparency_factor,
    ]
}

/// True when the picture with the colours says it, by its alpha.
fn is_cut_out_by_base(material: &Material) -> bool {
    let mut maps = opacity_maps(material).into_iter();
    maps.any(|map| is_same_picture(map, &material.pbr.base_color))
}

/// Tells which maps have no place in the result.
fn note_left_out(
    material: &Material,
    has_surface_map: bool,
    is_cut_out: bool,
    model: &mut Model<'_>,
) {
    let (pbr, fbx) = (&material.pbr, &material.fbx);
    let mut left_out = vec![
        ("specular", &pbr.specular_color),
        ("specular", &pbr.specular_factor),
        ("specular", &fbx.specular_color),
        ("reflection", &fbx.reflection_color),
        ("ambient", &fbx.ambient_color),
        ("displacement", &pbr.displacement_map),
        ("displacement", &fbx.displacement),
        ("coat", &pbr.coat_factor),
        ("sheen", &pbr.sheen_color),
    ];
    if material.features.pbr.enabled {
        // Of the old kind it is the map of opacity.
        left_out.push(("transmission", &pbr.transmission_factor));
    }
    if !has_surface_map {
        left_out.push(("metal", &pbr.metalness));
        left_out.push(("gloss", &pbr.glossiness));
        let kind = match is_gloss(material, model) {
            true => "gloss",
            false => "roughness",
        };
        left_out.push((kind, &pbr.roughness));
    }
    if in_use(&pbr.normal_map) && !is_same_picture(&fbx.bump, &pbr.normal_map) {
        left_out.push(("bump", &fbx.bump));
    }
    if !is_cut_out && !is_cut_out_by_base(material) {
        left_out.extend(opacity_maps(material).map(|map| ("opacity", map)));
    }
    for (kind, map) in left_out {
        let Some((name, _)) = picture(map) else {
            continue;
        };
        let name = shown(name);
        model.note(match kind {
            "opacity" => format!(
                "the opacity map `{name}` is left out: make it the alpha of the colour's picture"
            ),
            _ => format!("the {kind} map `{name}` is left out"),
        });
    }
}

fn factor(map: &MaterialMap, rest: f32) -> f32 {
    match map.has_value {
        true => (map.value_vec4.x as f32).clamp(0.0, 1.0),
        false => rest,
    }
}

fn color(map: &MaterialMap, factor: f32, rest: f32) -> [f32; 3] {
    let own = match map.has_value {
        true => [map.value_vec4.x, map.value_vec4.y, map.value_vec4.z].map(|part| part as f32),
        false => [rest; 3],
    };
    own.map(|part| (part * factor).clamp(0.0, 1.0))
}
