//! The sound of steps, made by arithmetic: a short thump of low noise and a brighter scrape.

use sound::Clip;

const SAMPLES_PER_SECOND: u32 = 44_100;
const STEP_SECS: f32 = 0.16;

/// Variants, so that walking does not sound like a machine.
pub(super) const VARIANTS: u32 = 5;

/// One step; the same variant always gives the same samples.
pub(super) fn footstep(variant: u32) -> Clip {
    let mut noise = Noise(0x9E37_79B9 ^ variant.wrapping_mul(0x85EB_CA6B) | 1);
    let heel_hertz = 70.0 + 9.0 * (variant % VARIANTS) as f32;
    let scrape_delay = 0.028 + 0.004 * (variant % 3) as f32;
    let (mut low, mut band) = (0.0f32, 0.0f32);
    let samples = (0..(STEP_SECS * SAMPLES_PER_SECOND as f32) as usize)
        .map(|index| {
            let secs = index as f32 / SAMPLES_PER_SECOND as f32;
            let white = noise.next();
            low += (white - low) * 0.05;
            band += (white - band) * 0.35;
            let heel = (std::f32::consts::TAU * heel_hertz * secs).sin() * (-secs * 55.0).exp();
            let grit = low * (-secs * 38.0).exp() * 1.6;
            let late = (secs - scrape_delay).max(0.0);
            let scrape = (band - low) * (1.0 - (-late * 900.0).exp()) * (-late * 60.0).exp() * 0.35;
            (heel * 0.45 + grit + scrape) * 0.6
        })
        .collect();
    Clip::mono(samples, SAMPLES_PER_SECOND)
}

/// Xorshift noise between -1 and 1.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as f32 / (u32::MAX as f32 * 0.5) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_short_audible_and_end_in_silence() {
        for variant in 0..VARIANTS {
            let clip = footstep(variant);
            let level = |from: usize, to: usize| {
                (from..to)
                    .map(|index| clip.at(index as f64, false)[0].abs())
                    .fold(0.0, f32::max)
            };
            assert!(level(0, 1000) > 0.1 && level(0, clip.frames()) <= 1.0);
            assert!(level(clip.frames() - 200, clip.frames()) < 0.02);
        }
    }
}
