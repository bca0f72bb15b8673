//! The coder with mixed contexts. Both ends keep the frames that arrived; what adapts learns from a frame only when
//! it is six frames old and arrived, so that both ends always have the same model.

use super::frame::{CUBES, Cube, Frame, PART_LIMIT, POSITION_LIMIT};
use super::mixing::{BitIo, BitReader, BitWriter, Decision, Model};
use super::pass::{FLAG_CONTEXTS, Pass, Past, VALUE_CONTEXTS};
use std::collections::VecDeque;

/// Frames of a round trip: frame i may use frames up to `i - LAG`.
pub const LAG: usize = 6;
/// Frames kept.
const KEPT: usize = 64;
/// What is left of a velocity after the round trip.
const DRAG: f64 = 0.985;
/// The model that both ends start with, trained offline on two recordings.
static START: &[u8] = include_bytes!("../../tables/cubes.bin");

/// A frame in memory, with what was decided to code it.
struct Kept {
    index: usize,
    frame: Frame,
    flags: Vec<Decision<FLAG_CONTEXTS>>,
    values: Vec<Decision<VALUE_CONTEXTS>>,
    is_learnt: bool,
}

/// Frames that both ends have, and what was learnt from them.
struct Shared {
    kept: VecDeque<Kept>,
    /// Index of the next frame.
    next: usize,
    flags: Model<FLAG_CONTEXTS>,
    values: Model<VALUE_CONTEXTS>,
}

impl Shared {
    /// Both ends start with the first six frames, which a recording repeats.
    fn new(first: &[Frame], flags: Model<FLAG_CONTEXTS>, values: Model<VALUE_CONTEXTS>) -> Self {
        Self {
            kept: first
                .iter()
                .enumerate()
                .map(|(index, frame)| Kept {
                    index,
                    frame: frame.clone(),
                    flags: Vec::new(),
                    values: Vec::new(),
                    is_learnt: true,
                })
                .collect(),
            next: first.len(),
            flags,
            values,
        }
    }

    /// With the model that is compiled in.
    fn trained(first: &[Frame]) -> Self {
        let mut bytes = START;
        let flags = Model::load(&mut bytes).unwrap_or_else(Model::untrained);
        let values = Model::load(&mut bytes).unwrap_or_else(Model::untrained);
        Self::new(first, flags, values)
    }

    /// Learns from every frame that may be used for the next one.
    fn learn(&mut self) {
        for kept in &mut self.kept {
            if kept.is_learnt || kept.index + LAG > self.next {
                continue;
            }
            self.flags.learn(&kept.flags);
            self.values.learn(&kept.values);
            kept.is_learnt = true;
        }
    }

    /// Newest kept frame not after `index`; the oldest when there is none.
    fn at_or_before(&self, index: usize) -> &Kept {
        self.kept
            .iter()
            .rev()
            .find(|kept| kept.index <= index)
            .unwrap_or(&self.kept[0])
    }

    /// Codes the next frame; returns it with the decisions made.
    fn code(
        &self,
        io: &mut impl BitIo,
        frame: &mut Frame,
    ) -> (Vec<Decision<FLAG_CONTEXTS>>, Vec<Decision<VALUE_CONTEXTS>>) {
        let base = self.at_or_before(self.next - LAG);
        let before = self.at_or_before(base.index.saturating_sub(2));
        let old = self.at_or_before(base.index.saturating_sub(LAG));
        let older = self.at_or_before(old.index.saturating_sub(2));
        let factor = |ahead: usize, span: usize| ahead as f64 * DRAG / span.max(1) as f64;
        let past = Past {
            base: &base.frame,
            before: &before.frame,
            old: &old.frame,
            older: &older.frame,
            factor: factor(self.next - base.index, base.index - before.index),
            old_factor: factor(base.index - old.index, old.index - older.index),
        };
        let mut pass = Pass::new(past, &self.flags, &self.values);
        let mut was_changed = false;
        for index in 0..CUBES {
            was_changed = pass.code_cube(io, index, was_changed, frame);
        }
        (pass.flags, pass.values)
    }

    fn keep(
        &mut self,
        frame: Frame,
        flags: Vec<Decision<FLAG_CONTEXTS>>,
        values: Vec<Decision<VALUE_CONTEXTS>>,
    ) {
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept {
            index: self.next,
            frame,
            flags,
            values,
            is_learnt: false,
        });
    }
}

/// The sending end.
pub struct CubeEncoder(Shared);

impl CubeEncoder {
    /// Starts after the `first` frames (at least one), which both ends have.
    #[must_use]
    pub fn new(first: &[Frame]) -> Self {
        Self(Shared::trained(first))
    }

    /// As [`Self::new`], but from a model that knows nothing and whose weights learn: how the compiled-in start
    /// was made.
    #[must_use]
    pub fn untrained(first: &[Frame]) -> Self {
        Self(Shared::new(first, Model::untrained(), Model::untrained()))
    }

    /// Goes on with another recording and what was learnt so far.
    #[must_use]
    pub fn continued(self, first: &[Frame]) -> Self {
        Self(Shared::new(first, self.0.flags, self.0.values))
    }

    /// What was learnt, as the file that is compiled in.
    #[must_use]
    pub fn learnt(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.flags.save(&mut bytes);
        self.0.values.save(&mut bytes);
        bytes
    }

    /// Appends the next frame's packet to `out`.
    pub fn encode(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        self.0.learn();
        let mut frame = frame.clone();
        let mut writer = BitWriter::new(out);
        let (flags, values) = self.0.code(&mut writer, &mut frame);
        writer.finish();
        self.0.keep(frame, flags, values);
        self.0.next += 1;
    }

