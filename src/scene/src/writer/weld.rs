//! Welding: triangles get indices, equal vertices become one, and vertices that nothing draws are dropped.

use super::{
    Array, Draft, OrderTriangles, merge,
    references::{Freedom, index},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Primitives that share vertices are kept on one set of them when apart they would take more than this much of it.
const MOST_GROWTH: f64 = 1.25;

/// Primitives over the same vertex data.
#[derive(Default)]
struct Group {
    /// Mesh and primitive of each.
    places: Vec<(usize, usize)>,
    /// Attributes, then those of morph targets.
    arrays: Vec<usize>,
}

pub(super) fn weld(draft: &mut Draft, order: Option<OrderTriangles<'_>>) {
    if draft.freedom == Freedom::Nothing {
        return;
    }
    for group in groups(draft) {
        weld_group(draft, &group, order);
    }
    merge::forget_unused(draft);
}

fn groups(draft: &Draft) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for (mesh, item) in draft.list("meshes").iter().enumerate() {
        let primitives = item["primitives"].as_array().into_iter().flatten();
        for (number, primitive) in primitives.enumerate() {
            let Some(arrays) = arrays(primitive).filter(|_| is_weldable(primitive)) else {
                continue;
            };
            let key = format!("{}{}", primitive["attributes"], primitive["targets"]);
            let group = groups.entry(key).or_default();
            group.places.push((mesh, number));
            group.arrays = arrays;
        }
    }
    groups.into_values().collect()
}

/// Triangles with positions, without anything beside them that could count vertices or triangles.
fn is_weldable(primitive: &Value) -> bool {
    let mode = primitive.get("mode").map_or(Some(4), index);
    let extensions = primitive["extensions"].as_object();
    let mut names = extensions
        .into_iter()
        .flat_map(|extensions| extensions.keys());
    let has_positions = primitive["attributes"]["POSITION"].is_u64();
    has_positions
        && matches!(mode, Some(4..=6))
        && names.all(|name| name == "KHR_materials_variants")
}

/// True when a primitive is mixed with what is behind it, in any of its variants.
fn is_blended(draft: &Draft, (mesh, primitive): (usize, usize)) -> bool {
    let primitive = &draft.json["meshes"][mesh]["primitives"][primitive];
    let variants = &primitive["extensions"]["KHR_materials_variants"]["mappings"];
    let mappings = variants.as_array().into_iter().flatten();
    let materials = mappings.map(|mapping| &mapping["material"]);
    materials
        .chain([&primitive["material"]])
        .filter_map(|material| draft.list("materials").get(index(material)?))
        .any(|material| material["alphaMode"] == "BLEND")
}

fn arrays(primitive: &Value) -> Option<Vec<usize>> {
    let targets = primitive["targets"].as_array().into_iter().flatten();
    let sets = std::iter::once(&primitive["attributes"]).chain(targets);
    sets.flat_map(|set| set.as_object().into_iter().flat_map(|set| set.values()))
        .map(index)
        .collect()
}

fn weld_group(draft: &mut Draft, group: &Group, order: Option<OrderTriangles<'_>>) {
    let arrays: Option<Vec<Array>> = group
        .arrays
        .iter()
        .map(|place| draft.arrays.get(*place)?.clone())
        .collect();
    let Some(arrays) = arrays else { return };
    let Some(count) = arrays.first().map(Array::count) else {
        return;
    };
    if arrays.iter().any(|array| array.count() != count) {
        return;
    }
    let lists: Option<Vec<Vec<u32>>> = group
        .places
        .iter()
        .map(|place| triangle_list(draft, *place, count))
        .collect();
    let Some(mut lists) = lists else { return };
    // What is seen through keeps the order in which its maker drew it.
    let order = order.filter(|_| !group.places.iter().any(|place| is_blended(draft, *place)));
    let firsts = first_equal(&arrays, count);
    for list in &mut lists {
        for vertex in list.iter_mut() {
            *vertex = firsts[*vertex as usize];
        }
        if let Some(order) = order {
            *list = order(list, count);
        }
    }
    let all: Vec<u32> = lists.concat();
    let apart: usize = lists.iter().map(|list| renumber(list, count).1.len()).sum();
    let (together, kept) = renumber(&all, count);
    if lists.len() == 1 || apart as f64 <= kept.len() as f64 * MOST_GROWTH {
        for (place, list) in group.places.iter().zip(&lists) {
            let (list, kept) = renumber(list, count);
            store(draft, &[*place], &[&list], (&arrays, &kept));
        }
    } else {
        let mut rest = together.as_slice();
        let mut parts = Vec::new();
        for list in &lists {
            let (part, after) = rest.split_at(list.len());
            parts.push(part);
            rest = after;
        }
        store(draft, &group.places, &parts, (&arrays, &kept));
    }
}

