//! What a JSON pointer of KHR_animation_pointer stands for.

use crate::description::{
    pointer::{LightProperty, MaterialProperty, Property, Slot, TransformProperty},
    scene::{LightIndex, MaterialIndex, MeshIndex, NodeIndex, Scene},
};

/// Properties of a node that a channel can move.
pub(super) const NODE_PATHS: [&str; 4] = ["translation", "rotation", "scale", "weights"];

/// Most nodes whose weights one pointer to their mesh moves.
const MAX_NODES_OF_A_MESH: usize = 16;

/// What a channel moves.
#[derive(Debug, PartialEq)]
pub(super) enum Target {
    /// A property of nodes.
    Nodes(Vec<NodeIndex>, String),
    /// Something else that is drawn.
    Property(Property),
    /// Something that is not drawn.
    Kept(String),
    /// Nothing.
    Nothing,
}

pub(super) fn resolve(pointer: &str, scene: &Scene) -> Target {
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
        "nodes" => number(scene.nodes.len()).and_then(|index| node(NodeIndex(index), path)),
        "meshes" if path == "weights" => {
            number(scene.meshes.len()).map(|index| nodes_of_mesh(MeshIndex(index), scene))
        }
        "materials" => number(scene.materials.len())
            .and_then(|index| material(MaterialIndex(index), path))
            .map(Target::Property),
        _ => None,
    };
    found.unwrap_or_else(kept)
}

fn node(node: NodeIndex, path: &str) -> Option<Target> {
    if NODE_PATHS.contains(&path) {
        return Some(Target::Nodes(vec![node], path.to_owned()));
    }
    (path == "extensions/KHR_node_visibility/visible")
        .then_some(Target::Property(Property::Visibility(node)))
}

/// Weights of a mesh are those of every node that has none of its own.
fn nodes_of_mesh(mesh: MeshIndex, scene: &Scene) -> Target {
    let nodes = scene.nodes.iter().enumerate();
    let users = nodes.filter(|(_, node)| node.mesh == Some(mesh) && node.weights.is_empty());
    let users = users.map(|(index, _)| NodeIndex(index as u32));
    Target::Nodes(
        users.take(MAX_NODES_OF_A_MESH).collect(),
        "weights".to_owned(),
    )
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
