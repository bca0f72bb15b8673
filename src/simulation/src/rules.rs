//! How fast, how high, how far: the numbers that server and client share.

use glam::Vec3;

/// Simulation step in seconds.
pub const TICK_SECS: f32 = 1.0 / 60.0;

/// Height of a standing person in metres.
pub const STANDING_HEIGHT: f32 = 1.75;
/// Height of a crouching person in metres.
pub const CROUCHING_HEIGHT: f32 = 1.1;
/// Radius of a person's capsule in metres.
pub const AVATAR_RADIUS: f32 = 0.3;
/// Eyes are so far below the top of the head, in metres.
pub const EYES_BELOW_TOP: f32 = 0.13;
/// Walking speed in metres a second.
pub const WALK_SPEED: f32 = 1.8;
/// Running speed in metres a second.
pub const RUN_SPEED: f32 = 4.6;
/// Crouching speed in metres a second.
pub const CROUCH_SPEED: f32 = 1.0;
/// How quickly speed changes on the ground, metres a second squared.
pub const GROUND_ACCELERATION: f32 = 28.0;
/// How quickly speed changes in the air, metres a second squared.
pub const AIR_ACCELERATION: f32 = 7.0;
/// Height that a jump reaches, in metres.
pub const JUMP_HEIGHT: f32 = 1.0;
/// Gravity that people feel, metres a second squared; a world's own gravity scales it.
pub const STANDARD_GRAVITY: f32 = 9.81;
/// Fastest fall in metres a second.
pub const MAX_FALL_SPEED: f32 = 40.0;
/// Steepest slope that can be walked, in radians.
pub const MAX_SLOPE: f32 = 46.0 * std::f32::consts::PI / 180.0;
/// Highest step that is climbed without a jump, in metres.
pub const MAX_STEP: f32 = 0.35;
/// Ground so far below the feet still carries, in metres.
pub const GROUND_SNAP: f32 = 0.25;
/// Gap that is kept between capsule and ground, in metres.
pub const SKIN: f32 = 0.02;
/// Things so near to a person's sides are pushed, in metres.
pub const PUSH_MARGIN: f32 = 0.07;
/// Speed at which a person pushes, metres a second.
pub const PUSH_SPEED: f32 = 1.7;
/// Hardest push in newton: a crate slides, a statue does not.
pub const MAX_PUSH_FORCE: f32 = 320.0;
/// Weight of a person on what they stand on, in kilograms.
pub const AVATAR_MASS: f32 = 70.0;
/// Fastest platform that carries people, metres a second.
pub const MAX_PLATFORM_SPEED: f32 = 15.0;
/// A carried body floats so far in front of the eyes, in metres.
pub const CARRY_DISTANCE: f32 = 1.3;
/// A carried body that stays so far from where it should be is dropped, in metres.
pub const CARRY_LIMIT: f32 = 1.5;
/// Ticks after which a carried body that is too far counts as stuck: time enough to fly to the hand at first.
pub const CARRY_PATIENCE_TICKS: u32 = 30;
/// Fastest motion of a carried body in metres a second.
pub const CARRY_SPEED: f32 = 9.0;
/// Bodies that somebody moves themselves at the same time: one in the hand, others still in the air.
pub const MAX_LOCAL_BODIES: usize = 8;
/// Ticks without news of a thrown body after which it is the server's again: two seconds.
pub const HAND_NEWS_TICKS: u32 = 120;
/// Rate at which the difference between what was shown and what is fades, per second.
pub const OFFSET_FADE_RATE: f32 = 9.8;
/// Fastest that it fades, metres a second: less than a hand's breadth in a frame.
pub const OFFSET_FADE_SPEED: f32 = 5.0;
/// What one sits on is so far above where one's feet are, in metres.
pub const SEAT_HEIGHT: f32 = 0.45;
/// Who falls so far below everything in the world starts again at a spawn point, in metres.
pub const FALL_BELOW_WORLD: f32 = 30.0;

/// Largest coordinate or velocity that the engine is given, in metres, metres a second or radians a second.
const LARGEST_NUMBER: f32 = 1e9;

/// True when the engine can reckon with a place or a velocity: no number is so large that products overflow.
pub(crate) fn is_moderate(vector: Vec3) -> bool {
    vector.is_finite() && vector.abs().max_element() <= LARGEST_NUMBER
}
