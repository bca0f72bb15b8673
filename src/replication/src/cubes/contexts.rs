//! Hashes and classes that contexts are made of.

/// Mixes a number into a hash.
pub(super) const fn mix(hash: u32, value: i32) -> u32 {
    (hash ^ value as u32)
        .wrapping_mul(0x9e37_79b1)
        .rotate_left(13)
        .wrapping_add(0x7f4a_7c15)
}

/// Counter of a context for one decision.
pub(super) const fn counter(context: u32, decision: u32) -> u16 {
    let hash = mix(context, (decision * 977) as i32);
    (hash ^ (hash >> 16)) as u16
}

/// Signed logarithmic class: exact to 2, then two an octave.
pub(super) const fn signed_class(value: i32) -> i32 {
    let class = class(value);
    if value < 0 { -class } else { class }
}

/// Logarithmic class of a magnitude.
pub(super) const fn class(value: i32) -> i32 {
    let magnitude = value.unsigned_abs();
    if magnitude < 3 {
        return magnitude as i32;
    }
    let octave = 31 - magnitude.leading_zeros();
    (octave * 2 + ((magnitude >> (octave - 1)) & 1)) as i32
}

/// Sum of magnitudes.
pub(super) fn size(vector: [i32; 3]) -> i32 {
    vector.iter().map(|axis| axis.abs()).sum()
}

/// Differences of each axis.
pub(super) fn minus(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Sums of each axis.
pub(super) fn plus(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}
