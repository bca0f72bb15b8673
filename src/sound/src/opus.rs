//! Ogg Opus (RFC 7845) to samples.

use opus_pure::{Error, MAX_PACKET_SAMPLES, OggOpusReader, OpusDecoder, Trim};

/// Every Opus file can be decoded to this, whatever it was made of.
pub(super) const FRAMES_PER_SECOND: u32 = 48_000;
/// A file on its way to samples, mono or stereo; what has more channels than two is refused.
pub(super) struct OpusStream<'a> {
    reader: OggOpusReader<&'a [u8]>,
    decoder: OpusDecoder,
    /// Of the first and last packets only a part is sound.
    trim: Trim,
    channels: usize,
    samples: Vec<f32>,
    /// Frames that may still be decoded, those included that are no sound.
    left: usize,
}

impl<'a> OpusStream<'a> {
    /// Of at most so many seconds.
    pub(super) fn open(bytes: &'a [u8], secs: usize) -> Result<Self, Error> {
        let reader = OggOpusReader::new(bytes)?;
        let head = reader.head();
        let channels = usize::from(head.channel_count);
        let rate = FRAMES_PER_SECOND as i32;
        Ok(Self {
            decoder: head.decoder(rate)?,
            trim: Trim::new(head, rate, channels)?,
            channels,
            samples: vec![0.0; MAX_PACKET_SAMPLES * channels],
            left: secs * FRAMES_PER_SECOND as usize,
            reader,
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Interleaved samples of the next packet, perhaps none; `None` at the end, and where the file is no Ogg any more.
    pub(super) fn next_samples(&mut self) -> Option<&[f32]> {
        self.left = self.left.checked_sub(1)?;
        let packet = self.reader.read_packet().ok()??;
        // A damaged packet costs a few milliseconds of sound, not the clip.
        let frames = self
            .decoder
            .decode(&packet.data, MAX_PACKET_SAMPLES, &mut self.samples)
            .unwrap_or(0);
        self.left = self.left.saturating_sub(frames);
        let decoded = self.samples.get(..frames * self.channels)?;
        Some(self.trim.keep(&packet, decoded))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};

    /// An Ogg Opus file of interleaved samples at 48 kHz: whole packets of 20 ms, each changed before it is packed.
    pub(crate) fn opus(
        samples: &[f32],
        channels: usize,
        mut change: impl FnMut(&mut Vec<u8>),
    ) -> Vec<u8> {
        let mut encoder = OpusEncoder::new(48_000, channels, Application::Audio).unwrap();
        encoder.bitrate_bps = 96_000;
        let head = OpusHead::for_encoder(&encoder, 48_000);
        let mut writer = OggOpusWriter::new(Vec::new(), head).unwrap();
        let mut packed = vec![0; MAX_PACKET_BYTES];
        for block in samples.chunks_exact(960 * channels) {
            let length = encoder.encode(block, 960, &mut packed).unwrap();
            let mut packet = packed[..length].to_vec();
            change(&mut packet);
            writer.write_packet_with_duration(&packet, 960).unwrap();
        }
        writer.finish().unwrap()
    }
}
