//! Nodes, scenes, skins, cameras and lights.

use super::{
    around::{gravity::read_gravity_field, variant::read_levels},
    body::{self, BodyReader},
    emitter,
    portal::{read_notice_board, read_portal, read_seat, read_spawn_point},
    transform::{read_instances, read_transform},
};
use crate::{
    description::scene::{CameraIndex, LightIndex, MeshIndex, Node, NodeIndex, Scene, SkinIndex},
    error::{Issue, Issues, SceneError, is_unprintable},
    limits::{
        MAX_DRAWN_LAMPS, MAX_DRAWN_SUNS, MAX_ELEMENTS, MAX_EXTRAS_BYTES, MAX_INSTANCES,
        MAX_MORPH_TARGETS, MAX_NODE_DEPTH, MAX_NODES, MAX_WORLD_NUMBER, NODE_DEPTH_TO_WARN_ABOUT,
        NODES_TO_WARN_ABOUT,
    },
    source::{accessor::Accessors, json::Item},
};

/// What other readers found out that nodes need.
pub(crate) struct Parts<'p> {
    pub(crate) bodies: &'p BodyReader,
    /// Which lights are of a kind that is read.
    pub(crate) lights_read: &'p [bool],
}

pub(crate) fn read_nodes(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    parts: &Parts<'_>,
    scene: &mut Scene,
    issues: &mut Issues,
) -> Result<(), SceneError> {
    if let Some(list) = root.get("nodes") {
        let count = list.elements(MAX_NODES)?.count();
        accessors.budget.charge_for::<Node>(&list, count)?;
        let mut instances = 0;
        for item in list.elements(MAX_NODES)? {
            let node = read_node(&item, accessors, parts, scene, count, issues)?;
            instances += node.instances.len();
            if instances > MAX_INSTANCES {
                return Err(
                    item.over_limit(format!("there are more than {MAX_INSTANCES} instances"))
                );
            }
            scene.nodes.push(node);
        }
        if scene.nodes.len() >= NODES_TO_WARN_ABOUT {
            issues.push(Issue::warning(
                "STOA_MANY_NODES",
                list.pointer(),
                format!(
                    "there are {} nodes: join what never moves apart",
                    scene.nodes.len()
                ),
            ));
        }
        link_parents(&list, scene, issues)?;
        limit_worlds(&list, scene)?;
        name_nodes(&list, &mut scene.nodes, issues);
    }
    read_roots(root, scene)?;
    let nodes = scene.nodes_in_scene();
    let lights = nodes
        .iter()
        .filter(|node| scene.nodes[node.index()].light.is_some());
    let (lights, shining) = (lights.count(), scene.shining().len());
    if lights > shining {
        issues.push(Issue::warning(
            "STOA_MANY_LIGHTS",
            "/nodes",
            format!(
                "there are {lights} lights: the first {MAX_DRAWN_LAMPS} shine, and the first {MAX_DRAWN_SUNS} of those that shine from far away"
            ),
        ));
    }
    Ok(())
}

