//! Pictures on surfaces: decoded off the main thread, with mipmaps, so that distant stone does not shimmer.

use super::toon;
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat},
};
use scene::{
    Avatar, ImageIndex, Scene, Slot, TextureIndex, Wrap,
    worker::{Decoder, Worker},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of the pixels of one picture.
const MAX_PIXEL_BYTES: usize = 1024 * 1024 * 1024;
/// Most bytes of pixels that one scene may have once more because an image is sampled in several ways: the engine keeps a
/// sampler with its picture. Further textures are sampled as an earlier one of their image.
const MAX_COPIED_BYTES: usize = 256 * 1024 * 1024;

/// A PNG or JPEG to pixels, at most so many wide: its most pixels on a side and its format, then its bytes; gives width,
/// height and four bytes a pixel. Numbers have 32 bits and are little-endian.
pub(crate) const PICTURE_DECODER: Decoder = Decoder {
    name: "picture",
    decode: decode_pixels,
};

/// How a picture is read: as colour or as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reading {
    /// sRGB.
    Color,
    /// Linear.
    Numbers,
}

/// Decoded pictures of one scene: one for all textures with the same image, reading and sampler.
#[derive(Default)]
pub(crate) struct Pictures {
    pictures: Vec<Picture>,
    /// Places in `pictures`.
    of_textures: BTreeMap<(TextureIndex, Reading), usize>,
}

/// A picture, and the engine's handle once the engine has it.
struct Picture {
    decoded: Option<Image>,
    handle: Option<Handle<Image>>,
}

impl Pictures {
    /// Decodes what the scene's materials use, at most `max_side` pixels wide. Runs on a worker thread.
    pub(crate) fn decode(scene: &Scene, max_side: u32, anisotropy: u16) -> Self {
        Self::decode_these(scene, wanted(scene), max_side, anisotropy, MAX_COPIED_BYTES)
    }

    /// The same for an avatar, whose materials may have a drawn look.
    pub(crate) fn decode_avatar(avatar: &Avatar, max_side: u32, anisotropy: u16) -> Self {
        let mut these = wanted(&avatar.scene);
        these.extend(avatar.toon_materials.values().flat_map(toon::textures));
        let scene = &avatar.scene;
        Self::decode_these(scene, these, max_side, anisotropy, MAX_COPIED_BYTES)
    }

    fn decode_these(
        scene: &Scene,
        these: BTreeSet<(TextureIndex, Reading)>,
        max_side: u32,
        anisotropy: u16,
        max_copied_bytes: usize,
    ) -> Self {
        let worker = Worker::new();
        let mut decoded = Self::default();
        let mut last: Option<(ImageIndex, image::RgbaImage)> = None;
        let mut copied_bytes = 0;
        for ((image, reading), sampled) in by_image(scene, these) {
            if last.as_ref().is_none_or(|(known, _)| *known != image) {
                let described = &scene.images[image.index()];
                last = Some((image, decode_picture(described, max_side, &worker)));
            }
            let Some((_, pixels)) = &last else { continue };
            for (number, (described, textures)) in sampled.into_iter().enumerate() {
                copied_bytes += if number == 0 {
                    0
                } else {
                    pixels.as_raw().len()
                };
                if number == 0 || copied_bytes <= max_copied_bytes {
                    let mut picture = with_mipmaps(pixels, reading);
                    picture.sampler = sampler(described, anisotropy);
                    decoded.pictures.push(Picture {
                        decoded: Some(picture),
                        handle: None,
                    });
                }
                let place = decoded.pictures.len().saturating_sub(1);
                let textures = textures.into_iter();
                decoded
                    .of_textures
                    .extend(textures.map(|texture| ((texture, reading), place)));
            }
        }
        if copied_bytes > max_copied_bytes {
            tracing::warn!(
                "images are sampled in so many ways that some of their textures repeat as others do"
            );
        }
        decoded
    }

    /// The engine's handle of a texture.
    pub(crate) fn handle(
        &mut self,
        texture: TextureIndex,
        reading: Reading,
        images: &mut Assets<Image>,
    ) -> Option<Handle<Image>> {
        let place = *self.of_textures.get(&(texture, reading))?;
        let picture = self.pictures.get_mut(place)?;
        if let Some(decoded) = picture.decoded.take() {
            picture.handle = Some(images.add(decoded));
        }
        picture.handle.clone()
    }
}

/// How an image is sampled, and by which textures.
type Sampled = Vec<(scene::Sampler, Vec<TextureIndex>)>;

/// What is wanted of each image: textures that sample it in the same way are together.
fn by_image(
    scene: &Scene,
    these: BTreeSet<(TextureIndex, Reading)>,
) -> BTreeMap<(ImageIndex, Reading), Sampled> {
    let mut wanted: BTreeMap<_, Sampled> = BTreeMap::new();
    for (texture, reading) in these {
        let described = scene.textures[texture.index()];
        let Some(image) = described.image else {
            continue;
        };
        let sampler = described.sampler;
        let sampler = sampler.and_then(|sampler| scene.samplers.get(sampler as usize));
        let sampler = sampler.copied().unwrap_or_default();
        // There are few ways to sample, so that few are looked at.
        let sampled = wanted.entry((image, reading)).or_default();
        match sampled.iter_mut().find(|(known, _)| *known == sampler) {
            Some((_, textures)) => textures.push(texture),
            None => sampled.push((sampler, vec![texture])),
        }
    }
    wanted
}

