//! Materials, textures, samplers and images.

use crate::{
    basis,
    description::material::{
        AlphaMode, Image, ImageFormat, Iridescence, Material, Sampler, Sheen, Texture, TextureSlot,
        TextureTransform, Wrap,
    },
    description::scene::{ImageIndex, Scene, TextureIndex},
    error::{ErrorKind, Issue, Issues, SceneError},
    limits::{MAX_ELEMENTS, MAX_HEADER_PARTS, MAX_IMAGE_SIDE, MAX_IMAGES, MAX_ONE_IMAGE_BYTES},
    reader::{
        foreign_image::{ForeignImage, check_size},
        toon::read_toon,
    },
    source::budget::Budget,
    source::container::Bytes,
    source::json::Item,
};
use glam::{Vec2, Vec3, Vec4};
use std::{collections::BTreeSet, sync::Arc};

/// A scene with nothing but its images, samplers, textures and materials.
pub(crate) fn read(
    root: &Item<'_>,
    bytes: &Bytes<'_>,
    budget: &Budget,
    issues: &mut Issues,
) -> Result<Scene, SceneError> {
    let images = read_images(root, bytes, budget, issues)?;
    let samplers = read_samplers(root)?;
    let textures = read_textures(root, images.len(), samplers.len())?;
    Ok(Scene {
        materials: read_materials(root, textures.len(), budget)?,
        textures,
        images,
        samplers,
        ..Scene::default()
    })
}

fn read_samplers(root: &Item<'_>) -> Result<Vec<Sampler>, SceneError> {
    let Some(list) = root.get("samplers") else {
        return Ok(Vec::new());
    };
    let wrap = |item: &Item<'_>, key: &str| -> Result<Wrap, SceneError> {
        let Some(mode) = item.get(key) else {
            return Ok(Wrap::Repeat);
        };
        match mode.size()? {
            10497 => Ok(Wrap::Repeat),
            33071 => Ok(Wrap::Clamp),
            33648 => Ok(Wrap::Mirror),
            _ => Err(mode.fault("is not a wrapping mode")),
        }
    };
    let filter = |item: &Item<'_>, key: &str| item.get(key).map_or(Ok(0), |filter| filter.size());
    list.elements(MAX_ELEMENTS)?
        .map(|item| {
            Ok(Sampler {
                wrap_u: wrap(&item, "wrapS")?,
                wrap_v: wrap(&item, "wrapT")?,
                is_nearest_magnified: filter(&item, "magFilter")? == 9728,
                is_nearest_minified: matches!(filter(&item, "minFilter")?, 9728 | 9984 | 9986),
            })
        })
        .collect()
}

fn read_textures(
    root: &Item<'_>,
    images: usize,
    samplers: usize,
) -> Result<Vec<Texture>, SceneError> {
    let Some(list) = root.get("textures") else {
        return Ok(Vec::new());
    };
    list.elements(MAX_ELEMENTS)?
        .map(|item| {
            // All that are named must be there: another program may choose otherwise, and what is written again names each.
            let sources: Vec<u32> = sources(&item)
                .map(|source| source.index(images, "image"))
                .collect::<Result<_, _>>()?;
            Ok(Texture {
                image: sources.first().copied().map(ImageIndex),
                sampler: item.index_of("sampler", samplers, "sampler")?,
            })
        })
        .collect()
}

/// The images that a texture names, best first: what adapters read as it is; then a PNG or JPEG, which is as good as what stands beside
/// it, and needs no conversion.
fn sources<'a>(texture: &Item<'a>) -> impl Iterator<Item = Item<'a>> {
    let foreign = |name: &str| texture.extension(name)?.get("source");
    [
        foreign("KHR_texture_basisu"),
        texture.get("source"),
        foreign("EXT_texture_webp"),
        foreign("MSFT_texture_dds"),
    ]
    .into_iter()
    .flatten()
}

/// Images that textures name and none shows.
fn never_shown(root: &Item<'_>) -> Result<BTreeSet<u32>, SceneError> {
    let (mut shown, mut others) = (BTreeSet::new(), BTreeSet::new());
    if let Some(list) = root.get("textures") {
        for texture in list.elements(MAX_ELEMENTS)? {
            let mut sources =
                sources(&texture).filter_map(|source| source.index(MAX_IMAGES, "image").ok());
            shown.extend(sources.next());
            others.extend(sources);
        }
    }
    Ok(others.difference(&shown).copied().collect())
}

