//! What a bench or a test sees of running worlds from inside the process: figures since the last look, and, where it
//! asks for a ledger, every datagram by its number and what was true at one send in a hundred.

use protocol::{EntityId, TICKS_PER_SEND};
use replication::{EncodeReport, SharedHistory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ticks whose times are kept between two looks: ten minutes.
const MAX_TICKS: usize = 36_000;
/// Entries of each list of a ledger.
const MAX_LEDGER: usize = 4_000_000;
/// One send in so many is kept as the truth.
const TRUTH_SENDS: u64 = 100;

/// Watches the worlds of one server. Clones see the same.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<Log>>);

/// Figures since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorldFigures {
    /// Ticks stepped.
    pub ticks: u64,
    /// State datagrams handed to the network.
    pub sends: u64,
    /// Their bytes, headers not counted.
    pub bytes: u64,
    /// Records in them.
    pub records: u64,
    /// Records that were due and did not fit.
    pub withheld: u64,
    /// Sends for which the longest waiting of those had been due.
    pub oldest_withheld_sends: u32,
    /// Ticks in which the world ran late and sent nothing.
    pub skipped_sends: u64,
    /// Milliseconds of work in a tick: median, 99 of 100, the longest.
    pub work_ms: [f32; 3],
    /// Milliseconds by which a tick began late: median, 99 of 100, the latest.
    pub late_ms: [f32; 3],
}

/// What was sent, heard and true.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Receiver's avatar and tick of each state datagram.
    pub sent: Vec<(EntityId, u64)>,
    /// Sender's avatar and sequence number of each datagram that could be read.
    pub heard: Vec<(EntityId, u64)>,
    /// Tick, entity and [`EntityState::fingerprint`](replication::EntityState::fingerprint) of everything, at one
    /// send in a hundred, see [`is_sampled`].
    pub truth: Vec<(u64, EntityId, u64)>,
}

#[derive(Debug, Default)]
struct Log {
    figures: WorldFigures,
    work_ms: Vec<f32>,
    late_ms: Vec<f32>,
    ledger: Option<Ledger>,
}

/// True for the ticks whose states a [`Ledger`] keeps.
#[must_use]
pub const fn is_sampled(tick: u64) -> bool {
    (tick / TICKS_PER_SEND as u64).is_multiple_of(TRUTH_SENDS)
}

impl Watch {
    /// Watches figures alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches figures and keeps a ledger, at some cost.
    #[must_use]
    pub fn with_ledger() -> Self {
        let watch = Self::new();
        watch.log().ledger = Some(Ledger::default());
        watch
    }

    /// Figures since the last call.
    #[must_use]
    pub fn take(&self) -> WorldFigures {
        let Log {
            figures,
            mut work_ms,
            mut late_ms,
            ..
        } = {
            let mut log = self.log();
            let ledger = log.ledger.take();
            std::mem::replace(
                &mut *log,
                Log {
                    ledger,
                    ..Log::default()
                },
            )
        };
        WorldFigures {
            work_ms: spread(&mut work_ms),
            late_ms: spread(&mut late_ms),
            ..figures
        }
    }

    /// The ledger so far, which begins anew.
    #[must_use]
    pub fn take_ledger(&self) -> Ledger {
        let mut log = self.log();
        log.ledger.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn note_tick(&self, work_secs: f64, late_secs: f64) {
        let mut log = self.log();
        log.figures.ticks += 1;
        if log.work_ms.len() < MAX_TICKS {
            log.work_ms.push((work_secs * 1000.0) as f32);
            log.late_ms.push((late_secs * 1000.0) as f32);
        }
    }

    pub(crate) fn note_skipped_send(&self) {
        self.log().figures.skipped_sends += 1;
    }

    pub(crate) fn note_sent(&self, receiver: EntityId, tick: u64, report: &EncodeReport) {
        let mut log = self.log();
        let figures = &mut log.figures;
        figures.sends += 1;
        figures.bytes += report.bytes as u64;
        figures.records += u64::from(report.records);
        figures.withheld += u64::from(report.withheld);
        figures.oldest_withheld_sends = figures
            .oldest_withheld_sends
            .max(report.oldest_withheld_sends);
        if let Some(ledger) = &mut log.ledger
            && ledger.sent.len() < MAX_LEDGER
        {
            ledger.sent.push((receiver, tick));
        }
    }

    pub(crate) fn note_heard(&self, sender: EntityId, sequence: u64) {
        if let Some(ledger) = &mut self.log().ledger
            && ledger.heard.len() < MAX_LEDGER
        {
            ledger.heard.push((sender, sequence));
        }
    }

    pub(crate) fn note_truth(&self, history: &SharedHistory) {
        let tick = history.tick();
        if !is_sampled(tick) {
            return;
        }
        if let Some(ledger) = &mut self.log().ledger {
            let states = history
                .states()
                .map(|(id, state)| (tick, id, state.fingerprint()));
            ledger.truth.extend(states);
            ledger.truth.truncate(MAX_LEDGER);
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spread(values: &mut [f32]) -> [f32; 3] {
    values.sort_by(f32::total_cmp);
    let last = values.len().saturating_sub(1);
    [0.5, 0.99, 1.0].map(|share| {
        let place = (values.len() as f64 * share) as usize;
        values.get(place.min(last)).copied().unwrap_or(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_begin_anew_with_each_look_and_the_ledger_stays() {
        let watch = Watch::with_ledger();
        for tick in 1..=100 {
            watch.note_tick(f64::from(tick) / 1000.0, 0.0);
        }
        let report = EncodeReport {
            bytes: 300,
            withheld: 2,
            oldest_withheld_sends: 7,
            ..EncodeReport::default()
        };
        watch.note_sent(EntityId(4), 33, &report);
        watch.note_heard(EntityId(4), 9);
        let figures = watch.take();
        assert_eq!((figures.ticks, figures.sends, figures.bytes), (100, 1, 300));
        assert_eq!(figures.oldest_withheld_sends, 7);
        assert_eq!(figures.work_ms.map(f32::round), [51.0, 100.0, 100.0]);
        assert_eq!(watch.take(), WorldFigures::default());
        let ledger = watch.take_ledger();
        assert_eq!(ledger.sent, [(EntityId(4), 33)]);
        assert_eq!(ledger.heard, [(EntityId(4), 9)]);
        assert!(watch.take_ledger().sent.is_empty());
    }
}
