//! The world that is drawn: the model eight times in two rows, each turned by an eighth and facing the one who looks.

use scene::{
    NoSideFiles, Purpose, load_bytes,
    writer::{Array, ArrayShape, Draft},
};
use serde_json::{Value, json};

/// The sheet of a model from eight sides.
pub(super) const TURNTABLE: Grid = Grid {
    columns: 4,
    rows: 2,
    aspect: 1.0,
};
/// Height of a cell, when what is shown in it has the radius one.
const CELL: f32 = 2.1;
/// What the eye sees from top to bottom, in radians, and what the sheet takes of it.
pub(super) const FIELD_OF_VIEW: f32 = 1.05;
const SHEET_FIELD: f32 = 0.5;
/// Height of standing eyes above the floor, in metres.
pub(super) const EYES: f32 = 1.62;
/// Half the side of the backdrop in distances of the sheet, and its grey.
const BACKDROP: f32 = 8.0;
const GREY: f32 = 0.2;
/// One looks down on the model by so much, in radians.
const TILT: f32 = 0.3;
/// Beyond everything that the client simulates or plays, a preview shows things at rest.
const AT_REST: [&str; 14] = [
    "KHR_audio_emitter",
    "KHR_collision_shapes",
    "KHR_implicit_shapes",
    "KHR_lights_punctual",
    "KHR_physics_rigid_bodies",
    "OMI_link",
    "OMI_physics_body",
    "OMI_physics_gravity",
    "OMI_physics_joint",
    "OMI_seat",
    "OMI_spawn_point",
    "STOA_notice_board",
    "STOA_portal",
    "VRM",
];

/// How cells lie in a sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Width of a cell, in heights of one.
    pub(super) aspect: f32,
}

impl Grid {
    /// Distance of the sheet from the eye, so that it takes its share of the field of view.
    pub(super) fn distance(&self) -> f32 {
        self.rows as f32 * CELL / 2.0 / (SHEET_FIELD / 2.0).tan()
    }

    /// Pixels of a cell of this height.
    pub(super) fn cell_size(&self, cell: u32) -> (u32, u32) {
        ((cell as f32 * self.aspect).round() as u32, cell)
    }

    /// Pixels of the whole picture, in whose middle cells are `cell` pixels high.
    pub(super) fn picture_size(&self, cell: u32) -> (u32, u32) {
        let share = (FIELD_OF_VIEW / 2.0).tan() / (SHEET_FIELD / 2.0).tan();
        let height = (self.rows as f32 * cell as f32 * share).round() as u32;
        let (width, _) = self.cell_size(cell);
        // Some room beside the sheet: programs want sizes of their own.
        (
            self.columns as u32 * width + 2 * cell,
            height.max(self.rows as u32 * cell),
        )
    }

    /// Left, top, width and height of the sheet in the picture.
    pub(super) fn middle(&self, (width, height): (u32, u32), cell: u32) -> (u32, u32, u32, u32) {
        let size = self.cell_size(cell);
        let (own_width, own_height) = (self.columns as u32 * size.0, self.rows as u32 * size.1);
        (
            width.saturating_sub(own_width) / 2,
            height.saturating_sub(own_height) / 2,
            own_width.min(width),
            own_height.min(height),
        )
    }

    /// Upper edge of a row above the eye, at the distance of the sheet.
    pub(super) fn top_of(&self, row: usize) -> f32 {
        (self.rows as f32 / 2.0 - row as f32) * CELL
    }

    /// Middle of a cell, to the right of the eye and above it, at the distance of the sheet.
    fn center_of(&self, place: usize) -> (f32, f32) {
        let (column, row) = (place % self.columns, place / self.columns);
        let right = (column as f32 - (self.columns as f32 - 1.0) / 2.0) * CELL * self.aspect;
        (right, self.top_of(row) - CELL / 2.0)
    }

    /// The node of a cell that is so many times nearer than the sheet: it brings the model to the radius one in the
    /// picture, turns it, tilts it and turns it to the eye.
    pub(super) fn cell(
        &self,
        place: usize,
        (turn, tilt): (f32, f32),
        nearer: f32,
        radius: f32,
        child: usize,
    ) -> Value {
        let (right, up) = self.center_of(place);
        // The eye is at the origin of the sheet's axes, the sheet at -Z.
        let to_eye = (-right).atan2(self.distance());
        let fall = up.atan2(self.distance());
        let rotation = product(
            about_y(to_eye),
            product(about_x(tilt + fall), about_y(turn)),
        );
        let scale = nearer / radius;
        json!({
            "children": [child],
            "translation": [right * nearer, up * nearer + EYES, -self.distance() * nearer],
            "rotation": rotation,
            "scale": [scale, scale, scale],
        })
    }
}

