//! Cards on which a decision is asked for.

use super::theme;
use bevy::prelude::*;

/// The card itself: `width` in the theme's units, where there is room.
pub(super) fn card(width: f32) -> impl Bundle {
    (
        Node {
            width: px(width),
            max_width: percent(94),
            padding: UiRect::all(px(34)),
            row_gap: px(theme::PAD - 4.0),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
    )
}

/// Something that is to be read exactly, with what it is.
pub(super) fn fact(label: &'static str, value: String) -> impl Bundle {
    (
        Node {
            width: percent(100),
            flex_direction: FlexDirection::Column,
            padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP + 2.0)),
            row_gap: px(4),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![
            theme::text(label, theme::SMALL, theme::TEXT_SOFT),
            (
                theme::text(value, theme::LEAD, theme::TEXT),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
            ),
        ],
    )
}
