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
    /// When a walk over the tree enters and leaves each node; nothing for those in or below a ring.
    spans: Vec<Option<(usize, usize)>>,
}

/// Scenes beyond these are not compared with skins.
const MAX_SCENES_COMPARED: usize = 64;

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
        let spans = spans(&parents);
        Self {
            parents,
            tops,
            spans,
        }
    }

    /// True when a node is another's ancestor, or the other itself.
    fn is_above(&self, ancestor: usize, node: usize) -> bool {
        let span = |node: usize| self.spans.get(node).copied().flatten();
        let (Some(outer), Some(inner)) = (span(ancestor), span(node)) else {
            return ancestor == node;
        };
        outer.0 <= inner.0 && inner.1 <= outer.1
    }
}

fn spans(parents: &[Option<usize>]) -> Vec<Option<(usize, usize)>> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (node, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(node);
        }
    }
    let mut spans = vec![None; parents.len()];
    let mut time = 0;
    let roots = (0..parents.len()).filter(|node| parents[*node].is_none());
    let mut open: Vec<(usize, bool)> = roots.map(|root| (root, false)).collect();
    while let Some((node, is_left)) = open.pop() {
        time += 1;
        if is_left {
            spans[node] = spans[node].map(|(entered, _)| (entered, time));
        } else {
            spans[node] = Some((time, time));
            open.push((node, true));
            open.extend(children[node].iter().map(|child| (*child, false)));
        }
    }
    spans
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
        .take(MAX_SCENES_COMPARED)
        .map(|scene| {
            list(*scene, "nodes")
                .iter()
                .filter_map(|root| root.size().ok().map(|index| index as usize))
                .collect()
        })
        .collect();
    let facts: Vec<MeshFacts> = model.meshes.iter().map(|mesh| mesh_facts(*mesh)).collect();
    let skin_tops: Vec<_> = (0..model.skins.len())
        .map(|number| Some(common_top(graph, *model.skins.get(number)?)))
        .collect();
    for (number, node) in model.nodes.enumerate() {
        let skin = index(*node, "skin").and_then(|skin| skin_tops.get(skin)?.as_ref());
        check_mesh_node(&facts, skin.is_some(), *node, sink);
        if let Some(top) = skin {
            check_skinned_node(graph, &scenes, number, (*node, top), sink);
        }
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
    /// Of any primitive.
    has_joints: bool,
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
    }
}

fn check_mesh_node(facts: &[MeshFacts], has_skin: bool, node: Item<'_>, sink: &mut Sink) {
    let Some(mesh) = index(node, "mesh").and_then(|mesh| facts.get(mesh)) else {
        return;
    };
    let weights = list(node, "weights").len();
    if weights > 0 && weights != mesh.targets {
        sink.at_member(&codes::NODE_WEIGHTS_INVALID, &node, "weights");
    }
    if !has_skin && mesh.has_joints {
        sink.at(&codes::NODE_SKINNED_MESH_WITHOUT_SKIN, &node);
    } else if has_skin && !mesh.has_joints {
        sink.at(&codes::NODE_SKIN_WITH_NON_SKINNED_MESH, &node);
    }
}

/// A node that names a skin stands at a root, unmoved, in the scenes of its joints.
fn check_skinned_node(
    graph: &Graph,
    scenes: &[BTreeSet<usize>],
    number: usize,
    (node, joints_top): (Item<'_>, &Result<usize, NoTop>),
    sink: &mut Sink,
) {
    if graph.parents[number].is_some() {
        sink.at(&codes::NODE_SKINNED_MESH_NON_ROOT, &node);
    }
    if is_moved(node) {
        sink.at(&codes::NODE_SKINNED_MESH_LOCAL_TRANSFORMS, &node);
    }
    let Ok(joints_top) = joints_top else { return };
    let top = graph.tops[number];
    let holds =
        |roots: &BTreeSet<usize>, top: Option<usize>| top.is_some_and(|top| roots.contains(&top));
    if (scenes.iter()).any(|roots| holds(roots, top) && !holds(roots, Some(*joints_top))) {
        sink.at(&codes::NODE_SKIN_NO_SCENE, &node);
    }
}

/// A skin has no joints, or none that all hang from.
enum NoTop {
    NoJoints,
    Apart,
}

/// The node that a skin's joints hang from. As the Khronos validator has it, the search begins anew where joints part.
fn common_top(graph: &Graph, skin: Item<'_>) -> Result<usize, NoTop> {
    let joints = joints(skin);
    if joints.is_empty() {
        return Err(NoTop::NoJoints);
    }
    let mut common = None;
    for top in joints.iter().filter_map(|joint| graph.tops.get(*joint)) {
        let Some(top) = top else {
            return Err(NoTop::Apart);
        };
        common = match common {
            None => Some(*top),
            Some(before) => (before == *top).then_some(before),
        };
    }
    common.ok_or(NoTop::Apart)
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
    let top = common_top(graph, skin);
    if matches!(top, Err(NoTop::Apart)) {
        sink.at_member(&codes::SKIN_NO_COMMON_ROOT, &skin, "joints");
    }
    if let Some(skeleton) = index(skin, "skeleton").filter(|node| *node < model.nodes.len())
        && !joints.iter().all(|joint| graph.is_above(skeleton, *joint))
    {
        sink.at_member(&codes::SKIN_SKELETON_INVALID, &skin, "skeleton");
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
