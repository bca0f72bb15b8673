//! Materials of FBX and OBJ as metal and roughness.

use super::model::Model;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{Material, MaterialMap, Mesh, Node, Scene};

/// Writes all materials; their places by element id.
pub(super) fn write(scene: &Scene, model: &mut Model<'_>) -> BTreeMap<u32, usize> {
    let mut places = BTreeMap::new();
    for material in &scene.materials {
        let json = material_json(material, model);
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

fn material_json(material: &Material, model: &mut Model<'_>) -> Value {
    let pbr = &material.pbr;
    let is_metal = material.features.metalness.enabled;
    if !material.features.pbr.enabled {
        model.note("materials of the old kind become metal and roughness by guess");
    }
    let factor = |map: &MaterialMap, rest: f32| match map.has_value {
        true => (map.value_vec4.x as f32).clamp(0.0, 1.0),
        false => rest,
    };
    let base = color(&pbr.base_color, factor(&pbr.base_factor, 1.0), 1.0);
    let opacity = factor(&pbr.opacity, 1.0);
    let base_texture = texture(&pbr.base_color, model);
    let base = match base_texture.is_some() {
        // What a texture is multiplied with is white unless a factor says otherwise.
        true => [factor(&pbr.base_factor, 1.0); 3],
        false => base,
    };
    let mut core = json!({
        "baseColorFactor": [base[0], base[1], base[2], opacity],
        "metallicFactor": if is_metal { factor(&pbr.metalness, 0.0) } else { 0.0 },
        "roughnessFactor": factor(&pbr.roughness, 1.0),
    });
    if let Some(place) = base_texture {
        core["baseColorTexture"] = json!({ "index": place });
    }
    let mut json = json!({ "name": &*material.element.name, "pbrMetallicRoughness": core });
    if let Some(place) = texture(&pbr.normal_map, model) {
        json["normalTexture"] = json!({ "index": place });
    }
    let emission = color(&pbr.emission_color, factor(&pbr.emission_factor, 1.0), 0.0);
    if emission.iter().any(|part| *part > 0.0) {
        json["emissiveFactor"] = json!(emission);
        if let Some(place) = texture(&pbr.emission_color, model) {
            json["emissiveTexture"] = json!({ "index": place });
        }
    }
    if opacity < 1.0 {
        json["alphaMode"] = "BLEND".into();
    }
    if material.features.double_sided.enabled {
        json["doubleSided"] = true.into();
    }
    json
}

fn color(map: &MaterialMap, factor: f32, rest: f32) -> [f32; 3] {
    let own = match map.has_value {
        true => [map.value_vec4.x, map.value_vec4.y, map.value_vec4.z].map(|part| part as f32),
        false => [rest; 3],
    };
    own.map(|part| (part * factor).clamp(0.0, 1.0))
}

fn texture(map: &MaterialMap, model: &mut Model<'_>) -> Option<usize> {
    let texture = map.texture.as_ref().filter(|_| map.texture_enabled)?;
    // A layered or procedural texture shows the first file in it.
    let file = texture.file_textures.iter().next().unwrap_or(texture);
    let names = [
        &*file.relative_filename,
        &*file.filename,
        &*file.absolute_filename,
    ];
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(&*file.element.name);
    model.texture(name, &file.content)
}