/// Which textures are read how, over all materials.
fn wanted(scene: &Scene) -> BTreeSet<(TextureIndex, Reading)> {
    let mut wanted = BTreeSet::new();
    for material in &scene.materials {
        for (slot, _) in Slot::ALL {
            let reading = match slot {
                Slot::BaseColor
                | Slot::Emissive
                | Slot::SpecularColor
                | Slot::SheenColor
                | Slot::DiffuseTransmissionColor => Reading::Color,
                _ => Reading::Numbers,
            };
            let texture = material.texture(*slot);
            wanted.extend(texture.map(|texture| (texture.texture, reading)));
        }
    }
    wanted
}

/// Pixels of a picture, at most `max_side` wide; white when they cannot be had.
pub(crate) fn decode_picture(
    image: &scene::Image,
    max_side: u32,
    worker: &Worker,
) -> image::RgbaImage {
    let white = || image::RgbaImage::from_pixel(1, 1, image::Rgba([255; 4]));
    if image.bytes.is_empty() {
        return white();
    }
    let is_jpeg = u32::from(image.format == scene::ImageFormat::Jpeg);
    let mut head = max_side.to_le_bytes().to_vec();
    head.extend(is_jpeg.to_le_bytes());
    let pixels = worker.decode(&PICTURE_DECODER, &[&head, &image.bytes], MAX_PIXEL_BYTES);
    let picture = pixels.and_then(|pixels| {
        let (width, height, pixels) = split_head(pixels).ok_or("it has no pixels")?;
        image::RgbaImage::from_raw(width, height, pixels).ok_or("it lacks pixels".to_owned())
    });
    match picture {
        Ok(picture) if picture.width() > 0 && picture.height() > 0 => picture,
        Ok(_) => white(),
        Err(fault) => {
            tracing::warn!(
                "the image `{}` cannot be decoded and is drawn white: {fault}",
                image.name
            );
            white()
        }
    }
}

/// Two numbers and what follows them.
fn split_head(mut bytes: Vec<u8>) -> Option<(u32, u32, Vec<u8>)> {
    let (first, rest) = bytes.split_first_chunk()?;
    let second = rest.first_chunk()?;
    let (first, second) = (u32::from_le_bytes(*first), u32::from_le_bytes(*second));
    bytes.drain(..8);
    Some((first, second, bytes))
}

fn decode_pixels(request: &[u8]) -> Result<Vec<u8>, String> {
    let (head, bytes) = request.split_at_checked(8).ok_or("it is no request")?;
    let (max_side, is_jpeg, _) = split_head(head.to_vec()).ok_or("it is no request")?;
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes));
    reader.set_format(match is_jpeg {
        0 => image::ImageFormat::Png,
        _ => image::ImageFormat::Jpeg,
    });
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(scene::limits::MAX_IMAGE_SIDE);
    limits.max_image_height = Some(scene::limits::MAX_IMAGE_SIDE);
    limits.max_alloc = Some(scene::limits::MAX_ONE_IMAGE_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?;
    let pixels = if picture.width() > max_side || picture.height() > max_side {
        picture
            .resize(max_side, max_side, image::imageops::FilterType::Triangle)
            .into_rgba8()
    } else {
        picture.into_rgba8()
    };
    let (width, height) = pixels.dimensions();
    let mut result = Vec::with_capacity(pixels.as_raw().len() + 8);
    result.extend(width.to_le_bytes());
    result.extend(height.to_le_bytes());
    result.extend(pixels.as_raw());
    Ok(result)
}

