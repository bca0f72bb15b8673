//! What one carries and throws oneself, in a follower's world: moved here at once, compared with what the server tells,
//! and handed back to the server's motion without a jump. It is told everything and asks nobody.

use crate::{
    rules::{HAND_NEWS_TICKS, MAX_LOCAL_BODIES, OFFSET_FADE_RATE, OFFSET_FADE_SPEED, TICK_SECS},
    world::{BodyState, Simulation},
};
use glam::{Quat, Vec3};
use std::collections::VecDeque;

/// Steps of a flight that are remembered: longer than news of them can take.
const HISTORY: usize = 128;
/// The two flights may be so far apart before the local one is corrected: in metres, and in radians.
const TOLERANCE_METRES: f32 = 0.03;
const TOLERANCE_RADIANS: f32 = 0.15;
/// Steps after a touch in which the body is still moved here: longer than the server's word on it takes.
const TOUCH_TICKS: u32 = 24;
/// What is further off was not thrown but put elsewhere, in metres: no glide.
const SNAP_METRES: f32 = 5.0;
/// Offsets below this are over, in metres and radians.
const LEAST_OFFSET: f32 = 0.001;

/// What the server has told of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyNews {
    /// Server tick of the state.
    pub tick: u64,
    /// Where it was; its spin is not told.
    pub state: BodyState,
    /// Somebody holds it.
    pub is_held: bool,
    /// One holds it oneself.
    pub is_held_by_me: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// On its way to the hand or in it.
    Held,
    /// Pushed or stood on; steps since.
    Touched(u32),
    /// Let go; the server tick after whose step the flight was one step long, once that is known.
    Thrown(Option<u64>),
    /// Moved by the server; the picture glides there.
    Returned,
}

#[derive(Debug)]
struct Handled {
    index: usize,
    phase: Phase,
    /// After the last step and the one before it.
    states: [BodyState; 2],
    /// After each step of the flight, oldest first; `steps` counts all of them.
    history: VecDeque<BodyState>,
    steps: u64,
    /// Server tick of the newest news, and steps since.
    news_tick: Option<u64>,
    ticks_without_news: u32,
    /// What is shown minus what is.
    offset: Vec3,
    turn_offset: Quat,
}

/// The bodies that one moves oneself.
#[derive(Debug, Default)]
pub struct Hands {
    handled: Vec<Handled>,
}

impl Hands {
    /// Takes a body, which is shown in `state` now. False when it cannot be moved here, or too much flies already.
    pub fn take(&mut self, simulation: &mut Simulation, index: usize, state: &BodyState) -> bool {
        if self.held().is_some() || self.handled.len() >= MAX_LOCAL_BODIES {
            return false;
        }
        // What is left of a glide is in the state that it is taken in.
        self.handled.retain(|one| one.index != index);
        simulation.end_local(index);
        if !simulation.begin_local(index, state) {
            return false;
        }
        simulation.begin_carry(index);
        self.handled.push(Handled::new(index, state));
        true
    }

    /// The body in one's hand, also before the server has agreed.
    #[must_use]
    pub fn held(&self) -> Option<usize> {
        let held = self.handled.iter().find(|one| one.phase == Phase::Held);
        held.map(|one| one.index)
    }

    /// Lets go with a velocity in metres a second; gives how the flight begins, for the server.
    pub fn throw(&mut self, simulation: &mut Simulation, velocity: Vec3) -> Option<BodyState> {
        let held = self
            .handled
            .iter_mut()
            .find(|one| one.phase == Phase::Held)?;
        simulation.end_carry(held.index, velocity);
        held.phase = Phase::Thrown(None);
        held.ticks_without_news = 0;
        simulation.body(held.index)
    }

    /// The server says in which tick the flight of a body began there.
    pub fn confirm_throw(&mut self, index: usize, server_tick: u64) {
        if let Some(one) = self.find(index)
            && one.phase == Phase::Thrown(None)
        {
            one.phase = Phase::Thrown(Some(server_tick));
            one.ticks_without_news = 0;
        }
    }

    /// The server does not agree, or has taken the body back: its picture glides to where `followed` has it.
    pub fn give_back(&mut self, simulation: &mut Simulation, index: usize, followed: &BodyState) {
        if let Some(one) = self.find(index)
            && one.phase != Phase::Returned
        {
            one.give_back(followed);
            simulation.end_carry(index, Vec3::ZERO);
            simulation.end_local(index);
        }
    }

