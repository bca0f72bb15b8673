//! Decoded sound: from the bytes of a file to samples, within limits, in a worker of its own.

use crate::opus::{self, OpusStream};
use scene::{
    SoundFormat,
    worker::{Decoder, Worker},
};
use std::io::Cursor;
use symphonia::core::{
    audio::SampleBuffer,
    codecs::{CODEC_TYPE_NULL, DecoderOptions},
    errors::Error as DecodeError,
    formats::FormatOptions,
    io::MediaSourceStream,
    meta::MetadataOptions,
    probe::Hint,
};

/// Longest clip that is kept in memory, in seconds; what follows is cut.
pub const MAX_CLIP_SECS: usize = 300;

/// Samples a second; what is outside of this is a broken file.
pub const SAMPLING_RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Most bytes of the samples of one clip.
pub const MAX_CLIP_BYTES: usize = 512 * 1024 * 1024;

/// A sound file to its channels and frames a second, as numbers of 32 bits, then its samples as floats; all little-endian.
pub const DECODER: Decoder = Decoder {
    name: "sound",
    decode: |bytes| match Clip::decode(bytes) {
        Ok(clip) => Ok(clip.to_bytes()),
        Err(error) => Err(error.to_string()),
    },
};

/// Samples of one sound, mono or interleaved stereo.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    samples: Vec<f32>,
    channels: usize,
    /// Samples of one channel in a second.
    pub frames_per_second: u32,
}

/// Why a sound file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Not a sound file that can be read.
    #[error("it cannot be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// Not an Ogg Opus file that can be read.
    #[error("it cannot be decoded: {0}")]
    Opus(#[from] opus_pure::Error),
    /// A sound file without sound.
    #[error("it holds no sound")]
    Empty,
    /// An impossible sampling rate or number of channels.
    #[error("it has {channels} channels at {rate} Hz, which cannot be played")]
    Layout {
        /// Channels that the file states.
        channels: usize,
        /// Samples a second that the file states.
        rate: u32,
    },
}

impl Clip {
    /// One channel of samples between -1 and 1.
    #[must_use]
    pub fn mono(samples: Vec<f32>, frames_per_second: u32) -> Self {
        Self {
            samples,
            channels: 1,
            frames_per_second,
        }
    }

