//! The grid floor under a file that is a thing rather than a place.

use bevy::{
    asset::RenderAssetUsages,
    image::{ImageAddressMode, ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    math::Affine2,
    prelude::*,
    render::render_resource::{Extent3d, TextureDimension, TextureFormat},
};
use simulation::Stage;

/// Least half side of the floor, metres.
const REACH: f32 = 60.0;
/// Half side of the floor in distances from which the thing is looked at.
const REACH_IN_VIEWS: f32 = 8.0;
/// Of plinths and rails.
const STONE: Color = Color::srgb(0.55, 0.55, 0.57);
/// Thickness of a rail's bars, in lengths of the rail.
const BAR_THICKNESS: f32 = 0.006;
/// Pixels of one square.
const SIDE: u32 = 64;

/// The floor and what stands on it for show, which is no part of the world.
#[derive(Component)]
pub(crate) struct Floor;

pub(super) fn spawn(
    commands: &mut Commands,
    root: Entity,
    stage: &Stage,
    meshes: &mut Assets<Mesh>,
    images: &mut Assets<Image>,
    materials: &mut Assets<StandardMaterial>,
) {
    let view = stage.feet.distance(stage.center);
    // Squares of a metre for things, of ten or a hundred for towers.
    let square_metres = 10f32.powf((view / 25.0).max(1.0).log10().ceil());
    let reach = (view * REACH_IN_VIEWS).max(REACH);
    let material = materials.add(StandardMaterial {
        base_color_texture: Some(images.add(square())),
        perceptual_roughness: 0.9,
        uv_transform: Affine2::from_scale(Vec2::splat(2.0 * reach / square_metres)),
        ..default()
    });
    let plane = meshes.add(Plane3d::new(Vec3::Y, Vec2::splat(reach)));
    let place = Vec3::new(
        stage.center.x.round(),
        stage.floor - 0.002,
        stage.center.z.round(),
    );
    let mut stone = None;
    let blocks = stage
        .plinth
        .into_iter()
        .chain(stage.rail.into_iter().flat_map(bars));
    for (low, high) in blocks {
        let stone = stone.get_or_insert_with(|| {
            materials.add(StandardMaterial {
                base_color: STONE,
                perceptual_roughness: 0.9,
                ..default()
            })
        });
        commands.spawn((
            Floor,
            Mesh3d(meshes.add(Cuboid::from_corners(low, high))),
            MeshMaterial3d(stone.clone()),
            Transform::from_translation((low + high) * 0.5),
            ChildOf(root),
        ));
    }
    commands.spawn((
        Floor,
        Mesh3d(plane),
        MeshMaterial3d(material),
        Transform::from_translation(place),
        ChildOf(root),
    ));
}

/// Posts and bars of a rail around a box: lowest and highest corner of each.
fn bars((low, high): (Vec3, Vec3)) -> impl Iterator<Item = (Vec3, Vec3)> {
    let thick = (high - low).max_element() * BAR_THICKNESS;
    let corner = |x: bool, z: bool| {
        let pick = |is_high: bool, low: f32, high: f32| if is_high { high } else { low - thick };
        Vec3::new(pick(x, low.x, high.x), low.y, pick(z, low.z, high.z))
    };
    let corners =
        [(false, false), (true, false), (true, true), (false, true)].map(|(x, z)| corner(x, z));
    (0..4).flat_map(move |index| {
        let (start, next) = (corners[index], corners[(index + 1) % 4]);
        let post = (start, (start + thick).with_y(high.y));
        let bar = (
            start.min(next).with_y(high.y),
            (start.max(next) + thick).with_y(high.y + thick),
        );
        [post, bar]
    })
}

/// A square with a darker edge, and every smaller level of it.
fn square() -> Image {
    let mut data = Vec::new();
    let mut side = SIDE;
    while side > 0 {
        for y in 0..side {
            for x in 0..side {
                let is_edge = side >= 8 && (x < side / 32 + 1 || y < side / 32 + 1);
                let value = if is_edge { 112 } else { 168 };
                data.extend([value, value, value, 255]);
            }
        }
        side /= 2;
    }
    let size = Extent3d {
        width: SIDE,
        height: SIDE,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.texture_descriptor.mip_level_count = SIDE.ilog2() + 1;
    image.data = Some(data);
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        address_mode_u: ImageAddressMode::Repeat,
        address_mode_v: ImageAddressMode::Repeat,
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: ImageFilterMode::Linear,
        anisotropy_clamp: 8,
        ..default()
    });
    image
}
