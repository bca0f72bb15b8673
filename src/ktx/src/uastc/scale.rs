//! Values of endpoints: few numbers that stand for some of 0 to 255 (ASTC, "Endpoint Unquantization").

/// A number of values for endpoints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// 48, 160, 192 and all 256.
    Of48,
    Of160,
    Of192,
    All,
}

/// What is written for a value: its lowest bits, and how many they are; and a digit, whose base is 3 or 5.
pub(super) struct Spelling {
    pub(super) bits: u32,
    pub(super) base: u32,
}

impl Spelling {
    /// How many digits make one number at most, and how many bits a number of one digit, two and so on has.
    pub(super) fn groups(&self) -> (usize, &'static [u32]) {
        match self.base {
            3 => (5, &[2, 4, 5, 7, 8]),
            5 => (3, &[3, 5, 7]),
            _ => (1, &[0]),
        }
    }
}

/// A value of a scale.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    /// As it is written.
    pub(super) code: u8,
    /// What it stands for.
    pub(super) value: u8,
}

impl Scale {
    pub(super) fn spelling(self) -> Spelling {
        let (bits, base) = match self {
            Self::Of48 => (4, 3),
            Self::Of160 => (5, 5),
            Self::Of192 => (6, 3),
            Self::All => (8, 1),
        };
        Spelling { bits, base }
    }

    /// What a code stands for.
    pub(super) fn value(self, code: u32) -> u32 {
        let (bits, factor) = match self {
            Self::Of48 => (4, 22),
            Self::Of160 => (5, 6),
            Self::Of192 => (6, 5),
            Self::All => return code,
        };
        let bit = |place: u32| code >> place & 1;
        let (b, c, d, e, f) = (bit(1), bit(2), bit(3), bit(4), bit(5));
        let scattered = match self {
            Self::Of48 => d << 8 | c << 7 | b << 6 | d << 2 | c << 1 | b,
            Self::Of160 => e << 8 | d << 7 | c << 6 | b << 5 | e,
            _ => f << 8 | e << 7 | d << 6 | c << 5 | b << 4 | f,
        };
        let all = if code & 1 == 1 { 511 } else { 0 };
        let sum = ((code >> bits) * factor + scattered) ^ all;
        (all & 0x80) | sum >> 2
    }
}

/// For each of 0 to 255 the nearest step of each scale.
pub(super) struct Scales([[Step; 256]; 4]);

impl Scales {
    pub(super) fn new() -> Self {
        let all = [
            (Scale::Of48, 48),
            (Scale::Of160, 160),
            (Scale::Of192, 192),
            (Scale::All, 256),
        ];
        Self(all.map(|(scale, count)| {
            std::array::from_fn(|wanted| {
                let off = |code: &u32| scale.value(*code).abs_diff(wanted as u32);
                let code = (0..count).min_by_key(off).unwrap_or_default();
                let value = scale.value(code) as u8;
                Step {
                    code: code as u8,
                    value,
                }
            })
        }))
    }

    pub(super) fn nearest(&self, scale: Scale, value: f32) -> Step {
        self.0[scale as usize][value.round().clamp(0.0, 255.0) as usize]
    }
}