fn read_node(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    parts: &Parts<'_>,
    scene: &Scene,
    count: usize,
    issues: &mut Issues,
) -> Result<Node, SceneError> {
    let children = match item.get("children") {
        Some(list) => list
            .elements(MAX_NODES)?
            .map(|child| child.index(count, "node").map(NodeIndex))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let weights = match item.get("weights") {
        Some(list) => list
            .elements(MAX_MORPH_TARGETS)?
            .map(|weight| weight.number())
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let light = match item.extension("KHR_lights_punctual") {
        Some(extension) => extension.index_of("light", parts.lights_read.len(), "light")?,
        None => None,
    };
    let is_read = |light: &u32| parts.lights_read.get(*light as usize) == Some(&true);
    Ok(Node {
        name: item.name(),
        parent: None,
        children,
        transform: read_transform(item, issues)?,
        mesh: item
            .index_of("mesh", scene.meshes.len(), "mesh")?
            .map(MeshIndex),
        skin: item
            .get("skin")
            .map(|skin| {
                skin.size()
                    .map(|index| SkinIndex(u32::try_from(index).unwrap_or(u32::MAX)))
            })
            .transpose()?,
        weights,
        camera: item
            .index_of("camera", scene.cameras.len(), "camera")?
            .map(CameraIndex),
        light: light.filter(is_read).map(LightIndex),
        instances: read_instances(item, accessors)?,
        physics: body::read_node_physics(item, parts.bodies, &scene.physics, count, issues)?,
        emitters: emitter::read_emitter_indices(item, scene.sound.emitters.len())?,
        spawn_point: read_spawn_point(item),
        seat: read_seat(item)?,
        notice_board: read_notice_board(item)?,
        portal: read_portal(item, issues)?,
        is_hidden: is_denied(item, "KHR_node_visibility", "visible")?,
        is_unselectable: is_denied(item, "KHR_node_selectability", "selectable")?,
        is_unhoverable: is_denied(item, "KHR_node_hoverability", "hoverable")?,
        gravity: read_gravity_field(item, scene.physics.shapes.len())?,
        levels: read_levels(item, count)?,
        extras: item
            .get("extras")
            .filter(|extras| extras.json_bytes() <= MAX_EXTRAS_BYTES)
            .map(|extras| extras.json()),
    })
}

/// True when an extension of a node says no to what is usual.
fn is_denied(item: &Item<'_>, extension: &str, key: &str) -> Result<bool, SceneError> {
    let said = item.extension(extension);
    Ok(!said.map_or(Ok(true), |said| said.flag_or(key, true))?)
}

/// Gives every node a name that can be shown and that no other has: unnamed ones become `node 7` by their index, of
/// equal ones the later get their index after them.
fn name_nodes(list: &Item<'_>, nodes: &mut [Node], issues: &mut Issues) {
    let mut taken = std::collections::HashSet::with_capacity(nodes.len());
    for (index, node) in nodes.iter_mut().enumerate() {
        let written = list.element(index).and_then(|item| item.member("name"));
        let written_bytes = written.and_then(|name| name.as_text()).map_or(0, str::len);
        let shown: String = node
            .name
            .chars()
            .filter(|one| !is_unprintable(*one))
            .collect();
        if shown.len() != written_bytes {
            issues.push(Issue::warning(
                "STOA_NODE_NAME",
                format!("{}/{index}/name", list.pointer()),
                "is too long, or holds characters that cannot be shown: they are left out",
            ));
        }
        node.name = shown;
        if node.name.trim().is_empty() {
            node.name = format!("node {index}");
        }
        while !taken.insert(node.name.clone()) {
            node.name = format!("{} {index}", node.name);
        }
    }
}

/// Sets parents; a node with two parents, or in a ring, or too deep refuses the file.
fn link_parents(list: &Item<'_>, scene: &mut Scene, issues: &mut Issues) -> Result<(), SceneError> {
    for index in 0..scene.nodes.len() {
        for child in scene.nodes[index].children.clone() {
            let parent = &mut scene.nodes[child.index()].parent;
            if parent.is_some() {
                return Err(list.fault(format!("node {} has more than one parent", child.0)));
            }
            *parent = Some(NodeIndex(index as u32));
        }
    }
    // Every node has at most one parent, so walking down from the roots meets each node once; rings are never met.
    let mut order: Vec<(NodeIndex, usize)> = (0..scene.nodes.len())
        .filter(|&index| scene.nodes[index].parent.is_none())
        .map(|index| (NodeIndex(index as u32), 1))
        .collect();
    let mut next = 0;
    while let Some(&(node, depth)) = order.get(next) {
        if depth > MAX_NODE_DEPTH {
            return Err(list.over_limit(format!("nodes are nested deeper than {MAX_NODE_DEPTH}")));
        }
        order.extend(
            scene.nodes[node.index()]
                .children
                .iter()
                .map(|&child| (child, depth + 1)),
        );
        next += 1;
    }
    if order
        .last()
        .is_some_and(|(_, depth)| *depth > NODE_DEPTH_TO_WARN_ABOUT)
    {
        issues.push(Issue::warning(
            "STOA_DEEP_NODES",
            list.pointer(),
            format!("nodes are nested deeper than {NODE_DEPTH_TO_WARN_ABOUT}"),
        ));
    }
    if order.len() == scene.nodes.len() {
        Ok(())
    } else {
        Err(list.fault("some nodes form a ring: each is its own ancestor"))
    }
}

/// Each transform alone is sound, but what lies below many may be anywhere.
fn limit_worlds(list: &Item<'_>, scene: &Scene) -> Result<(), SceneError> {
    let is_within = |number: f32| number.abs() <= MAX_WORLD_NUMBER;
    for (index, world) in scene.world_transforms().iter().enumerate() {
        if !world.to_cols_array().into_iter().all(is_within) {
            let place = list.element(index).unwrap_or(*list);
            return Err(place.over_limit(format!(
                "with what is above it, it is larger or further away than {MAX_WORLD_NUMBER} m"
            )));
        }
    }
    Ok(())
}

fn read_roots(root: &Item<'_>, scene: &mut Scene) -> Result<(), SceneError> {
    let Some(list) = root.get("scenes") else {
        if let Some(chosen) = root.get("scene") {
            return Err(chosen.fault("names a scene, but there are none"));
        }
        scene.roots = (0..scene.nodes.len() as u32)
            .map(NodeIndex)
            .filter(|node| scene.nodes[node.index()].parent.is_none())
            .collect();
        return Ok(());
    };
    let count = list.elements(MAX_ELEMENTS)?.count();
    let chosen = root.index_of("scene", count, "scene")?.unwrap_or(0) as usize;
    let Some(item) = list.element(chosen) else {
        return Ok(());
    };
    if let Some(nodes) = item.get("nodes") {
        let mut is_root = vec![false; scene.nodes.len()];
        for reference in nodes.elements(MAX_NODES)? {
            let node = NodeIndex(reference.index(scene.nodes.len(), "node")?);
            if scene.nodes[node.index()].parent.is_some() {
                return Err(reference.fault(format!("node {} is not a root", node.0)));
            }
            if std::mem::replace(&mut is_root[node.index()], true) {
                return Err(reference.fault(format!("node {} is named twice", node.0)));
            }
            scene.roots.push(node);
        }
    }
    scene.sound.scene_emitters = emitter::read_emitter_indices(&item, scene.sound.emitters.len())?;
    Ok(())
}