/// Images in the order of the file. One that cannot be used is a warning, and `None`: it is drawn as if there were none.
fn read_images(
    root: &Item<'_>,
    bytes: &Bytes<'_>,
    budget: &Budget,
    issues: &mut Issues,
) -> Result<Vec<Image>, SceneError> {
    let Some(list) = root.get("images") else {
        return Ok(Vec::new());
    };
    let never_shown = never_shown(root)?;
    let mut images = Vec::new();
    for (number, item) in (0..).zip(list.elements(MAX_IMAGES)?) {
        let Some(data) = image_data(&item, bytes, issues)? else {
            images.push(nothing(&item));
            continue;
        };
        let mut fault = String::new();
        let foreign = ForeignImage::of(&data).filter(|own| !own.stays(&data));
        if foreign.is_some() && never_shown.contains(&number) {
            images.push(nothing(&item));
            continue;
        }
        let size = foreign.and_then(|own| own.size(&data));
        if let Some(size) = size {
            // Before it is decoded, and also when that fails.
            check_size(&item, size, data.len(), budget)?;
            let pixels = u64::from(size.0) * u64::from(size.1);
            budget.charge_image(&item, pixels * 4)?;
            if !budget.takes_pixels(pixels) {
                images.push(as_its_head_says(&item, size, data));
                continue;
            }
        }
        let data = match foreign {
            None => data,
            Some(foreign) => match foreign.to_png(&item, &data, budget)? {
                Ok(png) => png.into(),
                Err(line) => {
                    fault = format!(": {line}");
                    data
                }
            },
        };
        let Some((format, width, height)) = header(&data) else {
            issues.push(Issue::warning(
                "STOA_IMAGE_NOT_READ",
                item.pointer(),
                format!("it is no PNG, JPEG, WebP, Basis or DDS image that can be read, and is drawn as if there were none{fault}"),
            ));
            images.push(nothing(&item));
            continue;
        };
        refuse_size(&item, &data, (width, height))?;
        if foreign.is_none() {
            budget.charge_image(&item, u64::from(width) * u64::from(height) * 4)?;
        }
        images.push(Image {
            name: image_name(&item),
            bytes: data,
            format,
            width,
            height,
        });
    }
    Ok(images)
}

/// Refuses an image that is drawn as it is and is too large for that.
fn refuse_size(
    item: &Item<'_>,
    image: &[u8],
    (width, height): (u32, u32),
) -> Result<(), SceneError> {
    if width == 0 || height == 0 {
        return Err(item.fault(format!("the image has {width} x {height} pixels")));
    }
    if width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE {
        return Err(item.over_limit(format!(
            "the image has {width} x {height} pixels, the limit is {MAX_IMAGE_SIDE} on a side"
        )));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels * decoded_pixel_bytes(image) > MAX_ONE_IMAGE_BYTES {
        return Err(item.over_limit(format!(
            "the image has {width} x {height} pixels: decoded it is over {MAX_ONE_IMAGE_BYTES} bytes"
        )));
    }
    Ok(())
}

/// The bytes of an image; `None`, which is told, when its file is not there.
fn image_data(
    item: &Item<'_>,
    bytes: &Bytes<'_>,
    issues: &mut Issues,
) -> Result<Option<Arc<[u8]>>, SceneError> {
    if let Some(view) = item.index_of("bufferView", bytes.view_count(), "buffer view")? {
        return bytes.copy(item, view).map(Some);
    }
    let Some(uri) = item.get("uri") else {
        return Err(item.fault("an image needs `uri` or `bufferView`"));
    };
    match bytes.uri(&uri) {
        Err(error) if error.kind == ErrorKind::Unreadable => {
            let told = format!("{}: it is drawn as if there were none", error.fault);
            issues.push(Issue::warning("STOA_IMAGE_MISSING", item.pointer(), told));
            Ok(None)
        }
        data => data.map(Some),
    }
}

/// An image that a report goes by without looking into it, as the PNG that it would become.
fn as_its_head_says(item: &Item<'_>, (width, height): (u32, u32), data: Arc<[u8]>) -> Image {
    Image {
        name: image_name(item),
        bytes: data,
        format: ImageFormat::Png,
        width,
        height,
    }
}

/// What is drawn as if there were no image.
fn nothing(item: &Item<'_>) -> Image {
    Image {
        name: item.name(),
        bytes: Arc::from([]),
        format: ImageFormat::Png,
        width: 0,
        height: 0,
    }
}

/// Most bytes that a decoder makes of a pixel: a PNG may hold 16 bits a channel.
fn decoded_pixel_bytes(image: &[u8]) -> u64 {
    let is_png = matches!(header(image), Some((ImageFormat::Png, ..)));
    if is_png && image.get(24) == Some(&16) {
        8
    } else {
        4
    }
}

/// Its name, or where it comes from.
fn image_name(item: &Item<'_>) -> String {
    let name = item.name();
    if !name.is_empty() {
        return name;
    }
    let uri = item.get("uri");
    let uri = uri.as_ref().and_then(|uri| uri.text().ok());
    let uri = uri.filter(|uri| !uri.starts_with("data:"));
    uri.unwrap_or_default().to_owned()
}

/// Format and size from an image's header, without decoding.
pub(crate) fn header(bytes: &[u8]) -> Option<(ImageFormat, u32, u32)> {
    if ForeignImage::of(bytes).is_some_and(|foreign| foreign.stays(bytes)) {
        return basis::size(bytes).map(|(width, height)| (ImageFormat::Basis, width, height));
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let word = |offset: usize| {
            bytes
                .get(offset..offset + 4)
                .map(|slice| u32::from_be_bytes([slice[0], slice[1], slice[2], slice[3]]))
        };
        let (width, height) = (word(16)?, word(20)?);
        return (bytes.get(12..16)? == b"IHDR").then_some((ImageFormat::Png, width, height));
    }
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return None;
    }
    let mut offset = 2;
    for _ in 0..MAX_HEADER_PARTS {
        let marker = *bytes.get(offset + 1)?;
        if *bytes.get(offset)? != 0xFF {
            return None;
        }
        if marker == 0xFF {
            offset += 1;
            continue;
        }
        let is_frame = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
        if is_frame {
            let at = |index: usize| bytes.get(index).copied().map(u32::from);
            let height = at(offset + 5)? << 8 | at(offset + 6)?;
            let width = at(offset + 7)? << 8 | at(offset + 8)?;
            return Some((ImageFormat::Jpeg, width, height));
        }
        let length =
            usize::from(*bytes.get(offset + 2)?) << 8 | usize::from(*bytes.get(offset + 3)?);
        offset = offset.checked_add(2 + length.max(2))?;
    }
    None
}

