//! Participants without pictures in the test's own process, in real time: they look on while programs do things.

use bots::Participant;
use identity::Key;
use protocol::{AvatarChoice, DisplayName, SHIPPED_AVATARS, TICKS_PER_SECOND, WorldAddress};
use session::{ClientEndpoint, KnownServers, Session, SessionConfig};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Runtime, time::Instant};

/// Longest wait for something that must happen.
const LIMIT: Duration = Duration::from_secs(120);
/// One tick.
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICKS_PER_SECOND as u64);

/// Keeps participants alive.
pub(crate) struct Visitors {
    runtime: Runtime,
    known: Arc<KnownServers>,
}

impl Visitors {
    /// Nobody yet. They share one memory of certificates.
    pub(crate) fn new() -> Self {
        Self::who_know(KnownServers::in_memory())
    }

    /// The same with certificates seen before.
    pub(crate) fn who_know(known: KnownServers) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            runtime,
            known: Arc::new(known),
        }
    }

    /// Somebody sets out; the same `seed` is the same person. Let them live until they are inside.
    pub(crate) fn send(&self, address: &WorldAddress, seed: u8, name: &str) -> Participant {
        let avatar = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
        self.send_in(address, seed, name, avatar)
    }

    /// The same in a chosen avatar, whose file the server does not get yet.
    pub(crate) fn send_in(
        &self,
        address: &WorldAddress,
        seed: u8,
        name: &str,
        avatar: AvatarChoice,
    ) -> Participant {
        let config = SessionConfig {
            address: address.clone(),
            key: Key::from_seed(&[seed; 32]),
            name: DisplayName::new(name).unwrap(),
            avatar,
            is_agent: false,
            program: "product test".to_owned(),
            cache: None,
            known_servers: Arc::clone(&self.known),
            pin_unknown: true,
            recorder: None,
            reading: session::Reading::Whole,
            endpoint: ClientEndpoint::udp(),
        };
        let _entered = self.runtime.enter();
        Participant::new(Session::start(config, self.runtime.handle()))
    }

    /// Somebody enters.
    #[track_caller]
    pub(crate) fn enter(&self, address: &WorldAddress, seed: u8, name: &str) -> Participant {
        let mut person = self.send(address, seed, name);
        let is_inside = self.live_until(&mut [&mut person], |people| people[0].is_inside);
        assert!(is_inside, "{name} did not get in: {:?}", person.end);
        person
    }

    /// Lets time pass; everybody stands where they are.
    pub(crate) fn live(&self, people: &mut [&mut Participant], time: Duration) {
        self.runtime.block_on(async {
            let end = Instant::now() + time;
            while Instant::now() < end {
                tick(people);
                tokio::time::sleep_until(end.min(Instant::now() + TICK)).await;
            }
        });
    }

    /// Lets time pass until `is_so`; false when it never was.
    pub(crate) fn live_until(
        &self,
        people: &mut [&mut Participant],
        mut is_so: impl FnMut(&[&mut Participant]) -> bool,
    ) -> bool {
        self.runtime.block_on(async {
            let end = Instant::now() + LIMIT;
            while !is_so(people) {
                if Instant::now() > end {
                    return false;
                }
                tick(people);
                tokio::time::sleep(TICK).await;
            }
            true
        })
    }
}

fn tick(people: &mut [&mut Participant]) {
    for person in people {
        person.tick();
    }
}
