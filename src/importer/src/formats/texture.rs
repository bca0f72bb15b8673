//! Textures of FBX and OBJ materials: their pictures, and how they lie on a mesh.

use super::{
    channels::{Channel, combine, with_alpha},
    material::used_by,
    model::{Model, shown},
    text::number,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ufbx::{MaterialMap, Matrix, Scene, WrapMode};

/// Wrapping in the numbers of glTF.
pub(super) const REPEAT: u32 = 10_497;
const CLAMP: u32 = 33_071;
/// Largest cosine between the axes of a texture that counts as a right angle.
const LARGEST_SHEAR: f64 = 1.0e-4;

/// Options of material libraries that change what is seen and have no place in the result.
const LEFT_OUT: [&str; 4] = ["boost", "imfchan", "mm", "t"];

/// Names of texture coordinate sets with their numbers; `None` where the meshes of a material do not agree.
pub(super) type Sets = BTreeMap<String, Option<usize>>;

/// The sets of all meshes that have a material, by its element id.
pub(super) fn sets_by_material(scene: &Scene) -> BTreeMap<u32, Sets> {
    let mut sets: BTreeMap<u32, Sets> = BTreeMap::new();
    for node in &scene.nodes {
        let Some(mesh) = &node.mesh else { continue };
        for material in used_by(node, mesh) {
            let own = sets.entry(material).or_default();
            for (number, set) in mesh.uv_sets.iter().enumerate() {
                let known = own.entry(set.name.to_string()).or_insert(Some(number));
                if *known != Some(number) {
                    *known = None;
                }
            }
        }
    }
    sets
}

pub(super) fn in_use(map: &MaterialMap) -> bool {
    map.texture.is_some() && map.texture_enabled
}

fn file_of(map: &MaterialMap) -> Option<&ufbx::Texture> {
    let texture = map.texture.as_ref().filter(|_| map.texture_enabled)?;
    // A layered or procedural texture shows the first file in it.
    Some(texture.file_textures.iter().next().unwrap_or(texture))
}

/// The name and the bytes of a map's picture.
pub(super) fn picture(map: &MaterialMap) -> Option<(&str, &[u8])> {
    let file = file_of(map)?;
    if let Some(words) = Words::of(file) {
        return Some((words.name, &file.content));
    }
    let names = [
        &*file.relative_filename,
        &*file.filename,
        &*file.absolute_filename,
    ];
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(&*file.element.name);
    Some((name, &file.content))
}

pub(super) fn is_same_picture(one: &MaterialMap, other: &MaterialMap) -> bool {
    let names = picture(one).zip(picture(other));
    names.is_some_and(|((one, _), (other, _))| one == other)
}

/// A map as a material of glTF names it; `None` when there is none, or no picture for it.
pub(super) fn info(map: &MaterialMap, sets: &Sets, model: &mut Model<'_>) -> Option<Value> {
    let (name, content) = picture(map)?;
    let (wraps, mut info) = lie(map, sets, model)?;
    info["index"] = model.texture(name, content, wraps)?.into();
    Some(info)
}

/// A map of which one channel is taken, or what is left of white without it.
#[derive(Clone, Copy)]
pub(super) struct Part<'m> {
    pub(super) map: &'m MaterialMap,
    pub(super) is_inverted: bool,
}

