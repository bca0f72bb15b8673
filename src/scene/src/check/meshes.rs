//! Primitives: names and formats of attributes, indices, morph targets, and what the material needs of them.

use super::{
    codes, extensions,
    links::{Usage, Usages},
    model::{Accessor, Model, index, list, mode, object},
    sink::Sink,
};
use crate::source::json::{self, Item};
use std::collections::{BTreeMap, BTreeSet};

const BYTE: u64 = 5120;
const UNSIGNED_BYTE: u64 = 5121;
const SHORT: u64 = 5122;
const UNSIGNED_SHORT: u64 = 5123;
const UNSIGNED_INT: u64 = 5125;
const FLOAT: u64 = 5126;

/// Type, component type and normalisation.
type Format = (&'static str, u64, bool);

pub(super) fn check(
    model: &Model<'_>,
    declared: &BTreeSet<&str>,
    usages: &mut Usages,
    sink: &mut Sink,
) {
    let is_quantized = declared.contains("KHR_mesh_quantization");
    let uv_sets: Vec<BTreeSet<usize>> = (0..model.materials.len())
        .map(|number| {
            let material = model.materials.get(number);
            material.map_or_else(BTreeSet::new, |material| uv_sets(*material, declared))
        })
        .collect();
    for mesh in model.meshes.iter() {
        let primitives = primitives(*mesh);
        check_targets_agree(*mesh, &primitives, sink);
        for primitive in primitives {
            let check = Primitive {
                model,
                item: primitive,
                attributes: object(primitive, "attributes")
                    .map(|attributes| attributes.members().collect())
                    .unwrap_or_default(),
                uv_sets: &uv_sets,
                declared,
                is_quantized,
            };
            check.run(usages, sink);
        }
    }
}

/// The primitives of a mesh; none when one of them is not an object.
pub(super) fn primitives<'a>(mesh: Item<'a>) -> Vec<Item<'a>> {
    let primitives = list(mesh, "primitives");
    if primitives
        .iter()
        .all(|primitive| primitive.kind() == json::Kind::Object)
    {
        primitives
    } else {
        Vec::new()
    }
}

/// Number of morph targets of a primitive.
pub(super) fn target_count(primitive: Item<'_>) -> usize {
    let targets = primitive.member("targets");
    let targets = targets.filter(|targets| targets.kind() == json::Kind::Array);
    targets.map_or(0, |targets| targets.count())
}

fn check_targets_agree(mesh: Item<'_>, primitives: &[Item<'_>], sink: &mut Sink) {
    let Some(first) = primitives.first() else {
        return;
    };
    let expected = target_count(*first);
    for primitive in &primitives[1..] {
        if target_count(*primitive) != expected {
            match primitive.member("targets") {
                Some(targets) => sink.at(&codes::MESH_PRIMITIVES_UNEQUAL_TARGETS_COUNT, &targets),
                None => sink.at(&codes::MESH_PRIMITIVES_UNEQUAL_TARGETS_COUNT, primitive),
            }
        }
    }
    let weights = list(mesh, "weights").len();
    if weights > 0 && weights != expected {
        sink.at_member(&codes::MESH_INVALID_WEIGHTS_COUNT, &mesh, "weights");
    }
}

struct Primitive<'m, 'a> {
    model: &'m Model<'a>,
    item: Item<'a>,
    attributes: BTreeMap<&'a str, Item<'a>>,
    /// UV sets that each material uses.
    uv_sets: &'m [BTreeSet<usize>],
    /// Names under `extensionsUsed`.
    declared: &'m BTreeSet<&'a str>,
    is_quantized: bool,
}

