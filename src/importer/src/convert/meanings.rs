//! What the numbers of each image mean, by the materials that use it.

use ktx::Meaning;
use scene::writer::Draft;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Slots of materials whose colours are sRGB, in core glTF and in every extension.
const COLORS: [&str; 10] = [
    "baseColorTexture",
    "emissiveTexture",
    "diffuseTexture",
    "specularGlossinessTexture",
    "specularColorTexture",
    "sheenColorTexture",
    "diffuseTransmissionColorTexture",
    "shadeMultiplyTexture",
    "rimMultiplyTexture",
    "matcapTexture",
];
/// Those of them whose alpha says how much of a surface is there, where the material is not opaque.
const COVERS: [&str; 2] = ["baseColorTexture", "diffuseTexture"];
/// Slots that use alpha alone, which is a number in either kind of image.
const ALPHAS: [&str; 3] = [
    "specularTexture",
    "sheenRoughnessTexture",
    "diffuseTransmissionTexture",
];
/// A filter that shows each pixel as a square.
const NEAREST: u64 = 9728;

/// The meaning of images that may be encoded anew, by their number. Not among them are images that no material uses, that are
/// read in two ways, and those whose pixels are to be seen.
pub(super) fn of_images(draft: &Draft) -> BTreeMap<usize, Meaning> {
    let mut read: BTreeMap<usize, BTreeSet<bool>> = BTreeMap::new();
    // Images whose alpha is seen, and those with colours that are seen whatever alpha says.
    let (mut covers, mut opaque) = (BTreeSet::new(), BTreeSet::new());
    for material in draft.list("materials") {
        let is_opaque = is_opaque(material);
        each_slot(material, &mut |slot, texture| {
            let is_color = COLORS.contains(&slot);
            let image = texture["index"].as_u64();
            let image =
                image.and_then(|texture| image_of(draft.list("textures").get(texture as usize)?));
            if let Some(image) = image.filter(|_| !ALPHAS.contains(&slot)) {
                read.entry(image).or_default().insert(is_color);
                if is_opaque {
                    opaque.insert(image);
                } else if COVERS.contains(&slot) {
                    covers.insert(image);
                }
            }
        });
    }
    let textures = draft.list("textures").iter();
    let blocky: BTreeSet<usize> = textures
        .filter(|texture| is_blocky(draft, texture))
        .filter_map(image_of)
        .collect();
    let meaning = |image, ways: &BTreeSet<bool>| match (ways.contains(&true), ways.contains(&false))
    {
        (true, false) if covers.contains(image) && !opaque.contains(image) => Some(Meaning::Cover),
        (true, false) => Some(Meaning::Color),
        (false, true) => Some(Meaning::Numbers),
        _ => None,
    };
    let read = read.iter().filter(|(image, _)| !blocky.contains(*image));
    read.filter_map(|(image, ways)| Some((*image, meaning(image, ways)?)))
        .collect()
}

/// Alpha leaves nothing out.
fn is_opaque(material: &Value) -> bool {
    match material["alphaMode"].as_str() {
        Some("BLEND") => false,
        Some("MASK") => material["alphaCutoff"].as_f64() == Some(0.0),
        _ => true,
    }
}

/// The image of a texture, whichever extension names it.
fn image_of(texture: &Value) -> Option<usize> {
    let extensions = &texture["extensions"];
    let named = [
        &extensions["KHR_texture_basisu"]["source"],
        &texture["source"],
        &extensions["EXT_texture_webp"]["source"],
        &extensions["MSFT_texture_dds"]["source"],
    ];
    let image = named.into_iter().find_map(Value::as_u64);
    image.map(|image| image as usize)
}

fn is_blocky(draft: &Draft, texture: &Value) -> bool {
    let sampler = texture["sampler"].as_u64();
    let sampler = sampler.and_then(|sampler| draft.list("samplers").get(sampler as usize));
    sampler.is_some_and(|sampler| sampler["magFilter"] == NEAREST)
}

/// Every place in a material that names a texture, with the name of its slot.
fn each_slot<'m>(value: &'m Value, visit: &mut dyn FnMut(&'m str, &'m Value)) {
    for (name, member) in value.as_object().into_iter().flatten() {
        if name.ends_with("Texture") && member["index"].is_u64() {
            visit(name, member);
        }
        each_slot(member, visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slots_say_what_an_image_means() {
        let draft = Draft::new(json!({
            "images": [{}, {}, {}, {}, {}],
            "samplers": [{ "magFilter": 9729 }, { "magFilter": 9728 }],
            "textures": [
                { "source": 0, "sampler": 0 },
                { "source": 1 },
                { "source": 2 },
                { "extensions": { "KHR_texture_basisu": { "source": 3 } }, "sampler": 1 },
            ],
            "materials": [
                {
                    "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } },
                    "normalTexture": { "index": 1 },
                    "emissiveTexture": { "index": 2 },
                    "occlusionTexture": { "index": 2 },
                },
                {
                    "extensions": { "KHR_materials_sheen": {
                        "sheenColorTexture": { "index": 0 },
                        "sheenRoughnessTexture": { "index": 0 },
                    } },
                    "pbrMetallicRoughness": { "baseColorTexture": { "index": 3 } },
                },
            ],
        }));
        let expected = [(0, Meaning::Color), (1, Meaning::Numbers)];
        assert_eq!(of_images(&draft), expected.into());
    }

    #[test]
    fn an_image_covers_where_its_alpha_is_seen_and_no_opaque_material_reads_it() {
        let meaning = |mode: [&str; 2], cutoff: f64| {
            let material = |mode: &str| {
                json!({
                    "alphaMode": mode,
                    "alphaCutoff": cutoff,
                    "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } },
                })
            };
            let draft = Draft::new(json!({
                "images": [{}],
                "textures": [{ "source": 0 }],
                "materials": mode.map(material),
            }));
            of_images(&draft)[&0]
        };
        assert_eq!(meaning(["MASK", "BLEND"], 0.5), Meaning::Cover);
        assert_eq!(meaning(["OPAQUE", "MASK"], 0.5), Meaning::Color);
        assert_eq!(meaning(["MASK", "MASK"], 0.0), Meaning::Color);
    }
}
