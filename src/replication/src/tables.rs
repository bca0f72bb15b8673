//! Frozen frequency tables, trained offline (`stoa-bench train`) and compiled in; both ends must have the same.

use crate::range_coder::{Interval, TOTAL_BITS};
use std::sync::LazyLock;

/// Symbols of a magnitude table: 0..=7 exactly, then two classes an octave up to 2^24.
pub(crate) const MAGNITUDE_SYMBOLS: usize = 8 + 2 * 21;
/// Widest table.
pub(crate) const MAX_SYMBOLS: usize = MAGNITUDE_SYMBOLS;
/// Scale classes of each family of magnitude tables.
pub(crate) const CLASSES: usize = 20;

/// What a table is about; each family has [`CLASSES`] tables, chosen by how large a residual is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Avatar x, then z (which knows x), then y.
    AvatarX,
    AvatarZ,
    AvatarY,
    /// Avatar heading and pitch.
    Yaw,
    Pitch,
    /// Body x, y, z.
    BodyX,
    BodyY,
    BodyZ,
    /// Body rotation, first component, second, third.
    RotationA,
    RotationB,
    RotationC,
    /// Velocity where it travels.
    Velocity,
    /// Signs, two symbols: class is the sign that is likelier and how sure that is.
    Sign,
    /// Distance to the slot of the next record; symbol 0 ends the list.
    Gap,
    /// How many sends ago the newest acknowledged one was.
    Age,
    /// Form of a record; class is what is known of the entity.
    Form,
    /// Yes or no questions; class is which.
    Question,
}

/// In the order of their tables.
const FAMILIES: [Family; 17] = [
    Family::AvatarX,
    Family::AvatarZ,
    Family::AvatarY,
    Family::Yaw,
    Family::Pitch,
    Family::BodyX,
    Family::BodyY,
    Family::BodyZ,
    Family::RotationA,
    Family::RotationB,
    Family::RotationC,
    Family::Velocity,
    Family::Sign,
    Family::Gap,
    Family::Age,
    Family::Form,
    Family::Question,
];
const _: () = {
    let mut place = 0;
    while place < FAMILIES.len() {
        assert!(
            FAMILIES[place] as usize == place,
            "a family has another's tables"
        );
        place += 1;
    }
};

/// All tables.
pub(crate) const TABLES: usize = FAMILIES.len() * CLASSES;

/// A table's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableId(u16);

impl TableId {
    pub(crate) fn new(family: Family, class: usize) -> Self {
        Self((family as usize * CLASSES + class.min(CLASSES - 1)) as u16)
    }

    pub(crate) fn family(self) -> Family {
        FAMILIES[self.index() / CLASSES]
    }

    /// The table at an index below [`TABLES`].
    pub(crate) const fn at(index: usize) -> Self {
        Self(index as u16)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

struct Table {
    /// Start of each symbol, then the total for all that do not exist.
    starts: [u16; MAX_SYMBOLS + 1],
}

/// Frequencies as trained: [`MAX_SYMBOLS`] little-endian u16 a table, each table summing to 2^15.
static TRAINED: &[u8] = include_bytes!("../tables/frequencies.bin");

static LOADED: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let mut tables = Vec::with_capacity(TABLES);
    for index in 0..TABLES {
        let mut starts = [0; MAX_SYMBOLS + 1];
        for symbol in 0..MAX_SYMBOLS {
            let at = (index * MAX_SYMBOLS + symbol) * 2;
            let frequency = u16::from_le_bytes([TRAINED[at], TRAINED[at + 1]]);
            starts[symbol + 1] = starts[symbol] + frequency;
        }
        assert_eq!(starts[MAX_SYMBOLS], 1 << TOTAL_BITS, "table {index}");
        tables.push(Table { starts });
    }
    tables
});

/// The tables, loaded once.
#[derive(Clone, Copy)]
pub(crate) struct Tables(&'static [Table]);

impl Tables {
    pub(crate) fn get() -> Self {
        Self(&LOADED)
    }

    pub(crate) fn interval(self, table: TableId, symbol: usize) -> Interval {
        let starts = &self.0[table.index()].starts;
        Interval {
            start: starts[symbol],
            width: starts[symbol + 1] - starts[symbol],
        }
    }

    /// The symbol whose interval holds `point`.
    pub(crate) fn symbol_at(self, table: TableId, point: u16) -> usize {
        let starts = &self.0[table.index()].starts;
        // Frequent symbols come first: most searches end within a few steps.
        let mut symbol = 0;
        while starts[symbol + 1] <= point {
            symbol += 1;
        }
        symbol
    }
}

/// How symbols become bytes: counts up with each change.
const CODER: u8 = 2;

/// Number of the coder and its frozen tables: both ends of a connection must have the same (FNV-1a over their bytes).
#[must_use]
pub fn tables_version() -> u32 {
    let bytes = std::iter::once(&CODER).chain(TRAINED);
    bytes.fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
