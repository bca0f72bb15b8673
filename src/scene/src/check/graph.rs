//! Nodes, scenes and skins: parents, rings, roots, and what a skinned mesh needs.

use super::{
    codes,
    links::{Usage, Usages},
    meshes::{primitives, target_count},
    model::{Model, index, list, object},
    sink::Sink,
};
use crate::source::json::{self, Item};
use std::collections::BTreeSet;

/// The tree as far as it is one.
pub(super) struct Graph {
    /// Of each node, also of those in rings.
    pub(super) parents: Vec<Option<usize>>,
    tops: Vec<Top>,
    is_in_ring: Vec<bool>,
    /// When a walk over the tree enters and leaves each node. Nodes of rings count as roots.
    spans: Vec<(usize, usize)>,
    /// A bit for each scene that a node is in.
    scenes: Vec<u64>,
}

/// What stands above a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Top {
    Root(usize),
    /// A ring, by one of its nodes.
    Ring(usize),
}

/// Scenes beyond these are not compared with skins.
const MAX_SCENES_COMPARED: usize = u64::BITS as usize;

impl Graph {
    pub(super) fn new(model: &Model<'_>, sink: &mut Sink) -> Self {
        let count = model.nodes.len();
        let mut parents: Vec<Option<usize>> = vec![None; count];
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (parent, node) in model.nodes.enumerate() {
            for child in list(*node, "children") {
                let Some(place) = child.size().ok().map(|index| index as usize) else {
                    continue;
                };
                if model.nodes.get(place).is_none() {
                    continue;
                }
                if parents[place].is_some() {
                    sink.at(&codes::NODE_PARENT_OVERRIDE, &child);
                }
                parents[place] = Some(parent);
                children[parent].push(place);
            }
        }
        let (tops, is_in_ring) = tops(&parents);
        let spans = spans(&parents, &is_in_ring);
        Self {
            scenes: scenes(model, &children),
            parents,
            tops,
            is_in_ring,
            spans,
        }
    }

    /// True when a node is another's ancestor, or the other itself.
    fn is_above(&self, ancestor: usize, node: usize) -> bool {
        let (Some(outer), Some(inner)) = (self.spans.get(ancestor), self.spans.get(node)) else {
            return false;
        };
        let is_round = self.is_in_ring[ancestor] && self.tops[ancestor] == self.tops[node];
        is_round || (outer.0 <= inner.0 && inner.1 <= outer.1)
    }
}

fn spans(parents: &[Option<usize>], is_in_ring: &[bool]) -> Vec<(usize, usize)> {
    let is_root = |node: usize| parents[node].is_none() || is_in_ring[node];
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (node, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent.filter(|_| !is_root(node)) {
            children[parent].push(node);
        }
    }
    let mut spans = vec![(0, 0); parents.len()];
    let mut time = 0;
    let roots = (0..parents.len()).filter(|node| is_root(*node));
    let mut open: Vec<(usize, bool)> = roots.map(|root| (root, false)).collect();
    while let Some((node, is_left)) = open.pop() {
        time += 1;
        if is_left {
            spans[node].1 = time;
        } else {
            spans[node] = (time, time);
            open.push((node, true));
            open.extend(children[node].iter().map(|child| (*child, false)));
        }
    }
    spans
}

/// Walks up from each node once. With the tops: which nodes are in a ring themselves, not only below one.
fn tops(parents: &[Option<usize>]) -> (Vec<Top>, Vec<bool>) {
    let mut tops: Vec<Option<Top>> = vec![None; parents.len()];
    let mut is_in_ring = vec![false; parents.len()];
    let mut seen_from: Vec<Option<usize>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        let mut path = Vec::new();
        let mut node = start;
        let top = loop {
            if let Some(known) = tops[node] {
                break known;
            }
            if seen_from[node].replace(start) == Some(start) {
                let mut member = node;
                while !is_in_ring[member] {
                    is_in_ring[member] = true;
                    member = parents[member].unwrap_or(member);
                }
                break Top::Ring(node);
            }
            path.push(node);
            match parents[node] {
                Some(parent) => node = parent,
                None => break Top::Root(node),
            }
        };
        for node in path {
            tops[node] = Some(top);
        }
    }
    let tops = tops.into_iter().enumerate();
    let tops = tops.map(|(node, top)| top.unwrap_or(Top::Root(node)));
    (tops.collect(), is_in_ring)
}

