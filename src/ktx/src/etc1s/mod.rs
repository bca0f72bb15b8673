//! ETC1S, and BasisLZ around it: small files, in which blocks share endpoints and patterns of steps (KTX File Format
//! Specification 2.0, "BasisLZ Global Data").

mod bc7;
mod codebook;
pub(crate) mod fit;
mod read;
mod slice;

use crate::{
    Meaning,
    bits::Bits,
    block::Picture,
    container::{self, Codec},
    huffman::Counts,
};
use fit::Endpoint;
use slice::{Loss, Pattern, Slice, Symbol, Wanted};
use std::collections::BTreeMap;

pub use read::Shared;

/// Most entries of a codebook: readers take no more.
const MAX_ENTRIES: usize = 16_128;
/// Symbols: origins of four blocks and a run of them; runs of a pattern, the last of which says that a number follows.
const ORIGINS: usize = 256;
const RUNS: usize = 64;
/// Bits of each group of such a number.
const ORIGINS_GROUP: u32 = 4;
const PATTERNS_GROUP: u32 = 7;
/// Before the first endpoint.
const BEFORE_ENDPOINTS: Endpoint = Endpoint {
    base: [16; 3],
    table: 0,
};
/// Three bits before patterns that are written as they are.
const PLAIN_PATTERNS: u32 = 0b100;

/// How small and how alike.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// What a bit costs, in squared errors of a channel: the more, the smaller and the coarser.
    pub price: f32,
    /// Blocks for each endpoint of the codebook.
    pub blocks_per_endpoint: usize,
    /// Blocks for each pattern of the codebook.
    pub blocks_per_pattern: usize,
}

/// A file, and how like its source its largest level is.
pub struct Encoded {
    /// The whole KTX 2.
    pub bytes: Vec<u8>,
    /// Peak signal to noise over all channels that are used, in decibels.
    pub decibels: f64,
    /// The same where it is least: of 64 successive blocks.
    pub least_decibels: f64,
}

/// A picture with all its levels, the largest first, as KTX 2 with BasisLZ.
#[must_use]
pub fn encode(levels: &[Picture], meaning: Meaning, quality: Quality) -> Encoded {
    let has_alpha = crate::has_alpha(levels);
    let planes: &[bool] = if has_alpha { &[false, true] } else { &[false] };
    let mut slices: Vec<Slice> = levels
        .iter()
        .flat_map(|level| planes.iter().map(|is_alpha| wanted(level, *is_alpha)))
        .collect();
    let blocks: usize = slices.iter().map(|slice| slice.blocks.len()).sum();
    share(&mut slices, blocks, quality);
    let (first, chosen) = choose(&slices, blocks, quality);
    let (chosen, losses): (Vec<Vec<Pattern>>, Vec<Loss>) = chosen.into_iter().unzip();
    let largest = &losses[..planes.len()];
    let count = slices[0].blocks.len();
    let of = |loss: fn(&Loss) -> u64| largest.iter().map(loss).collect::<Vec<u64>>();
    let all = decibels(&of(|loss| loss.all), count);
    let least = decibels(&of(|loss| loss.worst), count.min(slice::WINDOW));
    let endpoints = sorted_endpoints(&slices);
    let patterns = sorted_patterns(first, &chosen);
    let (by_endpoint, by_pattern) = (places(&endpoints), places(&patterns));
    let symbols: Vec<Vec<Symbol>> = slices
        .iter()
        .zip(&chosen)
        .map(|(slice, chosen)| slice::symbols(slice, chosen, &by_endpoint, &by_pattern))
        .collect();
    let (tables, data) = write_slices(&symbols, endpoints.len(), patterns.len());
    let global = write_global(&endpoints, &patterns, tables, data.chunks(planes.len()));
    let data: Vec<Vec<u8>> = data.chunks(planes.len()).map(<[Vec<u8>]>::concat).collect();
    Encoded {
        bytes: container::write(levels, meaning, Codec::Etc1s { global }, &data),
        decibels: all,
        least_decibels: least,
    }
}

/// By the squared errors of the colours and, where there is one, of the alpha, which counts three times there.
fn decibels(errors: &[u64], blocks: usize) -> f64 {
    let (squares, channels) = match errors {
        [color, alpha] => (*color as f64 + *alpha as f64 / 3.0, 4),
        _ => (errors[0] as f64, 3),
    };
    let mean = squares / (blocks * 16 * channels) as f64;
    10.0 * (255.0 * 255.0 / mean.max(f64::MIN_POSITIVE)).log10()
}

/// The place of each item.
fn places<T: Copy + Ord>(items: &[T]) -> BTreeMap<T, usize> {
    let places = items.iter().enumerate();
    places.map(|(place, item)| (*item, place)).collect()
}

