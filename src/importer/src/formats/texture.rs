//! Textures of FBX and OBJ materials: their pictures, and how they lie on a mesh.

use super::{
    material::used_by,
    model::{Model, shown},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{MaterialMap, Matrix, Scene, WrapMode};

/// Wrapping in the numbers of glTF.
const REPEAT: u32 = 10_497;
const CLAMP: u32 = 33_071;
/// Largest cosine between the axes of a texture that counts as a right angle.
const LARGEST_SHEAR: f64 = 1.0e-4;

/// Names of texture coordinate sets with their numbers; `None` where the meshes of a material do not agree.
pub(super) type Sets = BTreeMap<String, Option<usize>>;

/// The sets of all meshes that have a material, by its element id.
pub(super) fn sets_by_material(scene: &Scene) -> BTreeMap<u32, Sets> {
    let mut sets: BTreeMap<u32, Sets> = BTreeMap::new();
    for node in &scene.nodes {
        let Some(mesh) = &node.mesh else { continue };
        for material in used_by(node, mesh) {
            let own = sets.entry(material).or_default();
            for (number, set) in mesh.uv_sets.iter().enumerate() {
                let known = own.entry(set.name.to_string()).or_insert(Some(number));
                if *known != Some(number) {
                    *known = None;
                }
            }
        }
    }
    sets
}

pub(super) fn in_use(map: &MaterialMap) -> bool {
    map.texture.is_some() && map.texture_enabled
}

fn file_of(map: &MaterialMap) -> Option<&ufbx::Texture> {
    let texture = map.texture.as_ref().filter(|_| map.texture_enabled)?;
    // A layered or procedural texture shows the first file in it.
    Some(texture.file_textures.iter().next().unwrap_or(texture))
}

/// The name and the bytes of a map's picture.
pub(super) fn picture(map: &MaterialMap) -> Option<(&str, &[u8])> {
    let file = file_of(map)?;
    let names = [
        &*file.relative_filename,
        &*file.filename,
        &*file.absolute_filename,
    ];
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(&*file.element.name);
    Some((name, &file.content))
}

pub(super) fn is_same_picture(one: &MaterialMap, other: &MaterialMap) -> bool {
    let names = picture(one).zip(picture(other));
    names.is_some_and(|((one, _), (other, _))| one == other)
}

/// A map as a material of glTF names it; `None` when there is none, or no picture for it.
pub(super) fn info(map: &MaterialMap, sets: &Sets, model: &mut Model<'_>) -> Option<Value> {
    let (name, content) = picture(map)?;
    let file = file_of(map)?;
    let picture = shown(name);
    if map
        .texture
        .as_ref()
        .is_some_and(|own| own.file_textures.len() > 1)
    {
        model.note(format!("of a texture in layers only `{picture}` is shown"));
    }
    let wraps = [file.wrap_u, file.wrap_v].map(|wrap| match wrap {
        WrapMode::Clamp => CLAMP,
        WrapMode::Repeat => REPEAT,
    });
    let place = model.texture(name, content, wraps)?;
    let mut info = json!({ "index": place });
    match sets.get(&*file.uv_set) {
        // Without a name, or with one that no mesh knows, it is the first.
        None | Some(Some(0)) => {}
        Some(Some(set)) => info["texCoord"] = (*set).into(),
        Some(None) => model.note(format!(
            "meshes number the texture coordinates `{}` of `{picture}` differently: their first ones are taken",
            shown(&file.uv_set)
        )),
    }
    if file.has_uv_transform {
        match transform(&file.uv_to_texture) {
            Some(transform) => info["extensions"] = json!({ "KHR_texture_transform": transform }),
            None => model.note(format!("the shear of the texture `{picture}` is left out")),
        }
    }
    Some(info)
}

/// What takes coordinates that begin at the upper edge to those of a picture that does; `None` for what glTF cannot say: shear,
/// and pictures that are infinitely large.
fn transform(own: &Matrix) -> Option<Value> {
    // Both sides are turned over: v is one minus v.
    let (across, up) = ([own.m00, -own.m10], [-own.m01, own.m11]);
    let offset = [own.m03 + own.m01, 1.0 - own.m11 - own.m13];
    let length = across[0].hypot(across[1]);
    let angle = across[1].atan2(across[0]);
    let (sin, cos) = angle.sin_cos();
    let height = up[1] * cos - up[0] * sin;
    let lean = up[0] * cos + up[1] * sin;
    let is_upright = lean.abs() <= LARGEST_SHEAR * height.abs();
    let scale = [length, height];
    let all = [scale, offset];
    let is_finite = all
        .as_flattened()
        .iter()
        .all(|value| (*value as f32).is_finite());
    (is_upright && is_finite).then(|| {
        // glTF turns the other way round.
        json!({
            "offset": offset.map(|value| value as f32),
            "rotation": -angle as f32,
            "scale": scale.map(|value| value as f32),
        })
    })
}
