//! The draft as a GLB: accessors and views numbered, extension lists rebuilt, one buffer, or two where views are compressed.

use super::{
    Array, ArrayShape, Component, Draft,
    layout::{self, Layout, View},
    merge,
    references::{self, Freedom, Pool, index},
    too_large,
};
use crate::{error::SceneError, source::accessor::DOUBLES};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Compresses the elements of a view: mode, bytes, stride. `None` leaves it as it is.
pub type Compress<'a> = &'a dyn Fn(&'static str, &[u8], usize) -> Option<Vec<u8>>;

/// The extension of compressed views; its older form, which more programs read.
const COMPRESSION: &str = "EXT_meshopt_compression";
const QUANTIZATION: &str = "KHR_mesh_quantization";
const WEBP: &str = "EXT_texture_webp";
const BASIS: &str = "KHR_texture_basisu";
const DDS: &str = "MSFT_texture_dds";

pub(super) fn write(draft: &Draft, compress: Option<Compress<'_>>) -> Result<Vec<u8>, SceneError> {
    let mut draft = draft.clone();
    let keeps_places = draft.freedom == Freedom::Nothing;
    if compress.is_none() {
        for array in draft.arrays.iter_mut().flatten() {
            array.packed = None;
        }
    }
    let layout = layout::plan(&mut draft, keeps_places);
    let is_quantized = needs_quantization(&draft);
    let accessors = number_accessors(&mut draft, &layout);
    let (mut views, binary, expanded) = write_views(&layout, compress);
    for (place, said) in &draft.said.views {
        if let Some(Value::Object(view)) = views.get_mut(*place) {
            view.extend(said.clone());
        }
    }
    let is_compressed = expanded > 0;
    if !views.is_empty() {
        let mut buffer = draft.said.buffer.clone();
        buffer.insert("byteLength".to_owned(), binary.len().into());
        let mut buffers = vec![Value::Object(buffer)];
        if is_compressed {
            buffers.push(json!({
                "byteLength": expanded,
                "extensions": { COMPRESSION: { "fallback": true } },
            }));
        }
        if !accessors.is_empty() {
            draft.json["accessors"] = accessors.into();
        }
        draft.json["bufferViews"] = views.into();
        draft.json["buffers"] = buffers.into();
    }
    list_extensions(&mut draft, is_quantized);
    pack(&draft.json, binary)
}

/// Writes accessors and makes the document name them and the views by their new numbers.
fn number_accessors(draft: &mut Draft, layout: &Layout) -> Vec<Value> {
    let positions = draft.attributes();
    let positions = positions.iter().filter(|(_, name, _)| name == "POSITION");
    let positions: BTreeSet<usize> = positions.map(|(place, ..)| *place).collect();
    let inputs: BTreeSet<usize> = draft
        .list("animations")
        .iter()
        .flat_map(|animation| animation["samplers"].as_array().into_iter().flatten())
        .filter_map(|sampler| index(&sampler["input"]))
        .collect();
    let mut accessors = Vec::new();
    let mut numbers = BTreeMap::new();
    for (place, array) in merge::present(&draft.arrays) {
        numbers.insert(place, accessors.len());
        let has_bounds = positions.contains(&place) || inputs.contains(&place);
        let at = layout.arrays.get(&place).copied().unwrap_or_default();
        accessors.push(accessor(array, at, has_bounds));
    }
    references::each(&mut draft.json, &mut |pool, value| {
        let Some(place) = index(value) else { return };
        let number = if pool.is_accessor() {
            numbers.get(&place)
        } else if pool == Pool::Views {
            layout.blobs.get(&place)
        } else {
            None
        };
        if let Some(number) = number {
            *value = (*number).into();
        }
    });
    accessors
}

fn accessor(array: &Array, (view, offset): (usize, usize), has_bounds: bool) -> Value {
    let mut accessor = Map::new();
    let mut put = |key: &str, value: Value| accessor.insert(key.to_owned(), value);
    put("bufferView", view.into());
    if offset > 0 {
        put("byteOffset", offset.into());
    }
    put("componentType", array.component.number().into());
    put("count", array.count().into());
    put("type", array.shape.name().into());
    if array.is_normalized {
        put("normalized", true.into());
    }
    if has_bounds && let Some((low, high)) = array.bounds() {
        put("min", numbers(&low));
        put("max", numbers(&high));
    }
    for (key, value) in &array.rest {
        accessor.insert(key.clone(), value.clone());
    }
    Value::Object(accessor)
}

/// Single precision in its shortest spelling.
fn numbers(values: &[f32]) -> Value {
    let exact = |value: &f32| match value.to_string().parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 1.0e9 => Value::from(number as i64),
        Ok(number) => Value::from(number),
        Err(_) => Value::from(*value),
    };
    values.iter().map(exact).collect()
}

