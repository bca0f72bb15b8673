//! A real server is killed at random moments, again and again on the same data: what it has acknowledged is there
//! afterwards, motion is at most a second old, and it starts without a word. `cargo xtask soak` does it a thousand times.

mod ledger;

use crate::harness::{
    CLOCK_ERROR_SECS, Flight, HostedServer, Program, Scratch, Visitors, lost_secs, stoa_server,
    turn,
};
use bots::{Participant, Random, write_box_world};
use glam::Vec3;
use ledger::{Asked, Ledger};
use protocol::{EntityId, limits::REACH_METRES};
use std::{path::Path, time::Duration};

/// Rounds without `STOA_SOAK_ROUNDS`.
const ROUNDS: u32 = 50;
/// Rounds on one data folder.
const ROUNDS_ON_A_FOLDER: u32 = 10;
/// Seed without `STOA_SOAK_SEED`.
const SEED: u64 = 20_260_401;
/// Longest life of a server from when people are inside, seconds.
const LONGEST_LIFE_SECS: f32 = 1.7;
/// Longest time for answers to what is asked last, seconds.
const LONGEST_ANSWER_SECS: f32 = 0.05;
/// Longest start that is cut short, seconds.
const LONGEST_START_SECS: f32 = 0.12;
/// What motion a kill may cost, seconds.
const MOST_LOST_SECS: f64 = 1.0;
/// Upward, metres a second: in the air for 2.5 s.
const THROW: Vec3 = Vec3::new(0.0, 12.0, 0.0);
/// Ticks in which something that flies is seen twice.
const TICKS_TO_MOVE: u32 = 12;
const TICK: Duration = Duration::from_millis(16);

/// A number from the environment; nothing else in the product's tests reads it.
fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
    )
}

/// What was seen over all rounds.
#[derive(Default)]
struct Tally {
    acknowledged: usize,
    unanswered: usize,
    starts_cut: u32,
    flights: u32,
    worst_loss_secs: f64,
}

/// Tells how to see a failure again.
struct Place {
    seed: u64,
    round: u32,
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!(
                "failed in round {}; again with STOA_SOAK_SEED={}",
                self.round, self.seed
            ));
        }
    }
}

#[allow(clippy::print_stderr, reason = "a long test tells where it is")]
fn say(text: &str) {
    eprintln!("kill: {text}");
}

#[test]
fn killed_server_keeps_what_it_acknowledged() {
    let _turn = turn();
    let rounds = from_environment("STOA_SOAK_ROUNDS").map_or(ROUNDS, |rounds| rounds as u32);
    let seed = from_environment("STOA_SOAK_SEED").unwrap_or(SEED);
    let mut place = Place { seed, round: 0 };
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    while place.round < rounds {
        let folder = Scratch::new();
        let world = write_box_world(folder.path(), 8).unwrap();
        let data = folder.path().join("data");
        let mut stay = Stay::new(&world, &data);
        for _ in 0..ROUNDS_ON_A_FOLDER.min(rounds - place.round) {
            place.round += 1;
            stay.round(&mut random, &mut tally);
        }
        stay.look_once_more();
        say(&format!(
            "{} of {rounds} rounds, {} changes acknowledged",
            place.round, tally.acknowledged
        ));
    }
    say(&format!(
        "{rounds} kills and {} cut starts: {} acknowledged changes were kept, {} unanswered ones were kept or not; \
         {} flights, of which at most {:.2} s were lost",
        tally.starts_cut,
        tally.acknowledged,
        tally.unanswered,
        tally.flights,
        tally.worst_loss_secs
    ));
    // A test that saw nothing has shown nothing.
    assert!(rounds > 0);
    assert!(tally.acknowledged >= 2 * rounds as usize);
    assert!(rounds < ROUNDS || tally.flights >= rounds / 20);
}

/// Two people on one data folder, from server to server.
struct Stay<'a> {
    world: &'a Path,
    data: &'a Path,
    visitors: Visitors,
    people: [Person; 2],
    /// Counts what is said, so that no two texts are the same.
    next_text: u32,
    thrown: Option<Flight>,
}

