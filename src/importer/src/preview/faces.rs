//! The world of a sheet of expressions: the avatar's head once for each expression that its file has, side by side. Rows
//! stand the nearer the lower they are, each with a plate behind it that hides the bodies of the rows above.

use super::{
    grid::Grid,
    measures,
    stage::{
        EYES, add_plate, add_viewer, ground_shape, push, put_to_rest, require_fitting, roots,
        shift_node, shift_skin,
    },
};
use scene::{
    Avatar, ColorBind, ColorKind, Expression, NoSideFiles, NodeIndex, Purpose, Scene, load_avatar,
    load_bytes, writer::Draft,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Label of the first cell: the face as the file has it.
const AT_REST: &str = "at rest";
/// Most cells in a row.
const MAX_COLUMNS: usize = 5;
/// Width of a cell, in heights of one: shoulders stay beside each other.
const ASPECT: f32 = 1.15;
/// Each row is so many times nearer than the one above.
const NEARER: f32 = 0.55;
/// A row's plate is so many times further away than its heads.
const PLATE: f32 = 1.25;
/// Half the height of what is shown, and its middle above the head bone, in heights from there to the top: hair has some
/// room above, and the name lies below the chin.
const ROOM: f32 = 0.74;
const MIDDLE: f32 = 0.36;
/// Most of a body's height that counts as its head: of hats and horns above, not all is shown.
const MAX_HEAD: f32 = 0.35;
/// Arms hang down by so many radians from straight aside.
const ARMS: f32 = 1.3;

/// A world to draw, and what its cells are called.
pub(super) struct Faces {
    pub(super) glb: Vec<u8>,
    pub(super) grid: Grid,
    pub(super) labels: Vec<&'static str>,
}

/// What of an avatar the sheet shows.
struct Head {
    /// Middle of the head, space of the file.
    center: glam::Vec3,
    /// Half the height of a cell, in metres of the file.
    radius: f32,
}

/// The world of an avatar's expressions.
///
/// # Errors
/// One line when it is no avatar, or no preset expression of it changes anything that can be drawn.
pub(super) fn make(glb: &[u8]) -> Result<Faces, String> {
    let fault = |error: scene::SceneError| error.to_string();
    let avatar = load_avatar(glb, &NoSideFiles).map_err(fault)?;
    let scene = load_bytes(glb, &NoSideFiles, Purpose::World)
        .map_err(fault)?
        .scene;
    let head = head(&avatar, &scene).ok_or("there is nothing in it that can be seen")?;
    let shown = shown(&avatar);
    if shown.is_empty() {
        return Err("none of its preset expressions changes a face".to_owned());
    }
    let mut draft = Draft::open(glb, &NoSideFiles, Purpose::World).map_err(fault)?;
    put_to_rest(&mut draft);
    for (node, rotation) in hanging_arms(&avatar, &scene) {
        lower(&mut draft, node, rotation);
    }
    let cells = shown.len() + 1;
    // Of a face, materials and meshes are other ones too.
    let copied = ["nodes", "skins", "materials", "meshes"];
    require_fitting(&draft, &copied, cells)?;
    let columns = cells.min(MAX_COLUMNS);
    let grid = Grid {
        columns,
        rows: cells.div_ceil(columns),
        aspect: ASPECT,
    };
    let faces = std::iter::once(None).chain(shown.iter().map(|(_, face)| Some(*face)));
    let mut sheet = Sheet::new(&draft);
    for (place, face) in faces.enumerate() {
        sheet.add(&mut draft, &grid, place, &head, face, &scene);
    }
    sheet.finish(&mut draft, &grid);
    // Cells of a row may have the same measures.
    draft.merge();
    Ok(Faces {
        glb: draft.write(None).map_err(fault)?,
        grid,
        labels: std::iter::once(AT_REST)
            .chain(shown.iter().map(|(name, _)| *name))
            .collect(),
    })
}

/// Presets that change something which can be drawn.
fn shown(avatar: &Avatar) -> Vec<(&'static str, &Expression)> {
    let is_drawn = |bind: &ColorBind| {
        let is_toon = avatar.scene.materials[bind.material.index()].toon.is_some();
        is_toon || matches!(bind.kind, ColorKind::Base | ColorKind::Emission)
    };
    let is_seen = |face: &Expression| !face.morphs.is_empty() || face.colors.iter().any(is_drawn);
    Expression::PRESETS
        .iter()
        .filter_map(|name| Some((*name, avatar.expressions.get(*name)?)))
        .filter(|(_, face)| is_seen(face))
        .collect()
}

/// Every name that a cell can have.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Expression::PRESETS.into_iter().chain([AT_REST])
}