/// Roughness and metal, as far as there are maps of them, in one texture; `None` when they lie differently, or there is none.
pub(super) fn surface(
    [rough, metal]: [Option<Part<'_>>; 2],
    sets: &Sets,
    model: &mut Model<'_>,
) -> Option<Value> {
    let parts = [None, rough, metal, None];
    let named = parts.map(|part| part.map(|part| (part, picture(part.map))));
    let maps = named.iter().flatten();
    let (wraps, mut info) = lie_alike(maps.clone().map(|(part, _)| part.map), sets, model)?;
    let name = name_of(named.map(|own| {
        let (part, own) = own?;
        Some((own?.0, part.is_inverted))
    }));
    if model.failed.contains(&name) {
        return None;
    }
    let content = match model.has_image(&name) {
        true => Vec::new(),
        false => {
            let mut channels = [const { None }; 4];
            for (place, own) in named.into_iter().enumerate() {
                let Some((part, own)) = own else { continue };
                // Of a grey picture all channels are alike, and this is the one of a picture that holds several maps.
                channels[place] = Some(channel(own?, part.is_inverted, place, model)?);
            }
            let made = combine(channels, &mut model.pixels);
            made.or_else(|| fail(&name, model))?
        }
    };
    info["index"] = model.texture(&name, &content, wraps)?.into();
    Some(info)
}

/// Colours, white without a map of them, with the map that says where a surface is as their alpha; and the name of the picture. `None`
/// when they lie differently, or one is none.
pub(super) fn cut_out(
    colors: Option<&MaterialMap>,
    opacity: Part<'_>,
    sets: &Sets,
    model: &mut Model<'_>,
) -> Option<(Value, String)> {
    let (wraps, mut info) = lie_alike([opacity.map].into_iter().chain(colors), sets, model)?;
    let (of_opacity, of_colors) = (picture(opacity.map)?, colors.and_then(picture));
    let of_alpha = (of_opacity.0, opacity.is_inverted);
    let name = name_of([
        of_colors.map(|own| (own.0, false)),
        None,
        None,
        Some(of_alpha),
    ]);
    if model.failed.contains(&name) {
        return None;
    }
    let content = match model.has_image(&name) {
        true => Vec::new(),
        false => {
            // One with an alpha that says something means that.
            let (place, is_inverted) = match model.has_holes(of_opacity.0, of_opacity.1) {
                true => (3, false),
                false => (0, opacity.is_inverted),
            };
            let alpha = channel(of_opacity, is_inverted, place, model)?;
            let colors = match of_colors {
                Some((name, content)) => Some(model.picture(name, content).ok()?),
                None => None,
            };
            let made = with_alpha(colors.as_deref(), &alpha, &mut model.pixels);
            made.or_else(|| fail(&name, model))?
        }
    };
    info["index"] = model.texture(&name, &content, wraps)?.into();
    Some((info, name))
}

fn channel(
    (name, content): (&str, &[u8]),
    is_inverted: bool,
    place: usize,
    model: &mut Model<'_>,
) -> Option<Channel> {
    let (scale, bias) = if is_inverted { (-1.0, 1.0) } else { (1.0, 0.0) };
    let bytes = match model.picture(name, content) {
        Ok(bytes) => bytes,
        Err(fault) => {
            model.note_left_out(name, &fault);
            return None;
        }
    };
    Some(Channel {
        bytes,
        place,
        scale,
        bias,
    })
}

/// Remembers what cannot be put together.
fn fail(name: &str, model: &mut Model<'_>) -> Option<Vec<u8>> {
    model.failed.insert(name.to_owned());
    None
}

/// A name of its own for what is put together of these channels, whose end is the one of its image.
fn name_of(parts: [Option<(&str, bool)>; 4]) -> String {
    let (mut whole, mut stems) = (String::new(), Vec::new());
    for part in parts {
        whole.push('|');
        let Some((name, is_inverted)) = part else {
            continue;
        };
        whole.push_str(name);
        whole.push(if is_inverted { '-' } else { '+' });
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        stems.push(file.split('.').next().unwrap_or_default());
    }
    stems.retain(|stem| !stem.is_empty());
    format!("{whole}/{}", stems.join(" "))
}

/// How maps lie that lie alike.
fn lie_alike<'m>(
    maps: impl Iterator<Item = &'m MaterialMap>,
    sets: &Sets,
    model: &mut Model<'_>,
) -> Option<([u32; 2], Value)> {
    let mut lies = Vec::new();
    for map in maps {
        lies.push(lie(map, sets, model)?);
    }
    let first = lies.pop()?;
    lies.iter().all(|other| *other == first).then_some(first)
}

/// How the picture of a map goes on, and how it lies, as a texture says it whose index is not known yet.
fn lie(map: &MaterialMap, sets: &Sets, model: &mut Model<'_>) -> Option<([u32; 2], Value)> {
    let (name, _) = picture(map)?;
    let file = file_of(map)?;
    let picture = shown(name);
    if map
        .texture
        .as_ref()
        .is_some_and(|own| own.file_textures.len() > 1)
    {
        model.note(format!("of a texture in layers only `{picture}` is shown"));
    }
    let words = Words::of(file);
    let is_clamped = words.as_ref().is_some_and(Words::is_clamped);
    let wraps = [file.wrap_u, file.wrap_v].map(|wrap| match wrap {
        WrapMode::Repeat if !is_clamped => REPEAT,
        _ => CLAMP,
    });
    let mut info = json!({ "index": 0 });
    match sets.get(&*file.uv_set) {
        // Without a name, or with one that no mesh knows, it is the first.
        None | Some(Some(0)) => {}
        Some(Some(set)) => info["texCoord"] = (*set).into(),
        Some(None) => model.note(format!(
            "meshes number the texture coordinates `{}` of `{picture}` differently: their first ones are taken",
            shown(&file.uv_set)
        )),
    }
    if file.has_uv_transform {
        match transform(&file.uv_to_texture) {
            Some(transform) => info["extensions"] = json!({ "KHR_texture_transform": transform }),
            None => model.note(format!("the shear of the texture `{picture}` is left out")),
        }
    } else if let Some(transform) = words.as_ref().and_then(Words::transform) {
        info["extensions"] = json!({ "KHR_texture_transform": transform });
    }
    for (option, _) in words.iter().flat_map(|words| &words.options) {
        if LEFT_OUT.contains(option) {
            model.note(format!(
                "`-{option}` of the texture `{picture}` is left out"
            ));
        }
    }
    Some((wraps, info))
}

