//! Materials as metal and roughness: `UsdPreviewSurface` means nearly what glTF does (OpenUSD, "UsdPreviewSurface specification").

use super::{
    shader::{Input, Texture, input},
    writer::Writer,
};
use crate::formats::{
    channels::{combine, with_alpha},
    model::{bare, shown},
    usd::stage::values::Source,
};
use serde_json::{Value as Json, json};

/// What a surface is like that says nothing of it.
const REST_COLOR: f64 = 0.18;
const REST_ROUGHNESS: f64 = 0.5;
const REST_COAT_ROUGHNESS: f64 = 0.01;
const REST_IOR: f64 = 1.5;

/// What of a mesh a material depends on.
pub(crate) struct Dress<'a> {
    pub(crate) uv_names: &'a [String],
    pub(crate) is_double_sided: bool,
    pub(crate) has_colors: bool,
}

/// A material that is written.
#[derive(Clone, Copy)]
pub(crate) struct Painted {
    /// Its place among those of glTF.
    pub(crate) place: usize,
    pub(crate) shows_colors: bool,
}

/// Writes what a mesh shows.
///
/// # Errors
/// One line when a layer is damaged there.
pub(crate) fn write(
    writer: &mut Writer<'_, '_>,
    material: Option<usize>,
    dress: &Dress<'_>,
) -> Result<Painted, String> {
    let surface = match material {
        Some(material) => surface(writer, material)?,
        None => None,
    };
    let (mut json, shows_colors) = match surface {
        Some(surface) => Surface::read(writer, surface, dress)?.write(writer),
        None => (bare(dress.has_colors), true),
    };
    if let Some(material) = material {
        json["name"] = writer.values.stage.prims[material].name.as_str().into();
    }
    if dress.is_double_sided {
        json["doubleSided"] = true.into();
    }
    Ok(Painted {
        place: writer.material_place(json),
        shows_colors,
    })
}

/// The shader of a material, when it is one that is understood.
fn surface(writer: &mut Writer<'_, '_>, material: usize) -> Result<Option<usize>, String> {
    let values = writer.values;
    let name = shown(&values.stage.prims[material].name);
    let Source::Shader(shader, _) = values.source(material, "outputs:surface") else {
        writer.model.note(format!(
            "the material `{name}` has no UsdPreviewSurface: what has it stays grey"
        ));
        return Ok(None);
    };
    let id = values.text(shader, "info:id")?.unwrap_or_default();
    if id != "UsdPreviewSurface" {
        writer.model.note(format!(
            "the material `{name}` is a `{}`, no UsdPreviewSurface: what has it stays grey",
            shown(&id)
        ));
        return Ok(None);
    }
    Ok(Some(shader))
}

/// All inputs of a surface.
struct Surface {
    diffuse: Input,
    emissive: Input,
    metallic: Input,
    roughness: Input,
    opacity: Input,
    normal: Input,
    occlusion: Input,
    coat: Input,
    coat_roughness: Input,
    threshold: f64,
    ior: f64,
    is_specular: bool,
}

impl Surface {
    fn read(writer: &mut Writer<'_, '_>, shader: usize, dress: &Dress<'_>) -> Result<Self, String> {
        let mut own = |name: &str| input(writer, shader, name, dress.uv_names);
        let own = Self {
            diffuse: own("diffuseColor")?,
            emissive: own("emissiveColor")?,
            metallic: own("metallic")?,
            roughness: own("roughness")?,
            opacity: own("opacity")?,
            normal: own("normal")?,
            occlusion: own("occlusion")?,
            coat: own("clearcoat")?,
            coat_roughness: own("clearcoatRoughness")?,
            threshold: number(&own("opacityThreshold")?, 0.0),
            ior: number(&own("ior")?, REST_IOR),
            is_specular: number(&own("useSpecularWorkflow")?, 0.0) > 0.0,
        };
        Ok(own)
    }

    /// The material, and whether the mesh's own colours are seen in it.
    fn write(&self, writer: &mut Writer<'_, '_>) -> (Json, bool) {
        let mut core = self.metal(writer);
        let (color, texture) = self.color(writer);
        core["baseColorFactor"] = json!(color);
        let alpha = self.alpha(writer, texture.is_some(), color[3]);
        if let Some(texture) = texture {
            core["baseColorTexture"] = texture;
        }
        let mut json = json!({ "pbrMetallicRoughness": core });
        if let Some(alpha) = alpha {
            json["alphaMode"] = alpha.into();
        }
        if alpha == Some("MASK") {
            json["alphaCutoff"] = json!(self.threshold.clamp(0.0, 1.0));
        }
        self.put_relief(&mut json, writer);
        self.put_light(&mut json, writer);
        self.put_extensions(&mut json, writer);
        (json, matches!(self.diffuse, Input::Colors))
    }

