//! A file of another format that is saved while one looks at it is converted once more. The server follows what it becomes; when
//! it cannot be converted, what one sees stays, and the report says so.

use super::{
    Conversion, ConversionError, Converted,
    beside::{self, Look},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    ui::studio::Studio,
};
use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, Task, block_on, poll_once},
};
use protocol::WorldAddress;
use std::path::Path;

/// Seconds between two looks at the file.
const LOOK_SECS: f64 = 0.5;

/// What became of the file since it was opened.
#[derive(Resource, Default)]
pub(in crate::ui::studio) struct Again {
    /// The world in which it is seen.
    of: Option<WorldAddress>,
    /// How it lay there when it was converted last, and at the last look.
    taken: Look,
    seen: Look,
    looked_secs: f64,
    looking: Option<Task<Look>>,
    conversion: Option<Conversion>,
    /// What the converter said last of what is seen.
    pub(super) notes: Vec<String>,
    /// Why what was saved last is not what is seen.
    pub(super) fault: Option<ConversionError>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Again>();
    app.add_systems(Update, convert.in_set(ClientSystems::Receive));
}

impl Again {
    fn new(of: &WorldAddress, converted: &Converted) -> Self {
        Self {
            of: Some(of.clone()),
            taken: converted.seen.clone(),
            seen: converted.seen.clone(),
            notes: converted.notes.clone(),
            ..Self::default()
        }
    }

    /// True while what was saved is being converted.
    pub(super) fn is_converting(&self) -> bool {
        self.conversion.is_some()
    }

    /// Looks now and then how the file lies there, beside everything else.
    fn look(&mut self, source: &Path, now_secs: f64) -> Option<Look> {
        if self.looking.is_none() && now_secs - self.looked_secs > LOOK_SECS {
            self.looked_secs = now_secs;
            let source = source.to_path_buf();
            let task = async move { beside::look(&source) };
            self.looking = Some(AsyncComputeTaskPool::get().spawn(task));
        }
        let look = block_on(poll_once(self.looking.as_mut()?))?;
        self.looking = None;
        Some(look)
    }

    /// Begins when the file was saved and has stayed as it is since: programs save in several steps. True when that is news.
    fn begin(&mut self, now: Look, converted: &Converted, importer: &Path) -> bool {
        let is_settled = now == self.seen;
        self.seen = now;
        let is_due = is_settled && self.seen != self.taken && self.seen.is_there();
        if !is_due || self.conversion.is_some() {
            return false;
        }
        self.taken = self.seen.clone();
        self.fault = None;
        match Conversion::again(converted, self.seen.clone(), importer) {
            Ok(conversion) => self.conversion = Some(conversion),
            Err(fault) => self.fault = Some(fault),
        }
        true
    }

    /// True when that is news.
    fn end(&mut self) -> bool {
        let Some(result) = self.conversion.as_mut().and_then(Conversion::poll) else {
            return false;
        };
        self.conversion = None;
        match result {
            Ok(converted) => self.notes = converted.notes,
            Err(fault) => self.fault = Some(fault),
        }
        true
    }
}

fn convert(
    time: Res<Time<Real>>,
    (studio, config): (Res<Studio>, Res<Config>),
    stage: Res<State<Stage>>,
    mut again: ResMut<Again>,
) {
    let shown = studio.shown(&config.0);
    let shown = shown.filter(|_| *stage.get() != Stage::Outside);
    let converted = shown.and_then(|shown| Some((&shown.address, shown.opened.converted()?)));
    let Some((address, converted)) = converted else {
        // What goes on ends with it.
        if again.of.is_some() {
            *again = Again::default();
        }
        return;
    };
    if again.of.as_ref() != Some(address) {
        *again = Again::new(address, converted);
    }
    let state = again.bypass_change_detection();
    let look = state.look(converted.source(), time.elapsed_secs_f64());
    let importer = &config.0.surroundings.importer;
    let has_begun = look.is_some_and(|look| state.begin(look, converted, importer));
    let has_ended = state.end();
    if has_begun || has_ended {
        again.set_changed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_converted_when_it_is_whole_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chair.obj");
        std::fs::write(&file, "1").unwrap();
        let first = beside::look(&file);
        let mut converted = Converted::sample("chair.obj");
        converted.seen = first.clone();
        let nowhere = Path::new("/nowhere/stoa-import");
        let world = "stoa://127.0.0.1:9/chair".parse().unwrap();
        let mut again = Again::new(&world, &converted);
        let mut begin = |look: &Look| again.begin(look.clone(), &converted, nowhere);
        assert!(!begin(&first));
        std::fs::write(&file, "12").unwrap();
        let saved = beside::look(&file);
        assert!(!begin(&saved), "it may be half of it");
        assert!(begin(&saved));
        assert!(!begin(&saved));
        // A program that saves may take it away for a moment.
        for _ in 0..2 {
            assert!(!begin(&Look::default()));
        }
        assert!(!begin(&saved) && !begin(&saved));
        assert!(matches!(again.fault, Some(ConversionError::Absent(_))));
    }
}
