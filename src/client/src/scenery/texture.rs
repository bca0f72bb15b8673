//! Pictures on surfaces: decoded off the main thread, with mipmaps, so that distant stone does not shimmer.

use super::toon;
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat},
};
use scene::{
    Avatar, Scene, Slot, TextureIndex, Wrap,
    worker::{Decoder, Worker},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of the pixels of one picture.
const MAX_PIXEL_BYTES: usize = 1024 * 1024 * 1024;

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

/// Decoded pictures of one scene, by texture and reading.
#[derive(Default)]
pub(crate) struct Pictures {
    decoded: BTreeMap<(TextureIndex, Reading), Image>,
    handles: BTreeMap<(TextureIndex, Reading), Handle<Image>>,
}

impl Pictures {
    /// Decodes what the scene's materials use, at most `max_side` pixels wide. Runs on a worker thread.
    pub(crate) fn decode(scene: &Scene, max_side: u32, anisotropy: u16) -> Self {
        Self::decode_these(scene, wanted(scene), max_side, anisotropy)
    }

    /// The same for an avatar, whose materials may have a drawn look.
    pub(crate) fn decode_avatar(avatar: &Avatar, max_side: u32, anisotropy: u16) -> Self {
        let mut these = wanted(&avatar.scene);
        these.extend(avatar.toon_materials.values().flat_map(toon::textures));
        Self::decode_these(&avatar.scene, these, max_side, anisotropy)
    }

    fn decode_these(
        scene: &Scene,
        these: BTreeSet<(TextureIndex, Reading)>,
        max_side: u32,
        anisotropy: u16,
    ) -> Self {
        let worker = Worker::new();
        let mut decoded = BTreeMap::new();
        let mut sources: BTreeMap<u32, image::RgbaImage> = BTreeMap::new();
        for (texture, reading) in these {
            let described = scene.textures[texture.index()];
            let Some(source) = described.image else {
                continue;
            };
            let pixels = sources.entry(source.0).or_insert_with(|| {
                decode_picture(&scene.images[source.index()], max_side, &worker)
            });
            let mut picture = with_mipmaps(pixels, reading);
            picture.sampler = sampler(scene, described.sampler, anisotropy);
            decoded.insert((texture, reading), picture);
        }
        Self {
            decoded,
            handles: BTreeMap::new(),
        }
    }

    /// The engine's handle of a texture.
    pub(crate) fn handle(
        &mut self,
        texture: TextureIndex,
        reading: Reading,
        images: &mut Assets<Image>,
    ) -> Option<Handle<Image>> {
        if let Some(picture) = self.decoded.remove(&(texture, reading)) {
            self.handles.insert((texture, reading), images.add(picture));
        }
        self.handles.get(&(texture, reading)).cloned()
    }
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

fn sampler(scene: &Scene, index: Option<u32>, anisotropy: u16) -> ImageSampler {
    let described = index
        .and_then(|index| scene.samplers.get(index as usize))
        .copied()
        .unwrap_or_default();
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
