//! Pictures on surfaces: decoded apart, with mipmaps, so that distant stone does not shimmer.

mod decode;
mod forms;
mod levels;
mod wishes;

pub(crate) use decode::{PICTURE_DECODER, decode_picture};
pub(crate) use wishes::{PictureWishes, WishedPictures};

use super::surface::toon_textures;
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension},
};
use decode::{Decoded, Readings};
use scene::{ImageIndex, Scene, Slot, TextureIndex, Wrap, worker::Worker};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Most bytes of pixels that one scene may have once more because an image is sampled in several ways: the engine keeps a
/// sampler with its picture. Further textures are sampled as an earlier one of their image.
const MAX_COPIED_BYTES: usize = 256 * 1024 * 1024;

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
    /// Decodes what the scene's materials use. Runs on a worker thread.
    pub(crate) fn decode(scene: &Scene, wishes: PictureWishes, worker: &Worker) -> Self {
        let these = wanted(scene);
        Self::decode_these(scene, these, wishes, MAX_COPIED_BYTES, worker)
    }

    fn decode_these(
        scene: &Scene,
        these: BTreeSet<(TextureIndex, Reading)>,
        wishes: PictureWishes,
        max_copied_bytes: usize,
        worker: &Worker,
    ) -> Self {
        let wanted = by_image(scene, these);
        let mut pictures = decode_images(scene, wanted.keys(), wishes, worker);
        let mut decoded = Self::default();
        let mut copied_bytes = 0;
        for ((image, reading), sampled) in wanted {
            let picture = pictures.remove(&(image, reading));
            let mut picture = Some(picture.unwrap_or_else(Decoded::white));
            let last = sampled.len().saturating_sub(1);
            for (number, (described, textures)) in sampled.into_iter().enumerate() {
                let own = if number == last {
                    picture.take()
                } else {
                    picture.clone()
                };
                let Some(own) = own else { continue };
                if number > 0 {
                    copied_bytes += own.form.bytes(own.width, own.height) as usize;
                }
                if number == 0 || copied_bytes <= max_copied_bytes {
                    let sampler = sampler(described, wishes.anisotropy);
                    decoded.pictures.push(Picture {
                        decoded: Some(engine_picture(own, reading, sampler)),
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

/// Decodes images for the ways in which each is read. What cannot be had is not among them, or white.
fn decode_images<'w>(
    scene: &Scene,
    wanted: impl Iterator<Item = &'w (ImageIndex, Reading)>,
    wishes: PictureWishes,
    worker: &Worker,
) -> BTreeMap<(ImageIndex, Reading), Decoded> {
    let mut readings: BTreeMap<ImageIndex, Readings> = BTreeMap::new();
    for (image, reading) in wanted {
        let readings = readings.entry(*image).or_default();
        match reading {
            Reading::Color => readings.color = true,
            Reading::Numbers => readings.numbers = true,
        }
    }
    let described = |image: ImageIndex| &scene.images[image.index()];
    readings.retain(|image, _| !described(*image).bytes.is_empty());
    let mut order: Vec<_> = readings.into_iter().collect();
    // The largest first: what begins last and takes long would be waited for.
    order.sort_by_key(|(image, _)| {
        let image = described(*image);
        Reverse(u64::from(image.width) * u64::from(image.height))
    });
    let images: Vec<_> = order
        .iter()
        .map(|&(image, readings)| (described(image), readings))
        .collect();
    let mut pictures = BTreeMap::new();
    let PictureWishes { max_side, form, .. } = wishes;
    decode::decode_all(
        &images,
        max_side,
        form,
        worker,
        &mut |place, reading, picture| {
            pictures.insert((order[place].0, reading), picture);
        },
    );
    pictures
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
        wanted.extend(material.toon.iter().flat_map(|toon| toon_textures(toon)));
    }
    wanted
}

/// The engine's picture.
fn engine_picture(decoded: Decoded, reading: Reading, sampler: ImageSampler) -> Image {
    let format = forms::engine_format(decoded.form, reading);
    let size = Extent3d {
        width: decoded.width,
        height: decoded.height,
        depth_or_array_layers: 1,
    };
    let usage = RenderAssetUsages::RENDER_WORLD;
    let mut image = Image::new_uninit(size, TextureDimension::D2, format, usage);
    image.texture_descriptor.mip_level_count = decoded.level_count;
    image.data = Some(decoded.pixels);
    image.sampler = sampler;
    image
}

/// A white pixel whose sampler repeats: it lends its sampler to pictures that are read through one of them.
pub(super) fn repeating() -> Image {
    let sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::Repeat,
        address_mode_v: ImageAddressMode::Repeat,
        ..ImageSamplerDescriptor::linear()
    });
    engine_picture(Decoded::white(), Reading::Numbers, sampler)
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
        let worker = Worker::default();
        let wishes = PictureWishes {
            max_side: 64,
            anisotropy: 1,
            form: scene::basis::PixelForm::Bc7,
        };
        let decode =
            |most: usize| Pictures::decode_these(&scene, wanted.clone(), wishes, most, &worker);
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
}
