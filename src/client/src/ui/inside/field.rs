//! A line that one writes in: a hint while it is empty, and a word when it gets too long.

use super::legible;
use crate::{
    app::order::ClientSystems,
    ui::{theme, words::Words},
};
use bevy::{
    prelude::*,
    text::{EditableText, EditableTextFilter, LineHeight, TextCursorStyle},
};
use std::time::Duration;

/// Time in which the cursor goes and comes back: calm enough for everybody.
const BLINK: Duration = Duration::from_millis(1_400);

/// On the entity that is written in.
#[derive(Component)]
pub(super) struct Field {
    max_bytes: usize,
    hint: Entity,
    warning: Entity,
}

/// What a field is for.
pub(super) struct FieldLook<'a> {
    /// What it begins with.
    pub(super) draft: &'a str,
    /// Shown while it is empty.
    pub(super) hint: &'a str,
    /// Most bytes of what it may hold when it is sent.
    pub(super) max_bytes: usize,
    /// Lines that are seen; longer texts scroll.
    pub(super) lines: u8,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, show.in_set(ClientSystems::Show));
}

/// A field inside `parent`; gives the entity that is written in, which also gets `mark`.
pub(super) fn spawn(
    commands: &mut Commands,
    parent: Entity,
    look: &FieldLook<'_>,
    mark: impl Bundle,
) -> Entity {
    let hint = commands
        .spawn((
            Node {
                position_type: PositionType::Absolute,
                left: px(theme::PAD - 4.0),
                top: px(theme::GAP),
                ..default()
            },
            legible::text(look.hint, theme::BODY, theme::TEXT_SOFT),
        ))
        .id();
    let warning = commands
        .spawn((
            Node {
                display: Display::None,
                ..default()
            },
            legible::text("", theme::SMALL, theme::ALARM_TEXT),
        ))
        .id();
    let written = commands
        .spawn((
            mark,
            Field {
                max_bytes: look.max_bytes,
                hint,
                warning,
            },
            editor(look),
        ))
        .id();
    let frame = commands
        .spawn((
            Node {
                padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP)),
                border: UiRect::all(px(2)),
                border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
                flex_shrink: 0.0,
                ..default()
            },
            BackgroundColor(theme::SUNKEN),
            BorderColor::all(theme::ACCENT.with_alpha(0.75)),
        ))
        .add_children(&[hint, written])
        .id();
    let column = commands
        .spawn(Node {
            flex_direction: FlexDirection::Column,
            row_gap: px(4),
            flex_shrink: 0.0,
            ..default()
        })
        .add_children(&[frame, warning])
        .id();
    commands.entity(parent).add_child(column);
    written
}

fn editor(look: &FieldLook<'_>) -> impl Bundle {
    let mut text = EditableText::new(look.draft);
    text.max_characters = Some(look.max_bytes);
    text.visible_lines = Some(f32::from(look.lines));
    text.cursor_width = 0.1;
    text.cursor_blink_period = BLINK;
    let linebreak = if look.lines == 1 {
        LineBreak::NoWrap
    } else {
        LineBreak::WordOrCharacter
    };
    (
        text,
        EditableTextFilter::new(|character| character == '\n' || !character.is_control()),
        TextLayout::linebreak(linebreak),
        LineHeight::RelativeToFont(1.38),
        legible::font(theme::BODY),
        TextColor(theme::TEXT),
        TextCursorStyle {
            color: theme::ACCENT,
            selection_color: theme::ACCENT.with_alpha(0.35),
            unfocused_selection_color: Color::NONE,
            selected_text_color: None,
        },
        Node {
            flex_grow: 1.0,
            overflow: Overflow::clip(),
            ..default()
        },
    )
}

/// What a field holds, as it is sent: without line breaks and spaces around.
pub(super) fn value(text: &EditableText) -> String {
    let written = text.value().to_string();
    let words: Vec<&str> = written.split_whitespace().collect();
    words.join(" ")
}

/// True while nothing is written, by keys or by an input method.
pub(super) fn is_empty(text: &EditableText) -> bool {
    text.value().to_string().is_empty() && !text.is_composing()
}

impl Field {
    /// True when what is written cannot be sent.
    pub(super) fn is_too_long(&self, value: &str) -> bool {
        value.len() > self.max_bytes
    }
}

fn show(
    words: Res<Words>,
    fields: Query<(&Field, &EditableText), Changed<EditableText>>,
    mut visibilities: Query<&mut Visibility>,
    mut texts: Query<(&mut Text, &mut Node)>,
) {
    for (field, text) in &fields {
        let is_empty = is_empty(text);
        if let Ok(mut visibility) = visibilities.get_mut(field.hint) {
            visibility.set_if_neq(if is_empty {
                Visibility::Inherited
            } else {
                Visibility::Hidden
            });
        }
        let (display, line) = if field.is_too_long(&value(text)) {
            (Display::Flex, words.0.chat_too_long)
        } else {
            (Display::None, "")
        };
        if let Ok((mut warning, mut node)) = texts.get_mut(field.warning)
            && node.display != display
        {
            node.display = display;
            line.clone_into(&mut warning.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::MAX_CHAT_BYTES;

    #[test]
    fn what_is_sent_has_no_breaks_and_no_spaces_around() {
        let text = EditableText::new("  two\nlines   你好 ");
        assert_eq!(value(&text), "two lines 你好");
    }

    #[test]
    fn length_counts_bytes_as_the_server_does() {
        let field = Field {
            max_bytes: MAX_CHAT_BYTES,
            hint: Entity::PLACEHOLDER,
            warning: Entity::PLACEHOLDER,
        };
        assert!(!field.is_too_long(&"a".repeat(MAX_CHAT_BYTES)));
        assert!(!field.is_too_long(&"好".repeat(MAX_CHAT_BYTES / 3)));
        assert!(field.is_too_long(&"好".repeat(MAX_CHAT_BYTES / 3 + 1)));
    }
}
