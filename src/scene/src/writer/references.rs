//! Where a document names accessors, buffer views, meshes, materials, textures, images and samplers by their number.

use serde_json::Value;

/// What a number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pool {
    /// Accessors with vertex data.
    Vertices,
    /// Accessors with vertex indices.
    Indices,
    /// Accessors with the matrices of skins.
    Matrices,
    /// Accessors with the times of keys.
    Times,
    /// Accessors for everything else.
    Values,
    Views,
    Meshes,
    Materials,
    Textures,
    Images,
    Samplers,
}

/// The kinds of accessor; one accessor serves one kind.
pub(super) const ACCESSOR_POOLS: [Pool; 5] = [
    Pool::Vertices,
    Pool::Indices,
    Pool::Matrices,
    Pool::Times,
    Pool::Values,
];

impl Pool {
    pub(super) fn is_accessor(self) -> bool {
        self <= Self::Values
    }

    /// Times lie among other values.
    pub(super) fn in_view(self) -> Self {
        match self {
            Self::Times => Self::Values,
            own => own,
        }
    }
}

/// Paths from the root; `*` is every element or member, `**` everything below at any depth.
const PLACES: &[(Pool, &str)] = &[
    (Pool::Vertices, "meshes/*/primitives/*/attributes/*"),
    (Pool::Vertices, "meshes/*/primitives/*/targets/*/*"),
    (Pool::Indices, "meshes/*/primitives/*/indices"),
    (Pool::Matrices, "skins/*/inverseBindMatrices"),
    (Pool::Times, "animations/*/samplers/*/input"),
    (Pool::Values, "animations/*/samplers/*/output"),
    (
        Pool::Values,
        "nodes/*/extensions/EXT_mesh_gpu_instancing/attributes/*",
    ),
    (Pool::Views, "images/*/bufferView"),
    (
        Pool::Views,
        "extensions/KHR_audio_emitter/audio/*/bufferView",
    ),
    (Pool::Meshes, "nodes/*/mesh"),
    (
        Pool::Meshes,
        "extensions/OMI_physics_shape/shapes/*/convex/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/OMI_physics_shape/shapes/*/trimesh/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/KHR_implicit_shapes/shapes/*/convex/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/KHR_implicit_shapes/shapes/*/trimesh/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/KHR_collision_shapes/shapes/*/convex/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/KHR_collision_shapes/shapes/*/trimesh/mesh",
    ),
    (
        Pool::Meshes,
        "extensions/KHR_collision_shapes/shapes/*/mesh/mesh",
    ),
    (
        Pool::Meshes,
        "nodes/*/extensions/KHR_physics_rigid_bodies/collider/geometry/mesh",
    ),
    (
        Pool::Meshes,
        "nodes/*/extensions/KHR_physics_rigid_bodies/trigger/geometry/mesh",
    ),
    (Pool::Materials, "meshes/*/primitives/*/material"),
    (
        Pool::Materials,
        "meshes/*/primitives/*/extensions/KHR_materials_variants/mappings/*/material",
    ),
    (Pool::Textures, "materials/*/**"),
    (Pool::Images, "textures/*/source"),
    (Pool::Images, "textures/*/extensions/*/source"),
    (Pool::Images, "nodes/*/extensions/STOA_portal/preview"),
    (Pool::Samplers, "textures/*/sampler"),
];

/// Extensions whose references all stand above, or which have none: what they stand on may be renumbered and merged.
const UNDERSTOOD: &[&str] = &[
    "EXT_mesh_gpu_instancing",
    "EXT_meshopt_compression",
    "EXT_texture_webp",
    "GODOT_single_root",
    "KHR_accessor_float64",
    "KHR_audio_emitter",
    "KHR_collision_shapes",
    "KHR_draco_mesh_compression",
    "KHR_gaussian_splatting",
    "KHR_implicit_shapes",
    "KHR_lights_punctual",
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_diffuse_transmission",
    "KHR_materials_dispersion",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_variants",
    "KHR_materials_volume",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_node_hoverability",
    "KHR_node_selectability",
    "KHR_node_visibility",
    "KHR_physics_rigid_bodies",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "KHR_xmp_json_ld",
    "MSFT_texture_dds",
    "OMI_audio_ogg_vorbis",
    "OMI_audio_opus",
    "OMI_link",
    "OMI_physics_body",
    "OMI_physics_gravity",
    "OMI_physics_joint",
    "OMI_physics_shape",
    "OMI_seat",
    "OMI_spawn_point",
    "STOA_notice_board",
    "STOA_portal",
];

