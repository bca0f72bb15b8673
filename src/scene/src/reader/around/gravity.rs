//! OMI_physics_gravity: gravity of the world, and volumes that have their own.

use crate::{
    description::physics::{GravityField, GravityKind},
    error::SceneError,
    limits::{MAX_ELEMENTS, MAX_GRAVITY},
    source::json::Item,
};
use glam::Vec3;

const NAME: &str = "OMI_physics_gravity";

/// Gravity of the whole world, metres a second squared, when the file states it.
pub(crate) fn read_world_gravity(root: &Item<'_>) -> Result<Option<Vec3>, SceneError> {
    let Some(extension) = root.extension(NAME) else {
        return Ok(None);
    };
    let Some(strength) = extension.get("gravity") else {
        return Ok(None);
    };
    let strength = strength.number()?.clamp(-MAX_GRAVITY, MAX_GRAVITY);
    Ok(Some(direction(&extension)? * strength))
}

/// The field of a node whose trigger says where it reaches.
pub(crate) fn read_gravity_field(
    item: &Item<'_>,
    shapes: usize,
) -> Result<Option<GravityField>, SceneError> {
    let Some(extension) = item.extension(NAME) else {
        return Ok(None);
    };
    let kind_item = extension.require("type")?;
    let name = kind_item.text()?;
    let detail = extension.get(name);
    let positive = |key: &str, default: f32| -> Result<f32, SceneError> {
        let number = detail.map_or(Ok(default), |detail| detail.number_or(key, default))?;
        Ok(number.max(0.0))
    };
    let kind = match name {
        "directional" => {
            GravityKind::Directional(detail.map_or(Ok(Vec3::NEG_Y), |detail| direction(&detail))?)
        }
        "point" => GravityKind::Point,
        "disc" => GravityKind::Disc(positive("radius", 1.0)?),
        "torus" => GravityKind::Torus(positive("radius", 1.0)?),
        "line" => GravityKind::Line(read_points(&extension, detail)?),
        "shaped" => {
            let detail = detail.ok_or_else(|| extension.fault("`shaped` is missing"))?;
            GravityKind::Shaped(detail.require("shape")?.index(shapes, "shape")?)
        }
        other => return Err(kind_item.fault(format!("`{other}` is not a kind of gravity"))),
    };
    let strength = extension.require("gravity")?.number()?;
    Ok(Some(GravityField {
        kind,
        strength: strength.clamp(-MAX_GRAVITY, MAX_GRAVITY),
        unit_distance: positive("unitDistance", 0.0)?,
        priority: extension
            .get("priority")
            .map_or(Ok(0.0), |one| one.number())? as i32,
        is_replacing: extension.flag_or("replace", false)?,
        is_last: extension.flag_or("stop", false)?,
    }))
}

fn direction(item: &Item<'_>) -> Result<Vec3, SceneError> {
    let direction = item.numbers_or("direction", [0.0, -1.0, 0.0])?;
    Ok(Vec3::from(direction).normalize_or(Vec3::NEG_Y))
}

fn read_points(extension: &Item<'_>, detail: Option<Item<'_>>) -> Result<Vec<Vec3>, SceneError> {
    let list = detail
        .and_then(|detail| detail.get("points"))
        .ok_or_else(|| extension.fault("a line needs `points`"))?;
    let numbers = list
        .elements(MAX_ELEMENTS)?
        .map(|number| number.number())
        .collect::<Result<Vec<f32>, _>>()?;
    let points: Vec<Vec3> = numbers
        .chunks_exact(3)
        .map(|point| Vec3::new(point[0], point[1], point[2]))
        .collect();
    if points.len() < 2 || numbers.len() % 3 != 0 {
        return Err(list.fault("a line needs two points or more, three numbers each"));
    }
    Ok(points)
}
