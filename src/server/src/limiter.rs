//! Token buckets: so much on average, so much at once.

/// Counts on a clock that the caller gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limiter {
    per_second: f64,
    burst: f64,
    left: f64,
    last_secs: f64,
}

impl Limiter {
    /// Full at `now_secs`.
    pub(crate) fn starting(per_second: f64, burst: f64, now_secs: f64) -> Self {
        Self {
            per_second,
            burst,
            left: burst,
            last_secs: now_secs,
        }
    }

    /// True when there is one to take.
    pub(crate) fn has_one(&mut self, now_secs: f64) -> bool {
        self.left =
            (self.left + (now_secs - self.last_secs).max(0.0) * self.per_second).min(self.burst);
        self.last_secs = now_secs;
        self.left >= 1.0
    }

    /// Takes one; false when there is none left.
    pub(crate) fn take(&mut self, now_secs: f64) -> bool {
        let is_allowed = self.has_one(now_secs);
        if is_allowed {
            self.left -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_pass_and_floods_do_not() {
        let mut limiter = Limiter::starting(10.0, 5.0, 0.0);
        assert_eq!((0..20).filter(|_| limiter.take(0.0)).count(), 5);
        assert_eq!(
            (0..1_000)
                .filter(|tick| limiter.take(f64::from(*tick) / 100.0))
                .count(),
            99
        );
    }
}