/// Extensions that name objects in ways of their own, but neither accessors nor buffer views.
const NAMES_OBJECTS_ONLY: &[&str] = &[
    "KHR_animation_pointer",
    "KHR_interactivity",
    "MSFT_lod",
    "OMI_environment_sky",
    "OMI_vehicle_body",
    "OMI_vehicle_hover_thruster",
    "OMI_vehicle_thruster",
    "OMI_vehicle_wheel",
    "VRM",
    "VRMC_materials_hdr_emissiveMultiplier",
    "VRMC_materials_mtoon",
    "VRMC_node_constraint",
    "VRMC_springBone",
    "VRMC_springBone_extended_collider",
    "VRMC_vrm",
    "VRMC_vrm_animation",
];

/// What may be renumbered without breaking something that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Freedom {
    /// Everything but nodes, scenes, skins, cameras and animations, which always keep their numbers.
    All,
    /// Accessors and buffer views alone.
    Data,
    /// Nothing.
    Nothing,
}

/// How far a document that uses these extensions may be renumbered.
pub(super) fn freedom<'n>(extensions: impl Iterator<Item = &'n str>) -> Freedom {
    extensions.map(freedom_of).max().unwrap_or(Freedom::All)
}

/// How far a document may be renumbered that uses this extension.
pub(super) fn freedom_of(name: &str) -> Freedom {
    if UNDERSTOOD.contains(&name) {
        Freedom::All
    } else if NAMES_OBJECTS_ONLY.contains(&name) {
        Freedom::Data
    } else {
        Freedom::Nothing
    }
}

/// A number that names something; whole floats count.
pub(super) fn index(value: &Value) -> Option<usize> {
    let number = value.as_f64()?;
    (number >= 0.0 && number.fract() == 0.0 && number < 4.0e9).then_some(number as usize)
}

/// Shows every reference of the document to `visit`, in a fixed order.
pub(super) fn each(json: &mut Value, visit: &mut dyn FnMut(Pool, &mut Value)) {
    for (pool, path) in PLACES {
        let steps: Vec<&str> = path.split('/').collect();
        walk(json, &steps, &mut |value| visit(*pool, value));
    }
}

/// The references of one pool, without changing them.
pub(super) fn uses(json: &mut Value, wanted: impl Fn(Pool) -> bool, count: usize) -> Vec<bool> {
    let mut used = vec![false; count];
    each(json, &mut |pool, value| {
        if wanted(pool)
            && let Some(place) = index(value).and_then(|index| used.get_mut(index))
        {
            *place = true;
        }
    });
    used
}

fn walk(value: &mut Value, steps: &[&str], visit: &mut dyn FnMut(&mut Value)) {
    match steps {
        [] => visit(value),
        ["**"] => texture_infos(value, visit),
        ["*", rest @ ..] => match value {
            Value::Array(elements) => elements
                .iter_mut()
                .for_each(|element| walk(element, rest, visit)),
            Value::Object(members) => members
                .values_mut()
                .for_each(|member| walk(member, rest, visit)),
            _ => {}
        },
        [name, rest @ ..] => {
            if let Some(member) = value
                .as_object_mut()
                .and_then(|members| members.get_mut(*name))
            {
                walk(member, rest, visit);
            }
        }
    }
}

/// Every `index` of a member whose name ends with "Texture": core and all material extensions name textures so.
fn texture_infos(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let Value::Object(members) = value else {
        return;
    };
    for (name, member) in members.iter_mut().filter(|(name, _)| *name != "extras") {
        if name.ends_with("Texture")
            && let Some(index) = member.get_mut("index")
        {
            visit(index);
        }
        texture_infos(member, visit);
    }
}

/// Every name under an `extensions` anywhere, `extras` left out.
pub(super) fn extensions_in(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "extensions"
                    && let Value::Object(extensions) = member
                {
                    found.extend(extensions.keys().cloned());
                }
                if name != "extras" {
                    extensions_in(member, found);
                }
            }
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| extensions_in(element, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_found_where_they_stand() {
        let mut document = json!({
            "materials": [{
                "normalTexture": {"index": 3},
                "extras": {"oddTexture": {"index": 9}},
                "extensions": {"KHR_materials_sheen": {"sheenColorTexture": {"index": 4}}},
            }],
            "nodes": [{"mesh": 1}, {"mesh": 2.0}],
        });
        let mut found = Vec::new();
        each(&mut document, &mut |pool, value| {
            found.push((pool, index(value)));
        });
        assert_eq!(
            found,
            [
                (Pool::Meshes, Some(1)),
                (Pool::Meshes, Some(2)),
                (Pool::Textures, Some(3)),
                (Pool::Textures, Some(4)),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_keeps_every_number() {
        let freedom = |names: &[&str]| freedom(names.iter().copied());
        assert_eq!(freedom(&[]), Freedom::All);
        assert_eq!(freedom(&["KHR_materials_unlit"]), Freedom::All);
        assert_eq!(freedom(&["KHR_materials_unlit", "VRMC_vrm"]), Freedom::Data);
        assert_eq!(freedom(&["OMI_vehicle_wheel"]), Freedom::Data);
        assert_eq!(freedom(&["VRMC_vrm", "XYZ_new"]), Freedom::Nothing);
    }
}