/// The picture with every smaller level, each the mean of four pixels of the one before.
fn with_mipmaps(pixels: &image::RgbaImage, reading: Reading) -> Image {
    let (width, height) = pixels.dimensions();
    let levels = 32 - width.max(height).leading_zeros();
    let mut data = pixels.as_raw().clone();
    let (mut level, mut level_width, mut level_height) = (pixels.as_raw().clone(), width, height);
    for _ in 1..levels {
        level = halve(&level, level_width, level_height, reading);
        (level_width, level_height) = ((level_width / 2).max(1), (level_height / 2).max(1));
        data.extend_from_slice(&level);
    }
    let format = if reading == Reading::Color {
        TextureFormat::Rgba8UnormSrgb
    } else {
        TextureFormat::Rgba8Unorm
    };
    let mut image = Image::new_uninit(
        Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        format,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.mip_level_count = levels;
    image.data = Some(data);
    image
}

fn halve(level: &[u8], width: u32, height: u32, reading: Reading) -> Vec<u8> {
    let (half_width, half_height) = ((width / 2).max(1), (height / 2).max(1));
    let mut half = Vec::with_capacity((half_width * half_height * 4) as usize);
    let at = |x: u32, y: u32, channel: u32| {
        level[((y.min(height - 1) * width + x.min(width - 1)) * 4 + channel) as usize]
    };
    for y in 0..half_height {
        for x in 0..half_width {
            for channel in 0..4 {
                let four = [
                    at(2 * x, 2 * y, channel),
                    at(2 * x + 1, 2 * y, channel),
                    at(2 * x, 2 * y + 1, channel),
                    at(2 * x + 1, 2 * y + 1, channel),
                ];
                half.push(if reading == Reading::Color && channel < 3 {
                    mean_of_colors(four)
                } else {
                    (four
                        .iter()
                        .map(|value| u32::from(*value))
                        .sum::<u32>()
                        .div_ceil(4)) as u8
                });
            }
        }
    }
    half
}

/// Mean in light rather than in numbers: squares stand in for the sRGB curve, within one step of it.
fn mean_of_colors(four: [u8; 4]) -> u8 {
    let sum: u32 = four
        .iter()
        .map(|value| u32::from(*value) * u32::from(*value))
        .sum();
    f32::sqrt(sum as f32 / 4.0) as u8
}

/// A white pixel whose sampler repeats: it lends its sampler to pictures that are read through one of them.
pub(super) fn repeating() -> Image {
    let mut image = with_mipmaps(
        &image::RgbaImage::from_pixel(1, 1, image::Rgba([255; 4])),
        Reading::Numbers,
    );
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::Repeat,
        address_mode_v: ImageAddressMode::Repeat,
        ..ImageSamplerDescriptor::linear()
    });
    image
}

fn sampler(described: scene::Sampler, anisotropy: u16) -> ImageSampler {
    let wrap = |wrap: Wrap| match wrap {
        Wrap::Repeat => ImageAddressMode::Repeat,
        Wrap::Mirror => ImageAddressMode::MirrorRepeat,
        Wrap::Clamp => ImageAddressMode::ClampToEdge,
    };
    let filter = |is_nearest: bool| {
        if is_nearest {
            ImageFilterMode::Nearest
        } else {
            ImageFilterMode::Linear
        }
    };
    let is_smooth = !described.is_nearest_magnified && !described.is_nearest_minified;
    ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: wrap(described.wrap_u),
        address_mode_v: wrap(described.wrap_v),
        mag_filter: filter(described.is_nearest_magnified),
        min_filter: filter(described.is_nearest_minified),
        mipmap_filter: filter(!is_smooth),
        // The graphics interface takes anisotropy with smooth filters only.
        anisotropy_clamp: if is_smooth { anisotropy } else { 1 },
        ..default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textures_of_one_image_share_its_picture() {
        let mut png = Vec::new();
        image::RgbaImage::from_pixel(4, 4, image::Rgba([9; 4]))
            .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
            .unwrap();
        let described = scene::Image {
            name: String::new(),
            bytes: png.into(),
            format: scene::ImageFormat::Png,
            width: 4,
            height: 4,
        };
        let clamped = scene::Sampler {
            wrap_u: Wrap::Clamp,
            ..scene::Sampler::default()
        };
        let texture = |number: u32| scene::Texture {
            image: Some(ImageIndex(0)),
            sampler: Some(number % 3),
        };
        let scene = Scene {
            images: vec![described],
            samplers: vec![
                scene::Sampler::default(),
                scene::Sampler::default(),
                clamped,
            ],
            textures: (0..3_000).map(texture).collect(),
            ..Scene::default()
        };
        let wanted: BTreeSet<_> = (0..3_000)
            .map(|number| (TextureIndex(number), Reading::Color))
            .chain([(TextureIndex(0), Reading::Numbers)])
            .collect();
        let decode = |most: usize| Pictures::decode_these(&scene, wanted.clone(), 64, 1, most);
        let mut images = Assets::<Image>::default();
        // Two samplers of colours, one of numbers; 64 bytes are copied for the second sampler.
        for (most, count) in [(64, 3), (63, 2)] {
            let mut pictures = decode(most);
            let handles = wanted
                .iter()
                .map(|&(texture, reading)| pictures.handle(texture, reading, &mut images).unwrap());
            assert_eq!(
                handles.collect::<std::collections::HashSet<_>>().len(),
                count
            );
        }
    }

    #[test]
    fn mipmaps_go_down_to_one_pixel() {
        let image = with_mipmaps(
            &image::RgbaImage::from_pixel(8, 2, image::Rgba([200, 100, 50, 255])),
            Reading::Color,
        );
        assert_eq!(image.texture_descriptor.mip_level_count, 4);
        let data = image.data.unwrap();
        assert_eq!(data.len(), 4 * (16 + 4 + 2 + 1));
        assert!(
            data.chunks_exact(4)
                .all(|pixel| pixel[0].abs_diff(200) < 2 && pixel[3] == 255)
        );
    }
}
