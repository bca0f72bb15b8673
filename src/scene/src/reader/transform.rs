//! Transforms of nodes and of instances.

use crate::{
    description::scene::Transform,
    error::{Issue, Issues, SceneError},
    limits::MAX_COORDINATE_METRES,
    source::{accessor::Accessors, json::Item},
};
use glam::{DMat3, DVec3, Mat4, Quat, Vec3, Vec4};

/// How far the length of a rotation may be from one before it is worth telling.
const UNIT_TOLERANCE: f32 = 0.007_69;

pub(super) fn read_transform(
    item: &Item<'_>,
    issues: &mut Issues,
) -> Result<Transform, SceneError> {
    if let Some(matrix) = item.get("matrix") {
        let parts = ["translation", "rotation", "scale"];
        if parts.iter().any(|part| item.get(part).is_some()) {
            return Err(
                matrix.fault("a node has either a matrix or translation, rotation and scale")
            );
        }
        let columns = matrix.numbers::<16>()?;
        if !is_decomposable(&columns.map(f64::from)) {
            return Err(matrix.fault("has shear or no size: apply the transform before export"));
        }
        return Ok(Transform::from_matrix(&Mat4::from_cols_array(&columns)));
    }
    let translation = Vec3::from(item.numbers_or("translation", [0.0; 3])?);
    if translation.abs().max_element() > MAX_COORDINATE_METRES {
        return Err(item.over_limit(format!(
            "lies more than {MAX_COORDINATE_METRES} m from its parent"
        )));
    }
    let rotation = Quat::from_array(item.numbers_or("rotation", [0.0, 0.0, 0.0, 1.0])?);
    let length = rotation.length();
    if !(1.0e-3..1.0e3).contains(&length) {
        return Err(item.fault(format!(
            "its rotation has length {length}, but must be a unit quaternion"
        )));
    }
    if (length - 1.0).abs() > UNIT_TOLERANCE {
        issues.push(Issue::warning(
            "STOA_ROTATION_NOT_UNIT",
            format!("{}/rotation", item.pointer()),
            "its length is not one: it was made so",
        ));
    }
    let scale = Vec3::from(item.numbers_or("scale", [1.0; 3])?);
    if scale.min_element() == 0.0 || scale.max_element() == 0.0 {
        issues.push(Issue::warning(
            "STOA_SCALE_ZERO",
            format!("{}/scale", item.pointer()),
            "flattens what is below: of it only meshes of triangles are solid",
        ));
    }
    Ok(Transform {
        translation,
        rotation: rotation.normalize(),
        scale,
    })
}

/// True when an affine matrix has no shear and does not flatten space: its columns are at right angles.
pub(crate) fn is_decomposable(values: &[f64; 16]) -> bool {
    let column = |at: usize| DVec3::new(values[4 * at], values[4 * at + 1], values[4 * at + 2]);
    let [x, y, z] = [column(0), column(1), column(2)];
    let bottom = [values[3], values[7], values[11], values[15]];
    if bottom != [0.0, 0.0, 0.0, 1.0] || DMat3::from_cols(x, y, z).determinant() == 0.0 {
        return false;
    }
    let [x, y, z] = [
        x.normalize_or_zero(),
        y.normalize_or_zero(),
        z.normalize_or_zero(),
    ];
    [x.dot(y), y.dot(z), z.dot(x)]
        .iter()
        .all(|cosine| cosine.abs() < 0.000_5)
}

/// EXT_mesh_gpu_instancing.
pub(super) fn read_instances(
    item: &Item<'_>,
    accessors: &Accessors<'_>,
) -> Result<Vec<Transform>, SceneError> {
    let Some(extension) = item.extension("EXT_mesh_gpu_instancing") else {
        return Ok(Vec::new());
    };
    let attributes = extension.require("attributes")?;
    let translations = attributes
        .get("TRANSLATION")
        .map_or(Ok(Vec::new()), |reference| accessors.vec3(&reference))?;
    let rotations = attributes
        .get("ROTATION")
        .map_or(Ok(Vec::new()), |reference| accessors.vec4(&reference))?;
    let scales = attributes
        .get("SCALE")
        .map_or(Ok(Vec::new()), |reference| accessors.vec3(&reference))?;
    let count = translations.len().max(rotations.len()).max(scales.len());
    if [translations.len(), rotations.len(), scales.len()]
        .iter()
        .any(|length| *length != 0 && *length != count)
    {
        return Err(attributes.fault("the instance attributes have different lengths"));
    }
    accessors.budget.charge_for::<Transform>(item, count)?;
    let instance = |index: usize| Transform {
        translation: translations.get(index).copied().unwrap_or_default(),
        rotation: rotations.get(index).map_or(Quat::IDENTITY, |value| {
            Quat::from_vec4(value.normalize_or(Vec4::W))
        }),
        scale: scales.get(index).copied().unwrap_or(Vec3::ONE),
    };
    Ok((0..count).map(instance).collect())
}
