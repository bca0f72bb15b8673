//! The mixer: voices in, interleaved stereo out. Pure arithmetic, so that it runs in tests and without a device.

use bevy::math::Vec3;
use sound::Clip;
use std::sync::Arc;

/// Most voices that are mixed at once: the loudest where the listener is. The others go on unheard.
const MAX_MIXED: usize = 32;

/// Most voices that are known, heard or not; one more does not sound.
const MAX_KNOWN: usize = 1_024;

/// Of these, most that go on without an end: the others are for steps and the like.
const MAX_LOOPING: usize = 896;

/// Loudest voice at an ear, and slowest and quickest playing.
const MAX_GAIN: f32 = 10.0;
const RATES: std::ops::RangeInclusive<f32> = 0.1..=10.0;

/// Gain below which nobody hears anything.
const SILENCE: f32 = 1e-4;

/// Seconds over which gains glide to their new value, so that nothing clicks.
const GLIDE_SECS: f32 = 0.02;

/// Metres within which a voice pans towards the middle instead of jumping from ear to ear.
const PAN_SOFTENING_METRES: f32 = 0.6;

/// How distance attenuates a positional voice, after KHR_audio_emitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distance {
    /// `ref / (ref + rolloff * (d - ref))`.
    Inverse,
    /// Falls in a straight line to `1 - rolloff` at the maximum distance.
    Linear,
    /// `(d / ref) ^ -rolloff`.
    Exponential,
}

/// Where a voice is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// Equally on both sides.
    Everywhere,
    /// From a point in world space.
    At(Emission),
}

/// A point that sounds: metres, radians (full cone angles), world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Emission {
    pub(crate) position: Vec3,
    /// Direction that the cone points to.
    pub(crate) forward: Vec3,
    pub(crate) distance: Distance,
    pub(crate) reference_metres: f32,
    /// Beyond this there is no further reduction; 0 means no such limit.
    pub(crate) maximum_metres: f32,
    pub(crate) rolloff: f32,
    pub(crate) cone_inner_radians: f32,
    pub(crate) cone_outer_radians: f32,
    pub(crate) cone_outer_gain: f32,
    /// Number of what sounds here, where it may move.
    pub(crate) source: Option<u32>,
}

impl Emission {
    /// A point without a cone that is at full level within `reference_metres`.
    pub(crate) fn point(position: Vec3, reference_metres: f32) -> Self {
        Self {
            position,
            forward: Vec3::NEG_Z,
            distance: Distance::Inverse,
            reference_metres,
            maximum_metres: 0.0,
            rolloff: 1.0,
            cone_inner_radians: std::f32::consts::TAU,
            cone_outer_radians: std::f32::consts::TAU,
            cone_outer_gain: 0.0,
            source: None,
        }
    }
}

/// Who listens: the camera's place and the direction of its right ear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Listener {
    pub(crate) position: Vec3,
    pub(crate) right: Vec3,
}

/// A request to sound.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    pub(crate) clip: Arc<Clip>,
    pub(crate) place: Place,
    pub(crate) gain: f32,
    /// Speed and pitch; 1 is as recorded.
    pub(crate) rate: f32,
    pub(crate) is_looping: bool,
}

/// What the game tells the mixer.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Play(Voice),
    StopAll,
    Listen(Listener),
    /// Master level, 0 to 1.
    Volume(f32),
    /// What sounds by a number is elsewhere, and its cones point elsewhere.
    Move {
        source: u32,
        position: Vec3,
        forward: Vec3,
    },
}

/// All that sounds, or would if one were nearer.
pub(crate) struct Mixer {
    frames_per_second: f32,
    listener: Listener,
    volume: f32,
    sounding: Vec<Sounding>,
    /// Places in `sounding`, the loudest first; kept, since nobody allocates while the device waits.
    order: Vec<usize>,
}