    /// Has a worker decode an MP3, WAV, Ogg Vorbis or Ogg Opus file to at most `limit` bytes. More than two channels are reduced to
    /// the first two, but in Opus refused.
    ///
    /// # Errors
    /// One line when the bytes are no such file, or broke the decoder.
    pub fn decode_apart(bytes: &[u8], worker: &Worker, limit: usize) -> Result<Self, String> {
        let samples = worker.decode(&DECODER, &[bytes], limit)?;
        Self::from_bytes(&samples).ok_or_else(|| "it has no samples".to_owned())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.samples.len() * 4 + 8);
        bytes.extend((self.channels as u32).to_le_bytes());
        bytes.extend(self.frames_per_second.to_le_bytes());
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.as_chunks();
        let [channels, rate, samples @ ..] = words else {
            return None;
        };
        let channels = u32::from_le_bytes(*channels) as usize;
        let frames_per_second = u32::from_le_bytes(*rate);
        let is_playable = matches!(channels, 1 | 2) && SAMPLING_RATES.contains(&frames_per_second);
        is_playable.then(|| Self {
            samples: samples.iter().copied().map(f32::from_le_bytes).collect(),
            channels,
            frames_per_second,
        })
    }

    /// Decodes an MP3, WAV, Ogg Vorbis or Ogg Opus file in this process; see [`Self::decode_apart`].
    ///
    /// # Errors
    /// [`ClipError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ClipError> {
        let mut clip = Self {
            samples: Vec::new(),
            channels: 0,
            frames_per_second: 0,
        };
        match SoundFormat::of(bytes) {
            SoundFormat::Opus { .. } => clip.append_opus(bytes)?,
            _ => clip.append_any(bytes)?,
        }
        if clip.samples.is_empty() {
            Err(ClipError::Empty)
        } else {
            Ok(clip)
        }
    }

    fn append_opus(&mut self, bytes: &[u8]) -> Result<(), ClipError> {
        let mut stream = OpusStream::open(bytes, MAX_CLIP_SECS)?;
        let channels = stream.channels();
        while let Some(samples) = stream.next_samples() {
            self.append(samples, channels, opus::FRAMES_PER_SECOND)?;
        }
        Ok(())
    }

    fn append_any(&mut self, bytes: &[u8]) -> Result<(), ClipError> {
        let bytes = Cursor::new(bytes.to_vec());
        let stream = MediaSourceStream::new(Box::new(bytes), Default::default());
        let probed = symphonia::default::get_probe().format(
            &Hint::new(),
            stream,
            &FormatOptions {
                enable_gapless: true,
                ..Default::default()
            },
            &MetadataOptions::default(),
        )?;
        let mut reader = probed.format;
        let track = reader
            .tracks()
            .iter()
            .find(|track| track.codec_params.codec != CODEC_TYPE_NULL)
            .ok_or(ClipError::Empty)?;
        let track_id = track.id;
        let mut decoder = symphonia::default::get_codecs()
            .make(&track.codec_params, &DecoderOptions::default())?;
        while !self.is_full()
            && let Ok(packet) = reader.next_packet()
        {
            if packet.track_id() != track_id {
                continue;
            }
            // A damaged packet costs a few milliseconds of sound, not the clip.
            let Ok(decoded) = decoder.decode(&packet) else {
                continue;
            };
            let layout = *decoded.spec();
            let count = layout.channels.count();
            if count == 0 || !SAMPLING_RATES.contains(&layout.rate) {
                return Err(ClipError::Layout {
                    channels: count,
                    rate: layout.rate,
                });
            }
            let mut buffer = SampleBuffer::<f32>::new(decoded.capacity() as u64, layout);
            buffer.copy_interleaved_ref(decoded);
            self.append(buffer.samples(), count, layout.rate)?;
        }
        Ok(())
    }

    /// Nothing more of a file is kept.
    fn is_full(&self) -> bool {
        !self.samples.is_empty() && self.frames() >= MAX_CLIP_SECS * self.frames_per_second as usize
    }

    /// Memory that its samples take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.samples.len() * size_of::<f32>()
    }

    /// Number of frames: samples of one channel.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.samples.len() / self.channels.max(1)
    }

    /// Left and right at a frame with fraction, interpolated; loops join end and start.
    #[must_use]
    pub fn at(&self, cursor: f64, is_looping: bool) -> [f32; 2] {
        let index = cursor as usize;
        let fraction = (cursor - index as f64) as f32;
        let next = if index + 1 < self.frames() {
            index + 1
        } else if is_looping {
            0
        } else {
            index
        };
        let (here, there) = (self.frame(index), self.frame(next));
        [
            here[0] + (there[0] - here[0]) * fraction,
            here[1] + (there[1] - here[1]) * fraction,
        ]
    }

    fn frame(&self, index: usize) -> [f32; 2] {
        let start = index * self.channels;
        let left = self.samples.get(start).copied().unwrap_or(0.0);
        let right = if self.channels == 2 {
            self.samples.get(start + 1).copied().unwrap_or(0.0)
        } else {
            left
        };
        [left, right]
    }

    fn append(&mut self, interleaved: &[f32], channels: usize, rate: u32) -> Result<(), ClipError> {
        let kept = channels.min(2);
        if self.channels == 0 {
            (self.channels, self.frames_per_second) = (kept, rate);
        } else if self.channels != kept || self.frames_per_second != rate {
            return Err(ClipError::Layout { channels, rate });
        }
        for frame in interleaved.chunks_exact(channels) {
            self.samples.extend(
                frame[..kept]
                    .iter()
                    .map(|sample| if sample.is_finite() { *sample } else { 0.0 }),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opus::tests::opus;
    use std::f32::consts::TAU;

    /// A WAV file of 16-bit mono samples.
    fn wav(samples: &[i16], rate: u32) -> Vec<u8> {
        let data: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + data.len() as u32).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16u32.to_le_bytes());
        bytes.extend([1, 0, 1, 0]);
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * 2).to_le_bytes());
        bytes.extend([2, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn a_wav_file_is_decoded() {
        let clip = Clip::decode(&wav(&[0, 16_384, -16_384, 0], 8_000)).unwrap();
        assert_eq!((clip.frames(), clip.frames_per_second), (4, 8_000));
        assert!((clip.at(1.0, false)[0] - 0.5).abs() < 1e-3);
        assert!((clip.at(1.5, false)[1]).abs() < 1e-3);
        assert_eq!(Clip::from_bytes(&clip.to_bytes()), Some(clip));
    }

    /// A second of a tone on the left, half as loud on the right.
    fn tone() -> Vec<f32> {
        let frame = |index: usize| (index as f32 * 440.0 * TAU / 48_000.0).sin() * 0.5;
        let frames = (0..48_000).map(frame);
        frames.flat_map(|sample| [sample, sample * 0.5]).collect()
    }

    #[test]
    fn an_opus_file_is_decoded() {
        let samples = tone();
        let clip = Clip::decode(&opus(&samples, 2, |_| {})).unwrap();
        assert_eq!((clip.channels, clip.frames_per_second), (2, 48_000));
        // What the encoder looks ahead is cut from the beginning, so that sound begins when it does.
        let frames = clip.frames();
        assert!((47_000..=48_000).contains(&frames), "{frames}");
        let mut worst = 0.0f32;
        for index in 4_800..frames - 4_800 {
            let [left, right] = clip.frame(index);
            let wrong = (left - samples[index * 2]).abs();
            worst = worst.max(wrong).max((right - samples[index * 2 + 1]).abs());
        }
        assert!(worst < 0.05, "{worst}");
    }

    /// A number that follows from a seed, which moves on.
    fn next(seed: &mut u64) -> usize {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    }

    #[test]
    fn broken_files_are_refused_without_a_panic() {
        let whole = wav(&[1000; 2000], 8_000);
        let packed = opus(&tone(), 2, |_| {});
        for length in [0, 1, 12, 40, 43] {
            assert!(Clip::decode(&whole[..length]).is_err(), "{length}");
            assert!(Clip::decode(&packed[..length]).is_err(), "{length}");
        }
        let mut seed = 7u64;
        for _ in 0..200 {
            let mut bytes = whole.clone();
            for _ in 0..8 {
                let index = next(&mut seed) % 64;
                bytes[index] = next(&mut seed) as u8;
            }
            if let Ok(clip) = Clip::decode(&bytes) {
                assert!(clip.frames() <= MAX_CLIP_SECS * 192_000);
            }
        }
    }

    #[test]
    fn damaged_packets_of_opus_cost_no_more_than_themselves() {
        let samples = tone();
        let (frames, mut seed) = (samples.len() / 2, 7u64);
        for round in 0..40 {
            let bytes = opus(&samples, 2, |packet| {
                for _ in 0..next(&mut seed) % 8 {
                    let index = next(&mut seed) % packet.len();
                    packet[index] = next(&mut seed) as u8;
                }
                if round % 4 == 0 {
                    packet.truncate(1 + next(&mut seed) % 2);
                }
            });
            let cut = &bytes[..next(&mut seed) % bytes.len()];
            for clip in [&bytes[..], cut]
                .into_iter()
                .filter_map(|bytes| Clip::decode(bytes).ok())
            {
                assert!(clip.frames() <= frames, "{}", clip.frames());
                assert!(clip.samples.iter().all(|sample| sample.is_finite()));
            }
        }
        let long = opus(&samples.repeat(3), 2, |_| {});
        let mut stream = OpusStream::open(&long, 1).unwrap();
        let packets = std::iter::from_fn(|| stream.next_samples().map(<[f32]>::len));
        assert_eq!(packets.count(), 50, "no more than a second is decoded");
    }
}
