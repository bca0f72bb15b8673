//! The look of every screen: colours, sizes, and the few building blocks that screens are made of.

use bevy::{prelude::*, text::LineHeight};

/// Ground of panels over the world.
pub(super) const PANEL: Color = Color::srgba(0.055, 0.066, 0.086, 0.9);
/// Ground of panels that need not show the world.
pub(super) const PANEL_DENSE: Color = Color::srgba(0.055, 0.066, 0.086, 0.95);
/// What is raised from a panel: fields, rows, buttons.
pub(super) const RAISED: Color = Color::srgba(1.0, 0.97, 0.92, 0.025);
/// A raised part under the pointer, or chosen by keys.
pub(super) const RAISED_BRIGHT: Color = Color::srgba(1.0, 0.97, 0.92, 0.085);
/// What is sunk into a panel: fields that one writes in.
pub(super) const SUNKEN: Color = Color::srgba(0.0, 0.0, 0.0, 0.45);
/// Thin lines around panels and parts.
pub(super) const HAIRLINE: Color = Color::srgba(1.0, 0.96, 0.9, 0.07);
/// Lines around what one writes in.
pub(super) const EDGE: Color = Color::srgba(1.0, 0.96, 0.9, 0.22);
/// Ground of chosen text.
pub(super) const SELECTION: Color = Color::srgb(0.36, 0.29, 0.19);
/// Darkens the world behind a menu.
pub(super) const VEIL: Color = Color::srgba(0.02, 0.025, 0.04, 0.55);
/// Text that is read.
pub(super) const TEXT: Color = Color::srgb(0.965, 0.945, 0.91);
/// Text beside it.
pub(super) const TEXT_SOFT: Color = Color::srgb(0.76, 0.735, 0.695);
/// Text that is there when looked for.
pub(super) const TEXT_FAINT: Color = Color::srgb(0.56, 0.545, 0.52);
/// Evening sun: what is chosen, filled or asked for.
pub(super) const ACCENT: Color = Color::srgb(0.925, 0.705, 0.38);
/// Text on the accent.
pub(super) const ON_ACCENT: Color = Color::srgb(0.16, 0.105, 0.03);
/// The sea: names of people and calm facts.
pub(super) const CALM: Color = Color::srgb(0.535, 0.78, 0.765);
/// Names over the world: the same sea in brighter light.
pub(super) const NAME: Color = Color::srgb(0.60, 0.85, 0.83);
/// Terracotta: what went wrong.
pub(super) const ALARM: Color = Color::srgb(0.925, 0.49, 0.375);
/// The same for letters.
pub(super) const ALARM_TEXT: Color = Color::srgb(1.0, 0.64, 0.53);

/// Text sizes in logical pixels at [`DESIGN_HEIGHT`].
pub(super) const SMALL: f32 = 14.0;
/// Text that is read.
pub(super) const BODY: f32 = 17.0;
/// First lines.
pub(super) const LEAD: f32 = 21.0;
/// Titles of panels.
pub(super) const TITLE: f32 = 32.0;
/// The name on the first screen.
pub(super) const HERO: f32 = 64.0;

/// Height of a line, relative to its text size.
const LEADING: f32 = 1.38;

/// Space between things that belong together, in logical pixels.
pub(super) const GAP: f32 = 8.0;
/// Space inside panels.
pub(super) const PAD: f32 = 18.0;
/// Roundness of panels.
pub(super) const RADIUS: f32 = 14.0;
/// Roundness of parts inside panels.
pub(super) const RADIUS_SMALL: f32 = 8.0;

/// Height in pixels that the sizes above are meant for; others are scaled.
const DESIGN_HEIGHT: f32 = 760.0;
/// Smallest and largest scale.
const SCALES: (f32, f32) = (0.42, 2.4);

/// The scale of the screens on a target of this height in logical pixels.
pub(super) fn scale_of_height(height: f32) -> f32 {
    (height / DESIGN_HEIGHT).clamp(SCALES.0, SCALES.1)
}

