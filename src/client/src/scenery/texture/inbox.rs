//! The way of pictures from worker threads into the engine, each as soon as it is made: while one goes to the adapter the next is
//! decoded, and no single frame has to take all of a file's.

use bevy::{
    asset::{AssetEventSystems, AssetHandleProvider},
    prelude::*,
};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

pub(in crate::scenery) fn plugin(app: &mut App) {
    app.init_resource::<PictureInbox>();
    // After everything that puts things into the engine, so that what is drawn has its pictures.
    app.add_systems(PostUpdate, take.before(AssetEventSystems));
}

/// Pictures that have been made and that the engine has not taken yet. Of a scene there are at most as many as its limits allow.
#[derive(Resource, Clone)]
pub(crate) struct PictureInbox {
    handles: AssetHandleProvider,
    waiting: Arc<Mutex<Vec<(AssetId<Image>, Image)>>>,
}

impl PictureInbox {
    pub(crate) fn of(images: &Assets<Image>) -> Self {
        Self {
            handles: images.get_handle_provider(),
            waiting: Arc::default(),
        }
    }

    /// From any thread. The handle is in force at once, and has its picture when that frame is drawn.
    pub(super) fn hand_in(&self, image: Image) -> Handle<Image> {
        let handle = self.handles.reserve_handle().typed();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push((handle.id(), image));
        handle
    }

    /// Gives the engine what has come.
    pub(crate) fn empty_into(&self, images: &mut Assets<Image>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, image) in mem::take(&mut *waiting) {
            // A picture that nobody wants any more has no place.
            drop(images.insert(id, image));
        }
    }
}

impl FromWorld for PictureInbox {
    fn from_world(world: &mut World) -> Self {
        Self::of(world.resource())
    }
}

/// Gives the engine what worker threads have made since the last frame.
fn take(inbox: Res<PictureInbox>, mut images: ResMut<Assets<Image>>) {
    inbox.empty_into(&mut images);
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
            .add_plugins(plugin);
        let inbox = app.world().resource::<PictureInbox>().clone();
        let wanted = inbox.hand_in(Image::default());
        drop(inbox.hand_in(Image::default()));
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
        drop(inbox.hand_in(Image::default()));
        app.update();
        app.update();
        assert_eq!(images(&app), (true, 1));
    }
}