/// What all levels share: codebooks, codes, and where in its level each plane lies.
fn write_global<'d>(
    endpoints: &[Endpoint],
    patterns: &[u32],
    tables: Vec<u8>,
    levels: impl Iterator<Item = &'d [Vec<u8>]>,
) -> Vec<u8> {
    let parts = [write_endpoints(endpoints), write_patterns(patterns), tables];
    let mut global = Vec::new();
    global.extend((endpoints.len() as u16).to_le_bytes());
    global.extend((patterns.len() as u16).to_le_bytes());
    for length in parts.iter().map(Vec::len).chain([0]) {
        global.extend((length as u32).to_le_bytes());
    }
    for planes in levels {
        let color = planes[0].len() as u32;
        let alpha = planes.get(1).map(|alpha| [color, alpha.len() as u32]);
        let [start, length] = alpha.unwrap_or_default();
        for field in [0, 0, color, start, length] {
            global.extend(field.to_le_bytes());
        }
    }
    global.extend(parts.concat());
    global
}

/// The blocks of a level with the best endpoints of their own.
fn wanted(level: &Picture, is_alpha: bool) -> Slice {
    let blocks = level.blocks();
    let blocks = blocks.iter();
    let blocks = blocks.map(|block| Wanted::new(fit::channels(block, is_alpha)));
    Slice {
        columns: level.size_in_blocks().0,
        blocks: blocks.collect(),
    }
}

/// Brings the endpoints of all blocks down to a codebook.
fn share(slices: &mut [Slice], blocks: usize, quality: Quality) {
    let all = |slices: &[Slice]| -> Vec<Endpoint> {
        let blocks = slices.iter().flat_map(|slice| &slice.blocks);
        blocks.map(|block| block.endpoint).collect()
    };
    let most = (blocks / quality.blocks_per_endpoint).clamp(16, MAX_ENTRIES);
    let shared = codebook::endpoints(&all(slices), most);
    let blocks = slices.iter_mut().flat_map(|slice| &mut slice.blocks);
    for (block, endpoint) in blocks.zip(shared) {
        block.endpoint = endpoint;
    }
    for slice in slices {
        slice::share_endpoints(slice, quality.price);
    }
}

/// The pattern that histories begin with, and those of all blocks with the error of each slice.
fn choose(slices: &[Slice], blocks: usize, quality: Quality) -> (u32, Vec<(Vec<Pattern>, Loss)>) {
    let all = slices.iter().flat_map(|slice| &slice.blocks);
    let wanted: Vec<(u32, f32)> = all
        .map(|block| {
            let steps = fit::best_steps(&block.endpoint.errors(&block.colors()));
            let reach = fit::STEPS[usize::from(block.endpoint.table)][3] as f32;
            (steps, reach * reach)
        })
        .collect();
    let most = (blocks / quality.blocks_per_pattern).clamp(16, MAX_ENTRIES);
    let shared = codebook::patterns(&wanted, most);
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for pattern in &shared {
        *counts.entry(*pattern).or_default() += 1;
    }
    let first = counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .map_or(0, |(pattern, _)| *pattern);
    let mut rest = &shared[..];
    let chosen = slices.iter().map(|slice| {
        let (own, more) = rest.split_at(slice.blocks.len());
        rest = more;
        slice::choose_patterns(slice, own, first, quality.price)
    });
    (first, chosen.collect())
}

/// Endpoints that are used, near ones beside each other.
fn sorted_endpoints(slices: &[Slice]) -> Vec<Endpoint> {
    let blocks = slices.iter().flat_map(|slice| &slice.blocks);
    let mut endpoints: Vec<Endpoint> = blocks.map(|block| block.endpoint).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints.sort_by_key(|endpoint| {
        let [red, green, blue] = endpoint.base.map(u32::from);
        (red * 3 + green * 6 + blue, *endpoint)
    });
    endpoints
}

/// Patterns that are used: `first`, and then always the one that differs least from the one before.
fn sorted_patterns(first: u32, chosen: &[Vec<Pattern>]) -> Vec<u32> {
    let new = chosen.iter().flatten().filter_map(|pattern| match pattern {
        Pattern::New(pattern) => Some(*pattern),
        Pattern::Known(_) => None,
    });
    let mut left: Vec<u32> = new.filter(|pattern| *pattern != first).collect();
    left.sort_unstable();
    left.dedup();
    let mut sorted = vec![first];
    let mut last = first;
    while let Some(nearest) = (0..left.len()).min_by_key(|place| differing(left[*place], last)) {
        last = left.swap_remove(nearest);
        sorted.push(last);
    }
    sorted
}