fn read_materials(
    root: &Item<'_>,
    textures: usize,
    budget: &Budget,
) -> Result<Vec<Material>, SceneError> {
    let Some(list) = root.get("materials") else {
        return Ok(Vec::new());
    };
    let items = list.elements(MAX_ELEMENTS)?;
    budget.charge_for::<Material>(&list, list.count())?;
    items.map(|item| read_material(&item, textures)).collect()
}

fn read_material(item: &Item<'_>, textures: usize) -> Result<Material, SceneError> {
    let mut material = Material {
        name: item.name(),
        ..Material::default()
    };
    if let Some(pbr) = item.get("pbrMetallicRoughness") {
        material.base_color = Vec4::from(pbr.numbers_or("baseColorFactor", [1.0; 4])?);
        material.base_color_texture = slot(&pbr, "baseColorTexture", textures)?;
        material.metallic = pbr.number_within("metallicFactor", 1.0, 0.0, 1.0)?;
        material.roughness = pbr.number_within("roughnessFactor", 1.0, 0.0, 1.0)?;
        material.metallic_roughness_texture = slot(&pbr, "metallicRoughnessTexture", textures)?;
    }
    material.normal_texture = slot(item, "normalTexture", textures)?;
    material.normal_scale = item
        .get("normalTexture")
        .map_or(Ok(1.0), |texture| texture.number_or("scale", 1.0))?;
    material.occlusion_texture = slot(item, "occlusionTexture", textures)?;
    material.occlusion_strength = item.get("occlusionTexture").map_or(Ok(1.0), |texture| {
        texture.number_within("strength", 1.0, 0.0, 1.0)
    })?;
    material.emissive = Vec3::from(item.numbers_or("emissiveFactor", [0.0; 3])?);
    material.emissive_texture = slot(item, "emissiveTexture", textures)?;
    material.is_double_sided = item.flag_or("doubleSided", false)?;
    material.alpha_mode = match item
        .get("alphaMode")
        .map_or(Ok("OPAQUE"), |mode| mode.text())?
    {
        "OPAQUE" => AlphaMode::Opaque,
        "MASK" => AlphaMode::Mask(item.number_or("alphaCutoff", 0.5)?),
        "BLEND" => AlphaMode::Blend,
        other => return Err(item.fault(format!("alphaMode `{other}` does not exist"))),
    };
    read_material_extensions(item, textures, &mut material)?;
    Ok(material)
}

