//! An avatar of VRM 0.x in a draft.

use super::{Draft, references};
use crate::reader::vrm0::toon;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Draft {
    /// Brings what an avatar of VRM 0.x keeps in its one extension, and VRM 1.0 in the scene, to where others look for it:
    /// it faces +Z and its materials have their drawn look. Bones, expressions and licences go with the extension. Nothing
    /// changes in any other document.
    pub fn settle_old_avatar(&mut self) {
        let extensions = &self.json["extensions"];
        if !extensions["VRM"].is_object() || extensions["VRMC_vrm"].is_object() {
            return;
        }
        let properties = &extensions["VRM"]["materialProperties"];
        let looks = toon::looks(properties, self.list("textures").len());
        let looks: Vec<Value> = looks.collect();
        for (material, look) in self.list_mut("materials").zip(looks) {
            toon::lay_over(material, &look);
        }
        self.turn_round();
        if let Some(Value::Object(extensions)) = self.json.get_mut("extensions") {
            extensions.shift_remove("VRM");
        }
    }

    /// Puts what is drawn below a node that is turned by half: the roots of the scene, or all roots where there is no scene.
    fn turn_round(&mut self) {
        let scene = self.json["scene"].as_u64().unwrap_or(0) as usize;
        let turned = self.list("nodes").len();
        let all_roots = self.roots();
        let roots = match self.list_mut("scenes").nth(scene) {
            Some(scene) if scene.get("nodes").is_none() => return,
            Some(scene) => std::mem::replace(&mut scene["nodes"], json!([turned])),
            None => all_roots,
        };
        if let Some(Value::Array(nodes)) = self.json.get_mut("nodes") {
            nodes.push(json!({ "children": roots, "rotation": [0.0, 1.0, 0.0, 0.0] }));
        }
    }

    /// Nodes that are nobody's children.
    fn roots(&self) -> Value {
        let children = (self.list("nodes").iter())
            .flat_map(|node| node["children"].as_array().into_iter().flatten())
            .filter_map(references::index)
            .collect::<BTreeSet<usize>>();
        let roots = (0..self.list("nodes").len()).filter(|node| !children.contains(node));
        roots.collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoSideFiles, OutlineMode, Purpose, load_bytes};
    use glam::Vec3;

    #[test]
    fn an_old_avatar_is_the_same_scene_with_and_without_its_extension() {
        let old = json!({
            "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0] }],
            "nodes": [{ "translation": [1.0, 2.0, 3.0], "children": [1] }, { "translation": [1.0, 0.0, 0.0] }],
            "materials": [{}, {
                "name": "skin", "emissiveFactor": [0.0, 0.0, 1.0],
                "pbrMetallicRoughness": { "baseColorFactor": [0.5, 0.5, 0.5, 1.0], "baseColorTexture": { "index": 0 } },
            }], "extensionsUsed": ["VRM"],
            "extensions": { "VRM": { "materialProperties": [{ "shader": "VRM_USE_GLTFSHADER" }, {
                "shader": "VRM/MToon",
                "floatProperties": { "_OutlineWidthMode": 1.0, "_OutlineWidth": 0.25, "_BumpScale": 0.5 },
                "vectorProperties": {
                    "_ShadeColor": [1.0, 0.0, 0.0, 1.0], "_EmissionColor": [0.0, 4.0, 2.0, 1.0],
                    "_MainTex": [0.25, 0.0, 2.0, 4.0],
                },
                "textureProperties": { "_MainTex": 0, "_BumpMap": 0, "_EmissionMap": 0, "_ShadeTexture": 0 },
            }] } },
            "textures": [{}],
        });
        let read = |document: &Value| {
            let bytes = document.to_string();
            load_bytes(bytes.as_bytes(), &NoSideFiles, Purpose::World)
                .unwrap()
                .scene
        };
        let mut draft = Draft::new(old.clone());
        draft.settle_old_avatar();
        assert!(!draft.uses_extension("VRM"));
        let scenes = [read(&old), read(&draft.json)];
        for scene in &scenes {
            let place = Vec3::from(scene.world_transforms()[1].translation);
            assert!(
                place.abs_diff_eq(Vec3::new(-2.0, 2.0, -3.0), 1e-5),
                "{place}"
            );
            assert_eq!(scene.materials[0].toon, None);
            let toon = scene.materials[1].toon.as_ref().unwrap();
            assert_eq!(toon.shade_color, Vec3::X);
            let material = &scene.materials[1];
            assert_eq!(material.emission(), Vec3::new(0.0, 4.0, 2.0));
            assert_eq!(material.base_color.x, 0.5);
            assert_eq!(material.normal_scale, 0.5);
            for slot in [
                toon.shade_texture,
                material.base_color_texture,
                material.normal_texture,
                material.emissive_texture,
            ] {
                let transform = slot.unwrap().transform;
                assert_eq!(transform.offset, glam::Vec2::new(0.25, -3.0));
                assert_eq!(transform.scale, glam::Vec2::new(2.0, 4.0));
            }
            assert_eq!(toon.outline_mode, OutlineMode::World);
            assert!((toon.outline_width - 0.0025).abs() < 1e-6);
        }
        assert_eq!(scenes[0].materials, scenes[1].materials);
        // Without a scene all roots are drawn.
        let mut sceneless = old;
        let members = sceneless.as_object_mut().unwrap();
        members.retain(|name, _| !name.starts_with("scene"));
        let mut bare = Draft::new(sceneless.clone());
        bare.settle_old_avatar();
        let places = [read(&sceneless), read(&bare.json)]
            .map(|scene| Vec3::from(scene.world_transforms()[1].translation));
        assert!(places[0].abs_diff_eq(places[1], 1e-5), "{places:?}");
        // What is no old avatar stays as it is.
        let before = draft.json.clone();
        draft.settle_old_avatar();
        assert_eq!(draft.json, before);
    }
}