/// What a material library says with a map. Read here, because the decoder takes every word but the last for one of an option
/// where the name of a picture holds spaces.
struct Words<'t> {
    /// Names of options, and their words.
    options: Vec<(&'t str, Vec<&'t str>)>,
    /// Of the picture: it may hold spaces.
    name: &'t str,
}

impl<'t> Words<'t> {
    fn of(file: &'t ufbx::Texture) -> Option<Self> {
        let stated = file.element.props.find_prop("obj|args")?;
        let mut words = Words {
            options: Vec::new(),
            name: stated.value_str.trim(),
        };
        while let Some(option) = words.name.strip_prefix('-') {
            let (option, mut rest) = option.split_once(char::is_whitespace)?;
            let most = match option {
                "s" | "o" | "t" => 3,
                "mm" => 2,
                _ => 1,
            };
            let mut own = Vec::new();
            while own.len() < most {
                let Some((word, after)) = rest.trim_start().split_once(char::is_whitespace) else {
                    break;
                };
                // There may be fewer numbers than three.
                if most == 3 && word.parse::<f32>().is_err() {
                    break;
                }
                own.push(word);
                rest = after;
            }
            words.options.push((option, own));
            words.name = rest.trim_start();
        }
        Some(words)
    }

    fn option(&self, name: &str) -> Option<&[&'t str]> {
        let known = self.options.iter().find(|(own, _)| *own == name);
        known.map(|(_, words)| words.as_slice())
    }

    /// The first two numbers of an option.
    fn pair(&self, name: &str, rest: f32) -> [f32; 2] {
        let mut words = self.option(name).unwrap_or_default().iter().copied();
        let first = number(&mut words);
        let second = number(&mut words).unwrap_or(rest);
        [first.unwrap_or(rest), second]
    }

    fn is_clamped(&self) -> bool {
        self.option("clamp") == Some(&["on"])
    }

    /// `-s` and `-o`, for coordinates that begin at the upper edge: v is one minus v.
    fn transform(&self) -> Option<Value> {
        let (scale, offset) = (self.pair("s", 1.0), self.pair("o", 0.0));
        let offset = [offset[0], 1.0 - scale[1] - offset[1]];
        let is_told = scale != [1.0; 2] || offset != [0.0; 2];
        (is_told && offset[1].is_finite()).then(|| json!({ "offset": offset, "scale": scale }))
    }
}

/// `-bm` of a material library: how strong a bump is.
pub(super) fn bump_strength(map: &MaterialMap) -> Option<f32> {
    let words = Words::of(file_of(map)?)?;
    number(&mut words.option("bm")?.iter().copied())
}

/// What takes coordinates that begin at the upper edge to those of a picture that does; `None` for what glTF cannot say: shear,
/// and pictures that are infinitely large.
fn transform(own: &Matrix) -> Option<Value> {
    // Both sides are turned over: v is one minus v.
    let (across, up) = ([own.m00, -own.m10], [-own.m01, own.m11]);
    let offset = [own.m03 + own.m01, 1.0 - own.m11 - own.m13];
    let length = across[0].hypot(across[1]);
    let angle = across[1].atan2(across[0]);
    let (sin, cos) = angle.sin_cos();
    let height = up[1] * cos - up[0] * sin;
    let lean = up[0] * cos + up[1] * sin;
    let is_upright = lean.abs() <= LARGEST_SHEAR * height.abs();
    let scale = [length, height];
    let all = [scale, offset];
    let is_finite = all
        .as_flattened()
        .iter()
        .all(|value| (*value as f32).is_finite());
    (is_upright && is_finite).then(|| {
        // glTF turns the other way round.
        json!({
            "offset": offset.map(|value| value as f32),
            "rotation": -angle as f32,
            "scale": scale.map(|value| value as f32),
        })
    })
}
