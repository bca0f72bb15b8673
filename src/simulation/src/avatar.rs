//! How people move: the same function at both ends of the wire, so that a person's own motion needs no round trip.

use crate::{
    rules::*,
    slide::{Footing, Mover, Slid},
    world::Simulation,
};
use glam::{Quat, Vec2, Vec3};

/// Slower than this on a steep slope, metres a second, for longer than so many ticks: somebody is held there.
const HELD_SPEED: f32 = 0.1;
const HELD_TICKS: u8 = 12;

/// What a person wants in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AvatarInput {
    /// Right and forward, relative to the heading; longer than 1 is shortened.
    pub walk: Vec2,
    /// Run instead of walk.
    pub is_running: bool,
    /// Jump when on the ground.
    pub is_jumping: bool,
    /// Crouch.
    pub is_crouching: bool,
    /// Heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
    /// Up is positive, radians.
    pub pitch: f32,
}

/// Where a person is and how they move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvatarMotion {
    /// Feet, world space, metres.
    pub position: Vec3,
    /// Metres a second, without the motion of what they stand on.
    pub velocity: Vec3,
    /// Heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
    /// Up is positive, radians.
    pub pitch: f32,
    /// Feet on something.
    pub is_grounded: bool,
    /// Low, by wish or because the roof is.
    pub is_crouching: bool,
    /// Velocity of what they stand on, metres a second.
    pub ground_velocity: Vec3,
    /// How fast what they stand on turns about +Y, radians a second; whoever makes the next input's yaw adds it.
    pub ground_turn: f32,
    /// Ticks without motion on something too steep to stand on.
    held_ticks: u8,
}

impl AvatarMotion {
    /// Standing still.
    #[must_use]
    pub fn at(position: Vec3, yaw: f32) -> Self {
        Self {
            position,
            velocity: Vec3::ZERO,
            yaw,
            pitch: 0.0,
            is_grounded: false,
            is_crouching: false,
            ground_velocity: Vec3::ZERO,
            ground_turn: 0.0,
            held_ticks: 0,
        }
    }

    /// Where the eyes are, world space.
    #[must_use]
    pub fn eyes(&self) -> Vec3 {
        self.position + Vec3::Y * eye_height(self.is_crouching)
    }

    /// Unit vector of the view.
    #[must_use]
    pub fn view_direction(&self) -> Vec3 {
        Quat::from_rotation_y(self.yaw) * Quat::from_rotation_x(self.pitch) * Vec3::NEG_Z
    }
}

/// Height of the eyes above the feet in metres.
#[must_use]
pub fn eye_height(is_crouching: bool) -> f32 {
    height(is_crouching) - EYES_BELOW_TOP
}

pub(crate) fn height(is_crouching: bool) -> f32 {
    if is_crouching {
        CROUCHING_HEIGHT
    } else {
        STANDING_HEIGHT
    }
}

impl Simulation {
    /// Moves a person by one tick: walking, jumping, crouching, slopes, steps, moving platforms.
    pub fn advance_avatar(&self, motion: &mut AvatarMotion, input: &AvatarInput) {
        if !motion.position.is_finite() || !motion.velocity.is_finite() {
            *motion = AvatarMotion::at(self.spawn_places()[0].position, 0.0);
        }
        if input.yaw.is_finite() && input.pitch.is_finite() {
            motion.yaw = input.yaw;
            motion.pitch = input.pitch.clamp(-1.55, 1.55);
        }
        self.choose_height(motion, input);
        self.accelerate(motion, input);
        let before = motion.position;
        self.rise_out(motion);
        let mover = Mover {
            feet: motion.position,
            height: height(motion.is_crouching),
            is_grounded: motion.is_grounded && motion.velocity.y <= 0.0,
        };
        let slid = mover.slide(self, motion.velocity * TICK_SECS);
        let carried = motion.ground_velocity * TICK_SECS;
        let carrier = self.ground_below(motion.position, GROUND_SNAP);
        motion.position += slid.translation;
        self.land(motion, &slid);
        // Apart from walking, whose slide along a wall would take the carrier's way up away. What one stands on has yet to
        // make the same way, and is not in it.
        if carried != Vec3::ZERO
            && let Some((carrier, _)) = carrier
        {
            let mover = Mover {
                feet: motion.position,
                ..mover
            };
            motion.position += mover.carry(self, carried, carrier);
        }
        if motion.is_grounded {
            (motion.ground_velocity, motion.ground_turn) = self.ground_motion(motion.position);
        }
        if !motion.position.is_finite() {
            motion.position = before;
            motion.velocity = Vec3::ZERO;
        }
    }

    /// Who is a little below the top of a lift is put onto it: it came up a moment earlier than they did.
    fn rise_out(&self, motion: &mut AvatarMotion) {
        let origin = motion.position + Vec3::Y * MAX_STEP;
        let Some((body, top)) = self.ground_below_point(origin, MAX_STEP) else {
            return;
        };
        let is_below = (motion.position.y..origin.y).contains(&top.y);
        if !is_below || self.animated_index(body).is_none() {
            return;
        }
        let (radius, half) = (AVATAR_RADIUS - SKIN, height(motion.is_crouching) * 0.5);
        let center = top + Vec3::Y * (half + SKIN);
        if self.is_free(center, half - radius, radius, Some(body)) {
            motion.position.y = top.y;
        }
    }

