//! OMI_environment_sky.

use crate::{
    description::{
        scene::TextureIndex,
        sky::{EnvironmentSky, EnvironmentSkyKind},
    },
    error::{Issue, Issues, SceneError},
    limits::MAX_ELEMENTS,
    source::json::Item,
};
use glam::Vec3;

const NAME: &str = "OMI_environment_sky";

/// The sky that a scene names; a file with skies whose scene names none has its first.
pub(crate) fn read_sky(
    root: &Item<'_>,
    textures: usize,
    issues: &mut Issues,
) -> Result<Option<EnvironmentSky>, SceneError> {
    let Some(list) = root
        .extension(NAME)
        .and_then(|extension| extension.get("skies"))
    else {
        return Ok(None);
    };
    let count = list.elements(MAX_ELEMENTS)?.count();
    let chosen = root.get("scene").map_or(Ok(0), |scene| scene.size())?;
    let scene = root
        .get("scenes")
        .and_then(|scenes| scenes.element(usize::try_from(chosen).unwrap_or(usize::MAX)));
    let named = scene.and_then(|scene| scene.extension(NAME));
    let index = match named {
        Some(named) => named.index_of("sky", count, "sky")?,
        None => None,
    };
    let Some(item) = list.element(index.unwrap_or(0) as usize) else {
        return Ok(None);
    };
    let kind_item = item.require("type")?;
    let kind = kind_item.text()?;
    let detail = item.get(kind);
    let kind = match kind {
        "gradient" => read_gradient(detail)?,
        "physical" => read_physical(detail)?,
        "plain" => EnvironmentSkyKind::Plain(color(detail, "color", [0.0; 3])?),
        "panorama" => match read_panorama(detail, textures)? {
            Some(panorama) => panorama,
            None => return Err(item.fault("a panorama needs `cubemap` or `equirectangular`")),
        },
        other => {
            issues.push(Issue::warning(
                "STOA_SKY_TYPE",
                kind_item.pointer(),
                format!("`{other}` is not a kind of sky that is read: the usual sky is drawn"),
            ));
            return Ok(None);
        }
    };
    Ok(Some(EnvironmentSky {
        kind,
        ambient_light_color: color(Some(item), "ambientLightColor", [1.0; 3])?,
        ambient_sky_contribution: item
            .number_or("ambientSkyContribution", 1.0)?
            .clamp(0.0, 1.0),
    }))
}

/// A colour that is not negative.
fn color(item: Option<Item<'_>>, key: &str, default: [f32; 3]) -> Result<Vec3, SceneError> {
    let color = item.map_or(Ok(default), |item| item.numbers_or(key, default))?;
    Ok(Vec3::from(color).clamp(Vec3::ZERO, Vec3::splat(1_000.0)))
}

fn number(
    item: Option<Item<'_>>,
    key: &str,
    default: f32,
    low: f32,
    high: f32,
) -> Result<f32, SceneError> {
    let number = item.map_or(Ok(default), |item| item.number_or(key, default))?;
    Ok(number.clamp(low, high))
}

fn read_gradient(item: Option<Item<'_>>) -> Result<EnvironmentSkyKind, SceneError> {
    Ok(EnvironmentSkyKind::Gradient {
        top: color(item, "topColor", [0.3, 0.5, 1.0])?,
        horizon: color(item, "horizonColor", [0.8, 0.8, 0.9])?,
        bottom: color(item, "bottomColor", [0.3, 0.3, 0.3])?,
        top_curve: number(item, "topCurve", 0.2, 0.001, 100.0)?,
        bottom_curve: number(item, "bottomCurve", 0.2, 0.001, 100.0)?,
        sun_angle: number(item, "sunAngleMax", 0.5, 0.0, std::f32::consts::PI)?,
        sun_curve: number(item, "sunCurve", 0.15, 0.001, 100.0)?,
    })
}

fn read_physical(item: Option<Item<'_>>) -> Result<EnvironmentSkyKind, SceneError> {
    Ok(EnvironmentSkyKind::Physical {
        ground: color(item, "groundColor", [0.3, 0.2, 0.1])?,
        mie_anisotropy: number(item, "mieAnisotropy", 0.8, -0.99, 0.99)?,
        mie_coefficient: number(item, "mieCoefficient", 2.0e-5, 0.0, 1.0)?,
        mie_color: color(item, "mieColor", [1.0; 3])?,
        rayleigh_coefficient: number(item, "rayleighCoefficient", 3.0e-5, 0.0, 1.0)?,
        rayleigh_color: color(item, "rayleighColor", [0.3, 0.5, 1.0])?,
    })
}

fn read_panorama(
    item: Option<Item<'_>>,
    textures: usize,
) -> Result<Option<EnvironmentSkyKind>, SceneError> {
    let Some(item) = item else { return Ok(None) };
    if let Some(list) = item.get("cubemap") {
        let sides = list
            .elements(6)?
            .map(|side| side.index(textures, "texture").map(TextureIndex))
            .collect::<Result<Vec<_>, _>>()?;
        let sides = <[TextureIndex; 6]>::try_from(sides)
            .map_err(|_fewer| list.fault("a cubemap has six sides"))?;
        return Ok(Some(EnvironmentSkyKind::Cubemap(sides)));
    }
    let picture = item.index_of("equirectangular", textures, "texture")?;
    Ok(picture.map(|index| EnvironmentSkyKind::Panorama(TextureIndex(index))))
}
