//! A material on something before an eye, for tests.

use super::{SurfaceStores, Surfaces};
use crate::{
    app::studio::Studio,
    scenery::{Inbox, PictureWishes, Pictures, mesh},
};
use bevy::{ecs::system::RunSystemOnce, prelude::*};
use scene::{
    Material, MaterialIndex, Scene, Texture, TextureIndex, TextureSlot, TextureTransform, Topology,
    worker::Worker,
};

/// On what is shown.
#[derive(Component)]
struct Shown;

/// A studio that draws materials, and an eye with what a test gives it; `None` without an adapter.
pub(super) fn studio(eye: impl Bundle) -> Option<Studio> {
    let mut studio = Studio::open(|app| {
        app.add_plugins((
            crate::scenery::surface::plugin,
            mesh::plugin,
            crate::look::shaders::plugin,
        ));
    })?;
    let target = studio.target.clone();
    let world = studio.app.world_mut();
    world.spawn((Camera3d::default(), target, Msaa::Off, eye));
    Some(studio)
}

/// Puts a mesh with the first material of a scene in the place of what was shown before. `more` is inserted first.
pub(super) fn show(
    studio: &mut Studio,
    scene: Scene,
    mesh: Mesh,
    place: Transform,
    more: impl Bundle,
) -> Entity {
    let world = studio.app.world_mut();
    let mut old = world.query_filtered::<Entity, With<Shown>>();
    let old: Vec<Entity> = old.iter(world).collect();
    for entity in old {
        world.despawn(entity);
    }
    let mesh = world.resource_mut::<Assets<Mesh>>().add(mesh);
    let shown = world.spawn((Shown, Mesh3d(mesh), place, more)).id();
    world
        .run_system_once(move |mut commands: Commands, mut stores: SurfaceStores| {
            let mut meshes = Assets::default();
            let inbox = Inbox::of(&stores.images, &meshes);
            let wishes = PictureWishes::small(inbox.clone());
            let pictures = Pictures::decode(&scene, &wishes, &Worker::default());
            inbox.empty_into(None, &mut stores.images, &mut meshes);
            let index = Some(MaterialIndex(0));
            let on = Topology::Triangles;
            let surface = Surfaces::default().handle(&scene, index, on, &pictures, &mut stores);
            surface.lay(&mut commands.entity(shown));
        })
        .unwrap();
    shown
}

/// A scene of one material.
pub(super) fn scene_of(material: Material) -> Scene {
    Scene {
        materials: vec![material],
        ..Scene::default()
    }
}

/// The same, whose first texture has one colour.
pub(super) fn pictured(material: Material, color: [u8; 4]) -> Scene {
    const SIDE: u32 = 4;
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(SIDE, SIDE, image::Rgba(color))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    Scene {
        textures: vec![Texture {
            image: Some(scene::ImageIndex(0)),
            sampler: None,
        }],
        images: vec![scene::Image {
            name: String::new(),
            bytes: png.into_inner().into(),
            format: scene::ImageFormat::Png,
            width: SIDE,
            height: SIDE,
        }],
        ..scene_of(material)
    }
}

/// The first texture of a scene.
pub(super) fn textured(transform: TextureTransform) -> TextureSlot {
    TextureSlot {
        texture: TextureIndex(0),
        uv_set: 0,
        transform,
    }
}
