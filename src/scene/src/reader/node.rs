//! Nodes, scenes, skins, cameras and lights.

use crate::{
    description::scene::{
        Camera, CameraIndex, Light, LightIndex, LightKind, MeshIndex, Node, NodeIndex, Portal,
        Scene, Seat, Skin, SkinIndex, SpawnPoint, Transform,
    },
    error::{Issue, SceneError},
    limits::{
        MAX_COORDINATE_METRES, MAX_ELEMENTS, MAX_EXTRAS_BYTES, MAX_INSTANCES, MAX_JOINTS,
        MAX_MORPH_TARGETS, MAX_NODE_DEPTH, MAX_NODES, MAX_URI_BYTES,
    },
    reader::body::{self, BodyReader},
    reader::emitter,
    source::accessor::Accessors,
    source::json::Item,
};
use glam::{Mat4, Quat, Vec2, Vec3};

pub(crate) fn read_nodes(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    bodies: &BodyReader,
    scene: &mut Scene,
    issues: &mut Vec<Issue>,
) -> Result<(), SceneError> {
    if let Some(list) = root.get("nodes") {
        let count = list.elements(MAX_NODES)?.count();
        let mut instances = 0;
        for item in list.elements(MAX_NODES)? {
            let node = read_node(&item, accessors, bodies, scene, count, issues)?;
            instances += node.instances.len();
            if instances > MAX_INSTANCES {
                return Err(
                    item.over_limit(format!("there are more than {MAX_INSTANCES} instances"))
                );
            }
            scene.nodes.push(node);
        }
        link_parents(&list, scene)?;
        make_names_unique(&mut scene.nodes);
    }
    read_roots(root, scene)
}

fn read_node(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    bodies: &BodyReader,
    scene: &Scene,
    count: usize,
    issues: &mut Vec<Issue>,
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
        Some(extension) => extension
            .index_of("light", scene.lights.len(), "light")?
            .map(LightIndex),
        None => None,
    };
    Ok(Node {
        name: item.name(),
        parent: None,
        children,
        transform: read_transform(item)?,
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
        light,
        instances: read_instances(item, accessors)?,
        physics: body::read_node_physics(item, bodies, &scene.physics, count, issues)?,
        emitters: emitter::read_emitter_indices(item, scene.sound.emitters.len())?,
        spawn_point: item.extension("OMI_spawn_point").map(|point| SpawnPoint {
            title: point
                .get("title")
                .and_then(|title| title.text().ok())
                .unwrap_or_default()
                .to_owned(),
        }),
        seat: item
            .extension("OMI_seat")
            .map(|seat| read_seat(&seat))
            .transpose()?,
        notice_board: item
            .extension("STOA_notice_board")
            .map(|board| board.numbers_or("size", [1.0, 1.0]).map(Vec2::from))
            .transpose()?,
        portal: read_portal(item, issues)?,
        is_hidden: match item.extension("KHR_node_visibility") {
            Some(visibility) => !visibility.flag_or("visible", true)?,
            None => false,
        },
        extras: item
            .get("extras")
            .filter(|extras| extras.json_bytes() <= MAX_EXTRAS_BYTES)
            .map(|extras| extras.json()),
    })
}

/// `STOA_portal`, or the archived OMI_link; ours wins when both are there.
fn read_portal(item: &Item<'_>, issues: &mut Vec<Issue>) -> Result<Option<Portal>, SceneError> {
    let links = ["STOA_portal", "OMI_link"].map(|name| item.extension(name));
    let Some(link) = links.into_iter().flatten().next() else {
        return Ok(None);
    };
    let uri_item = link.require("uri")?;
    let uri = uri_item.text()?;
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
    let is_safe = match scheme {
        Some(scheme) => matches!(scheme, "stoa" | "https"),
        None => !uri.starts_with("//") && !uri.is_empty(),
    };
    if !is_safe || uri.len() > MAX_URI_BYTES || uri.contains(char::is_control) {
        issues.push(Issue::warning(
            "STOA_PORTAL_URI",
            uri_item.pointer(),
            "leads nowhere: only relative, stoa: and https: addresses are followed",
        ));
        return Ok(None);
    }
    let title = link.get("title").and_then(|title| title.as_text());
    Ok(Some(Portal {
        uri: uri.to_owned(),
        title: title.unwrap_or_default().chars().take(200).collect(),
    }))
}