/// A line or paragraph.
pub(super) fn text(content: impl Into<String>, size: f32, color: Color) -> impl Bundle {
    (
        Text::new(content),
        TextFont::from_font_size(size),
        LineHeight::RelativeToFont(LEADING),
        TextColor(color),
        Pickable::IGNORE,
    )
}

/// A line that weighs more.
pub(super) fn strong(content: impl Into<String>, size: f32, color: Color) -> impl Bundle {
    (
        Text::new(content),
        TextFont::from_font_size(size).with_font_weight(FontWeight::BOLD),
        TextColor(color),
        Pickable::IGNORE,
    )
}

/// The ground of a panel: colour, thin line and soft shadow. The node needs a border of 1 pixel and [`RADIUS`].
pub(super) fn ground(color: Color) -> impl Bundle {
    (
        BackgroundColor(color),
        BorderColor::all(HAIRLINE),
        BoxShadow::new(
            Color::srgba(0.0, 0.0, 0.0, 0.35),
            px(0),
            px(6),
            px(0),
            px(22),
        ),
    )
}

/// The node of a panel: a column with space around.
pub(super) fn panel_node() -> Node {
    Node {
        flex_direction: FlexDirection::Column,
        padding: UiRect::all(px(PAD)),
        row_gap: px(GAP),
        border: UiRect::all(px(1)),
        border_radius: BorderRadius::all(px(RADIUS)),
        ..default()
    }
}

/// A node that covers the screen and centres what is in it.
pub(super) fn cover() -> Node {
    Node {
        position_type: PositionType::Absolute,
        width: percent(100),
        height: percent(100),
        flex_direction: FlexDirection::Column,
        align_items: AlignItems::Center,
        justify_content: JustifyContent::Center,
        ..default()
    }
}

/// A key as it looks on a keyboard.
pub(super) fn key_cap(label: impl Into<String>) -> impl Bundle {
    (
        Node {
            min_width: px(26),
            height: px(26),
            padding: UiRect::horizontal(px(7)),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::Center,
            border: UiRect {
                bottom: px(3),
                ..UiRect::all(px(1))
            },
            border_radius: BorderRadius::all(px(6)),
            ..default()
        },
        BackgroundColor(Color::srgba(1.0, 0.97, 0.92, 0.045)),
        BorderColor::all(Color::srgba(1.0, 0.96, 0.9, 0.12)),
        children![strong(label, SMALL, TEXT)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of letters on grounds that lie over something white, as WCAG 2.2 reckons it.
    fn contrast_over_white(letters: Color, grounds: &[Color]) -> f32 {
        let ground = grounds.iter().fold(LinearRgba::WHITE, |below, ground| {
            let ground = ground.to_linear();
            below * (1.0 - ground.alpha) + ground.with_alpha(1.0) * ground.alpha
        });
        let (one, other) = (letters.to_linear().luminance(), ground.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn texts_over_the_brightest_world_can_be_read() {
        for letters in [TEXT, TEXT_SOFT, NAME, CALM, ACCENT, ALARM_TEXT] {
            let contrast = contrast_over_white(letters, &[PANEL_DENSE]);
            assert!(contrast >= 4.5, "{letters:?}: {contrast}");
        }
        for letters in [TEXT, NAME] {
            let contrast = contrast_over_white(letters, &[PANEL_DENSE, RAISED]);
            assert!(contrast >= 4.5, "{letters:?}: {contrast}");
        }
        for letters in [TEXT, TEXT_SOFT] {
            let contrast = contrast_over_white(letters, &[PANEL, SUNKEN]);
            assert!(contrast >= 4.5, "{letters:?}: {contrast}");
        }
        let contrast = contrast_over_white(ON_ACCENT, &[ACCENT]);
        assert!(contrast >= 4.5, "{contrast}");
    }

    #[test]
    fn screens_scale_with_the_height_within_bounds() {
        assert!((scale_of_height(DESIGN_HEIGHT) - 1.0).abs() < 1e-6);
        assert_eq!(scale_of_height(1.0), SCALES.0);
        assert_eq!(scale_of_height(100_000.0), SCALES.1);
    }
}
