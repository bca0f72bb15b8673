//! Meshes: attributes, indices, morph targets; strips, fans and loops become lists, missing normals are made flat.

use crate::{
    description::scene::{MaterialIndex, Mesh, MorphTarget, Primitive, Topology},
    error::{Issue, Issues, SceneError},
    limits::{MAX_ATTRIBUTE_SETS, MAX_COORDINATE_METRES, MAX_ELEMENTS, MAX_MORPH_TARGETS},
    reader::{
        around::{splat::read_splats, variant::read_variant_materials},
        draco,
    },
    source::{accessor::Accessors, budget::Budget, json::Item},
};
use glam::{Vec3, Vec4};

/// How many there are of what primitives name.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) materials: usize,
    pub(crate) variants: usize,
}

pub(crate) fn read_meshes(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    known: Known,
    issues: &mut Issues,
) -> Result<Vec<Mesh>, SceneError> {
    let Some(list) = root.get("meshes") else {
        return Ok(Vec::new());
    };
    list.elements(MAX_ELEMENTS)?
        .map(|mesh| read_mesh(&mesh, accessors, known, issues))
        .collect()
}

fn read_mesh(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    known: Known,
    issues: &mut Issues,
) -> Result<Mesh, SceneError> {
    let list = item.require("primitives")?;
    let primitives = list
        .elements(MAX_ELEMENTS)?
        .map(|primitive| read_primitive(&primitive, accessors, known, issues))
        .collect::<Result<Vec<_>, _>>()?;
    let targets = primitives
        .iter()
        .map(|primitive: &Primitive| primitive.targets.len())
        .max()
        .unwrap_or(0);
    let mut weights = Vec::new();
    if let Some(list) = item.get("weights") {
        weights = list
            .elements(MAX_MORPH_TARGETS)?
            .map(|weight| weight.number())
            .collect::<Result<_, _>>()?;
    }
    if primitives.is_empty() {
        return Err(list.fault("a mesh needs at least one primitive"));
    }
    if !weights.is_empty() && weights.len() != targets {
        return Err(item.fault(format!(
            "has {} weights, but {targets} morph targets",
            weights.len()
        )));
    }
    weights.resize(targets, 0.0);
    let names = item
        .get("extras")
        .and_then(|extras| extras.get("targetNames"));
    let target_names = names.map(|names| {
        (0..names.count().min(MAX_MORPH_TARGETS))
            .filter_map(|index| names.element(index))
            .map(|name| name.as_text().unwrap_or_default().to_owned())
            .collect()
    });
    Ok(Mesh {
        name: item.name(),
        primitives,
        weights,
        target_names: target_names.unwrap_or_default(),
    })
}

fn read_primitive(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    known: Known,
    issues: &mut Issues,
) -> Result<Primitive, SceneError> {
    accessors.budget.charge_for::<Primitive>(item, 1)?;
    draco::unpack(item, accessors)?;
    let mut primitive = read_vertices(item, accessors, issues)?;
    let count = primitive.positions.len();
    let given = match item.get("indices") {
        Some(reference) => accessors.indices(&reference)?,
        None => {
            accessors.budget.charge_for::<u32>(item, count)?;
            (0..count as u32).collect()
        }
    };
    accessors.forget_provided();
    if let Some(index) = given.iter().find(|index| **index as usize >= count) {
        return Err(item.fault(format!(
            "vertex index {index} is out of range: there are {count} vertices"
        )));
    }
    (primitive.topology, primitive.indices) = unroll(item, given, accessors.budget)?;
    read_splats(item, accessors, &mut primitive)?;
    primitive.targets = read_targets(item, accessors, count)?;
    primitive.material = item
        .index_of("material", known.materials, "material")?
        .map(MaterialIndex);
    primitive.variants = read_variant_materials(item, known.variants, known.materials)?;
    if primitive.normals.is_empty() && primitive.topology == Topology::Triangles {
        let a_vertex = primitive.bytes_a_vertex() + size_of::<Vec3>();
        let bytes = (primitive.indices.len() as u64).saturating_mul(a_vertex as u64);
        accessors.budget.charge(item, bytes)?;
        make_flat(&mut primitive);
    } else {
        primitive
            .normals
            .iter_mut()
            .for_each(|normal| *normal = normal.normalize_or(Vec3::Y));
    }
    // What draws it holds every target of every vertex, also of attributes that a target lacks.
    let displaced = primitive
        .positions
        .len()
        .saturating_mul(primitive.targets.len());
    accessors
        .budget
        .charge_for::<[[f32; 4]; 3]>(item, displaced)?;
    Ok(primitive)
}

