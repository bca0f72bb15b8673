//! Component types of accessors, and how one component becomes a float (glTF 2.0 section 3.11).

/// Component types by their glTF number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
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
            _ => return None,
        })
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
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
