//! Eight views in two rows, each turned by an eighth and facing the one who looks.

use super::{grid::Grid, stage::Model};
use scene::{NoSideFiles, Purpose, load_bytes};
use std::f32::consts::TAU;

pub(super) const GRID: Grid = Grid {
    columns: 4,
    rows: 2,
    aspect: 1.0,
};
/// One looks down on the model by so much, in radians.
const TILT: f32 = 0.3;

/// The world as a GLB.
///
/// # Errors
/// One line when it cannot be written, or eight of the model are more than a world may hold.
pub(super) fn make(model: Model) -> Result<Vec<u8>, String> {
    let (middle, radius) = (model.middle(), model.radius());
    let cells = GRID.columns * GRID.rows;
    let places: Vec<_> = (0..cells)
        .map(|place| {
            let turn = place as f32 * TAU / cells as f32;
            GRID.place(place, (turn, TILT), 1.0, radius)
        })
        .collect();
    let glb = model
        .stand(middle, &places, 2.0 * GRID.distance())
        .map_err(|fault| format!("{fault}: draw one with --from"))?;
    match load_bytes(&glb, &NoSideFiles, Purpose::World) {
        Ok(_) => Ok(glb),
        Err(error) => Err(format!(
            "eight of it are more than a world may hold ({error}): draw one with --from"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::{
        grid::CELL,
        stage::{EYES, require_fitting},
        testing,
    };
    use scene::{limits::MAX_JSON_BYTES, writer::Draft};
    use serde_json::json;

    #[test]
    fn what_cannot_stand_eight_times_is_to_be_drawn_once() {
        let glb = testing::instances(6_000_000);
        let fault = make(Model::open(&glb).unwrap()).unwrap_err();
        assert!(fault.contains("--from"), "{fault}");
    }

    #[test]
    fn what_a_file_says_beside_its_nodes_stands_in_no_cell() {
        let glb = testing::triangle([0.0; 3]);
        let mut draft = Draft::open(&glb, &NoSideFiles, Purpose::World).unwrap();
        let long = "x".repeat(MAX_JSON_BYTES / 8);
        draft.json["nodes"][0]["extras"] = json!({ "note": long });
        draft.json["nodes"][0]["extensions"] = json!({ "XYZ_unknown": { "note": long } });
        let model = Model::open(&draft.write(None).unwrap()).unwrap();
        let scene = testing::load(&make(model).unwrap());
        assert_eq!(scene.triangle_count(), 8 + 2, "with a backdrop");
    }

    #[test]
    fn nodes_that_have_more_json_than_is_read_once_there_are_eight_are_not_copied() {
        let weights = |count: usize| vec![json!({ "mesh": 0, "weights": vec![0.25; count] })];
        let glb = testing::triangle([0.0; 3]);
        let mut draft = Draft::open(&glb, &NoSideFiles, Purpose::World).unwrap();
        draft.json["nodes"] = weights(MAX_JSON_BYTES / 8 / 5).into();
        let fault = require_fitting(&draft, &["nodes"], 8).unwrap_err();
        assert!(fault.contains("bytes of JSON"), "{fault}");
        draft.json["nodes"] = weights(MAX_JSON_BYTES / 8 / 5 - 100).into();
        assert_eq!(require_fitting(&draft, &["nodes"], 8), Ok(()));
    }

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