/// What each scene reaches, whatever it begins with.
fn scenes(model: &Model<'_>, children: &[Vec<usize>]) -> Vec<u64> {
    let mut scenes = vec![0; children.len()];
    for (number, scene) in model.scenes.iter().take(MAX_SCENES_COMPARED).enumerate() {
        let roots = list(*scene, "nodes").into_iter();
        let mut open: Vec<usize> = roots
            .filter_map(|root| root.size().ok().map(|index| index as usize))
            .filter(|root| model.nodes.get(*root).is_some())
            .collect();
        while let Some(node) = open.pop() {
            if scenes[node] & (1 << number) == 0 {
                scenes[node] |= 1 << number;
                open.extend(&children[node]);
            }
        }
    }
    scenes
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
    let cameras = list(model.root, "cameras");
    let joints: BTreeSet<usize> = model.skins.iter().flat_map(|skin| joints(*skin)).collect();
    for (number, node) in model.nodes.enumerate() {
        if is_empty(model, &cameras, *node) && !joints.contains(&number) {
            sink.at(&codes::NODE_EMPTY, node);
        }
    }
    let facts: Vec<Option<MeshFacts>> = (0..model.meshes.len())
        .map(|number| mesh_facts(*model.meshes.get(number)?))
        .collect();
    let skins: Vec<Option<Joints>> = (0..model.skins.len())
        .map(|number| Some(Joints::of(graph, *model.skins.get(number)?)))
        .collect();
    for (number, node) in model.nodes.enumerate() {
        let skin = index(*node, "skin").and_then(|skin| skins.get(skin)?.as_ref());
        check_mesh_node(&facts, skin.is_some(), *node, sink);
        if let Some(joints) = skin {
            check_skinned_node(graph, number, *node, joints, sink);
        }
    }
    check_mesh_weights(model, &facts, sink);
    for (skin, joints) in model.skins.iter().zip(skins.iter().flatten()) {
        check_skin(model, joints, *skin, usages, sink);
    }
}

/// Nodes of a ring, not those below one.
fn check_rings(model: &Model<'_>, graph: &Graph, sink: &mut Sink) {
    for (number, node) in model.nodes.enumerate() {
        if graph.is_in_ring[number] {
            sink.at(&codes::NODE_LOOP, node);
        }
    }
}

/// A node without anything that could make it useful.
fn is_empty(model: &Model<'_>, cameras: &[Item<'_>], node: Item<'_>) -> bool {
    let mesh = index(node, "mesh").and_then(|mesh| model.meshes.get(mesh));
    let camera = index(node, "camera").and_then(|camera| cameras.get(camera));
    let camera = camera.filter(|camera| camera.kind() == json::Kind::Object);
    let has_children = node
        .member("children")
        .is_some_and(|children| children.kind() == json::Kind::Array && children.count() > 0);
    let has_extension = object(node, "extensions").is_some_and(|extensions| extensions.count() > 0);
    !has_children
        && mesh.is_none()
        && camera.is_none()
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

/// `None` when the primitives cannot be read.
fn mesh_facts(mesh: Item<'_>) -> Option<MeshFacts> {
    let primitives = primitives(mesh);
    let has_joints = |primitive: &Item<'_>| {
        object(*primitive, "attributes")
            .is_some_and(|attributes| attributes.member("JOINTS_0").is_some())
    };
    Some(MeshFacts {
        targets: target_count(*primitives.first()?),
        has_joints: primitives.iter().any(has_joints),
    })
}

