//! Counters that wrap around on the wire. In memory a tick or a sequence number is a `u64` that never wraps; on
//! the wire only its lowest 16 bits travel, and the receiver restores the rest from what it knows already.

/// The lowest 16 bits of a tick or sequence number.
///
/// Restoring works while both ends are less than 32,768 apart: nine minutes of ticks, 27 minutes of datagrams,
/// and a connection that is silent for [`IDLE_TIMEOUT_SECS`](crate::limits::IDLE_TIMEOUT_SECS) is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Wrapped(pub u16);

impl Wrapped {
    /// What travels of `value`.
    #[must_use]
    pub const fn of(value: u64) -> Self {
        Self((value & 0xffff) as u16)
    }

    /// The number nearest to `reference` with these lowest 16 bits; of two equally near ones the smaller.
    /// Never below zero: near the start of counting it is the smallest number with these bits.
    #[must_use]
    pub const fn nearest_to(self, reference: u64) -> u64 {
        let ahead = self.0.wrapping_sub(reference as u16);
        if ahead < 0x8000 {
            return reference.saturating_add(ahead as u64);
        }
        let behind = 0x1_0000 - ahead as u64;
        if behind > reference {
            reference.saturating_add(ahead as u64)
        } else {
            reference - behind
        }
    }
}

/// Seconds that `ticks` last.
#[must_use]
pub fn seconds_of_ticks(ticks: f64) -> f64 {
    ticks / f64::from(crate::TICKS_PER_SECOND)
}

/// Ticks, with fraction, that fit in `secs`.
#[must_use]
pub fn ticks_of_seconds(secs: f64) -> f64 {
    secs * f64::from(crate::TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restores_across_every_wrap() {
        for reference in [0, 1, 40_000, 65_535, 65_536, 65_537, 1 << 40] {
            for distance in [-32_768_i64, -32_767, -3, -1, 0, 1, 3, 32_767] {
                let Some(value) = u64::checked_add_signed(reference, distance) else {
                    continue;
                };
                assert_eq!(Wrapped::of(value).nearest_to(reference), value);
            }
        }
    }

    #[test]
    fn never_goes_below_zero() {
        assert_eq!(Wrapped(65_535).nearest_to(3), 65_535);
        assert_eq!(Wrapped(2).nearest_to(3), 2);
    }
}
