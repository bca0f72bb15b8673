//! FBX, and OBJ with its materials, by the decoder `ufbx`, which is C: it runs in the worker process alone.

use super::{
    material,
    model::{Corners, Model, shown},
    motion, skin,
};
use scene::linear_from_srgb;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use ufbx::{
    BlobOpt, CoordinateAxes, ElementType, GeometryTransformHandling, InheritModeHandling, LoadOpts,
    Mesh, Node, Scene, SpaceConversion,
};

/// Most memory of the decoder in bytes.
const MEMORY_LIMIT: usize = 1024 * 1024 * 1024;
/// Deepest node.
const MAX_DEPTH: u32 = 1_000;
/// Most material libraries of an OBJ.
const MAX_LIBRARIES: usize = 16;
/// How names of meshes for colliders begin and end, in small letters; and of levels of detail before their number.
const COLLIDER_BEGINNINGS: [&str; 4] = ["ubx_", "ucp_", "ucx_", "usp_"];
const COLLIDER_ENDINGS: [&str; 2] = ["-colonly", "-convcolonly"];
const LEVEL: &str = "_lod";
/// Most texture coordinate sets.
const MAX_UV_SETS: usize = 8;

/// Reads an FBX.
pub(super) fn read(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    read_scene(bytes, options(), model)?;
    model.join_roots_of_skins();
    Ok(())
}

/// Reads an OBJ with the material libraries beside it.
pub(super) fn read_obj(bytes: &[u8], model: &mut Model<'_>) -> Result<(), String> {
    let materials = material_libraries(bytes, model);
    read_obj_with(bytes, materials, model)
}

/// An OBJ or its materials without lines that the decoder takes otherwise than others do: the smoothing group 0 is none, and names that
/// are not told are no reason to refuse a file.
fn without_odd_lines(bytes: &[u8]) -> Cow<'_, [u8]> {
    let instead = |line: &[u8]| -> Option<&'static [u8]> {
        match line.trim_ascii() {
            b"s 0" => Some(b"s off\n"),
            b"mtllib" => Some(b"\n"),
            b"newmtl" => Some(b"newmtl unnamed\n"),
            _ => None,
        }
    };
    let mut lines = bytes.split(|byte| *byte == b'\n');
    if !lines.any(|line| instead(line).is_some()) {
        return Cow::Borrowed(bytes);
    }
    let mut made = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        made.extend(instead(line).unwrap_or(line));
    }
    Cow::Owned(made)
}

/// Reads an OBJ with these materials.
pub(super) fn read_obj_with(
    bytes: &[u8],
    materials: Option<Vec<u8>>,
    model: &mut Model<'_>,
) -> Result<(), String> {
    let mut options = options();
    options.file_format = ufbx::FileFormat::Obj;
    model.shows_both_sides = true;
    note_left_out_of_obj(bytes, model);
    model.is_of_blender = bytes.starts_with(b"# Blender");
    let bytes = &without_odd_lines(bytes);
    if let Some(materials) = materials {
        options.obj_mtl_data = BlobOpt::Owned(without_odd_lines(&materials).into_owned());
    }
    read_scene(bytes, options, model)?;
    model.turn_and_scale("OBJ");
    Ok(())
}

/// Tells what an OBJ holds that does not become triangles, or becomes others.
fn note_left_out_of_obj(bytes: &[u8], model: &mut Model<'_>) {
    let (mut smoothing, mut has_normals) = (BTreeSet::new(), false);
    let (mut has_lines, mut has_curves) = (false, false);
    for line in bytes.split(|byte| *byte == b'\n') {
        let words = line.split(u8::is_ascii_whitespace);
        let mut words = words.filter(|word| !word.is_empty());
        match words.next().unwrap_or_default() {
            b"s" if smoothing.len() < 2 => {
                let group = words.next();
                smoothing.extend(group.filter(|group| !matches!(*group, b"0" | b"off")));
            }
            b"vn" => has_normals = true,
            b"l" | b"p" => has_lines = true,
            b"curv" | b"curv2" | b"surf" => has_curves = true,
            _ => {}
        }
    }
    if smoothing.len() > 1 && !has_normals {
        model.note(
            "its smoothing groups are drawn as one: export normals to keep the edges between them",
        );
    }
    if has_lines {
        model.note("its lines and single points are left out");
    }
    if has_curves {
        model.note("its curves and free-form surfaces are left out: export polygons");
    }
}

