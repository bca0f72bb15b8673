//! Pictures in blocks of four by four pixels.

/// Pixels on a side of a block.
pub(crate) const SIDE: usize = 4;
/// Red, green, blue, alpha.
pub(crate) type Pixel = [u8; 4];
/// Pixels in rows from the top.
pub(crate) type Block = [Pixel; SIDE * SIDE];

/// A picture, or one of its levels. Its sides are not zero, and it has all its pixels.
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue and alpha of each pixel, in rows from the top.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Blocks in a row and in a column.
    pub(crate) fn size_in_blocks(&self) -> (usize, usize) {
        (self.width.div_ceil(SIDE), self.height.div_ceil(SIDE))
    }

    /// All blocks in rows from the top; beyond the edges they repeat the last pixel.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let pixels = self.pixels.as_chunks::<4>().0;
        let (columns, rows) = self.size_in_blocks();
        let mut blocks = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                blocks.push(std::array::from_fn(|place| {
                    let x = (column * SIDE + place % SIDE).min(self.width - 1);
                    let y = (row * SIDE + place / SIDE).min(self.height - 1);
                    pixels[y * self.width + x]
                }));
            }
        }
        blocks
    }
}