fn read_transform(item: &Item<'_>) -> Result<Transform, SceneError> {
    if let Some(matrix) = item.get("matrix") {
        return Ok(Transform::from_matrix(&Mat4::from_cols_array(
            &matrix.numbers::<16>()?,
        )));
    }
    let translation = Vec3::from(item.numbers_or("translation", [0.0; 3])?);
    if translation.abs().max_element() > MAX_COORDINATE_METRES {
        return Err(item.over_limit(format!(
            "lies more than {MAX_COORDINATE_METRES} m from its parent"
        )));
    }
    let rotation = Quat::from_array(item.numbers_or("rotation", [0.0, 0.0, 0.0, 1.0])?);
    let length = rotation.length();
    if !(0.9..1.1).contains(&length) {
        return Err(item.fault(format!(
            "its rotation has length {length}, but must be a unit quaternion"
        )));
    }
    Ok(Transform {
        translation,
        rotation: rotation.normalize(),
        scale: Vec3::from(item.numbers_or("scale", [1.0; 3])?),
    })
}

fn read_instances(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
) -> Result<Vec<Transform>, SceneError> {
    let Some(extension) = item.extension("EXT_mesh_gpu_instancing") else {
        return Ok(Vec::new());
    };
    let attributes = extension.require("attributes")?;
    let translations = attributes
        .get("TRANSLATION")
        .map_or(Ok(Vec::new()), |reference| accessors.vec3(&reference))?;
    let rotations = attributes
        .get("ROTATION")
        .map_or(Ok(Vec::new()), |reference| accessors.vec4(&reference))?;
    let scales = attributes
        .get("SCALE")
        .map_or(Ok(Vec::new()), |reference| accessors.vec3(&reference))?;
    let count = translations.len().max(rotations.len()).max(scales.len());
    if [translations.len(), rotations.len(), scales.len()]
        .iter()
        .any(|length| *length != 0 && *length != count)
    {
        return Err(attributes.fault("the instance attributes have different lengths"));
    }
    accessors.budget.charge_for::<Transform>(item, count)?;
    let instance = |index: usize| Transform {
        translation: translations.get(index).copied().unwrap_or_default(),
        rotation: rotations.get(index).map_or(Quat::IDENTITY, |value| {
            Quat::from_vec4(value.normalize_or(glam::Vec4::W))
        }),
        scale: scales.get(index).copied().unwrap_or(Vec3::ONE),
    };
    Ok((0..count).map(instance).collect())
}

fn read_seat(item: &Item<'_>) -> Result<Seat, SceneError> {
    Ok(Seat {
        back: Vec3::from(item.require("back")?.numbers()?),
        foot: Vec3::from(item.require("foot")?.numbers()?),
        knee: Vec3::from(item.require("knee")?.numbers()?),
        angle: item.number_or("angle", std::f32::consts::FRAC_PI_2)?,
    })
}

/// Unnamed nodes become `node 7` by their index; of equal names the later ones get their index after them.
fn make_names_unique(nodes: &mut [Node]) {
    let mut taken = std::collections::HashSet::with_capacity(nodes.len());
    for (index, node) in nodes.iter_mut().enumerate() {
        if node.name.trim().is_empty() {
            node.name = format!("node {index}");
        }
        while !taken.insert(node.name.clone()) {
            node.name = format!("{} {index}", node.name);
        }
    }
}

/// Sets parents; a node with two parents, or in a ring, or too deep refuses the file.
fn link_parents(list: &Item<'_>, scene: &mut Scene) -> Result<(), SceneError> {
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
    if order.len() == scene.nodes.len() {
        Ok(())
    } else {
        Err(list.fault("some nodes form a ring: each is its own ancestor"))
    }
}