/// A voice with its place in the clip and its gliding gains.
struct Sounding {
    voice: Voice,
    /// Frame of the clip, with fraction.
    cursor: f64,
    /// Gain at each ear now.
    gains: [f32; 2],
    /// Gain at each ear that is glided to.
    wished: [f32; 2],
    is_stopping: bool,
    is_new: bool,
}

impl Mixer {
    pub(crate) fn new(frames_per_second: u32) -> Self {
        let listener = Listener {
            position: Vec3::ZERO,
            right: Vec3::X,
        };
        Self {
            frames_per_second: frames_per_second as f32,
            listener,
            volume: 1.0,
            sounding: Vec::with_capacity(MAX_KNOWN),
            order: Vec::with_capacity(MAX_KNOWN),
        }
    }

    /// Adapts to the rate of a newly opened device.
    pub(super) fn set_rate(&mut self, frames_per_second: u32) {
        self.frames_per_second = frames_per_second as f32;
    }

    pub(crate) fn apply(&mut self, command: Command) {
        match command {
            Command::Play(voice) => self.play(voice),
            Command::StopAll => {
                self.sounding.retain(Sounding::is_heard);
                for sounding in &mut self.sounding {
                    sounding.is_stopping = true;
                }
            }
            Command::Listen(listener) => self.listener = listener,
            Command::Volume(volume) => self.volume = volume.clamp(0.0, 1.0),
            Command::Move {
                source,
                position,
                forward,
            } => self.carry(source, position, forward),
        }
    }

    fn carry(&mut self, source: u32, position: Vec3, forward: Vec3) {
        for sounding in &mut self.sounding {
            if let Place::At(emission) = &mut sounding.voice.place
                && emission.source == Some(source)
            {
                (emission.position, emission.forward) = (position, forward);
            }
        }
    }

    /// Fills a buffer of interleaved stereo frames; silence where nothing sounds.
    pub(crate) fn fill(&mut self, stereo: &mut [f32]) {
        stereo.fill(0.0);
        let glide = 1.0 - (-1.0 / (GLIDE_SECS * self.frames_per_second)).exp();
        self.choose_loudest();
        for sounding in &mut self.sounding {
            if std::mem::take(&mut sounding.is_new) {
                sounding.gains = sounding.wished;
            }
            if sounding.is_heard() || sounding.wished != [0.0; 2] {
                sounding.add_to(stereo, glide, self.frames_per_second);
            } else {
                sounding.pass(stereo.len() / 2, self.frames_per_second);
            }
        }
        self.sounding.retain(|sounding| !sounding.is_over());
        for sample in stereo {
            *sample = soft_clip(*sample);
        }
    }

    /// Wishes each voice the gains of its place, and silence to those that are stopped or quieter than [`MAX_MIXED`] others.
    fn choose_loudest(&mut self) {
        let (listener, volume) = (self.listener, self.volume);
        for sounding in &mut self.sounding {
            sounding.wished = if sounding.is_stopping {
                [0.0; 2]
            } else {
                ear_gains(&sounding.voice, &listener).map(|gain| gain * volume)
            };
        }
        if self.sounding.len() <= MAX_MIXED {
            return;
        }
        let Self {
            sounding, order, ..
        } = self;
        let loudness = |index: usize| sounding[index].wished.iter().sum::<f32>();
        order.clear();
        order.extend(0..sounding.len());
        // Among equals the older one: nothing changes places without a reason.
        order.select_nth_unstable_by(MAX_MIXED, |&a, &b| {
            loudness(b).total_cmp(&loudness(a)).then(a.cmp(&b))
        });
        for &index in &order[MAX_MIXED..] {
            sounding[index].wished = [0.0; 2];
        }
    }

    fn play(&mut self, voice: Voice) {
        let most = match voice.is_looping {
            true => MAX_LOOPING,
            false => MAX_KNOWN,
        };
        if self.sounding.len() >= most {
            return;
        }
        self.sounding.push(Sounding {
            voice,
            cursor: 0.0,
            gains: [0.0; 2],
            wished: [0.0; 2],
            is_stopping: false,
            is_new: true,
        });
    }
}

