//! What is drawn otherwise than the file says.

use super::Places;
use crate::{
    description::{
        material::Material,
        scene::{Primitive, Scene},
    },
    error::Issue,
    limits::{MAX_DRAWN_INFLUENCES, MAX_DRAWN_UV_SETS, MAX_SPLATS},
    reader::around::splat::SPLATS,
    source::json::Item,
    support::{Support, support},
};
use std::collections::BTreeSet;

/// Textures that lie on further sets of texture coordinates than are drawn.
pub(super) fn other_uv_sets(root: &Item<'_>, scene: &Scene) -> Option<Issue> {
    let mut places = Places::default();
    let materials = root.get("materials");
    for (index, (own, meshes)) in drawn_uv_sets(scene).into_iter().enumerate() {
        let place = |sets: &UvSets, set: u32| sets.iter().position(|drawn| *drawn == set);
        let is_shown = |set: &u32| {
            let shown = place(&own, *set);
            meshes.iter().all(|sets| place(sets, *set) == shown)
        };
        let shown: Vec<u64> = (own.iter().copied().filter(is_shown))
            .map(u64::from)
            .collect();
        let is_drawn = |set: u64| shown.contains(&set);
        let material = materials.and_then(|list| list.element(index));
        let mut objects: Vec<Item<'_>> = material.into_iter().collect();
        let mut next = 0;
        while let Some(&item) = objects.get(next) {
            if uv_set(&item).is_some_and(|set| !is_drawn(set)) {
                places.add(|| item.pointer());
            }
            objects.extend(parts(&item));
            next += 1;
        }
    }
    let what = "lies on a UV set that is not drawn: a material is drawn with the lowest two that its textures name, a variant with those of the material that it stands in for; the first of these takes its place";
    places.told("STOA_UV_SET", 1, what, "textures")
}

type UvSets = [u32; MAX_DRAWN_UV_SETS];

/// For each material: the sets that its textures are drawn with, and those that the meshes have which show it as a variant:
/// a mesh has what its own material needs.
fn drawn_uv_sets(scene: &Scene) -> Vec<(UvSets, BTreeSet<UvSets>)> {
    let mut of_materials: Vec<(UvSets, BTreeSet<UvSets>)> = (scene.materials.iter())
        .map(|material| (material.drawn_uv_sets(), BTreeSet::new()))
        .collect();
    let plain = Material::default().drawn_uv_sets();
    for primitive in scene.meshes.iter().flat_map(|mesh| &mesh.primitives) {
        let own = primitive.material;
        let sets = own.map_or(plain, |own| of_materials[own.index()].0);
        for (_, variant) in &primitive.variants {
            of_materials[variant.index()].1.insert(sets);
        }
    }
    of_materials
}

/// Objects of a material among which textures are, without extensions of which nothing is drawn.
fn parts<'a>(item: &Item<'a>) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let own = item.members();
    let own = own.filter(|(name, _)| !["extensions", "extras"].contains(name));
    let extensions = item.get("extensions");
    let extensions = extensions.into_iter().flat_map(|all| all.members());
    // All textures of MToon share the coordinates of the base colour.
    let is_drawn = |name: &str| {
        support(name) != Support::PassedOver
            && !["VRMC_materials_mtoon", "KHR_texture_transform"].contains(&name)
    };
    let extensions = extensions.filter(move |(name, _)| is_drawn(name));
    own.chain(extensions).map(|(_, part)| part)
}

/// The set of texture coordinates that a reference to a texture names.
fn uv_set(item: &Item<'_>) -> Option<u64> {
    item.member("index")?;
    let transform = item.extension("KHR_texture_transform");
    let set = transform.and_then(|transform| transform.get("texCoord"));
    set.or_else(|| item.get("texCoord"))?.size().ok()
}

/// Vertices that follow more joints than are drawn.
pub(super) fn further_influences(scene: &Scene) -> Option<Issue> {
    let mut is_skinned = vec![false; scene.meshes.len()];
    for node in scene.nodes.iter().filter(|node| node.skin.is_some()) {
        if let Some(mesh) = node.mesh {
            is_skinned[mesh.index()] = true;
        }
    }
    let mut places = Places::default();
    let of_skins = scene.meshes.iter().enumerate();
    for (mesh, own) in of_skins.filter(|(mesh, _)| is_skinned[*mesh]) {
        for (number, _) in (own.primitives.iter().enumerate())
            .filter(|(_, primitive)| has_further_influences(primitive))
        {
            places.add(|| format!("/meshes/{mesh}/primitives/{number}/attributes/WEIGHTS_1"));
        }
    }
    let what = format!(
        "some vertices follow more than {MAX_DRAWN_INFLUENCES} joints: the strongest {MAX_DRAWN_INFLUENCES} move them"
    );
    places.told("STOA_INFLUENCES", 1, &what, "parts of meshes")
}

fn has_further_influences(primitive: &Primitive) -> bool {
    let sets: Vec<_> = (primitive.joint_weights.iter())
        .filter(|set| !set.is_empty())
        .collect();
    sets.len() > 1
        && (0..primitive.positions.len()).any(|vertex| {
            let weights = sets.iter().flat_map(|set| set[vertex].to_array());
            weights.filter(|weight| *weight > 0.0).count() > MAX_DRAWN_INFLUENCES
        })
}

fn is_of_points(primitive: &Primitive) -> bool {
    primitive.splats.is_empty() && !primitive.positions.is_empty()
}

/// Splats for which there was no room.
pub(super) fn splats_as_points(root: &Item<'_>, scene: &Scene) -> Option<Issue> {
    let mut places = Places::default();
    let meshes = root.get("meshes");
    for (mesh, own) in scene.meshes.iter().enumerate() {
        let list = meshes.and_then(|list| list.element(mesh)?.get("primitives"));
        for (number, primitive) in own.primitives.iter().enumerate() {
            let item = list.and_then(|list| list.element(number));
            let Some(item) = item.filter(|_| is_of_points(primitive)) else {
                continue;
            };
            let sizes = (item.get("attributes"))
                .and_then(|attributes| attributes.get(&format!("{SPLATS}:SCALE")));
            if let Some(splats) = item.extension(SPLATS).filter(|_| sizes.is_some()) {
                places.add(|| splats.pointer());
            }
        }
    }
    let what = format!(
        "its splats are drawn as points: those of a primitive are drawn all or not, and a file has room for {MAX_SPLATS}"
    );
    places.told("STOA_SPLATS_AS_POINTS", 1, &what, "primitives")
}
