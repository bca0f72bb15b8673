//! The menu: everything that one can do besides being in the world.

use super::{
    draw::{Facts, heading},
    page::Page,
};
use crate::ui::{
    button::{Action, Weight, control},
    theme,
};
use bevy::{input_focus::AutoFocus, prelude::*};

pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts) {
    let words = facts.words.0;
    let world = facts.visit.welcome.as_ref();
    panel.spawn(heading(
        world.map_or("Stoa", |welcome| welcome.world.title.as_str()),
    ));
    let shown = facts.studio.shown(&facts.config.0);
    let (leave, leave_label) = match shown.and_then(|shown| shown.way_out(words)) {
        Some(label) => (Action::LeaveStudio, label),
        None => (Action::GoOutside, words.menu_leave.to_owned()),
    };
    let entries = [
        (Action::Resume, words.menu_resume, "Esc"),
        (Action::Open(Page::Invitation), words.menu_invite, ""),
        (Action::Open(Page::Persona), words.menu_persona, ""),
        (Action::Open(Page::Settings), words.menu_settings, ""),
        (Action::Open(Page::Keys), words.menu_keys, "F1"),
        (leave, leave_label.as_str(), ""),
        (Action::Quit, words.quit, ""),
    ];
    for (action, label, key) in entries {
        let is_first = action == Action::Resume;
        let weight = if is_first {
            Weight::First
        } else {
            Weight::Second
        };
        let mut row = panel.spawn(entry(action, weight, label, key));
        if is_first {
            row.insert(AutoFocus);
        }
    }
}

/// A line of the menu with the key that does the same.
fn entry(action: Action, weight: Weight, label: &str, key: &'static str) -> impl Bundle {
    let color = if weight == Weight::First {
        theme::ON_ACCENT
    } else {
        theme::TEXT
    };
    (
        control(action, weight),
        Node {
            width: percent(100),
            height: px(46),
            padding: UiRect::horizontal(px(theme::PAD + 4.0)),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::SpaceBetween,
            border: UiRect::all(px(1)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL + 2.0)),
            ..default()
        },
        children![
            theme::strong(label, theme::BODY, color),
            theme::text(key, theme::SMALL, color),
        ],
    )
}
