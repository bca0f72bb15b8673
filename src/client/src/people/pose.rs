//! How a body moves: weights of clips from speed and state, gliding, so that nothing jumps.

use bevy::prelude::*;

/// Names of clips, as files in `assets/animations`.
pub(super) const CLIPS: [&str; 9] = [
    "idle",
    "walk",
    "run",
    "jump",
    "fall",
    "sit",
    "crouch_idle",
    "crouch_walk",
    "wave",
];
pub(super) const IDLE: usize = 0;
const WALK: usize = 1;
const RUN: usize = 2;
const JUMP: usize = 3;
const FALL: usize = 4;
const SIT: usize = 5;
const CROUCH_IDLE: usize = 6;
const CROUCH_WALK: usize = 7;
pub(super) const WAVE: usize = 8;

/// Speed at which the walk clip was made, metres a second.
const WALK_CLIP_SPEED: f32 = 1.4;
/// Speed at which the run clip was made.
const RUN_CLIP_SPEED: f32 = 3.5;
/// Speed at which the crouched walk was made.
const CROUCH_CLIP_SPEED: f32 = 0.9;
/// Seconds in which one clip gives way to another.
const BLEND_SECS: f32 = 0.14;

/// What a body does now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving {
    pub(super) velocity: Vec3,
    pub(super) yaw: f32,
    pub(super) pitch: f32,
    pub(super) is_grounded: bool,
    pub(super) is_crouching: bool,
    pub(super) is_sitting: bool,
    /// Seconds since a gesture began.
    pub(super) gesture_secs: Option<f32>,
}

/// Clips that play, how much of each, and where in each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gait {
    pub(super) weights: [f32; CLIPS.len()],
    pub(super) secs: [f32; CLIPS.len()],
    /// Walking backwards plays steps backwards.
    direction: f32,
    pub(super) pitch: f32,
    air_secs: f32,
    pub(super) clock_secs: f32,
}

impl Default for Gait {
    fn default() -> Self {
        let mut weights = [0.0; CLIPS.len()];
        weights[IDLE] = 1.0;
        Self {
            weights,
            secs: [0.0; CLIPS.len()],
            direction: 1.0,
            pitch: 0.0,
            air_secs: 0.0,
            clock_secs: 0.0,
        }
    }
}

impl Gait {
    pub(super) fn advance(&mut self, moving: &Moving, secs: f32) {
        self.clock_secs += secs;
        self.pitch += (moving.pitch - self.pitch) * (1.0 - (-secs * 14.0).exp());
        self.air_secs = if moving.is_grounded {
            0.0
        } else {
            self.air_secs + secs
        };
        let flat = moving.velocity * Vec3::new(1.0, 0.0, 1.0);
        let speed = flat.length();
        let ahead = Quat::from_rotation_y(moving.yaw) * Vec3::NEG_Z;
        self.direction = if speed > 0.2 && flat.dot(ahead) < -0.3 * speed {
            -1.0
        } else {
            1.0
        };
        let wished = self.wished(moving, speed);
        let glide = 1.0 - (-secs / BLEND_SECS).exp();
        for (weight, wished) in self.weights.iter_mut().zip(wished) {
            *weight += (wished - *weight) * glide;
        }
        self.play(moving, speed, secs);
    }

    fn wished(&self, moving: &Moving, speed: f32) -> [f32; CLIPS.len()] {
        let mut weights = [0.0; CLIPS.len()];
        if moving.is_sitting {
            weights[SIT] = 1.0;
        } else if !moving.is_grounded && self.air_secs > 0.09 {
            weights[if moving.velocity.y > 0.3 { JUMP } else { FALL }] = 1.0;
        } else if moving.is_crouching {
            let walking = (speed / CROUCH_CLIP_SPEED).clamp(0.0, 1.0);
            weights[CROUCH_WALK] = walking;
            weights[CROUCH_IDLE] = 1.0 - walking;
        } else {
            let walking = (speed / (WALK_CLIP_SPEED * 0.7)).clamp(0.0, 1.0);
            let running = ((speed - 2.1) / 1.2).clamp(0.0, 1.0);
            weights[RUN] = running;
            weights[WALK] = walking * (1.0 - running);
            weights[IDLE] = 1.0 - weights[RUN] - weights[WALK];
        }
        weights[WAVE] = f32::from(u8::from(moving.gesture_secs.is_some_and(|secs| secs < 2.2)));
        weights
    }

    fn play(&mut self, moving: &Moving, speed: f32, secs: f32) {
        for (index, time) in self.secs.iter_mut().enumerate() {
            let rate = match index {
                // Feet must not slide: steps come as fast as the body moves.
                WALK => speed / WALK_CLIP_SPEED * self.direction,
                RUN => speed / RUN_CLIP_SPEED * self.direction,
                CROUCH_WALK => speed / CROUCH_CLIP_SPEED * self.direction,
                _ => 1.0,
            };
            *time += secs * rate;
        }
        if let Some(since) = moving.gesture_secs {
            self.secs[WAVE] = since;
        }
        if moving.is_grounded {
            self.secs[JUMP] = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving(speed: f32) -> Moving {
        Moving {
            velocity: Vec3::NEG_Z * speed,
            yaw: 0.0,
            pitch: 0.0,
            is_grounded: true,
            is_crouching: false,
            is_sitting: false,
            gesture_secs: None,
        }
    }

    #[test]
    fn clips_follow_speed_and_weights_sum_to_one() {
        for (speed, clip) in [(0.0, IDLE), (1.6, WALK), (4.5, RUN)] {
            let mut gait = Gait::default();
            for _ in 0..60 {
                gait.advance(&moving(speed), 1.0 / 60.0);
            }
            assert!(gait.weights[clip] > 0.9, "{speed}: {:?}", gait.weights);
            assert!((gait.weights[..WAVE].iter().sum::<f32>() - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn walking_backwards_plays_steps_backwards() {
        let mut gait = Gait::default();
        gait.advance(
            &Moving {
                velocity: Vec3::Z * 1.4,
                ..moving(0.0)
            },
            1.0,
        );
        assert!(gait.secs[WALK] < 0.0);
    }
}