fn read_roots(root: &Item<'_>, scene: &mut Scene) -> Result<(), SceneError> {
    let Some(list) = root.get("scenes") else {
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

pub(crate) fn read_skins(
    root: &Item<'_>,
    accessors: &Accessors<'_>,
    nodes: usize,
) -> Result<Vec<Skin>, SceneError> {
    let Some(list) = root.get("skins") else {
        return Ok(Vec::new());
    };
    let read = |item: Item<'_>| {
        let joint_list = item.require("joints")?;
        let joints = joint_list
            .elements(MAX_JOINTS)?
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

/// Skins that nodes name exist, and joints that vertices name exist in them.
pub(crate) fn check_skins(root: &Item<'_>, scene: &Scene) -> Result<(), SceneError> {
    for (index, node) in scene.nodes.iter().enumerate() {
        let (Some(skin), Some(mesh)) = (node.skin, node.mesh) else {
            continue;
        };
        let Some(skin) = scene.skins.get(skin.index()) else {
            return Err(root.fault(format!(
                "/nodes/{index}/skin names skin {}, but there are {}",
                skin.0,
                scene.skins.len()
            )));
        };
        let mut joints = scene.meshes[mesh.index()]
            .primitives
            .iter()
            .flat_map(|primitive| primitive.joints.iter().flatten().flatten());
        if let Some(joint) = joints.find(|joint| usize::from(**joint) >= skin.joints.len()) {
            return Err(root.fault(format!(
                "/nodes/{index}: a vertex names joint {joint}, but the skin has {}",
                skin.joints.len()
            )));
        }
    }
    Ok(())
}

pub(crate) fn read_cameras(root: &Item<'_>) -> Result<Vec<Camera>, SceneError> {
    let Some(list) = root.get("cameras") else {
        return Ok(Vec::new());
    };
    let read = |item: Item<'_>| {
        if let Some(perspective) = item.get("perspective") {
            let optional = |key: &str| perspective.get(key).map(|value| value.number()).transpose();
            return Ok(Camera::Perspective {
                vertical_radians: perspective.require("yfov")?.number()?,
                aspect: optional("aspectRatio")?,
                near: perspective.require("znear")?.number()?,
                far: optional("zfar")?,
            });
        }
        let orthographic = item.require("orthographic")?;
        let number = |key: &str| orthographic.require(key)?.number();
        Ok(Camera::Orthographic {
            half_width: number("xmag")?,
            half_height: number("ymag")?,
            near: number("znear")?,
            far: number("zfar")?,
        })
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}

pub(crate) fn read_lights(root: &Item<'_>) -> Result<Vec<Light>, SceneError> {
    let Some(extension) = root.extension("KHR_lights_punctual") else {
        return Ok(Vec::new());
    };
    let list = extension.require("lights")?;
    let read = |item: Item<'_>| {
        let kind_item = item.require("type")?;
        let kind = match kind_item.text()? {
            "directional" => LightKind::Directional,
            "point" => LightKind::Point,
            "spot" => {
                let quarter = std::f32::consts::FRAC_PI_4;
                let (inner, outer) = match item.get("spot") {
                    Some(spot) => (
                        spot.number_or("innerConeAngle", 0.0)?,
                        spot.number_or("outerConeAngle", quarter)?,
                    ),
                    None => (0.0, quarter),
                };
                LightKind::Spot {
                    inner_radians: inner.clamp(0.0, outer.max(0.0)),
                    outer_radians: outer.clamp(0.0, std::f32::consts::FRAC_PI_2),
                }
            }
            other => return Err(kind_item.fault(format!("`{other}` is not a kind of light"))),
        };
        Ok(Light {
            color: Vec3::from(item.numbers_or("color", [1.0; 3])?),
            intensity: item.number_or("intensity", 1.0)?.max(0.0),
            range: item
                .get("range")
                .map(|range| range.number())
                .transpose()?
                .filter(|range| *range > 0.0),
            kind,
        })
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}
