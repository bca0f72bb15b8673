//! Pictures on surfaces: decoded apart, with mipmaps, so that distant stone does not shimmer.

mod forms;
mod wishes;

pub(crate) use scene::picture::Reading;
pub(crate) use wishes::{PictureWishes, WishedPictures};

use super::surface::toon_textures;
use bevy::{
    asset::RenderAssetUsages,
    image::{Image, ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension},
};
use image::RgbaImage;
use scene::{
    AlphaMode, ImageIndex, Material, Scene, Slot, TextureIndex, TextureSlot, Wrap,
    picture::{self, Picture, Readings},
    worker::Worker,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Most bytes of pixels that one scene may have once more because an image is sampled in several ways: the engine keeps a
/// sampler with its picture. Further textures are sampled as an earlier one of their image.
const MAX_COPIED_BYTES: u64 = 256 * 1024 * 1024;

/// Pictures of one scene: one for all textures with the same image, reading and sampler.
#[derive(Default)]
pub(crate) struct Pictures {
    handles: BTreeMap<(TextureIndex, Reading), Handle<Image>>,
    /// Bytes of pixels that are there once more.
    copied_bytes: u64,
}

impl Pictures {
    /// Decodes what the scene's materials use, and hands each picture in as it is made. Runs on a worker thread.
    pub(crate) fn decode(scene: &Scene, wishes: &PictureWishes, worker: &Worker) -> Self {
        Self::decode_while(scene, wishes, worker, &|| true)
    }

    /// The same for as long as somebody wants them: afterwards nothing is handed in.
    pub(crate) fn decode_while(
        scene: &Scene,
        wishes: &PictureWishes,
        worker: &Worker,
        is_wanted: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let these = wanted(scene);
        Self::decode_these(scene, these, wishes, MAX_COPIED_BYTES, worker, is_wanted)
    }

    fn decode_these(
        scene: &Scene,
        these: BTreeSet<(TextureIndex, Reading)>,
        wishes: &PictureWishes,
        max_copied_bytes: u64,
        worker: &Worker,
        is_wanted: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let mut wanted = by_image(scene, these);
        let stand_ins = StandIns::of(scene);
        let mut pictures = Self::default();
        let images = largest_first(scene, wanted.keys());
        decode_images(
            scene,
            &images,
            wishes,
            worker,
            &mut |image, reading, made| {
                let sampled = wanted.remove(&(image, reading)).unwrap_or_default();
                if is_wanted() {
                    let made = made.unwrap_or_else(|| stand_ins.picture(image, reading));
                    pictures.hand_in(made, reading, sampled, wishes, max_copied_bytes);
                }
            },
        );
        // What has no bytes is not decoded.
        for ((image, reading), sampled) in wanted {
            let made = stand_ins.picture(image, reading);
            pictures.hand_in(made, reading, sampled, wishes, max_copied_bytes);
        }
        if pictures.copied_bytes > max_copied_bytes {
            tracing::warn!(
                "images are sampled in so many ways that some of their textures repeat as others do"
            );
        }
        pictures
    }

    /// Gives the engine a picture for each way in which it is sampled, until too much would be copied.
    fn hand_in(
        &mut self,
        picture: Picture,
        reading: Reading,
        sampled: Sampled,
        wishes: &PictureWishes,
        max_copied_bytes: u64,
    ) {
        let bytes = picture.pixels.len() as u64;
        let mut picture = Some(picture);
        let mut before: Option<Handle<Image>> = None;
        let last = sampled.len().saturating_sub(1);
        for (number, (described, textures)) in sampled.into_iter().enumerate() {
            if before.is_some() {
                self.copied_bytes = self.copied_bytes.saturating_add(bytes);
            }
            let handle = match before.take_if(|_| self.copied_bytes > max_copied_bytes) {
                Some(before) => before,
                None => {
                    let own = match number == last {
                        true => picture.take(),
                        false => picture.clone(),
                    };
                    let sampler = sampler(described, wishes.anisotropy);
                    let own = own.unwrap_or_else(Picture::white);
                    wishes
                        .inbox
                        .hand_in_picture(engine_picture(own, reading, sampler))
                }
            };
            let textures = textures.into_iter();
            self.handles
                .extend(textures.map(|texture| ((texture, reading), handle.clone())));
            before = Some(handle);
        }
    }

    /// The engine's handle of a texture.
    pub(crate) fn handle(&self, texture: TextureIndex, reading: Reading) -> Option<Handle<Image>> {
        self.handles.get(&(texture, reading)).cloned()
    }
}

/// A picture of colours, at most `max_side` wide and high; white when it cannot be had.
pub(crate) fn decode_picture(image: &scene::Image, max_side: u32, worker: &Worker) -> RgbaImage {
    let picture = picture::decode_one(image, max_side, worker).unwrap_or_else(|fault| {
        warn_of(image, &fault);
        Picture::white()
    });
    RgbaImage::from_raw(picture.width, picture.height, picture.pixels)
        .unwrap_or_else(|| RgbaImage::from_pixel(1, 1, image::Rgba([255; 4])))
}

fn warn_of(image: &scene::Image, fault: &str) {
    if !image.bytes.is_empty() {
        tracing::warn!(
            "the image `{}` cannot be decoded and is drawn as if there were none: {fault}",
            image.name
        );
    }
}

/// Images and in which ways each is read, the largest first: what begins last and takes long would be waited for.
fn largest_first<'w>(
    scene: &Scene,
    wanted: impl Iterator<Item = &'w (ImageIndex, Reading)>,
) -> Vec<(ImageIndex, Readings)> {
    let mut readings: BTreeMap<ImageIndex, Readings> = BTreeMap::new();
    for (image, reading) in wanted {
        let readings = readings.entry(*image).or_default();
        match reading {
            Reading::Color => readings.color = true,
            Reading::Numbers => readings.numbers = true,
        }
    }
    let covering = covering(scene);
    for (image, own) in &mut readings {
        own.covers = !own.numbers && covering.contains(image);
    }
    let described = |image: ImageIndex| &scene.images[image.index()];
    readings.retain(|image, _| !described(*image).bytes.is_empty());
    let mut order: Vec<_> = readings.into_iter().collect();
    order.sort_by_key(|(image, _)| {
        let image = described(*image);
        Reverse(u64::from(image.width) * u64::from(image.height))
    });
    order
}

