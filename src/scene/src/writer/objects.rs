//! What is an object in a sound document is one in a draft, so that whoever works on it may write into it: the gate passes over
//! what it does not read.

use super::references::{self, Freedom};
use serde_json::{Map, Value};

/// Lists of the root whose elements are objects.
const LISTS: [&str; 13] = [
    "accessors",
    "animations",
    "buffers",
    "bufferViews",
    "cameras",
    "images",
    "materials",
    "meshes",
    "nodes",
    "samplers",
    "scenes",
    "skins",
    "textures",
];
/// Members of objects that are objects wherever they stand, but for what belongs to others: `extras`, and extensions that are
/// not understood.
const MEMBERS: [&str; 4] = ["asset", "attributes", "extensions", "pbrMetallicRoughness"];

/// Empties elements and takes out members that are of another kind.
pub(super) fn settle(document: &mut Value) {
    if let Value::Object(root) = document {
        for name in LISTS {
            let elements = root.get_mut(name).and_then(Value::as_array_mut);
            for element in elements.into_iter().flatten() {
                if !element.is_object() {
                    *element = Map::new().into();
                }
            }
        }
    }
    settle_members(document);
}

/// As deep as a document may be.
fn settle_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, member| !MEMBERS.contains(&name.as_str()) || member.is_object());
            if let Some(Value::Object(extensions)) = members.get_mut("extensions") {
                extensions.retain(|_, extension| extension.is_object());
                for (name, extension) in extensions {
                    if references::freedom_of(name) != Freedom::Nothing {
                        settle_members(extension);
                    }
                }
            }
            for (name, member) in members {
                if name != "extensions" && name != "extras" {
                    settle_members(member);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(settle_members),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_writes_into_a_draft_finds_objects() {
        let mut document = json!({
            "asset": { "version": "2.0", "extensions": [] },
            "extensions": { "VRM": { "extensions": 1 }, "KHR_xmp_json_ld": 5, "XYZ_own": { "extensions": "none" } },
            "materials": [5, { "extensions": [], "pbrMetallicRoughness": "shiny", "name": "kept" }],
            "extras": { "asset": "chair", "below": { "attributes": [1] } },
        });
        settle(&mut document);
        let expected = json!({
            "asset": { "version": "2.0" },
            "extensions": { "VRM": {}, "XYZ_own": { "extensions": "none" } },
            "materials": [{}, { "name": "kept" }],
            "extras": { "asset": "chair", "below": { "attributes": [1] } },
        });
        assert_eq!(document, expected);
    }
}
