//! Cameras and lights.

use crate::{
    description::scene::{Camera, Light, LightKind},
    error::{Issue, Issues, SceneError},
    limits::MAX_ELEMENTS,
    source::json::Item,
};
use glam::Vec3;

pub(crate) fn read_cameras(root: &Item<'_>) -> Result<Vec<Camera>, SceneError> {
    let Some(list) = root.get("cameras") else {
        return Ok(Vec::new());
    };
    let read = |item: Item<'_>| {
        if let Some(perspective) = item.get("perspective") {
            let optional = |key: &str| perspective.get(key).map(|value| value.number()).transpose();
            let positive = |key: &str| {
                let item = perspective.require(key)?;
                let number = item.number()?;
                if number > 0.0 {
                    Ok(number)
                } else {
                    Err(item.fault("must be above zero"))
                }
            };
            return Ok(Camera::Perspective {
                vertical_radians: positive("yfov")?,
                aspect: optional("aspectRatio")?,
                near: positive("znear")?,
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

/// Lights in the order of the file, and which of them are of a kind that is read; others are dark.
pub(crate) fn read_lights(
    root: &Item<'_>,
    issues: &mut Issues,
) -> Result<(Vec<Light>, Vec<bool>), SceneError> {
    let Some(extension) = root.extension("KHR_lights_punctual") else {
        return Ok(Default::default());
    };
    let list = extension.require("lights")?;
    let read = |item: Item<'_>| -> Result<(Light, bool), SceneError> {
        let mut is_read = true;
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
                if outer < inner {
                    return Err(item.fault("its inner cone is wider than its outer one"));
                }
                // As Blender writes a light with a hard edge.
                if inner >= outer {
                    issues.push(Issue::warning(
                        "STOA_LIGHT_CONE",
                        item.pointer(),
                        "its inner cone is as wide as its outer one: it has a hard edge",
                    ));
                }
                let outer = outer.clamp(0.0, std::f32::consts::FRAC_PI_2);
                LightKind::Spot {
                    inner_radians: inner.clamp(0.0, outer),
                    outer_radians: outer,
                }
            }
            other => {
                issues.push(Issue::warning(
                    "STOA_LIGHT_KIND",
                    kind_item.pointer(),
                    format!("`{other}` is not a kind of light that is read: it stays dark"),
                ));
                is_read = false;
                LightKind::Point
            }
        };
        let intensity = item.number_or("intensity", 1.0)?.max(0.0);
        let light = Light {
            color: Vec3::from(item.numbers_or("color", [1.0; 3])?),
            intensity: if is_read { intensity } else { 0.0 },
            range: item
                .get("range")
                .map(|range| range.number())
                .transpose()?
                .filter(|range| *range > 0.0),
            kind,
        };
        Ok((light, is_read))
    };
    list.elements(MAX_ELEMENTS)?.map(read).collect()
}
