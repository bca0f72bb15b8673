//! The blocks of one level as symbols (KTX File Format Specification 2.0, "BasisLZ", slices): for each block where its endpoint
//! comes from, and which pattern of steps it has.

use super::fit::{self, Colors, Endpoint, Errors, error_of_steps};
use std::collections::BTreeMap;

/// Patterns that are remembered.
pub(super) const HISTORY: usize = 64;
/// Shortest run that is written as one: of the first pattern of the history, and of groups with the same origins.
pub(super) const LEAST_RUN: usize = 3;

/// Where a block has its endpoint from: another block, or nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Left,
    Above,
    AboveLeft,
    Own,
}

/// What a block costs about that says something of its own rather than what has been said, in bits.
const OWN_ENDPOINT_BITS: f32 = 9.0;
const OWN_PATTERN_BITS: f32 = 10.0;
const KNOWN_PATTERN_BITS: f32 = 5.0;

/// A block as it is wanted. There are many, so they are kept small.
pub(super) struct Wanted {
    pixels: [[u8; 3]; 16],
    pub(super) endpoint: Endpoint,
}

impl Wanted {
    /// With the best endpoint of its own.
    pub(super) fn new(pixels: [[u8; 3]; 16]) -> Self {
        let endpoint = fit::fit(&fit::wide(&pixels));
        Self { pixels, endpoint }
    }

    pub(super) fn colors(&self) -> Colors {
        fit::wide(&self.pixels)
    }
}

/// A level: blocks in rows.
pub(super) struct Slice {
    pub(super) columns: usize,
    pub(super) blocks: Vec<Wanted>,
}

/// Lets blocks take over the endpoint of a neighbour that has been written before, where `price` times the bits that it saves
/// outweigh the squared error.
pub(super) fn share_endpoints(slice: &mut Slice, price: f32) {
    for place in 0..slice.blocks.len() {
        let own = slice.blocks[place].endpoint;
        let pixels = &slice.blocks[place].colors();
        let cost = own.error(pixels) as f32 + price * OWN_ENDPOINT_BITS;
        let mut best = (own, cost);
        for (_, from) in neighbours(place, slice.columns) {
            let endpoint = slice.blocks[from].endpoint;
            let cost = endpoint.error(pixels) as f32;
            if cost < best.1 {
                best = (endpoint, cost);
            }
        }
        slice.blocks[place].endpoint = best.0;
    }
}

/// Blocks before one in the order of writing: to the left, above, and above to the left.
fn neighbours(place: usize, columns: usize) -> impl Iterator<Item = (Origin, usize)> {
    let (has_left, has_above) = (!place.is_multiple_of(columns), place >= columns);
    let left = has_left.then(|| (Origin::Left, place - 1));
    let above = has_above.then(|| (Origin::Above, place - columns));
    let both = (has_left && has_above).then(|| (Origin::AboveLeft, place - columns - 1));
    [left, above, both].into_iter().flatten()
}

/// Patterns that were used, the more often the nearer to the front, about: reader and writer change it alike.
pub(super) struct History {
    pub(super) patterns: [u32; HISTORY],
    next: usize,
}

impl History {
    pub(super) fn new(first: u32) -> Self {
        Self {
            patterns: [first; HISTORY],
            next: HISTORY / 2,
        }
    }

    pub(super) fn add(&mut self, pattern: u32) {
        self.patterns[self.next] = pattern;
        self.next += 1;
        if self.next == HISTORY {
            self.next = HISTORY / 2;
        }
    }

    pub(super) fn touch(&mut self, place: usize) {
        self.patterns.swap(place / 2, place);
    }
}

/// How a block says its pattern of steps.
#[derive(Clone, Copy)]
pub(super) enum Pattern {
    New(u32),
    /// By its place in the history.
    Known(usize),
}

/// Squared errors of a slice.
#[derive(Clone, Copy, Default)]
pub(super) struct Loss {
    pub(super) all: u64,
    /// Of those [`WINDOW`] blocks that follow each other and have most.
    pub(super) worst: u64,
}

/// So many blocks of a row are as large as what one looks at.
pub(super) const WINDOW: usize = 64;

/// For each block its pattern: of `wanted`, or of the history where that is worth it; and what is lost. The history begins with
/// `first`.
pub(super) fn choose_patterns(
    slice: &Slice,
    wanted: &[u32],
    first: u32,
    price: f32,
) -> (Vec<Pattern>, Loss) {
    let mut history = History::new(first);
    let (mut loss, mut window) = (Loss::default(), 0);
    let blocks = slice.blocks.iter().zip(wanted).enumerate();
    let chosen = blocks.map(|(place, (block, own))| {
        let errors = block.endpoint.errors(&block.colors());
        let (pattern, error) = choose(&history, &errors, *own, price);
        if place.is_multiple_of(WINDOW) {
            window = 0;
        }
        window += u64::from(error);
        loss.all += u64::from(error);
        loss.worst = loss.worst.max(window);
        match pattern {
            Pattern::Known(place) => history.touch(place),
            Pattern::New(pattern) => history.add(pattern),
        }
        pattern
    });
    (chosen.collect(), loss)
}