struct Person {
    name: &'static str,
    seed: u8,
    ledger: Ledger,
}

impl<'a> Stay<'a> {
    fn new(world: &'a Path, data: &'a Path) -> Self {
        let person = |name, seed| Person {
            name,
            seed,
            ledger: Ledger::default(),
        };
        Self {
            world,
            data,
            visitors: Visitors::new(),
            people: [person("Ada", 1), person("Bo", 2)],
            next_text: 0,
            thrown: None,
        }
    }

    /// A server starts, people come, compare and do things, and it is killed.
    fn round(&mut self, random: &mut Random, tally: &mut Tally) {
        if random.chance(0.3) {
            self.cut_a_start(random);
            tally.starts_cut += 1;
        }
        let server = HostedServer::start(self.world, self.data);
        let [mut ada, mut bo] = self.enter(&server, tally);
        let end_ticks = (random.between(0.0, LONGEST_LIFE_SECS) * 60.0) as u32;
        for tick in 0..end_ticks {
            if tick % 8 == 0 {
                self.throw_high(&ada);
            }
            if random.chance(0.06) {
                self.act(0, &ada, random);
            }
            if random.chance(0.06) {
                self.act(1, &bo, random);
            }
            self.visitors.live(&mut [&mut ada, &mut bo], TICK);
            self.take_answers([&mut ada, &mut bo], tally);
            if let Some(flight) = &mut self.thrown {
                flight.watch(&ada);
            }
        }
        if random.chance(0.6) {
            self.ask_much(&ada, &bo, random);
        }
        let ended = server.kill();
        assert_eq!(ended.errors, "", "it complained");
        if let Some(flight) = &mut self.thrown {
            flight.server_is_gone();
        }
        // What it said before it died still arrives.
        self.visitors.live(&mut [&mut ada, &mut bo], TICK * 2);
        self.take_answers([&mut ada, &mut bo], tally);
    }

    /// Starts a server and kills it before, or just after, it is ready.
    fn cut_a_start(&self, random: &mut Random) {
        let server = Program::start("cut short", &mut stoa_server(self.world, self.data));
        let life = Duration::from_secs_f32(random.between(0.0, LONGEST_START_SECS));
        self.visitors.live(&mut [], life);
        let ended = server.kill();
        assert_eq!(ended.errors, "", "it complained");
    }

    /// Both enter and find what they know of.
    fn enter(&mut self, server: &HostedServer, tally: &mut Tally) -> [Participant; 2] {
        let [mut ada, mut bo] = [0, 1].map(|who| {
            let person = &self.people[who];
            self.visitors
                .send(&server.address, person.seed, person.name)
        });
        let mut after = self.thrown.as_ref().map(|flight| Flight::of(flight.body()));
        let are_inside = self
            .visitors
            .live_until(&mut [&mut ada, &mut bo], |people| {
                if let Some(flight) = &mut after {
                    flight.watch(people[0]);
                }
                people
                    .iter()
                    .all(|person| person.is_inside || person.end.is_some())
            });
        for (known, person) in self.people.iter_mut().zip([&ada, &bo]) {
            assert!(are_inside && person.end.is_none(), "{:?}", person.end);
            let welcome = person.welcome.as_ref().expect("inside");
            tally.unanswered += known.ledger.compare(known.name, welcome);
        }
        if let (Some(before), Some(after)) = (self.thrown.take(), after) {
            self.compare_flights(&before, after, &mut ada, tally);
        }
        [ada, bo]
    }

