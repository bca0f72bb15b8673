//! KHR_gaussian_splatting: points that are the middles of soft ellipsoids. Higher harmonics, which change the colour with
//! the direction of view, are passed over.

use crate::{
    description::scene::{Primitive, Splat, Topology},
    error::SceneError,
    reader::linear_from_srgb,
    source::{accessor::Accessors, json::Item},
};
use glam::{Quat, Vec3, Vec4};

pub(crate) const SPLATS: &str = "KHR_gaussian_splatting";
/// Colour a unit of the harmonic of degree 0, as the extension states it.
const DEGREE_0: f32 = 0.282_094_8;
/// Largest standard deviation that is believed, in the node's units.
const MAX_DEVIATION: f32 = 1_000.0;

/// Ellipsoids of the points of a primitive, and their colours where the file has no plain ones. Beyond
/// [`MAX_SPLATS`](crate::limits::MAX_SPLATS) points remain, in their colours.
pub(crate) fn read_splats(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
    primitive: &mut Primitive,
) -> Result<(), SceneError> {
    let Some(extension) = item.extension(SPLATS) else {
        return Ok(());
    };
    let attributes = item.require("attributes")?;
    let attribute = |name: &str| attributes.get(&format!("{SPLATS}:{name}"));
    let (Some(scales), Some(rotations)) = (attribute("SCALE"), attribute("ROTATION")) else {
        return Ok(());
    };
    if primitive.topology != Topology::Points {
        return Err(item.fault("splats are points, and this primitive is drawn in another mode"));
    }
    let count = primitive.positions.len();
    accessors.budget.charge_for::<(Splat, Vec4)>(item, count)?;
    let scales = accessors.vec3(&scales)?;
    let rotations = accessors.vec4(&rotations)?;
    let opacities =
        attribute("OPACITY").map_or(Ok(vec![1.0; count]), |item| accessors.scalars(&item))?;
    let harmonics = attribute("SH_DEGREE_0_COEF_0")
        .map_or(Ok(vec![Vec3::ZERO; count]), |item| accessors.vec3(&item))?;
    let lengths = [
        scales.len(),
        rotations.len(),
        opacities.len(),
        harmonics.len(),
    ];
    if lengths.iter().any(|length| *length != count) {
        return Err(attributes.fault(format!(
            "attributes of splats have {lengths:?} elements, but POSITION has {count}"
        )));
    }
    let splats = scales
        .iter()
        .zip(&rotations)
        .map(|(scale, rotation)| Splat {
            deviation: scale.abs().min(Vec3::splat(MAX_DEVIATION)),
            rotation: Quat::from_vec4(rotation.normalize_or(Vec4::W)),
        });
    if accessors.budget.takes_splats(count) {
        primitive.splats = splats.collect();
    }
    if primitive.colors.is_empty() {
        let is_linear = extension
            .get("colorSpace")
            .and_then(|space| space.as_text())
            == Some("lin_rec709_display");
        let colors = harmonics.iter().zip(&opacities).map(|(harmonic, opacity)| {
            let color = (*harmonic * DEGREE_0 + 0.5).clamp(Vec3::ZERO, Vec3::ONE);
            let linear = |channel| {
                if is_linear {
                    channel
                } else {
                    linear_from_srgb(channel)
                }
            };
            color.map(linear).extend(opacity.clamp(0.0, 1.0))
        });
        primitive.colors = colors.collect();
    }
    Ok(())
}
