//! A body in free flight as a clock: its vertical velocity tells how long it has flown, and so how much of its motion
//! a crash has cost.

use bots::Participant;
use protocol::{EntityId, TICKS_PER_SECOND};
use std::time::{Duration, Instant};

/// Gravity of the test world, metres a second squared.
const GRAVITY: f64 = 9.81;
/// Error of the flight's clock: a tick, and what quantised heights make of a velocity.
pub(crate) const CLOCK_ERROR_SECS: f64 = 0.05;
/// Below this height a body may have touched the ground, metres.
const LOWEST: f64 = 0.8;

/// Where somebody saw a body, tick by tick.
#[derive(Debug)]
pub(crate) struct Flight {
    body: EntityId,
    sights: Vec<Sight>,
    /// When the server was where the last sight shows it.
    seen_at: Option<Instant>,
    unseen_secs: f64,
}

#[derive(Clone, Copy, Debug)]
struct Sight {
    secs: f64,
    height: f64,
}

/// Vertical velocity at a time of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    /// Seconds since the server started.
    pub(crate) secs: f64,
    /// Metres a second, up is positive.
    velocity: f64,
    height: f64,
    /// At most so long the server went on afterwards, seconds.
    unseen_secs: f64,
}

impl Phase {
    /// Seconds from the server's end until it comes down, at least.
    fn left_secs(&self) -> f64 {
        let fall = 2.0 * GRAVITY * (self.height - LOWEST);
        let whole = (self.velocity + (self.velocity * self.velocity + fall).sqrt()) / GRAVITY;
        whole - self.unseen_secs
    }
}

impl Flight {
    pub(crate) const fn of(body: EntityId) -> Self {
        Self {
            body,
            sights: Vec::new(),
            seen_at: None,
            unseen_secs: 0.0,
        }
    }

    /// Of which body.
    pub(crate) const fn body(&self) -> EntityId {
        self.body
    }

    /// Seconds from the first sight to the last.
    pub(crate) fn secs(&self) -> f64 {
        match &self.sights[..] {
            [first, .., last] => last.secs - first.secs,
            _ => 0.0,
        }
    }

    /// Notes where the body is in the newest snapshot. Call it each tick.
    pub(crate) fn watch(&mut self, person: &Participant) {
        let now = person.session.now_secs();
        let view = person.session.view();
        let (Some(state), Some(tick), Some(age)) = (
            view.newest_state(self.body),
            view.server_tick(now),
            view.state_age_secs(now),
        ) else {
            return;
        };
        // The tick of that snapshot: what the clock estimates is in both numbers.
        let secs = (tick / f64::from(TICKS_PER_SECOND) - age).max(0.0);
        let height = f64::from(state.position_in_world().y);
        let is_new = self.sights.last().is_none_or(|last| last.height != height);
        if is_new && state.parent.is_none() {
            self.sights.push(Sight { secs, height });
            self.seen_at = Instant::now().checked_sub(Duration::from_secs_f64(age.max(0.0)));
        }
    }

    /// Notes that the server is gone now. What it did since the last sight nobody saw.
    pub(crate) fn server_is_gone(&mut self) {
        self.unseen_secs = self.seen_at.map_or(0.0, |at| at.elapsed().as_secs_f64());
    }

    /// When it was seen first, seconds since the server started.
    pub(crate) fn first_secs(&self) -> Option<f64> {
        Some(self.sights.first()?.secs)
    }

    /// At the first two sights, when it flew.
    pub(crate) fn first(&self) -> Option<Phase> {
        phase(self.sights.get(..2)?)
    }

    /// At the last two sights, when it flew.
    pub(crate) fn last(&self) -> Option<Phase> {
        let phase = phase(self.sights.last_chunk::<2>()?)?;
        Some(Phase {
            unseen_secs: self.unseen_secs,
            ..phase
        })
    }
}

fn phase(pair: &[Sight]) -> Option<Phase> {
    let (early, late) = (pair[0], pair[1]);
    let time = late.secs - early.secs;
    let is_flying = early.height.min(late.height) > LOWEST && time > 0.0;
    is_flying.then(|| Phase {
        secs: (early.secs + late.secs) / 2.0,
        velocity: (late.height - early.height) / time,
        height: (late.height + early.height) / 2.0,
        unseen_secs: 0.0,
    })
}

/// Seconds of flight that are missing after a restart: `before` was seen last, `after` is what is seen of the server that
/// started anew, where the body has flown on. Less than nothing when it flew on before the server stopped as well. `None`
/// when it had come down by the first sight, as on a slow machine.
#[track_caller]
pub(crate) fn lost_secs(before: Phase, after: &Flight) -> Option<f64> {
    if let Some(first) = after.first() {
        return Some((first.velocity - before.velocity) / GRAVITY + first.secs);
    }
    let seen_secs = after.first_secs().expect("it was seen");
    assert!(
        seen_secs > before.left_secs() - 2.0 * CLOCK_ERROR_SECS,
        "it was in the air ({before:?}) and is not, {seen_secs:.3} s after the start"
    );
    None
}
