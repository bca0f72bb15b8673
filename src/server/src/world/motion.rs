//! How people move: their own programs say where they are, the checks of the simulation believe it or not.

use super::{Person, PersonId, SessionId, World};
use glam::Vec3;
use network::CloseCode;
use protocol::TICKS_PER_SECOND;
use replication::{ClientDatagram, Correction, Flags, OwnSample};
use simulation::{
    MotionCheck, MotionClaim, SEAT_HEIGHT, SeatPlace, Simulation, Verdict, eye_height,
};
use std::collections::VecDeque;

/// Samples remembered for a smooth path: half a second.
const MAX_SAMPLES: usize = 32;
/// Ticks by which a client's clock may run ahead.
const MAX_LEAD_TICKS: u64 = 15;
/// Ticks beyond the newest sample for which somebody goes on as before; then they stand.
const MAX_COASTING_TICKS: f64 = 8.0;
/// Unreadable datagrams after which a connection ends.
const MAX_FAULTS: u32 = 64;
/// Share by which the wait for late samples shrinks with each one that came earlier.
const DELAY_SHRINKS: f64 = 0.01;
/// Of somebody on a seat.
const SEATED: Flags = Flags(Flags::SITTING.0 | Flags::GROUNDED.0);
/// What a client may say of itself.
const OWN_FLAGS: u8 = Flags::GROUNDED.0 | Flags::CROUCHING.0 | Flags::RUNNING.0 | Flags::SPEAKING.0;

/// Where somebody is, was, and may be next.
pub(super) struct Track {
    check: MotionCheck,
    /// Believed, oldest first; never empty.
    samples: VecDeque<OwnSample>,
    /// Ticks from a sample's time to its arrival, as late as they usually come.
    delay_ticks: f64,
    newest_tick: u64,
    timing: i8,
    correction: Option<Correction>,
    last_correction: u8,
    teleport: u8,
    /// Where somebody sits, and the place they left for it.
    seat: Option<(SeatPlace, Vec3)>,
}

impl Track {
    /// Somebody stands at a place that the server chose.
    pub(super) fn at(position: Vec3, yaw: f32, tick: u64) -> Self {
        Self {
            check: MotionCheck::at(position, tick),
            samples: VecDeque::from([standing(position, yaw, tick)]),
            delay_ticks: 0.0,
            newest_tick: tick,
            timing: 0,
            correction: None,
            last_correction: 0,
            teleport: 0,
            seat: None,
        }
    }

    /// The newest believed sample.
    pub(super) fn newest(&self) -> &OwnSample {
        &self.samples[self.samples.len() - 1]
    }

    /// Eyes in world space.
    pub(super) fn eyes(&self) -> Vec3 {
        let sample = self.newest();
        sample.position + Vec3::Y * eye_height(sample.flags.contains(Flags::CROUCHING))
    }

    /// Where things are carried.
    pub(super) fn hand(&self) -> Vec3 {
        let sample = self.newest();
        Simulation::carry_point(self.eyes(), sample.yaw, sample.pitch)
    }

    pub(super) fn is_seated(&self) -> bool {
        self.seat.is_some()
    }

    pub(super) const fn teleport(&self) -> u8 {
        self.teleport
    }

    pub(super) const fn correction(&self) -> Option<Correction> {
        self.correction
    }

    pub(super) const fn timing(&self) -> i8 {
        self.timing
    }

    /// A new connection goes on from here, and knows of no corrections. Who sits goes on sitting.
    pub(super) fn resume(&mut self, simulation: &Simulation, tick: u64) {
        let yaw = self.newest().yaw;
        let (teleport, seat) = (self.teleport, self.seat);
        let position = match seat {
            Some(_) => self.newest().position,
            None => self.check.carried_to(simulation, tick),
        };
        *self = Self {
            teleport,
            seat,
            ..Self::at(position, yaw, tick)
        };
        if seat.is_some() {
            self.samples[0].flags = SEATED;
        }
    }

    /// In another world nothing carries them that did in the old one.
    pub(super) fn forget_carrier(&mut self, tick: u64) {
        self.check = MotionCheck::at(self.newest().position, tick);
    }

