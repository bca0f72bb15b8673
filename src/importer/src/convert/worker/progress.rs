//! What a worker is at, as a line on a terminal that goes when the work is done.

use crate::output::Status;
use std::io::Write;

/// Stages of the work, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::convert) enum Stage {
    Reading,
    Images,
    Colliders,
    Vertices,
    Packing,
    Checking,
}

/// Each stage with its name, and the share of the work in percent that is usually done when it begins.
const STAGES: [(Stage, &str, u8); 6] = [
    (Stage::Reading, "reading", 0),
    (Stage::Images, "images", 20),
    (Stage::Colliders, "colliders", 50),
    (Stage::Vertices, "vertices", 60),
    (Stage::Packing, "packing", 75),
    (Stage::Checking, "checking", 85),
];

impl Stage {
    /// Tells the parent that it begins.
    pub(in crate::convert) fn begin(self) {
        let place = STAGES.iter().position(|(own, ..)| *own == self);
        if let Some(place) = place.and_then(|place| u8::try_from(place).ok()) {
            scene::worker::tell_stage(place);
        }
    }
}

/// The line; nothing where there is no terminal.
pub(in crate::convert) struct Line<'a> {
    status: Status<'a>,
    /// The stage that stands there.
    shown: Option<u8>,
}

impl<'a> Line<'a> {
    pub(in crate::convert) fn new(terminal: Option<&'a mut dyn Write>) -> Self {
        Self {
            status: Status::new(terminal),
            shown: None,
        }
    }

    /// Shows the stage with a number; what is none is not shown, and the same not twice.
    pub(super) fn show(&mut self, stage: u8) {
        let Some((_, name, percent)) = STAGES.get(usize::from(stage)) else {
            return;
        };
        if self.shown != Some(stage) {
            self.shown = Some(stage);
            self.status.show(&format!("{name}, {percent} %"));
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.shown.take().is_some() {
            self.status.show("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_each_stage_once_and_goes() {
        let mut terminal = Vec::new();
        let mut line = Line::new(Some(&mut terminal));
        for stage in [0, 1, 1, 200, 5] {
            line.show(stage);
        }
        line.clear();
        line.clear();
        let text = String::from_utf8(terminal).unwrap();
        let shown: Vec<&str> = text.split('\r').map(str::trim_end).collect();
        let wanted = [
            "",
            "",
            "reading, 0 %",
            "",
            "images, 20 %",
            "",
            "checking, 85 %",
            "",
            "",
        ];
        assert_eq!(shown, wanted);
        Line::new(None).show(0);
    }

    #[test]
    fn stages_come_in_their_order() {
        for pair in STAGES.windows(2) {
            assert!(pair[0].2 < pair[1].2 && pair[1].2 < 100);
        }
    }
}
