//! An animation for avatars (VRMA) that somebody looks at: a figure shows it over and over, in the avatar that one wears.

use super::{Figure, Who, clips::Clip};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use scene::{NoSideFiles, Purpose, Scene};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is shown.
#[derive(Resource, Default)]
pub(crate) struct Performance {
    /// The world in which it is shown, which is another one when the file was saved.
    scene: Option<Arc<Scene>>,
    file: PathBuf,
    coming: Option<Task<Option<Clip>>>,
    pub(super) clip: Option<Clip>,
}

impl Performance {
    /// Shows the animation of a file in a world, and that of the file as it was saved in the next; what is shown stays when it cannot
    /// be read.
    pub(crate) fn show(&mut self, file: &Path, scene: &Arc<Scene>) {
        let is_known = self.scene.as_ref();
        if !is_known.is_some_and(|known| Arc::ptr_eq(known, scene)) {
            let read = {
                let file = file.to_path_buf();
                async move { read(&file) }
            };
            *self = Self {
                clip: self.clip.take().filter(|_| self.file == file),
                file: file.to_path_buf(),
                scene: Some(Arc::clone(scene)),
                coming: Some(AsyncComputeTaskPool::get().spawn(read)),
            };
        }
        let coming = self.coming.as_mut();
        if let Some(clip) = coming.and_then(|task| block_on(poll_once(task))) {
            self.coming = None;
            self.clip = clip.or(self.clip.take());
        }
    }

    /// What a figure performs, and where in it that is now, in seconds.
    pub(super) fn of(&self, figure: &Figure) -> Option<(&Clip, f32)> {
        let clip = self.clip.as_ref();
        let clip = clip.filter(|_| figure.who == Who::Performer)?;
        let secs = figure.gait.clock_secs.rem_euclid(clip.duration_secs());
        Some((clip, secs))
    }

    /// Shows nothing any more.
    pub(crate) fn end(&mut self) {
        if self.scene.is_some() {
            *self = Self::default();
        }
    }
}

fn read(file: &Path) -> Option<Clip> {
    let bytes = scene::read_bounded(file, Purpose::AnimationClip.limit());
    let clip = bytes.and_then(|bytes| {
        scene::load_avatar_clip(&bytes, &NoSideFiles).map_err(|error| error.to_string())
    });
    // The report says it in full.
    let told = clip.inspect_err(|fault| tracing::warn!("{}: {fault}", file.display()));
    told.ok().map(Clip::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Config, link::Visit, people::populate, testing};
    use std::fs;

    /// Looks until the file has been read.
    fn show(performance: &mut Performance, file: &Path, scene: &Arc<Scene>) {
        performance.show(file, scene);
        while performance.coming.is_some() {
            performance.show(file, scene);
        }
    }

    fn secs(performance: &Performance) -> f32 {
        performance.clip.as_ref().map_or(0.0, Clip::duration_secs)
    }

    #[test]
    fn what_is_performed_follows_the_file_and_stays_when_that_is_broken() {
        AsyncComputeTaskPool::get_or_init(Default::default);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.vrma");
        let shipped = |name: &str| testing::assets().join("animations").join(name);
        fs::copy(shipped("wave.vrma"), &file).unwrap();
        let mut performance = Performance::default();
        let [first, second, third] = [(); 3].map(|()| Arc::new(Scene::default()));
        show(&mut performance, &file, &first);
        let wave = secs(&performance);
        assert!(wave > 0.5);
        fs::copy(shipped("walk.vrma"), &file).unwrap();
        show(&mut performance, &file, &first);
        assert_eq!(secs(&performance), wave, "the same world has the same file");
        show(&mut performance, &file, &second);
        let walk = secs(&performance);
        assert_ne!(walk, wave);
        fs::write(&file, "broken").unwrap();
        show(&mut performance, &file, &third);
        assert_eq!(secs(&performance), walk);
        show(
            &mut performance,
            &folder.path().join("another.vrma"),
            &first,
        );
        assert!(performance.clip.is_none());
    }

    #[test]
    fn somebody_performs_as_long_as_there_is_something_to_perform() {
        AsyncComputeTaskPool::get_or_init(Default::default);
        let mut app = App::new();
        app.insert_resource(Config(testing::config()))
            .insert_resource(Visit {
                welcome: Some(testing::welcome()),
                ..Visit::default()
            })
            .init_resource::<Performance>()
            .add_systems(Update, populate);
        let performers = |app: &mut App| {
            app.update();
            let world = app.world_mut();
            let mut figures = world.query::<&Figure>();
            let figures = figures.iter(world);
            figures
                .filter(|figure| figure.who == Who::Performer)
                .count()
        };
        assert_eq!(performers(&mut app), 0);
        let file = testing::assets().join("animations/wave.vrma");
        let mut performance = app.world_mut().resource_mut::<Performance>();
        show(&mut performance, &file, &Arc::new(Scene::default()));
        assert_eq!(performers(&mut app), 1);
        app.world_mut().resource_mut::<Performance>().end();
        assert_eq!(performers(&mut app), 0);
    }
}
