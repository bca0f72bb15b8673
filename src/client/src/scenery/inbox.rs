//! The way of pictures and meshes from worker threads into the engine, each as soon as it is made: while one goes to the adapter the
//! next is made, and no single frame has to take all of a file's.

use super::mesh::{most_morph_bytes, within};
use bevy::{
    asset::{AssetEventSystems, AssetHandleProvider},
    prelude::*,
    render::renderer::RenderDevice,
};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Inbox>();
    // After everything that puts things into the engine, so that what is drawn has its pictures and meshes.
    app.add_systems(PostUpdate, take.before(AssetEventSystems));
}

/// What has been made and the engine has not taken yet. Of a scene there is at most as much as its limits allow.
#[derive(Resource, Clone)]
pub(crate) struct Inbox {
    pictures: Tray<Image>,
    meshes: Tray<Mesh>,
}

impl Inbox {
    pub(crate) fn of(images: &Assets<Image>, meshes: &Assets<Mesh>) -> Self {
        Self {
            pictures: Tray::of(images),
            meshes: Tray::of(meshes),
        }
    }

    /// From any thread. The handle is in force at once, and has its picture when that frame is drawn.
    pub(super) fn hand_in_picture(&self, picture: Image) -> Handle<Image> {
        self.pictures.hand_in(picture)
    }

    /// The same for a mesh.
    pub(crate) fn hand_in_mesh(&self, mesh: Mesh) -> Handle<Mesh> {
        self.meshes.hand_in(mesh)
    }

    /// Gives the engine what has come, as far as its adapter can read it.
    pub(crate) fn empty_into(
        &self,
        device: Option<&RenderDevice>,
        images: &mut Assets<Image>,
        meshes: &mut Assets<Mesh>,
    ) {
        let most = device.map_or(u64::MAX, most_morph_bytes);
        self.pictures.empty_into(images, |picture| picture);
        self.meshes.empty_into(meshes, |mesh| within(mesh, most));
    }
}

impl FromWorld for Inbox {
    fn from_world(world: &mut World) -> Self {
        Self::of(world.resource(), world.resource())
    }
}

/// Things of one kind.
struct Tray<A: Asset> {
    handles: AssetHandleProvider,
    waiting: Arc<Mutex<Vec<(AssetId<A>, A)>>>,
}

impl<A: Asset> Clone for Tray<A> {
    fn clone(&self) -> Self {
        Self {
            handles: self.handles.clone(),
            waiting: Arc::clone(&self.waiting),
        }
    }
}

impl<A: Asset> Tray<A> {
    fn of(assets: &Assets<A>) -> Self {
        Self {
            handles: assets.get_handle_provider(),
            waiting: Arc::default(),
        }
    }

    fn hand_in(&self, asset: A) -> Handle<A> {
        let handle = self.handles.reserve_handle().typed();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push((handle.id(), asset));
        handle
    }

    fn empty_into(&self, assets: &mut Assets<A>, change: impl Fn(A) -> A) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, asset) in mem::take(&mut *waiting) {
            // What nobody wants any more has no place.
            drop(assets.insert(id, change(asset)));
        }
    }
}

/// Gives the engine what worker threads have made since the last frame.
fn take(
    inbox: Res<Inbox>,
    device: Option<Res<RenderDevice>>,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
) {
    inbox.empty_into(device.as_deref(), &mut images, &mut meshes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::asset::AssetPlugin;

    #[test]
    fn pictures_reach_those_who_still_want_them() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, AssetPlugin::default()))
            .init_asset::<Image>()
            .init_asset::<Mesh>()
            .add_plugins(plugin);
        let inbox = app.world().resource::<Inbox>().clone();
        let wanted = inbox.hand_in_picture(Image::default());
        drop(inbox.hand_in_picture(Image::default()));
        app.update();
        let images = |app: &App| {
            let images = app.world().resource::<Assets<Image>>();
            (images.contains(&wanted), images.len())
        };
        assert!(
            images(&app).0,
            "it is there in the frame in which it was handed in"
        );
        // The handle that was dropped is known to be so a frame later.
        app.update();
        assert_eq!(images(&app), (true, 1));
        drop(inbox.hand_in_picture(Image::default()));
        app.update();
        app.update();
        assert_eq!(images(&app), (true, 1));
    }
}
