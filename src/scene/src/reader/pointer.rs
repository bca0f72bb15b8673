//! What a JSON pointer of KHR_animation_pointer stands for.

use crate::description::{
    pointer::{LightProperty, MaterialProperty, Property, Slot, TransformProperty},
    scene::{LightIndex, MaterialIndex, MeshIndex, NodeIndex, Scene},
};
use crate::limits::MAX_NODES_OF_A_MESH;

/// Properties of a node that a channel can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodePath {
    Translation,
    Rotation,
    Scale,
    /// All weights of its mesh.
    Weights,
    /// That of one morph target, whose number comes from a pointer.
    Weight(usize),
}

impl NodePath {
    /// What the target of a channel of the core names.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "translation" => Some(Self::Translation),
            "rotation" => Some(Self::Rotation),
            "scale" => Some(Self::Scale),
            "weights" => Some(Self::Weights),
            _ => None,
        }
    }

    /// What of weights a pointer names, when a mesh has so many morph targets.
    fn of_weights(path: &str, targets: usize) -> Option<Self> {
        match path.strip_prefix("weights")? {
            "" => Some(Self::Weights),
            rest => {
                let target = rest.strip_prefix('/')?.parse().ok()?;
                (target < targets).then_some(Self::Weight(target))
            }
        }
    }
}

/// For each mesh, the nodes that have its weights: those with none of their own.
pub(super) struct Users(Vec<Vec<NodeIndex>>);

impl Users {
    pub(super) fn new(scene: &Scene) -> Self {
        let mut users = vec![Vec::new(); scene.meshes.len()];
        for (index, node) in scene.nodes.iter().enumerate() {
            if let Some(mesh) = node.mesh.filter(|_| node.weights.is_empty()) {
                users[mesh.index()].push(NodeIndex(index as u32));
            }
        }
        Self(users)
    }

    /// Those whose weights one pointer to a mesh moves, and how many there are in all.
    fn moved(&self, mesh: MeshIndex) -> (&[NodeIndex], usize) {
        let users = &self.0[mesh.index()];
        (&users[..users.len().min(MAX_NODES_OF_A_MESH)], users.len())
    }

    /// Nodes with a mesh that a pointer names and does not move, since there are too many.
    pub(super) fn left_out(&self, pointer: &str) -> usize {
        let mesh = pointer.strip_prefix("/meshes/");
        let mesh = mesh.and_then(|rest| rest.split_once("/weights"));
        let mesh = mesh.filter(|(_, one)| one.is_empty() || one.starts_with('/'));
        let mesh = mesh.and_then(|(index, _)| index.parse().ok());
        let mesh = mesh.map(MeshIndex);
        let mesh = mesh.filter(|mesh| mesh.index() < self.0.len());
        mesh.map_or(0, |mesh| {
            let (moved, all) = self.moved(mesh);
            all - moved.len()
        })
    }
}

/// What a channel moves.
#[derive(Debug, PartialEq)]
pub(super) enum Target {
    /// A property of nodes.
    Nodes(Vec<NodeIndex>, NodePath),
    /// Something else that is drawn.
    Property(Property),
    /// Something that is not drawn.
    Kept(String),
    /// Nothing.
    Nothing,
}

pub(super) fn resolve(pointer: &str, scene: &Scene, users: &Users) -> Target {
    let kept = || Target::Kept(pointer.to_owned());
    let mut parts = pointer.splitn(4, '/').skip(1);
    let (Some(list), Some(index), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return kept();
    };
    if let ("extensions", "KHR_lights_punctual") = (list, index) {
        return light(path, scene).map_or_else(kept, Target::Property);
    }
    let number = |count: usize| {
        index
            .parse::<u32>()
            .ok()
            .filter(|one| (*one as usize) < count)
    };
    let found = match list {
        "nodes" => number(scene.nodes.len()).and_then(|index| node(NodeIndex(index), path, scene)),
        "meshes" => number(scene.meshes.len()).map(MeshIndex).and_then(|mesh| {
            let path = NodePath::of_weights(path, targets(scene, Some(mesh)))?;
            let (nodes, _) = users.moved(mesh);
            Some(Target::Nodes(nodes.to_vec(), path))
        }),
        "materials" => number(scene.materials.len())
            .and_then(|index| material(MaterialIndex(index), path))
            .map(Target::Property),
        _ => None,
    };
    found.unwrap_or_else(kept)
}

/// Morph targets of a mesh.
fn targets(scene: &Scene, mesh: Option<MeshIndex>) -> usize {
    mesh.map_or(0, |mesh| scene.meshes[mesh.index()].weights.len())
}

fn node(node: NodeIndex, path: &str, scene: &Scene) -> Option<Target> {
    let mesh = scene.nodes[node.index()].mesh;
    let moved = NodePath::of(path).or_else(|| NodePath::of_weights(path, targets(scene, mesh)));
    if let Some(path) = moved {
        return Some(Target::Nodes(vec![node], path));
    }
    (path == "extensions/KHR_node_visibility/visible")
        .then_some(Target::Property(Property::Visibility(node)))
}

fn material(material: MaterialIndex, path: &str) -> Option<Property> {
    let factor = MaterialProperty::PATHS
        .iter()
        .find(|(_, known)| *known == path);
    if let Some((property, _)) = factor {
        return Some(Property::Material(material, *property));
    }
    let (slot, property) = path.rsplit_once('/')?;
    let slot = slot.strip_suffix("/extensions/KHR_texture_transform")?;
    let (slot, _) = Slot::ALL.iter().find(|(_, known)| *known == slot)?;
    let property = match property {
        "offset" => TransformProperty::Offset,
        "rotation" => TransformProperty::Rotation,
        "scale" => TransformProperty::Scale,
        _ => return None,
    };
    Some(Property::TextureTransform(material, *slot, property))
}

fn light(path: &str, scene: &Scene) -> Option<Property> {
    let (index, path) = path.strip_prefix("lights/")?.split_once('/')?;
    let index: u32 = index.parse().ok()?;
    let property = match path {
        "color" => LightProperty::Color,
        "intensity" => LightProperty::Intensity,
        "range" => LightProperty::Range,
        "spot/innerConeAngle" => LightProperty::InnerCone,
        "spot/outerConeAngle" => LightProperty::OuterCone,
        _ => return None,
    };
    let is_there = (index as usize) < scene.lights.len();
    is_there.then_some(Property::Light(LightIndex(index), property))
}
