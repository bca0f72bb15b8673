//! A record: one entity's state against its past. The same description writes and reads.

use crate::coder::Coder;
use crate::datagram::DecodeError;
use crate::prediction::{Past, PredictedOrientation, Prediction, components_beside};
use crate::rotation::largest_component;
use crate::state::{EntityState, Flags, Orientation};
use crate::tables::{CLASSES, Family, TableId};
use protocol::EntityId;
use protocol::quantisation::{PITCH_LIMIT, ROTATION_LIMIT, SmallestThree, VELOCITY};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A change against the past.
    Change {
        /// The entity does not move any more.
        is_still: bool,
        /// More than position and orientation changed.
        has_extras: bool,
    },
    /// The entity and everything about it.
    Complete,
    /// A change against a baseline older than the mask reaches: its age follows.
    OldBaseline,
}

const FORMS: [Form; 6] = [
    Form::Change {
        is_still: false,
        has_extras: false,
    },
    Form::Change {
        is_still: true,
        has_extras: false,
    },
    Form::Change {
        is_still: false,
        has_extras: true,
    },
    Form::Change {
        is_still: true,
        has_extras: true,
    },
    Form::Complete,
    Form::OldBaseline,
];

/// What both ends know of an entity before its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing within the mask.
    Nothing,
    /// A baseline that moved, or one that was still.
    Baseline { is_avatar: bool, is_still: bool },
}

impl Known {
    pub(crate) fn of(baseline: &EntityState) -> Self {
        Self::Baseline {
            is_avatar: matches!(baseline.orientation, Orientation::Heading { .. }),
            is_still: baseline.is_still,
        }
    }

    fn class(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Baseline {
                is_avatar,
                is_still,
            } => 1 + usize::from(is_avatar) * 2 + usize::from(is_still),
        }
    }
}

/// Codes the form of a record.
pub(crate) fn code_form(
    coder: &mut impl Coder,
    known: Known,
    form: Form,
) -> Result<Form, DecodeError> {
    let symbol = FORMS.iter().position(|each| *each == form).unwrap_or(0);
    let table = TableId::new(Family::Form, known.class());
    FORMS
        .get(coder.symbol(table, symbol))
        .copied()
        .ok_or(DecodeError::Invalid("unknown record form"))
}

/// Questions, by class.
const FLAGS_CHANGED: usize = 0;
const EMOTE_CHANGED: usize = 1;
const PARENT_CHANGED: usize = 2;
const TELEPORTED: usize = 3;
const HAS_PARENT: usize = 4;
const HAS_VELOCITY: usize = 5;
const IS_AVATAR: usize = 6;
const IS_STILL: usize = 7;
const LARGEST_CHANGED: usize = 8;
/// Every acknowledged bit of the mask is set.
pub(crate) const NONE_LOST: usize = 9;
/// One send of the mask arrived.
pub(crate) const ARRIVED: usize = 10;

/// One more entry of a list follows; plus the list.
const FOLLOWS: usize = 11;
/// The list of records.
pub(crate) const GAP_OF_RECORDS: usize = 0;
/// The list of slots that become free.
pub(crate) const GAP_OF_REMOVALS: usize = 1;

/// Codes a change against `past`; `state` is what to write, and ignored when reading.
pub(crate) fn code_change(
    coder: &mut impl Coder,
    past: &Past<'_>,
    tick: u64,
    is_still: bool,
    has_extras: bool,
    state: &EntityState,
) -> Result<EntityState, DecodeError> {
    let baseline = past.baseline();
    let mut result = EntityState {
        is_still,
        velocity: None,
        ..*baseline
    };
    let mut has_velocity = false;
    if has_extras {
        has_velocity = code_extras(coder, baseline, state, &mut result);
    }
    let prediction = Prediction::new(past, tick, is_still);
    code_position(coder, baseline, &prediction, is_still, state, &mut result)?;
    code_orientation(coder, &prediction, is_still, state, &mut result)?;
    if has_velocity {
        result.velocity = Some(code_velocity(coder, state.velocity.unwrap_or_default())?);
    }
    Ok(result)
}

/// True when a change needs the extras part.
pub(crate) fn needs_extras(baseline: &EntityState, state: &EntityState) -> bool {
    baseline.flags != state.flags
        || baseline.emote != state.emote
        || baseline.parent != state.parent
        || baseline.teleport != state.teleport
        || state.velocity.is_some()
}

fn code_extras(
    coder: &mut impl Coder,
    baseline: &EntityState,
    state: &EntityState,
    result: &mut EntityState,
) -> bool {
    if coder.question(FLAGS_CHANGED, state.flags != baseline.flags) {
        result.flags = Flags(coder.bits(8, u32::from(state.flags.0)) as u8);
    }
    if coder.question(EMOTE_CHANGED, state.emote != baseline.emote) {
        result.emote = coder.bits(8, u32::from(state.emote)) as u8;
    }
    if coder.question(PARENT_CHANGED, state.parent != baseline.parent) {
        result.parent = code_parent(coder, state.parent);
    }
    if coder.question(TELEPORTED, state.teleport != baseline.teleport) {
        result.teleport = coder.bits(8, u32::from(state.teleport)) as u8;
    }
    coder.question(HAS_VELOCITY, state.velocity.is_some())
}

