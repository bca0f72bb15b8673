//! BasisLZ read again, whoever wrote it: codebooks, and the blocks of still pictures. Nothing is trusted, and what is not understood
//! is left to others.

use super::{
    BEFORE_ENDPOINTS, MAX_ENTRIES, ORIGINS, ORIGINS_GROUP, PATTERNS_GROUP, PLAIN_PATTERNS, RUNS,
    bc7::{Lines, OPAQUE},
    code_after,
    fit::Endpoint,
    slice::{HISTORY, History, LEAST_RUN, Origin},
};
use crate::{bits::BitsRead, block::SIDE, huffman::CodesRead};
use std::ops::Range;

/// Bytes before the list of slices, and of each of its entries.
const HEAD: usize = 20;
const ENTRY: usize = 20;
/// Bits of the size of the history.
const HISTORY_BITS: u32 = 13;
/// The run after which a number says how much longer it is.
const LONG_RUN: u32 = RUNS as u32 - 1;

/// What all levels of a file share.
pub struct Shared {
    lines: Lines,
    patterns: Vec<u32>,
    /// Of where endpoints come from, of endpoints, of patterns, and of runs of these.
    codes: [CodesRead; 4],
    /// Where in each level colours lie, and where alpha.
    slices: Vec<[Range<usize>; 2]>,
}

impl Shared {
    /// From the global data of a file with so many levels. Nothing where they are broken, or not of still pictures.
    #[must_use]
    pub fn read(global: &[u8], levels: usize) -> Option<Self> {
        let short = |at: usize| Some(u16::from_le_bytes(*global.get(at..)?.first_chunk()?));
        let (endpoints, patterns) = (usize::from(short(0)?), usize::from(short(2)?));
        let is_possible = |count: usize| (1..=MAX_ENTRIES).contains(&count);
        if !is_possible(endpoints) || !is_possible(patterns) {
            return None;
        }
        let lengths = [word(global, 4)?, word(global, 8)?, word(global, 12)?];
        let entries = global.get(HEAD..)?.get(..levels.checked_mul(ENTRY)?)?;
        let slice = |entry: &[u8], at: usize| {
            let (start, length) = (word(entry, at)?, word(entry, at + 4)?);
            Some(start..start.checked_add(length)?)
        };
        let slices = entries.chunks(ENTRY).map(|entry| {
            let is_still = word(entry, 0)? == 0;
            is_still.then_some([slice(entry, 4)?, slice(entry, 12)?])
        });
        let slices = slices.collect::<Option<_>>()?;
        let mut rest = &global[HEAD + entries.len()..];
        let mut part = |length: usize| {
            let (own, more) = rest.split_at_checked(length)?;
            rest = more;
            Some(own)
        };
        let endpoint_list = read_endpoints(part(lengths[0])?, endpoints)?;
        Some(Self {
            lines: Lines::new(endpoint_list),
            patterns: read_patterns(part(lengths[1])?, patterns)?,
            codes: read_codes(part(lengths[2])?, endpoints, patterns)?,
            slices,
        })
    }

    /// All levels are transparent, or all are opaque; nothing when that differs.
    #[must_use]
    pub fn has_alpha(&self) -> Option<bool> {
        let mut all = self.slices.iter().map(|[_, alpha]| !alpha.is_empty());
        let first = all.next()?;
        all.all(|own| own == first).then_some(first)
    }

