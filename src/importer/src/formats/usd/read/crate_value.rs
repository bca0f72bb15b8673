//! Values of the binary form of USD (OpenUSD, `pxr/usd/usd/crateDataTypes.h` and `crateFile.cpp`).

use super::{
    crate_file::{CrateFile, Reader},
    ints::unpack_ints,
    layer::{Field, Reference},
    value::{Budget, ListEdit, Value},
};
use crate::formats::usd::limits::MAX_TABLE;
use half::f16;

/// Shortest list that may be compressed.
const LEAST_COMPRESSED: usize = 16;

/// A word that is a value, or says of which kind it is and where.
#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    fn kind(self) -> u8 {
        (self.0 >> 48) as u8
    }

    fn is_array(self) -> bool {
        self.0 >> 63 & 1 == 1
    }

    fn is_inlined(self) -> bool {
        self.0 >> 62 & 1 == 1
    }

    fn is_compressed(self) -> bool {
        self.0 >> 61 & 1 == 1
    }

    fn payload(self) -> usize {
        (self.0 & 0xFFFF_FFFF_FFFF) as usize
    }

    fn inlined(self) -> [u8; 4] {
        (self.0 as u32).to_le_bytes()
    }
}

/// How a number is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    U8,
    I32,
    U32,
    I64,
    U64,
    F16,
    F32,
    F64,
}

impl Number {
    fn width(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The number in so many bytes; 0 in fewer.
    fn read(self, bytes: &[u8]) -> f64 {
        let mut own = [0; 8];
        let width = self.width().min(bytes.len());
        own[..width].copy_from_slice(&bytes[..width]);
        let [a, b, c, d, ..] = own;
        match self {
            Self::U8 => f64::from(a),
            Self::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Self::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Self::I64 => i64::from_le_bytes(own) as f64,
            Self::U64 => u64::from_le_bytes(own) as f64,
            Self::F16 => f16::from_le_bytes([a, b]).to_f64(),
            Self::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Self::F64 => f64::from_le_bytes(own),
        }
    }
}

/// How many numbers of which kind there are in a value; `None` for what is not made of numbers.
fn shape(kind: u8) -> Option<(Number, usize)> {
    Some(match kind {
        kinds::BOOL | kinds::U8 => (Number::U8, 1),
        kinds::I32 => (Number::I32, 1),
        kinds::U32 => (Number::U32, 1),
        kinds::I64 => (Number::I64, 1),
        kinds::U64 => (Number::U64, 1),
        kinds::F16 => (Number::F16, 1),
        kinds::F32 => (Number::F32, 1),
        kinds::F64 | kinds::DOUBLES | kinds::TIME_CODE => (Number::F64, 1),
        kinds::MATRIX2 => (Number::F64, 4),
        kinds::MATRIX3 => (Number::F64, 9),
        kinds::MATRIX4 => (Number::F64, 16),
        kinds::QUATERNION_OF_DOUBLES => (Number::F64, 4),
        kinds::QUATERNION_OF_FLOATS => (Number::F32, 4),
        kinds::QUATERNION_OF_HALVES => (Number::F16, 4),
        // Of two, three and four, each of four kinds of numbers.
        kinds::FIRST_VECTOR..=kinds::LAST_VECTOR => {
            let number = [Number::F64, Number::F32, Number::F16, Number::I32];
            let place = usize::from(kind - kinds::FIRST_VECTOR);
            (number[place % 4], 2 + place / 4)
        }
        _ => return None,
    })
}

/// Kinds of values, as far as they are read.
mod kinds {
    pub(crate) const BOOL: u8 = 1;
    pub(crate) const U8: u8 = 2;
    pub(crate) const I32: u8 = 3;
    pub(crate) const U32: u8 = 4;
    pub(crate) const I64: u8 = 5;
    pub(crate) const U64: u8 = 6;
    pub(crate) const F16: u8 = 7;
    pub(crate) const F32: u8 = 8;
    pub(crate) const F64: u8 = 9;
    pub(crate) const STRING: u8 = 10;
    pub(crate) const TOKEN: u8 = 11;
    pub(crate) const ASSET: u8 = 12;
    pub(crate) const MATRIX2: u8 = 13;
    pub(crate) const MATRIX3: u8 = 14;
    pub(crate) const MATRIX4: u8 = 15;
    pub(crate) const QUATERNION_OF_DOUBLES: u8 = 16;
    pub(crate) const QUATERNION_OF_FLOATS: u8 = 17;
    pub(crate) const QUATERNION_OF_HALVES: u8 = 18;
    pub(crate) const FIRST_VECTOR: u8 = 19;
    pub(crate) const VEC2_OF_HALVES: u8 = 21;
    pub(crate) const LAST_VECTOR: u8 = 30;
    pub(crate) const TOKENS: u8 = 41;
    pub(crate) const SPECIFIER: u8 = 42;
    pub(crate) const VARIABILITY: u8 = 44;
    pub(crate) const PAYLOAD: u8 = 47;
    pub(crate) const DOUBLES: u8 = 48;
    pub(crate) const STRINGS: u8 = 50;
    pub(crate) const TIME_CODE: u8 = 56;
}

impl CrateFile {
    /// Reads the value that a word stands for; what no prim needs is blocked.
    ///
    /// # Errors
    /// One line when the file is damaged there, or the value too large.
    pub(crate) fn value(&self, word: u64, budget: &Budget) -> Result<Value, String> {
        let word = Word(word);
        if let Some((number, lanes)) = shape(word.kind()) {
            return self
                .numbers(word, number, lanes, budget)
                .map(Value::Numbers);
        }
        match word.kind() {
            kinds::STRING | kinds::TOKEN | kinds::ASSET | kinds::TOKENS | kinds::STRINGS => {
                self.texts(word, budget).map(Value::Texts)
            }
            kinds::SPECIFIER..=kinds::VARIABILITY => {
                Ok(Value::Numbers(vec![f64::from(word.0 as u32)]))
            }
            _ => Ok(Value::Blocked),
        }
    }

