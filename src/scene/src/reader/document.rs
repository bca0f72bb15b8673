//! The order in which a document becomes a scene, and the extensions that it may require.

use crate::{
    description::scene::Scene,
    error::{ErrorKind, Issue, Issues, SceneError},
    limits,
    reader::{
        animate,
        around::{metadata, sky, variant},
        body, emitter, light, mesh, node, skin, surface, vrm0,
    },
    source::{
        accessor::Accessors,
        budget::Budget,
        container::{self, Bytes},
        files::SideFiles,
        json::{self, Item, Tree},
    },
    support::{Support, support},
};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// A scene with what else was found while reading it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scene.
    pub scene: Scene,
    /// What is worth telling.
    pub issues: Vec<Issue>,
    /// Files beside the main one, by relative path.
    pub side_files: Vec<(PathBuf, Arc<[u8]>)>,
    /// The whole JSON document, for readers of further extensions in this crate.
    pub(crate) document: Arc<Tree>,
}

/// Reads a glTF or GLB from untrusted bytes; `limit` bounds all files together.
pub(crate) fn load(bytes: &[u8], files: &dyn SideFiles, limit: u64) -> Result<Loaded, SceneError> {
    load_telling(bytes, files, limit, None)
}

/// The same; `told` hears of a scene with nothing but images, samplers, textures and materials, as they will be in the end, before
/// what takes longer is read. It hears of none where they may yet change.
pub(crate) fn load_telling(
    bytes: &[u8],
    files: &dyn SideFiles,
    limit: u64,
    told: Option<&mut dyn FnMut(Scene)>,
) -> Result<Loaded, SceneError> {
    load_within(bytes, files, limit, &Budget::new(), told)
}

/// The same with what else the file may take.
pub(crate) fn load_within(
    bytes: &[u8],
    files: &dyn SideFiles,
    limit: u64,
    budget: &Budget,
    told: Option<&mut dyn FnMut(Scene)>,
) -> Result<Loaded, SceneError> {
    if bytes.len() as u64 > limit {
        return Err(SceneError::new(
            ErrorKind::OverLimit,
            "",
            format!("it has {} bytes, the limit is {limit}", bytes.len()),
        ));
    }
    let container = container::split(bytes)?;
    let value = Arc::new(json::parse(container.json)?);
    let root = Item::root(&value);
    check_asset(&root)?;
    let mut issues = check_extensions(&root)?;
    issues.extend(value.huge_number.map(|offset| {
        let text = format!("the number at byte {offset} of the JSON is too large to be held");
        Issue::warning("STOA_NUMBER_TOO_LARGE", "", text)
    }));
    budget.charge(&root, value.memory_bytes())?;
    let data = Bytes::load(&root, container.binary, files, limit, budget)?;
    let surfaces = surface::read(&root, &data, budget, &mut issues)?;
    if let Some(told) = told.filter(|_| !vrm0::is_one(&root)) {
        told(surfaces.clone());
    }
    data.unpack(&root)?;
    let accessors = Accessors::new(&root, &data, budget)?;
    let variants = variant::read_variants(&root)?;
    let known = mesh::Known {
        materials: surfaces.materials.len(),
        variants: variants.len(),
    };
    let meshes = mesh::read_meshes(&root, &accessors, known, &mut issues)?;
    let cameras = light::read_cameras(&root)?;
    let (lights, lights_read) = light::read_lights(&root, &mut issues)?;
    let sound = emitter::read_sound(&root, &data, &mut issues)?;
    let (physics, bodies) = body::read_physics(&root, meshes.len(), &mut issues)?;
    let mut scene = Scene {
        sky: sky::read_sky(&root, surfaces.textures.len(), &mut issues)?,
        variants,
        metadata: metadata::read_metadata(&root)?,
        meshes,
        cameras,
        lights,
        physics,
        sound,
        has_behaviour_graph: has_behaviour_graph(&root),
        chosen_animations: None,
        copyright: stated(&root, "copyright"),
        generator: stated(&root, "generator"),
        ..surfaces
    };
    let parts = node::Parts {
        bodies: &bodies,
        lights_read: &lights_read,
    };
    node::read_nodes(&root, &accessors, &parts, &mut scene, &mut issues)?;
    scene.skins = skin::read_skins(&root, &accessors, scene.nodes.len(), &mut issues)?;
    skin::check_skins(&root, &mut scene)?;
    scene.animations = animate::read_animations(&root, &accessors, &scene, &mut issues)?;
    accessors.tell_rounding(&mut issues);
    vrm0::settle(&root, &mut scene, budget)?;
    limit_multiplied(&root, &scene)?;
    let side_files = data.fetched();
    Ok(Loaded {
        scene,
        issues: issues.into(),
        side_files,
        document: Arc::clone(&value),
    })
}

