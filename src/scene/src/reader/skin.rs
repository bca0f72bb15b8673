//! Skins, and that vertices name joints that are there.

use crate::{
    description::scene::{NodeIndex, Scene, Skin},
    error::{Issue, Issues, SceneError},
    limits::{MAX_ELEMENTS, MAX_JOINTS, MAX_JOINTS_EVERYWHERE, MAX_NODES},
    source::{accessor::Accessors, json::Item},
};
use glam::Mat4;

/// Skins in the order of the file. One with more joints than can be drawn keeps its place without joints.
pub(crate) fn read_skins(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    nodes: usize,
    issues: &mut Issues,
) -> Result<Vec<Skin>, SceneError> {
    let Some(list) = root.get("skins") else {
        return Ok(Vec::new());
    };
    let read = |item: Item<'_>| {
        let joint_list = item.require("joints")?;
        let mut joints = joint_list
            .elements(MAX_NODES)?
            .map(|joint| joint.index(nodes, "node").map(NodeIndex))
            .collect::<Result<Vec<_>, _>>()?;
        if joints.is_empty() {
            return Err(joint_list.fault("a skin needs at least one joint"));
        }
        let mut matrices = item
            .get("inverseBindMatrices")
            .map_or(Ok(Vec::new()), |reference| accessors.matrices(&reference))?;
        if !matrices.is_empty() && matrices.len() < joints.len() {
            return Err(item.fault("has fewer inverse bind matrices than joints"));
        }
        accessors
            .budget
            .charge_for::<(Mat4, NodeIndex)>(&item, joints.len())?;
        let count = joints.len();
        if count > MAX_JOINTS_EVERYWHERE {
            let effect = match count > MAX_JOINTS {
                true => format!("at most {MAX_JOINTS} can be drawn: its meshes are drawn unmoved"),
                false => format!("old graphics adapters draw {MAX_JOINTS_EVERYWHERE}"),
            };
            issues.push(Issue::warning(
                "STOA_SKIN_JOINTS",
                joint_list.pointer(),
                format!("has {count} joints: {effect}"),
            ));
        }
        if count > MAX_JOINTS {
            joints.clear();
        }
        matrices.resize(joints.len(), Mat4::IDENTITY);
        Ok(Skin {
            name: item.name(),
            joints,
            skeleton: item.index_of("skeleton", nodes, "node")?.map(NodeIndex),
            inverse_bind_matrices: matrices,
        })
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}

/// Skins that nodes name exist, and joints that vertices name exist in them. Skins without joints are taken off.
pub(crate) fn check_skins(root: &Item<'_>, scene: &mut Scene) -> Result<(), SceneError> {
    // Of each mesh once: any number of skins may be tried on it.
    let highest: Vec<Option<u16>> = scene
        .meshes
        .iter()
        .map(|mesh| {
            let vertices = mesh
                .primitives
                .iter()
                .flat_map(|primitive| &primitive.joints);
            vertices.flatten().flatten().copied().max()
        })
        .collect();
    for (index, node) in scene.nodes.iter_mut().enumerate() {
        let (Some(skin_index), Some(mesh)) = (node.skin, node.mesh) else {
            // Without a mesh it moves nothing.
            node.skin = None;
            continue;
        };
        let Some(skin) = scene.skins.get(skin_index.index()) else {
            return Err(root.fault(format!(
                "/nodes/{index}/skin names skin {}, but there are {}",
                skin_index.0,
                scene.skins.len()
            )));
        };
        if skin.joints.is_empty() {
            node.skin = None;
            continue;
        }
        let joint = highest[mesh.index()].filter(|joint| usize::from(*joint) >= skin.joints.len());
        if let Some(joint) = joint {
            return Err(root.fault(format!(
                "/nodes/{index}: a vertex names joint {joint}, but the skin has {}",
                skin.joints.len()
            )));
        }
    }
    Ok(())
}