impl Sounding {
    fn is_heard(&self) -> bool {
        self.gains.iter().any(|gain| *gain >= SILENCE)
    }

    /// Frames of the clip for one frame of the output.
    fn step(&self, frames_per_second: f32) -> f64 {
        let rate = f64::from(self.voice.rate.clamp(*RATES.start(), *RATES.end()));
        rate * f64::from(self.voice.clip.frames_per_second) / f64::from(frames_per_second)
    }

    /// Adds what is heard to interleaved stereo frames.
    fn add_to(&mut self, stereo: &mut [f32], glide: f32, frames_per_second: f32) {
        let clip = &self.voice.clip;
        let step = self.step(frames_per_second);
        let length = clip.frames() as f64;
        for frame in stereo.chunks_exact_mut(2) {
            if self.cursor >= length {
                if !self.voice.is_looping || length < 1.0 {
                    break;
                }
                self.cursor %= length;
            }
            let [left, right] = clip.at(self.cursor, self.voice.is_looping);
            for (gain, wished) in self.gains.iter_mut().zip(self.wished) {
                *gain += (wished - *gain) * glide;
            }
            frame[0] += left * self.gains[0];
            frame[1] += right * self.gains[1];
            self.cursor += step;
        }
    }

    /// Time goes on for a voice that nobody hears.
    fn pass(&mut self, frames: usize, frames_per_second: f32) {
        self.gains = [0.0; 2];
        self.cursor += self.step(frames_per_second) * frames as f64;
        let length = self.voice.clip.frames() as f64;
        if self.voice.is_looping && length >= 1.0 {
            self.cursor %= length;
        }
    }

    fn is_over(&self) -> bool {
        (self.is_stopping && !self.is_heard())
            || (!self.voice.is_looping && self.cursor >= self.voice.clip.frames() as f64)
    }
}