/// The world as a GLB.
///
/// # Errors
/// One line when there is nothing to see.
pub(super) fn make(glb: &[u8]) -> Result<Vec<u8>, String> {
    let fault = |error: scene::SceneError| error.to_string();
    let loaded = load_bytes(glb, &NoSideFiles, Purpose::World).map_err(fault)?;
    let (low, high) = loaded
        .scene
        .bounds()
        .ok_or("there is nothing in it that can be seen")?;
    let center = (low + high) / 2.0;
    let radius = ((high - low).length() / 2.0).max(1.0e-6);
    let mut draft = Draft::open(glb, &NoSideFiles, Purpose::World).map_err(fault)?;
    let faces_back = draft.uses_extension("VRM");
    put_to_rest(&mut draft);
    let roots = roots(&draft);
    let (nodes, skins) = (draft.list("nodes").to_vec(), draft.list("skins").to_vec());
    let (mut all_nodes, mut all_skins, mut sheet) = (Vec::new(), Vec::new(), Vec::new());
    let grid = TURNTABLE;
    let cells = grid.columns * grid.rows;
    for place in 0..cells {
        let (first_node, first_skin) = (all_nodes.len(), all_skins.len());
        all_nodes.extend(
            nodes
                .iter()
                .map(|node| shift_node(node, first_node, first_skin)),
        );
        all_skins.extend(skins.iter().map(|skin| shift_skin(skin, first_node)));
        let children: Vec<usize> = roots.iter().map(|root| root + first_node).collect();
        all_nodes.push(
            json!({ "children": children, "translation": [-center.x, -center.y, -center.z] }),
        );
        let turn = if faces_back {
            std::f32::consts::PI
        } else {
            0.0
        };
        let turn = turn + place as f32 * std::f32::consts::TAU / cells as f32;
        let node = grid.cell(place, (turn, TILT), 1.0, radius, all_nodes.len() - 1);
        all_nodes.push(node);
        sheet.push(all_nodes.len() - 1);
    }
    let backdrop = add_backdrop(&mut draft);
    sheet.push(all_nodes.len());
    all_nodes.push(json!({ "mesh": backdrop }));
    add_viewer(&mut all_nodes, &mut sheet);
    let json = &mut draft.json;
    json["nodes"] = all_nodes.into();
    if !all_skins.is_empty() {
        json["skins"] = all_skins.into();
    }
    json["scenes"] = json!([{ "nodes": sheet }]);
    json["scene"] = 0.into();
    json["extensions"]["OMI_physics_shape"] = ground_shape();
    draft.merge();
    draft.write(None).map_err(fault)
}

/// Takes away what moves, sounds, shines or collides.
pub(super) fn put_to_rest(draft: &mut Draft) {
    if let Some(root) = draft.json.as_object_mut() {
        root.shift_remove("animations");
    }
    for node in draft.list_mut("nodes") {
        if let Some(Value::Object(extensions)) = node.get_mut("extensions") {
            extensions.retain(|name, _| !AT_REST.contains(&name.as_str()));
        }
        if let Some(node) = node.as_object_mut() {
            node.shift_remove("camera");
        }
    }
    if let Some(Value::Object(extensions)) = draft.json.get_mut("extensions") {
        extensions.retain(|name, _| {
            !AT_REST.contains(&name.as_str())
                && !name.starts_with("VRMC_")
                && name != "OMI_physics_shape"
        });
    }
    if draft.json.get("extensions").is_none() {
        draft.json["extensions"] = json!({});
    }
}

pub(super) fn roots(draft: &Draft) -> Vec<usize> {
    let scene = draft.json["scene"].as_u64().unwrap_or(0) as usize;
    let scene = draft
        .list("scenes")
        .get(scene)
        .or(draft.list("scenes").first());
    let nodes = scene.and_then(|scene| scene["nodes"].as_array());
    let nodes = nodes.into_iter().flatten();
    nodes
        .filter_map(|node| node.as_u64().map(|node| node as usize))
        .collect()
}

fn shift(value: &mut Value, by: usize) {
    if let Some(index) = value.as_u64() {
        *value = (index as usize + by).into();
    }
}

pub(super) fn shift_node(node: &Value, nodes: usize, skins: usize) -> Value {
    let mut node = node.clone();
    if let Some(Value::Array(children)) = node.get_mut("children") {
        children.iter_mut().for_each(|child| shift(child, nodes));
    }
    if let Some(skin) = node.get_mut("skin") {
        shift(skin, skins);
    }
    node
}

