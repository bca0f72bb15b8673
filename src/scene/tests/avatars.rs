//! What a file must have to be somebody's body (INT-3): everything that VRM 1.0 requires, and nothing that is refused.

use crate::{extensions::old_avatar, samples::samples};
use scene::{Avatar, NoSideFiles, REQUIRED_BONES, SceneError, load_avatar};
use serde_json::{Map, Value, json};

/// A figure of VRM 1.0 that has what is required and nothing else.
fn least_avatar() -> Value {
    let mut document = old_avatar();
    let mut bones = Map::new();
    let list = &document["extensions"]["VRM"]["humanoid"]["humanBones"];
    for bone in list.as_array().unwrap() {
        let name = bone["bone"].as_str().unwrap().to_owned();
        bones.insert(name, json!({ "node": bone["node"] }));
    }
    document["extensionsUsed"] = json!(["VRMC_vrm"]);
    document["extensions"] = json!({ "VRMC_vrm": {
        "specVersion": "1.0",
        "meta": { "name": "Least", "authors": ["Someone"], "licenseUrl": "https://vrm.dev/licenses/1.0/" },
        "humanoid": { "humanBones": bones },
    } });
    document
}

fn read(document: &Value) -> Result<Avatar, SceneError> {
    load_avatar(document.to_string().as_bytes(), &NoSideFiles)
}

#[test]
fn int_3_each_required_bone_is_missed_by_name() {
    assert_eq!(read(&least_avatar()).unwrap().bones.len(), 15);
    for bone in REQUIRED_BONES {
        let mut document = least_avatar();
        let bones = &mut document["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"];
        bones.as_object_mut().unwrap().remove(bone).unwrap();
        let error = read(&document).unwrap_err();
        assert!(error.fault.contains(bone), "{bone}: {error}");
    }
}

#[test]
fn int_3_name_author_and_licence_are_missed_by_name() {
    for key in ["name", "authors", "licenseUrl"] {
        for empty in [None, Some(json!("")), Some(json!([""])), Some(Value::Null)] {
            let mut document = least_avatar();
            let meta = &mut document["extensions"]["VRMC_vrm"]["meta"];
            match empty {
                Some(empty) => meta[key] = empty,
                None => drop(meta.as_object_mut().unwrap().shift_remove(key)),
            }
            let error = read(&document).unwrap_err().to_string();
            assert!(
                error.contains(key) || error.contains("author"),
                "{key}: {error}"
            );
        }
    }
}

#[test]
fn int_3_permissions_are_the_strict_ones_unless_stated() {
    let meta = read(&least_avatar()).unwrap().meta;
    assert_eq!(meta.avatar_permission, "onlyAuthor");
    assert_eq!(meta.commercial_usage, "personalNonProfit");
    assert_eq!(meta.modification, "prohibited");
    assert!(meta.is_credit_required && !meta.is_redistribution_allowed);
    assert!(!meta.is_violence_allowed && !meta.is_sexual_content_allowed);
    assert!(!meta.is_political_use_allowed && !meta.is_hateful_use_allowed);
}

#[test]
fn a_bone_has_a_node_of_its_own_below_its_parent() {
    for (bone, node) in [("leftHand", 14), ("head", 0), ("leftFoot", 8)] {
        let mut document = least_avatar();
        let bones = &mut document["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"];
        bones[bone]["node"] = json!(node);
        assert!(read(&document).is_err(), "{bone} at node {node}");
    }
}

#[test]
fn avatars_that_other_programs_fail_on() {
    let Some(root) = samples() else { return };
    let read = |name: &str| {
        let file = root.join("malformed/vrm_broken").join(name);
        load_avatar(&std::fs::read(file).unwrap(), &NoSideFiles)
    };
    assert!(read("draco.vrm").unwrap().scene.triangle_count() > 0);
    let error = read("extensions_required.vrm").unwrap_err();
    assert!(
        error
            .fault
            .contains("VRMC_materials_hdr_emissiveMultiplier"),
        "{error}"
    );
}
