//! Both worlds walked with the real client by an input script, while somebody looks on.

use crate::harness::{HostedServer, Program, Scratch, Visitors, checkout, offscreen, turn};
use bots::Participant;
use glam::Vec3;
use replication::Flags;
use std::{fs, path::Path};

/// Nearer than this one has been at a place, metres.
const NEAR: f32 = 0.9;

/// Somebody who walks by a script.
struct Walker {
    name: &'static str,
    program: Program,
    /// Places still to be passed, in order.
    way: Vec<Place>,
    seen: Vec<Vec3>,
}

/// Where a walker must be seen, and whether crouching there.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: Vec3,
    is_crouching: bool,
}

const fn upright(x: f32, y: f32, z: f32) -> Place {
    Place {
        at: Vec3::new(x, y, z),
        is_crouching: false,
    }
}

const fn crouching(x: f32, y: f32, z: f32) -> Place {
    Place {
        at: Vec3::new(x, y, z),
        is_crouching: true,
    }
}

impl Walker {
    fn start(
        folder: &Path,
        server: &HostedServer,
        (name, spawn): (&'static str, &str),
        script: &str,
        way: &[Place],
    ) -> Self {
        let file = format!("{name}.txt");
        fs::write(folder.join(&file), script).unwrap();
        let mut address = server.address.clone();
        address.spawn = Some(spawn.to_owned());
        let address = address.to_string();
        let words = [
            "join", &address, "--name", name, "--plain", "--script", &file,
        ];
        Self {
            name,
            program: Program::start(name, &mut offscreen(folder, words)),
            way: way.to_vec(),
            seen: Vec::new(),
        }
    }

    /// Notes where the walker is in the watcher's eyes; true when all places have been passed.
    fn watch(&mut self, watcher: &Participant) -> bool {
        let entity = watcher.person(self.name).map(|person| person.entity);
        if let Some(pose) = entity.and_then(|entity| watcher.shown(entity)) {
            self.seen.push(pose.position);
            let view = watcher.session.view();
            let state = entity.and_then(|entity| view.newest_state(entity));
            let is_crouching = state.is_some_and(|state| state.flags.contains(Flags::CROUCHING));
            if let Some(next) = self.way.first()
                && next.is_crouching == is_crouching
                && next.at.distance(pose.position) < NEAR
            {
                self.way.remove(0);
            }
        }
        self.way.is_empty()
    }
}

/// Lets everybody walk until they are through.
fn walk(visitors: &Visitors, watcher: &mut Participant, walkers: &mut [Walker]) {
    let are_through = visitors.live_until(&mut [watcher], |people| {
        let mut are_through = true;
        for walker in &mut *walkers {
            are_through &= walker.watch(people[0]);
        }
        are_through || walkers.iter_mut().any(|walker| walker.program.is_over())
    });
    for walker in walkers {
        let last = walker.seen.last();
        assert!(
            are_through && walker.way.is_empty(),
            "{} did not get to {:?}, and was seen last at {last:?}",
            walker.name,
            walker.way.first()
        );
        let errors = walker.program.errors();
        assert_eq!(errors, "", "{}", walker.name);
    }
}

#[test]
fn the_plaza_can_be_walked() {
    let _turn = turn();
    let place = Scratch::new();
    let world = checkout().join("assets/worlds/plaza");
    let server = HostedServer::start(&world, &place.path().join("data"));
    let visitors = Visitors::new();
    let mut watcher = visitors.enter(&server.address, 1, "Watcher");
    // From beside the steps up to the stage.
    let script = "0 goto 0 0 -7.4\n4 goto 0 1 -11\n";
    let way = [upright(0.0, 0.0, -7.4), upright(0.0, 0.9, -11.0)];
    let walker = Walker::start(place.path(), &server, ("Ada", "stage"), script, &way);
    walk(&visitors, &mut watcher, &mut [walker]);
    drop(watcher);
    server.stop();
}

/// Somebody walks in the workshop, alone: two who draw leave a small machine too little for the server.
fn walk_in_workshop(name: (&'static str, &str), script: &str, way: &[Place]) {
    let _turn = turn();
    let place = Scratch::new();
    let world = checkout().join("assets/worlds/workshop");
    let server = HostedServer::start(&world, &place.path().join("data"));
    let visitors = Visitors::new();
    let mut watcher = visitors.enter(&server.address, 1, "Watcher");
    let walker = Walker::start(place.path(), &server, name, script, way);
    walk(&visitors, &mut watcher, &mut [walker]);
    drop(watcher);
    server.stop();
}

#[test]
fn the_lift_of_the_workshop_can_be_walked() {
    // Straight on: the lift's shaft is closed until it is down, the gallery's wall ends where it is up.
    let way = [upright(7.0, 0.0, -11.0), upright(7.0, 3.35, -13.2)];
    walk_in_workshop(("Ada", "at_lift"), "0 goto 7 0 -13.5\n", &way);
}

#[test]
fn the_low_tunnel_of_the_workshop_can_be_walked() {
    let way = [
        upright(9.75, 0.0, 5.6),
        crouching(9.75, 0.0, 2.0),
        crouching(9.75, 0.0, -2.0),
        crouching(9.75, 0.0, -5.0),
    ];
    let script = "0 crouch 30\n0 goto 9.75 0 -5.4\n";
    walk_in_workshop(("Bo", "at_tunnel"), script, &way);
}