fn head(avatar: &Avatar, scene: &Scene) -> Option<Head> {
    let (low, high) = scene.bounds()?;
    let bone = world_place(scene, *avatar.bones.get("head")?);
    let height = (high.y - bone.y).clamp(1.0e-3, ((high.y - low.y) * MAX_HEAD).max(1.0e-3));
    Some(Head {
        center: bone + glam::Vec3::Y * height * MIDDLE,
        radius: height * ROOM,
    })
}

fn world_place(scene: &Scene, node: NodeIndex) -> glam::Vec3 {
    scene.world_from_node(node).translation.into()
}

/// Upper arms, with the rotations that let them hang down.
fn hanging_arms(avatar: &Avatar, scene: &Scene) -> Vec<(NodeIndex, glam::Quat)> {
    let arms = [
        ("leftUpperArm", "leftLowerArm"),
        ("rightUpperArm", "rightLowerArm"),
    ];
    let turned = |(upper, lower)| {
        let (upper, lower) = (*avatar.bones.get(upper)?, *avatar.bones.get(lower)?);
        let along = world_place(scene, lower) - world_place(scene, upper);
        let rise = f32::atan2(along.y, along.x.abs());
        let angle = (ARMS + rise).clamp(0.0, std::f32::consts::FRAC_PI_2) * -along.x.signum();
        let rotation_of = |node: NodeIndex| {
            let (_, rotation, _) = scene.world_from_node(node).to_scale_rotation_translation();
            rotation
        };
        let above = scene.nodes[upper.index()].parent;
        let above = above.map_or(glam::Quat::IDENTITY, rotation_of);
        let wished = glam::Quat::from_rotation_z(angle) * rotation_of(upper);
        let local = (above.inverse() * wished).normalize();
        local.is_finite().then_some((upper, local))
    };
    arms.into_iter().filter_map(turned).collect()
}

fn lower(draft: &mut Draft, node: NodeIndex, rotation: glam::Quat) {
    let node = draft.list_mut("nodes").nth(node.index());
    // A node that states a matrix stays as it is.
    if let Some(node) = node
        && node.get("matrix").is_none()
    {
        node["rotation"] = json!(rotation.to_array());
    }
}

/// The nodes and skins of the sheet, as they come together.
struct Sheet {
    model_nodes: Vec<Value>,
    model_skins: Vec<Value>,
    model_materials: usize,
    roots: Vec<usize>,
    nodes: Vec<Value>,
    skins: Vec<Value>,
    scene: Vec<usize>,
}

impl Sheet {
    fn new(draft: &Draft) -> Self {
        Self {
            model_nodes: draft.list("nodes").to_vec(),
            model_skins: draft.list("skins").to_vec(),
            model_materials: draft.list("materials").len(),
            roots: roots(draft),
            nodes: Vec::new(),
            skins: Vec::new(),
            scene: Vec::new(),
        }
    }

    /// Puts the model with a face into a cell.
    fn add(
        &mut self,
        draft: &mut Draft,
        grid: &Grid,
        place: usize,
        head: &Head,
        face: Option<&Expression>,
        scene: &Scene,
    ) {
        let (first_node, first_skin) = (self.nodes.len(), self.skins.len());
        let nearer = NEARER.powi((place / grid.columns) as i32);
        let stand = grid.place(place, (0.0, 0.0), nearer, head.radius);
        let mut nodes = self.model_nodes.clone();
        let mut materials = measured(draft, self.model_materials, stand.scale);
        if let Some(face) = face {
            bend(&mut nodes, face, scene);
            recolor(draft, &mut materials, face);
        }
        dress(draft, &mut nodes, materials);
        let nodes = nodes.iter();
        self.nodes
            .extend(nodes.map(|node| shift_node(node, first_node, first_skin)));
        let skins = self.model_skins.iter();
        self.skins
            .extend(skins.map(|skin| shift_skin(skin, first_node)));
        let children: Vec<usize> = self.roots.iter().map(|root| root + first_node).collect();
        let center = head.center;
        self.nodes.push(
            json!({ "children": children, "translation": [-center.x, -center.y, -center.z] }),
        );
        let child = self.nodes.len() - 1;
        self.put(stand.node(child));
    }

    fn put(&mut self, node: Value) {
        self.scene.push(self.nodes.len());
        self.nodes.push(node);
    }