/// A primitive with its attributes alone, all of one length or absent.
fn read_vertices(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    issues: &mut Issues,
) -> Result<Primitive, SceneError> {
    let attributes = item.require("attributes")?;
    attributes.require_object()?;
    let mut positions = attributes
        .get("POSITION")
        .map_or(Ok(Vec::new()), |position| accessors.vec3(&position))?;
    bring_near(&attributes, &mut positions, issues);
    let primitive = Primitive {
        topology: Topology::Triangles,
        positions,
        normals: attributes
            .get("NORMAL")
            .map_or(Ok(Vec::new()), |normal| accessors.vec3(&normal))?,
        tangents: attributes
            .get("TANGENT")
            .map_or(Ok(Vec::new()), |tangent| accessors.vec4(&tangent))?,
        uv_sets: sets(&attributes, "TEXCOORD", |uv| accessors.vec2(uv))?,
        colors: attributes
            .get("COLOR_0")
            .map_or(Ok(Vec::new()), |color| accessors.colors(&color))?,
        joints: sets(&attributes, "JOINTS", |joints| accessors.joints(joints))?,
        joint_weights: sets(&attributes, "WEIGHTS", |weights| accessors.vec4(weights))?,
        indices: Vec::new(),
        targets: Vec::new(),
        material: None,
        variants: Vec::new(),
        splats: Vec::new(),
    };
    require_one_length(&attributes, &primitive)?;
    Ok(primitive)
}

/// Engines compute nothing useful beyond the limit, and infinities close to where floats end.
fn bring_near(attributes: &Item<'_>, positions: &mut [Vec3], issues: &mut Issues) {
    let is_far = |position: &Vec3| position.abs().max_element() > MAX_COORDINATE_METRES;
    if !positions.iter().any(is_far) {
        return;
    }
    let limit = Vec3::splat(MAX_COORDINATE_METRES);
    for position in positions {
        *position = position.clamp(-limit, limit);
    }
    issues.push(Issue::warning(
        "STOA_POSITION_TOO_FAR",
        format!("{}/POSITION", attributes.pointer()),
        format!("positions more than {MAX_COORDINATE_METRES} m from the origin are drawn at that distance"),
    ));
}

fn require_one_length(attributes: &Item<'_>, primitive: &Primitive) -> Result<(), SceneError> {
    let count = primitive.positions.len();
    let lengths = [
        ("NORMAL", primitive.normals.len()),
        ("TANGENT", primitive.tangents.len()),
        ("COLOR_0", primitive.colors.len()),
    ];
    let sets = (primitive.uv_sets.iter().map(Vec::len))
        .chain(primitive.joints.iter().map(Vec::len))
        .chain(primitive.joint_weights.iter().map(Vec::len))
        .map(|length| ("an attribute set", length));
    if let Some((name, length)) =
        (lengths.into_iter().chain(sets)).find(|(_, length)| *length > 0 && *length != count)
    {
        return Err(attributes.fault(format!(
            "{name} has {length} elements, but POSITION has {count}"
        )));
    }
    let (joints, weights) = (&primitive.joints, &primitive.joint_weights);
    let is_pair = |(joints, weights): (&Vec<_>, &Vec<_>)| joints.is_empty() == weights.is_empty();
    if joints.len() != weights.len() || !joints.iter().zip(weights).all(is_pair) {
        return Err(attributes.fault("JOINTS and WEIGHTS come in pairs"));
    }
    Ok(())
}

