//! What a file must have to be somebody's body (INT-3): everything that VRM 1.0 requires, and nothing that is refused.

use crate::{extensions::old_avatar, samples::samples};
use scene::{
    Avatar, ErrorKind, NoSideFiles, Purpose, REQUIRED_BONES, SceneError, check_bytes, load_avatar,
};
use serde_json::{Map, Value, json};

/// A figure of VRM 1.0 that has what is required and nothing else.
pub(crate) fn least_avatar() -> Value {
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
fn the_report_says_what_of_an_avatar_is_to_be_mended_beside_all_else() {
    let codes = |document: &Value| {
        let text = document.to_string();
        let report = check_bytes(text.as_bytes(), &NoSideFiles, Purpose::Avatar);
        let errors = report.issues.iter().filter(|issue| issue.severity == 0);
        let errors = errors.map(|issue| issue.code);
        errors.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(codes(&least_avatar()), "");
    let mut boneless = least_avatar();
    let bones = &mut boneless["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"];
    bones.as_object_mut().unwrap().remove("leftHand").unwrap();
    assert_eq!(codes(&boneless), "STOA_VRM_BONE");
    // A fault of glTF hides nothing.
    boneless["nodes"][1]["rotation"] = json!([0.0, 0.0, 0.5, 0.5]);
    assert_eq!(codes(&boneless), "ROTATION_NON_UNIT STOA_VRM_BONE");
    let mut nameless = least_avatar();
    nameless["extensions"]["VRMC_vrm"]["meta"]["name"] = json!("");
    assert_eq!(codes(&nameless), "STOA_VRM_META");
    let mut other = least_avatar();
    other.as_object_mut().unwrap().remove("extensions").unwrap();
    other
        .as_object_mut()
        .unwrap()
        .remove("extensionsUsed")
        .unwrap();
    assert_eq!(codes(&other), "STOA_VRM_MISSING");
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

/// Somebody's body with more nodes, some of them with a mesh of one point that can be moved.
fn with_nodes(mut document: Value, nodes: Vec<Value>, primitives: usize) -> Value {
    let point =
        json!({ "attributes": { "POSITION": 0 }, "mode": 0, "targets": [{ "POSITION": 0 }] });
    document["accessors"] = json!([{ "componentType": 5126, "count": 1, "type": "VEC3" }]);
    document["meshes"] = json!([{ "primitives": vec![point; primitives] }]);
    // All nodes are roots of the scene, but those that others have below them.
    let list = document["nodes"].as_array_mut().unwrap();
    list.extend(nodes);
    drop(document.as_object_mut().unwrap().shift_remove("scenes"));
    drop(document.as_object_mut().unwrap().shift_remove("scene"));
    document
}

#[test]
fn what_everybody_who_wears_an_avatar_has_is_limited() {
    let refused = |nodes: Vec<Value>, primitives: usize| {
        let error = read(&with_nodes(least_avatar(), nodes, primitives)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::OverLimit, "{error}");
        error.fault
    };
    let row = |count: usize| vec![json!({}); count];
    assert!(read(&with_nodes(least_avatar(), row(4_081), 1)).is_ok());
    assert!(refused(row(4_082), 1).contains("4097 nodes"));

    let chain = |count: usize| -> Vec<Value> {
        let below = |number: usize| json!({ "children": [15 + number + 1] });
        (0..count - 1).map(below).chain([json!({})]).collect()
    };
    assert!(read(&with_nodes(least_avatar(), chain(256), 1)).is_ok());
    assert!(refused(chain(257), 1).contains("below each other"));

    let drawn = |count: usize| vec![json!({ "mesh": 0 }); count];
    assert!(read(&with_nodes(least_avatar(), drawn(10), 100)).is_ok());
    assert!(refused(drawn(11), 100).contains("primitives drawn"));
}

#[test]
fn what_expressions_move_is_limited() {
    let bind = json!({ "material": 0, "type": "color", "targetValue": [1.0, 1.0, 1.0, 1.0] });
    let moving = |count: usize| {
        let mut document = least_avatar();
        let expression = json!({ "materialColorBinds": vec![bind.clone(); count] });
        document["extensions"]["VRMC_vrm"]["expressions"] =
            json!({ "preset": { "happy": expression, "sad": expression } });
        read(&document)
    };
    assert!(moving(8_192).is_ok());
    assert!(moving(8_193).unwrap_err().fault.contains("move more than"));

    // A bind of VRM 0.x moves every node with its mesh.
    let old = |binds: usize| {
        let mut document = with_nodes(old_avatar(), vec![json!({ "mesh": 0 }); 100], 1);
        let group = json!({ "presetName": "fun", "name": "Fun",
            "binds": vec![json!({ "mesh": 0, "index": 0, "weight": 100.0 }); binds] });
        document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"] = json!([group]);
        read(&document)
    };
    assert_eq!(old(3).unwrap().expressions["relaxed"].morphs.len(), 300);
    assert!(old(10_000).unwrap_err().fault.contains("move more than"));
    // No more expressions and colours are made of it than show that there are too many.
    let many = |groups: Vec<Value>| {
        let mut document = old_avatar();
        document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"] = groups.into();
        read(&document).unwrap_err().fault
    };
    let named = (0..1_025).map(|number| json!({ "name": format!("look {number}") }));
    assert!(many(named.collect()).contains("more than 1024 expressions"));
    let color = json!({ "materialName": "skin", "propertyName": "_Color" });
    let colors = json!({ "presetName": "joy", "materialValues": vec![color; 20_000] });
    assert!(many(vec![colors]).contains("move more than"));
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
