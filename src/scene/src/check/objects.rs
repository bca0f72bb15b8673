//! Rules of single objects that the grammar cannot state.

use super::{
    codes,
    model::{Model, index, list, number, numbers, object, size, text},
    sink::Sink,
};
use crate::{
    reader::transform::is_decomposable,
    source::json::{self, Item},
};
use std::collections::BTreeSet;

/// How far the length of a unit quaternion may be from one: what eight bits a component can hold.
const UNIT_TOLERANCE: f64 = 0.007_69;

pub(super) fn check(model: &Model<'_>, sink: &mut Sink) {
    check_asset(model.root, sink);
    check_extension_lists(model.root, sink);
    for accessor in model.accessors.iter() {
        check_accessor(accessor, sink);
    }
    for view in model.views.iter() {
        check_view(view, sink);
    }
    for camera in list(model.root, "cameras") {
        check_camera(camera, sink);
    }
    for image in model.images.iter() {
        check_image(*image, sink);
    }
    for node in model.nodes.iter() {
        check_node(*node, sink);
    }
    let declared = super::walk::extension_names(model.root, "extensionsUsed");
    let declared: BTreeSet<&str> = declared.into_iter().collect();
    for material in model.materials.iter() {
        check_material(*material, &declared, sink);
    }
    for light in model.lights.iter() {
        check_light(*light, sink);
    }
}

/// True when the file says that it is glTF 2.
pub(super) fn is_readable_asset(root: Item<'_>) -> bool {
    object(root, "asset")
        .and_then(|asset| text(asset, "version"))
        .filter(|version| super::grammar::is_version(version))
        .is_some_and(|version| version.starts_with("2."))
}

