//! The world that is drawn: a model that stands once or several times before one who looks, and an even grey behind it.

use super::measures;
use scene::{
    NoSideFiles, Purpose,
    limits::MAX_JSON_BYTES,
    load_bytes,
    writer::{Array, ArrayShape, Draft},
};
use serde_json::{Value, json};

/// The narrowest that the eye sees from top to bottom, in radians: 40 degrees.
const NARROWEST: f32 = 0.698_131_7;
/// Height of standing eyes above the floor, in metres.
pub(super) const EYES: f32 = 1.62;
/// Half the side of the backdrop in its distances, and its grey.
const BACKDROP: f32 = 4.0;
const GREY: f32 = 0.2;
/// Farthest that a backdrop may stand, in metres: what is behind is not drawn.
const FARTHEST: f32 = 1_900.0;
/// Beyond everything that the client simulates or plays, a preview shows things at rest and in its own light.
const AT_REST: [&str; 15] = [
    "KHR_audio_emitter",
    "KHR_collision_shapes",
    "KHR_implicit_shapes",
    "KHR_lights_punctual",
    "KHR_physics_rigid_bodies",
    "OMI_environment_sky",
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

/// What a picture needs of a node, which stands once for each cell: names and `extras` are as long as the file likes.
const OF_NODES: [&str; 9] = [
    "children",
    "extensions",
    "matrix",
    "mesh",
    "rotation",
    "scale",
    "skin",
    "translation",
    "weights",
];
const EXTENSIONS_OF_NODES: [&str; 3] =
    ["EXT_mesh_gpu_instancing", "KHR_node_visibility", "MSFT_lod"];
/// The same of a skin.
const OF_SKINS: [&str; 3] = ["inverseBindMatrices", "joints", "skeleton"];

/// A model whose picture is taken.
pub(super) struct Model {
    draft: Draft,
    /// Corners of the box around everything that can be seen, in the file's metres.
    pub(super) low: [f32; 3],
    pub(super) high: [f32; 3],
}

/// Where the model stands once. Whoever looks has the eyes at (0, [`EYES`], 0) and looks along -Z.
pub(super) struct Place {
    /// Where the point of the file that is looked at comes to.
    pub(super) at: [f32; 3],
    /// How it is turned around that point, as a quaternion.
    pub(super) rotation: [f32; 4],
    /// How many times larger than in the file.
    pub(super) scale: f32,
}

impl Place {
    /// The node that brings `child` there, which has that point in its origin.
    pub(super) fn node(&self, child: usize) -> Value {
        json!({
            "children": [child],
            "translation": self.at,
            "rotation": self.rotation,
            "scale": [self.scale, self.scale, self.scale],
        })
    }
}

impl Model {
    /// Reads a GLB of whatever purpose.
    ///
    /// # Errors
    /// One line when it cannot be read or there is nothing to see.
    pub(super) fn open(glb: &[u8]) -> Result<Self, String> {
        let fault = |error: scene::SceneError| error.to_string();
        let loaded = load_bytes(glb, &NoSideFiles, Purpose::World).map_err(fault)?;
        let bounds = loaded.scene.bounds();
        let (low, high) = bounds.ok_or("there is nothing in it that can be seen")?;
        let draft = Draft::open(glb, &NoSideFiles, Purpose::World).map_err(fault)?;
        Ok(Self {
            draft,
            low: low.to_array(),
            high: high.to_array(),
        })
    }

    /// Middle of the box around it.
    pub(super) fn middle(&self) -> [f32; 3] {
        std::array::from_fn(|axis| f32::midpoint(self.low[axis], self.high[axis]))
    }

    /// Radius of the ball around the box, never zero.
    pub(super) fn radius(&self) -> f32 {
        let square: f32 = (0..3)
            .map(|axis| (self.high[axis] - self.low[axis]).powi(2))
            .sum();
        (square.sqrt() / 2.0).max(1.0e-6)
    }

    /// The world as a GLB: the model in its places, which are equally large, each with the point `look_at` of the file in the
    /// middle, and a backdrop.
    ///
    /// # Errors
    /// One line when it cannot be written.
    pub(super) fn stand(
        mut self,
        look_at: [f32; 3],
        places: &[Place],
        backdrop_distance: f32,
    ) -> Result<Vec<u8>, String> {
        let draft = &mut self.draft;
        put_to_rest(draft);
        require_fitting(draft, &["nodes", "skins"], places.len())?;
        if let Some(place) = places.first() {
            for material in draft.list_mut("materials") {
                measures::scale(material, place.scale);
            }
        }
        let roots = roots(draft);
        let (nodes, skins) = (draft.list("nodes").to_vec(), draft.list("skins").to_vec());
        let (mut all_nodes, mut all_skins, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for place in places {
            let (first_node, first_skin) = (all_nodes.len(), all_skins.len());
            let shifted = nodes
                .iter()
                .map(|node| shift_node(node, first_node, first_skin));
            all_nodes.extend(shifted);
            all_skins.extend(skins.iter().map(|skin| shift_skin(skin, first_node)));
            let children: Vec<usize> = roots.iter().map(|root| root + first_node).collect();
            let moved = look_at.map(|part| -part);
            all_nodes.push(json!({ "children": children, "translation": moved }));
            all_nodes.push(place.node(all_nodes.len() - 1));
            shown.push(all_nodes.len() - 1);
        }
        let backdrop = add_backdrop(draft, backdrop_distance.min(FARTHEST));
        shown.push(all_nodes.len());
        all_nodes.push(json!({ "mesh": backdrop }));
        add_viewer(&mut all_nodes, &mut shown);
        let json = &mut draft.json;
        json["nodes"] = all_nodes.into();
        if !all_skins.is_empty() {
            json["skins"] = all_skins.into();
        }
        json["scenes"] = json!([{ "nodes": shown }]);
        json["scene"] = 0.into();
        json["extensions"]["OMI_physics_shape"] = ground_shape();
        draft.merge();
        draft.write(None).map_err(|error| error.to_string())
    }
}

/// What the eye sees from top to bottom, in radians, when at least `field_of_view` of it is wished.
pub(super) fn eye(field_of_view: f32) -> f32 {
    field_of_view.max(NARROWEST)
}

/// Pixels of a whole picture of which the middle, `width` by `height` pixels, has a vertical field of view in radians.
pub(super) fn picture_size((width, height): (u32, u32), field_of_view: f32) -> (u32, u32) {
    let share = (eye(field_of_view) / 2.0).tan() / (field_of_view / 2.0).tan();
    (width, (height as f32 * share).round() as u32)
}

/// Left, top, width and height of the middle of a picture.
pub(super) fn middle(whole: (u32, u32), kept: (u32, u32)) -> (u32, u32, u32, u32) {
    (
        whole.0.saturating_sub(kept.0) / 2,
        whole.1.saturating_sub(kept.1) / 2,
        kept.0.min(whole.0),
        kept.1.min(whole.1),
    )
}

/// Takes away what moves, sounds, shines or collides, and makes a scene of an avatar.
pub(super) fn put_to_rest(draft: &mut Draft) {
    draft.settle_old_avatar();
    if let Some(root) = draft.json.as_object_mut() {
        root.shift_remove("animations");
    }
    for material in draft.list_mut("materials") {
        // Textures of drawn materials move by themselves, and would be elsewhere in every picture.
        let toon = material.pointer_mut("/extensions/VRMC_materials_mtoon");
        if let Some(toon) = toon.and_then(Value::as_object_mut) {
            toon.retain(|name, _| !(name.starts_with("uvAnimation") && name.ends_with("Factor")));
        }
    }
    for node in draft.list_mut("nodes") {
        keep(node, &OF_NODES);
        if let Some(extensions) = node.get_mut("extensions") {
            keep(extensions, &EXTENSIONS_OF_NODES);
        }
    }
    for skin in draft.list_mut("skins") {
        keep(skin, &OF_SKINS);
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

/// Takes away all members of an object but these.
fn keep(object: &mut Value, members: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        object.retain(|name, _| members.contains(&name.as_str()));
    }
}

/// Refuses what has more JSON than is read once it stands in so many cells, before it is copied.
///
/// # Errors
/// One line that says so.
pub(super) fn require_fitting(draft: &Draft, lists: &[&str], cells: usize) -> Result<(), String> {
    let values = lists.iter().flat_map(|list| draft.list(list));
    let bytes: usize = values.map(|value| value.to_string().len()).sum();
    match bytes.saturating_mul(cells) > MAX_JSON_BYTES {
        true => Err(format!(
            "{cells} of it have more than {MAX_JSON_BYTES} bytes of JSON"
        )),
        false => Ok(()),
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

pub(super) fn about_y(angle: f32) -> [f32; 4] {
    [0.0, (angle / 2.0).sin(), 0.0, (angle / 2.0).cos()]
}

pub(super) fn about_x(angle: f32) -> [f32; 4] {
    [(angle / 2.0).sin(), 0.0, 0.0, (angle / 2.0).cos()]
}

/// The quaternion that turns by the second and then by the first.
pub(super) fn product(first: [f32; 4], second: [f32; 4]) -> [f32; 4] {
    let ([ax, ay, az, aw], [bx, by, bz, bw]) = (first, second);
    [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]
}

/// An even grey behind everything: the sky would colour the picture. Returns the place of its mesh.
fn add_backdrop(draft: &mut Draft, distance: f32) -> usize {
    let side = BACKDROP * distance;
    add_plate(draft, [-side, -side], [side, side], -distance)
}

/// An even grey plate between two corners, facing +Z, at this Z. Returns the place of its mesh.
pub(super) fn add_plate(draft: &mut Draft, low: [f32; 2], high: [f32; 2], at: f32) -> usize {
    let corners = [low, [high[0], low[1]], high, [low[0], high[1]]];
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

/// What one stands on.
pub(super) fn ground_shape() -> Value {
    json!({ "shapes": [{ "type": "box", "box": { "size": [4.0, 0.2, 4.0] } }] })
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
pub(super) fn add_viewer(nodes: &mut Vec<Value>, shown: &mut Vec<usize>) {
    shown.push(nodes.len());
    nodes.push(json!({
        "rotation": [0.0, 1.0, 0.0, 0.0],
        "extensions": { "OMI_spawn_point": {} },
    }));
    shown.push(nodes.len());
    nodes.push(json!({
        "translation": [0.0, -0.1, 0.0],
        "extensions": { "OMI_physics_body": { "collider": { "shape": 0 } } },
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_by_itself_is_at_rest() {
        let toon = json!({ "VRMC_materials_mtoon": {
            "uvAnimationRotationSpeedFactor": 1.0, "uvAnimationMaskTexture": { "index": 0 }, "shadeColorFactor": [1, 0, 0],
        } });
        let mut draft = Draft::new(json!({
            "animations": [{}],
            "materials": [{ "name": "plain" }, { "extensions": toon }],
        }));
        put_to_rest(&mut draft);
        let left = draft.json["materials"][1]["extensions"]["VRMC_materials_mtoon"].as_object();
        let left: Vec<&String> = left.into_iter().flat_map(|left| left.keys()).collect();
        assert_eq!(left, ["uvAnimationMaskTexture", "shadeColorFactor"]);
        assert_eq!(draft.json["materials"][0], json!({ "name": "plain" }));
        assert_eq!(draft.json.get("animations"), None);
    }

    #[test]
    fn the_middle_of_a_picture_is_kept() {
        for (field, share) in [(0.5, 0.349_066_f32.tan() / 0.25_f32.tan()), (0.9, 1.0)] {
            let whole = picture_size((400, 200), field);
            let (left, top, width, height) = middle(whole, (400, 200));
            assert_eq!((width, height), (400, 200));
            assert!(left + width <= whole.0 && top + height <= whole.1);
            assert!((whole.1 as f32 / 200.0 - share).abs() < 0.01, "{whole:?}");
        }
    }
}
