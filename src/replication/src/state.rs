//! What is replicated of an entity: real numbers for the world ([`Pose`], [`EntitySample`]), integers for the wire
//! ([`EntityState`]). Both ends hold the same integers, so that either can predict from them bit for bit.

use glam::{Quat, Vec3};
use protocol::EntityId;
use protocol::quantisation::{
    AVATAR_POSITION, BODY_POSITION, HEADINGS_PER_TURN, QuantisationError, Quantiser, SmallestThree,
    VELOCITY, dequantise_pitch, dequantise_yaw, quantise_pitch, quantise_yaw,
};
use std::hash::{Hash, Hasher};

/// What an entity is; decides which fields travel and how finely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's figure: feet position, heading about +Y, pitch of the head.
    Avatar,
    /// A rigid body: position of its origin and full rotation.
    Body,
}

impl Kind {
    /// Quantiser of the position.
    #[must_use]
    pub const fn position_quantiser(self) -> &'static Quantiser {
        match self {
            Self::Avatar => &AVATAR_POSITION,
            Self::Body => &BODY_POSITION,
        }
    }
}

/// Where something is and how it moves, in world space, metres, seconds and radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Feet of an avatar, origin of a body.
    pub position: Vec3,
    /// Unit quaternion; of an avatar a turn about +Y alone (identity looks along -Z).
    pub rotation: Quat,
    /// Pitch of an avatar's head, positive looks up; zero for bodies.
    pub head_pitch: f32,
    /// Metres a second.
    pub linear_velocity: Vec3,
    /// Radians a second about each axis.
    pub angular_velocity: Vec3,
}

impl Pose {
    /// At the origin, at rest.
    pub const IDENTITY: Self = Self {
        position: Vec3::ZERO,
        rotation: Quat::IDENTITY,
        head_pitch: 0.0,
        linear_velocity: Vec3::ZERO,
        angular_velocity: Vec3::ZERO,
    };

    /// Heading about +Y in radians, of the direction in which -Z points.
    #[must_use]
    pub fn yaw(&self) -> f32 {
        let forward = self.rotation * Vec3::NEG_Z;
        (-forward.x).atan2(-forward.z)
    }
}

/// Bits that say what an entity is doing. Avatars and bodies use the same byte with different meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// Avatar: feet on the ground.
    pub const GROUNDED: Self = Self(1);
    /// Avatar: crouching.
    pub const CROUCHING: Self = Self(2);
    /// Avatar: on a seat ([`EntityState::parent`] may name what carries the seat).
    pub const SITTING: Self = Self(4);
    /// Avatar: running rather than walking.
    pub const RUNNING: Self = Self(8);
    /// Avatar: speaking.
    pub const SPEAKING: Self = Self(16);
    /// Body: the simulation has put it to sleep.
    pub const ASLEEP: Self = Self(1);
    /// Body: carried by its parent.
    pub const HELD: Self = Self(2);

    /// True when every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With the bits of `other` set or cleared.
    #[must_use]
    pub const fn with(self, other: Self, is_set: bool) -> Self {
        if is_set {
            Self(self.0 | other.0)
        } else {
            Self(self.0 & !other.0)
        }
    }
}

/// An entity as the server's simulation knows it at one send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntitySample {
    /// Avatar or body.
    pub kind: Kind,
    /// Where it is. The angular velocity does not travel: receivers derive it from successive rotations.
    pub pose: Pose,
    /// What it is doing.
    pub flags: Flags,
    /// Number of the gesture shown, 0 for none.
    pub emote: u8,
    /// Who holds the body; what an avatar rides or sits on. Positions stay in world space.
    pub parent: Option<EntityId>,
    /// Grows by one (wrapping) whenever the entity jumps instead of moving: receivers then do not interpolate.
    pub teleport: u8,
}

/// Quantised orientation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// Of an avatar.
    Heading {
        /// [`quantise_yaw`].
        yaw: u8,
        /// [`quantise_pitch`].
        pitch: i8,
    },
    /// Of a body.
    Rotation(SmallestThree),
}

