//! KHR_materials_variants and MSFT_lod: other looks of the same thing.

use crate::{
    description::scene::{Levels, MaterialIndex, NodeIndex},
    error::SceneError,
    limits::{MAX_ELEMENTS, MAX_LEVELS, MAX_VARIANTS},
    source::json::Item,
};

const VARIANTS: &str = "KHR_materials_variants";

/// Names of the variants of a file.
pub(crate) fn read_variants(root: &Item<'_>) -> Result<Vec<String>, SceneError> {
    let list = root
        .extension(VARIANTS)
        .and_then(|extension| extension.get("variants"));
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let variants = list.elements(MAX_VARIANTS)?;
    Ok(variants.map(|variant| variant.name()).collect())
}

/// Material of a primitive in each variant that gives it another.
pub(crate) fn read_variant_materials(
    item: &Item<'_>,
    variants: usize,
    materials: usize,
) -> Result<Vec<(u32, MaterialIndex)>, SceneError> {
    let list = item
        .extension(VARIANTS)
        .and_then(|extension| extension.get("mappings"));
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let mut chosen: Vec<(u32, MaterialIndex)> = Vec::new();
    let mut is_chosen = vec![false; variants];
    for mapping in list.elements(MAX_VARIANTS)? {
        let material = mapping.require("material")?.index(materials, "material")?;
        for variant in mapping.require("variants")?.elements(MAX_VARIANTS)? {
            let variant = variant.index(variants, "variant")?;
            // A variant twice on one primitive is a fault of the file; the first counts.
            if !std::mem::replace(&mut is_chosen[variant as usize], true) {
                chosen.push((variant, MaterialIndex(material)));
            }
        }
    }
    Ok(chosen)
}

/// Coarser stand-ins of a node, and the shares of the screen's height below which they stand in.
pub(crate) fn read_levels(item: &Item<'_>, nodes: usize) -> Result<Levels, SceneError> {
    let mut levels = Levels::default();
    let ids = item
        .extension("MSFT_lod")
        .and_then(|extension| extension.get("ids"));
    let Some(ids) = ids else { return Ok(levels) };
    for id in ids.elements(MAX_LEVELS)? {
        levels.nodes.push(NodeIndex(id.index(nodes, "node")?));
    }
    let coverage = item
        .get("extras")
        .and_then(|extras| extras.get("MSFT_screencoverage"));
    if let Some(list) = coverage {
        for share in list.elements(MAX_ELEMENTS)?.take(MAX_LEVELS + 1) {
            levels.coverage.push(share.number()?.clamp(0.0, 1.0));
        }
    }
    Ok(levels)
}