/// Gain at the left and the right ear: distance, cone, and constant-power panning.
fn ear_gains(voice: &Voice, listener: &Listener) -> [f32; 2] {
    let Place::At(emission) = voice.place else {
        return [voice.gain; 2];
    };
    let from_listener = emission.position - listener.position;
    let metres = from_listener.length();
    let gain = voice.gain * distance_gain(&emission, metres) * cone_gain(&emission, -from_listener);
    let side = from_listener.dot(listener.right) / (metres + PAN_SOFTENING_METRES);
    let angle = (side.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
    [
        gain * angle.cos() * std::f32::consts::SQRT_2,
        gain * angle.sin() * std::f32::consts::SQRT_2,
    ]
    .map(|gain| {
        if gain.is_finite() {
            gain.min(MAX_GAIN)
        } else {
            0.0
        }
    })
}

/// Attenuation by distance, after the formulas of KHR_audio_emitter; never above 1.
fn distance_gain(emission: &Emission, metres: f32) -> f32 {
    let reference = emission.reference_metres.max(1e-3);
    let maximum = if emission.maximum_metres > 0.0 {
        emission.maximum_metres
    } else {
        f32::INFINITY
    };
    let distance = metres.clamp(reference, maximum.max(reference));
    let gain = match emission.distance {
        Distance::Inverse => reference / (reference + emission.rolloff * (distance - reference)),
        Distance::Linear if maximum.is_finite() && maximum > reference => {
            1.0 - emission.rolloff * (distance - reference) / (maximum - reference)
        }
        Distance::Linear => 1.0,
        Distance::Exponential => (distance / reference).powf(-emission.rolloff),
    };
    gain.clamp(0.0, 1.0)
}

fn cone_gain(emission: &Emission, towards_listener: Vec3) -> f32 {
    let inner = emission.cone_inner_radians * 0.5;
    let outer = emission.cone_outer_radians * 0.5;
    let angle = emission.forward.angle_between(towards_listener);
    if !angle.is_finite() || angle <= inner {
        1.0
    } else if angle >= outer {
        emission.cone_outer_gain
    } else {
        let blend = (angle - inner) / (outer - inner).max(1e-6);
        1.0 + (emission.cone_outer_gain - 1.0) * blend
    }
}

/// Leaves quiet sound alone and bends loud sound below 1, so that many voices together do not crackle.
fn soft_clip(sample: f32) -> f32 {
    const KNEE: f32 = 0.8;
    if sample.abs() <= KNEE {
        sample
    } else {
        let over = (sample.abs() - KNEE) / (1.0 - KNEE);
        sample.signum() * (KNEE + (1.0 - KNEE) * over.tanh())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn steady(place: Place) -> Command {
        sound(vec![0.5; 4800], place, 1.0, true)
    }

    fn sound(samples: Vec<f32>, place: Place, gain: f32, is_looping: bool) -> Command {
        Command::Play(Voice {
            clip: Arc::new(Clip::mono(samples, RATE)),
            place,
            gain,
            rate: 1.0,
            is_looping,
        })
    }

    fn levels(mixer: &mut Mixer) -> [f32; 2] {
        let mut stereo = vec![0.0; 9600];
        mixer.fill(&mut stereo);
        [stereo[9598], stereo[9599]]
    }

    #[test]
    fn a_voice_on_the_right_is_louder_on_the_right() {
        let mut mixer = Mixer::new(RATE);
        mixer.apply(steady(Place::At(Emission::point(
            Vec3::new(3.0, 0.0, 0.0),
            1.0,
        ))));
        let [left, right] = levels(&mut mixer);
        assert!(right > 4.0 * left, "{left} {right}");
    }

    #[test]
    fn distance_takes_level_away_and_the_middle_is_even() {
        let level = |metres: f32| {
            let mut mixer = Mixer::new(RATE);
            mixer.apply(steady(Place::At(Emission::point(
                Vec3::new(0.0, 0.0, -metres),
                1.0,
            ))));
            levels(&mut mixer)
        };
        let ([near, near_right], [far, _]) = (level(1.0), level(10.0));
        assert!((near - near_right).abs() < 1e-4);
        assert!((far / near - 0.1).abs() < 0.01, "{near} {far}");
    }

    #[test]
    fn a_cone_points_away_from_who_stands_behind() {
        let mut emission = Emission::point(Vec3::ZERO, 10.0);
        emission.cone_inner_radians = 1.0;
        emission.cone_outer_radians = 2.0;
        emission.cone_outer_gain = 0.25;
        assert_eq!(cone_gain(&emission, Vec3::NEG_Z), 1.0);
        assert_eq!(cone_gain(&emission, Vec3::Z), 0.25);
    }

    #[test]
    fn stopped_voices_fade_out_and_go() {
        let mut mixer = Mixer::new(RATE);
        mixer.apply(steady(Place::Everywhere));
        assert!(levels(&mut mixer)[0] > 0.4);
        mixer.apply(Command::StopAll);
        levels(&mut mixer);
        levels(&mut mixer);
        assert!(mixer.sounding.is_empty());
    }

    /// A loop in front of the listener that is at half level within a metre.
    fn in_front(metres: f32) -> Command {
        let place = Vec3::new(0.0, 0.0, -metres);
        steady(Place::At(Emission::point(place, 1.0)))
    }

    fn heard(mixer: &Mixer) -> usize {
        mixer.sounding.iter().filter(|one| one.is_heard()).count()
    }

    #[test]
    fn voices_are_capped_and_output_stays_within_bounds() {
        let mut mixer = Mixer::new(RATE);
        for _ in 0..MAX_KNOWN + 200 {
            mixer.apply(steady(Place::Everywhere));
        }
        assert!(levels(&mut mixer).iter().all(|level| level.abs() <= 1.0));
        assert_eq!(mixer.sounding.len(), MAX_LOOPING);
        for _ in 0..MAX_KNOWN {
            mixer.apply(sound(vec![0.5; 48_000], Place::Everywhere, 1.0, false));
        }
        assert_eq!(
            mixer.sounding.len(),
            MAX_KNOWN,
            "steps are heard beside loops"
        );
        assert_eq!(heard(&mixer), MAX_MIXED);
        mixer.apply(Command::StopAll);
        assert_eq!(mixer.sounding.len(), MAX_MIXED, "the others were not heard");
    }

    #[test]
    fn the_steps_of_a_crowd_silence_no_loop_for_good() {
        let mut mixer = Mixer::new(RATE);
        mixer.apply(in_front(3.0));
        let alone = levels(&mut mixer);
        for _ in 0..3 * MAX_MIXED {
            mixer.apply(sound(vec![0.5; 480], Place::Everywhere, 1.0, false));
        }
        mixer.fill(&mut [0.0; 480]);
        for _ in 0..4 {
            levels(&mut mixer);
        }
        assert_eq!(mixer.sounding.len(), 1, "steps end, heard or not");
        let [after, _] = levels(&mut mixer);
        assert!((after - alone[0]).abs() < 1e-3, "{after} {alone:?}");
    }

    #[test]
    fn what_is_quieter_than_everything_is_not_heard_until_one_comes_near() {
        let mut mixer = Mixer::new(RATE);
        for _ in 0..MAX_MIXED {
            mixer.apply(in_front(2.0));
        }
        levels(&mut mixer);
        mixer.apply(in_front(-30.0));
        levels(&mut mixer);
        assert!(!mixer.sounding[MAX_MIXED].is_heard());
        assert_eq!(heard(&mixer), MAX_MIXED);
        mixer.apply(Command::Listen(Listener {
            position: Vec3::new(0.0, 0.0, 30.0),
            right: Vec3::X,
        }));
        for _ in 0..4 {
            levels(&mut mixer);
        }
        assert!(mixer.sounding[MAX_MIXED].is_heard());
        assert_eq!(heard(&mixer), MAX_MIXED);
    }

    #[test]
    fn a_voice_that_gives_way_fades_and_does_not_click() {
        let mut mixer = Mixer::new(RATE);
        let loud_but_silent = || sound(vec![0.0; 4800], Place::Everywhere, 2.0, true);
        for _ in 0..MAX_MIXED - 1 {
            mixer.apply(loud_but_silent());
        }
        mixer.apply(steady(Place::Everywhere));
        let [mut last, _] = levels(&mut mixer);
        assert!(last > 0.4);
        mixer.apply(loud_but_silent());
        let mut stereo = [0.0; 19_200];
        mixer.fill(&mut stereo);
        for [left, _] in stereo.as_chunks().0 {
            assert!((left - last).abs() < 0.01, "{last} {left}");
            last = *left;
        }
        assert!(last < 1e-3, "it has given way");
    }

    #[test]
    fn what_is_carried_away_is_heard_from_where_it_is() {
        let mut mixer = Mixer::new(RATE);
        let radio = Emission {
            source: Some(7),
            ..Emission::point(Vec3::X * 5.0, 1.0)
        };
        mixer.apply(steady(Place::At(radio)));
        let [left, right] = levels(&mut mixer);
        assert!(left < right);
        for (source, position) in [(7, Vec3::NEG_X * 5.0), (8, Vec3::X * 5.0)] {
            mixer.apply(Command::Move {
                source,
                position,
                forward: Vec3::NEG_Z,
            });
        }
        let [left, right] = levels(&mut mixer);
        assert!(left > right);
    }

    #[test]
    fn values_that_are_not_numbers_make_no_sound() {
        let mut mixer = Mixer::new(RATE);
        mixer.apply(steady(Place::At(Emission::point(Vec3::NAN, f32::NAN))));
        assert!(levels(&mut mixer).iter().all(|level| level.is_finite()));
    }
}