    /// Nobody moves this avatar any more.
    pub(super) fn stop(&mut self) {
        self.stop_at(self.newest().position);
    }

    fn stop_at(&mut self, position: Vec3) {
        let mut sample = *self.newest();
        sample.position = position;
        sample.velocity = Vec3::ZERO;
        self.samples.clear();
        self.samples.push_back(sample);
    }

    /// Puts somebody elsewhere; others do not see them fly there.
    pub(super) fn place(&mut self, position: Vec3, yaw: f32, tick: u64) {
        self.teleport = self.teleport.wrapping_add(1);
        self.check = MotionCheck::at(position, tick);
        self.samples.clear();
        self.samples.push_back(standing(position, yaw, tick));
        self.correct();
    }

    pub(super) fn sit(&mut self, place: &SeatPlace) {
        let stood_at = self
            .seat
            .map_or(self.newest().position, |(_, stood_at)| stood_at);
        self.seat = Some((*place, stood_at));
        let mut sample = *self.newest();
        sample.position = place.position - Vec3::Y * SEAT_HEIGHT;
        sample.velocity = Vec3::ZERO;
        sample.yaw = place.yaw;
        sample.flags = SEATED;
        self.teleport = self.teleport.wrapping_add(1);
        self.samples.clear();
        self.samples.push_back(sample);
    }

    /// Back to where they stood before.
    pub(super) fn stand(&mut self, tick: u64) {
        if let Some((place, stood_at)) = self.seat.take() {
            self.place(stood_at, place.yaw, tick);
        }
    }

    /// Tells the client to go on from the newest believed sample.
    fn correct(&mut self) {
        self.last_correction = self.last_correction.checked_add(1).unwrap_or(1);
        let sample = *self.newest();
        self.correction = Some(Correction {
            id: self.last_correction,
            position: sample.position,
            yaw: sample.yaw,
            pitch: sample.pitch,
            velocity: sample.velocity,
            flags: sample.flags,
        });
    }

    /// Takes what a client says of its person.
    pub(super) fn follow(&mut self, simulation: &Simulation, datagram: &ClientDatagram, tick: u64) {
        if let Some(correction) = self.correction {
            if datagram.correction_echo != correction.id {
                return;
            }
            self.correction = None;
        }
        for sample in datagram.samples.iter().rev() {
            if sample.tick > self.newest_tick && sample.tick <= tick + MAX_LEAD_TICKS {
                self.newest_tick = sample.tick;
                self.take(simulation, *sample);
            }
            if self.correction.is_some() {
                return;
            }
        }
        if let Some(sample) = datagram.samples.first() {
            let early = sample.tick as i64 - tick as i64;
            self.timing = early.clamp(-127, 127) as i8;
            let late = (-early).max(0) as f64;
            self.delay_ticks = if late > self.delay_ticks {
                late
            } else {
                self.delay_ticks + (late - self.delay_ticks) * DELAY_SHRINKS
            };
        }
    }