impl<'a> Primitive<'_, 'a> {
    fn run(&self, usages: &mut Usages, sink: &mut Sink) {
        if let Some(item) = object(self.item, "attributes").filter(|item| item.count() > 0) {
            check_names(item, &self.attributes, sink);
        }
        let mut vertices: Option<u64> = None;
        for (name, place) in object(self.item, "attributes")
            .iter()
            .flat_map(|attributes| attributes.members())
        {
            let Some((number, accessor)) = self.accessor(place) else {
                continue;
            };
            usages.use_accessor(number, "attribute", &place, sink);
            let formats = attribute_formats(name, false, self.is_quantized);
            self.check_attribute(place, number, &formats, usages, sink);
            if name == "POSITION" && !accessor.has_bounds() {
                sink.at(
                    &codes::MESH_PRIMITIVE_POSITION_ACCESSOR_WITHOUT_BOUNDS,
                    &place,
                );
            }
            if vertices.is_none() {
                vertices = accessor.count;
            } else if vertices != accessor.count {
                sink.at(&codes::MESH_PRIMITIVE_UNEQUAL_ACCESSOR_COUNT, &place);
            }
        }
        // Indices that are not there leave the vertices to be drawn in their order.
        let drawn = self.check_indices(usages, sink).unwrap_or(vertices);
        self.check_mode(drawn, sink);
        self.check_targets(usages, sink);
        self.check_material(sink);
    }

    fn accessor(&self, place: Item<'_>) -> Option<(usize, Accessor<'a>)> {
        let number = place.size().ok()? as usize;
        Some((number, *self.model.accessors.get(number)?))
    }

    fn check_attribute(
        &self,
        place: Item<'_>,
        number: usize,
        formats: &[Format],
        usages: &mut Usages,
        sink: &mut Sink,
    ) {
        let Some(accessor) = self.model.accessors.get(number) else {
            return;
        };
        let view = self.model.view_of(accessor);
        if let (Some(view_index), Some(view)) = (accessor.view, view) {
            usages.use_view(self.model, view_index, Usage::Attributes, &place, sink);
            if view.stride.is_none() {
                usages.use_packed(view_index, number, &place, sink);
            }
        }
        if !formats.is_empty() && !accessor.has_format(formats) {
            sink.at(
                &codes::MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT,
                &place,
            );
        } else if accessor.component == Some(UNSIGNED_INT) {
            sink.at(
                &codes::MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_UNSIGNED_INT,
                &place,
            );
        }
        if let (Some(view), Some(element)) = (view, accessor.element_bytes()) {
            let is_aligned = (accessor.offset).is_none_or(|offset| offset.is_multiple_of(4))
                && (view.stride.is_some() || element.is_multiple_of(4));
            if !is_aligned {
                sink.at(&codes::MESH_PRIMITIVE_ACCESSOR_UNALIGNED, &place);
            }
        }
    }

    /// Number of indices, as far as their accessor states it; `None` without an accessor.
    fn check_indices(&self, usages: &mut Usages, sink: &mut Sink) -> Option<Option<u64>> {
        let place = self.item.member("indices")?;
        let (number, accessor) = self.accessor(place)?;
        usages.use_accessor(number, "indices", &place, sink);
        if let Some(view_index) = accessor.view {
            usages.use_view(self.model, view_index, Usage::Indices, &place, sink);
        }
        let view = self.model.view_of(&accessor);
        if view.is_some_and(|view| view.stride.is_some()) {
            sink.at(
                &codes::MESH_PRIMITIVE_INDICES_ACCESSOR_WITH_BYTESTRIDE,
                &place,
            );
        }
        let formats = [
            ("SCALAR", UNSIGNED_BYTE, false),
            ("SCALAR", UNSIGNED_SHORT, false),
            ("SCALAR", UNSIGNED_INT, false),
        ];
        if !accessor.has_format(&formats) {
            sink.at(
                &codes::MESH_PRIMITIVE_INDICES_ACCESSOR_INVALID_FORMAT,
                &place,
            );
        }
        Some(accessor.count)
    }

    fn check_mode(&self, drawn: Option<u64>, sink: &mut Sink) {
        let Some(count) = drawn else { return };
        let is_fitting = match mode(self.item) {
            Some(1) => count >= 2 && count.is_multiple_of(2),
            Some(2 | 3) => count >= 2,
            Some(4) => count >= 3 && count.is_multiple_of(3),
            Some(5 | 6) => count >= 3,
            _ => true,
        };
        if !is_fitting {
            sink.at(&codes::MESH_PRIMITIVE_INCOMPATIBLE_MODE, &self.item);
        }
    }

    fn check_targets(&self, usages: &mut Usages, sink: &mut Sink) {
        for target in list(self.item, "targets") {
            for (name, place) in target.members() {
                if !is_target_attribute(name) {
                    sink.at(&codes::MESH_PRIMITIVE_INVALID_ATTRIBUTE, &place);
                    if !self.attributes.contains_key(name) {
                        sink.at(&codes::MESH_PRIMITIVE_MORPH_TARGET_NO_BASE_ACCESSOR, &place);
                    }
                    continue;
                }
                let Some((number, accessor)) = self.accessor(place) else {
                    continue;
                };
                usages.use_accessor(number, "attribute", &place, sink);
                let formats = attribute_formats(name, true, self.is_quantized);
                self.check_attribute(place, number, &formats, usages, sink);
                if name == "POSITION" && !accessor.has_bounds() {
                    sink.at(
                        &codes::MESH_PRIMITIVE_POSITION_ACCESSOR_WITHOUT_BOUNDS,
                        &place,
                    );
                }
                let base = self
                    .attributes
                    .get(name)
                    .and_then(|base| self.accessor(*base));
                match base {
                    None => sink.at(&codes::MESH_PRIMITIVE_MORPH_TARGET_NO_BASE_ACCESSOR, &place),
                    Some((_, base)) if base.count != accessor.count => sink.at(
                        &codes::MESH_PRIMITIVE_MORPH_TARGET_INVALID_ATTRIBUTE_COUNT,
                        &place,
                    ),
                    Some(_) => {}
                }
            }
        }
    }

    fn check_material(&self, sink: &mut Sink) {
        let has = |name: &str| self.attributes.contains_key(name);
        let none = BTreeSet::new();
        let number = index(self.item, "material");
        let material = number.and_then(|material| self.model.materials.get(material));
        let needed = number
            .and_then(|material| self.uv_sets.get(material))
            .unwrap_or(&none);
        let mut sets = 0;
        while has(&format!("TEXCOORD_{sets}")) {
            sets += 1;
        }
        for set in 0..sets {
            if !needed.contains(&set) {
                let name = format!("TEXCOORD_{set}");
                if let Some(place) = self.attributes.get(name.as_str()) {
                    sink.at(&codes::UNUSED_OBJECT, place);
                }
            }
        }
        let Some((material, place)) = material.zip(self.item.member("material")) else {
            if let (Some(tangent), true) = (self.attributes.get("TANGENT"), has("NORMAL")) {
                sink.at(&codes::UNUSED_MESH_TANGENT, tangent);
            }
            return;
        };
        if needed.iter().any(|set| *set >= sets) {
            sink.at(&codes::MESH_PRIMITIVE_TOO_FEW_TEXCOORDS, &place);
        }
        let extension = |name: &str, key: &str| {
            object(*material, "extensions")
                .filter(|_| self.declared.contains(name))
                .and_then(|extensions| object(extensions, name))
                .and_then(|extension| extension.member(key))
        };
        let has_normal_map = object(*material, "normalTexture").is_some();
        let is_needed = extension("KHR_materials_clearcoat", "clearcoatNormalTexture").is_some()
            || extension("KHR_materials_anisotropy", "anisotropyTexture").is_some();
        // A tangent counts only beside the normal that it belongs to.
        let tangent = self.attributes.get("TANGENT").filter(|_| has("NORMAL"));
        match tangent {
            Some(tangent) if !has_normal_map && !is_needed => {
                sink.at(&codes::UNUSED_MESH_TANGENT, tangent);
            }
            Some(_) => {}
            None if has_normal_map => {
                sink.at(&codes::MESH_PRIMITIVE_GENERATED_TANGENT_SPACE, &place);
            }
            None if is_needed => sink.at(&codes::MESH_PRIMITIVE_NO_TANGENT_SPACE, &place),
            None => {}
        }
    }
}

