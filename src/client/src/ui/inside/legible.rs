//! Texts over the world: letters stay large enough to read however small the picture is, and texts from outside are tamed.

use crate::{app::order::ClientSystems, ui::theme};
use bevy::prelude::*;

/// Smallest size of letters, in pixels of the picture.
const SMALLEST_LETTERS: f32 = 10.0;

/// The size that a text has where there is room, in the theme's units.
#[derive(Component, Clone, Copy)]
struct Wished(f32);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, fit.in_set(ClientSystems::Show));
}

/// A line or paragraph.
pub(in crate::ui) fn text(content: impl Into<String>, size: f32, color: Color) -> impl Bundle {
    (theme::text(content, size, color), Wished(size))
}

/// A line that weighs more.
pub(in crate::ui) fn strong(content: impl Into<String>, size: f32, color: Color) -> impl Bundle {
    (theme::strong(content, size, color), Wished(size))
}

/// A part of a text, with a weight and colour of its own.
pub(in crate::ui) fn span(
    content: impl Into<String>,
    size: f32,
    weight: FontWeight,
    color: Color,
) -> impl Bundle {
    (
        TextSpan::new(content),
        TextFont::from_font_size(size).with_font_weight(weight),
        TextColor(color),
        Wished(size),
    )
}

/// Font of a field that is written in.
pub(in crate::ui) fn font(size: f32) -> impl Bundle {
    (TextFont::from_font_size(size), Wished(size))
}

/// A key as it looks on a keyboard, and what it does.
pub(in crate::ui) fn key_hint(key: impl Into<String>, meaning: impl Into<String>) -> impl Bundle {
    (
        Node {
            column_gap: px(theme::GAP),
            align_items: AlignItems::Center,
            ..default()
        },
        children![
            (
                Node {
                    min_width: px(26),
                    min_height: px(26),
                    padding: UiRect::axes(px(7), px(1)),
                    align_items: AlignItems::Center,
                    justify_content: JustifyContent::Center,
                    border: UiRect {
                        bottom: px(3),
                        ..UiRect::all(px(1))
                    },
                    border_radius: BorderRadius::all(px(6)),
                    ..default()
                },
                BackgroundColor(theme::RAISED),
                BorderColor::all(theme::HAIRLINE.with_alpha(0.25)),
                children![strong(key, theme::SMALL, theme::TEXT)],
            ),
            text(meaning, theme::BODY, theme::TEXT)
        ],
    )
}

/// A small word on a ground of its own, beside a name.
pub(in crate::ui) fn mark(word: impl Into<String>) -> impl Bundle {
    (
        Node {
            padding: UiRect::horizontal(px(6)),
            border_radius: BorderRadius::all(px(6)),
            flex_shrink: 0.0,
            ..default()
        },
        BackgroundColor(theme::RAISED_BRIGHT),
        children![(text(word, theme::SMALL, theme::NAME), TextLayout::no_wrap(),)],
    )
}

/// The size of letters in the theme's units, at a scale of the screens.
pub(in crate::ui) fn letters(wished: f32, scale: f32) -> f32 {
    wished.max(SMALLEST_LETTERS / scale.max(0.05))
}

fn fit(scale: Res<UiScale>, mut texts: Query<(Ref<Wished>, &mut TextFont)>, mut last: Local<f32>) {
    let is_other = (*last - scale.0).abs() > 1e-4;
    *last = scale.0;
    for (wished, mut font) in &mut texts {
        if is_other || wished.is_added() {
            font.font_size = FontSize::Px(letters(wished.0, scale.0));
        }
    }
}

/// A text from outside as one line of at most `limit` characters: no line breaks, nothing invisible, nothing that
/// reorders its neighbours.
pub(in crate::ui) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut shown = text
        .chars()
        .map(|character| {
            if character.is_whitespace() {
                ' '
            } else {
                character
            }
        })
        .filter(|character| !is_hidden(*character));
    line.extend(shown.by_ref().take(limit));
    if shown.next().is_some() {
        line.push('…');
    }
    line.trim().to_owned()
}

fn is_hidden(character: char) -> bool {
    scene::is_unprintable(character)
        || matches!(
            character,
            '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_never_fall_below_what_can_be_read() {
        for height in [180.0, 360.0, 720.0, 2160.0] {
            let scale = theme::scale_of_height(height);
            let pixels = letters(theme::SMALL, scale) * scale;
            assert!(pixels >= SMALLEST_LETTERS - 1e-3, "{height}: {pixels}");
        }
        assert_eq!(letters(theme::BODY, 1.0), theme::BODY);
    }

    #[test]
    fn a_text_from_outside_becomes_one_harmless_line() {
        assert_eq!(one_line(" a\nb\tc ", 100), "a b c");
        assert_eq!(one_line("evil \u{202E}txt\u{7}", 100), "evil txt");
        assert_eq!(
            one_line(&"明".repeat(50), 10),
            format!("{}…", "明".repeat(10))
        );
        assert_eq!(one_line("ten letter", 10), "ten letter");
        assert_eq!(one_line(&"\n".repeat(500), 600), "");
    }
}
