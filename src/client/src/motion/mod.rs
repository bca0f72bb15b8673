//! Oneself: wishes from keys, mouse or script become motion at 60 Hz, at once and without asking the server, which
//! checks it afterwards.

mod act;
mod answers;
mod gamepad;
mod hands;
mod input;
mod reach;

pub(crate) use answers::{Answer, Request};
pub(crate) use hands::{OwnHands, news_of, state_of};
pub(crate) use input::{InputTaken, MouseSensitivity, TakesInput};
pub(crate) use reach::Reach;

use crate::{
    app::{
        Drawing,
        order::{ClientSystems, Stage},
    },
    camera::{ViewMode, Zoom},
    link::{Link, LoadedHere, Said, Visit, VisitWorld},
};
use bevy::prelude::*;
use replication::Flags;
use session::{OwnMotion, SessionEvent};
use simulation::{AvatarInput, AvatarMotion, SEAT_HEIGHT, Simulation};
use std::time::Duration;

/// Seconds in which the shown place glides to the true one after a correction.
const BLEND_SECS: f32 = 0.25;
/// Beyond this distance a correction is shown at once, metres.
const SNAP_METRES: f32 = 4.0;

/// A gesture that one shows oneself; the server tells it to everybody else.
#[derive(Message, Clone, Debug)]
pub(crate) struct Gestured(pub(crate) String);

/// What the person wants this frame; keys, mouse and scripts all write here.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Motion of the body; jumping stays set until a tick has seen it.
    pub(crate) input: AvatarInput,
    pub(crate) is_grabbing: bool,
    pub(crate) is_throwing: bool,
    pub(crate) is_sitting: bool,
    pub(crate) is_standing: bool,
    pub(crate) is_changing_view: bool,
    pub(crate) emote: Option<String>,
    pub(crate) say: Option<String>,
    /// Text of a note for the board.
    pub(crate) pin: Option<String>,
    /// Note of one's own to take down.
    pub(crate) unpin: Option<u64>,
    /// Put down the thing that one brings.
    pub(crate) is_placing: bool,
    /// Let the thing be that one brings.
    pub(crate) is_dropping: bool,
    /// Turn the thing that one brings by so many steps, counterclockwise seen from above.
    pub(crate) thing_turns: f32,
    /// Placed thing to take away.
    pub(crate) take_away: Option<u64>,
}

/// Oneself, at the last tick and the one before, for smooth pictures in between.
#[derive(Resource)]
pub(crate) struct Me {
    pub(crate) motion: AvatarMotion,
    before: AvatarMotion,
    /// Share of a tick that has passed since the last one.
    fraction: f32,
    /// Where one was shown before a correction, relative to the corrected place; fades.
    offset: Vec3,
    pub(crate) is_here: bool,
}

impl Default for Me {
    fn default() -> Self {
        let motion = AvatarMotion::at(Vec3::ZERO, 0.0);
        Self {
            motion,
            before: motion,
            fraction: 0.0,
            offset: Vec3::ZERO,
            is_here: false,
        }
    }
}

impl Me {
    /// Motion as it is shown now.
    pub(crate) fn shown(&self) -> AvatarMotion {
        let mut shown = self.motion;
        shown.position = self
            .before
            .position
            .lerp(self.motion.position, self.fraction)
            + self.offset;
        shown
    }

    /// Share of a tick that has passed since the last one.
    pub(crate) const fn fraction(&self) -> f32 {
        self.fraction
    }

