//! A spatial hash over the ground plane: who is near, without looking at who is not.

use crate::history::Place;
use glam::Vec3;
use std::collections::BTreeMap;

/// Edge of a cell in metres.
const CELL_METRES: f32 = 32.0;

/// A cell, by its place in a plane of cells.
pub(crate) type Cell = (i32, i32);

/// Entities by cell.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    cells: BTreeMap<Cell, Vec<Place>>,
}

impl Grid {
    /// The cell of a position; positions are finite and within the world's range.
    pub(crate) fn cell_of(position: Vec3) -> Cell {
        let index = |metres: f32| (metres / CELL_METRES).floor() as i32;
        (index(position.x), index(position.z))
    }

    pub(crate) fn insert(&mut self, cell: Cell, place: Place) {
        self.cells.entry(cell).or_default().push(place);
    }

    pub(crate) fn remove(&mut self, cell: Cell, place: Place) {
        let Some(places) = self.cells.get_mut(&cell) else {
            return;
        };
        if let Some(index) = places.iter().position(|each| *each == place) {
            places.swap_remove(index);
        }
        if places.is_empty() {
            self.cells.remove(&cell);
        }
    }

    /// Calls `visit` with everything in the cells that a circle touches, and perhaps a little beyond.
    pub(crate) fn visit_near(&self, center: Vec3, radius: f32, mut visit: impl FnMut(Place)) {
        let low = Self::cell_of(center - Vec3::splat(radius));
        let high = Self::cell_of(center + Vec3::splat(radius));
        let mut column = low.0;
        while column <= high.0 {
            // Columns without anybody are stepped over, so that the emptiness of a large world costs nothing.
            let Some((cell, _)) = self.cells.range((column, low.1)..=(high.0, high.1)).next()
            else {
                return;
            };
            column = cell.0;
            for (_, places) in self.cells.range((column, low.1)..=(column, high.1)) {
                places.iter().copied().for_each(&mut visit);
            }
            column += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_within_the_radius_is_found_and_nothing_far() {
        let mut grid = Grid::default();
        let position = |place: Place| {
            let angle = place as f32 * 0.7;
            Vec3::new(angle.sin(), 0.1, angle.cos()) * place as f32 * 3.0
        };
        for place in 0..400 {
            grid.insert(Grid::cell_of(position(place)), place);
        }
        grid.remove(Grid::cell_of(position(7)), 7);
        for center in [Vec3::ZERO, Vec3::new(-500.0, 3.0, 40.0)] {
            let mut found = vec![];
            grid.visit_near(center, 100.0, |place| found.push(place));
            found.sort_unstable();
            let reach = 100.0 + CELL_METRES * 2.0_f32.sqrt() * 1.5;
            assert!(
                found
                    .iter()
                    .all(|place| position(*place).distance(center) < reach * 1.5)
            );
            for place in (0..400).filter(|place| *place != 7) {
                let is_near = position(place).distance(center) <= 100.0;
                assert!(!is_near || found.binary_search(&place).is_ok(), "{place}");
            }
            assert!(!found.contains(&7));
        }
    }
}
