//! How long ticks take: a window of the last seconds.

/// Ticks that are remembered: 30 seconds.
const WINDOW: usize = 1_800;

/// Times of the last ticks in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct TickTimes {
    milliseconds: Vec<f32>,
    next: usize,
}

impl TickTimes {
    pub(crate) fn note(&mut self, milliseconds: f32) {
        if self.milliseconds.len() < WINDOW {
            self.milliseconds.push(milliseconds);
        } else {
            self.milliseconds[self.next] = milliseconds;
            self.next = (self.next + 1) % WINDOW;
        }
    }

    /// Time that `share` of the ticks did not exceed, in milliseconds.
    pub(crate) fn percentile(&self, share: f32) -> f32 {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f32::total_cmp);
        sorted
            .get(((sorted.len() as f32 * share) as usize).min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    }
}