/// Images whose alpha says how much of a surface is there, and whose colours no opaque material shows.
fn covering(scene: &Scene) -> BTreeSet<ImageIndex> {
    let image = |texture: TextureIndex| scene.textures[texture.index()].image;
    let (mut cut, mut opaque) = (BTreeSet::new(), BTreeSet::new());
    for material in &scene.materials {
        let is_cut = match material.alpha_mode {
            AlphaMode::Opaque => false,
            AlphaMode::Mask(cutoff) => cutoff > 0.0,
            AlphaMode::Blend => true,
        };
        if is_cut {
            let texture = material.base_color_texture;
            cut.extend(texture.and_then(|slot| image(slot.texture)));
        } else {
            let colors = read_by(material).filter(|(_, reading)| *reading == Reading::Color);
            opaque.extend(colors.filter_map(|(texture, _)| image(texture)));
        }
    }
    &cut - &opaque
}

/// What is drawn in place of images that cannot be had, where white would not be as if there were none.
struct StandIns(BTreeMap<(ImageIndex, Reading), [u8; 4]>);

impl StandIns {
    fn of(scene: &Scene) -> Self {
        let mut pixels = BTreeMap::new();
        let mut note = |slot: Option<TextureSlot>, reading, pixel| {
            let image = slot.and_then(|slot| scene.textures[slot.texture.index()].image);
            pixels.extend(image.map(|image| ((image, reading), pixel)));
        };
        for material in &scene.materials {
            for (slot, _) in Slot::ALL {
                let pixel = match slot {
                    Slot::Normal | Slot::ClearcoatNormal => STRAIGHT_OUT,
                    Slot::Anisotropy => ALONG_THE_TANGENT,
                    _ => continue,
                };
                note(material.texture(*slot), Reading::Numbers, pixel);
            }
            if let Some(toon) = &material.toon {
                note(toon.matcap_texture, Reading::Color, NOTHING);
                note(toon.shading_shift_texture, Reading::Numbers, NOTHING);
            }
        }
        Self(pixels)
    }

    fn picture(&self, image: ImageIndex, reading: Reading) -> Picture {
        let pixel = self.0.get(&(image, reading)).copied().unwrap_or([255; 4]);
        Picture {
            pixels: pixel.to_vec(),
            ..Picture::white()
        }
    }
}

/// A normal that no map bends; no turn of anisotropy; no light of a material capture, and no shift of shading.
const STRAIGHT_OUT: [u8; 4] = [128, 128, 255, 255];
const ALONG_THE_TANGENT: [u8; 4] = [255, 128, 255, 255];
const NOTHING: [u8; 4] = [0, 0, 0, 255];

/// Decodes images in the ways in which each is read; `made` gets each once in each way, and nothing of what cannot be had.
fn decode_images(
    scene: &Scene,
    order: &[(ImageIndex, Readings)],
    wishes: &PictureWishes,
    worker: &Worker,
    made: &mut (dyn FnMut(ImageIndex, Reading, Option<Picture>) + Send),
) {
    let images: Vec<_> = order
        .iter()
        .map(|&(image, readings)| (&scene.images[image.index()], readings))
        .collect();
    picture::decode_all(
        &images,
        wishes.max_side,
        wishes.form,
        worker,
        &mut |place, pictures| {
            let (image, readings) = order[place];
            let pictures = pictures.unwrap_or_else(|fault| {
                warn_of(images[place].0, &fault);
                Vec::new()
            });
            let mut pictures = pictures.into_iter();
            for reading in readings.each() {
                made(image, reading, pictures.next());
            }
        },
    );
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
    scene.materials.iter().flat_map(read_by).collect()
}

