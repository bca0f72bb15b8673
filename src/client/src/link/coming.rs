//! A scene that is being read, for whoever has work to do with it on a thread of their own: first its surfaces, then all of it.

use scene::Scene;
use std::sync::{
    Arc, Condvar, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// A scene that comes soon, or never.
#[derive(Default)]
pub(crate) struct ComingScene {
    state: Mutex<State>,
    changed: Condvar,
    is_unwanted: AtomicBool,
}

#[derive(Default)]
enum State {
    #[default]
    Coming,
    /// Nothing but images, samplers, textures and materials.
    Surfaces(Arc<Scene>),
    There(Arc<Scene>),
    Never,
}

impl ComingScene {
    /// Waits for a scene that has the images, samplers, textures and materials of this one, and may have no more; nothing when it
    /// cannot be read, or when nobody wants it any more. For worker threads.
    pub(crate) fn wait_for_surfaces(&self) -> Option<Arc<Scene>> {
        self.wait_while(|state| matches!(state, State::Coming))
    }

    /// Waits for the whole scene; nothing as above. For worker threads.
    pub(crate) fn wait(&self) -> Option<Arc<Scene>> {
        self.wait_while(|state| matches!(state, State::Coming | State::Surfaces(_)))
    }

    /// Nobody wants it any more: whoever waits for it waits no longer, unless it is there.
    pub(crate) fn give_up(&self) {
        self.is_unwanted.store(true, Ordering::Relaxed);
        self.become_next(State::Never);
    }

    /// False once it never comes, or nobody wants what can be made of it.
    pub(crate) fn is_wanted(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        !self.is_unwanted.load(Ordering::Relaxed) && !matches!(*state, State::Never)
    }

    fn wait_while(&self, is_coming: impl Fn(&State) -> bool) -> Option<Arc<Scene>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.changed.wait_while(state, |state| is_coming(state));
        match &*state.unwrap_or_else(PoisonError::into_inner) {
            State::Surfaces(scene) | State::There(scene) => Some(Arc::clone(scene)),
            State::Coming | State::Never => None,
        }
    }

    fn become_next(&self, next: State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Coming | State::Surfaces(_)) {
            *state = next;
        }
        self.changed.notify_all();
    }
}

/// The word of whoever reads the scene: when it is dropped without being kept, the scene never comes.
pub(super) struct Promise(pub(super) Arc<ComingScene>);

impl Promise {
    /// The surfaces are there, as they will be in the end.
    pub(super) fn tell(&self, surfaces: Scene) {
        self.0.become_next(State::Surfaces(Arc::new(surfaces)));
    }

    /// The scene is there.
    pub(super) fn keep(self, scene: &Arc<Scene>) {
        self.0.become_next(State::There(Arc::clone(scene)));
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.become_next(State::Never);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn whoever_waits_gets_the_scene_or_hears_that_it_never_comes() {
        for (is_told, is_kept) in [(true, true), (false, true), (true, false), (false, false)] {
            let coming = Arc::new(ComingScene::default());
            let promise = Promise(Arc::clone(&coming));
            if is_told {
                promise.tell(Scene::default());
                assert!(coming.wait_for_surfaces().is_some());
            }
            let waiting = {
                let coming = Arc::clone(&coming);
                let builder = thread::Builder::new().name("stoa-waiting".to_owned());
                builder.spawn(move || coming.wait().is_some()).unwrap()
            };
            if is_kept {
                promise.keep(&Arc::default());
            } else {
                drop(promise);
            }
            assert_eq!(waiting.join().unwrap(), is_kept);
            assert_eq!(coming.is_wanted(), is_kept);
            coming.give_up();
            assert!(!coming.is_wanted());
            assert_eq!(coming.wait().is_some(), is_kept);
            assert_eq!(coming.wait_for_surfaces().is_some(), is_kept);
        }
    }
}
