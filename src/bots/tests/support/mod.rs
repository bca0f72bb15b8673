//! A world on disk and a harness around it.

use bots::{Harness, HarnessConfig, Participant, write_box_world};
use std::path::{Path, PathBuf};

pub(crate) struct Stage {
    pub(crate) harness: Harness,
    world: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Over perfect links, state in memory.
    pub(crate) fn new() -> Self {
        Self::with(64, |config| config)
    }

    /// Over 100 ms round trip, 20 ms jitter, 5 % loss.
    pub(crate) fn over_internet() -> Self {
        Self::with(64, HarnessConfig::over_internet)
    }

    pub(crate) fn with(capacity: u32, change: impl Fn(HarnessConfig) -> HarnessConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = write_box_world(folder.path(), capacity).unwrap();
        let harness = Harness::start(change(HarnessConfig::new(world.clone()))).unwrap();
        Self {
            harness,
            world,
            _folder: folder,
        }
    }

    /// Where the world is on disk.
    pub(crate) fn world(&self) -> &Path {
        &self.world
    }

    /// Joins and comes in.
    pub(crate) async fn enter(&mut self, number: u8, name: &str) -> Participant {
        let mut person = self.harness.join(number, name);
        let inside = self
            .harness
            .advance_until(&mut [&mut person], |people| people[0].is_inside)
            .await;
        assert!(inside, "{name} did not come in: {:?}", person.end);
        person
    }

    /// The server crashes and starts again, and somebody comes back by themselves.
    pub(crate) async fn crash_and_return(&mut self, person: &mut Participant) {
        self.harness.crash_server().await;
        self.harness.start_server().unwrap();
        let back = self
            .harness
            .advance_until(&mut [person], |people| {
                people[0].losses > 0 && people[0].session.stats().is_connected
            })
            .await;
        assert!(back, "nobody came back");
        self.harness.advance(&mut [person], 0.5).await;
    }

    /// Two who see each other.
    pub(crate) async fn two(&mut self) -> (Participant, Participant) {
        let mut ada = self.enter(1, "Ada").await;
        let mut bo = self.enter(2, "Bo").await;
        let meet = self
            .harness
            .advance_until(&mut [&mut ada, &mut bo], |people| {
                sees(people[0], "Bo") && sees(people[1], "Ada")
            })
            .await;
        assert!(meet, "they do not see each other");
        (ada, bo)
    }
}

pub(crate) fn sees(person: &Participant, name: &str) -> bool {
    person
        .person(name)
        .is_some_and(|other| person.shown(other.entity).is_some())
}