    fn numbers(
        &self,
        word: Word,
        number: Number,
        lanes: usize,
        budget: &Budget,
    ) -> Result<Vec<f64>, String> {
        if word.is_array() || word.kind() == kinds::DOUBLES {
            return self.array(word, number, lanes, budget);
        }
        budget.take(lanes)?;
        let own = word.inlined();
        let mut values = match (word.is_inlined(), word.kind()) {
            (false, _) => {
                let bytes =
                    Reader::new(&self.bytes, word.payload()).take(lanes * number.width())?;
                let numbers = bytes.chunks_exact(number.width());
                numbers.map(|bytes| number.read(bytes)).collect()
            }
            (true, kinds::MATRIX2..=kinds::MATRIX4) => {
                // Only what is on the diagonal.
                let side = lanes.isqrt();
                let mut values = vec![0.0; lanes];
                for place in 0..side {
                    values[place * (side + 1)] = f64::from(own[place] as i8);
                }
                values
            }
            (true, kinds::VEC2_OF_HALVES) => own.chunks(2).map(|own| number.read(own)).collect(),
            (true, _) if lanes > 1 => own
                .iter()
                .take(lanes)
                .map(|own| f64::from(*own as i8))
                .collect(),
            // What needs eight bytes is inlined where four hold it.
            (true, _) => vec![match number {
                Number::F64 => Number::F32.read(&own),
                Number::I64 => Number::I32.read(&own),
                Number::U64 => Number::U32.read(&own),
                _ => number.read(&own),
            }],
        };
        put_real_part_first(word.kind(), &mut values);
        Ok(values)
    }

    /// How many there are in an array; it follows.
    fn length(&self, reader: &mut Reader<'_>) -> Result<usize, String> {
        if self.version < 5 {
            // The number of dimensions, which is one.
            reader.u32()?;
        }
        match self.version < 7 {
            true => Ok(reader.u32()? as usize),
            false => reader.size(),
        }
    }

