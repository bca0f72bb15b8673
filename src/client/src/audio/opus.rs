//! Ogg Opus (RFC 7845) to samples.

use opus_pure::{Error, MAX_PACKET_SAMPLES, OggOpusReader, OpusDecoder, Trim};

/// Every Opus file can be decoded to this, whatever it was made of.
pub(super) const FRAMES_PER_SECOND: u32 = 48_000;
/// Where the first packet begins: an Ogg page that holds it alone has a header of 27 bytes and one of length.
const FIRST_PACKET: usize = 28;

/// True of an Ogg file that says of itself that it holds Opus.
pub(super) fn is_opus(bytes: &[u8]) -> bool {
    let packet = bytes.get(FIRST_PACKET..).unwrap_or_default();
    bytes.starts_with(b"OggS") && packet.starts_with(b"OpusHead")
}

/// A file on its way to samples, mono or stereo; what has more channels than two is refused.
pub(super) struct OpusStream<'a> {
    reader: OggOpusReader<&'a [u8]>,
    decoder: OpusDecoder,
    /// Of the first and last packets only a part is sound.
    trim: Trim,
    channels: usize,
    samples: Vec<f32>,
}

impl<'a> OpusStream<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let reader = OggOpusReader::new(bytes)?;
        let head = reader.head();
        let channels = usize::from(head.channel_count);
        let rate = FRAMES_PER_SECOND as i32;
        Ok(Self {
            decoder: head.decoder(rate)?,
            trim: Trim::new(head, rate, channels)?,
            channels,
            samples: vec![0.0; MAX_PACKET_SAMPLES * channels],
            reader,
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Interleaved samples of the next packet, perhaps none; `None` at the end, and where the file is no Ogg any more.
    pub(super) fn next_samples(&mut self) -> Option<&[f32]> {
        let packet = self.reader.read_packet().ok()??;
        // A damaged packet costs a few milliseconds of sound, not the clip.
        let frames = self
            .decoder
            .decode(&packet.data, MAX_PACKET_SAMPLES, &mut self.samples)
            .unwrap_or(0);
        let decoded = self.samples.get(..frames * self.channels)?;
        Some(self.trim.keep(&packet, decoded))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};

    /// An Ogg Opus file of interleaved samples at 48 kHz: whole packets of 20 ms.
    pub(in crate::audio) fn opus(samples: &[f32], channels: usize) -> Vec<u8> {
        let mut encoder = OpusEncoder::new(48_000, channels, Application::Audio).unwrap();
        encoder.bitrate_bps = 96_000;
        let head = OpusHead::for_encoder(&encoder, 48_000);
        let mut writer = OggOpusWriter::new(Vec::new(), head).unwrap();
        let mut packet = vec![0; MAX_PACKET_BYTES];
        for block in samples.chunks_exact(960 * channels) {
            let length = encoder.encode(block, 960, &mut packet).unwrap();
            writer.write_packet(&packet[..length]).unwrap();
        }
        writer.finish().unwrap()
    }
}