/// Graphs are passed over, but a file that has one does not want its animations played by themselves.
fn has_behaviour_graph(root: &Item<'_>) -> bool {
    let graphs =
        (root.extension("KHR_interactivity")).and_then(|interactivity| interactivity.get("graphs"));
    graphs.is_some_and(|graphs| graphs.element(0).is_some())
}

/// A text of `asset`.
fn stated(root: &Item<'_>, key: &str) -> Option<String> {
    let text = root.get("asset").and_then(|asset| asset.get(key));
    text.and_then(|text| text.as_text()).map(str::to_owned)
}

/// Nodes, instances, levels and shared shapes multiply what the file holds once.
fn limit_multiplied(root: &Item<'_>, scene: &Scene) -> Result<(), SceneError> {
    let (drawn, solid) = (scene.drawn(), scene.solid());
    for (count, limit, what) in [
        (drawn.parts, limits::MAX_DRAWN_PARTS, "primitives drawn"),
        (
            drawn.pieces,
            limits::MAX_TRIANGLES,
            "triangles, lines and points drawn",
        ),
        (
            drawn.bends,
            limits::MAX_DRAWN_BENDS,
            "joints and morph weights of primitives drawn",
        ),
        (
            solid.colliders,
            limits::MAX_COLLIDERS,
            "colliders and triggers",
        ),
        (
            solid.triangles,
            limits::MAX_COLLISION_TRIANGLES,
            "triangles of colliders",
        ),
        (
            solid.hull_vertices,
            limits::MAX_COLLISION_HULL_VERTICES,
            "vertices of hulls",
        ),
        (
            solid.looks,
            limits::MAX_COLLIDER_LOOKS,
            "nodes and primitives below colliders, above them and in triggers",
        ),
    ] {
        require_at_most(root, count, limit, what)?;
    }
    Ok(())
}

/// Refuses the whole file when it has too many of something.
pub(super) fn require_at_most(
    root: &Item<'_>,
    count: u64,
    limit: u64,
    what: &str,
) -> Result<(), SceneError> {
    if count <= limit {
        return Ok(());
    }
    Err(root.over_limit(format!("it has {count} {what}, the limit is {limit}")))
}

fn check_asset(root: &Item<'_>) -> Result<(), SceneError> {
    root.require_object().map_err(|_not_object| {
        SceneError::new(
            ErrorKind::NotGltf,
            "",
            "it is not a glTF file: its JSON is not an object",
        )
    })?;
    let asset = root.get("asset").ok_or_else(|| {
        SceneError::new(
            ErrorKind::NotGltf,
            "/asset",
            "it is not a glTF file: `asset` is missing",
        )
    })?;
    let version = asset.require("version")?;
    let minimum = asset.get("minVersion");
    let is_two = |text: &str| {
        text.strip_prefix("2.").is_some_and(|minor| {
            !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    if !is_two(version.text()?) {
        return Err(version.fault(format!(
            "glTF version `{}` is not 2.x: export it as glTF 2.0",
            version.text()?
        )));
    }
    match minimum {
        Some(minimum) if minimum.text()? != "2.0" => Err(minimum.fault(format!(
            "it needs glTF {}, which is not read yet",
            minimum.text()?
        ))),
        _ => Ok(()),
    }
}

/// Refuses required extensions that are not read, by name, and lists optional ones that are passed over.
fn check_extensions(root: &Item<'_>) -> Result<Issues, SceneError> {
    let names = |key: &str| -> Result<Vec<String>, SceneError> {
        let Some(list) = root.get(key) else {
            return Ok(Vec::new());
        };
        list.elements(limits::MAX_ELEMENTS)?
            .map(|name| name.text().map(str::to_owned))
            .collect()
    };
    let used = names("extensionsUsed")?;
    let required = names("extensionsRequired")?;
    let known: BTreeSet<&String> = used.iter().collect();
    if let Some(name) = required.iter().find(|name| !known.contains(name)) {
        return Err(SceneError::new(
            ErrorKind::Invalid,
            "/extensionsRequired",
            format!("requires {name}, but extensionsUsed does not list it"),
        ));
    }
    let refused: Vec<String> = required
        .into_iter()
        .filter(|name| support(name) == Support::PassedOver)
        .collect();
    if !refused.is_empty() {
        return Err(SceneError::new(
            ErrorKind::RequiredExtension,
            "/extensionsRequired",
            format!(
                "it requires the extension {}, which is not read: export it without",
                refused.join(", ")
            ),
        ));
    }
    let ignored = used
        .iter()
        .filter(|name| support(name) == Support::PassedOver);
    Ok(ignored
        .map(|name| {
            // Information, not a warning: the file says itself that it can do without.
            Issue {
                severity: 2,
                ..Issue::warning(
                    "STOA_EXTENSION_NOT_READ",
                    "/extensionsUsed",
                    format!("the extension {name} is not read and changes nothing"),
                )
            }
        })
        .collect())
}
