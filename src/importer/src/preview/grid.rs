//! Cells of a sheet, side by side before the one who looks.

use super::stage::{EYES, Place, about_x, about_y, product};

/// What a sheet takes of what the eye sees from top to bottom, in radians.
pub(super) const FIELD_OF_VIEW: f32 = 0.5;
/// Height of a cell, when what is shown in it has the radius one.
pub(super) const CELL: f32 = 2.1;

/// How cells lie in a sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Width of a cell, in heights of one.
    pub(super) aspect: f32,
}

impl Grid {
    /// Distance of the sheet from the eye, so that it takes its share of the field of view.
    pub(super) fn distance(&self) -> f32 {
        self.rows as f32 * CELL / 2.0 / (FIELD_OF_VIEW / 2.0).tan()
    }

    /// Pixels of a cell of this height.
    pub(super) fn cell_size(&self, cell: u32) -> (u32, u32) {
        ((cell as f32 * self.aspect).round() as u32, cell)
    }

    /// Pixels of the sheet, when cells are `cell` pixels high.
    pub(super) fn size(&self, cell: u32) -> (u32, u32) {
        let (width, height) = self.cell_size(cell);
        (self.columns as u32 * width, self.rows as u32 * height)
    }

    /// Upper edge of a row above the eye, at the distance of the sheet.
    pub(super) fn top_of(&self, row: usize) -> f32 {
        (self.rows as f32 / 2.0 - row as f32) * CELL
    }

    /// Middle of a cell, to the right of the eye and above it, at the distance of the sheet.
    fn center_of(&self, place: usize) -> (f32, f32) {
        let (column, row) = (place % self.columns, place / self.columns);
        let right = (column as f32 - (self.columns as f32 - 1.0) / 2.0) * CELL * self.aspect;
        (right, self.top_of(row) - CELL / 2.0)
    }

    /// Where what a cell shows stands, which has this radius in the file, so many times nearer than the sheet: turned, tilted
    /// and turned to the eye.
    pub(super) fn place(
        &self,
        place: usize,
        (turn, tilt): (f32, f32),
        nearer: f32,
        radius: f32,
    ) -> Place {
        let (right, up) = self.center_of(place);
        // The eye is at the origin of the sheet's axes, the sheet at -Z.
        let to_eye = (-right).atan2(self.distance());
        let fall = up.atan2(self.distance());
        Place {
            at: [
                right * nearer,
                up * nearer + EYES,
                -self.distance() * nearer,
            ],
            rotation: product(
                about_y(to_eye),
                product(about_x(tilt + fall), about_y(turn)),
            ),
            scale: nearer / radius,
        }
    }
}