fn code_parent(coder: &mut impl Coder, parent: Option<EntityId>) -> Option<EntityId> {
    let id = parent.unwrap_or(EntityId(0));
    coder
        .question(HAS_PARENT, parent.is_some())
        .then(|| EntityId(coder.sized(id.0)))
}

fn code_velocity(coder: &mut impl Coder, velocity: [i16; 3]) -> Result<[i16; 3], DecodeError> {
    let mut result = [0; 3];
    for (axis, steps) in result.iter_mut().enumerate() {
        let table = TableId::new(Family::Velocity, axis);
        let value = coder.residual(table, 0, i32::from(velocity[axis]));
        if value.abs() > VELOCITY.limit() {
            return Err(DecodeError::Invalid("velocity out of range"));
        }
        *steps = value as i16;
    }
    Ok(result)
}

/// Class of a table by the expected error: two an octave, from an eighth of a step.
fn scale_class(error: u32) -> usize {
    let value = error.max(2);
    let octave = 31 - value.leading_zeros();
    let half = (value >> (octave - 1)) & 1;
    (2 * (octave as usize - 1) + half as usize).min(CLASSES - 2)
}

/// Class for records of entities that stopped: they are mostly where they were.
const STILL_CLASS: usize = CLASSES - 1;

/// Sign tables: 0 unknown, 1 and 2 the last surprise was positive or negative.
fn lean_class(lean: i32) -> usize {
    match lean {
        0 => 0,
        1.. => 1,
        _ => 2,
    }
}

fn code_position(
    coder: &mut impl Coder,
    baseline: &EntityState,
    prediction: &Prediction,
    is_still: bool,
    state: &EntityState,
    result: &mut EntityState,
) -> Result<(), DecodeError> {
    let kind = baseline.kind();
    let order = match kind {
        crate::state::Kind::Avatar => [
            (0, Family::AvatarX),
            (2, Family::AvatarZ),
            (1, Family::AvatarY),
        ],
        crate::state::Kind::Body => [(0, Family::BodyX), (2, Family::BodyZ), (1, Family::BodyY)],
    };
    let limit = kind.position_quantiser().limit();
    let mut seen = 0;
    for (place, (axis, family)) in order.into_iter().enumerate() {
        let error = prediction.position_error[axis];
        let error = match (family, place) {
            (Family::AvatarX, _) => (3 * error + prediction.position_error[2]) / 4,
            (Family::AvatarY, _) => error,
            (_, 0) => (2 * error + prediction.position_error[1] + prediction.position_error[2]) / 4,
            (_, 1) => (error + seen) / 2,
            _ => (2 * error + seen) / 4,
        };
        let class = if is_still {
            STILL_CLASS
        } else {
            scale_class(error)
        };
        let residual = state.position[axis].wrapping_sub(prediction.position[axis]);
        let lean = lean_class(prediction.position_lean[axis]);
        let residual = coder.residual(TableId::new(family, class), lean, residual);
        let value = prediction.position[axis].saturating_add(residual);
        if value.abs() > limit {
            return Err(DecodeError::Invalid("position out of range"));
        }
        seen += 8 * residual.unsigned_abs().min(1 << 20);
        result.position[axis] = value;
    }
    Ok(())
}

fn code_orientation(
    coder: &mut impl Coder,
    prediction: &Prediction,
    is_still: bool,
    state: &EntityState,
    result: &mut EntityState,
) -> Result<(), DecodeError> {
    result.orientation = match prediction.orientation {
        PredictedOrientation::Heading {
            yaw,
            yaw_error,
            yaw_lean,
            pitch,
            pitch_error,
            pitch_lean,
        } => {
            let (to_yaw, to_pitch) = match state.orientation {
                Orientation::Heading { yaw, pitch } => (yaw, pitch),
                Orientation::Rotation(_) => (0, 0),
            };
            let class = |error| {
                if is_still {
                    STILL_CLASS
                } else {
                    scale_class(error)
                }
            };
            let residual = i32::from(to_yaw.wrapping_sub(yaw) as i8);
            let table = TableId::new(Family::Yaw, class(yaw_error));
            let turned = coder.residual(table, lean_class(yaw_lean), residual);
            let residual = i32::from(to_pitch) - i32::from(pitch);
            let table = TableId::new(Family::Pitch, class(pitch_error));
            let nodded = coder.residual(table, lean_class(pitch_lean), residual);
            let nodded = i32::from(pitch).saturating_add(nodded);
            if nodded.abs() > PITCH_LIMIT {
                return Err(DecodeError::Invalid("pitch out of range"));
            }
            Orientation::Heading {
                yaw: yaw.wrapping_add(turned as u8),
                pitch: nodded as i8,
            }
        }
        PredictedOrientation::Rotation { quaternion, error } => {
            let to = match state.orientation {
                Orientation::Rotation(parts) => parts,
                Orientation::Heading { .. } => SmallestThree::default(),
            };
            Orientation::Rotation(code_rotation(coder, quaternion, error, is_still, to)?)
        }
    };
    Ok(())
}