    /// Plates behind the rows, the one who looks, and all of it in the file.
    fn finish(mut self, draft: &mut Draft, grid: &Grid) {
        let half = grid.distance();
        for row in 0..grid.rows {
            let nearer = NEARER.powi(row as i32);
            let away = grid.distance() * nearer * PLATE;
            // The first plate is the ground of everything, the others reach down from the upper edge of their row.
            let top = match row {
                0 => 4.0 * half,
                _ => grid.top_of(row) * nearer * PLATE,
            };
            let plate = add_plate(draft, [-4.0 * half, -4.0 * half], [4.0 * half, top], -away);
            self.put(json!({ "mesh": plate, "translation": [0.0, EYES, 0.0] }));
        }
        add_viewer(&mut self.nodes, &mut self.scene);
        let json = &mut draft.json;
        json["nodes"] = self.nodes.into();
        if !self.skins.is_empty() {
            json["skins"] = self.skins.into();
        }
        json["scenes"] = json!([{ "nodes": self.scene }]);
        json["scene"] = 0.into();
        json["extensions"]["OMI_physics_shape"] = ground_shape();
    }
}

/// Sets the morph weights of a full expression.
fn bend(nodes: &mut [Value], face: &Expression, scene: &Scene) {
    let mut weights: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
    for (node, target, weight) in &face.morphs {
        let Some(described) = scene.nodes.get(node.index()) else {
            continue;
        };
        let all = weights.entry(node.index()).or_insert_with(|| {
            let of_mesh = described
                .mesh
                .map(|mesh| &scene.meshes[mesh.index()].weights);
            match of_mesh {
                Some(of_mesh) if described.weights.is_empty() => of_mesh.clone(),
                _ => described.weights.clone(),
            }
        });
        if let Some(one) = all.get_mut(*target) {
            *one += weight;
        }
    }
    for (node, all) in weights {
        if let Some(node) = nodes.get_mut(node) {
            node["weights"] = json!(all);
        }
    }
}

/// Of the first `count` materials, which are the model's own, those that state something in metres of the world, at the size that is shown,
/// by their places.
fn measured(draft: &Draft, count: usize, scale: f32) -> BTreeMap<usize, Value> {
    let all = draft.list("materials").iter().take(count);
    let all = all.cloned().enumerate();
    all.filter_map(|(index, mut material)| {
        measures::scale(&mut material, scale).then_some((index, material))
    })
    .collect()
}

/// Gives materials the colours of a full expression.
fn recolor(draft: &Draft, changed: &mut BTreeMap<usize, Value>, face: &Expression) {
    for bind in &face.colors {
        let index = bind.material.index();
        let Some(material) = draft.list("materials").get(index) else {
            continue;
        };
        let material = changed.entry(index).or_insert_with(|| material.clone());
        let color = bind.target.to_array();
        let toon = match bind.kind {
            ColorKind::Base => {
                material["pbrMetallicRoughness"]["baseColorFactor"] = json!(color);
                continue;
            }
            ColorKind::Emission => {
                material["emissiveFactor"] = json!(color[..3]);
                continue;
            }
            ColorKind::Shade => "shadeColorFactor",
            ColorKind::Matcap => "matcapFactor",
            ColorKind::Rim => "parametricRimColorFactor",
            ColorKind::Outline => "outlineColorFactor",
        };
        if let Some(look) = measures::toon_of(material) {
            look[toon] = json!(color[..3]);
        }
    }
}

/// Gives the nodes meshes with other materials in some places.
fn dress(draft: &mut Draft, nodes: &mut [Value], changed: BTreeMap<usize, Value>) {
    if changed.is_empty() {
        return;
    }
    let places: BTreeMap<usize, usize> = changed
        .into_iter()
        .map(|(index, material)| (index, push(draft, "materials", material)))
        .collect();
    let used: BTreeSet<usize> = nodes.iter().filter_map(mesh_of).collect();
    let mut meshes = BTreeMap::new();
    for index in used {
        let Some(mut mesh) = draft.list("meshes").get(index).cloned() else {
            continue;
        };
        let primitives = mesh["primitives"].as_array_mut();
        let mut is_other = false;
        for primitive in primitives.into_iter().flatten() {
            let material = primitive["material"].as_u64();
            if let Some(place) = material.and_then(|material| places.get(&(material as usize))) {
                primitive["material"] = (*place).into();
                is_other = true;
            }
        }
        if is_other {
            meshes.insert(index, push(draft, "meshes", mesh));
        }
    }
    for node in nodes {
        if let Some(place) = mesh_of(node).and_then(|mesh| meshes.get(&mesh)) {
            node["mesh"] = (*place).into();
        }
    }
}

