//! Nodes, scenes and skins: parents, rings, roots, and what a skinned mesh needs.

use super::{
    codes,
    links::{Usage, Usages},
    meshes::{primitives, target_count},
    model::{Model, index, list, object},
    sink::Sink,
};
use crate::source::json::{self, Item};
use std::collections::{BTreeSet, HashSet};

/// The tree as far as it is one.
pub(super) struct Graph {
    /// Of each node, also of those in rings.
    pub(super) parents: Vec<Option<usize>>,
    /// Topmost ancestor; `None` in or below a ring.
    tops: Vec<Option<usize>>,
}

impl Graph {
    pub(super) fn new(model: &Model<'_>, sink: &mut Sink) -> Self {
        let count = model.nodes.len();
        let mut parents: Vec<Option<usize>> = vec![None; count];
        for (parent, node) in model.nodes.enumerate() {
            for child in list(*node, "children") {
                let Some(place) = child.size().ok().map(|index| index as usize) else {
                    continue;
                };
                let Some(known) = parents.get_mut(place) else {
                    continue;
                };
                if known.is_some() {
                    sink.at(&codes::NODE_PARENT_OVERRIDE, &child);
                }
                *known = Some(parent);
            }
        }
        let tops = tops(&parents);
        Self { parents, tops }
    }
}

/// Walks up from each node once; what leads into a ring has no top.
fn tops(parents: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut tops: Vec<Option<Option<usize>>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        let mut node = start;
        let top = loop {
            if let Some(known) = tops[node] {
                break known;
            }
            if !seen.insert(node) {
                break None;
            }
            path.push(node);
            match parents[node] {
                Some(parent) => node = parent,
                None => break Some(node),
            }
        };
        for node in path {
            tops[node] = Some(top);
        }
    }
    tops.into_iter().map(Option::flatten).collect()
}

pub(super) fn check(model: &Model<'_>, graph: &Graph, usages: &mut Usages, sink: &mut Sink) {
    for scene in model.scenes.iter() {
        for root in list(*scene, "nodes") {
            let node = root.size().ok().map(|index| index as usize);
            let parent = node.and_then(|node| graph.parents.get(node).copied().flatten());
            if parent.is_some() {
                sink.at(&codes::SCENE_NON_ROOT_NODE, &root);
            }
        }
    }
    check_rings(model, graph, sink);
    let joints: BTreeSet<usize> = model.skins.iter().flat_map(|skin| joints(*skin)).collect();
    for (number, node) in model.nodes.enumerate() {
        if is_empty(model, *node) && !joints.contains(&number) {
            sink.at(&codes::NODE_EMPTY, node);
        }
    }
    let scenes: Vec<BTreeSet<usize>> = model
        .scenes
        .iter()
        .map(|scene| {
            list(*scene, "nodes")
                .iter()
                .filter_map(|root| root.size().ok().map(|index| index as usize))
                .collect()
        })
        .collect();
    let facts: Vec<MeshFacts> = model.meshes.iter().map(|mesh| mesh_facts(*mesh)).collect();
    for (number, node) in model.nodes.enumerate() {
        check_mesh_node(model, graph, &facts, &scenes, number, *node, sink);
    }
    check_mesh_weights(model, &facts, sink);
    for skin in model.skins.iter() {
        check_skin(model, graph, *skin, usages, sink);
    }
}

/// Nodes of a ring, not those below one.
fn check_rings(model: &Model<'_>, graph: &Graph, sink: &mut Sink) {
    let mut is_told = vec![false; model.nodes.len()];
    for start in 0..model.nodes.len() {
        if graph.tops[start].is_some() || is_told[start] {
            continue;
        }
        let mut seen = HashSet::new();
        let mut node = start;
        while seen.insert(node) {
            match graph.parents[node] {
                Some(parent) => node = parent,
                None => break,
            }
        }
        // `node` is now in the ring; once around tells all of it.
        while !is_told[node] {
            is_told[node] = true;
            if let Some(item) = model.nodes.get(node) {
                sink.at(&codes::NODE_LOOP, item);
            }
            match graph.parents[node] {
                Some(parent) => node = parent,
                None => break,
            }
        }
        is_told[start] = true;
    }
}