/// The views, the bytes of the first buffer, and the length of the second one, which only stands for what is unpacked.
fn write_views(layout: &Layout, compress: Option<Compress<'_>>) -> (Vec<Value>, Vec<u8>, usize) {
    let mut binary = Vec::new();
    let mut expanded = 0;
    let mut views = Vec::new();
    for view in &layout.views {
        let packed = view.storage.and_then(|storage| {
            let (mode, filter) = storage.packed?;
            let bytes = compress?(mode, &view.filtered, storage.stride)?;
            Some((storage.stride, mode, filter, bytes))
        });
        binary.resize(binary.len().next_multiple_of(4), 0);
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
        let start = if packed.is_some() {
            expanded
        } else {
            binary.len()
        };
        put("buffer", usize::from(packed.is_some()).into());
        if start > 0 {
            put("byteOffset", start.into());
        }
        put("byteLength", view.bytes.len().into());
        if let Some(stride) = view.stride() {
            put("byteStride", stride.into());
        }
        if let Some(target) = view.target() {
            put("target", target.into());
        }
        match packed {
            Some((stride, mode, filter, bytes)) => {
                put(
                    "extensions",
                    compression(view, (binary.len(), bytes.len()), stride, (mode, filter)),
                );
                binary.extend_from_slice(&bytes);
                expanded += view.bytes.len().next_multiple_of(4);
            }
            None => binary.extend_from_slice(&view.bytes),
        }
        views.push(Value::Object(json));
    }
    (views, binary, expanded)
}

fn compression(
    view: &View,
    (start, length): (usize, usize),
    stride: usize,
    (mode, filter): (&str, &str),
) -> Value {
    let mut own = json!({
        "buffer": 0,
        "byteOffset": start,
        "byteLength": length,
        "byteStride": stride,
        "count": view.bytes.len() / stride,
        "mode": mode,
    });
    if filter != "NONE" {
        own["filter"] = filter.into();
    }
    json!({ COMPRESSION: own })
}

/// Lists what is used: what the file listed and still holds, and what was added.
fn list_extensions(draft: &mut Draft, is_quantized: bool) {
    let mut present = BTreeSet::new();
    references::extensions_in(&draft.json, &mut present);
    if is_quantized {
        present.insert(QUANTIZATION.to_owned());
    }
    // These say how data are stored, which is decided here.
    let is_storage = |name: &str| {
        [
            COMPRESSION,
            "KHR_meshopt_compression",
            "KHR_draco_mesh_compression",
            QUANTIZATION,
            DOUBLES,
            WEBP,
            BASIS,
            DDS,
        ]
        .contains(&name)
    };
    let stated = |draft: &Draft, key: &str| -> Vec<String> {
        let names = draft.list(key).iter().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    };
    let mut used = stated(draft, "extensionsUsed");
    used.retain(|name| present.contains(name) || !is_storage(name));
    let known: HashSet<String> = used.iter().cloned().collect();
    let added = present.iter().filter(|name| !known.contains(*name));
    used.extend(added.cloned());
    let mut required = stated(draft, "extensionsRequired");
    let is_used = |name: &String| known.contains(name) || present.contains(name);
    required.retain(|name| is_used(name) && !is_storage(name));
    let images = [WEBP, BASIS, DDS]
        .into_iter()
        .filter(|name| requires_image(draft, name));
    let storage = [COMPRESSION, QUANTIZATION];
    let storage = storage.into_iter().filter(|name| present.contains(*name));
    required.extend(images.chain(storage).map(str::to_owned));
    let Some(root) = draft.json.as_object_mut() else {
        return;
    };
    for (key, names) in [("extensionsUsed", used), ("extensionsRequired", required)] {
        if names.is_empty() {
            root.shift_remove(key);
        } else {
            root.insert(key.to_owned(), names.into());
        }
    }
}

/// A texture has no other image than that of the extension.
fn requires_image(draft: &Draft, extension: &str) -> bool {
    let mut textures = draft.list("textures").iter();
    textures.any(|texture| {
        texture.get("source").is_none() && texture["extensions"].get(extension).is_some()
    })
}

/// Vertex data of types that core glTF does not have (KHR_mesh_quantization).
fn needs_quantization(draft: &Draft) -> bool {
    draft.attributes().iter().any(|(place, name, is_target)| {
        let array = draft.arrays.get(*place).and_then(Option::as_ref);
        array.is_some_and(|array| is_quantized(array, name, *is_target))
    })
}

/// True when core glTF does not allow this attribute to be stored so.
fn is_quantized(array: &Array, name: &str, is_target: bool) -> bool {
    let is_float = array.component == Component::F32;
    let is_share = array.is_normalized && matches!(array.component, Component::U8 | Component::U16);
    match name {
        "POSITION" | "NORMAL" | "TANGENT" => !is_float,
        _ if name.starts_with("TEXCOORD_") => {
            array.shape == ArrayShape::Vec2 && !is_float && (!is_share || is_target)
        }
        _ => false,
    }
}

fn pack(json: &Value, mut binary: Vec<u8>) -> Result<Vec<u8>, SceneError> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    binary.resize(binary.len().next_multiple_of(4), 0);
    let has_binary = !binary.is_empty();
    let length = 12 + 8 + text.len() + if has_binary { 8 + binary.len() } else { 0 };
    let word = |number: usize| {
        u32::try_from(number)
            .map(u32::to_le_bytes)
            .map_err(|_too_long| too_large("the file"))
    };
    let mut glb = Vec::with_capacity(length);
    glb.extend(b"glTF");
    glb.extend(2u32.to_le_bytes());
    glb.extend(word(length)?);
    glb.extend(word(text.len())?);
    glb.extend(b"JSON");
    glb.extend(text);
    if has_binary {
        glb.extend(word(binary.len())?);
        glb.extend(b"BIN\0");
        glb.extend(binary);
    }
    Ok(glb)
}
