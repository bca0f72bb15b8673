//! What of an avatar comes to nothing, and which rules of VRM 1.0 it breaks with which it is worn all the same. That VRM says
//! "must" makes these warnings and no more: other programs may refuse the file.

use super::Places;
use crate::{
    description::{
        avatar::{Avatar, REQUIRED_BONES},
        scene::{NodeIndex, Scene},
    },
    error::Issue,
    limits::{MAX_ELEMENTS, MAX_SPRING_CONTACTS, MAX_SPRING_JOINTS},
    reader::humanoid::{BONES, is_below},
    source::json::Item,
};

/// The one address that VRM 1.0 accepts (meta.md of the specification).
const LICENSE_URL: &str = "https://vrm.dev/licenses/1.0/";

/// What is to be told of an avatar beside what is told of its scene.
pub(in crate::check) fn of_avatar(root: &Item<'_>, avatar: &Avatar) -> Vec<Issue> {
    let mut found = vec![stiff_springs(root, avatar), not_shared(root, avatar)];
    // Avatars of VRM 0.x have rules of their own.
    if let Some(vrm) = root.extension("VRMC_vrm") {
        found.extend([
            bones_without_parents(&vrm, avatar),
            other_license(&vrm, avatar),
            oblong_thumbnail(&vrm, avatar),
            cut_springs(root, &avatar.scene),
        ]);
    }
    found.into_iter().flatten().collect()
}

/// Bones that VRM allows only with the one above them: the upper chest, and fingers beyond their first joint.
fn bones_without_parents(vrm: &Item<'_>, avatar: &Avatar) -> Option<Issue> {
    let list = vrm.get("humanoid")?.get("humanBones")?;
    let mut places = Places::default();
    let mut first = String::new();
    for (name, parents) in BONES {
        let [parent] = parents else { continue };
        let is_optional = !REQUIRED_BONES.contains(parent);
        if is_optional && avatar.bones.contains_key(*name) && !avatar.bones.contains_key(*parent) {
            places.add(|| format!("{}/{name}", list.pointer()));
            if first.is_empty() {
                first = format!("VRM allows this bone only together with `{parent}`");
            }
        }
    }
    places.told("STOA_VRM_BONE_PARENT", 1, &first, "bones")
}

fn other_license(vrm: &Item<'_>, avatar: &Avatar) -> Option<Issue> {
    let given = avatar.meta.license_url.trim_end_matches('/');
    let mut places = Places::default();
    if given != LICENSE_URL.trim_end_matches('/') {
        places.add(|| format!("{}/meta/licenseUrl", vrm.pointer()));
    }
    let what =
        format!("VRM 1.0 knows one licence, {LICENSE_URL}, which the other settings complete");
    places.told("STOA_VRM_LICENSE", 1, &what, "")
}

fn oblong_thumbnail(vrm: &Item<'_>, avatar: &Avatar) -> Option<Issue> {
    let image = avatar.scene.images.get(avatar.meta.thumbnail? as usize)?;
    let mut places = Places::default();
    if image.width != image.height {
        places.add(|| format!("{}/meta/thumbnailImage", vrm.pointer()));
    }
    let what = format!(
        "the picture has {} by {} pixels, and VRM wants a square one",
        image.width, image.height
    );
    places.told("STOA_VRM_THUMBNAIL", 1, &what, "")
}

/// Chains that end before their last joint, since a joint is not below the one before it.
fn cut_springs(root: &Item<'_>, scene: &Scene) -> Option<Issue> {
    let springs = root.extension("VRMC_springBone")?.get("springs")?;
    let mut places = Places::default();
    for spring in springs.elements(MAX_ELEMENTS).ok()? {
        let joints = spring.get("joints");
        let joints = joints.and_then(|joints| joints.elements(MAX_ELEMENTS).ok());
        let mut above = None;
        for joint in joints.into_iter().flatten() {
            let node = joint.index_of("node", scene.nodes.len(), "node");
            let node = NodeIndex(node.ok().flatten()?);
            if above.is_some_and(|above| !is_below(scene, node, above)) {
                places.add(|| joint.pointer());
                break;
            }
            above = Some(node);
        }
    }
    let what = "its node is not below that of the joint before it: the chain ends there";
    places.told("STOA_VRM_SPRING_CUT", 1, what, "chains")
}

/// Chains for which there is no room: they hang stiff.
fn stiff_springs(root: &Item<'_>, avatar: &Avatar) -> Option<Issue> {
    let chains = avatar.springs.chains.iter();
    let joints = chains
        .clone()
        .map(|chain| chain.joints.len())
        .sum::<usize>();
    let contacts = chains.map(|chain| chain.joints.len().saturating_mul(chain.colliders.len()));
    let contacts = contacts.fold(0, usize::saturating_add);
    let mut places = Places::default();
    if joints > MAX_SPRING_JOINTS || contacts > MAX_SPRING_CONTACTS {
        let names = ["VRMC_springBone", "VRM"];
        let extension = names.into_iter().find_map(|name| root.extension(name));
        places.add(|| extension.map(|own| own.pointer()).unwrap_or_default());
    }
    let what = format!(
        "{joints} joints and {contacts} pairs of joint and collider would swing: chains beyond {MAX_SPRING_JOINTS} and \
        {MAX_SPRING_CONTACTS} stay stiff"
    );
    places.told("STOA_VRM_SPRING_STIFF", 1, &what, "")
}

/// An avatar that its wearer alone sees.
fn not_shared(root: &Item<'_>, avatar: &Avatar) -> Option<Issue> {
    let mut places = Places::default();
    if !avatar.meta.may_be_shared() {
        let names = ["VRMC_vrm", "VRM"];
        let meta = names
            .into_iter()
            .find_map(|name| root.extension(name)?.get("meta"));
        places.add(|| meta.map(|meta| meta.pointer()).unwrap_or_default());
    }
    let what = "neither may everybody wear it, nor may it be passed on: others see a default avatar in its place, but where the host takes the wearer's word";
    places.told("STOA_VRM_NOT_SHARED", 1, what, "")
}
