//! A scene that is being read, for whoever has work to do with it on a thread of their own.

use scene::Scene;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A scene that comes soon, or never.
#[derive(Default)]
pub(crate) struct ComingScene {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Coming,
    There(Arc<Scene>),
    Never,
}

impl ComingScene {
    /// Waits for the scene; nothing when it cannot be read, or when nobody wants it any more. For worker threads.
    pub(crate) fn wait(&self) -> Option<Arc<Scene>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_coming = |state: &mut State| matches!(state, State::Coming);
        let state = self.changed.wait_while(state, is_coming);
        match &*state.unwrap_or_else(PoisonError::into_inner) {
            State::There(scene) => Some(Arc::clone(scene)),
            State::Coming | State::Never => None,
        }
    }

    fn end(&self, end: State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Coming) {
            *state = end;
        }
        self.changed.notify_all();
    }
}

/// The word of whoever reads the scene: when it is dropped without being kept, the scene never comes.
pub(super) struct Promise(pub(super) Arc<ComingScene>);

impl Promise {
    /// The scene is there.
    pub(super) fn keep(self, scene: &Arc<Scene>) {
        self.0.end(State::There(Arc::clone(scene)));
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.end(State::Never);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn whoever_waits_gets_the_scene_or_hears_that_it_never_comes() {
        for is_kept in [true, false] {
            let coming = Arc::new(ComingScene::default());
            let promise = Promise(Arc::clone(&coming));
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
            assert_eq!(coming.wait().is_some(), is_kept);
        }
    }
}