/// UV sets that the textures of a material use, wherever they stand in it.
fn uv_sets(material: Item<'_>, declared: &BTreeSet<&str>) -> BTreeSet<usize> {
    let mut sets = BTreeSet::new();
    let mut open = vec![material];
    while let Some(item) = open.pop() {
        for (name, value) in item.members() {
            // What an extension uses that is not checked, or not declared, is not known.
            let is_read = extensions::is_known(name) && declared.contains(name);
            let is_unknown = item.is_member("extensions") && !is_read;
            if value.kind() != json::Kind::Object || name == "extras" || is_unknown {
                continue;
            }
            if name.ends_with("Texture") {
                let transform = object(value, "extensions")
                    .filter(|_| declared.contains("KHR_texture_transform"))
                    .and_then(|extensions| object(extensions, "KHR_texture_transform"))
                    .and_then(|transform| index(transform, "texCoord"));
                sets.insert(transform.or_else(|| index(value, "texCoord")).unwrap_or(0));
            } else {
                open.push(value);
            }
        }
    }
    sets
}

/// A name with a number that begins with no zero.
fn numbered<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let number = name.strip_prefix(prefix)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty();
    (is_number && (number == "0" || !number.starts_with('0'))).then_some(number)
}

const SETS: [&str; 4] = ["COLOR_", "JOINTS_", "TEXCOORD_", "WEIGHTS_"];

fn is_attribute(name: &str) -> bool {
    name.starts_with('_')
        || matches!(name, "POSITION" | "NORMAL" | "TANGENT")
        || SETS.iter().any(|prefix| numbered(name, prefix).is_some())
}