/// A node without anything that could make it useful.
fn is_empty(model: &Model<'_>, node: Item<'_>) -> bool {
    let names = |key: &str, count: usize| index(node, key).is_some_and(|index| index < count);
    let cameras = list(model.root, "cameras").len();
    let has_children = node
        .member("children")
        .is_some_and(|children| children.kind() == json::Kind::Array && children.count() > 0);
    let has_extension = object(node, "extensions").is_some_and(|extensions| extensions.count() > 0);
    !has_children
        && !names("mesh", model.meshes.len())
        && !names("camera", cameras)
        && !has_extension
        && node.get("extras").is_none()
}

fn joints(skin: Item<'_>) -> Vec<usize> {
    list(skin, "joints")
        .iter()
        .filter_map(|joint| joint.size().ok().map(|index| index as usize))
        .collect()
}

/// What nodes need to know of a mesh.
struct MeshFacts {
    targets: usize,
    has_joints: bool,
    /// Every primitive has joints.
    is_skinned: bool,
}

fn mesh_facts(mesh: Item<'_>) -> MeshFacts {
    let primitives = primitives(mesh);
    let has_joints = |primitive: &Item<'_>| {
        object(*primitive, "attributes")
            .is_some_and(|attributes| attributes.member("JOINTS_0").is_some())
    };
    MeshFacts {
        targets: primitives.first().map_or(0, |first| target_count(*first)),
        has_joints: primitives.iter().any(has_joints),
        is_skinned: !primitives.is_empty() && primitives.iter().all(has_joints),
    }
}

fn check_mesh_node(
    model: &Model<'_>,
    graph: &Graph,
    facts: &[MeshFacts],
    scenes: &[BTreeSet<usize>],
    number: usize,
    node: Item<'_>,
    sink: &mut Sink,
) {
    let Some(mesh) = index(node, "mesh").and_then(|mesh| facts.get(mesh)) else {
        return;
    };
    let weights = list(node, "weights").len();
    if weights > 0 && weights != mesh.targets {
        sink.at_member(&codes::NODE_WEIGHTS_INVALID, &node, "weights");
    }
    let Some(skin) = index(node, "skin").and_then(|skin| model.skins.get(skin)) else {
        if mesh.has_joints && node.member("skin").is_none() {
            sink.at(&codes::NODE_SKINNED_MESH_WITHOUT_SKIN, &node);
        }
        return;
    };
    if !mesh.is_skinned {
        sink.at(&codes::NODE_SKIN_WITH_NON_SKINNED_MESH, &node);
        return;
    }
    if graph.parents[number].is_some() {
        sink.at(&codes::NODE_SKINNED_MESH_NON_ROOT, &node);
    }
    if is_moved(node) {
        sink.at(&codes::NODE_SKINNED_MESH_LOCAL_TRANSFORMS, &node);
    }
    let top = graph.tops[number];
    let is_missing = joints(*skin).iter().any(|joint| {
        let joint_top = graph.tops.get(*joint).copied().flatten();
        scenes.iter().any(|roots| {
            let holds = |top: Option<usize>| top.is_some_and(|top| roots.contains(&top));
            holds(top) && !holds(joint_top)
        })
    });
    if is_missing {
        sink.at(&codes::NODE_SKIN_NO_SCENE, &node);
    }
}

/// True when a node's transform is not the identity.
fn is_moved(node: Item<'_>) -> bool {
    let differs = |key: &str, rest: &[f64]| {
        let values = list(node, key);
        !values.is_empty()
            && values
                .iter()
                .zip(rest)
                .any(|(value, rest)| value.as_number() != Some(*rest))
    };
    let identity: [f64; 16] = std::array::from_fn(|at| f64::from(u8::from(at % 5 == 0)));
    differs("translation", &[0.0; 3])
        || differs("rotation", &[0.0, 0.0, 0.0, 1.0])
        || differs("scale", &[1.0; 3])
        || differs("matrix", &identity)
}

/// Weights of a mesh that every node replaces.
fn check_mesh_weights(model: &Model<'_>, facts: &[MeshFacts], sink: &mut Sink) {
    let mut uses = vec![(0usize, 0usize); facts.len()];
    for node in model.nodes.iter() {
        if let Some(uses) = index(*node, "mesh").and_then(|mesh| uses.get_mut(mesh)) {
            uses.0 += 1;
            uses.1 += usize::from(node.member("weights").is_some());
        }
    }
    for (mesh, (all, own)) in model.meshes.iter().zip(uses) {
        if all > 0 && all == own && mesh.member("weights").is_some() {
            sink.at_member(&codes::UNUSED_MESH_WEIGHTS, mesh, "weights");
        }
    }
}

