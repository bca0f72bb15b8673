//! How a world fares: times of its ticks over the last seconds, bytes, sends left out.

use crate::watch::Watch;
use protocol::{EntityId, ServerStatistics, TICKS_PER_SECOND, ToldStatistics};
use replication::{EncodeReport, SharedHistory};

/// Ticks that are remembered: ten seconds.
const WINDOW: usize = 600;

/// The last [`WINDOW`] values of something.
#[derive(Debug, Default)]
struct Window {
    values: Vec<f32>,
    next: usize,
}

impl Window {
    fn note(&mut self, value: f32) {
        if self.values.len() < WINDOW {
            self.values.push(value);
        } else {
            self.values[self.next] = value;
            self.next = (self.next + 1) % WINDOW;
        }
    }

    /// What `share` of the values do not exceed.
    fn percentile(&self, share: f32) -> f32 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let place = (sorted.len() as f32 * share) as usize;
        sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    }

    fn sum(&self) -> f32 {
        self.values.iter().sum()
    }
}

/// Adds what a person was told with a datagram.
pub(crate) fn note_told(told: &mut ToldStatistics, report: &EncodeReport) {
    told.sends = told.sends.saturating_add(1);
    told.records = told.records.saturating_add(report.records);
    told.withheld = told.withheld.saturating_add(report.withheld);
    told.oldest_withheld_sends = told.oldest_withheld_sends.max(report.oldest_withheld_sends);
}

/// Figures of one world.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    work_ms: Window,
    late_ms: Window,
    bytes: Window,
    bytes_this_tick: usize,
    skipped_sends: u64,
    watch: Option<Watch>,
}

impl Statistics {
    /// Figures that somebody in this process watches too.
    pub(crate) fn watched_by(watch: Option<Watch>) -> Self {
        Self {
            watch,
            ..Self::default()
        }
    }

    /// A tick is over.
    pub(crate) fn note_tick(&mut self, work_secs: f64, late_secs: f64) {
        self.work_ms.note((work_secs * 1000.0) as f32);
        self.late_ms.note((late_secs * 1000.0) as f32);
        self.bytes.note(self.bytes_this_tick as f32);
        self.bytes_this_tick = 0;
        if let Some(watch) = &self.watch {
            watch.note_tick(work_secs, late_secs);
        }
    }

    /// A datagram was sent.
    pub(crate) fn note_sent(&mut self, receiver: EntityId, tick: u64, report: &EncodeReport) {
        self.bytes_this_tick += report.bytes;
        if let Some(watch) = &self.watch {
            watch.note_sent(receiver, tick, report);
        }
    }

    /// A client's datagram was read.
    pub(crate) fn note_heard(&self, sender: EntityId, sequence: u64) {
        if let Some(watch) = &self.watch {
            watch.note_heard(sender, sequence);
        }
    }

    /// States were recorded for a send.
    pub(crate) fn note_recorded(&self, history: &SharedHistory) {
        if let Some(watch) = &self.watch {
            watch.note_truth(history);
        }
    }

    /// The world ran late, and a send was left out for everybody whose turn it was.
    pub(crate) fn note_skipped_send(&mut self) {
        self.skipped_sends += 1;
        if let Some(watch) = &self.watch {
            watch.note_skipped_send();
        }
    }

    /// Figures to tell.
    pub(crate) fn report(&self, tick: u64, people: usize) -> ServerStatistics {
        let secs = self.bytes.values.len().max(1) as f32 / TICKS_PER_SECOND as f32;
        ServerStatistics {
            tick,
            people: people as u32,
            tick_ms_p50: self.work_ms.percentile(0.5),
            tick_ms_p99: self.work_ms.percentile(0.99),
            late_ms_p99: self.late_ms.percentile(0.99),
            skipped_sends: self.skipped_sends,
            state_bytes_per_sec: self.bytes.sum() / secs,
            told: ToldStatistics::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_the_last_ten_seconds() {
        let mut statistics = Statistics::default();
        for _ in 0..WINDOW {
            statistics.note_tick(1.0, 0.0);
        }
        let report = EncodeReport {
            bytes: 10,
            ..EncodeReport::default()
        };
        for tick in 0..WINDOW {
            statistics.note_sent(EntityId(1), 0, &report);
            statistics.note_tick(tick as f64 / 1e5, 0.0);
        }
        let report = statistics.report(7, 2);
        assert!((report.tick_ms_p50 - 3.0).abs() < 0.02, "{report:?}");
        assert!((report.tick_ms_p99 - 5.94).abs() < 0.02, "{report:?}");
        assert!((report.state_bytes_per_sec - 600.0).abs() < 0.1);
    }
}