fn check_mesh_node(facts: &[Option<MeshFacts>], has_skin: bool, node: Item<'_>, sink: &mut Sink) {
    let Some(mesh) = index(node, "mesh").and_then(|mesh| facts.get(mesh)?.as_ref()) else {
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
    number: usize,
    node: Item<'_>,
    joints: &Joints,
    sink: &mut Sink,
) {
    if graph.parents[number].is_some() {
        sink.at(&codes::NODE_SKINNED_MESH_NON_ROOT, &node);
    }
    if is_moved(node) {
        sink.at(&codes::NODE_SKINNED_MESH_LOCAL_TRANSFORMS, &node);
    }
    if let Some(Top::Root(root)) = joints.top
        && graph.scenes[number] & !graph.scenes[root] != 0
    {
        sink.at(&codes::NODE_SKIN_NO_SCENE, &node);
    }
}

/// What the joints of a skin hang from.
struct Joints {
    /// Their number, counting what cannot be read.
    count: usize,
    top: Option<Top>,
    /// The skeleton is above all of them.
    is_skeleton_above: bool,
}

impl Joints {
    /// As the Khronos validator has it, the search for what is common begins anew after joints that have nothing in common.
    fn of(graph: &Graph, skin: Item<'_>) -> Self {
        let skeleton = index(skin, "skeleton");
        let mut found = Self {
            count: list(skin, "joints").len(),
            top: None,
            is_skeleton_above: false,
        };
        for joint in joints(skin) {
            let Some(top) = graph.tops.get(joint) else {
                continue;
            };
            let is_above = skeleton.is_some_and(|skeleton| graph.is_above(skeleton, joint));
            (found.top, found.is_skeleton_above) = match found.top {
                None => (Some(*top), is_above),
                Some(before) if before == *top => {
                    (Some(before), found.is_skeleton_above && is_above)
                }
                Some(_) => (None, false),
            };
        }
        found
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
fn check_mesh_weights(model: &Model<'_>, facts: &[Option<MeshFacts>], sink: &mut Sink) {
    let mut uses = vec![(0usize, 0usize); facts.len()];
    for node in model.nodes.iter() {
        if let Some(uses) = index(*node, "mesh").and_then(|mesh| uses.get_mut(mesh)) {
            uses.0 += 1;
            uses.1 += usize::from(node.member("weights").is_some());
        }
    }
    for (number, mesh) in model.meshes.enumerate() {
        let (all, own) = uses[number];
        // Without primitives that can be read, nothing takes the weights.
        let is_used = own < all && facts[number].is_some();
        if all > 0 && !is_used && !list(*mesh, "weights").is_empty() {
            sink.at_member(&codes::UNUSED_MESH_WEIGHTS, mesh, "weights");
        }
    }
}

fn check_skin(
    model: &Model<'_>,
    joints: &Joints,
    skin: Item<'_>,
    usages: &mut Usages,
    sink: &mut Sink,
) {
    if joints.count > 0 && joints.top.is_none() {
        sink.at_member(&codes::SKIN_NO_COMMON_ROOT, &skin, "joints");
    }
    let skeleton = index(skin, "skeleton").and_then(|skeleton| model.nodes.get(skeleton));
    if skeleton.is_some() && !joints.is_skeleton_above {
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
    if view.is_some_and(|view| view.stride.is_some()) {
        sink.at(&codes::SKIN_IBM_ACCESSOR_WITH_BYTESTRIDE, &place);
    }
    if !accessor.has_format(&[("MAT4", 5126, false)]) {
        sink.at(&codes::SKIN_IBM_INVALID_FORMAT, &place);
    }
    if accessor.count.unwrap_or(0) < joints.count as u64 {
        sink.at(&codes::INVALID_IBM_ACCESSOR_COUNT, &place);
    }
}

/// Extensions that refer to arrays of the root, which may be missing.
pub(super) fn check_dependencies(model: &Model<'_>, declared: &BTreeSet<&str>, sink: &mut Sink) {
    // Of another kind it counts as empty, and of one that is not declared nothing is read.
    let has_root = |name: &str| {
        !declared.contains(name)
            || object(model.root, "extensions")
                .is_some_and(|extensions| extensions.member(name).is_some())
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
