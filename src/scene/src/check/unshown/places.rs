//! Parts of a file that are nowhere to be seen, and what a placed thing leaves behind.

use super::Places;
use crate::{description::scene::Scene, error::Issue, source::json::Item};

/// Scenes beside the one that is shown, where they hold something that it does not.
pub(super) fn other_scenes(root: &Item<'_>, scene: &Scene) -> Option<Issue> {
    let list = root.get("scenes")?;
    let mut is_root = vec![false; scene.nodes.len()];
    for node in &scene.roots {
        is_root[node.index()] = true;
    }
    let chosen = root.get("scene").map_or(Some(0), |scene| scene.size().ok());
    let mut places = Places::default();
    for (index, item) in (0..list.count()).filter_map(|index| Some((index, list.element(index)?))) {
        let nodes = item.get("nodes");
        let is_elsewhere = nodes.is_some_and(|nodes| {
            let mut nodes = (0..nodes.count()).filter_map(|number| nodes.element(number));
            nodes.any(|node| {
                let node = node.size().ok().and_then(|node| usize::try_from(node).ok());
                node.is_some_and(|node| is_root.get(node) == Some(&false))
            })
        });
        if chosen != Some(index as u64) && is_elsewhere {
            places.add(|| item.pointer());
        }
    }
    let what = "is not shown: of a file there is the default scene alone, or the first";
    places.told("STOA_SCENE_NOT_SHOWN", 2, what, "scenes")
}

/// Cameras of the file.
pub(super) fn cameras(scene: &Scene) -> Option<Issue> {
    let mut places = Places::default();
    for index in 0..scene.cameras.len() {
        places.add(|| format!("/cameras/{index}"));
    }
    let what = "is not looked through: everybody has a view of their own";
    places.told("STOA_CAMERA_NOT_USED", 2, what, "cameras")
}

/// What moves, sounds or shines in a world, and does not in a thing that stands in one.
pub(super) fn left_behind_by_things(scene: &Scene) -> Option<Issue> {
    let any = |is_there: fn(&crate::Node) -> bool| scene.nodes.iter().any(is_there);
    let kinds = [
        ("animations", !scene.animations.is_empty()),
        ("lights", any(|node| node.light.is_some())),
        ("sounds", any(|node| !node.emitters.is_empty())),
        ("portals", any(|node| node.portal.is_some())),
        ("seats", any(|node| node.seat.is_some())),
        ("spawn points", any(|node| node.spawn_point.is_some())),
    ];
    let there = kinds.iter().filter(|(_, is_there)| *is_there);
    let there: Vec<&str> = there.map(|(kind, _)| *kind).collect();
    let mut places = Places::default();
    if !there.is_empty() {
        places.add(String::new);
    }
    let what = format!("as a thing it is without its {}", there.join(", "));
    places.told("STOA_THING_WITHOUT", 2, &what, "")
}