/// The quantised state of an entity at one tick: what travels, what both ends remember and predict from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntityState {
    /// Steps of [`Kind::position_quantiser`].
    pub position: [i32; 3],
    /// Heading or rotation; tells the kind.
    pub orientation: Orientation,
    /// Steps of [`VELOCITY`]. Absent where the motion between two sends tells it well enough.
    pub velocity: Option<[i16; 3]>,
    /// What it is doing.
    pub flags: Flags,
    /// Gesture.
    pub emote: u8,
    /// Holder or carrier.
    pub parent: Option<EntityId>,
    /// Jump counter.
    pub teleport: u8,
    /// Nothing changed since the send before: receivers stop it here. Set by the history, never by callers.
    pub is_still: bool,
}

impl EntityState {
    /// Avatar or body.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.orientation {
            Orientation::Heading { .. } => Kind::Avatar,
            Orientation::Rotation(_) => Kind::Body,
        }
    }

    /// Quantises a sample. Velocities beyond the range are clamped: they only help prediction.
    ///
    /// # Errors
    /// Numbers that are not finite, positions outside the world's range, rotations that are not unit.
    pub fn quantise(sample: &EntitySample) -> Result<Self, QuantisationError> {
        let position = sample.pose.position.to_array();
        let orientation = match sample.kind {
            Kind::Avatar => Orientation::Heading {
                yaw: quantise_yaw(sample.pose.yaw())?,
                pitch: quantise_pitch(sample.pose.head_pitch)?,
            },
            Kind::Body => {
                Orientation::Rotation(SmallestThree::quantise(sample.pose.rotation.to_array())?)
            }
        };
        let mut velocity = [0; 3];
        for (steps, axis) in velocity
            .iter_mut()
            .zip(sample.pose.linear_velocity.to_array())
        {
            *steps = VELOCITY.quantise_clamped(axis)? as i16;
        }
        Ok(Self {
            position: sample.kind.position_quantiser().quantise3(position)?,
            orientation,
            velocity: Some(velocity),
            flags: sample.flags,
            emote: sample.emote,
            parent: sample.parent,
            teleport: sample.teleport,
            is_still: false,
        })
    }

    /// Position in world space, metres.
    #[must_use]
    pub fn position_in_world(&self) -> Vec3 {
        Vec3::from_array(self.kind().position_quantiser().dequantise3(self.position))
    }

    /// Rotation in world space; of an avatar its heading alone.
    #[must_use]
    pub fn rotation_in_world(&self) -> Quat {
        match self.orientation {
            Orientation::Heading { yaw, .. } => Quat::from_rotation_y(dequantise_yaw(yaw)),
            Orientation::Rotation(parts) => Quat::from_array(parts.dequantise()),
        }
    }

    /// Pitch of an avatar's head in radians; zero for bodies.
    #[must_use]
    pub fn head_pitch(&self) -> f32 {
        match self.orientation {
            Orientation::Heading { pitch, .. } => dequantise_pitch(pitch),
            Orientation::Rotation(_) => 0.0,
        }
    }

    /// Velocity in metres a second, where it travelled.
    #[must_use]
    pub fn velocity_in_world(&self) -> Option<Vec3> {
        self.velocity
            .map(|steps| Vec3::from_array(steps.map(|axis| VELOCITY.dequantise(i32::from(axis)))))
    }

    /// True when both say the same to a receiver, whatever is known of their velocity.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.position == other.position
            && self.orientation == other.orientation
            && self.flags == other.flags
            && self.emote == other.emote
            && self.parent == other.parent
            && self.teleport == other.teleport
    }
}

impl EntityState {
    /// A number that differs, but for bad luck, when anything of the state differs: to compare what two ends hold
    /// without carrying it about (FNV-1a over the fields).
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        self.hash(&mut hasher);
        hasher.0
    }
}

struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Signed difference of two headings the short way round, `-HEADINGS_PER_TURN / 2..HEADINGS_PER_TURN / 2`.
pub(crate) fn heading_difference(to: u8, from: u8) -> i32 {
    const { assert!(HEADINGS_PER_TURN == 256) };
    i32::from(to.wrapping_sub(from) as i8)
}