/// Bytes that differ, and then bits.
fn differing(one: u32, two: u32) -> (u32, u32) {
    let both = one ^ two;
    let bytes = both.to_le_bytes().iter().filter(|byte| **byte != 0).count();
    (bytes as u32, both.count_ones())
}

/// The difference of each from the one before; which code a channel has goes by how bright it was.
fn write_endpoints(endpoints: &[Endpoint]) -> Vec<u8> {
    let is_grey = endpoints
        .iter()
        .all(|endpoint| endpoint.base == [endpoint.base[0]; 3]);
    let channels = if is_grey { 1 } else { 3 };
    let mut symbols: Vec<(usize, usize)> = Vec::new();
    let mut before = BEFORE_ENDPOINTS;
    for endpoint in endpoints {
        symbols.push((
            3,
            usize::from(endpoint.table.wrapping_sub(before.table) & 7),
        ));
        for (old, new) in before.base.iter().zip(endpoint.base).take(channels) {
            symbols.push((code_after(*old), usize::from(new.wrapping_sub(*old) & 31)));
        }
        before = *endpoint;
    }
    let mut counts = [32, 32, 32, 8].map(Counts::new);
    for (code, symbol) in &symbols {
        counts[*code].add(*symbol);
    }
    let mut bits = Bits::default();
    let codes = counts.map(|counts| counts.write(&mut bits));
    bits.put(u32::from(is_grey), 1);
    for (code, symbol) in symbols {
        codes[code].put(symbol, &mut bits);
    }
    bits.finish()
}

/// Which code a channel has after one with this value.
fn code_after(value: u8) -> usize {
    match value {
        0..=9 => 0,
        10..=21 => 1,
        _ => 2,
    }
}

/// The difference of each from the one before, byte by byte; or as they are, where that is shorter.
fn write_patterns(patterns: &[u32]) -> Vec<u8> {
    let differences = patterns
        .windows(2)
        .flat_map(|pair| (pair[0] ^ pair[1]).to_le_bytes());
    let mut counts = Counts::new(256);
    differences.clone().for_each(|byte| counts.add(byte.into()));
    let (mut short, mut plain) = (Bits::default(), Bits::default());
    short.put(0, 3);
    let codes = counts.write(&mut short);
    patterns
        .iter()
        .take(1)
        .for_each(|first| short.put(*first, 32));
    differences.for_each(|byte| codes.put(byte.into(), &mut short));
    plain.put(PLAIN_PATTERNS, 3);
    patterns.iter().for_each(|pattern| plain.put(*pattern, 32));
    let (short, plain) = (short.finish(), plain.finish());
    if short.len() < plain.len() {
        short
    } else {
        plain
    }
}

/// The codes of all slices, and the slices in them.
fn write_slices(
    slices: &[Vec<Symbol>],
    endpoints: usize,
    patterns: usize,
) -> (Vec<u8>, Vec<Vec<u8>>) {
    let run = patterns + slice::HISTORY;
    // Which of the four alphabets, the symbol, and a number after it with the size of its groups.
    let spelled = |symbol: &Symbol| -> (&'static [usize], [usize; 2], Option<(u32, u32)>) {
        match *symbol {
            Symbol::Origins(four) => (&[0], [four, 0], None),
            Symbol::OriginsRun(more) => (&[0], [ORIGINS, 0], Some((more, ORIGINS_GROUP))),
            Symbol::Endpoint(ahead) => (&[1], [ahead, 0], None),
            Symbol::Pattern(pattern) => (&[2], [pattern, 0], None),
            Symbol::PatternRun(more) if (more as usize) < RUNS - 1 => {
                (&[2, 3], [run, more as usize], None)
            }
            Symbol::PatternRun(more) => (&[2, 3], [run, RUNS - 1], Some((more, PATTERNS_GROUP))),
        }
    };
    let mut counts = [ORIGINS + 1, endpoints, run + 1, RUNS].map(Counts::new);
    for symbol in slices.iter().flatten() {
        let (alphabets, symbols, _) = spelled(symbol);
        for (alphabet, symbol) in alphabets.iter().zip(symbols) {
            counts[*alphabet].add(symbol);
        }
    }
    let mut tables = Bits::default();
    let codes = counts.map(|counts| counts.write(&mut tables));
    tables.put(slice::HISTORY as u32, 13);
    let write = |slice: &Vec<Symbol>| {
        let mut bits = Bits::default();
        for symbol in slice {
            let (alphabets, symbols, number) = spelled(symbol);
            for (alphabet, symbol) in alphabets.iter().zip(symbols) {
                codes[*alphabet].put(symbol, &mut bits);
            }
            if let Some((number, size)) = number {
                bits.put_groups(number, size);
            }
        }
        bits.finish()
    };
    (tables.finish(), slices.iter().map(write).collect())
}
