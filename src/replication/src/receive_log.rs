//! Which numbered datagrams arrived: what an acknowledgement is made of. Used by both ends.

use crate::datagram::Acknowledgement;
use protocol::tick::Wrapped;

/// Newest sequence number received and the 32 before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiveLog {
    newest: Option<u64>,
    mask: u32,
}

impl ReceiveLog {
    /// Notes that `sequence` arrived. True when it was new: neither a duplicate nor older than the log reaches.
    pub fn insert(&mut self, sequence: u64) -> bool {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return true;
        };
        if sequence > newest {
            let ahead = sequence - newest;
            self.mask = if ahead > 32 {
                0
            } else {
                // In 64 bits, because a shift by 32 is legal here.
                (((u64::from(self.mask) << 1) | 1) << (ahead - 1)) as u32
            };
            self.newest = Some(sequence);
            return true;
        }
        let behind = newest - sequence;
        if behind == 0 || behind > 32 {
            return false;
        }
        let bit = 1 << (behind - 1);
        let is_new = self.mask & bit == 0;
        self.mask |= bit;
        is_new
    }

    /// Newest sequence number received.
    #[must_use]
    pub const fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// What to tell the other end; none before anything arrived.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Acknowledgement> {
        self.newest.map(|newest| Acknowledgement {
            newest: Wrapped::of(newest),
            mask: self.mask,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_gaps_duplicates_and_late_ones() {
        let mut log = ReceiveLog::default();
        assert_eq!(log.acknowledgement(), None);
        assert!(log.insert(65_530));
        assert!(log.insert(65_532));
        assert_eq!(log.mask, 0b10);
        assert!(!log.insert(65_532));
        assert!(log.insert(65_531));
        assert!(!log.insert(65_531));
        assert_eq!(log.mask, 0b11);
        assert!(log.insert(65_564));
        assert_eq!(log.mask, 1 << 31);
        assert!(!log.insert(65_531));
        assert!(log.insert(65_597 + 33));
        assert_eq!(log.mask, 0);
        let acknowledgement = log.acknowledgement().unwrap();
        assert_eq!(acknowledgement.newest, Wrapped::of(65_630));
    }
}