fn code_rotation(
    coder: &mut impl Coder,
    predicted: [f64; 4],
    error: u32,
    is_still: bool,
    to: SmallestThree,
) -> Result<SmallestThree, DecodeError> {
    let expected = largest_component(predicted);
    let mut largest = expected;
    if coder.question(LARGEST_CHANGED, usize::from(to.largest) != expected) {
        largest = coder.bits(2, u32::from(to.largest)) as usize;
    }
    let components = components_beside(predicted, largest);
    let mut result = SmallestThree {
        largest: largest as u8,
        components: [0; 3],
    };
    let families = [Family::RotationA, Family::RotationB, Family::RotationC];
    let mut seen = 2 * error;
    for (place, family) in families.into_iter().enumerate() {
        let class = if is_still {
            STILL_CLASS
        } else {
            scale_class((error + seen) / (3 + place as u32))
        };
        let residual = i32::from(to.components[place]) - components[place];
        let residual = coder.residual(TableId::new(family, class), 0, residual);
        let value = components[place].saturating_add(residual);
        if value.abs() > i32::from(ROTATION_LIMIT) {
            return Err(DecodeError::Invalid("rotation out of range"));
        }
        seen += 8 * residual.unsigned_abs().min(1 << 20);
        result.components[place] = value as i16;
    }
    Ok(result)
}

/// Codes an entity from nothing.
pub(crate) fn code_complete(
    coder: &mut impl Coder,
    id: EntityId,
    state: &EntityState,
) -> Result<(EntityId, EntityState), DecodeError> {
    let id = EntityId(coder.sized(id.0));
    let (yaw, pitch, parts) = match state.orientation {
        Orientation::Heading { yaw, pitch } => (yaw, pitch, SmallestThree::default()),
        Orientation::Rotation(parts) => (0, 0, parts),
    };
    let is_avatar = matches!(state.orientation, Orientation::Heading { .. });
    let orientation = if coder.question(IS_AVATAR, is_avatar) {
        let yaw = coder.bits(8, u32::from(yaw)) as u8;
        let pitch = coder.bits(8, u32::from(pitch as u8)) as u8 as i8;
        if i32::from(pitch).abs() > PITCH_LIMIT {
            return Err(DecodeError::Invalid("pitch out of range"));
        }
        Orientation::Heading { yaw, pitch }
    } else {
        let mut rotation = SmallestThree {
            largest: coder.bits(2, u32::from(parts.largest)) as u8,
            components: [0; 3],
        };
        for (place, component) in rotation.components.iter_mut().enumerate() {
            let shifted = parts.components[place].wrapping_add(ROTATION_LIMIT);
            let value = coder.bits(11, shifted as u32) as i16 - ROTATION_LIMIT;
            if value > ROTATION_LIMIT {
                return Err(DecodeError::Invalid("rotation out of range"));
            }
            *component = value;
        }
        Orientation::Rotation(rotation)
    };
    let mut result = EntityState {
        orientation,
        velocity: None,
        ..*state
    };
    let limit = result.kind().position_quantiser().limit();
    for (axis, steps) in result.position.iter_mut().enumerate() {
        *steps = coder.sized_signed(state.position[axis]);
        if steps.unsigned_abs() > limit.unsigned_abs() {
            return Err(DecodeError::Invalid("position out of range"));
        }
    }
    result.flags = Flags(coder.bits(8, u32::from(state.flags.0)) as u8);
    result.emote = coder.bits(8, u32::from(state.emote)) as u8;
    result.teleport = coder.bits(8, u32::from(state.teleport)) as u8;
    result.parent = code_parent(coder, state.parent);
    result.is_still = coder.question(IS_STILL, state.is_still);
    if coder.question(HAS_VELOCITY, state.velocity.is_some()) {
        result.velocity = Some(code_velocity(coder, state.velocity.unwrap_or_default())?);
    }
    Ok((id, result))
}

/// Codes how many sends ago a baseline beyond the mask was; at least 33.
pub(crate) fn code_old_age(coder: &mut impl Coder, age: u32) -> u32 {
    coder.sized(age)
}

/// Codes the distance to the next slot of a list (`list` is one of the `GAP_OF` constants); `None` ends it.
pub(crate) fn code_gap(coder: &mut impl Coder, list: usize, gap: Option<u32>) -> Option<u32> {
    coder
        .question(FOLLOWS + list, gap.is_some())
        .then(|| coder.magnitude(TableId::new(Family::Gap, list), gap.unwrap_or(0)))
}
