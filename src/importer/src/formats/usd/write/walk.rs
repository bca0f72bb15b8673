//! The prims of a stage as nodes, with the meshes of those that are seen.

use super::{
    bind,
    material::{self, Dress},
    mesh::Mesh,
    motion::Motion,
    skin::{Skeleton, Skin},
    transform::{Transform, parts, put},
    writer::Writer,
};
use crate::formats::model::shown;
use scene::limits::MAX_NODES;
use serde_json::json;
use std::collections::BTreeMap;

/// Types of what is in no place.
const NOWHERE: [&str; 8] = [
    "Material",
    "Shader",
    "NodeGraph",
    "GeomSubset",
    "SkelAnimation",
    "BlendShape",
    "PhysicsScene",
    "RenderSettings",
];
/// Types of what would be seen and is not read.
const UNREAD: [&str; 21] = [
    "Camera",
    "CylinderLight",
    "DiskLight",
    "DistantLight",
    "DomeLight",
    "RectLight",
    "SphereLight",
    "Cube",
    "Sphere",
    "Cylinder",
    "Cone",
    "Capsule",
    "Plane",
    "Points",
    "BasisCurves",
    "NurbsCurves",
    "NurbsPatch",
    "HermiteCurves",
    "TetMesh",
    "PointInstancer",
    "Volume",
];
/// Longest list of what makes meshes equal that is compared.
const MAX_IDENTITY: usize = 256;

/// What a prim became.
struct Seen {
    node: usize,
    /// `render` or `default` is seen; guides and stand-ins are not.
    is_drawn: bool,
}

/// Writes all prims. `root` is the layer that the stage is of.
///
/// # Errors
/// One line when a layer is damaged, or there is too much.
pub(crate) fn write(writer: &mut Writer<'_, '_>, root: usize) -> Result<(), String> {
    let mut walk = Walk {
        writer,
        seen: BTreeMap::new(),
        children: BTreeMap::new(),
        skeletons: BTreeMap::new(),
        meshes: BTreeMap::new(),
        motion: Motion::default(),
        hidden: None,
        // One above all of them may turn and scale them.
        room: MAX_NODES - 1,
    };
    let count = walk.writer.values.stage.prims.len();
    for prim in 1..count {
        walk.node(prim)?;
    }
    for (node, children) in std::mem::take(&mut walk.children) {
        walk.writer.model.node(node)["children"] = children.into();
    }
    for prim in 1..count {
        let name = || shown(&walk.writer.values.stage.prims[prim].name);
        let is_drawn = walk.seen.get(&prim).is_some_and(|seen| seen.is_drawn);
        let kind = walk.writer.values.stage.prims[prim].type_name.as_str();
        if is_drawn && kind == "Mesh" {
            let name = name();
            walk.mesh(prim)
                .map_err(|fault| format!("the mesh `{name}`: {fault}"))?;
        } else if is_drawn && UNREAD.contains(&kind) {
            walk.writer
                .model
                .note(format!("what is no mesh but a {kind} is left out"));
        }
    }
    if let Some((count, first)) = walk.hidden {
        walk.writer.model.note(format!(
            "what is invisible, a guide or a stand-in is left out: {count}, `{first}` among them"
        ));
    }
    let motion = walk.motion;
    motion.write(writer, root);
    Ok(())
}

struct Walk<'a, 'w, 'h> {
    writer: &'a mut Writer<'w, 'h>,
    /// By prim.
    seen: BTreeMap<usize, Seen>,
    /// By node.
    children: BTreeMap<usize, Vec<usize>>,
    skeletons: BTreeMap<usize, Skeleton>,
    /// Places of meshes and skins by what they are made of, with the names of their shapes.
    meshes: BTreeMap<Vec<(usize, usize)>, Written>,
    motion: Motion,
    hidden: Option<(usize, String)>,
    /// How many more nodes there may be.
    room: usize,
}

#[derive(Clone, Default)]
struct Written {
    mesh: Option<usize>,
    skin: Option<usize>,
    shapes: Vec<String>,
}

