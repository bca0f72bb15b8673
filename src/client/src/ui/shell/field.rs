//! A line that one writes in: any script, with the system's input method, and the clipboard.

use crate::{
    app::order::ClientSystems,
    ui::{
        button::{Action, Submits, Weight},
        theme,
    },
};
use bevy::{
    input_focus::{AutoFocus, tab_navigation::TabIndex},
    picking::hover::Hovered,
    prelude::*,
    text::{EditableText, TextCursorStyle},
};

/// What a field is for.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Address,
}

/// Shown in an empty field.
#[derive(Component)]
struct Placeholder;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, hide_placeholder.in_set(ClientSystems::Show));
}

/// Puts a field on a page; it has the focus at first. `longest` characters fit in.
pub(super) fn spawn(
    parent: &mut ChildSpawnerCommands,
    kind: Field,
    (content, hint): (&str, &str),
    longest: usize,
    submits: Action,
) {
    let mut text = EditableText::new(content);
    text.max_characters = Some(longest);
    text.cursor_width = 0.1;
    let frame = Node {
        width: percent(100),
        ..default()
    };
    parent.spawn(frame).with_children(|frame| {
        frame
            .spawn((
                kind,
                text,
                Submits(submits),
                AutoFocus,
                TabIndex(0),
                Weight::Second,
                Hovered::default(),
                Node {
                    width: percent(100),
                    height: px(48),
                    padding: UiRect::axes(px(theme::PAD), px(10)),
                    border: UiRect::all(px(1)),
                    border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
                    overflow: Overflow::clip(),
                    ..default()
                },
                BackgroundColor(theme::RAISED),
                BorderColor::all(theme::EDGE),
                Outline::new(px(2), px(2), Color::NONE),
            ))
            .insert((
                TextFont::from_font_size(theme::LEAD - 2.0),
                TextColor(theme::TEXT),
                TextLayout::no_wrap(),
                TextCursorStyle {
                    color: theme::ACCENT,
                    selection_color: theme::SELECTION,
                    unfocused_selection_color: Color::NONE,
                    selected_text_color: None,
                },
            ));
        frame.spawn((
            Placeholder,
            visibility(content.is_empty()),
            theme::text(hint, theme::BODY, theme::TEXT_SOFT),
            Node {
                position_type: PositionType::Absolute,
                left: px(theme::PAD + 4.0),
                top: px(11),
                ..default()
            },
        ));
    });
}

/// What stands in a field, without what an input method is still composing.
pub(super) fn content(text: &EditableText) -> String {
    text.value().into_iter().collect()
}

fn hide_placeholder(
    fields: Query<&EditableText, With<Field>>,
    mut hints: Query<&mut Visibility, With<Placeholder>>,
) {
    let is_empty = fields
        .iter()
        .all(|text| content(text).is_empty() && !text.is_composing());
    for mut shown in &mut hints {
        shown.set_if_neq(visibility(is_empty));
    }
}

fn visibility(is_shown: bool) -> Visibility {
    if is_shown {
        Visibility::Inherited
    } else {
        Visibility::Hidden
    }
}
