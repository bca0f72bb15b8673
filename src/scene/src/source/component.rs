//! Component types of accessors, and how one component becomes a float (glTF 2.0 section 3.11).

/// Component types of accessors (glTF 2.0 section 3.6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Signed byte, 5120.
    I8,
    /// Unsigned byte, 5121.
    U8,
    /// Signed short, 5122.
    I16,
    /// Unsigned short, 5123.
    U16,
    /// Unsigned int, 5125.
    U32,
    /// Float, 5126.
    F32,
    /// Double, 5130 (KHR_accessor_float64). Whatever is read of them are floats.
    F64,
}

impl Component {
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            5130 => Self::F64,
            _ => return None,
        })
    }

    /// Its glTF number.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::I8 => 5120,
            Self::U8 => 5121,
            Self::I16 => 5122,
            Self::U16 => 5123,
            Self::U32 => 5125,
            Self::F32 => 5126,
            Self::F64 => 5130,
        }
    }

    /// The component that begins at the start of `bytes` as a float, `is_normalized` as its share of the largest value.
    pub(crate) fn float(self, is_normalized: bool, bytes: &[u8]) -> f32 {
        match (self, is_normalized) {
            (Self::F32, _) => Float::float(bytes),
            (Self::F64, _) => Double::float(bytes),
            (Self::U32, _) => UnsignedInt::float(bytes),
            (Self::I8, false) => Byte::float(bytes),
            (Self::I8, true) => ByteShare::float(bytes),
            (Self::U8, false) => UnsignedByte::float(bytes),
            (Self::U8, true) => UnsignedByteShare::float(bytes),
            (Self::I16, false) => Short::float(bytes),
            (Self::I16, true) => ShortShare::float(bytes),
            (Self::U16, false) => UnsignedShort::float(bytes),
            (Self::U16, true) => UnsignedShortShare::float(bytes),
        }
    }

    /// Bytes of one component.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// One kind of component in memory. A type for each, so that loops over elements hold no decisions.
pub(crate) trait Lane {
    /// Bytes a component.
    const BYTES: usize;
    /// The component at the start of `bytes`, which holds at least [`Lane::BYTES`].
    fn float(bytes: &[u8]) -> f32;
}

macro_rules! lanes {
    ($($name:ident: $number:ty, $value:ident => $float:expr;)+) => {$(
        pub(crate) struct $name;
        impl Lane for $name {
            const BYTES: usize = size_of::<$number>();
            #[inline]
            fn float(bytes: &[u8]) -> f32 {
                let mut own = [0; size_of::<$number>()];
                own.copy_from_slice(&bytes[..size_of::<$number>()]);
                let $value = <$number>::from_le_bytes(own);
                $float
            }
        }
    )+};
}

lanes! {
    Float: f32, value => value;
    Double: f64, value => value as f32;
    Byte: i8, value => f32::from(value);
    ByteShare: i8, value => (f32::from(value) / 127.0).max(-1.0);
    UnsignedByte: u8, value => f32::from(value);
    UnsignedByteShare: u8, value => f32::from(value) / 255.0;
    Short: i16, value => f32::from(value);
    ShortShare: i16, value => (f32::from(value) / 32_767.0).max(-1.0);
    UnsignedShort: u16, value => f32::from(value);
    UnsignedShortShare: u16, value => f32::from(value) / 65_535.0;
    UnsignedInt: u32, value => value as f32;
}
