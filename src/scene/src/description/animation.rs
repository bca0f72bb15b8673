//! Animations of the canonical scene, and how they are sampled.

use crate::description::{
    pointer::PropertyChannel,
    scene::{NodeIndex, Scene},
};
use glam::{Quat, Vec3};
use std::collections::BTreeSet;

/// Channels that play together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Animation {
    /// Name in the file.
    pub name: String,
    /// What moves, each property of a node at most once.
    pub channels: Vec<Channel>,
    /// What changes otherwise (KHR_animation_pointer).
    pub properties: Vec<PropertyChannel>,
    /// Pointers to what is not drawn here; they are kept in the file and change nothing.
    pub kept: Vec<String>,
    /// Time of the last key in seconds.
    pub duration_secs: f32,
}

/// One property of one node over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The node that moves.
    pub node: NodeIndex,
    /// Key times in seconds, strictly increasing, at least one.
    pub times: Vec<f32>,
    /// How values between keys come about.
    pub interpolation: Interpolation,
    /// The values.
    pub track: Track,
}

impl Scene {
    /// Which animations of a world play by themselves: each whose nodes no earlier one moves, of those that its host chose. Where none chose,
    /// of all, those first that are called idle; and none where a behaviour graph says what plays. They loop in world time, so whoever draws the world plays the same ones at `tick / 60` seconds modulo
    /// their duration.
    #[must_use]
    pub fn ambient_animations(&self) -> Vec<usize> {
        let candidates = match &self.chosen_animations {
            Some(chosen) => chosen.clone(),
            None if self.has_behaviour_graph => Vec::new(),
            None => {
                let mut all: Vec<usize> = (0..self.animations.len()).collect();
                all.sort_by_cached_key(|index| !self.animations[*index].is_idle());
                all
            }
        };
        let mut taken = BTreeSet::new();
        let mut playing = Vec::new();
        for index in candidates {
            let Some(animation) = self.animations.get(index) else {
                continue;
            };
            if animation.duration_secs > 0.0
                && !animation
                    .channels
                    .iter()
                    .any(|channel| taken.contains(&channel.node))
            {
                taken.extend(animation.channels.iter().map(|channel| channel.node));
                playing.push(index);
            }
        }
        playing
    }
}

impl Animation {
    /// What a figure does while it does nothing, as its maker named it.
    fn is_idle(&self) -> bool {
        let mut words = self.name.split(|own: char| !own.is_ascii_alphabetic());
        self.name.contains("Idle")
            || words.any(|word| word.to_ascii_lowercase().starts_with("idle"))
    }
}

/// How values between keys come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The value of the key before.
    Step,
    /// Linear, spherical for rotations.
    Linear,
    /// Cubic Hermite; a key holds in-tangent, value, out-tangent.
    CubicSpline,
}

/// Values of a channel: one a key, three a key for cubic splines.
#[derive(Clone, Debug, PartialEq)]
pub enum Track {
    /// Metres.
    Translation(Vec<Vec3>),
    /// Unit quaternions (tangents are not unit).
    Rotation(Vec<Quat>),
    /// Factors.
    Scale(Vec<Vec3>),
    /// Morph weights, `count` a value.
    Weights {
        /// All values, key after key.
        values: Vec<f32>,
        /// Morph targets a value.
        count: usize,
    },
    /// One of the morph weights (KHR_animation_pointer).
    Weight {
        /// Its morph target.
        target: usize,
        /// Its values.
        values: Vec<f32>,
    },
}

/// A property at one moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Metres.
    Translation(Vec3),
    /// Unit quaternion.
    Rotation(Quat),
    /// Factors.
    Scale(Vec3),
    /// Morph weights.
    Weights(Vec<f32>),
    /// The weight of one morph target.
    Weight(usize, f32),
}

/// Where a time falls between keys.
struct Position {
    /// Index of the key before.
    key: usize,
    /// Index of the key after; the same at the ends.
    next: usize,
    /// 0 at `key`, 1 at `next`.
    fraction: f32,
    /// Seconds between the two.
    span_secs: f32,
}

/// Keys in time, whatever they hold.
pub(crate) struct Curve<'c> {
    pub(crate) times: &'c [f32],
    pub(crate) interpolation: Interpolation,
}

impl Channel {
    /// The value at a time in seconds; before the first and after the last key it holds.
    #[must_use]
    pub fn sample(&self, secs: f32) -> Sample {
        let curve = Curve {
            times: &self.times,
            interpolation: self.interpolation,
        };
        let at = curve.position(secs);
        match &self.track {
            Track::Translation(values) => Sample::Translation(curve.vector(values, &at)),
            Track::Scale(values) => Sample::Scale(curve.vector(values, &at)),
            Track::Rotation(values) => Sample::Rotation(curve.rotation(values, &at)),
            Track::Weights { values, count } => {
                Sample::Weights(curve.numbers(values, *count, secs))
            }
            Track::Weight { target, values } => {
                Sample::Weight(*target, curve.number(values, 1, 0, &at))
            }
        }
    }
}