fn is_target_attribute(name: &str) -> bool {
    name.starts_with('_')
        || matches!(name, "POSITION" | "NORMAL" | "TANGENT")
        || ["COLOR_", "TEXCOORD_"]
            .iter()
            .any(|prefix| numbered(name, prefix).is_some())
}

fn check_names(item: Item<'_>, attributes: &BTreeMap<&str, Item<'_>>, sink: &mut Sink) {
    let has = |name: &str| attributes.contains_key(name);
    for (name, place) in attributes {
        if !is_attribute(name) {
            sink.at(&codes::MESH_PRIMITIVE_INVALID_ATTRIBUTE, place);
        }
        if *name == "TANGENT" && !has("NORMAL") {
            sink.at(&codes::MESH_PRIMITIVE_TANGENT_WITHOUT_NORMAL, place);
        }
    }
    if !has("POSITION") {
        sink.at(&codes::MESH_PRIMITIVE_NO_POSITION, &item);
    }
    let counts = SETS.map(|prefix| {
        let numbers: BTreeSet<usize> = attributes
            .keys()
            .filter_map(|name| numbered(name, prefix)?.parse().ok())
            .collect();
        if numbers
            .last()
            .is_some_and(|last| last.checked_add(1) != Some(numbers.len()))
        {
            sink.at(&codes::MESH_PRIMITIVE_INDEXED_SEMANTIC_CONTINUITY, &item);
        }
        (0..numbers.len())
            .take_while(|number| numbers.contains(number))
            .count()
    });
    if counts[1] != counts[3] {
        sink.at(&codes::MESH_PRIMITIVE_JOINTS_WEIGHTS_MISMATCH, &item);
    }
}

/// What an attribute may look like; nothing where everything goes.
pub(super) fn attribute_formats(name: &str, is_morph: bool, is_quantized: bool) -> Vec<Format> {
    let kind = name.split('_').next().unwrap_or_default();
    let shares = |kind| {
        [
            (kind, FLOAT, false),
            (kind, UNSIGNED_BYTE, true),
            (kind, UNSIGNED_SHORT, true),
        ]
    };
    let mut formats = match (kind, is_morph) {
        ("POSITION" | "NORMAL", _) | ("TANGENT", true) => vec![("VEC3", FLOAT, false)],
        ("TANGENT", false) => vec![("VEC4", FLOAT, false)],
        ("TEXCOORD", false) => shares("VEC2").to_vec(),
        ("TEXCOORD", true) => [
            shares("VEC2").as_slice(),
            &[("VEC2", BYTE, true), ("VEC2", SHORT, true)],
        ]
        .concat(),
        ("COLOR", false) => [shares("VEC3"), shares("VEC4")].concat(),
        ("COLOR", true) => [
            [shares("VEC3"), shares("VEC4")].concat().as_slice(),
            &[
                ("VEC3", BYTE, true),
                ("VEC3", SHORT, true),
                ("VEC4", BYTE, true),
                ("VEC4", SHORT, true),
            ],
        ]
        .concat(),
        ("JOINTS", _) => vec![
            ("VEC4", UNSIGNED_BYTE, false),
            ("VEC4", UNSIGNED_SHORT, false),
        ],
        ("WEIGHTS", _) => shares("VEC4").to_vec(),
        _ => Vec::new(),
    };
    if is_quantized {
        formats.extend(quantized_formats(kind, is_morph));
    }
    formats
}

/// What KHR_mesh_quantization adds.
fn quantized_formats(kind: &str, is_morph: bool) -> Vec<Format> {
    let of = |shape: &'static str, components: &[u64], normalized: &[bool]| -> Vec<Format> {
        components
            .iter()
            .flat_map(|component| {
                normalized
                    .iter()
                    .map(move |flag| (shape, *component, *flag))
            })
            .collect()
    };
    let all = [BYTE, UNSIGNED_BYTE, SHORT, UNSIGNED_SHORT];
    match (kind, is_morph) {
        ("POSITION", false) => of("VEC3", &all, &[false, true]),
        ("POSITION", true) => of("VEC3", &[BYTE, SHORT], &[false, true]),
        ("NORMAL", _) | ("TANGENT", true) => of("VEC3", &[BYTE, SHORT], &[true]),
        ("TANGENT", false) => of("VEC4", &[BYTE, SHORT], &[true]),
        ("TEXCOORD", false) => of("VEC2", &all, &[false, true]),
        ("TEXCOORD", true) => of("VEC2", &[BYTE, SHORT], &[false, true]),
        _ => Vec::new(),
    }
}
