//! Unit quaternions (x, y, z, w) by IEEE additions, multiplications, divisions and square roots of f64 alone: the same
//! bits on every machine, which library sines are not.

pub(crate) fn normalise(q: [f64; 4]) -> [f64; 4] {
    let length = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).sqrt();
    if length < 1.0e-9 {
        return [0.0, 0.0, 0.0, 1.0];
    }
    [q[0] / length, q[1] / length, q[2] / length, q[3] / length]
}

/// Hamilton product.
pub(crate) fn multiply(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [
        a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
        a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
        a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
        a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
    ]
}

/// The turn back.
pub(crate) fn inverse(q: [f64; 4]) -> [f64; 4] {
    [-q[0], -q[1], -q[2], q[3]]
}

/// A vector turned.
pub(crate) fn rotate(q: [f64; 4], vector: [f64; 3]) -> [f64; 3] {
    let turned = multiply(
        multiply(q, [vector[0], vector[1], vector[2], 0.0]),
        inverse(q),
    );
    [turned[0], turned[1], turned[2]]
}

/// Axis times half the angle of a turn by the shorter way; exact to the seventh order of the sine, at most 0.9.
pub(crate) fn half_turn(turn: [f64; 4]) -> [f64; 3] {
    let sign = if turn[3] < 0.0 { -1.0 } else { 1.0 };
    let squared = turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2];
    let squared = if squared > 0.5 { 0.5 } else { squared };
    let angle_over_sine =
        1.0 + squared * (1.0 / 6.0 + squared * (3.0 / 40.0 + squared * (15.0 / 336.0)));
    let scale = sign * angle_over_sine;
    [turn[0] * scale, turn[1] * scale, turn[2] * scale]
}

/// The turn of a half-angle vector; angles above 3 radians count as 3.
pub(crate) fn turn_of(half: [f64; 3]) -> [f64; 4] {
    let mut squared = half[0] * half[0] + half[1] * half[1] + half[2] * half[2];
    let mut scale = 1.0;
    if squared > 2.25 {
        scale = (2.25 / squared).sqrt();
        squared = 2.25;
    }
    let a = squared;
    let sine_over_angle = 1.0 - a / 6.0 * (1.0 - a / 20.0 * (1.0 - a / 42.0 * (1.0 - a / 72.0)));
    let cosine = 1.0 - a / 2.0 * (1.0 - a / 12.0 * (1.0 - a / 30.0 * (1.0 - a / 56.0)));
    let part = scale * sine_over_angle;
    normalise([half[0] * part, half[1] * part, half[2] * part, cosine])
}

/// Index of the largest component.
pub(crate) fn largest_component(quaternion: [f64; 4]) -> usize {
    let mut largest = 3;
    for index in 0..3 {
        if quaternion[index].abs() > quaternion[largest].abs() {
            largest = index;
        }
    }
    largest
}
