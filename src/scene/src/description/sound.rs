//! Sound of the canonical scene: KHR_audio_emitter.

use std::sync::Arc;

/// Sound files, sources and emitters.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// Encoded files.
    pub clips: Vec<AudioClip>,
    /// How files are played.
    pub sources: Vec<AudioSource>,
    /// Where sources are heard.
    pub emitters: Vec<AudioEmitter>,
    /// Emitters of the whole scene.
    pub scene_emitters: Vec<u32>,
}

/// An encoded sound file.
#[derive(Clone, Debug)]
pub struct AudioClip {
    /// Name for messages.
    pub name: String,
    /// Encoded bytes (MP3 by the standard).
    pub bytes: Arc<[u8]>,
}

/// How a file is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioSource {
    /// Index into [`Sound::clips`].
    pub clip: Option<u32>,
    /// Factor of the level.
    pub gain: f32,
    /// Factor of the speed.
    pub playback_rate: f32,
    /// Starts again at its end.
    pub is_looping: bool,
    /// Starts by itself.
    pub is_autoplaying: bool,
}

/// Where sources are heard.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioEmitter {
    /// Factor of the level.
    pub gain: f32,
    /// Indices into [`Sound::sources`].
    pub sources: Vec<u32>,
    /// `None` is heard everywhere.
    pub positional: Option<PositionalEmitter>,
}

/// A point that sounds; its cone opens along the node's -Z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionalEmitter {
    /// How level falls with distance.
    pub model: DistanceModel,
    /// Metres of full level.
    pub ref_distance: f32,
    /// Metres beyond which there is no further reduction; 0 means none.
    pub max_distance: f32,
    /// Strength of the reduction.
    pub rolloff_factor: f32,
    /// Full angle of full level, radians.
    pub cone_inner_angle: f32,
    /// Full angle beyond which the outer gain holds, radians.
    pub cone_outer_angle: f32,
    /// Level outside of the cone.
    pub cone_outer_gain: f32,
}

/// Distance models of KHR_audio_emitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistanceModel {
    /// In a straight line.
    Linear,
    /// By the inverse of distance.
    Inverse,
    /// By a power of distance.
    Exponential,
}