pub(super) fn shift_skin(skin: &Value, nodes: usize) -> Value {
    let mut skin = skin.clone();
    if let Some(Value::Array(joints)) = skin.get_mut("joints") {
        joints.iter_mut().for_each(|joint| shift(joint, nodes));
    }
    if let Some(skeleton) = skin.get_mut("skeleton") {
        shift(skeleton, nodes);
    }
    skin
}

fn about_y(angle: f32) -> [f32; 4] {
    [0.0, (angle / 2.0).sin(), 0.0, (angle / 2.0).cos()]
}

fn about_x(angle: f32) -> [f32; 4] {
    [(angle / 2.0).sin(), 0.0, 0.0, (angle / 2.0).cos()]
}

/// The quaternion that turns by the second and then by the first.
fn product(first: [f32; 4], second: [f32; 4]) -> [f32; 4] {
    let ([ax, ay, az, aw], [bx, by, bz, bw]) = (first, second);
    [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]
}

/// What one stands on.
pub(super) fn ground_shape() -> Value {
    json!({ "shapes": [{ "type": "box", "box": { "size": [4.0, 0.2, 4.0] } }] })
}

/// An even grey behind everything: the sky would colour the picture. Returns the place of its mesh.
fn add_backdrop(draft: &mut Draft) -> usize {
    let (side, behind) = (BACKDROP * TURNTABLE.distance(), -2.0 * TURNTABLE.distance());
    add_plate(draft, [-side, -side], [side, side], behind)
}

/// An even grey plate between two corners, facing +Z at this height. Returns the place of its mesh.
pub(super) fn add_plate(draft: &mut Draft, low: [f32; 2], high: [f32; 2], at: f32) -> usize {
    let corners = [[low[0], low[1]], [high[0], low[1]], high, [low[0], high[1]]];
    let corners = corners.map(|[x, y]| [x, y, at]);
    let order = [0, 1, 2, 0, 2, 3].map(|corner: usize| corners[corner]);
    let positions = draft.add(Array::floats(ArrayShape::Vec3, order.as_flattened()));
    let material = push(
        draft,
        "materials",
        json!({
            "pbrMetallicRoughness": { "baseColorFactor": [GREY, GREY, GREY, 1.0] },
            "extensions": { "KHR_materials_unlit": {} },
        }),
    );
    let primitive = json!({ "attributes": { "POSITION": positions }, "material": material });
    push(draft, "meshes", json!({ "primitives": [primitive] }))
}

pub(super) fn push(draft: &mut Draft, list: &str, value: Value) -> usize {
    match draft.json.get_mut(list) {
        Some(Value::Array(list)) => {
            list.push(value);
            list.len() - 1
        }
        _ => {
            draft.json[list] = json!([value]);
            0
        }
    }
}

/// Where one stands, looking along -Z, and what one stands on; neither is drawn.
pub(super) fn add_viewer(nodes: &mut Vec<Value>, sheet: &mut Vec<usize>) {
    sheet.push(nodes.len());
    nodes.push(json!({
        "rotation": [0.0, 1.0, 0.0, 0.0],
        "extensions": { "OMI_spawn_point": {} },
    }));
    sheet.push(nodes.len());
    nodes.push(json!({
        "translation": [0.0, -0.1, 0.0],
        "extensions": { "OMI_physics_body": { "collider": { "shape": 0 } } },
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_shows_the_model_eight_times_within_its_cells() {
        let mut draft = Draft::new(json!({
            "asset": { "version": "2.0" },
            "scene": 0,
            "scenes": [{ "nodes": [0] }],
            "nodes": [{ "mesh": 0, "translation": [100.0, 0.0, 0.0] }],
            "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        }));
        let corners = [0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 4.0, 3.0];
        draft.add(Array::floats(ArrayShape::Vec3, &corners));
        let sheet = make(&draft.write(None).unwrap()).unwrap();
        let scene = load_bytes(&sheet, &NoSideFiles, Purpose::World)
            .unwrap()
            .scene;
        assert_eq!(scene.triangle_count(), 8 + 2, "with a backdrop");
        let cells = scene
            .nodes
            .iter()
            .filter(|node| node.transform.scale.x != 1.0);
        let cells: Vec<_> = cells.map(|node| node.transform.translation).collect();
        assert_eq!(cells.len(), 8);
        assert!(
            cells
                .iter()
                .all(|at| at.x.abs() < CELL * 2.0 && (at.y - EYES).abs() < CELL)
        );
        assert!(scene.nodes.iter().any(|node| node.spawn_point.is_some()));
    }

    #[test]
    fn the_middle_of_a_picture_is_the_sheet() {
        let size = TURNTABLE.picture_size(100);
        let (left, top, width, height) = TURNTABLE.middle(size, 100);
        assert_eq!((width, height), (400, 200));
        assert!(left + width <= size.0 && top + height <= size.1);
    }
}
