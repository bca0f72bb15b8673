//! What tests of several modules need.

/// Colours of a block of BC7 (Khronos Data Format Specification 1.3, "BC7") of mode 5 with channels in their places.
pub(crate) fn bc7(block: [u8; 16]) -> [[i32; 4]; 16] {
    let bits = u128::from_le_bytes(block);
    let field = |at: u32, count: u32| (bits >> at) as i32 & ((1 << count) - 1);
    assert_eq!(field(0, 8), 1 << 5);
    let ends = |at: u32, count: u32| [field(at, count), field(at + count, count)];
    let color = [8, 22, 36].map(|at| ends(at, 7).map(|seven| seven << 1 | seven >> 6));
    let alpha = ends(50, 8);
    let mix = |[low, high]: [i32; 2], weight: i32| ((64 - weight) * low + weight * high + 32) >> 6;
    std::array::from_fn(|place| {
        // The first of the weights of a line lacks its highest bit.
        let weight = |start: u32| match place as u32 {
            0 => field(start, 1),
            place => field(start - 1 + place * 2, 2),
        };
        let [color_weight, alpha_weight] =
            [66, 97].map(|start| [0, 21, 43, 64][weight(start) as usize]);
        let [red, green, blue] = color.map(|ends| mix(ends, color_weight));
        [red, green, blue, mix(alpha, alpha_weight)]
    })
}
