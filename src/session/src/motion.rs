//! One's own motion: the newest sample from the front-end becomes the rows of client datagrams.

use glam::Vec3;
use protocol::TICKS_PER_SECOND;
use replication::{ClientDatagram, Correction, Flags, MAX_OWN_SAMPLES, OwnSample};
use std::collections::VecDeque;

/// A sample that is older than the newest one by more ticks than this tells that the clock was set back: the server had
/// stood still. Less is unevenness; the clock slews rather than jumps by a quarter of a second.
const CLOCK_SET_BACK_TICKS: u64 = 10;

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
        {
            self.push(sample);
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

    fn push(&mut self, sample: OwnSample) {
        let newest = self.samples.front().map(|newest| newest.tick);
        if newest.is_some_and(|newest| sample.tick + CLOCK_SET_BACK_TICKS < newest) {
            // Ticks that have not been yet: the server takes no sample of them.
            self.samples.clear();
        } else if newest.is_some_and(|newest| sample.tick <= newest) {
            return;
        }
        self.samples.push_front(sample);
        self.samples.truncate(MAX_OWN_SAMPLES);
        self.applied = self.basis.correction;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of a datagram that says where one is at a local time, on a clock of ticks.
    fn sent(sender: &mut MotionSender, at_secs: f64, tick_of: impl Fn(f64) -> f64) -> Vec<u64> {
        let timed = TimedMotion {
            motion: OwnMotion {
                position: Vec3::ZERO,
                yaw: 0.0,
                pitch: 0.0,
                velocity: Vec3::ZERO,
                flags: Flags::GROUNDED,
                emote: 0,
            },
            at_secs,
            basis: Basis::default(),
        };
        let datagram = sender.next(Some(timed), |secs| Some(tick_of(secs)), None);
        datagram.samples.iter().map(|sample| sample.tick).collect()
    }

    #[test]
    fn a_clock_that_was_set_back_stops_no_motion() {
        let mut sender = MotionSender::new(0);
        let even = |secs: f64| secs * 60.0 + 0.5;
        sent(&mut sender, 10.0, even);
        assert_eq!(sent(&mut sender, 10.1, even)[0], 606);
        // Unevenness is not told: a tick has one sample.
        assert_eq!(sent(&mut sender, 10.09, even)[0], 606);
        let late = |secs: f64| (secs - 8.0) * 60.0 + 0.5;
        assert_eq!(sent(&mut sender, 10.2, late), [132]);
        assert_eq!(sent(&mut sender, 10.3, late), [138, 132]);
    }
}