    fn choose_height(&self, motion: &mut AvatarMotion, input: &AvatarInput) {
        if motion.is_crouching && !input.is_crouching {
            // Standing up needs room: only the part that is added is asked for.
            let radius = AVATAR_RADIUS - 0.03;
            let (low, high) = (CROUCHING_HEIGHT - radius, STANDING_HEIGHT - radius);
            let center = motion.position + Vec3::Y * (low + high) * 0.5;
            motion.is_crouching = !self.is_free(center, (high - low) * 0.5, radius, None);
        } else {
            motion.is_crouching = input.is_crouching;
        }
    }

    fn accelerate(&self, motion: &mut AvatarMotion, input: &AvatarInput) {
        let top_speed = match (motion.is_crouching, input.is_running) {
            (true, _) => CROUCH_SPEED,
            (false, true) => RUN_SPEED,
            (false, false) => WALK_SPEED,
        };
        let walk = if input.walk.is_finite() {
            input.walk.clamp_length_max(1.0)
        } else {
            Vec2::ZERO
        };
        let wished =
            Quat::from_rotation_y(motion.yaw) * Vec3::new(walk.x, 0.0, -walk.y) * top_speed;
        let flat = motion.velocity * Vec3::new(1.0, 0.0, 1.0);
        let rate = if motion.is_grounded {
            GROUND_ACCELERATION
        } else {
            AIR_ACCELERATION
        };
        let flat = flat + (wished - flat).clamp_length_max(rate * TICK_SECS);
        let gravity = self.gravity_at(motion.position);
        let mut vertical = motion.velocity.y;
        if motion.is_grounded && input.is_jumping && gravity > 0.0 {
            vertical = jump_speed(gravity) + motion.ground_velocity.y.max(0.0);
            motion.is_grounded = false;
            // Who jumps off a platform keeps its sideways motion.
            motion.velocity = flat + motion.ground_velocity * Vec3::new(1.0, 0.0, 1.0);
            (motion.ground_velocity, motion.ground_turn) = (Vec3::ZERO, 0.0);
            motion.velocity.y = vertical;
            return;
        }
        vertical = if motion.is_grounded {
            0.0
        } else {
            (vertical - gravity * TICK_SECS).max(-MAX_FALL_SPEED)
        };
        motion.velocity = Vec3::new(flat.x, vertical, flat.z);
    }

    /// What the move did to the person's speed, and whether they stand on something now.
    fn land(&self, motion: &mut AvatarMotion, slid: &Slid) {
        let made = slid.translation / TICK_SECS;
        let is_rising = motion.velocity.y > 0.0;
        let is_hindered = if is_rising {
            made.y < motion.velocity.y * 0.5
        } else {
            made.y > motion.velocity.y
        };
        // Walls take speed away; steps and slopes, which only lift, do not.
        let (wished, got) = (motion.velocity.with_y(0.0), made.with_y(0.0));
        if got.length() < wished.length() * 0.9 {
            motion.velocity = got.with_y(motion.velocity.y);
        }
        // Between two steep slopes nothing slides any more: that is ground as well.
        let is_held = slid.footing == Footing::Steep && made.length() < HELD_SPEED;
        motion.held_ticks = if is_held {
            motion.held_ticks.saturating_add(1)
        } else {
            0
        };
        let is_ground = slid.footing == Footing::Ground || motion.held_ticks > HELD_TICKS;
        motion.is_grounded = is_ground && (!is_rising || is_hindered);
        if slid.footing == Footing::Steep && !is_rising {
            // Down a steep slope speed gathers along it.
            motion.velocity = made.with_y(made.y.min(0.0));
        } else if is_hindered {
            motion.velocity.y = if is_rising { 0.0 } else { made.y.min(0.0) };
        }
        if !motion.is_grounded && motion.ground_velocity != Vec3::ZERO {
            motion.velocity += motion.ground_velocity;
            (motion.ground_velocity, motion.ground_turn) = (Vec3::ZERO, 0.0);
        }
    }

    /// How what is under the feet moves: velocity at that point, and turn about the vertical in radians a second.
    fn ground_motion(&self, feet: Vec3) -> (Vec3, f32) {
        let body = self
            .ground_below(feet, GROUND_SNAP)
            .and_then(|(handle, _)| self.rigid_bodies().bodies.get(handle));
        let Some(body) = body else {
            return (Vec3::ZERO, 0.0);
        };
        // Along the arc of one tick, not along its tangent, which would lead off a turning platform.
        let turn = Quat::from_scaled_axis(body.angvel() * TICK_SECS);
        let arm = feet - body.center_of_mass();
        let velocity = body.linvel() + (turn * arm - arm) / TICK_SECS;
        if velocity.is_finite() && velocity.length() <= MAX_PLATFORM_SPEED {
            (velocity, body.angvel().y)
        } else {
            (Vec3::ZERO, 0.0)
        }
    }
}

/// Speed at take-off that reaches the jump height under a gravity.
pub(crate) fn jump_speed(gravity: f32) -> f32 {
    (2.0 * gravity * JUMP_HEIGHT).sqrt()
}
