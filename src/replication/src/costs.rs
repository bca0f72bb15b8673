//! What the bytes of snapshots are spent on.

use crate::coder::Coder;
use crate::range_coder::{RangeDecoder, TOTAL_BITS};
use crate::tables::{Family, TableId, Tables};
use crate::training::Reading;

/// Bits of snapshot bodies by what they say: the information of the coded symbols, of which a body takes up to two bytes
/// more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StateCosts {
    /// Which entities are told of, against which baseline, and whatever changes seldom.
    pub bookkeeping: f64,
    /// Positions of avatars.
    pub avatar_positions: f64,
    /// Headings and pitches of avatars.
    pub avatar_headings: f64,
    /// Positions of bodies.
    pub body_positions: f64,
    /// Rotations of bodies.
    pub body_rotations: f64,
    /// Velocities, where they travel.
    pub velocities: f64,
}

impl StateCosts {
    /// All bits.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.bookkeeping
            + self.avatar_positions
            + self.avatar_headings
            + self.body_positions
            + self.body_rotations
            + self.velocities
    }

    fn of(&mut self, subject: Subject) -> &mut f64 {
        match subject {
            Subject::Bookkeeping => &mut self.bookkeeping,
            Subject::AvatarPosition => &mut self.avatar_positions,
            Subject::AvatarHeading => &mut self.avatar_headings,
            Subject::BodyPosition => &mut self.body_positions,
            Subject::BodyRotation => &mut self.body_rotations,
            Subject::Velocity => &mut self.velocities,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum Subject {
    #[default]
    Bookkeeping,
    AvatarPosition,
    AvatarHeading,
    BodyPosition,
    BodyRotation,
    Velocity,
}

impl Subject {
    /// What a table is about; nothing for signs, which belong to what came before.
    fn of(table: TableId) -> Option<Self> {
        Some(match table.family() {
            Family::AvatarX | Family::AvatarZ | Family::AvatarY => Self::AvatarPosition,
            Family::Yaw | Family::Pitch => Self::AvatarHeading,
            Family::BodyX | Family::BodyY | Family::BodyZ => Self::BodyPosition,
            Family::RotationA | Family::RotationB | Family::RotationC => Self::BodyRotation,
            Family::Velocity => Self::Velocity,
            Family::Sign => return None,
            Family::Gap | Family::Age | Family::Form | Family::Question => Self::Bookkeeping,
        })
    }
}

/// Adds up what it reads.
pub(crate) struct Metering<'a, 'b> {
    coder: RangeDecoder<'a>,
    costs: &'b mut StateCosts,
    subject: Subject,
}

impl<'a, 'b> Metering<'a, 'b> {
    pub(crate) fn new(coder: RangeDecoder<'a>, costs: &'b mut StateCosts) -> Self {
        Self {
            coder,
            costs,
            subject: Subject::default(),
        }
    }
}

impl Coder for Metering<'_, '_> {
    fn symbol(&mut self, table: TableId, value: usize) -> usize {
        let symbol = self.coder.symbol(table, value);
        self.subject = Subject::of(table).unwrap_or(self.subject);
        let width = Tables::get().interval(table, symbol).width;
        *self.costs.of(self.subject) += f64::from(TOTAL_BITS) - f64::from(width.max(1)).log2();
        symbol
    }

    fn bits(&mut self, count: u32, value: u32) -> u32 {
        *self.costs.of(self.subject) += f64::from(count);
        self.coder.bits(count, value)
    }

    fn cut(&mut self) {
        self.coder.cut();
    }
}

impl Reading for Metering<'_, '_> {
    fn is_far_past_end(&self, allowance: u32) -> bool {
        self.coder.is_far_past_end(allowance)
    }
}