    /// The blocks of a level as those of BC7, 16 bytes each. False, with some of them made, where the level is broken, or `bc7` has
    /// not the room of exactly its blocks.
    pub fn to_bc7(
        &mut self,
        number: usize,
        level: &[u8],
        (width, height): (u32, u32),
        bc7: &mut [u8],
    ) -> bool {
        let size = [width, height].map(|side| side.div_ceil(SIDE as u32) as usize);
        let (blocks, odd) = bc7.as_chunks_mut();
        let Some([color, alpha]) = self.slices.get(number).cloned() else {
            return false;
        };
        if !odd.is_empty() || size[0].checked_mul(size[1]) != Some(blocks.len()) {
            return false;
        }
        let beside = if alpha.is_empty() { OPAQUE } else { 0 };
        let is_colored = self.read_slice(level.get(color), size, blocks, |lines, one, steps, _| {
            lines.color(one, steps) | beside
        });
        let has_alpha = alpha.is_empty()
            || self.read_slice(
                level.get(alpha),
                size,
                blocks,
                |lines, one, steps, block| block | lines.alpha(one, steps),
            );
        is_colored && has_alpha
    }

    /// Changes each block by the place of its endpoint and by its steps; false where something is broken.
    fn read_slice(
        &mut self,
        bytes: Option<&[u8]>,
        size: [usize; 2],
        blocks: &mut [[u8; 16]],
        change: impl Fn(&mut Lines, usize, u32, u128) -> u128,
    ) -> bool {
        let counts = [self.lines.len(), self.patterns.len()];
        let mut blocks = blocks.iter_mut();
        let tell = |endpoint: usize, pattern: usize| {
            if let (Some(block), Some(steps)) = (blocks.next(), self.patterns.get(pattern)) {
                let before = u128::from_le_bytes(*block);
                *block = change(&mut self.lines, endpoint, *steps, before).to_le_bytes();
            }
        };
        let read = bytes.and_then(|bytes| read_slice(bytes, &self.codes, counts, size, tell));
        read.is_some()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    usize::try_from(word).ok()
}

/// What [`super::write_endpoints`] writes.
fn read_endpoints(bytes: &[u8], count: usize) -> Option<Vec<Endpoint>> {
    let mut bits = BitsRead::new(bytes);
    let [dark, middle, bright] = [(); 3].map(|()| CodesRead::read(&mut bits, 32));
    let codes = [dark?, middle?, bright?];
    let tables = CodesRead::read(&mut bits, 8)?;
    let is_grey = bits.take(1) == 1;
    let mut own = BEFORE_ENDPOINTS;
    let mut endpoints = Vec::with_capacity(count);
    for _ in 0..count {
        own.table = own.table.wrapping_add(tables.symbol(&mut bits)? as u8) & 7;
        let channels = if is_grey { 1 } else { 3 };
        for channel in own.base.iter_mut().take(channels) {
            let ahead = codes[code_after(*channel)].symbol(&mut bits)?;
            *channel = channel.wrapping_add(ahead as u8) & 31;
        }
        if is_grey {
            own.base = [own.base[0]; 3];
        }
        endpoints.push(own);
    }
    (!bits.is_past_end()).then_some(endpoints)
}

/// What [`super::write_patterns`] writes.
fn read_patterns(bytes: &[u8], count: usize) -> Option<Vec<u32>> {
    let mut bits = BitsRead::new(bytes);
    let mut patterns = Vec::with_capacity(count);
    match bits.take(3) {
        0 => {
            let codes = CodesRead::read(&mut bits, 256)?;
            let mut last = whole(&mut bits);
            patterns.push(last);
            for _ in 1..count {
                let mut difference = [0; 4];
                for byte in &mut difference {
                    *byte = codes.symbol(&mut bits)? as u8;
                }
                last ^= u32::from_le_bytes(difference);
                patterns.push(last);
            }
        }
        PLAIN_PATTERNS => patterns.extend((0..count).map(|_| whole(&mut bits))),
        _ => return None,
    }
    (!bits.is_past_end()).then_some(patterns)
}

fn whole(bits: &mut BitsRead<'_>) -> u32 {
    let [low, high] = [(); 2].map(|()| bits.take(16));
    low | high << 16
}

fn read_codes(bytes: &[u8], endpoints: usize, patterns: usize) -> Option<[CodesRead; 4]> {
    let mut bits = BitsRead::new(bytes);
    let sizes = [ORIGINS + 1, endpoints, patterns + HISTORY + 1, RUNS];
    let [origins, endpoints, patterns, runs] = sizes.map(|size| CodesRead::read(&mut bits, size));
    let is_known = bits.take(HISTORY_BITS) == HISTORY as u32 && !bits.is_past_end();
    is_known.then_some([origins?, endpoints?, patterns?, runs?])
}

/// Tells the places of endpoint and pattern in the codebooks, of which there are so many, of all blocks in rows. Nothing where
/// something is broken, which may be found after all blocks.
fn read_slice(
    bytes: &[u8],
    codes: &[CodesRead; 4],
    [endpoints, patterns]: [usize; 2],
    [columns, rows]: [usize; 2],
    mut tell: impl FnMut(usize, usize),
) -> Option<()> {
    let [origin_codes, endpoint_codes, pattern_codes, run_codes] = codes;
    let mut bits = BitsRead::new(bytes);
    let mut origins = Origins::default();
    let mut patterns = Patterns {
        count: patterns,
        history: History::new(0),
        more: 0,
    };
    // Origins of each two by two blocks, told in the upper row.
    let mut groups = vec![0; columns.div_ceil(2)];
    let mut above = vec![0; columns];
    let mut endpoint = 0;
    for row in 0..rows {
        let mut above_left = 0;
        for column in 0..columns {
            let group = &mut groups[column / 2];
            if row % 2 == 0 && column % 2 == 0 {
                *group = origins.next(&mut bits, origin_codes)?;
            }
            endpoint = match *group >> (2 * (column % 2) + 4 * (row % 2)) & 3 {
                LEFT if column > 0 => endpoint,
                ABOVE if row > 0 => above[column],
                ABOVE_LEFT if column > 0 && row > 0 => above_left,
                OWN => {
                    let next = endpoint + usize::from(endpoint_codes.symbol(&mut bits)?);
                    next.checked_sub(endpoints).unwrap_or(next)
                }
                _ => return None,
            };
            above_left = std::mem::replace(&mut above[column], endpoint);
            tell(
                endpoint,
                patterns.next(&mut bits, pattern_codes, run_codes)?,
            );
        }
    }
    let is_whole = origins.more == 0 && patterns.more == 0 && !bits.is_past_end();
    is_whole.then_some(())
}

const LEFT: usize = Origin::Left as usize;
const ABOVE: usize = Origin::Above as usize;
const ABOVE_LEFT: usize = Origin::AboveLeft as usize;
const OWN: usize = Origin::Own as usize;

/// Where four blocks have their endpoints from.
#[derive(Default)]
struct Origins {
    last: usize,
    /// So many more are like the last four.
    more: u32,
}

impl Origins {
    fn next(&mut self, bits: &mut BitsRead<'_>, codes: &CodesRead) -> Option<usize> {
        if self.more > 0 {
            self.more -= 1;
            return Some(self.last);
        }
        let symbol = usize::from(codes.symbol(bits)?);
        if symbol < ORIGINS {
            self.last = symbol;
        } else {
            let more = bits.take_groups(ORIGINS_GROUP)?;
            self.more = more.checked_add(LEAST_RUN as u32 - 1)?;
        }
        Some(self.last)
    }
}

/// Which pattern of so many each block has.
struct Patterns {
    count: usize,
    history: History,
    /// So many more have the first of the history.
    more: u32,
}

impl Patterns {
    fn next(
        &mut self,
        bits: &mut BitsRead<'_>,
        codes: &CodesRead,
        run_codes: &CodesRead,
    ) -> Option<usize> {
        if self.more > 0 {
            self.more -= 1;
            return Some(self.history.patterns[0] as usize);
        }
        let symbol = usize::from(codes.symbol(bits)?);
        let Some(known) = symbol.checked_sub(self.count) else {
            self.history.add(symbol as u32);
            return Some(symbol);
        };
        let pattern = self.history.patterns.get(known).copied();
        if pattern.is_some() {
            self.history.touch(known);
            return pattern.map(|pattern| pattern as usize);
        }
        let more = match u32::from(run_codes.symbol(bits)?) {
            LONG_RUN => bits.take_groups(PATTERNS_GROUP)?,
            more => more,
        };
        self.more = more.checked_add(LEAST_RUN as u32 - 1)?;
        Some(self.history.patterns[0] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Meaning, Picture, etc1s, testing};
    use basisu::{DecodeFlags, TargetFormat, Transcoder};

    /// A picture in which all that a slice can say occurs: calm and noisy parts, one colour, colours at the ends of their range.
    fn picture(width: usize, height: usize, seed: u32, is_opaque: bool) -> Picture {
        let pixel = |place: usize| {
            let (x, y) = (place % width, place / width);
            let noise = (place as u32 ^ seed).wrapping_mul(0x9E37_79B9) >> 24;
            let color = match (4 * x / width, 4 * y / height) {
                (0, 0) => [40, 90, 200],
                (1, _) => [3 * x, 3 * y, 255 - 2 * x].map(|own| own as u8),
                (2, 0..=1) => [noise as u8, (noise / 2) as u8, 255],
                (_, 3) => [255 * ((x / 3 + y / 3) % 2) as u8; 3],
                _ => [
                    (noise / 8) as u8 + (x / 8) as u8,
                    12,
                    90 + (noise / 16) as u8,
                ],
            };
            let alpha = if is_opaque { 255 } else { color[0] };
            [color[0], color[1], color[2], alpha]
        };
        Picture {
            width,
            height,
            pixels: (0..width * height).flat_map(pixel).collect(),
        }
    }

    /// A file of one level.
    fn encoded(level: Picture, price: f32) -> Vec<u8> {
        let quality = etc1s::Quality {
            price,
            blocks_per_endpoint: 3,
            blocks_per_pattern: 3,
        };
        etc1s::encode(&[level], Meaning::Color, quality).bytes
    }

    /// Where global data and the level lie.
    fn parts(file: &[u8]) -> [Range<usize>; 2] {
        [64, 80].map(|at| {
            let start = word(file, at).unwrap();
            start..start + word(file, at + 8).unwrap()
        })
    }

    fn turned(file: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
        let [global, level] = parts(file);
        let mut shared = Shared::read(&file[global], 1)?;
        let blocks = width.div_ceil(4) * height.div_ceil(4);
        let mut bc7 = vec![0; 16 * blocks as usize];
        let is_made = shared.to_bc7(0, &file[level], (width, height), &mut bc7);
        is_made.then_some(bc7)
    }

    const FLAGS: DecodeFlags = DecodeFlags::NO_ETC1S_CHROMA_FILTERING;

    /// Squared error of blocks against the pixels of a file.
    fn error(bc7: &[u8], wanted: &Picture) -> i64 {
        let off = |(own, wanted): (i32, u8)| i64::from(own - i32::from(wanted)).pow(2);
        let pixels = bc7
            .as_chunks()
            .0
            .iter()
            .flat_map(|block| testing::bc7(*block));
        let wanted = wanted.blocks();
        let pairs = pixels.zip(wanted.as_flattened());
        pairs
            .flat_map(|(own, wanted)| own.into_iter().zip(*wanted).map(off))
            .sum()
    }

    /// Compares blocks made here with those made by Basis Universal from the only level of a file.
    fn require_as_near(file: &[u8], width: usize, height: usize) {
        let own = turned(file, (width as u32, height as u32)).unwrap();
        let transcoder = Transcoder::new(file).unwrap();
        let transcoded = |form| transcoder.transcode(0, form, FLAGS).unwrap();
        let theirs = transcoded(TargetFormat::Bc7Rgba);
        let pixels = transcoded(TargetFormat::Rgba32);
        let wanted = Picture {
            width,
            height,
            pixels,
        };
        let [own, theirs] = [own, theirs].map(|bc7| error(&bc7, &wanted));
        assert!(
            own <= theirs + theirs / 50,
            "{width} {height}: {own} {theirs}"
        );
    }

    #[test]
    fn blocks_are_as_near_as_those_of_basis_universal() {
        for (seed, price, is_opaque) in [
            (1, 0.0, true),
            (2, 5.0, false),
            (3, 80.0, true),
            (4, 80.0, false),
        ] {
            for (width, height) in [(64, 64), (32, 16), (20, 44), (8, 4)] {
                let file = encoded(picture(width, height, seed, is_opaque), price);
                require_as_near(&file, width, height);
            }
        }
    }

    #[test]
    #[allow(
        clippy::print_stdout,
        reason = "a test says when it has nothing to test"
    )]
    fn files_of_another_encoder_are_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let shared = folder.ancestors().nth(3).unwrap().join("shared/data/gltf");
        let sample = shared.join("ext/textures/CesiumBalloonKTX2.glb");
        let Ok(sample) = std::fs::read(&sample) else {
            println!("{} is not there: nothing was tested", sample.display());
            return;
        };
        let magic = b"\xABKTX 20\xBB";
        let starts = sample.windows(magic.len()).enumerate();
        let starts = starts.filter(|(_, bytes)| bytes == magic);
        let files: Vec<&[u8]> = starts.map(|(start, _)| &sample[start..]).collect();
        assert_eq!(files.len(), 3);
        for file in files {
            let file = &file[..parts(file)[1].end];
            let [width, height] = [20, 24].map(|at| word(file, at).unwrap());
            require_as_near(file, width, height);
        }
    }

    #[test]
    fn what_is_damaged_is_refused_or_whole() {
        for is_opaque in [true, false] {
            let file = encoded(picture(32, 16, 5, is_opaque), 20.0);
            assert!(turned(&file, (32, 16)).is_some());
            assert!(turned(&file, (32, 20)).is_none());
            let [global, level] = parts(&file);
            let mut refused = 0;
            for place in global.start..level.end {
                for bit in 0..8 {
                    let mut file = file.clone();
                    file[place] ^= 1 << bit;
                    refused += usize::from(turned(&file, (32, 16)).is_none());
                }
            }
            assert!(refused > 8 * 40, "{refused}");
            for end in [global.clone(), level.clone()] {
                for place in end {
                    let mut shared = match place < level.start {
                        true => Shared::read(&file[global.start..place], 1),
                        false => Shared::read(&file[global.clone()], 1),
                    };
                    let mut blocks = [0; 16 * 32];
                    let data = &file[level.start..level.end.min(place.max(level.start))];
                    let turn = |shared: &mut Shared| shared.to_bc7(0, data, (32, 16), &mut blocks);
                    assert!(!shared.as_mut().is_some_and(turn), "{place}");
                }
            }
        }
    }

    #[test]
    fn levels_are_all_transparent_or_all_opaque() {
        let has_alpha = |is_opaque| {
            let file = encoded(picture(8, 8, 1, is_opaque), 1.0);
            Shared::read(&file[parts(&file)[0].clone()], 1)?.has_alpha()
        };
        assert_eq!([true, false].map(has_alpha), [Some(false), Some(true)]);
        let levels = || [true, false].map(|is_opaque| picture(8, 8, 1, is_opaque));
        let quality = etc1s::Quality {
            price: 1.0,
            blocks_per_endpoint: 1,
            blocks_per_pattern: 1,
        };
        let file = etc1s::encode(&levels(), Meaning::Color, quality).bytes;
        let [global, _] = parts(&file);
        let mut odd = file[global].to_vec();
        assert_eq!(Shared::read(&odd, 2).unwrap().has_alpha(), Some(true));
        odd[HEAD + 16..HEAD + 20].fill(0);
        assert_eq!(Shared::read(&odd, 2).unwrap().has_alpha(), None);
    }
}
