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

/// What a sound file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundFormat {
    /// RIFF WAVE.
    Wav,
    /// Ogg with anything but Opus: Vorbis, mostly.
    Ogg,
    /// Ogg Opus (RFC 7845).
    Opus {
        /// One stream of one or two channels (channel mapping family 0), which is what is decoded.
        is_plain: bool,
    },
    /// None of these: MP3, as the standard says.
    Other,
}

impl SoundFormat {
    /// Of a file with these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        /// A page of Ogg that holds one short packet has a header of 27 bytes and one of length before it.
        const FIRST_PACKET: usize = 28;
        /// Where the packet states its channel mapping family.
        const FAMILY: usize = 18;
        if bytes.starts_with(b"RIFF") {
            return Self::Wav;
        }
        if !bytes.starts_with(b"OggS") {
            return Self::Other;
        }
        match bytes.get(FIRST_PACKET..) {
            Some(packet) if packet.starts_with(b"OpusHead") => Self::Opus {
                is_plain: packet.get(FAMILY) == Some(&0),
            },
            _ => Self::Ogg,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Ogg => "audio/ogg",
            Self::Opus { .. } => "audio/opus",
            Self::Other => "audio/mpeg",
        }
    }
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