    fn array(
        &self,
        word: Word,
        number: Number,
        lanes: usize,
        budget: &Budget,
    ) -> Result<Vec<f64>, String> {
        // Nothing is told of what is empty.
        if word.payload() == 0 {
            return Ok(Vec::new());
        }
        let mut reader = Reader::new(&self.bytes, word.payload());
        let count = match word.kind() {
            kinds::DOUBLES => reader.size()?,
            _ => self.length(&mut reader)?,
        };
        let count = count.saturating_mul(lanes);
        budget.take(count)?;
        if word.is_compressed() && count >= LEAST_COMPRESSED {
            return compressed(&mut reader, number, count);
        }
        let bytes = reader.take(count.saturating_mul(number.width()))?;
        let numbers = bytes.chunks_exact(number.width());
        let mut values: Vec<f64> = numbers.map(|bytes| number.read(bytes)).collect();
        put_real_part_first(word.kind(), &mut values);
        Ok(values)
    }

    fn texts(&self, word: Word, budget: &Budget) -> Result<Vec<String>, String> {
        let is_list = matches!(word.kind(), kinds::TOKENS | kinds::STRINGS);
        if !word.is_array() && !is_list {
            let place = match word.is_inlined() {
                true => word.0 as u32 as usize,
                false => Reader::new(&self.bytes, word.payload()).u32()? as usize,
            };
            let text = match (word.kind(), word.is_inlined()) {
                (kinds::TOKEN, _) | (kinds::ASSET, true) => self.token(place)?,
                _ => self.string(place)?,
            };
            budget.take_text(text)?;
            return Ok(vec![text.to_owned()]);
        }
        if word.payload() == 0 {
            return Ok(Vec::new());
        }
        let mut reader = Reader::new(&self.bytes, word.payload());
        let count = match is_list {
            true => reader.size()?,
            false => self.length(&mut reader)?,
        };
        let is_of_tokens = matches!(word.kind(), kinds::TOKEN | kinds::TOKENS);
        self.indexed(&mut reader, count, |place| {
            let text = match is_of_tokens {
                true => self.token(place)?,
                false => self.string(place)?,
            };
            budget.take_text(text)?;
            Ok(text.to_owned())
        })
    }

    /// A list of places in a table.
    fn indexed<T>(
        &self,
        reader: &mut Reader<'_>,
        count: usize,
        mut look_up: impl FnMut(usize) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let places = reader.take(count.saturating_mul(4))?;
        let (places, _) = places.as_chunks::<4>();
        let places = places.iter().map(|own| u32::from_le_bytes(*own) as usize);
        places.map(&mut look_up).collect()
    }

    /// Times and values of samples.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn samples(&self, word: u64, budget: &Budget) -> Result<Vec<(f64, Field)>, String> {
        let mut reader = Reader::new(&self.bytes, Word(word).payload());
        jump(&mut reader)?;
        let times = reader.u64()?;
        jump(&mut reader)?;
        let times = self.value(times, budget)?.into_numbers();
        let count = reader.count(8)?.min(times.len());
        let values = (0..count).map(|_| reader.u64().map(Field::InCrate));
        let values: Vec<Field> = values.collect::<Result<_, _>>()?;
        Ok(times.into_iter().zip(values).collect())
    }