fn mesh_of(node: &Value) -> Option<usize> {
    node["mesh"].as_u64().map(|mesh| mesh as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::limits::MAX_JSON_BYTES;
    use std::{fs, path::Path};

    fn avatar() -> Vec<u8> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/avatars");
        fs::read(assets.join("mira.vrm")).unwrap()
    }

    #[test]
    fn each_preset_of_an_avatar_has_a_cell_with_its_face_beside_the_face_at_rest() {
        let bytes = avatar();
        let faces = make(&bytes).unwrap();
        assert_eq!(faces.labels[..3], [AT_REST, "happy", "angry"]);
        for name in ["sad", "relaxed", "surprised", "aa", "oh", "blink"] {
            assert!(faces.labels.contains(&name), "{name}");
        }
        assert!(faces.grid.columns * faces.grid.rows >= faces.labels.len());
        let model = load_bytes(&bytes, &NoSideFiles, Purpose::World).unwrap();
        let sheet = load_bytes(&faces.glb, &NoSideFiles, Purpose::World).unwrap();
        let count = model.scene.nodes.len();
        let weights = |cell: usize| {
            // A cell holds the nodes of the model, one that centres it and one that places it.
            let first = cell * (count + 2);
            let nodes = &sheet.scene.nodes[first..first + count];
            nodes.iter().map(|node| node.weights.clone()).collect()
        };
        let all: BTreeSet<String> = (0..faces.labels.len())
            .map(|cell| {
                let weights: Vec<Vec<f32>> = weights(cell);
                format!("{weights:?}")
            })
            .collect();
        assert_eq!(all.len(), faces.labels.len(), "two faces are the same");
    }

    #[test]
    fn materials_of_a_cell_are_those_of_the_model_and_not_of_cells_before() {
        let toon = json!({ "outlineWidthMode": "worldCoordinates", "outlineWidthFactor": 0.01 });
        let material = json!({ "extensions": { "VRMC_materials_mtoon": toon } });
        let mut draft = Draft::new(json!({
            "asset": { "version": "2.0" },
            "materials": [material, {}],
            "meshes": [{ "primitives": [{ "attributes": {}, "material": 0 }] }],
        }));
        for cell in 0..10 {
            let changed = measured(&draft, 2, 0.5);
            assert_eq!(changed.len(), 1);
            dress(&mut draft, &mut [json!({ "mesh": 0 })], changed);
            assert_eq!(draft.list("materials").len(), 3 + cell);
        }
    }

    #[test]
    fn what_a_file_says_beside_its_nodes_stands_in_no_cell() {
        let mut draft = Draft::open(&avatar(), &NoSideFiles, Purpose::Avatar).unwrap();
        let long = "x".repeat(MAX_JSON_BYTES / 8);
        draft.json["nodes"][0]["extras"] = json!({ "note": long });
        let faces = make(&draft.write(None).unwrap()).unwrap();
        assert!(load_bytes(&faces.glb, &NoSideFiles, Purpose::World).is_ok());
        // What has to be copied is counted before.
        draft.json["meshes"][0]["extras"] = json!(long);
        let fault = make(&draft.write(None).unwrap()).err().unwrap();
        assert!(fault.contains("bytes of JSON"), "{fault}");
    }

    #[test]
    fn what_is_no_avatar_has_no_expressions() {
        let fault = make(br#"{"asset":{"version":"2.0"}}"#).err().unwrap();
        assert!(fault.contains("not a VRM avatar"), "{fault}");
    }

    #[test]
    fn a_face_that_changes_colour_has_a_material_of_its_own() {
        let mut draft = Draft::new(json!({
            "asset": { "version": "2.0" },
            "materials": [{}, {}],
            "meshes": [{ "primitives": [{ "attributes": {}, "material": 1 }] }],
        }));
        let mut nodes = vec![json!({ "mesh": 0 }), json!({})];
        let face = Expression {
            colors: vec![ColorBind {
                material: scene::MaterialIndex(1),
                kind: ColorKind::Base,
                target: glam::Vec4::new(1.0, 0.0, 0.0, 1.0),
            }],
            ..Expression::default()
        };
        let mut changed = BTreeMap::new();
        recolor(&draft, &mut changed, &face);
        dress(&mut draft, &mut nodes, changed);
        assert_eq!(nodes, [json!({ "mesh": 1 }), json!({})]);
        assert_eq!(draft.list("meshes")[1]["primitives"][0]["material"], 2);
        assert_eq!(draft.list("meshes")[0]["primitives"][0]["material"], 1);
        let color = &draft.list("materials")[2]["pbrMetallicRoughness"]["baseColorFactor"];
        assert_eq!(*color, json!([1.0, 0.0, 0.0, 1.0]));
    }
}