    /// Takes the news that frame `index` was lost; to be told before frame `index + LAG` is encoded.
    pub fn forget(&mut self, index: usize) {
        self.0.kept.retain(|kept| kept.index != index);
    }
}

/// The receiving end.
pub struct CubeDecoder(Shared);

impl CubeDecoder {
    /// Starts after the `first` frames (at least one), which both ends have.
    #[must_use]
    pub fn new(first: &[Frame]) -> Self {
        Self(Shared::trained(first))
    }

    /// Reads the next frame's packet. Bytes that no encoder wrote give some frame or none.
    pub fn decode(&mut self, bytes: &[u8]) -> Option<Frame> {
        self.0.learn();
        let mut frame = Frame {
            cubes: vec![Cube::default(); CUBES],
        };
        let (flags, values) = self.0.code(&mut BitReader::new(bytes), &mut frame);
        let is_valid = frame.cubes.iter().all(Cube::is_valid);
        if is_valid {
            self.0.keep(frame.clone(), flags, values);
        }
        self.0.next += 1;
        is_valid.then_some(frame)
    }

    /// Takes the news that the next frame was lost.
    pub fn skip(&mut self) {
        self.0.learn();
        self.0.next += 1;
    }
}

impl Cube {
    /// True when every value is one that a recording may have.
    pub(super) fn is_valid(&self) -> bool {
        self.parts
            .iter()
            .all(|part| (0..=PART_LIMIT).contains(part))
            && self
                .position
                .iter()
                .all(|axis| axis.unsigned_abs() <= POSITION_LIMIT.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{pack, unpack};
    use super::*;

    /// Cubes of which some slide and tumble.
    fn recording(frames: usize) -> Vec<Frame> {
        let mut random = 1_u64;
        let mut next = |limit: i32| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) as i32 % limit
        };
        let still = Cube {
            largest: 3,
            parts: [255; 3],
            ..Cube::default()
        };
        let mut frame = Frame {
            cubes: vec![still; CUBES],
        };
        for (index, cube) in frame.cubes.iter_mut().enumerate() {
            cube.position = [index as i32 % 30 * 300, index as i32 / 30 * 300, 105];
        }
        let mut all = vec![frame.clone(); LAG];
        while all.len() < frames {
            for cube in frame.cubes.iter_mut().take(40) {
                cube.position[0] += 10 + next(5);
                cube.position[2] = 105 + next(3000) * i32::from(next(50) == 0);
                cube.parts = cube.parts.map(|part| (part + next(9)) % (PART_LIMIT + 1));
                if next(30) == 0 {
                    cube.largest = next(4) as u8;
                }
                cube.is_interacting = next(20) == 0;
            }
            all.push(frame.clone());
        }
        all
    }

    #[test]
    fn every_frame_comes_back_whatever_was_lost() {
        let frames = recording(160);
        let mut encoder = CubeEncoder::new(&frames[..LAG]);
        let mut decoder = CubeDecoder::new(&frames[..LAG]);
        let is_lost = |index: usize| index % 7 == 3 || (60..75).contains(&index);
        for (index, frame) in frames.iter().enumerate().skip(LAG) {
            if index >= 2 * LAG && is_lost(index - LAG) {
                encoder.forget(index - LAG);
            }
            let mut bytes = vec![];
            encoder.encode(frame, &mut bytes);
            if is_lost(index) {
                decoder.skip();
            } else {
                assert!(
                    decoder.decode(&bytes).as_ref() == Some(frame),
                    "frame {index}"
                );
            }
        }
    }

    #[test]
    fn the_packer_brings_every_frame_back() {
        let frames = recording(60);
        for index in 12..60 {
            let mut bytes = vec![];
            pack(
                &frames[index - 6],
                &frames[index - 12],
                &frames[index],
                &mut bytes,
            );
            let back = unpack(&frames[index - 6], &frames[index - 12], &bytes);
            assert!(back.as_ref() == Some(&frames[index]));
        }
    }

    #[test]
    fn the_packer_brings_no_cube_that_no_recording_has() {
        let frames = recording(8);
        let unpacked = |change: fn(&mut Cube)| {
            let mut base = frames[1].clone();
            base.cubes[0].parts = [PART_LIMIT; 3];
            let mut frame = base.clone();
            change(&mut frame.cubes[0]);
            let mut bytes = vec![];
            pack(&base, &base, &frame, &mut bytes);
            unpack(&base, &base, &bytes)
        };
        assert!(unpacked(|cube| cube.position[0] = POSITION_LIMIT).is_some());
        assert!(unpacked(|cube| cube.position[0] = POSITION_LIMIT + 1).is_none());
        // What the next frame is predicted from would be beyond all numbers.
        assert!(unpacked(|cube| cube.position[1] = -(1 << 29)).is_none());
        assert!(unpacked(|cube| cube.parts[2] = PART_LIMIT + 1).is_none());
    }

    #[test]
    fn foreign_bytes_do_not_panic() {
        let frames = recording(8);
        let mut decoder = CubeDecoder::new(&frames[..LAG]);
        let mut bytes = vec![0_u8; 700];
        for round in 0..20_u8 {
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = byte
                    .wrapping_mul(31)
                    .wrapping_add(at as u8 ^ round.wrapping_mul(91));
            }
            if let Some(frame) = decoder.decode(&bytes) {
                assert_eq!(frame.cubes.len(), CUBES);
            }
            if let Some(frame) = unpack(&frames[0], &frames[0], &bytes) {
                assert_eq!(frame.cubes.len(), CUBES);
            }
        }
    }
}