fn options() -> LoadOpts<'static> {
    let mut options = LoadOpts {
        target_axes: CoordinateAxes::right_handed_y_up(),
        target_unit_meters: 1.0,
        space_conversion: SpaceConversion::ModifyGeometry,
        geometry_transform_handling: GeometryTransformHandling::ModifyGeometry,
        inherit_mode_handling: InheritModeHandling::Compensate,
        generate_missing_normals: true,
        normalize_normals: true,
        clean_skin_weights: true,
        use_blender_pbr_material: true,
        node_depth_limit: MAX_DEPTH,
        ..LoadOpts::default()
    };
    options.temp_allocator.memory_limit = MEMORY_LIMIT;
    options.result_allocator.memory_limit = MEMORY_LIMIT;
    options
}

fn read_scene(bytes: &[u8], options: LoadOpts<'_>, model: &mut Model<'_>) -> Result<(), String> {
    let scene = ufbx::load_memory(bytes, options)
        .map_err(|error| format!("it cannot be read: {}", error.description))?;
    let data = &scene.metadata;
    let last = &data.latest_application.name;
    let application = if last.is_empty() {
        &data.original_application.name
    } else {
        last
    };
    model.is_of_maya = application.to_ascii_lowercase().contains("maya");
    let materials = material::write(&scene, model);
    if scene.metadata.file_format == ufbx::FileFormat::Obj {
        let first = scene
            .meshes
            .iter()
            .flat_map(|mesh| mesh.vertices.iter())
            .find(|own| [own.x, own.y, own.z].iter().all(|part| part.is_finite()));
        model.put_near(first.map_or([0.0; 3], |own| [own.x, own.y, own.z]));
    }
    let places: BTreeMap<u32, usize> = scene
        .nodes
        .iter()
        .filter(|node| !node.is_root)
        .enumerate()
        .map(|(place, node)| (node.element.element_id, place))
        .collect();
    for node in &scene.nodes {
        if !node.is_root {
            write_node(node, &places, model);
        }
    }
    write_meshes(&scene, &places, &materials, model)?;
    motion::write(&scene, &places, model);
    note_left_out(&scene, model);
    Ok(())
}

/// Tells what has no place in the result.
fn note_left_out(scene: &Scene, model: &mut Model<'_>) {
    let curves = scene.nurbs_curves.len() + scene.nurbs_surfaces.len() + scene.line_curves.len();
    let from_tool = "export glTF from your tool to keep them";
    for (what, count, advice) in [
        ("lights", scene.lights.len(), from_tool),
        ("cameras", scene.cameras.len(), from_tool),
        ("curves", curves, "export them as polygons"),
    ] {
        if count > 0 {
            model.note(format!("its {what} are left out ({count}): {advice}"));
        }
    }
}