/// Which textures a material reads how.
fn read_by(material: &Material) -> impl Iterator<Item = (TextureIndex, Reading)> {
    let slots = Slot::ALL.iter().filter_map(|(slot, _)| {
        let reading = match slot {
            Slot::BaseColor
            | Slot::Emissive
            | Slot::SpecularColor
            | Slot::SheenColor
            | Slot::DiffuseTransmissionColor => Reading::Color,
            _ => Reading::Numbers,
        };
        Some((material.texture(*slot)?.texture, reading))
    });
    let toon = material.toon.iter().flat_map(|toon| toon_textures(toon));
    slots.chain(toon)
}

/// The engine's picture.
fn engine_picture(decoded: Picture, reading: Reading, sampler: ImageSampler) -> Image {
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
    engine_picture(Picture::white(), Reading::Numbers, sampler)
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
    use super::{super::Inbox, *};

    #[test]
    fn what_cannot_be_had_is_as_if_there_were_none() {
        let broken = scene::Image {
            name: "broken".to_owned(),
            bytes: b"no PNG".to_vec().into(),
            format: scene::ImageFormat::Png,
            width: 4,
            height: 4,
        };
        let slot = |texture: u32| {
            Some(TextureSlot {
                texture: TextureIndex(texture),
                uv_set: 0,
                transform: scene::TextureTransform::default(),
            })
        };
        let material = Material {
            normal_texture: slot(0),
            metallic_roughness_texture: slot(1),
            anisotropy_texture: slot(2),
            ..Material::default()
        };
        let texture = |image: u32| scene::Texture {
            image: Some(ImageIndex(image)),
            sampler: None,
        };
        let scene = Scene {
            images: vec![broken; 3],
            textures: (0..3).map(texture).collect(),
            materials: vec![material],
            ..Scene::default()
        };
        let (mut images, mut meshes) = (Assets::<Image>::default(), Assets::<Mesh>::default());
        let wishes = PictureWishes::small(Inbox::of(&images, &meshes));
        let pictures = Pictures::decode(&scene, &wishes, &Worker::default());
        wishes.inbox.empty_into(None, &mut images, &mut meshes);
        let pixels = (0..3).map(|texture| {
            let handle = pictures.handle(TextureIndex(texture), Reading::Numbers);
            images.get(&handle.unwrap()).unwrap().data.clone().unwrap()
        });
        let wanted = [STRAIGHT_OUT, [255; 4], ALONG_THE_TANGENT];
        assert!(pixels.eq(wanted.map(Vec::from)));
    }

    #[test]
    fn textures_of_one_image_share_its_picture() {
        let mut png = Vec::new();
        RgbaImage::from_pixel(4, 4, image::Rgba([9; 4]))
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
        let mut images = Assets::<Image>::default();
        let mut meshes = Assets::<Mesh>::default();
        let wishes = PictureWishes::small(Inbox::of(&images, &meshes));
        let decode = |most: u64, is_wanted: bool| {
            let these = wanted.clone();
            Pictures::decode_these(&scene, these, &wishes, most, &worker, &|| is_wanted)
        };
        drop(decode(84, false));
        wishes.inbox.empty_into(None, &mut images, &mut meshes);
        assert_eq!(images.len(), 0, "nobody wants them");
        // Two samplers of colours, one of numbers; 84 bytes are copied for the second sampler: 16, 4 and 1 pixels.
        for (most, count) in [(84, 3), (83, 2)] {
            let pictures = decode(most, true);
            let handles = wanted
                .iter()
                .map(|&(texture, reading)| pictures.handle(texture, reading).unwrap());
            assert_eq!(
                handles.collect::<std::collections::HashSet<_>>().len(),
                count
            );
        }
    }

    #[test]
    fn an_image_covers_where_its_alpha_is_seen_and_no_opaque_material_shows_it() {
        let covers = |modes: &[AlphaMode], is_shining: bool| {
            let slot = TextureSlot {
                texture: TextureIndex(0),
                uv_set: 0,
                transform: scene::TextureTransform::default(),
            };
            let material = |mode: &AlphaMode| Material {
                alpha_mode: *mode,
                base_color_texture: Some(slot),
                ..Material::default()
            };
            let shining = Material {
                emissive_texture: Some(slot),
                ..Material::default()
            };
            let image = scene::Image {
                name: String::new(),
                bytes: vec![0].into(),
                format: scene::ImageFormat::Png,
                width: 4,
                height: 4,
            };
            let scene = Scene {
                images: vec![image],
                textures: vec![scene::Texture {
                    image: Some(ImageIndex(0)),
                    sampler: None,
                }],
                materials: (modes.iter().map(material))
                    .chain(is_shining.then_some(shining))
                    .collect(),
                ..Scene::default()
            };
            let wanted = by_image(&scene, wanted(&scene));
            let order = largest_first(&scene, wanted.keys());
            order[0].1.covers
        };
        let (cut, nothing) = (AlphaMode::Mask(0.5), AlphaMode::Mask(0.0));
        assert!(covers(&[AlphaMode::Blend], false) && covers(&[cut], false));
        assert!(!covers(&[AlphaMode::Opaque], false) && !covers(&[nothing], false));
        assert!(!covers(&[cut, AlphaMode::Opaque], false) && !covers(&[cut], true));
    }
}