    fn take(&mut self, simulation: &Simulation, mut sample: OwnSample) {
        sample.flags = Flags(sample.flags.0 & OWN_FLAGS);
        if self.seat.is_some() {
            let seated = *self.newest();
            sample.position = seated.position;
            sample.velocity = Vec3::ZERO;
            sample.flags = seated
                .flags
                .with(Flags::SPEAKING, sample.flags.contains(Flags::SPEAKING));
        } else {
            let claim = MotionClaim {
                tick: sample.tick,
                position: sample.position,
                is_crouching: sample.flags.contains(Flags::CROUCHING),
            };
            if let Verdict::Correct(reason) = self.check.judge(simulation, &claim) {
                tracing::debug!(reason, "motion refused");
                self.stop_at(self.check.carried_to(simulation, simulation.tick()));
                self.correct();
                return;
            }
            // Others are shown where it leads.
            sample.velocity = self.check.believe_velocity(simulation, sample.velocity);
        }
        if self.samples.len() >= MAX_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The believed path at a tick, waited for as long as samples usually are late; so that others see an even
    /// motion, however unevenly it arrives.
    pub(super) fn at_tick(&self, tick: u64) -> OwnSample {
        let shown = tick as f64 - self.delay_ticks;
        // What is shown lies among the newest: few are looked at.
        let mut after = self.samples.len();
        while after > 0 && self.samples[after - 1].tick as f64 >= shown {
            after -= 1;
        }
        match (after, self.samples.get(after)) {
            (_, None) => coast(*self.newest(), shown),
            (0, Some(oldest)) => *oldest,
            (_, Some(later)) => between(&self.samples[after - 1], later, shown),
        }
    }
}

fn standing(position: Vec3, yaw: f32, tick: u64) -> OwnSample {
    OwnSample {
        tick,
        position,
        velocity: Vec3::ZERO,
        yaw,
        pitch: 0.0,
        flags: Flags::GROUNDED,
        emote: 0,
    }
}

fn between(before: &OwnSample, after: &OwnSample, tick: f64) -> OwnSample {
    let span = (after.tick - before.tick).max(1) as f64;
    let share = ((tick - before.tick as f64) / span).clamp(0.0, 1.0) as f32;
    let turn = (after.yaw - before.yaw + std::f32::consts::PI).rem_euclid(std::f32::consts::TAU)
        - std::f32::consts::PI;
    OwnSample {
        position: before.position.lerp(after.position, share),
        velocity: before.velocity.lerp(after.velocity, share),
        yaw: before.yaw + turn * share,
        pitch: before.pitch + (after.pitch - before.pitch) * share,
        ..*after
    }
}

fn coast(sample: OwnSample, tick: f64) -> OwnSample {
    let ahead = tick - sample.tick as f64;
    if ahead > MAX_COASTING_TICKS {
        return OwnSample {
            velocity: Vec3::ZERO,
            position: sample.position + sample.velocity * seconds(MAX_COASTING_TICKS),
            ..sample
        };
    }
    OwnSample {
        position: sample.position + sample.velocity * seconds(ahead),
        ..sample
    }
}

fn seconds(ticks: f64) -> f32 {
    (ticks / f64::from(TICKS_PER_SECOND)) as f32
}

/// Puts what others and bodies meet to where somebody is, as high as they are.
fn place_obstacle(simulation: &mut Simulation, person: &Person) {
    let sample = person.track.newest();
    simulation.move_avatar(person.obstacle, sample.position);
    let is_crouching = sample.flags.contains(Flags::CROUCHING);
    simulation.set_avatar_crouching(person.obstacle, is_crouching);
}

impl World {
    /// Takes a state datagram of a client.
    pub(super) fn follow(&mut self, session: SessionId, bytes: &[u8]) {
        let Some(&person) = self.sessions.get(&session) else {
            return;
        };
        let tick = self.tick;
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        let Some(link) = known.link.as_mut() else {
            return;
        };
        link.heard_tick = tick;
        let expected = link.log.newest().unwrap_or(0);
        let Ok(datagram) = ClientDatagram::decode(bytes, expected, tick) else {
            link.faults += 1;
            if link.faults > MAX_FAULTS {
                self.dismiss(person, CloseCode::Protocol, "its datagrams make no sense");
            }
            return;
        };
        if !link.log.insert(datagram.sequence) {
            return;
        }
        self.statistics
            .note_heard(known.info.entity, datagram.sequence);
        if let Some(acknowledgement) = datagram.acknowledgement {
            link.view.acknowledge(acknowledgement);
        }
        known.track.follow(&self.simulation, &datagram, tick);
        place_obstacle(&mut self.simulation, known);
    }

    /// Who fell out of the world starts again.
    pub(super) fn rescue_people(&mut self) {
        let lowest = self.simulation.kill_height();
        let fallen: Vec<PersonId> = self
            .people
            .iter()
            .filter(|(_, known)| known.track.newest().position.y < lowest)
            .map(|(person, _)| *person)
            .collect();
        for person in fallen {
            let (position, yaw) = self.spawn_place(None);
            let tick = self.tick;
            if let Some(known) = self.people.get_mut(&person) {
                known.track.place(position, yaw, tick);
                place_obstacle(&mut self.simulation, known);
            }
        }
    }
}