fn read_material_extensions(
    item: &Item<'_>,
    textures: usize,
    material: &mut Material,
) -> Result<(), SceneError> {
    material.is_unlit = item.extension("KHR_materials_unlit").is_some();
    if let Some(strength) = item.extension("KHR_materials_emissive_strength") {
        material.emissive_strength = strength.number_or("emissiveStrength", 1.0)?.max(0.0);
    }
    if let Some(ior) = item.extension("KHR_materials_ior") {
        material.index_of_refraction = ior.number_or("ior", 1.5)?;
    }
    if let Some(dispersion) = item.extension("KHR_materials_dispersion") {
        material.dispersion = dispersion.number_or("dispersion", 0.0)?.max(0.0);
    }
    if let Some(gloss) = item.extension("KHR_materials_pbrSpecularGlossiness") {
        read_gloss(&gloss, textures, material)?;
    }
    if let Some(through) = item.extension("KHR_materials_diffuse_transmission") {
        read_diffuse_transmission(&through, textures, material)?;
    }
    read_glass(item, textures, material)?;
    read_reflections(item, textures, material)?;
    material.sheen = item
        .extension("KHR_materials_sheen")
        .map(|sheen| read_sheen(&sheen, textures))
        .transpose()?;
    material.iridescence = item
        .extension("KHR_materials_iridescence")
        .map(|film| read_iridescence(&film, textures))
        .transpose()?;
    material.toon = read_toon(item, textures)?;
    Ok(())
}

/// A factor from 0 to 1; what lies outside is brought inside.
fn share(item: &Item<'_>, key: &str, default: f32) -> Result<f32, SceneError> {
    Ok(item.number_or(key, default)?.clamp(0.0, 1.0))
}

/// The archived specular-glossiness workflow. With a picture of both, what is reflected and how gloss is spread are kept as they
/// are; without one, what reflects much more than a dielectric is a metal.
fn read_gloss(item: &Item<'_>, textures: usize, material: &mut Material) -> Result<(), SceneError> {
    let diffuse = Vec4::from(item.numbers_or("diffuseFactor", [1.0; 4])?);
    let specular = Vec3::from(item.numbers_or("specularFactor", [1.0; 3])?);
    let gloss = share(item, "glossinessFactor", 1.0)?;
    material.base_color = diffuse;
    material.base_color_texture = slot(item, "diffuseTexture", textures)?;
    material.metallic = 0.0;
    material.metallic_roughness_texture = None;
    material.roughness = 1.0 - gloss;
    let picture = slot(item, "specularGlossinessTexture", textures)?;
    if picture.is_some() {
        // Without an end, so that the colour alone says what is reflected (KHR_materials_ior).
        material.index_of_refraction = 0.0;
        material.specular_color = specular;
        material.specular_color_texture = picture;
        material.glossiness = Some(gloss);
        return Ok(());
    }
    let reflection = specular.max_element();
    material.metallic =
        ((reflection - DIELECTRIC_REFLECTION) / (1.0 - DIELECTRIC_REFLECTION)).clamp(0.0, 1.0);
    let color = diffuse.truncate().lerp(specular, material.metallic);
    material.base_color = color.extend(diffuse.w);
    Ok(())
}

/// Share of light that an everyday dielectric mirrors when seen straight on (glTF 2.0, appendix B).
const DIELECTRIC_REFLECTION: f32 = 0.04;

/// Transmission and volume.
fn read_glass(item: &Item<'_>, textures: usize, material: &mut Material) -> Result<(), SceneError> {
    if let Some(transmission) = item.extension("KHR_materials_transmission") {
        material.transmission = share(&transmission, "transmissionFactor", 0.0)?;
        material.transmission_texture = slot(&transmission, "transmissionTexture", textures)?;
    }
    if let Some(volume) = item.extension("KHR_materials_volume") {
        material.thickness = volume.number_or("thicknessFactor", 0.0)?.max(0.0);
        material.thickness_texture = slot(&volume, "thicknessTexture", textures)?;
        material.attenuation_color = Vec3::from(volume.numbers_or("attenuationColor", [1.0; 3])?);
        material.attenuation_distance = volume
            .get("attenuationDistance")
            .map_or(Ok(f32::INFINITY), |distance| distance.number())?;
        if material.attenuation_distance <= 0.0 {
            material.attenuation_distance = f32::INFINITY;
        }
    }
    Ok(())
}

