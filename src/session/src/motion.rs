//! One's own motion: the newest sample from the front-end becomes the rows of client datagrams.

use glam::Vec3;
use protocol::TICKS_PER_SECOND;
use replication::{ClientDatagram, Correction, Flags, MAX_OWN_SAMPLES, OwnSample};
use std::collections::VecDeque;

/// Where oneself is and what one does, as the front-end moves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnMotion {
    /// Feet in world space, metres.
    pub position: Vec3,
    /// Heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
    /// Pitch of the head in radians, positive looks up.
    pub pitch: f32,
    /// Metres a second in world space.
    pub velocity: Vec3,
    /// What the avatar does.
    pub flags: Flags,
    /// Gesture shown, 0 for none.
    pub emote: u8,
}

/// The newest motion, when it was true, and what its front-end knew by then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedMotion {
    pub(crate) motion: OwnMotion,
    pub(crate) at_secs: f64,
    pub(crate) basis: Basis,
}

/// What the front-end had been told when it moved: motion from before a correction or a return does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Basis {
    /// Number of the visit.
    pub(crate) visit: u32,
    /// Id of the last correction of that visit, 0 before the first.
    pub(crate) correction: u8,
}

/// Makes client datagrams.
#[derive(Debug, Default)]
pub(crate) struct MotionSender {
    sequence: u64,
    /// Newest first.
    samples: VecDeque<OwnSample>,
    basis: Basis,
    /// Id of the last correction that samples go on from.
    applied: u8,
}

impl MotionSender {
    /// For one visit.
    pub(crate) fn new(visit: u32) -> Self {
        Self {
            basis: Basis {
                visit,
                correction: 0,
            },
            ..Self::default()
        }
    }

    /// Notes a correction. True when it is a new one; samples from before are worthless then.
    pub(crate) fn correct(&mut self, correction: &Correction) -> bool {
        if self.basis.correction == correction.id {
            return false;
        }
        self.basis.correction = correction.id;
        self.samples.clear();
        true
    }

    /// The next datagram. `tick_of` tells the server tick of a local time, `None` before the first snapshot.
    pub(crate) fn next(
        &mut self,
        motion: Option<TimedMotion>,
        tick_of: impl Fn(f64) -> Option<f64>,
        acknowledgement: Option<replication::Acknowledgement>,
    ) -> ClientDatagram {
        if let Some(timed) = motion
            && timed.basis == self.basis
            && let Some(sample) = tick_of(timed.at_secs).and_then(|tick| sample_of(&timed, tick))
            && self
                .samples
                .front()
                .is_none_or(|newest| sample.tick > newest.tick)
        {
            self.samples.push_front(sample);
            self.samples.truncate(MAX_OWN_SAMPLES);
            self.applied = self.basis.correction;
        }
        let datagram = ClientDatagram {
            sequence: self.sequence,
            acknowledgement,
            correction_echo: self.applied,
            samples: self.samples.iter().copied().collect(),
        };
        self.sequence += 1;
        datagram
    }

    /// Forgets samples that cannot be sent.
    pub(crate) fn clear(&mut self) {
        self.samples.clear();
    }
}

/// The sample at the last whole tick before the motion: back along its velocity by the fraction of a tick.
fn sample_of(timed: &TimedMotion, tick: f64) -> Option<OwnSample> {
    let whole = tick.floor();
    if whole < 0.0 || !tick.is_finite() {
        return None;
    }
    let motion = &timed.motion;
    let ahead_secs = ((tick - whole) / f64::from(TICKS_PER_SECOND)) as f32;
    Some(OwnSample {
        tick: whole as u64,
        position: motion.position - motion.velocity * ahead_secs,
        velocity: motion.velocity,
        yaw: motion.yaw,
        pitch: motion.pitch,
        flags: motion.flags,
        emote: motion.emote,
    })
}
