//! Which material a prim shows (OpenUSD, `UsdShadeMaterialBindingAPI`), and which faces of a mesh show another one.

use super::primvar::whole;
use crate::formats::usd::stage::values::Values;
use std::collections::BTreeSet;

/// Relationships that bind a material: the one for previews before the one for everything.
const RELATIONSHIPS: [&str; 3] = [
    "material:binding:preview",
    "material:binding",
    "material:binding:full",
];

/// The material of a prim: the nearest binding, or the outermost of those that say that they are stronger.
pub(crate) fn material(values: &Values<'_>, prim: usize) -> Option<usize> {
    let mut found = None;
    for own in values.with_all_above(prim) {
        for name in RELATIONSHIPS {
            let Some((_, _, property)) = values.told(own, name).next() else {
                continue;
            };
            if found.is_none() || property.is_stronger {
                found = values.target(own, name).or(found);
            }
            break;
        }
    }
    found.filter(|place| values.stage.prims[*place].type_name == "Material")
}

/// A group of faces and the material that they show.
pub(crate) struct Part {
    pub(crate) faces: Vec<usize>,
    pub(crate) material: Option<usize>,
}

/// The faces of a mesh by their materials: those of its subsets, and what is left. A face in two subsets is in the first.
pub(crate) fn parts(
    values: &Values<'_>,
    mesh: usize,
    face_count: usize,
) -> Result<Vec<Part>, String> {
    let own = material(values, mesh);
    let mut taken = BTreeSet::new();
    let mut parts = Vec::new();
    for child in &values.stage.prims[mesh].children {
        let is_subset = values.stage.prims[*child].type_name == "GeomSubset";
        let has_material = || {
            RELATIONSHIPS
                .iter()
                .any(|name| values.told(*child, name).next().is_some())
        };
        let kind = values.text(*child, "elementType")?;
        if !is_subset || kind.is_some_and(|kind| kind != "face") || !has_material() {
            continue;
        }
        let faces = values.numbers(*child, "indices")?.unwrap_or_default();
        let faces = faces.into_iter().filter_map(whole);
        let faces = faces.filter(|face| *face < face_count && taken.insert(*face));
        parts.push(Part {
            faces: faces.collect(),
            material: material(values, *child),
        });
    }
    let rest: Vec<usize> = match taken.is_empty() {
        true => (0..face_count).collect(),
        false => (0..face_count)
            .filter(|face| !taken.contains(face))
            .collect(),
    };
    if !rest.is_empty() {
        parts.insert(
            0,
            Part {
                faces: rest,
                material: own,
            },
        );
    }
    Ok(parts)
}