fn check_skin(
    model: &Model<'_>,
    graph: &Graph,
    skin: Item<'_>,
    usages: &mut Usages,
    sink: &mut Sink,
) {
    let joints = joints(skin);
    let tops: BTreeSet<Option<usize>> = joints
        .iter()
        .map(|joint| graph.tops.get(*joint).copied().flatten())
        .collect();
    let has_common_root = tops.len() <= 1 && !tops.contains(&None);
    if !joints.is_empty() && !has_common_root {
        sink.at_member(&codes::SKIN_NO_COMMON_ROOT, &skin, "joints");
    }
    if let Some(skeleton) = index(skin, "skeleton").filter(|node| *node < model.nodes.len()) {
        let is_above = |joint: usize| {
            let mut seen = HashSet::new();
            let mut next = Some(joint);
            while let Some(node) = next.filter(|node| seen.insert(*node)) {
                if node == skeleton {
                    return true;
                }
                next = graph.parents.get(node).copied().flatten();
            }
            false
        };
        if !joints.iter().all(|joint| is_above(*joint)) {
            sink.at_member(&codes::SKIN_SKELETON_INVALID, &skin, "skeleton");
        }
    }
    let Some(place) = skin.member("inverseBindMatrices") else {
        return;
    };
    let number = index(skin, "inverseBindMatrices");
    let Some((number, accessor)) =
        number.and_then(|number| Some((number, model.accessors.get(number)?)))
    else {
        return;
    };
    usages.use_accessor(number, "matrices", &place, sink);
    if let Some(view) = accessor.view {
        usages.use_view(model, view, Usage::Matrices, &place, sink);
    }
    let view = model.view_of(accessor);
    if view.is_some_and(|view| view.item.member("byteStride").is_some()) {
        sink.at(&codes::SKIN_IBM_ACCESSOR_WITH_BYTESTRIDE, &place);
    }
    if !accessor.has_format(&[("MAT4", 5126, false)]) {
        sink.at(&codes::SKIN_IBM_INVALID_FORMAT, &place);
    }
    if accessor.count.unwrap_or(0) < joints.len() as u64 {
        sink.at(&codes::INVALID_IBM_ACCESSOR_COUNT, &place);
    }
}

/// Extensions that refer to arrays of the root, which may be missing.
pub(super) fn check_dependencies(model: &Model<'_>, sink: &mut Sink) {
    let has_root = |name: &str| {
        object(model.root, "extensions")
            .is_some_and(|extensions| object(extensions, name).is_some())
    };
    let of = |item: Item<'_>, name: &str| -> bool {
        object(item, "extensions").is_some_and(|extensions| object(extensions, name).is_some())
    };
    if !has_root("KHR_lights_punctual") {
        for node in model.nodes.iter() {
            if of(*node, "KHR_lights_punctual") {
                let extension = object(*node, "extensions")
                    .and_then(|extensions| object(extensions, "KHR_lights_punctual"));
                if let Some(extension) = extension {
                    sink.at(&codes::UNSATISFIED_DEPENDENCY, &extension);
                }
            }
        }
    }
    for primitive in model.meshes.iter().flat_map(|mesh| primitives(*mesh)) {
        let extension = object(primitive, "extensions")
            .and_then(|extensions| object(extensions, "KHR_materials_variants"));
        let Some(extension) = extension else { continue };
        let mut seen = BTreeSet::new();
        for mapping in list(extension, "mappings") {
            if !has_root("KHR_materials_variants") {
                sink.at(&codes::UNSATISFIED_DEPENDENCY, &mapping);
            }
            let mut own = BTreeSet::new();
            for variant in list(mapping, "variants") {
                let Some(number) = variant.as_number() else {
                    continue;
                };
                if seen.contains(&(number as u64)) {
                    sink.at(&codes::KHR_MATERIALS_VARIANTS_NON_UNIQUE_VARIANT, &variant);
                }
                own.insert(number as u64);
            }
            seen.extend(own);
        }
    }
}