    /// Before each step of the simulation: what is held follows the hand.
    pub fn carry(&mut self, simulation: &mut Simulation, hand: Vec3) {
        if let Some(index) = self.held() {
            // What is stuck here may be free at the server, which says when it falls.
            let _is_near = simulation.carry(index, hand);
        }
    }

    /// Before each step of the simulation: what one walks against or stands on gives way at once, as it will at the
    /// server.
    pub fn touch(&mut self, simulation: &mut Simulation, feet: Vec3, is_crouching: bool) {
        for index in simulation.touched(feet, is_crouching) {
            if let Some(one) = self.find(index) {
                if let Phase::Touched(since) = &mut one.phase {
                    *since = 0;
                }
                continue;
            }
            let state = simulation.body(index);
            let is_room = self.handled.len() < MAX_LOCAL_BODIES;
            if let Some(state) =
                state.filter(|state| is_room && simulation.begin_local(index, state))
            {
                self.handled.push(Handled {
                    phase: Phase::Touched(0),
                    ..Handled::new(index, &state)
                });
            }
        }
        simulation.push_around(feet, is_crouching);
    }

    /// After each step of the simulation.
    pub fn note_step(&mut self, simulation: &Simulation) {
        for one in &mut self.handled {
            let Some(state) = simulation.body(one.index).filter(BodyState::is_believable) else {
                continue;
            };
            one.ticks_without_news = one.ticks_without_news.saturating_add(1);
            if one.phase == Phase::Returned {
                continue;
            }
            one.states = [state, one.states[0]];
            if let Phase::Touched(since) = &mut one.phase {
                *since = since.saturating_add(1);
            }
            if matches!(one.phase, Phase::Thrown(_)) {
                one.steps += 1;
                one.history.push_back(state);
                if one.history.len() > HISTORY {
                    one.history.pop_front();
                }
            }
        }
    }

    /// Compares with the newest that the server has told of a body; `followed` is where its motion is shown. To be
    /// called once a frame for each of [`Self::bodies`].
    pub fn compare(
        &mut self,
        simulation: &mut Simulation,
        index: usize,
        news: &BodyNews,
        followed: &BodyState,
    ) {
        let Some(one) = self.find(index) else { return };
        if one.news_tick != Some(news.tick) {
            one.news_tick = Some(news.tick);
            one.ticks_without_news = 0;
        }
        let is_lost = one.ticks_without_news > HAND_NEWS_TICKS;
        let is_over = match one.phase {
            Phase::Held => news.is_held && !news.is_held_by_me,
            Phase::Thrown(began) => {
                let is_flying = began.is_some_and(|began| news.tick >= began);
                is_lost || (is_flying && (news.is_held || news.state.is_sleeping))
            }
            // What came of a touch at the server is told a round trip later.
            Phase::Touched(since) => news.is_held || since > TOUCH_TICKS,
            Phase::Returned => false,
        };
        if is_over {
            return self.give_back(simulation, index, followed);
        }
        if let Phase::Thrown(Some(began)) = one.phase
            && let Some(corrected) = one.correct(news, began)
        {
            simulation.put_local(index, &corrected);
        }
    }

    /// Bodies that are not simply shown where the server's motion has them.
    pub fn bodies(&self) -> impl Iterator<Item = usize> + '_ {
        self.handled.iter().map(|one| one.index)
    }

    /// True while the body is moved here: the server's poses of it are not to be obeyed.
    #[must_use]
    pub fn moves(&self, index: usize) -> bool {
        self.handled
            .iter()
            .any(|one| one.index == index && one.phase != Phase::Returned)
    }

    /// How to show a body that the server's motion has in `followed`, the share `fraction` of a tick after the last step.
    #[must_use]
    pub fn shown(&self, index: usize, followed: &BodyState, fraction: f32) -> BodyState {
        let Some(one) = self.handled.iter().find(|one| one.index == index) else {
            return *followed;
        };
        let [now, before] = &one.states;
        let mut shown = if one.phase == Phase::Returned {
            *followed
        } else {
            BodyState {
                position: before.position.lerp(now.position, fraction),
                rotation: before.rotation.slerp(now.rotation, fraction),
                ..*now
            }
        };
        shown.position += one.offset;
        shown.rotation = (one.turn_offset * shown.rotation).normalize();
        shown
    }

    /// Lets `secs` pass for what glides. To be called once a frame.
    pub fn fade(&mut self, secs: f32) {
        for one in &mut self.handled {
            one.fade(secs);
        }
        self.handled
            .retain(|one| one.phase != Phase::Returned || !one.is_faded());
    }

    /// Nothing is moved here any more, and nothing glides: another world, or another visit.
    pub fn clear(&mut self, simulation: &mut Simulation) {
        for one in self.handled.drain(..) {
            simulation.end_carry(one.index, Vec3::ZERO);
            simulation.end_local(one.index);
        }
    }

    fn find(&mut self, index: usize) -> Option<&mut Handled> {
        self.handled.iter_mut().find(|one| one.index == index)
    }
}

