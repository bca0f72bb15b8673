//! Inputs of shaders: numbers, or pictures with how they lie on a mesh (OpenUSD, "UsdPreviewSurface specification").

use super::writer::Writer;
use crate::formats::{
    model::shown,
    usd::stage::values::{Source, Values},
};
use serde_json::{Value as Json, json};

/// Wrapping in the numbers of glTF.
const REPEAT: u32 = 10_497;
const CLAMP: u32 = 33_071;
const MIRROR: u32 = 33_648;

/// What an input of a surface is.
pub(crate) enum Input {
    /// Not told.
    Rest,
    Numbers(Vec<f64>),
    Texture(Texture),
    /// The colours of the mesh.
    Colors,
}

/// A channel of a picture, or several.
#[derive(Clone, PartialEq)]
pub(crate) struct Texture {
    /// Its name in the package, or below the folder.
    pub(crate) name: String,
    /// `r`, `g`, `b`, `a` or `rgb`.
    pub(crate) output: String,
    pub(crate) wraps: [u32; 2],
    /// What each channel is multiplied with, before `bias` is added.
    pub(crate) scale: [f64; 4],
    pub(crate) bias: [f64; 4],
    /// Number of the texture coordinates; one more than there are when the mesh does not have them.
    pub(crate) uv_set: usize,
    pub(crate) transform: Option<Json>,
}

impl Texture {
    /// Lies on the mesh as another one does.
    pub(crate) fn lies_as(&self, other: &Self) -> bool {
        let own = |own: &Self| (own.wraps, own.uv_set, own.transform.clone());
        own(self) == own(other)
    }

    /// What is read is what is in the picture, but for a factor.
    pub(crate) fn is_unbiased(&self) -> bool {
        self.bias.iter().all(|bias| *bias == 0.0)
    }

    /// Place of its first channel.
    pub(crate) fn channel(&self) -> usize {
        match self.output.as_str() {
            "g" => 1,
            "b" => 2,
            "a" => 3,
            _ => 0,
        }
    }
}

/// Texture coordinates as a texture finds them.
struct Coordinates {
    set: usize,
    transform: Option<Json>,
}

/// Reads an input of a surface. `uv_names` are the names of the mesh's texture coordinates.
pub(crate) fn input(
    writer: &mut Writer<'_, '_>,
    shader: usize,
    name: &str,
    uv_names: &[String],
) -> Result<Input, String> {
    let values = writer.values;
    let name = format!("inputs:{name}");
    let (from, output) = match values.source(shader, &name) {
        Source::Attribute(prim, name) => {
            let numbers = values.numbers(prim, &name)?;
            return Ok(
                match numbers.filter(|numbers| numbers.iter().all(|own| own.is_finite())) {
                    Some(numbers) if !numbers.is_empty() => Input::Numbers(numbers),
                    _ => Input::Rest,
                },
            );
        }
        Source::Shader(from, output) => (from, output),
    };
    match values.text(from, "info:id")?.unwrap_or_default().as_str() {
        "UsdUVTexture" => {
            let texture = texture(writer, from, output, uv_names)?;
            Ok(texture.map_or(Input::Rest, Input::Texture))
        }
        id if id.starts_with("UsdPrimvarReader_float") => {
            let name = told_text(values, from, "inputs:varname")?;
            Ok(match name.as_deref() {
                Some("displayColor" | "displayOpacity") => Input::Colors,
                _ => Input::Rest,
            })
        }
        id => {
            writer
                .model
                .note(format!("the shader `{}` is left out", shown(id)));
            Ok(Input::Rest)
        }
    }
}

fn texture(
    writer: &mut Writer<'_, '_>,
    shader: usize,
    output: String,
    uv_names: &[String],
) -> Result<Option<Texture>, String> {
    let values = writer.values;
    let asset = match values.source(shader, "inputs:file") {
        Source::Attribute(prim, name) => values.asset(prim, &name)?,
        Source::Shader(..) => None,
    };
    let Some((asset, layer)) = asset.filter(|(asset, _)| !asset.is_empty()) else {
        return Ok(None);
    };
    let Some(name) = writer.picture_name(layer, &asset) else {
        return Ok(None);
    };
    let wrap = |name: &str| -> Result<u32, String> {
        Ok(match told_text(values, shader, name)?.as_deref() {
            Some("clamp" | "black") => CLAMP,
            Some("mirror") => MIRROR,
            _ => REPEAT,
        })
    };
    let four = |name: &str, rest: f64| -> Result<[f64; 4], String> {
        let own = values.numbers(shader, name)?.unwrap_or_default();
        Ok(std::array::from_fn(|place| {
            own.get(place).copied().unwrap_or(rest)
        }))
    };
    let coordinates = coordinates(writer, shader, uv_names)?;
    Ok(Some(Texture {
        name,
        output,
        wraps: [wrap("inputs:wrapS")?, wrap("inputs:wrapT")?],
        scale: four("inputs:scale", 1.0)?,
        bias: four("inputs:bias", 0.0)?,
        uv_set: coordinates.set,
        transform: coordinates.transform,
    }))
}

/// A text that an input is told, or what it is connected to.
fn told_text(values: &Values<'_>, shader: usize, name: &str) -> Result<Option<String>, String> {
    match values.source(shader, name) {
        Source::Attribute(prim, name) => values.text(prim, &name),
        Source::Shader(..) => Ok(None),
    }
}

fn coordinates(
    writer: &mut Writer<'_, '_>,
    texture: usize,
    uv_names: &[String],
) -> Result<Coordinates, String> {
    let values = writer.values;
    let mut own = Coordinates {
        set: 0,
        transform: None,
    };
    let Source::Shader(mut from, _) = values.source(texture, "inputs:st") else {
        return Ok(own);
    };
    if values.text(from, "info:id")?.as_deref() == Some("UsdTransform2d") {
        own.transform = transform(values, from)?;
        match values.source(from, "inputs:in") {
            Source::Shader(next, _) => from = next,
            Source::Attribute(..) => return Ok(own),
        }
    }
    let name = told_text(values, from, "inputs:varname")?.unwrap_or_default();
    let set = uv_names.iter().position(|own| *own == name);
    own.set = set.unwrap_or(uv_names.len());
    Ok(own)
}

/// The same for coordinates that begin at the upper edge: v is one minus v on both sides.
fn transform(values: &Values<'_>, shader: usize) -> Result<Option<Json>, String> {
    let two = |name: &str, rest: f64| -> Result<[f64; 2], String> {
        let own = values.numbers(shader, name)?.unwrap_or_default();
        Ok(own.first_chunk().copied().unwrap_or([rest; 2]))
    };
    let angle = values
        .number(shader, "inputs:rotation")?
        .unwrap_or(0.0)
        .to_radians();
    let (scale, moved) = (two("inputs:scale", 1.0)?, two("inputs:translation", 0.0)?);
    let (sin, cos) = angle.sin_cos();
    let offset = [moved[0] - sin * scale[1], 1.0 - cos * scale[1] - moved[1]];
    let all = [offset, scale, [angle, 0.0]];
    let is_finite = all
        .as_flattened()
        .iter()
        .all(|own| (*own as f32).is_finite());
    let is_told = angle != 0.0 || scale != [1.0; 2] || moved != [0.0; 2];
    Ok((is_finite && is_told).then(|| {
        json!({
            "offset": offset.map(|own| own as f32),
            "rotation": angle as f32,
            "scale": scale.map(|own| own as f32),
        })
    }))
}
