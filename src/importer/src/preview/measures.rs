//! What a material states in metres of the world, in a preview that shows things smaller or larger than they are.

use serde_json::{Value, json};

/// Where a material keeps its drawn look, and what is inside of it.
const TOON: &str = "VRMC_materials_mtoon";
const VOLUME: &str = "KHR_materials_volume";

/// The drawn look of a material, when it has one.
pub(super) fn toon_of(material: &mut Value) -> Option<&mut Value> {
    material.get_mut("extensions")?.get_mut(TOON)
}

/// Makes so many times as large what is measured in metres: outlines, and the way of light that has a volume's colour. True when
/// there is such a thing.
pub(super) fn scale(material: &mut Value, scale: f32) -> bool {
    let outline = toon_of(material)
        .filter(|toon| toon["outlineWidthMode"] == "worldCoordinates")
        .is_some_and(|toon| grow(toon, "outlineWidthFactor", scale));
    let volume = material
        .get_mut("extensions")
        .and_then(|own| own.get_mut(VOLUME));
    let volume = volume.is_some_and(|volume| grow(volume, "attenuationDistance", scale));
    outline || volume
}

/// False when the number is not stated, and its default is none or endless.
fn grow(object: &mut Value, key: &str, scale: f32) -> bool {
    let number = object.get(key).and_then(Value::as_f64);
    if let Some(number) = number {
        object[key] = json!(number * f64::from(scale));
    }
    number.is_some()
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

    #[test]
    fn the_colour_of_a_volume_stays_with_its_size() {
        let mut glass = json!({ "extensions": { VOLUME: { "attenuationDistance": 0.5 } } });
        assert!(scale(&mut glass, 4.0));
        let volume = &glass["extensions"][VOLUME];
        assert_eq!(volume["attenuationDistance"], 2.0);
        assert!(!scale(&mut json!({ "extensions": { VOLUME: {} } }), 4.0));
    }
}