    fn metal(&self, writer: &mut Writer<'_, '_>) -> Json {
        if self.is_specular {
            writer
                .model
                .note("specular colours are left out: what has them is no metal");
        }
        let mut metallic = number(&self.metallic, 0.0);
        let mut roughness = number(&self.roughness, REST_ROUGHNESS);
        let mut maps = [&self.roughness, &self.metallic].map(|own| match own {
            Input::Texture(own) => Some(own),
            _ => None,
        });
        if let [Some(rough), Some(metal)] = maps
            && !metal.lies_as(rough)
        {
            writer.note_map("metal", &metal.name);
            maps[1] = None;
        }
        let mut core = json!({});
        if let Some(texture) = self.metal_texture(maps, metallic, writer) {
            core["metallicRoughnessTexture"] = texture;
            let factor = |own: Option<&Texture>, rest: f64| own.map_or(rest, |own| own.factor());
            roughness = factor(maps[0], roughness);
            metallic = factor(maps[1], metallic);
        }
        if self.is_specular {
            metallic = 0.0;
        }
        core["metallicFactor"] = json!(metallic.clamp(0.0, 1.0));
        core["roughnessFactor"] = json!(roughness.clamp(0.0, 1.0));
        core
    }

    /// One picture whose green says how rough and whose blue says how metallic it is.
    fn metal_texture(
        &self,
        [rough, metal]: [Option<&Texture>; 2],
        metallic: f64,
        writer: &mut Writer<'_, '_>,
    ) -> Option<Json> {
        let first = rough.or(metal)?;
        let is_plain = match (rough, metal) {
            (Some(rough), Some(metal)) => {
                let is_one = rough.name == metal.name && rough.is_unbiased() && metal.is_unbiased();
                is_one && rough.channel() == 1 && metal.channel() == 2
            }
            // Where nothing is metal, its channel does not count.
            (Some(rough), None) => {
                rough.is_unbiased()
                    && metallic <= 0.0
                    && (rough.channel() == 1 || writer.is_grey(&rough.name))
            }
            _ => false,
        };
        if is_plain {
            return writer.texture(first);
        }
        let name = |own: Option<&Texture>| own.map_or(String::new(), Texture::key);
        writer.combined(first, [&name(rough), &name(metal)], |writer| {
            let [rough, metal] = [rough, metal].map(|own| writer.channel(own?));
            combine([None, rough, metal, None], &mut writer.pixels)
        })
    }

    /// Colour and opacity, and the texture that they are multiplied with.
    fn color(&self, writer: &mut Writer<'_, '_>) -> ([f64; 4], Option<Json>) {
        let opacity = number(&self.opacity, 1.0).clamp(0.0, 1.0);
        let (color, colors) = match &self.diffuse {
            Input::Texture(own) => (own.factors(), Some(own)),
            Input::Numbers(own) => (three(own), None),
            Input::Colors => ([1.0; 3], None),
            Input::Rest => ([REST_COLOR; 3], None),
        };
        let alphas = match &self.opacity {
            Input::Texture(own) => Some(own),
            _ => None,
        };
        let alpha = alphas.map_or(opacity, |own| own.factor().clamp(0.0, 1.0));
        let texture = match (colors, alphas) {
            (None, None) => None,
            (Some(own), None) => writer.texture(own),
            (Some(own), Some(alpha)) if own.name == alpha.name && alpha.output == "a" => {
                writer.texture(own)
            }
            (Some(own), Some(alpha)) if !own.lies_as(alpha) => {
                writer.note_map("opacity", &alpha.name);
                writer.texture(own)
            }
            (own, Some(alpha)) => {
                let names = [own.map_or("", |own| &own.name), &alpha.key()];
                let both = writer.combined(own.unwrap_or(alpha), names, |writer| {
                    let alpha = writer.channel(alpha)?;
                    let colors = match own {
                        Some(own) => Some(writer.picture(&own.name)?),
                        None => None,
                    };
                    with_alpha(colors.as_deref(), &alpha, &mut writer.pixels)
                });
                both.or_else(|| own.and_then(|own| writer.texture(own)))
            }
        };
        let [red, green, blue] = color.map(|own| own.clamp(0.0, 1.0));
        ([red, green, blue, alpha], texture)
    }