impl Curve<'_> {
    /// `width` numbers at a time in seconds, each on its own curve.
    pub(crate) fn numbers(&self, values: &[f32], width: usize, secs: f32) -> Vec<f32> {
        let at = self.position(secs);
        (0..width)
            .map(|lane| self.number(values, width, lane, &at))
            .collect()
    }

    fn position(&self, secs: f32) -> Position {
        let after = self.times.partition_point(|&time| time <= secs);
        let key = after.saturating_sub(1);
        let next = after.min(self.times.len().saturating_sub(1));
        let (start, end) = (
            self.times.get(key).copied().unwrap_or(0.0),
            self.times.get(next).copied().unwrap_or(0.0),
        );
        let span_secs = end - start;
        let fraction =
            if after == 0 || span_secs <= 0.0 || self.interpolation == Interpolation::Step {
                0.0
            } else {
                ((secs - start) / span_secs).clamp(0.0, 1.0)
            };
        Position {
            key: if after == 0 { next } else { key },
            next,
            fraction,
            span_secs,
        }
    }

    fn vector(&self, values: &[Vec3], at: &Position) -> Vec3 {
        let get = |index: usize| values.get(index).copied().unwrap_or_default();
        match self.interpolation {
            Interpolation::CubicSpline => {
                let [a, b, c, d] = hermite(at.fraction);
                get(3 * at.key + 1) * a
                    + get(3 * at.key + 2) * (b * at.span_secs)
                    + get(3 * at.next + 1) * c
                    + get(3 * at.next) * (d * at.span_secs)
            }
            _ => get(at.key).lerp(get(at.next), at.fraction),
        }
    }

    fn rotation(&self, values: &[Quat], at: &Position) -> Quat {
        let get = |index: usize| values.get(index).copied().unwrap_or_default();
        let rotation = match self.interpolation {
            Interpolation::CubicSpline => {
                let [a, b, c, d] = hermite(at.fraction);
                get(3 * at.key + 1) * a
                    + get(3 * at.key + 2) * (b * at.span_secs)
                    + get(3 * at.next + 1) * c
                    + get(3 * at.next) * (d * at.span_secs)
            }
            _ => get(at.key).slerp(get(at.next), at.fraction),
        };
        if rotation.is_finite() && rotation.length_squared() > 1e-12 {
            rotation.normalize()
        } else {
            Quat::IDENTITY
        }
    }

    fn number(&self, values: &[f32], width: usize, lane: usize, at: &Position) -> f32 {
        let get = |row: usize| values.get(row * width + lane).copied().unwrap_or_default();
        match self.interpolation {
            Interpolation::CubicSpline => {
                let [a, b, c, d] = hermite(at.fraction);
                get(3 * at.key + 1) * a
                    + get(3 * at.key + 2) * b * at.span_secs
                    + get(3 * at.next + 1) * c
                    + get(3 * at.next) * d * at.span_secs
            }
            _ => get(at.key) + (get(at.next) - get(at.key)) * at.fraction,
        }
    }
}

/// Hermite basis: value and tangent at the start, value and tangent at the end (glTF 2.0 appendix C).
fn hermite(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        2.0 * t3 - 3.0 * t2 + 1.0,
        t3 - 2.0 * t2 + t,
        -2.0 * t3 + 3.0 * t2,
        t3 - t2,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(interpolation: Interpolation, values: Vec<Vec3>) -> Channel {
        Channel {
            node: NodeIndex(0),
            times: vec![1.0, 3.0],
            interpolation,
            track: Track::Translation(values),
        }
    }

    fn x(channel: &Channel, secs: f32) -> f32 {
        let Sample::Translation(value) = channel.sample(secs) else {
            panic!("a translation was expected")
        };
        value.x
    }

    #[test]
    fn what_is_called_idle_plays_before_what_moves_the_same() {
        let moving = |name: &str| Animation {
            name: name.to_owned(),
            channels: vec![channel(Interpolation::Linear, vec![Vec3::X, Vec3::Y])],
            duration_secs: 3.0,
            ..Animation::default()
        };
        let mut scene = Scene {
            animations: ["Death_A", "Walk", "2H_Melee_Idle"].map(moving).to_vec(),
            ..Scene::default()
        };
        assert_eq!(scene.ambient_animations(), [2]);
        assert!(
            ["idle_01", "CharacterArmature|Idle", "StandingIdle"]
                .map(moving)
                .iter()
                .all(Animation::is_idle)
        );
        assert!(!moving("Bridle").is_idle());
        scene.chosen_animations = Some(vec![1, 2]);
        assert_eq!(scene.ambient_animations(), [1]);
    }

    #[test]
    fn linear_and_step_hold_at_the_ends() {
        let linear = channel(Interpolation::Linear, vec![Vec3::X, Vec3::X * 5.0]);
        assert_eq!(
            [0.0, 1.0, 2.0, 3.0, 9.0].map(|secs| x(&linear, secs)),
            [1.0, 1.0, 3.0, 5.0, 5.0]
        );
        let step = channel(Interpolation::Step, vec![Vec3::X, Vec3::X * 5.0]);
        assert_eq!([0.0, 2.9, 3.0].map(|secs| x(&step, secs)), [1.0, 1.0, 5.0]);
    }

    #[test]
    fn a_cubic_spline_scales_tangents_by_the_span() {
        let flat = channel(
            Interpolation::CubicSpline,
            vec![
                Vec3::ZERO,
                Vec3::X,
                Vec3::ZERO,
                Vec3::ZERO,
                Vec3::X * 5.0,
                Vec3::ZERO,
            ],
        );
        assert_eq!(x(&flat, 2.0), 3.0);
        let straight = channel(
            Interpolation::CubicSpline,
            vec![
                Vec3::X * 2.0,
                Vec3::X,
                Vec3::X * 2.0,
                Vec3::X * 2.0,
                Vec3::X * 5.0,
                Vec3::X * 2.0,
            ],
        );
        assert!((x(&straight, 1.5) - 2.0).abs() < 1e-5);
    }
}