    /// Puts oneself somewhere; the picture glides there when it is near.
    fn place(&mut self, motion: AvatarMotion) {
        let shown = self.shown().position;
        self.before = motion;
        self.motion = motion;
        let offset = shown - motion.position;
        self.offset = if self.is_here && offset.length() < SNAP_METRES {
            offset
        } else {
            Vec3::ZERO
        };
        self.is_here = true;
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Wishes>()
        .init_resource::<Me>()
        .add_message::<Gestured>();
    app.add_systems(FixedUpdate, advance.run_if(in_state(Stage::Inside)));
    app.add_systems(Update, (appear, obey).chain().in_set(ClientSystems::Act));
    app.add_systems(
        Update,
        (blend, tell)
            .chain()
            .in_set(ClientSystems::Pose)
            .run_if(in_state(Stage::Inside)),
    );
    app.add_plugins((
        input::plugin,
        gamepad::plugin,
        reach::plugin,
        act::plugin,
        hands::plugin,
        answers::plugin,
    ));
}

/// One appears where the server said.
fn appear(
    mut loaded: MessageReader<LoadedHere>,
    visit: Res<Visit>,
    mut me: ResMut<Me>,
    mut wishes: ResMut<Wishes>,
    (mut mode, mut zoom): (ResMut<ViewMode>, ResMut<Zoom>),
    world: Option<ResMut<VisitWorld>>,
) {
    if loaded.read().count() == 0 {
        return;
    }
    let (Some(welcome), Some(mut world)) = (&visit.welcome, world) else {
        return;
    };
    world.simulation.set_tick(welcome.tick);
    me.is_here = false;
    let stage = world.simulation.stage();
    *zoom = Zoom::of(stage.map_or(1.0, |stage| stage.zoom));
    wishes.input.pitch = 0.0;
    if let Some(stage) = stage {
        // A thing rather than a place: one looks at it, not at the back of one's own head.
        mode.is_first_person = true;
        let eyes = stage.feet + Vec3::Y * simulation::eye_height(false);
        wishes.input.pitch = f32::atan2(
            stage.center.y - eyes.y,
            (eyes - stage.center).with_y(0.0).length(),
        );
    }
    me.place(AvatarMotion::at(
        Vec3::from_array(welcome.position),
        welcome.yaw,
    ));
    wishes.input.yaw = welcome.yaw;
}

/// The server's word counts: corrections, seats, returns.
fn obey(
    mut said: MessageReader<Said>,
    mut me: ResMut<Me>,
    mut wishes: ResMut<Wishes>,
    world: Option<Res<VisitWorld>>,
) {
    for Said(event) in said.read() {
        match event {
            SessionEvent::Correction(correction) => {
                let mut motion = AvatarMotion::at(correction.position, me.motion.yaw);
                motion.velocity = correction.velocity;
                // Under a low roof one cannot stand, whatever keys are held.
                motion.is_crouching = correction.flags.contains(Flags::CROUCHING);
                me.place(motion);
            }
            SessionEvent::Resumed(welcome) => {
                let yaw = me.motion.yaw;
                me.place(AvatarMotion::at(Vec3::from_array(welcome.position), yaw));
            }
            SessionEvent::Sitting(Some(seat)) => {
                if let Some(place) = world
                    .as_ref()
                    .and_then(|world| world.simulation.seat_places().get(*seat as usize))
                {
                    let feet = place.position - Vec3::Y * SEAT_HEIGHT;
                    me.place(AvatarMotion::at(feet, place.yaw));
                    wishes.input.yaw = place.yaw;
                }
            }
            _ => {}
        }
    }
}

fn advance(
    mut me: ResMut<Me>,
    mut wishes: ResMut<Wishes>,
    visit: Res<Visit>,
    mut own: ResMut<OwnHands>,
    world: Option<ResMut<VisitWorld>>,
    link: Option<Res<Link>>,
    drawing: Option<Res<Drawing>>,
) {
    let (Some(mut world), Some(link)) = (world, link) else {
        return;
    };
    let simulation = &mut world.simulation;
    me.before = me.motion;
    step(
        simulation,
        &mut me.motion,
        &wishes.input,
        visit.sitting.is_some(),
    );
    wishes.input.is_jumping = false;
    // Lifts and doors follow the server's clock; what one stands on must be where the server has it, and had it when
    // this tick was due. Whatever jumps after a pause takes one along.
    let due_secs = link.0.now_secs() - behind(drawing).as_secs_f64();
    if let Some(tick) = link.0.view().server_tick(due_secs) {
        let tick = tick.max(0.0) as u64;
        if tick.abs_diff(simulation.tick()) > 2 {
            simulation.set_tick_with(tick, &mut me.motion);
        }
    }
    own.step(simulation, &me, visit.sitting.is_some());
}

/// Moves by one tick. Who falls out of the world falls on until the server, which hears of it, puts them at a spawn
/// point: a place of one's own choice would be refused.
fn step(simulation: &Simulation, motion: &mut AvatarMotion, input: &AvatarInput, is_sitting: bool) {
    if is_sitting {
        motion.yaw = input.yaw;
        motion.pitch = input.pitch;
        motion.velocity = Vec3::ZERO;
    } else {
        simulation.advance_avatar(motion, input);
    }
}

fn blend(time: Res<Time<Real>>, fixed: Res<Time<Fixed>>, mut me: ResMut<Me>, wishes: Res<Wishes>) {
    me.fraction = fixed.overstep_fraction();
    let keep = (-time.delta_secs() / BLEND_SECS * 3.0).exp();
    me.offset *= keep;
    // The view turns in the same frame as the mouse.
    me.motion.yaw = wishes.input.yaw;
    me.motion.pitch = wishes.input.pitch;
}

/// Time since this tick was due.
fn behind(drawing: Option<Res<Drawing>>) -> Duration {
    drawing.map_or(Duration::ZERO, |drawing| drawing.behind)
}

/// Says where one is, and when that was: ticks that are caught up with belong to the past.
fn tell(
    me: Res<Me>,
    visit: Res<Visit>,
    wishes: Res<Wishes>,
    link: Option<Res<Link>>,
    drawing: Option<Res<Drawing>>,
) {
    let Some(link) = link else { return };
    let age = behind(drawing);
    let motion = &me.motion;
    let flags = Flags::default()
        .with(Flags::GROUNDED, motion.is_grounded)
        .with(Flags::CROUCHING, motion.is_crouching)
        .with(Flags::SITTING, visit.sitting.is_some())
        .with(Flags::RUNNING, wishes.input.is_running);
    let motion = OwnMotion {
        position: motion.position,
        yaw: motion.yaw,
        pitch: motion.pitch,
        velocity: motion.velocity + motion.ground_velocity,
        flags,
        emote: 0,
    };
    link.0.set_past_motion(motion, age);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use replication::Correction;

    /// Oneself after the server has said something.
    fn after(event: SessionEvent) -> AvatarMotion {
        let mut app = App::new();
        app.add_message::<Said>()
            .init_resource::<Wishes>()
            .init_resource::<Me>()
            .insert_resource(testing::visit_world(testing::boxes([])))
            .add_systems(Update, obey);
        app.world_mut().write_message(Said(event));
        app.update();
        app.world().resource::<Me>().motion
    }

    #[test]
    fn one_sits_with_the_feet_on_the_floor() {
        let motion = after(SessionEvent::Sitting(Some(0)));
        let feet = testing::SEAT - Vec3::Y * SEAT_HEIGHT;
        assert!(motion.position.distance(feet) < 1e-4, "{motion:?}");
    }

    #[test]
    fn who_is_corrected_while_crouching_goes_on_crouching() {
        let motion = after(SessionEvent::Correction(Correction {
            id: 1,
            position: Vec3::X,
            yaw: 0.0,
            pitch: 0.0,
            velocity: Vec3::ZERO,
            flags: Flags::GROUNDED.with(Flags::CROUCHING, true),
        }));
        assert!(motion.is_crouching);
    }

    #[test]
    fn who_falls_out_of_the_world_tells_it_instead_of_jumping() {
        let simulation = testing::boxes([]);
        let lowest = simulation.kill_height();
        let mut motion = AvatarMotion::at(Vec3::new(500.0, lowest + 0.1, 0.0), 0.0);
        for _ in 0..30 {
            step(&simulation, &mut motion, &AvatarInput::default(), false);
        }
        assert!(motion.position.y < lowest, "{motion:?}");
    }
}