    /// What was in the air long enough to have been saved in the air is at most a second behind.
    fn compare_flights(
        &self,
        before: &Flight,
        mut after: Flight,
        ada: &mut Participant,
        tally: &mut Tally,
    ) {
        let Some(last) = before.last() else { return };
        if before.secs() < MOST_LOST_SECS + CLOCK_ERROR_SECS {
            return;
        }
        let is_seen = self.visitors.live_until(&mut [ada], |people| {
            after.watch(people[0]);
            after.first_secs().is_some()
        });
        assert!(is_seen, "the box that was thrown is not there");
        for _ in 0..TICKS_TO_MOVE {
            self.visitors.live(&mut [ada], TICK);
            after.watch(ada);
        }
        let Some(lost) = lost_secs(last, &after) else {
            return;
        };
        assert!(
            lost < MOST_LOST_SECS + CLOCK_ERROR_SECS,
            "{lost:.3} s of motion are lost: {last:?}, then {after:?}"
        );
        tally.flights += 1;
        tally.worst_loss_secs = tally.worst_loss_secs.max(lost);
    }

    fn take_answers(&mut self, people: [&mut Participant; 2], tally: &mut Tally) {
        for (known, person) in self.people.iter_mut().zip(people) {
            tally.acknowledged += known.ledger.take_answers(person);
        }
    }

    /// Ada's part: what she has in her hand flies up, and what she can reach comes into it.
    fn throw_high(&mut self, ada: &Participant) {
        let ledger = &mut self.people[0].ledger;
        if ledger.is_hand_asked() || self.thrown.is_some() {
            return;
        }
        match ledger.holding() {
            Some(body) => {
                ledger.ask(ada.session.release(body, THROW).unwrap(), Asked::LetGo);
                self.thrown = Some(Flight::of(body));
            }
            None => {
                if let Some(body) = nearest_free(ada, None) {
                    ledger.ask(ada.session.grab(body).unwrap(), Asked::Hold(body));
                }
            }
        }
    }

    /// Somebody does one thing.
    fn act(&mut self, who: usize, person: &Participant, random: &mut Random) {
        self.next_text += 1;
        let text = format!("{} {}", self.people[who].name, self.next_text);
        let flying = self.thrown.as_ref().map(Flight::body);
        let session = &person.session;
        let ledger = &mut self.people[who].ledger;
        match random.next_u64() % 4 {
            0 => ledger.ask(session.chat(&text).unwrap(), Asked::Line(text)),
            1 => ledger.ask(session.pin_note(&text).unwrap(), Asked::Note(text)),
            2 => {
                let note = ledger
                    .a_note()
                    .and_then(|text| person.notes.iter().find(|note| note.text == *text));
                if let Some(note) = note {
                    ledger.ask(
                        session.remove_note(note.id).unwrap(),
                        Asked::NoNote(note.text.clone()),
                    );
                }
            }
            // Ada's hands have another purpose.
            _ if who == 1 && !ledger.is_hand_asked() => match ledger.holding() {
                Some(body) => ledger.ask(session.release(body, Vec3::ZERO).unwrap(), Asked::LetGo),
                None => {
                    if let Some(body) = nearest_free(person, flying) {
                        ledger.ask(session.grab(body).unwrap(), Asked::Hold(body));
                    }
                }
            },
            _ => {}
        }
    }

    /// Both ask for several things, and the server dies before it has answered them all.
    fn ask_much(&mut self, ada: &Participant, bo: &Participant, random: &mut Random) {
        for _ in 0..3 {
            self.act(0, ada, random);
            self.act(1, bo, random);
        }
        let wait = Duration::from_secs_f32(random.between(0.0, LONGEST_ANSWER_SECS));
        self.visitors.live(&mut [], wait);
    }

    /// After the last kill.
    fn look_once_more(&mut self) {
        let server = HostedServer::start(self.world, self.data);
        let people = self.enter(&server, &mut Tally::default());
        drop(people);
        server.stop();
    }
}

/// The body that is nearest to somebody's eyes and in nobody's hand.
fn nearest_free(person: &Participant, flying: Option<EntityId>) -> Option<EntityId> {
    let eyes = person.motion.eyes();
    let view = person.session.view();
    let free = person.bodies().iter().filter_map(|body| {
        let state = view.newest_state(body.entity)?;
        let distance = state.position_in_world().distance(eyes);
        (state.parent.is_none() && Some(body.entity) != flying && distance < REACH_METRES)
            .then_some((body.entity, distance))
    });
    free.min_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(body, _)| body)
}