fn choose(history: &History, errors: &Errors, own: u32, price: f32) -> (Pattern, u32) {
    let error = error_of_steps(errors, own);
    let mut chosen = (Pattern::New(own), error);
    let mut best = error as f32 + price * OWN_PATTERN_BITS;
    for (place, pattern) in history.patterns.iter().enumerate() {
        let bits = if place == 0 { 1.0 } else { KNOWN_PATTERN_BITS };
        let error = error_of_steps(errors, *pattern);
        let cost = error as f32 + price * bits;
        if cost < best {
            (best, chosen) = (cost, (Pattern::Known(place), error));
        }
    }
    chosen
}

/// A symbol of a slice.
#[derive(Clone, Copy)]
pub(super) enum Symbol {
    /// Where four blocks have their endpoints from; or so many more that are like the four before.
    Origins(usize),
    OriginsRun(u32),
    /// How far on the endpoint is from that of the block before.
    Endpoint(usize),
    /// A pattern, or one of the history; or so many of its first.
    Pattern(usize),
    PatternRun(u32),
}

/// The symbols of a slice in the order of writing. `endpoint_of` and `pattern_of` tell places in the codebooks, which have
/// `endpoints` and `patterns` entries.
pub(super) fn symbols(
    slice: &Slice,
    chosen: &[Pattern],
    endpoints: &BTreeMap<Endpoint, usize>,
    patterns: &BTreeMap<u32, usize>,
) -> Vec<Symbol> {
    let (origins, groups) = (origins(slice), group_origins(slice));
    let mut symbols = Vec::new();
    let (mut group, mut last_group, mut group_run) = (0, 0, 0);
    let (mut before, mut run) = (0, 0);
    for (place, block) in slice.blocks.iter().enumerate() {
        let (x, y) = (place % slice.columns, place / slice.columns);
        if x.is_multiple_of(2) && y.is_multiple_of(2) {
            let same = groups[group..]
                .iter()
                .take_while(|own| **own == last_group)
                .count();
            if group_run > 0 {
                group_run -= 1;
            } else if same >= LEAST_RUN {
                symbols.push(Symbol::OriginsRun((same - LEAST_RUN) as u32));
                group_run = same - 1;
            } else {
                last_group = groups[group];
                symbols.push(Symbol::Origins(last_group));
            }
            group += 1;
        }
        let endpoint = endpoints[&block.endpoint];
        if origins[place] == Origin::Own {
            let ahead = (endpoint + endpoints.len() - before) % endpoints.len();
            symbols.push(Symbol::Endpoint(ahead));
        }
        before = endpoint;
        if run > 0 {
            run -= 1;
            continue;
        }
        let same = chosen[place..]
            .iter()
            .take_while(|own| matches!(own, Pattern::Known(0)));
        let same = same.count();
        if same >= LEAST_RUN {
            symbols.push(Symbol::PatternRun((same - LEAST_RUN) as u32));
            run = same - 1;
            continue;
        }
        symbols.push(Symbol::Pattern(match chosen[place] {
            Pattern::New(pattern) => patterns[&pattern],
            Pattern::Known(place) => patterns.len() + place,
        }));
    }
    symbols
}

/// Where each block has its endpoint from.
fn origins(slice: &Slice) -> Vec<Origin> {
    let blocks = slice.blocks.iter().enumerate();
    blocks
        .map(|(place, block)| {
            let mut known = neighbours(place, slice.columns);
            let same = known.find(|(_, from)| slice.blocks[*from].endpoint == block.endpoint);
            same.map_or(Origin::Own, |(origin, _)| origin)
        })
        .collect()
}

/// The origins of each group of two by two blocks as one number, in rows.
fn group_origins(slice: &Slice) -> Vec<usize> {
    let origins = origins(slice);
    let rows = slice.blocks.len() / slice.columns;
    let mut groups = Vec::new();
    for y in (0..rows).step_by(2) {
        for x in (0..slice.columns).step_by(2) {
            let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
            let is_inside = |(x, y): (usize, usize)| x < slice.columns && y < rows;
            let number = |(x, y): (usize, usize)| origins[y * slice.columns + x] as usize;
            let inside = four.iter().enumerate().filter(|(_, at)| is_inside(**at));
            groups.push(inside.fold(0, |all, (bit, at)| all | number(*at) << (2 * bit)));
        }
    }
    groups
}