pub(super) fn check_asset(root: Item<'_>, sink: &mut Sink) {
    let Some(asset) = object(root, "asset") else {
        return;
    };
    let version = |key: &str| -> Option<(u64, u64)> {
        let (major, minor) = text(asset, key)?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let Some((major, minor)) = version("version") else {
        return;
    };
    if major != 2 {
        sink.at_member(&codes::UNKNOWN_ASSET_MAJOR_VERSION, &asset, "version");
    } else if minor > 0 {
        sink.at_member(&codes::UNKNOWN_ASSET_MINOR_VERSION, &asset, "version");
    }
    if version("minVersion").is_some_and(|minimum| minimum > (major, minor)) {
        sink.at_member(
            &codes::ASSET_MIN_VERSION_GREATER_THAN_VERSION,
            &asset,
            "minVersion",
        );
    }
}

pub(super) fn check_extension_lists(root: Item<'_>, sink: &mut Sink) {
    let texts = |key: &str| {
        let is_sound = !super::walk::extension_names(root, key).is_empty();
        if is_sound {
            list(root, key)
        } else {
            Vec::new()
        }
    };
    let (used, required) = (texts("extensionsUsed"), texts("extensionsRequired"));
    let names = |list: &[Item<'_>]| -> BTreeSet<String> {
        let names = list.iter().filter_map(Item::as_text);
        names.map(str::to_owned).collect()
    };
    let (used_names, required_names) = (names(&used), names(&required));
    for name in &used {
        let Some(text) = name.as_text() else { continue };
        let is_well_formed = text.split_once('_').is_some_and(|(prefix, rest)| {
            !prefix.is_empty()
                && !rest.is_empty()
                && prefix
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        });
        if !is_well_formed {
            sink.at(&codes::INVALID_EXTENSION_NAME_FORMAT, name);
        }
        if !super::extensions::is_known(text) {
            sink.at(&codes::UNSUPPORTED_EXTENSION, name);
        } else if text == "KHR_mesh_quantization" && !required_names.contains(text) {
            sink.at(&codes::NON_REQUIRED_EXTENSION, name);
        }
    }
    if let (Some(required), None) = (
        root.member("extensionsRequired"),
        root.member("extensionsUsed"),
    ) {
        sink.at(&codes::UNSATISFIED_DEPENDENCY, &required);
    }
    for name in &required {
        if name
            .as_text()
            .is_some_and(|name| !used_names.contains(name))
        {
            sink.at(&codes::UNUSED_EXTENSION_REQUIRED, name);
        }
    }
}

fn check_accessor(accessor: &super::model::Accessor<'_>, sink: &mut Sink) {
    let item = accessor.item;
    if let (Some(offset), None) = (item.member("byteOffset"), accessor.view) {
        sink.at(&codes::UNSATISFIED_DEPENDENCY, &offset);
    }
    if let (Some(offset), Some(component)) = (
        item.member("byteOffset")
            .filter(|_| accessor.view.is_some()),
        accessor.component_bytes(),
    ) && (accessor.offset).is_some_and(|offset| !offset.is_multiple_of(component))
    {
        sink.at(&codes::ACCESSOR_OFFSET_ALIGNMENT, &offset);
    }
    let is_matrix = matches!(accessor.kind, Some("MAT2" | "MAT3" | "MAT4"));
    let is_unaligned = (accessor.offset).is_some_and(|offset| !offset.is_multiple_of(4));
    if is_matrix && accessor.view.is_some() && is_unaligned {
        sink.at_member(&codes::ACCESSOR_MATRIX_ALIGNMENT, &item, "byteOffset");
    }
    if accessor.is_normalized && matches!(accessor.component, Some(5125 | 5126 | 5130)) {
        sink.at_member(&codes::ACCESSOR_NORMALIZED_INVALID, &item, "normalized");
    }
    check_bounds(accessor, sink);
    check_sparse(accessor, sink);
}

/// `min` and `max` have as many numbers as an element, and numbers that the component type can hold.
fn check_bounds(accessor: &super::model::Accessor<'_>, sink: &mut Sink) {
    let item = accessor.item;
    // Of an unknown component type nothing can be said.
    if accessor.component.is_none() {
        return;
    }
    let range = accessor.component_range();
    for key in ["min", "max"] {
        let Some(bounds) = item.member(key) else {
            continue;
        };
        let values = list(item, key);
        let numbers: Vec<f64> = values.iter().filter_map(Item::as_number).collect();
        let is_fitting = match accessor.width() {
            Some(width) => values.len() as u64 == width,
            None => [1, 2, 3, 4, 9, 16].contains(&values.len()),
        };
        let is_whole = |number: &f64| number.fract() == 0.0;
        if bounds.kind() != json::Kind::Array {
            sink.at(&codes::TYPE_MISMATCH, &bounds);
        } else if values.is_empty() && (accessor.is_float() || accessor.width().is_none()) {
            sink.at(&codes::EMPTY_ENTITY, &bounds);
        } else if !is_fitting {
            sink.at(&codes::ARRAY_LENGTH_NOT_IN_LIST, &bounds);
        } else {
            let is_mixed = range.is_some() && !numbers.iter().all(is_whole);
            if numbers.len() < values.len() || is_mixed {
                sink.at(&codes::ARRAY_TYPE_MISMATCH, &bounds);
            }
            let is_beyond =
                |number: &f64| range.is_some_and(|range| !(range.0..=range.1).contains(number));
            if numbers
                .iter()
                .any(|number| is_whole(number) && is_beyond(number))
            {
                sink.at(&codes::INVALID_GL_VALUE, &bounds);
            }
        }
    }
}

fn check_sparse(accessor: &super::model::Accessor<'_>, sink: &mut Sink) {
    if let Some(sparse) = accessor.sparse {
        let count = size(sparse, "count");
        if count > accessor.count && accessor.count.is_some() {
            sink.at_member(&codes::ACCESSOR_SPARSE_COUNT_OUT_OF_RANGE, &sparse, "count");
        }
        let indices = object(sparse, "indices");
        if let Some((indices, component)) =
            indices.and_then(|indices| Some((indices, size(indices, "componentType")?)))
        {
            let offset = size(indices, "byteOffset").unwrap_or(0);
            if !offset.is_multiple_of(super::model::component_bytes(component)) {
                sink.at_member(&codes::ACCESSOR_OFFSET_ALIGNMENT, &indices, "byteOffset");
            }
        }
        if let Some((values, component)) = object(sparse, "values").zip(accessor.component_bytes())
        {
            let offset = size(values, "byteOffset").unwrap_or(0);
            if !offset.is_multiple_of(component) {
                sink.at_member(&codes::ACCESSOR_OFFSET_ALIGNMENT, &values, "byteOffset");
            }
        }
    }
}

fn check_view(view: &super::model::View<'_>, sink: &mut Sink) {
    let item = view.item;
    let Some(stride) = view.stride else { return };
    if !stride.is_multiple_of(4) {
        sink.at_member(&codes::VALUE_MULTIPLE_OF, &item, "byteStride");
    }
    if view.length.is_some_and(|length| stride > length) {
        sink.at_member(&codes::BUFFER_VIEW_TOO_BIG_BYTE_STRIDE, &item, "byteStride");
    }
    if view.target == Some(34963) {
        sink.at_member(&codes::BUFFER_VIEW_INVALID_BYTE_STRIDE, &item, "byteStride");
    }
}

fn check_camera(camera: Item<'_>, sink: &mut Sink) {
    let has = |key: &str| camera.member(key).is_some();
    if has("orthographic") && has("perspective") {
        sink.at(&codes::ONE_OF_MISMATCH, &camera);
    }
    if let Some(kind @ ("orthographic" | "perspective")) = text(camera, "type") {
        let Some(view) = object(camera, kind) else {
            if !has(kind) {
                sink.at(&codes::UNDEFINED_PROPERTY, &camera);
            }
            return;
        };
        if let (Some(near), Some(far)) = (number(view, "znear"), number(view, "zfar"))
            && far <= near
            && far > 0.0
        {
            sink.at(&codes::CAMERA_ZFAR_LEQUAL_ZNEAR, &view);
        }
        if number(view, "yfov").is_some_and(|angle| angle >= std::f64::consts::PI) {
            sink.at(&codes::CAMERA_YFOV_GEQUAL_PI, &view);
        }
        if kind == "orthographic" {
            for key in ["xmag", "ymag"] {
                match number(view, key) {
                    Some(side) if side < 0.0 => {
                        sink.at_member(&codes::CAMERA_XMAG_YMAG_NEGATIVE, &view, key);
                    }
                    Some(0.0) => sink.at_member(&codes::CAMERA_XMAG_YMAG_ZERO, &view, key),
                    _ => {}
                }
            }
        }
    }
}

fn check_image(image: Item<'_>, sink: &mut Sink) {
    let (view, uri) = (index(image, "bufferView"), text(image, "uri"));
    if view.is_some() == uri.is_some() {
        sink.at(&codes::ONE_OF_MISMATCH, &image);
    }
    if view.is_some() && text(image, "mimeType").is_none() {
        sink.at_member(&codes::UNSATISFIED_DEPENDENCY, &image, "bufferView");
    }
}

fn check_node(node: Item<'_>, sink: &mut Sink) {
    let has_weights = !list(node, "weights").is_empty();
    for (key, is_there) in [
        ("skin", index(node, "skin").is_some()),
        ("weights", has_weights),
    ] {
        if is_there && index(node, "mesh").is_none() {
            sink.at_member(&codes::UNSATISFIED_DEPENDENCY, &node, key);
        }
    }
    if let Some(matrix) = node.member("matrix") {
        if ["translation", "rotation", "scale"]
            .iter()
            .any(|key| node.member(key).is_some())
        {
            sink.at(&codes::NODE_MATRIX_TRS, &matrix);
        }
        if let Some(values) = numbers::<16>(node, "matrix") {
            let is_identity = (0..16).all(|at| values[at] == f64::from(u8::from(at % 5 == 0)));
            if is_identity {
                sink.at(&codes::NODE_MATRIX_DEFAULT, &matrix);
            } else if !is_decomposable(&values) {
                sink.at(&codes::NODE_MATRIX_NON_TRS, &matrix);
            }
        }
    }
    if let Some(rotation) = numbers::<4>(node, "rotation") {
        let length: f64 = rotation.iter().map(|value| value * value).sum();
        if rotation.iter().all(|value| value.abs() <= 1.0)
            && (length.sqrt() - 1.0).abs() > UNIT_TOLERANCE
        {
            sink.at_member(&codes::ROTATION_NON_UNIT, &node, "rotation");
        }
    }
}

fn check_light(light: Item<'_>, sink: &mut Sink) {
    let kind = text(light, "type");
    if let (Some(range), Some("directional")) = (light.member("range"), kind) {
        sink.at(&codes::EXTRA_PROPERTY, &range);
    }
    let spot = light.member("spot");
    match (spot, kind) {
        (None, Some("spot")) => sink.at(&codes::UNDEFINED_PROPERTY, &light),
        (Some(spot), kind) if kind != Some("spot") => sink.at(&codes::EXTRA_PROPERTY, &spot),
        (Some(spot), _) => {
            let inner = number(spot, "innerConeAngle").unwrap_or(0.0);
            let outer = number(spot, "outerConeAngle").unwrap_or(std::f64::consts::FRAC_PI_4);
            let is_in_range = outer <= std::f64::consts::FRAC_PI_2;
            if outer <= inner && is_in_range {
                sink.at_member(
                    &codes::KHR_LIGHTS_PUNCTUAL_LIGHT_SPOT_ANGLES,
                    &spot,
                    "outerConeAngle",
                );
            }
        }
        (None, _) => {}
    }
}

/// Extensions of materials that need or exclude something beside them.
fn check_material(material: Item<'_>, declared: &BTreeSet<&str>, sink: &mut Sink) {
    if let (Some(cutoff), mode) = (material.member("alphaCutoff"), text(material, "alphaMode"))
        && mode != Some("MASK")
    {
        sink.at(&codes::MATERIAL_ALPHA_CUTOFF_INVALID_MODE, &cutoff);
    }
    let Some(extensions) = object(material, "extensions") else {
        return;
    };
    for alone in super::extensions::ALONE_ON_A_MATERIAL {
        if let (Some(own), true, true) = (
            extensions.member(alone),
            extensions.count() > 1,
            declared.contains(alone),
        ) {
            sink.at(&codes::MULTIPLE_EXTENSIONS, &own);
        }
    }
    let extension = |name: &str| object(extensions, name).filter(|_| declared.contains(name));
    if let Some(strength) = extension("KHR_materials_emissive_strength") {
        let factor = match material.member("emissiveFactor") {
            Some(_) => numbers::<3>(material, "emissiveFactor"),
            None => Some([0.0; 3]),
        };
        // A strength of one changes nothing, whatever it multiplies.
        let strength_given = number(strength, "emissiveStrength");
        let is_set = strength_given.is_some_and(|given| given >= 0.0 && given != 1.0);
        if factor == Some([0.0; 3]) && is_set {
            sink.at(
                &codes::KHR_MATERIALS_EMISSIVE_STRENGTH_ZERO_FACTOR,
                &strength,
            );
        }
    }
    if let Some(volume) = extension("KHR_materials_volume") {
        let is_thick = number(volume, "thicknessFactor").is_some_and(|thickness| thickness > 0.0);
        let sides = material.member("doubleSided");
        if is_thick && sides.is_some_and(|flag| flag.kind() == json::Kind::True) {
            sink.at(&codes::KHR_MATERIALS_VOLUME_DOUBLE_SIDED, &volume);
        }
        // An extension that is not read may let light through as well.
        let is_unread = |name: &str| !declared.contains(name) || !super::extensions::is_known(name);
        let is_opaque = extensions
            .members()
            .all(|(name, _)| name != "KHR_materials_transmission" && !is_unread(name));
        if is_opaque {
            sink.at(&codes::KHR_MATERIALS_VOLUME_NO_TRANSMISSION, &volume);
        }
    }
    if let Some(dispersion) = extension("KHR_materials_dispersion")
        && extensions.member("KHR_materials_volume").is_none()
    {
        sink.at(&codes::KHR_MATERIALS_DISPERSION_NO_VOLUME, &dispersion);
    }
    // 0 stands for "as if infinite"; between 0 and 1 there is nothing.
    if let Some(ior) = extension("KHR_materials_ior").and_then(|ior| ior.member("ior"))
        && ior
            .as_number()
            .is_some_and(|value| value < 1.0 && value != 0.0)
    {
        sink.at(&codes::VALUE_NOT_IN_RANGE, &ior);
    }
    if let Some(film) = extension("KHR_materials_iridescence") {
        check_iridescence(film, sink);
    }
    check_uv_sets(material, &extension, sink);
}

fn check_iridescence(film: Item<'_>, sink: &mut Sink) {
    let minimum = number(film, "iridescenceThicknessMinimum");
    let maximum = number(film, "iridescenceThicknessMaximum").unwrap_or(400.0);
    match film.member("iridescenceThicknessTexture") {
        None if minimum.is_some() => sink.at_member(
            &codes::KHR_MATERIALS_IRIDESCENCE_THICKNESS_RANGE_WITHOUT_TEXTURE,
            &film,
            "iridescenceThicknessMinimum",
        ),
        Some(texture) if minimum.unwrap_or(100.0) == maximum => sink.at(
            &codes::KHR_MATERIALS_IRIDESCENCE_THICKNESS_TEXTURE_UNUSED,
            &texture,
        ),
        _ => {}
    }
}

fn check_uv_sets<'a>(
    material: Item<'a>,
    extension: &dyn Fn(&str) -> Option<Item<'a>>,
    sink: &mut Sink,
) {
    let Some(normal) = object(material, "normalTexture") else {
        return;
    };
    let set = |texture: Item<'_>| index(texture, "texCoord").unwrap_or(0);
    for (name, key, code) in [
        (
            "KHR_materials_anisotropy",
            "anisotropyTexture",
            &codes::KHR_MATERIALS_ANISOTROPY_ANISOTROPY_TEXTURE_TEXCOORD,
        ),
        (
            "KHR_materials_clearcoat",
            "clearcoatNormalTexture",
            &codes::KHR_MATERIALS_CLEARCOAT_CLEARCOAT_NORMAL_TEXTURE_TEXCOORD,
        ),
    ] {
        let texture = extension(name).and_then(|extension| object(extension, key));
        if let Some(texture) = texture.filter(|texture| set(*texture) != set(normal)) {
            sink.at(code, &texture);
        }
    }
}
