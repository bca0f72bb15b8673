//! Outlines around what a preview shows smaller or larger than it is.

use serde_json::{Value, json};

/// Where a material keeps its drawn look.
const TOON: &str = "VRMC_materials_mtoon";

/// The drawn look of a material, when it has one.
pub(super) fn toon_of(material: &mut Value) -> Option<&mut Value> {
    material.get_mut("extensions")?.get_mut(TOON)
}

/// Widens an outline that is measured in metres so many times as what it is around; true when there is one.
pub(super) fn scale(material: &mut Value, scale: f32) -> bool {
    let Some(toon) =
        toon_of(material).filter(|toon| toon["outlineWidthMode"] == "worldCoordinates")
    else {
        return false;
    };
    let width = toon["outlineWidthFactor"].as_f64().unwrap_or(0.0);
    toon["outlineWidthFactor"] = json!(width * f64::from(scale));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_in_metres_grow_with_what_they_are_around_and_those_on_the_screen_do_not() {
        let outlined = |mode: &str| {
            let toon = json!({ "outlineWidthMode": mode, "outlineWidthFactor": 0.5 });
            let mut material = json!({ "extensions": { TOON: toon } });
            let is_scaled = scale(&mut material, 4.0);
            let width = toon_of(&mut material).unwrap()["outlineWidthFactor"].as_f64();
            (is_scaled, width.unwrap())
        };
        assert_eq!(outlined("worldCoordinates"), (true, 2.0));
        assert_eq!(outlined("screenCoordinates"), (false, 0.5));
        assert_eq!(outlined("none"), (false, 0.5));
        assert!(!scale(&mut json!({}), 4.0));
    }
}