fn read_diffuse_transmission(
    item: &Item<'_>,
    textures: usize,
    material: &mut Material,
) -> Result<(), SceneError> {
    material.diffuse_transmission = share(item, "diffuseTransmissionFactor", 0.0)?;
    material.diffuse_transmission_texture = slot(item, "diffuseTransmissionTexture", textures)?;
    material.diffuse_transmission_color =
        Vec3::from(item.numbers_or("diffuseTransmissionColorFactor", [1.0; 3])?);
    material.diffuse_transmission_color_texture =
        slot(item, "diffuseTransmissionColorTexture", textures)?;
    Ok(())
}

/// Clearcoat, specular and anisotropy.
fn read_reflections(
    item: &Item<'_>,
    textures: usize,
    material: &mut Material,
) -> Result<(), SceneError> {
    if let Some(coat) = item.extension("KHR_materials_clearcoat") {
        material.clearcoat = share(&coat, "clearcoatFactor", 0.0)?;
        material.clearcoat_texture = slot(&coat, "clearcoatTexture", textures)?;
        material.clearcoat_roughness = share(&coat, "clearcoatRoughnessFactor", 0.0)?;
        material.clearcoat_roughness_texture = slot(&coat, "clearcoatRoughnessTexture", textures)?;
        material.clearcoat_normal_texture = slot(&coat, "clearcoatNormalTexture", textures)?;
        material.clearcoat_normal_scale = coat
            .get("clearcoatNormalTexture")
            .map_or(Ok(1.0), |texture| texture.number_or("scale", 1.0))?;
    }
    if let Some(specular) = item.extension("KHR_materials_specular") {
        material.specular = share(&specular, "specularFactor", 1.0)?;
        material.specular_texture = slot(&specular, "specularTexture", textures)?;
        material.specular_color = Vec3::from(specular.numbers_or("specularColorFactor", [1.0; 3])?);
        material.specular_color_texture = slot(&specular, "specularColorTexture", textures)?;
    }
    if let Some(anisotropy) = item.extension("KHR_materials_anisotropy") {
        material.anisotropy = share(&anisotropy, "anisotropyStrength", 0.0)?;
        material.anisotropy_rotation = anisotropy.number_or("anisotropyRotation", 0.0)?;
        material.anisotropy_texture = slot(&anisotropy, "anisotropyTexture", textures)?;
    }
    Ok(())
}

fn read_sheen(item: &Item<'_>, textures: usize) -> Result<Sheen, SceneError> {
    Ok(Sheen {
        color: Vec3::from(item.numbers_or("sheenColorFactor", [0.0; 3])?),
        color_texture: slot(item, "sheenColorTexture", textures)?,
        roughness: share(item, "sheenRoughnessFactor", 0.0)?,
        roughness_texture: slot(item, "sheenRoughnessTexture", textures)?,
    })
}

fn read_iridescence(item: &Item<'_>, textures: usize) -> Result<Iridescence, SceneError> {
    Ok(Iridescence {
        factor: share(item, "iridescenceFactor", 0.0)?,
        texture: slot(item, "iridescenceTexture", textures)?,
        index_of_refraction: item.number_or("iridescenceIor", 1.3)?.max(1.0),
        thickness_min: item
            .number_or("iridescenceThicknessMinimum", 100.0)?
            .max(0.0),
        thickness_max: item
            .number_or("iridescenceThicknessMaximum", 400.0)?
            .max(0.0),
        thickness_texture: slot(item, "iridescenceThicknessTexture", textures)?,
    })
}

pub(crate) fn slot(
    item: &Item<'_>,
    key: &str,
    textures: usize,
) -> Result<Option<TextureSlot>, SceneError> {
    let Some(info) = item.get(key) else {
        return Ok(None);
    };
    let texture = TextureIndex(info.require("index")?.index(textures, "texture")?);
    let mut uv_set = info.get("texCoord").map_or(Ok(0), |set| set.size())?;
    let mut transform = TextureTransform::default();
    if let Some(extension) = info.extension("KHR_texture_transform") {
        transform.offset = Vec2::from(extension.numbers_or("offset", [0.0; 2])?);
        transform.rotation = extension.number_or("rotation", 0.0)?;
        transform.scale = Vec2::from(extension.numbers_or("scale", [1.0; 2])?);
        uv_set = extension
            .get("texCoord")
            .map_or(Ok(uv_set), |set| set.size())?;
    }
    Ok(Some(TextureSlot {
        texture,
        uv_set: u32::try_from(uv_set).unwrap_or(u32::MAX),
        transform,
    }))
}
