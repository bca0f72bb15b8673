//! Eight views in two rows, each turned by an eighth and facing the one who looks.

use super::stage::{EYES, Model, Place, about_x, about_y, product};
use std::f32::consts::{PI, TAU};

const COLUMNS: usize = 4;
const ROWS: usize = 2;
/// Width and height of a cell, when the model's ball has the radius one.
const CELL: f32 = 2.1;
/// What the sheet takes of what the eye sees from top to bottom, in radians.
pub(super) const FIELD_OF_VIEW: f32 = 0.5;
/// One looks down on the model by so much, in radians.
const TILT: f32 = 0.3;

/// Distance of the sheet from the eye, so that it takes its share of the field of view.
fn distance() -> f32 {
    ROWS as f32 * CELL / 2.0 / (FIELD_OF_VIEW / 2.0).tan()
}

/// Pixels of a sheet whose cells have `cell` pixels on a side.
pub(super) fn size(cell: u32) -> (u32, u32) {
    (COLUMNS as u32 * cell, ROWS as u32 * cell)
}

/// The world as a GLB.
///
/// # Errors
/// One line when it cannot be written.
pub(super) fn make(model: Model) -> Result<Vec<u8>, String> {
    let turn = if model.is_facing_back { PI } else { 0.0 };
    let (middle, scale) = (model.middle(), 1.0 / model.radius());
    let places: Vec<Place> = (0..COLUMNS * ROWS)
        .map(|place| stand(place, turn, scale))
        .collect();
    model.stand(middle, &places, 2.0 * distance())
}

/// A cell's model: turned, tilted and turned to the eye.
fn stand(place: usize, turn: f32, scale: f32) -> Place {
    let (column, row) = (place % COLUMNS, place / COLUMNS);
    let right = (column as f32 - (COLUMNS as f32 - 1.0) / 2.0) * CELL;
    let up = ((ROWS as f32 - 1.0) / 2.0 - row as f32) * CELL;
    let own = turn + place as f32 * TAU / (COLUMNS * ROWS) as f32;
    // The eye is at the origin of the sheet's axes, the sheet at -Z.
    let to_eye = (-right).atan2(distance());
    let fall = up.atan2(distance());
    Place {
        at: [right, up + EYES, -distance()],
        rotation: product(about_y(to_eye), product(about_x(TILT + fall), about_y(own))),
        scale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::testing;

    #[test]
    fn a_sheet_shows_the_model_eight_times_within_its_cells() {
        let model = Model::open(&testing::triangle([100.0, 0.0, 0.0])).unwrap();
        let scene = testing::load(&make(model).unwrap());
        assert_eq!(scene.triangle_count(), 8 + 2, "with a backdrop");
        let cells = scene
            .nodes
            .iter()
            .filter(|node| node.transform.scale.x != 1.0);
        let cells: Vec<_> = cells.map(|node| node.transform.translation).collect();
        assert_eq!(cells.len(), 8);
        assert!(
            cells
                .iter()
                .all(|at| at.x.abs() < CELL * 2.0 && (at.y - EYES).abs() < CELL)
        );
        assert!(scene.nodes.iter().any(|node| node.spawn_point.is_some()));
    }
}