impl Walk<'_, '_, '_> {
    fn hide(&mut self, prim: usize) {
        let name = shown(&self.writer.values.stage.prims[prim].name);
        self.hidden.get_or_insert((0, name)).0 += 1;
    }

    fn node(&mut self, prim: usize) -> Result<(), String> {
        let values = self.writer.values;
        let own = &values.stage.prims[prim];
        let above = self.seen.get(&own.parent);
        if own.parent != 0 && above.is_none() || NOWHERE.contains(&own.type_name.as_str()) {
            return Ok(());
        }
        let above = above.map(|above| (above.node, above.is_drawn));
        if values.text(prim, "visibility")?.as_deref() == Some("invisible") {
            self.hide(prim);
            return Ok(());
        }
        let purpose = values.text(prim, "purpose")?;
        let is_drawn = match purpose.as_deref() {
            Some("guide" | "proxy") => false,
            Some("render") => true,
            _ => above.is_none_or(|(_, is_drawn)| is_drawn),
        };
        if !is_drawn && own.type_name == "Mesh" {
            self.hide(prim);
        }
        self.room = self
            .room
            .checked_sub(1)
            .ok_or_else(|| format!("it has more than {MAX_NODES} nodes"))?;
        let transform = Transform::read(values, prim)?;
        let parts = parts(&transform.matrix(None));
        if parts.is_sheared {
            let name = shown(&own.name);
            self.writer
                .model
                .note(format!("the shear of `{name}` is left out"));
        }
        let mut json = json!({ "name": own.name });
        put(&mut json, &parts);
        let node = match above {
            Some((above, _)) if !transform.is_from_root => {
                let node = self.writer.model.push("nodes", json);
                self.children.entry(above).or_default().push(node);
                node
            }
            _ => self.writer.model.push_root(json),
        };
        self.motion.add_transform(node, &transform);
        self.seen.insert(prim, Seen { node, is_drawn });
        if own.type_name == "Skeleton" {
            self.skeleton(prim, node)?;
        }
        Ok(())
    }

    fn skeleton(&mut self, prim: usize, node: usize) -> Result<(), String> {
        let (skeleton, roots) = Skeleton::write(self.writer, prim, &mut self.room)?;
        self.children.entry(node).or_default().extend(roots);
        let values = self.writer.values;
        if let Some(animation) = values.inherited_target(prim, "skel:animationSource") {
            self.motion.add_joints(self.writer, animation, &skeleton)?;
        }
        self.skeletons.insert(prim, skeleton);
        Ok(())
    }

    fn mesh(&mut self, prim: usize) -> Result<(), String> {
        let values = self.writer.values;
        let skeleton = values.inherited_target(prim, "skel:skeleton");
        let key = self.identity(prim, skeleton);
        let known = key.as_ref().and_then(|key| self.meshes.get(key)).cloned();
        let written = match known {
            Some(known) => known,
            None => {
                let written = self.write_mesh(prim, skeleton)?;
                if let Some(key) = key {
                    self.meshes.insert(key, written.clone());
                }
                written
            }
        };
        let (Some(mesh), Some(seen)) = (written.mesh, self.seen.get(&prim)) else {
            return Ok(());
        };
        let node = seen.node;
        self.writer.model.node(node)["mesh"] = mesh.into();
        if let Some(skin) = written.skin {
            self.writer.model.node(node)["skin"] = skin.into();
        }
        let from = skeleton.unwrap_or(prim);
        if let Some(animation) = values.inherited_target(from, "skel:animationSource") {
            self.motion
                .add_shapes(values, animation, node, &written.shapes)?;
        }
        Ok(())
    }

    /// What a mesh is made of: what layers say of it, its subsets, materials and skeleton. `None` for what is too much to compare.
    fn identity(&self, prim: usize, skeleton: Option<usize>) -> Option<Vec<(usize, usize)>> {
        let values = self.writer.values;
        let prims = &values.stage.prims;
        let mut key = vec![(usize::MAX, skeleton.unwrap_or(0))];
        let mut open = vec![prim];
        let subsets = prims[prim].children.iter();
        let subsets = subsets.filter(|child| prims[**child].type_name == "GeomSubset");
        open.extend(subsets.copied().take(MAX_IDENTITY));
        for own in open.clone() {
            open.extend(bind::material(values, own));
        }
        while let Some(own) = open.pop() {
            key.push((usize::MAX, key.len()));
            let opinions = prims[own].opinions.iter();
            key.extend(opinions.map(|own| (own.layer, own.spec)));
            if key.len() > MAX_IDENTITY {
                return None;
            }
            if prims[own].type_name != "Mesh" {
                open.extend(&prims[own].children);
            }
        }
        Some(key)
    }

    /// Writes a mesh with one primitive for each material.
    fn write_mesh(&mut self, prim: usize, skeleton: Option<usize>) -> Result<Written, String> {
        let values = self.writer.values;
        let Some(mesh) = Mesh::read(values, prim)? else {
            return Ok(Written::default());
        };
        let skeleton = skeleton.and_then(|skeleton| self.skeletons.get(&skeleton));
        let (skin, skin_place) = Skin::read(self.writer, prim, skeleton)?;
        let uv_names: Vec<String> = mesh.uv_sets.iter().map(|(name, _)| name.clone()).collect();
        let dress = Dress {
            uv_names: &uv_names,
            is_double_sided: mesh.is_double_sided,
            has_colors: mesh.color.is_some(),
        };
        let mut primitives = Vec::new();
        for part in bind::parts(values, prim, mesh.face_count())? {
            let painted = material::write(self.writer, part.material, &dress)?;
            let work = &mut self.writer.work;
            let corners = mesh.corners(&part.faces, painted.shows_colors, &skin, work)?;
            primitives.extend(self.writer.model.primitive(&corners, Some(painted.place))?);
        }
        if primitives.is_empty() {
            return Ok(Written::default());
        }
        let mut json = json!({ "name": values.stage.prims[prim].name, "primitives": primitives });
        let shapes: Vec<String> = skin.shapes.iter().map(|shape| shape.name.clone()).collect();
        if !shapes.is_empty() {
            json["weights"] = vec![0.0; shapes.len()].into();
            json["extras"] = json!({ "targetNames": shapes });
        }
        Ok(Written {
            mesh: Some(self.writer.model.push("meshes", json)),
            skin: skin_place,
            shapes,
        })
    }
}