impl Handled {
    fn new(index: usize, state: &BodyState) -> Self {
        Self {
            index,
            phase: Phase::Held,
            states: [*state; 2],
            history: VecDeque::with_capacity(HISTORY + 1),
            steps: 0,
            news_tick: None,
            ticks_without_news: 0,
            offset: Vec3::ZERO,
            turn_offset: Quat::IDENTITY,
        }
    }

    fn give_back(&mut self, followed: &BodyState) {
        let shown = self.states[0];
        self.glide(
            shown.position - followed.position,
            shown.rotation * followed.rotation.conjugate(),
        );
        self.phase = Phase::Returned;
    }

    /// Goes on showing what was shown, although what is has moved by the opposite.
    fn glide(&mut self, offset: Vec3, turn: Quat) {
        self.offset += offset;
        self.turn_offset = (turn * self.turn_offset).normalize();
        if self.offset.length() > SNAP_METRES {
            self.offset = Vec3::ZERO;
            self.turn_offset = Quat::IDENTITY;
        }
    }

    /// The local flight as the server's news of it wants it now, when they are apart.
    fn correct(&mut self, news: &BodyNews, began: u64) -> Option<BodyState> {
        // The first remembered step is number `steps - history.len() + 1`, and step 1 belongs to tick `began`.
        let step = news.tick.checked_sub(began)? + 1;
        let first = self.steps + 1 - self.history.len() as u64;
        let place = usize::try_from(step.checked_sub(first)?).ok()?;
        let told_of = *self.history.get(place)?;
        let apart = news.state.position - told_of.position;
        let turn = shortest(news.state.rotation * told_of.rotation.conjugate());
        if apart.length() < TOLERANCE_METRES && turn_angle(turn) < TOLERANCE_RADIANS {
            return None;
        }
        let faster = news.state.linear_velocity - told_of.linear_velocity;
        for (after, state) in self.history.iter_mut().skip(place).enumerate() {
            state.position += apart + faster * (after as f32 * TICK_SECS);
            state.rotation = (turn * state.rotation).normalize();
            state.linear_velocity += faster;
        }
        let corrected = *self.history.back()?;
        let shown = self.states[0];
        self.glide(
            shown.position - corrected.position,
            shown.rotation * corrected.rotation.conjugate(),
        );
        // Both move: between two steps the picture is the same line, elsewhere.
        let moved = corrected.position - shown.position;
        self.states[1].position += moved;
        self.states[1].rotation = (turn * self.states[1].rotation).normalize();
        self.states[0] = corrected;
        Some(corrected)
    }

    fn fade(&mut self, secs: f32) {
        let left = (-OFFSET_FADE_RATE * secs).exp();
        let length = self.offset.length();
        let shrink = (length * (1.0 - left)).min(OFFSET_FADE_SPEED * secs);
        self.offset = self.offset.clamp_length_max((length - shrink).max(0.0));
        self.turn_offset = Quat::IDENTITY.slerp(shortest(self.turn_offset), left);
    }

    fn is_faded(&self) -> bool {
        self.offset.length() < LEAST_OFFSET && turn_angle(self.turn_offset) < LEAST_OFFSET
    }
}

/// The same rotation by the shorter way.
fn shortest(rotation: Quat) -> Quat {
    if rotation.w < 0.0 {
        -rotation
    } else {
        rotation
    }
}

fn turn_angle(rotation: Quat) -> f32 {
    2.0 * rotation.xyz().length().min(1.0).asin()
}
