//! The one world that every library sends: people who walk, and things of which a tenth is in the air.

use crate::random::Random;
use crate::tumbler::Tumbler;
use crate::walker::Walker;
use anyhow::Result;
use bevy::prelude::Component;
use glam::Vec3;
use replication::{EntitySample, EntityState, Orientation};
use serde::{Deserialize, Serialize};

/// Half the width of the square, in metres: everybody is within the range in which Stoa sends at the full rate.
pub(crate) const HALF_WIDTH_METRES: f32 = 12.0;
pub(crate) const STEP_SECS: f32 = 1.0 / 60.0;
pub(crate) const STEPS_PER_SEND: u64 = 3;
pub(crate) const SENDS_PER_SEC: u64 = 20;
/// One of so many things is in the air. With 200 people and 250 things some 240 move or have just stopped; Stoa tells of up to
/// 256 at the full rate, and here nothing may be left out of a send.
const THINGS_PER_MOVING: usize = 10;

/// What the other libraries send of a person, in the steps of Stoa's codec: 5 mm, 1.4 degrees.
#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    position: [i32; 3],
    yaw: u8,
    pitch: i8,
}

/// The same of a thing: 2 mm, and three of a quaternion's components in 11 bits each.
#[derive(Component, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thing {
    position: [i32; 3],
    rotation: [u8; 5],
}

/// Either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Person(Person),
    Thing(Thing),
}

impl From<&EntityState> for State {
    fn from(state: &EntityState) -> Self {
        let position = state.position;
        match state.orientation {
            Orientation::Heading { yaw, pitch } => Self::Person(Person {
                position,
                yaw,
                pitch,
            }),
            Orientation::Rotation(parts) => {
                let packed = parts
                    .components
                    .iter()
                    .fold(u64::from(parts.largest), |packed, component| {
                        packed << 11 | u64::from((component + 1024).unsigned_abs())
                    });
                let [rotation @ .., _, _, _] = packed.to_le_bytes();
                Self::Thing(Thing { position, rotation })
            }
        }
    }
}

/// The world, and how it is after the last step.
pub(crate) struct Scene {
    random: Random,
    walkers: Vec<Walker>,
    tumblers: Vec<Tumbler>,
    samples: Vec<EntitySample>,
    /// For Stoa: people first.
    pub(crate) quantised: Vec<EntityState>,
    /// For the others, in the same order.
    pub(crate) states: Vec<State>,
}

impl Scene {
    pub(crate) fn new(seed: u64, people: usize, things: usize) -> Result<Self> {
        let mut random = Random::new(seed);
        let mut scene = Self {
            walkers: (0..people).map(|_| Walker::new(&mut random)).collect(),
            tumblers: (0..things).map(|_| Tumbler::new(&mut random)).collect(),
            random,
            samples: Vec::new(),
            quantised: Vec::new(),
            states: Vec::new(),
        };
        scene.step()?;
        Ok(scene)
    }

    /// Moves on by one send, and gives how many entities are not where they were, as far as the wire can tell.
    pub(crate) fn step(&mut self) -> Result<usize> {
        for _ in 0..STEPS_PER_SEND {
            self.throw();
            for walker in &mut self.walkers {
                walker.step(&mut self.random);
            }
            for tumbler in &mut self.tumblers {
                tumbler.step(&mut self.random);
            }
        }
        let people = self.walkers.iter().map(Walker::sample);
        let things = self.tumblers.iter().map(Tumbler::sample);
        self.samples = people.chain(things).collect();
        self.quantised =
            (self.samples.iter().map(EntityState::quantise)).collect::<Result<_, _>>()?;
        let states: Vec<State> = self.quantised.iter().map(State::from).collect();
        let pairs = states.iter().zip(&self.states);
        let changed = pairs.filter(|(now, before)| now != before).count();
        self.states = states;
        Ok(changed)
    }

    /// As many things as have come to rest are thrown.
    fn throw(&mut self) {
        let wanted = self.tumblers.len() / THINGS_PER_MOVING;
        let moving = self.tumblers.iter().filter(|thing| !thing.rests).count();
        for _ in moving..wanted {
            let mut chosen = self.random.below(self.tumblers.len());
            while !self.tumblers[chosen].rests {
                chosen = (chosen + 1) % self.tumblers.len();
            }
            self.tumblers[chosen].throw(&mut self.random);
        }
    }

    /// Where a person's eyes are.
    pub(crate) fn eyes(&self, person: usize) -> Vec3 {
        self.samples[person].pose.position + Vec3::Y * 1.6
    }

    /// Largest difference between the world and what the wire can say of it, in metres and degrees.
    pub(crate) fn error(&self) -> (f32, f32) {
        let mut largest = (0.0_f32, 0.0_f32);
        for (sample, state) in self.samples.iter().zip(&self.quantised) {
            let pose = &sample.pose;
            let metres = state.position_in_world().distance(pose.position);
            let turn = state.rotation_in_world().angle_between(pose.rotation);
            let nod = (state.head_pitch() - pose.head_pitch).abs();
            largest.0 = largest.0.max(metres);
            largest.1 = largest.1.max(turn.max(nod).to_degrees());
        }
        largest
    }
}