/// The triangles of a primitive as a list; `None` when an index is out of range.
fn triangle_list(draft: &Draft, (mesh, number): (usize, usize), count: usize) -> Option<Vec<u32>> {
    let primitive = &draft.json["meshes"][mesh]["primitives"][number];
    let given = match primitive.get("indices") {
        Some(place) => draft.arrays.get(index(place)?)?.as_ref()?.to_indices()?,
        None => (0..count as u32).collect(),
    };
    if given.iter().any(|vertex| *vertex as usize >= count) {
        return None;
    }
    let list = match primitive.get("mode").map_or(Some(4), index) {
        Some(5) => (given.windows(3).enumerate())
            .flat_map(|(number, corner)| match number % 2 {
                0 => [corner[0], corner[1], corner[2]],
                _ => [corner[0], corner[2], corner[1]],
            })
            .collect(),
        Some(6) => {
            let rest = given.get(1..).unwrap_or_default();
            let first = given.first().copied().unwrap_or_default();
            rest.windows(2)
                .flat_map(|edge| [edge[0], edge[1], first])
                .collect()
        }
        _ => given[..given.len() / 3 * 3].to_vec(),
    };
    // A primitive that draws nothing is left as it is: an accessor cannot be empty.
    Some(list).filter(|list: &Vec<u32>| !list.is_empty())
}

/// For every vertex the first one that equals it in all arrays.
fn first_equal(arrays: &[Array], count: usize) -> Vec<u32> {
    let stride: usize = arrays.iter().map(Array::element_bytes).sum();
    let mut woven = vec![0u8; stride * count];
    let mut start = 0;
    for array in arrays {
        let size = array.element_bytes();
        let vertices = woven.chunks_exact_mut(stride.max(1));
        for (vertex, element) in vertices.zip(array.bytes.chunks_exact(size)) {
            vertex[start..start + size].copy_from_slice(element);
        }
        start += size;
    }
    let mut known: HashMap<&[u8], u32> = HashMap::with_capacity(count);
    woven
        .chunks_exact(stride.max(1))
        .enumerate()
        .map(|(number, vertex)| *known.entry(vertex).or_insert(number as u32))
        .collect()
}

/// The list with its vertices numbered in the order in which they are met, and their numbers before.
fn renumber(list: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut numbers = vec![u32::MAX; count];
    let mut kept = Vec::new();
    let list = list
        .iter()
        .map(|vertex| {
            let number = &mut numbers[*vertex as usize];
            if *number == u32::MAX {
                *number = kept.len() as u32;
                kept.push(*vertex);
            }
            *number
        })
        .collect();
    (list, kept)
}

/// Gives primitives that share vertices new arrays.
fn store(
    draft: &mut Draft,
    places: &[(usize, usize)],
    lists: &[&[u32]],
    (arrays, kept): (&[Array], &[u32]),
) {
    let fresh: Vec<usize> = arrays
        .iter()
        .map(|array| {
            let size = array.element_bytes();
            let bytes: Vec<u8> = kept
                .iter()
                .flat_map(|vertex| &array.bytes[*vertex as usize * size..][..size])
                .copied()
                .collect();
            draft.add(Array {
                bytes: Arc::from(bytes),
                ..array.clone()
            })
        })
        .collect();
    for ((mesh, number), list) in places.iter().zip(lists) {
        let indices = draft.add(Array::indices(list));
        let primitive = &mut draft.json["meshes"][*mesh]["primitives"][*number];
        let mut next = fresh.iter();
        let mut give = |set: &mut Value| {
            for value in set
                .as_object_mut()
                .into_iter()
                .flat_map(|set| set.values_mut())
            {
                if let Some(place) = next.next() {
                    *value = (*place).into();
                }
            }
        };
        give(&mut primitive["attributes"]);
        if let Some(targets) = primitive.get_mut("targets").and_then(Value::as_array_mut) {
            targets.iter_mut().for_each(give);
        }
        if let Some(primitive) = primitive.as_object_mut() {
            primitive.insert("indices".to_owned(), indices.into());
            primitive.shift_remove("mode");
        }
    }
}
