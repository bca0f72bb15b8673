//! Filters: what vertex data meant before they were made to compress well.

/// Elements of four components of one byte, where the stride is four, or two.
fn each_of_four(bytes: &mut [u8], stride: usize, change: impl Fn([i32; 4]) -> [f32; 4]) {
    if stride == 4 {
        for element in bytes.as_chunks_mut::<4>().0 {
            let own = element.map(|byte| i32::from(byte as i8));
            *element = change(own).map(|value| nearest(value) as u8);
        }
        return;
    }
    for element in bytes.as_chunks_mut::<8>().0 {
        let own = std::array::from_fn(|at| {
            i32::from(i16::from_le_bytes([element[at * 2], element[at * 2 + 1]]))
        });
        for (place, value) in element.as_chunks_mut().0.iter_mut().zip(change(own)) {
            *place = (nearest(value) as u16).to_le_bytes();
        }
    }
}

/// The nearest whole number, by way of a half that is added away from zero.
fn nearest(value: f32) -> i32 {
    (value + 0.5f32.copysign(value)) as i32
}

/// Unit vectors folded onto an octahedron; the third component is what stands for one.
pub(super) fn octahedral(bytes: &mut [u8], stride: usize) {
    let largest = if stride == 4 { 127.0 } else { 32_767.0 };
    each_of_four(bytes, stride, |[x, y, one, rest]| {
        let one = one as f32;
        let (mut x, mut y) = (x as f32 / one, y as f32 / one);
        let z = 1.0 - x.abs() - y.abs();
        let fold = (-z).max(0.0);
        x -= fold.copysign(x);
        y -= fold.copysign(y);
        let scale = largest / (x * x + y * y + z * z).sqrt();
        [x * scale, y * scale, z * scale, rest as f32]
    });
}

/// Quaternions without their largest component; the last one says which that is, and what stands for one.
pub(super) fn quaternion(bytes: &mut [u8], stride: usize) {
    each_of_four(bytes, stride, |[x, y, z, rest]| {
        let scale = std::f32::consts::FRAC_1_SQRT_2 / (rest | 3) as f32;
        let others = [x, y, z].map(|value| value as f32 * scale);
        let squares: f32 = others.iter().map(|value| value * value).sum();
        let largest = (1.0 - squares).max(0.0).sqrt();
        let place = (rest & 3) as usize;
        let mut quaternion = [largest * 32_767.0; 4];
        for (number, value) in others.into_iter().enumerate() {
            quaternion[(place + 1 + number) % 4] = value * 32_767.0;
        }
        quaternion
    });
}

/// Floats as a power of two and 24 bits to multiply it.
pub(super) fn exponential(bytes: &mut [u8]) {
    for word in bytes.as_chunks_mut().0 {
        let own = i32::from_le_bytes(*word);
        let (exponent, mantissa) = (own >> 24, own << 8 >> 8);
        let power = f32::from_bits(((exponent + 127) as u32) << 23);
        *word = (power * mantissa as f32).to_le_bytes();
    }
}

/// Colours as brightness and two differences; the highest bit of alpha says how many bits all have.
pub(super) fn color(bytes: &mut [u8], stride: usize) {
    let (mask, largest) = match stride {
        4 => (0xFF, 255.0),
        _ => (0xFFFF, 65_535.0),
    };
    each_of_four(bytes, stride, |[bright, orange, green, alpha]| {
        let (bright, alpha) = (bright & mask, alpha & mask);
        let bits = 32 - alpha.leading_zeros();
        let all = (1i64 << bits) - 1;
        let short = alpha & (all >> 1) as i32;
        let alpha = short << 1 | short & 1;
        let scale = largest / all.max(1) as f32;
        [
            bright + orange - green,
            bright + green,
            bright - orange - green,
            alpha,
        ]
        .map(|value| value as f32 * scale)
    });
}