    /// Edits of a list of paths.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn path_edits(
        &self,
        word: u64,
        budget: &Budget,
    ) -> Result<ListEdit<String>, String> {
        self.edits(word, |reader| {
            let count = reader.count(4)?;
            self.indexed(reader, count, |place| {
                let path = self.path(place)?;
                budget.take_text(&path)?;
                Ok(path)
            })
        })
    }

    /// Edits of a list of references or payloads; those of old files may be one payload alone.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn reference_edits(
        &self,
        word: u64,
        are_payloads: bool,
        budget: &Budget,
    ) -> Result<ListEdit<Reference>, String> {
        if Word(word).kind() == kinds::PAYLOAD {
            let mut reader = Reader::new(&self.bytes, Word(word).payload());
            let own = self.reference(&mut reader, true, budget)?;
            return Ok(ListEdit {
                explicit: Some(vec![own]),
                ..ListEdit::default()
            });
        }
        self.edits(word, |reader| {
            let count = reader.count(8)?;
            (0..count)
                .map(|_| self.reference(reader, are_payloads, budget))
                .collect()
        })
    }

    fn reference(
        &self,
        reader: &mut Reader<'_>,
        is_payload: bool,
        budget: &Budget,
    ) -> Result<Reference, String> {
        let asset = self.string(reader.u32()? as usize)?.to_owned();
        let path = self.path(reader.u32()? as usize)?;
        budget.take_text(&asset)?;
        budget.take_text(&path)?;
        if !is_payload || self.version >= 8 {
            // When in time it begins, and how fast that passes.
            reader.take(16)?;
        }
        if !is_payload {
            // What programs keep about it.
            for _ in 0..reader.count(12)? {
                reader.u32()?;
                jump(reader)?;
                reader.u64()?;
            }
        }
        Ok(Reference {
            asset,
            path: if path == "/" { String::new() } else { path },
        })
    }

    fn edits<'a, T>(
        &'a self,
        word: u64,
        mut list: impl FnMut(&mut Reader<'a>) -> Result<Vec<T>, String>,
    ) -> Result<ListEdit<T>, String> {
        let mut reader = Reader::new(&self.bytes, Word(word).payload());
        let parts = reader.u8()?;
        let mut own = ListEdit::default();
        let mut part = |bit: u8| match parts >> bit & 1 {
            1 => list(&mut reader),
            _ => Ok(Vec::new()),
        };
        let explicit = part(1)?;
        own.explicit = (parts & 1 == 1).then_some(explicit);
        own.appended = part(2)?;
        own.prepended = part(5)?;
        own.appended.extend(part(6)?);
        own.deleted = part(3)?;
        Ok(own)
    }

    /// Which variant of which set is selected.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub(crate) fn selections(
        &self,
        word: u64,
        budget: &Budget,
    ) -> Result<Vec<(String, String)>, String> {
        let mut reader = Reader::new(&self.bytes, Word(word).payload());
        let count = reader.count(8)?;
        let mut selections = Vec::new();
        for _ in 0..count {
            let set = self.string(reader.u32()? as usize)?;
            let name = self.string(reader.u32()? as usize)?;
            budget.take_text(set)?;
            budget.take_text(name)?;
            selections.push((set.to_owned(), name.to_owned()));
        }
        Ok(selections)
    }
}

/// Goes on where the next number says, counted from that number on.
fn jump(reader: &mut Reader<'_>) -> Result<(), String> {
    let start = reader.at;
    let offset = reader.u64()? as i64;
    let at = i64::try_from(start)
        .ok()
        .and_then(|start| start.checked_add(offset));
    let at = at.and_then(|at| usize::try_from(at).ok());
    reader.at = at.ok_or_else(|| "a value lies before its file".to_owned())?;
    Ok(())
}

fn compressed(reader: &mut Reader<'_>, number: Number, count: usize) -> Result<Vec<f64>, String> {
    let wide = if number.width() == 8 { 8 } else { 4 };
    let as_float = |own: i64| match number {
        Number::U32 => f64::from(own as u32),
        Number::U64 => own as u64 as f64,
        _ => own as f64,
    };
    if !matches!(number, Number::F16 | Number::F32 | Number::F64) {
        let ints = unpack_ints(reader.block()?, count, wide)?;
        return Ok(ints.into_iter().map(as_float).collect());
    }
    match reader.u8()? {
        // All are whole.
        b'i' => {
            let ints = unpack_ints(reader.block()?, count, 4)?;
            Ok(ints.into_iter().map(|own| own as f64).collect())
        }
        // There are few different ones.
        b't' => {
            let different = reader.u32()? as usize;
            if different > MAX_TABLE {
                return Err("a table of numbers is too large".to_owned());
            }
            let table = reader.take(different * number.width())?;
            let table: Vec<f64> = table
                .chunks_exact(number.width())
                .map(|bytes| number.read(bytes))
                .collect();
            let places = unpack_ints(reader.block()?, count, 4)?;
            let values = places
                .into_iter()
                .map(|place| table.get(place as u32 as usize).copied());
            let values: Option<Vec<f64>> = values.collect();
            values.ok_or_else(|| "a number is not in its table".to_owned())
        }
        _ => Err("numbers are compressed in a way that is not known".to_owned()),
    }
}

/// It comes last in the file.
fn put_real_part_first(kind: u8, values: &mut [f64]) {
    if (kinds::QUATERNION_OF_DOUBLES..=kinds::QUATERNION_OF_HALVES).contains(&kind) {
        for own in values.chunks_exact_mut(4) {
            own.rotate_right(1);
        }
    }
}