/// All material libraries that an OBJ names, as one: those that lie beside it.
fn material_libraries(bytes: &[u8], model: &mut Model<'_>) -> Option<Vec<u8>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| line.trim_ascii().strip_prefix(b"mtllib"));
    let mut names: Vec<String> = Vec::new();
    for line in lines.take(MAX_LIBRARIES) {
        let line = String::from_utf8_lossy(line).trim().to_owned();
        // A line names one library, or several; a name may hold spaces.
        let words = line.split_ascii_whitespace().map(str::to_owned);
        let own = match model.library(&line).is_some() {
            true => vec![line],
            false => words.take(MAX_LIBRARIES).collect(),
        };
        names.extend(own);
    }
    let mut all = None;
    let mut known = BTreeSet::new();
    // Files are given other names after they were written.
    let own = format!("{}.mtl", model.name());
    let has_none = names.iter().all(|name| model.library(name).is_none());
    let uses_some = bytes.windows(7).any(|word| word == b"usemtl ");
    if has_none && uses_some && model.library(&own).is_some() {
        model.note(format!("its materials are taken from `{}`", shown(&own)));
        names = vec![own];
    }
    for name in names {
        if !known.insert(name.clone()) {
            continue;
        }
        if known.len() > MAX_LIBRARIES {
            model.note(format!(
                "only the first {MAX_LIBRARIES} material libraries are read"
            ));
            break;
        }
        match model.library(&name) {
            Some(library) => {
                let all: &mut Vec<u8> = all.get_or_insert_default();
                all.extend(library);
                all.push(b'\n');
            }
            None => {
                let shown = shown(&name);
                model.note(format!(
                    "the materials `{shown}` are not beside it: what has them stays grey"
                ));
            }
        }
    }
    all
}

/// The meshes that are shown, each with its materials once.
fn write_meshes(
    scene: &Scene,
    places: &BTreeMap<u32, usize>,
    materials: &BTreeMap<u32, usize>,
    model: &mut Model<'_>,
) -> Result<(), String> {
    let mut meshes = BTreeMap::new();
    let finest = finest_levels(scene);
    let with_mesh = scene.nodes.iter().filter(|node| node.mesh.is_some());
    let names: BTreeSet<String> = with_mesh
        .map(|node| node.element.name.to_ascii_lowercase())
        .collect();
    let mut hidden: Option<(usize, String)> = None;
    for node in &scene.nodes {
        let (Some(mesh), Some(place)) = (&node.mesh, places.get(&node.element.element_id)) else {
            continue;
        };
        if is_hidden(node) || is_told_by_name(node, &finest, &names) {
            let first = || (0, shown(&node.element.name));
            hidden.get_or_insert_with(first).0 += 1;
            continue;
        }
        let key = (mesh.element.element_id, material::used_by(node, mesh));
        let written = match meshes.get(&key) {
            Some(known) => *known,
            None => {
                let written = write_mesh(node, mesh, materials, model)?;
                meshes.insert(key, written);
                written
            }
        };
        let Some(written) = written else { continue };
        model.node(*place)["mesh"] = written.into();
        if let Some(skin) = skin::write(mesh, places, model) {
            model.node(*place)["skin"] = skin.into();
        }
    }
    if let Some((count, first)) = hidden {
        model.note(format!(
            "hidden objects, levels of detail beside the finest, and meshes for colliders are left out: {count}, `{first}` among them"
        ));
    }
    Ok(())
}

/// True for what is not shown, by itself or by what it is below, and for levels of detail but the first.
fn is_hidden(node: &Node) -> bool {
    let mut own = node;
    let mut sees_parents = true;
    loop {
        if sees_parents && !own.visible {
            return true;
        }
        let inherits = own.element.props.find_prop("Visibility Inheritance");
        sees_parents &= inherits.is_none_or(|inherits| inherits.value_int != 0);
        let Some(parent) = own.parent.as_deref() else {
            return false;
        };
        let first = parent.children.iter().next();
        let is_first =
            first.is_some_and(|first| first.element.element_id == own.element.element_id);
        if parent.attrib_type == ElementType::LodGroup && !is_first {
            return true;
        }
        own = parent;
    }
}

/// True for what is by its name a level of detail beside a finer one, as Unity and others name them, or a mesh that is there to be
/// bumped into, as Unreal and Godot do.
fn is_told_by_name(
    node: &Node,
    finest: &BTreeSet<(u32, String)>,
    names: &BTreeSet<String>,
) -> bool {
    let name = node.element.name.to_ascii_lowercase();
    // The name goes on as that of the mesh that it is for, with a number or without.
    let is_of_another = |rest: &str| {
        let stem = rest.trim_end_matches(|own: char| own.is_ascii_digit());
        names.contains(rest)
            || stem
                .strip_suffix('_')
                .is_some_and(|own| names.contains(own))
    };
    let mut beginnings = COLLIDER_BEGINNINGS.iter();
    let is_collider = beginnings.any(|own| name.strip_prefix(own).is_some_and(is_of_another))
        || COLLIDER_ENDINGS.iter().any(|own| name.ends_with(own));
    let level = name.rsplit_once(LEVEL);
    let level = level.filter(|(_, level)| level.parse().is_ok_and(|level: u8| level > 0));
    let has_finer = |stem: &str| finest.contains(&(parent_of(node), stem.to_owned()));
    is_collider || level.is_some_and(|(stem, _)| has_finer(stem))
}