    /// How what is transparent is drawn; `None` for what is not.
    fn alpha(
        &self,
        writer: &Writer<'_, '_>,
        is_textured: bool,
        opacity: f64,
    ) -> Option<&'static str> {
        let is_transparent = match &self.opacity {
            Input::Texture(own) if own.output == "a" => {
                is_textured && matches!(writer.channel_count(&own.name), Some(2 | 4))
            }
            Input::Texture(_) => is_textured,
            Input::Colors => true,
            _ => opacity < 1.0,
        };
        match is_transparent {
            false => None,
            true if self.threshold > 0.0 => Some("MASK"),
            true => Some("BLEND"),
        }
    }

    fn put_relief(&self, json: &mut Json, writer: &mut Writer<'_, '_>) {
        if let Input::Texture(own) = &self.normal {
            // Twice what is in the picture, less one.
            let scale = own.scale[0] / 2.0;
            if own.scale[1] < 0.0 {
                writer.model.note(format!(
                    "the green of the normal map `{}` runs downwards: it is taken as it is",
                    shown(&own.name)
                ));
            }
            if let Some(mut texture) = writer.texture(own) {
                if own.scale[0] > 1.0 && (scale - 1.0).abs() > 1.0e-6 && scale.is_finite() {
                    texture["scale"] = json!(scale as f32);
                }
                json["normalTexture"] = texture;
            }
        }
        if let Input::Texture(own) = &self.occlusion {
            let is_plain = own.is_unbiased() && own.channel() == 0;
            let texture = match is_plain || (own.is_unbiased() && writer.is_grey(&own.name)) {
                true => writer.texture(own),
                false => writer.combined(own, [&own.key(), "occlusion"], |writer| {
                    let channel = writer.channel(own)?;
                    combine([Some(channel), None, None, None], &mut writer.pixels)
                }),
            };
            if let Some(texture) = texture {
                json["occlusionTexture"] = texture;
            }
        }
    }

    fn put_light(&self, json: &mut Json, writer: &mut Writer<'_, '_>) {
        let mut color = match &self.emissive {
            Input::Numbers(own) => three(own),
            Input::Texture(own) => match writer.texture(own) {
                Some(texture) => {
                    json["emissiveTexture"] = texture;
                    own.factors()
                }
                None => return,
            },
            _ => return,
        };
        let strongest = color.iter().copied().fold(0.0, f64::max);
        if strongest <= 0.0 {
            return;
        }
        if strongest > 1.0 {
            json["extensions"]["KHR_materials_emissive_strength"] =
                json!({ "emissiveStrength": strongest as f32 });
            color = color.map(|own| own / strongest);
        }
        json["emissiveFactor"] = json!(color.map(|own| own.clamp(0.0, 1.0)));
    }

    fn put_extensions(&self, json: &mut Json, writer: &mut Writer<'_, '_>) {
        if (self.ior - REST_IOR).abs() > 1.0e-6 && (1.0..=4.0).contains(&self.ior) {
            json["extensions"]["KHR_materials_ior"] = json!({ "ior": self.ior as f32 });
        }
        for (kind, own) in [
            ("clearcoat", &self.coat),
            ("clearcoat roughness", &self.coat_roughness),
        ] {
            if let Input::Texture(own) = own {
                writer.note_map(kind, &own.name);
            }
        }
        let coat = number(&self.coat, 0.0).clamp(0.0, 1.0);
        if coat > 0.0 {
            let roughness = number(&self.coat_roughness, REST_COAT_ROUGHNESS).clamp(0.0, 1.0);
            json["extensions"]["KHR_materials_clearcoat"] =
                json!({ "clearcoatFactor": coat, "clearcoatRoughnessFactor": roughness });
        }
    }
}

impl Texture {
    /// What its one channel is multiplied with.
    fn factor(&self) -> f64 {
        match self.is_unbiased() {
            true => self.scale[self.channel()],
            false => 1.0,
        }
    }

    fn factors(&self) -> [f64; 3] {
        [self.scale[0], self.scale[1], self.scale[2]].map(|own| own.max(0.0))
    }

    /// With its factor only where that cannot be told beside the picture.
    pub(crate) fn without_factor(&self) -> Self {
        let mut own = self.clone();
        if own.is_unbiased() {
            own.scale = [1.0; 4];
        }
        own
    }

    /// A name of what is read of the picture.
    fn key(&self) -> String {
        let place = self.channel();
        let (scale, bias) = (self.scale[place], self.bias[place]);
        format!("{}.{} {scale} {bias}", self.name, self.output)
    }
}

fn number(input: &Input, rest: f64) -> f64 {
    match input {
        Input::Numbers(own) => own.first().copied().unwrap_or(rest),
        _ => rest,
    }
}

fn three(own: &[f64]) -> [f64; 3] {
    own.first_chunk()
        .copied()
        .unwrap_or([own.first().copied().unwrap_or(0.0); 3])
}
