//! One line at the end of a page that says what came of a press.

use crate::{
    app::order::ClientSystems,
    settings::KeepFault,
    ui::{
        theme,
        words::{Words, fill},
    },
};
use bevy::prelude::*;

/// What is to be said on the open page.
#[derive(Resource, Default)]
pub(super) struct Notice {
    pub(super) line: String,
    is_bad: bool,
}

/// The line's text.
#[derive(Component)]
struct Line;

impl Notice {
    pub(super) fn good(&mut self, line: impl Into<String>) {
        (self.line, self.is_bad) = (line.into(), false);
    }

    pub(super) fn bad(&mut self, line: impl Into<String>) {
        (self.line, self.is_bad) = (line.into(), true);
    }

    pub(super) fn clear(&mut self) {
        self.line.clear();
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Notice>();
    app.add_systems(
        Update,
        (
            tell_keep_fault.run_if(resource_exists_and_changed::<KeepFault>),
            show,
        )
            .chain()
            .in_set(ClientSystems::Show),
    );
}

/// The place of the line on a page; takes no room while there is nothing to say.
pub(super) fn line() -> impl Bundle {
    (
        Line,
        theme::text("", theme::BODY, theme::CALM),
        Node {
            display: Display::None,
            ..default()
        },
    )
}

fn tell_keep_fault(fault: Res<KeepFault>, words: Res<Words>, mut notice: ResMut<Notice>) {
    if let Some(line) = &fault.0 {
        notice.bad(fill(words.0.not_saved, &[line]));
    }
}

fn show(notice: Res<Notice>, mut lines: Query<(&mut Text, &mut TextColor, &mut Node), With<Line>>) {
    for (mut text, mut color, mut node) in &mut lines {
        if text.0 == notice.line {
            continue;
        }
        text.0.clone_from(&notice.line);
        color.0 = if notice.is_bad {
            theme::ALARM_TEXT
        } else {
            theme::CALM
        };
        node.display = if notice.line.is_empty() {
            Display::None
        } else {
            Display::Flex
        };
    }
}