/// Parents of the finest levels, and their names without the number, in small letters.
fn finest_levels(scene: &Scene) -> BTreeSet<(u32, String)> {
    let shown = scene.nodes.iter();
    let shown = shown.filter(|node| node.mesh.is_some() && !is_hidden(node));
    let levels = shown.filter_map(|node| {
        let name = node.element.name.to_ascii_lowercase();
        let stem = name.strip_suffix('0')?.strip_suffix(LEVEL)?;
        Some((parent_of(node), stem.to_owned()))
    });
    levels.collect()
}

fn parent_of(node: &Node) -> u32 {
    (node.parent.as_ref()).map_or(u32::MAX, |parent| parent.element.element_id)
}

fn write_node(node: &Node, places: &BTreeMap<u32, usize>, model: &mut Model<'_>) {
    let own = &node.local_transform;
    let mut json = json!({ "name": &*node.element.name });
    let translation = [own.translation.x, own.translation.y, own.translation.z];
    let rotation = [
        own.rotation.x,
        own.rotation.y,
        own.rotation.z,
        own.rotation.w,
    ];
    let scale = [own.scale.x, own.scale.y, own.scale.z];
    for (name, values, rest) in [
        ("translation", &translation[..], &[0.0, 0.0, 0.0][..]),
        ("rotation", &rotation, &[0.0, 0.0, 0.0, 1.0]),
        ("scale", &scale, &[1.0, 1.0, 1.0]),
    ] {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        if values != rest && values.iter().all(|value| value.is_finite()) {
            json[name] = values.into();
        }
    }
    let children = node.children.iter();
    let children: Vec<Value> = children
        .filter_map(|child| places.get(&child.element.element_id))
        .map(|place| (*place).into())
        .collect();
    if !children.is_empty() {
        json["children"] = children.into();
    }
    if node.parent.as_ref().is_none_or(|parent| parent.is_root) {
        model.push_root(json);
    } else {
        model.push("nodes", json);
    }
}

/// The mesh with one primitive for each material; nothing when it has no triangles.
fn write_mesh(
    node: &Node,
    mesh: &Mesh,
    materials: &BTreeMap<u32, usize>,
    model: &mut Model<'_>,
) -> Result<Option<usize>, String> {
    let skin = skin::influences(mesh, model);
    let shapes = skin::shapes(mesh, model);
    let mut corner_indices = vec![0u32; mesh.max_face_triangles * 3];
    let mut primitives = Vec::new();
    for part in &mesh.material_parts {
        let mut order = Vec::with_capacity(part.num_triangles * 3);
        for face in &part.face_indices {
            let Some(face) = mesh.faces.get(*face as usize) else {
                continue;
            };
            let count = mesh.triangulate_face(&mut corner_indices, *face) as usize;
            order.extend(
                corner_indices
                    .iter()
                    .take(count * 3)
                    .map(|index| *index as usize),
            );
        }
        model.nowhere += leave_out_infinite(mesh, &mut order);
        let corners = corners(mesh, &order, model.origin, (&skin, &shapes));
        let material = material::of_part(node, mesh, part.index as usize);
        let material = material.and_then(|id| materials.get(&id).copied());
        primitives.extend(model.primitive(&corners, material)?);
    }
    if primitives.is_empty() {
        return Ok(None);
    }
    let mut json = json!({ "primitives": primitives });
    let name = match mesh.element.name.is_empty() {
        true => &*node.element.name,
        false => &*mesh.element.name,
    };
    if !name.is_empty() {
        json["name"] = name.into();
    }
    if !shapes.is_empty() {
        let names: Vec<&str> = shapes.iter().map(|shape| shape.name.as_str()).collect();
        let weights: Vec<f32> = shapes.iter().map(|shape| shape.weight).collect();
        json["weights"] = weights.into();
        json["extras"] = json!({ "targetNames": names });
    }
    Ok(Some(model.push("meshes", json)))
}

