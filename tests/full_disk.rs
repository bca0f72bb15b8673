//! A server whose disk is full: changes are denied with a reason, the world goes on, and there is no harm afterwards.
//! The disk is a small one in memory, mounted in a namespace of its own; other programs reach it through `/proc`.

use crate::harness::{HostedServer, Program, Scratch, Visitors, skipped, turn};
use bots::{Participant, write_box_world};
use glam::Vec3;
use protocol::{Denial, EntityId};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Size of the disk.
const DISK: &str = "size=4m";
/// Lines that are said at most until one does not fit; more than the free pages of the store can hold.
const MOST_LINES: usize = 200;

/// A disk that is there while this value lives.
struct Disk {
    _holder: Program,
    /// Where it is, for other processes.
    root: PathBuf,
}

impl Disk {
    /// Mounts a disk at an empty folder; nothing when the system does not permit it.
    fn mount(folder: &Path) -> Option<Self> {
        // As root, or with a user namespace where those are allowed.
        [&["--mount"][..], &["--user", "--map-root-user", "--mount"]]
            .into_iter()
            .find_map(|flags| Self::mount_by(flags, folder))
    }

    fn mount_by(flags: &[&str], folder: &Path) -> Option<Self> {
        let script = format!(
            r#"mount -t tmpfs -o {DISK} tmpfs "$0" && touch "$0/mounted" && exec sleep 600"#
        );
        let mut command = Command::new("unshare");
        command.args(flags).args(["sh", "-c", &script]).arg(folder);
        let mut holder = Program::start("disk", &mut command);
        let inside = folder.strip_prefix("/").ok()?;
        let root = Path::new("/proc")
            .join(holder.id().to_string())
            .join("root")
            .join(inside);
        loop {
            if root.join("mounted").exists() {
                return Some(Self {
                    _holder: holder,
                    root,
                });
            }
            if holder.is_over() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ballast(&self) -> PathBuf {
        self.root.join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.ballast())
            .unwrap();
        for size in [65_536, 4_096, 512] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

/// Somebody, what was done for them, and what was not.
struct Sayer {
    person: Participant,
    kept: BTreeSet<String>,
    denied: BTreeSet<String>,
}

impl Sayer {
    /// Pins a note and waits for the answer.
    fn say(&mut self, visitors: &Visitors, number: usize) -> Result<(), Denial> {
        let text = format!("{number} {}", "x".repeat(400));
        self.person.session.chat(&text).unwrap();
        let answered = visitors.live_until(&mut [&mut self.person], |people| {
            !people[0].done.is_empty() || !people[0].denied.is_empty()
        });
        assert!(answered, "no answer");
        self.person.done.clear();
        match self.person.denied.pop() {
            None => {
                self.kept.insert(text);
                Ok(())
            }
            Some((_, reason)) => {
                self.denied.insert(text);
                Err(reason)
            }
        }
    }
}

fn texts(person: &Participant) -> BTreeSet<String> {
    person.chat.iter().map(|line| line.text.clone()).collect()
}

#[test]
fn a_full_disk_denies_changes_and_the_world_goes_on() {
    let _turn = turn();
    let place = Scratch::new();
    let world = write_box_world(place.path(), 64).unwrap();
    let folder = place.path().join("disk");
    fs::create_dir(&folder).unwrap();
    let Some(disk) = Disk::mount(&folder) else {
        return skipped("this system lets nobody mount a disk in a namespace of its own");
    };
    let data = disk.root.join("data");
    let server = HostedServer::start(&world, &data);
    let visitors = Visitors::new();
    let mut ada = Sayer {
        person: visitors.enter(&server.address, 1, "Ada"),
        kept: BTreeSet::new(),
        denied: BTreeSet::new(),
    };
    let mut bo = visitors.enter(&server.address, 2, "Bo");
    ada.say(&visitors, 0).unwrap();

    disk.fill();
    let reason = (1..MOST_LINES).find_map(|number| match ada.say(&visitors, number) {
        Ok(()) => None,
        Err(Denial::TooFast) => {
            visitors.live(&mut [&mut ada.person, &mut bo], Duration::from_millis(600));
            None
        }
        Err(reason) => Some(reason.to_string()),
    });
    let reason = reason.expect("all lines found room");
    assert!(reason.contains("could not store it"), "{reason}");
    assert!(reason.contains("No space left"), "{reason}");
    assert!(!bo.chat.iter().any(|line| ada.denied.contains(&line.text)));
    goes_on(&visitors, &mut ada.person, &mut bo);

    disk.make_room();
    ada.person.denied.clear();
    let thing = ada.person.bodies()[0].entity;
    visitors.live(&mut [&mut ada.person, &mut bo], Duration::from_secs(1));
    ada.say(&visitors, MOST_LINES).unwrap();
    assert_eq!(grab(&visitors, &mut ada.person, thing), None);
    visitors.live(&mut [&mut bo], Duration::from_millis(200));
    assert_eq!(texts(&bo), ada.kept);

    drop(server.kill());
    let server = HostedServer::start(&world, &data);
    let ada_again = visitors.enter(&server.address, 1, "Ada");
    assert_eq!(texts(&ada_again), ada.kept);
    assert_eq!(ada_again.holding, Some(thing));
    drop(ada_again);
    server.stop();
}

/// Takes a body; the reason when that is denied.
fn grab(visitors: &Visitors, person: &mut Participant, body: EntityId) -> Option<Denial> {
    person.session.grab(body).unwrap();
    let answered = visitors.live_until(&mut [person], |people| {
        !people[0].denied.is_empty() || people[0].holding.is_some()
    });
    assert!(answered, "no answer");
    person.denied.pop().map(|(_, reason)| reason)
}

/// One walks, and the other sees it.
fn goes_on(visitors: &Visitors, walker: &mut Participant, watcher: &mut Participant) {
    let entity = walker.welcome.as_ref().unwrap().entity;
    let start = watcher.shown(entity).expect("they see each other").position;
    for _ in 0..60 {
        walker.motion.position.x += 0.02;
        walker.motion.velocity = Vec3::X * 1.2;
        visitors.live(&mut [walker, watcher], Duration::from_millis(16));
    }
    walker.motion.velocity = Vec3::ZERO;
    visitors.live(&mut [walker, watcher], Duration::from_millis(500));
    let end = watcher.shown(entity).unwrap().position;
    assert!(end.distance(start) > 0.8, "{start} to {end}");
}