/// Attribute sets `NAME_0`, `NAME_1`, ...; skipped ones are empty.
fn sets<T>(
    attributes: &Item<'_>,
    name: &str,
    read: impl Fn(&Item<'_>) -> Result<Vec<T>, SceneError>,
) -> Result<Vec<Vec<T>>, SceneError> {
    let mut sets = Vec::new();
    for number in 0..MAX_ATTRIBUTE_SETS {
        if let Some(reference) = attributes.get(&format!("{name}_{number}")) {
            sets.resize_with(number, Vec::new);
            sets.push(read(&reference)?);
        }
    }
    Ok(sets)
}

fn read_targets(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    count: usize,
) -> Result<Vec<MorphTarget>, SceneError> {
    let Some(list) = item.get("targets") else {
        return Ok(Vec::new());
    };
    let read = |target: Item<'_>| {
        target.require_object()?;
        if target.count() == 0 {
            return Err(target.fault("a morph target needs at least one attribute"));
        }
        let vectors = |name: &str| -> Result<Vec<Vec3>, SceneError> {
            let Some(reference) = target.get(name) else {
                return Ok(Vec::new());
            };
            let values = accessors.vec3(&reference)?;
            if values.len() == count {
                Ok(values)
            } else {
                Err(reference.fault("has another number of elements than POSITION"))
            }
        };
        Ok(MorphTarget {
            positions: vectors("POSITION")?,
            normals: vectors("NORMAL")?,
        })
    };
    list.elements(MAX_MORPH_TARGETS)?.map(read).collect()
}

/// Strips, fans and loops as lists; what is left over at the end of a list is dropped.
fn unroll(
    item: &Item<'_>,
    mut given: Vec<u32>,
    budget: &Budget,
) -> Result<(Topology, Vec<u32>), SceneError> {
    let mode = item.get("mode").map_or(Ok(4), |mode| mode.size())?;
    if !matches!(mode, 0 | 1 | 4) {
        // They grow to at most three times their length.
        budget.charge_for::<u32>(item, given.len() * 3)?;
    }
    Ok(match mode {
        0 => (Topology::Points, given),
        1 => {
            given.truncate(given.len() / 2 * 2);
            (Topology::Lines, given)
        }
        2 | 3 => {
            let mut lines: Vec<u32> = given.windows(2).flatten().copied().collect();
            if let (3, [first, .., last]) = (mode, &given[..]) {
                lines.extend([*last, *first]);
            }
            (Topology::Lines, lines)
        }
        4 => {
            given.truncate(given.len() / 3 * 3);
            (Topology::Triangles, given)
        }
        5 => {
            let corners = given.windows(3).enumerate();
            (
                Topology::Triangles,
                corners
                    .flat_map(|(index, corner)| {
                        if index % 2 == 0 {
                            [corner[0], corner[1], corner[2]]
                        } else {
                            [corner[0], corner[2], corner[1]]
                        }
                    })
                    .collect(),
            )
        }
        6 => {
            let first = given.first().copied().unwrap_or_default();
            let rest = given.get(1..).unwrap_or_default();
            (
                Topology::Triangles,
                rest.windows(2)
                    .flat_map(|edge| [edge[0], edge[1], first])
                    .collect(),
            )
        }
        other => return Err(item.fault(format!("mode {other} is not a kind of primitive"))),
    })
}

/// Gives every triangle vertices of its own and its plane's normal, as glTF asks where normals are missing.
fn make_flat(primitive: &mut Primitive) {
    let order = std::mem::take(&mut primitive.indices);
    fn pick<T: Copy>(values: &mut Vec<T>, order: &[u32]) {
        if !values.is_empty() {
            *values = order.iter().map(|&index| values[index as usize]).collect();
        }
    }
    pick(&mut primitive.positions, &order);
    pick(&mut primitive.colors, &order);
    primitive.tangents = Vec::<Vec4>::new();
    primitive
        .uv_sets
        .iter_mut()
        .for_each(|set| pick(set, &order));
    primitive
        .joints
        .iter_mut()
        .for_each(|set| pick(set, &order));
    primitive
        .joint_weights
        .iter_mut()
        .for_each(|set| pick(set, &order));
    for target in &mut primitive.targets {
        pick(&mut target.positions, &order);
        target.normals.clear();
    }
    primitive.normals = primitive
        .positions
        .chunks_exact(3)
        .flat_map(|corner| {
            [(corner[1] - corner[0])
                .cross(corner[2] - corner[0])
                .normalize_or(Vec3::Y); 3]
        })
        .collect();
    primitive.indices = (0..order.len() as u32).collect();
}