/// Leaves out the triangles of which a corner is nowhere, and counts them.
fn leave_out_infinite(mesh: &Mesh, order: &mut Vec<usize>) -> usize {
    let is_somewhere = |corner: &usize| {
        let own = mesh.vertex_position[*corner];
        [own.x, own.y, own.z]
            .iter()
            .all(|part| (*part as f32).is_finite())
    };
    if order.iter().all(is_somewhere) {
        return 0;
    }
    let whole = order.as_chunks::<3>().0.iter();
    let kept: Vec<usize> = whole
        .filter(|triangle| triangle.iter().all(is_somewhere))
        .flatten()
        .copied()
        .collect();
    let left_out = (order.len() - kept.len()) / 3;
    *order = kept;
    left_out
}

/// What is no number, or infinite, is zero.
pub(super) fn finite(value: f64) -> f32 {
    let value = value as f32;
    if value.is_finite() { value } else { 0.0 }
}

fn corners(
    mesh: &Mesh,
    order: &[usize],
    origin: [f64; 3],
    (skin, shapes): (&[skin::Influences], &[skin::Shape]),
) -> Corners {
    let three = |own: ufbx::Vec3| [own.x as f32, own.y as f32, own.z as f32];
    let near = |own: ufbx::Vec3| {
        [own.x - origin[0], own.y - origin[1], own.z - origin[2]].map(|part| part as f32)
    };
    let vertices: Vec<usize> = order
        .iter()
        .map(|corner| mesh.vertex_indices[*corner] as usize)
        .collect();
    let mut corners = Corners {
        positions: order
            .iter()
            .map(|corner| near(mesh.vertex_position[*corner]))
            .collect(),
        ..Corners::default()
    };
    if mesh.vertex_normal.exists {
        corners.normals = order
            .iter()
            .map(|corner| unit(three(mesh.vertex_normal[*corner])))
            .collect();
    }
    for set in mesh.uv_sets.iter().take(MAX_UV_SETS) {
        let uv = |corner: &usize| {
            let own = set.vertex_uv[*corner];
            // Images begin at their upper edge in glTF.
            [finite(own.x), 1.0 - finite(own.y)]
        };
        corners.uv_sets.push(order.iter().map(uv).collect());
    }
    if mesh.vertex_color.exists {
        let color = |corner: &usize| {
            let own = mesh.vertex_color[*corner];
            let [red, green, blue, alpha] =
                [own.x, own.y, own.z, own.w].map(|part| (part as f32).clamp(0.0, 1.0));
            // What people painted on a screen.
            [
                linear_from_srgb(red),
                linear_from_srgb(green),
                linear_from_srgb(blue),
                alpha,
            ]
        };
        corners.colors = order.iter().map(color).collect();
    }
    if !skin.is_empty() {
        let own = |vertex: &usize| skin.get(*vertex).copied().unwrap_or_default();
        (corners.joints, corners.weights) = vertices.iter().map(own).unzip();
    }
    for shape in shapes {
        let offset = |vertex: &usize| shape.offsets.get(vertex).copied().unwrap_or_default();
        corners.targets.push(vertices.iter().map(offset).collect());
    }
    corners
}

fn unit(own: [f32; 3]) -> [f32; 3] {
    let length = own.iter().map(|part| part * part).sum::<f32>().sqrt();
    match length > 0.0 && length.is_finite() {
        true => own.map(|part| part / length),
        false => [0.0, 1.0, 0.0],
    }
}
