//! Draws the open page: over a veiled world inside, before the stoa at dusk outside.

use super::{
    invitation, keys, menu,
    notice::{self, Notice},
    page::{Page, Shell},
    persona::{self, Draft},
    portraits::Portraits,
    settings,
    start::{self, LastAddress},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{Servers, Visit},
    motion::TakesInput,
    settings::KeepFault,
    ui::{backdrop, studio::Studio, theme, words::Words},
};
use bevy::{
    ecs::system::SystemParam, input_focus::tab_navigation::TabGroup, prelude::*,
    text::LetterSpacing,
};

/// How much of the evening is left on the start screen.
const WARMTH: f32 = 0.45;

/// Everything of a page.
#[derive(Component)]
struct PageRoot;

/// What pages speak of.
#[derive(SystemParam)]
pub(super) struct Facts<'w> {
    pub(super) words: Res<'w, Words>,
    pub(super) config: Res<'w, Config>,
    pub(super) visit: Res<'w, Visit>,
    pub(super) servers: Option<Res<'w, Servers>>,
    pub(super) portraits: Res<'w, Portraits>,
    pub(super) draft: Res<'w, Draft>,
    pub(super) address: Res<'w, LastAddress>,
    pub(super) fault: Res<'w, KeepFault>,
    pub(super) studio: Res<'w, Studio>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, draw.in_set(ClientSystems::Show));
}

fn draw(
    mut commands: Commands,
    facts: Facts,
    shell: Res<Shell>,
    stage: Res<State<Stage>>,
    mut notice: ResMut<Notice>,
    roots: Query<Entity, With<PageRoot>>,
    mut shown: Local<Option<(Page, &'static str)>>,
) {
    let wished = shell.0.map(|page| (page, facts.words.0.this_language));
    if *shown == wished {
        return;
    }
    if shown.map(|(page, _)| page) != shell.0 {
        notice.clear();
    }
    *shown = wished;
    for root in &roots {
        commands.entity(root).despawn();
    }
    let Some(page) = shell.0 else { return };
    let mut root = commands.spawn((
        PageRoot,
        TabGroup::modal(),
        theme::cover(),
        GlobalZIndex(90),
    ));
    if page.takes_input() {
        root.insert(TakesInput);
    } else {
        root.insert(Pickable::IGNORE);
    }
    root.with_children(|root| match *stage.get() {
        Stage::Inside if page == Page::Glance => glance(root, &facts),
        Stage::Inside => {
            root.spawn((theme::cover(), BackgroundColor(theme::VEIL)));
            panel(root, page, &facts);
        }
        _ => {
            backdrop::spawn(root, WARMTH);
            root.spawn(brand());
            panel(root, page, &facts);
        }
    });
}

fn brand() -> impl Bundle {
    (
        Node {
            position_type: PositionType::Absolute,
            top: percent(2.5),
            ..default()
        },
        children![(
            theme::strong("STOA", theme::TITLE, theme::TEXT),
            LetterSpacing::Px(9.0),
        )],
    )
}

fn panel(root: &mut ChildSpawnerCommands, page: Page, facts: &Facts) {
    let width = match page {
        Page::Menu => 430.0,
        Page::Keys => 820.0,
        _ => 640.0,
    };
    root.spawn((
        Node {
            width: px(width),
            max_width: percent(94),
            padding: UiRect::axes(px(34), px(28)),
            row_gap: px(theme::GAP + 4.0),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
    ))
    .with_children(|panel| {
        match page {
            Page::Menu => menu::fill(panel, facts),
            Page::Invitation => invitation::fill(panel, facts),
            Page::Settings => settings::fill(panel, facts),
            Page::Keys | Page::Glance => keys::fill(panel, facts),
            Page::Persona | Page::Welcome => persona::fill(panel, facts, page),
            Page::Start => start::fill(panel, facts),
        }
        panel.spawn(notice::line());
    });
}

/// Keys over a world that goes on: nothing in it can be pressed.
fn glance(root: &mut ChildSpawnerCommands, facts: &Facts) {
    root.spawn((
        Node {
            width: px(820),
            max_width: percent(94),
            padding: UiRect::axes(px(34), px(28)),
            row_gap: px(theme::GAP + 4.0),
            ..theme::panel_node()
        },
        theme::ground(theme::PANEL_DENSE),
        Pickable::IGNORE,
    ))
    .with_children(|panel| keys::list(panel, facts.words.0));
}

/// The first line of a page.
pub(super) fn heading(title: impl Into<String>) -> impl Bundle {
    theme::strong(title, theme::TITLE, theme::TEXT)
}

/// A paragraph.
pub(super) fn paragraph(content: impl Into<String>) -> impl Bundle {
    theme::text(content, theme::BODY, theme::TEXT_SOFT)
}

/// A row of buttons at the end of a page.
pub(super) fn buttons() -> Node {
    Node {
        margin: UiRect::top(px(theme::GAP)),
        column_gap: px(theme::PAD - 4.0),
        row_gap: px(theme::GAP),
        flex_wrap: FlexWrap::Wrap,
        ..default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a half transparent colour makes of the one beneath, in linear light as the adapter mixes it.
    fn over(top: Color, below: LinearRgba) -> LinearRgba {
        let top = top.to_linear();
        let mix =
            |top_channel: f32, channel: f32| top_channel * top.alpha + channel * (1.0 - top.alpha);
        LinearRgba::rgb(
            mix(top.red, below.red),
            mix(top.green, below.green),
            mix(top.blue, below.blue),
        )
    }

    /// Contrast as WCAG 2.2 reckons it.
    fn contrast(letters: Color, ground: LinearRgba) -> f32 {
        let (one, other) = (letters.to_linear().luminance(), ground.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_text_of_a_page_can_be_read_over_the_brightest_world() {
        let veiled = over(theme::VEIL, LinearRgba::WHITE);
        let panel = over(theme::PANEL_DENSE, veiled);
        let letters = [
            theme::TEXT,
            theme::TEXT_SOFT,
            theme::ACCENT,
            theme::CALM,
            theme::ALARM_TEXT,
        ];
        for ground in [panel, over(theme::RAISED, panel)] {
            for letters in letters {
                let contrast = contrast(letters, ground);
                assert!(contrast >= 4.5, "{letters:?} on {ground:?}: {contrast}");
            }
        }
        // What is under the pointer, or chosen, has plain text alone.
        let bright = over(theme::RAISED_BRIGHT, panel);
        assert!(contrast(theme::TEXT, bright) >= 4.5);
        for ground in [theme::ACCENT, theme::ACCENT.lighter(0.08)] {
            assert!(contrast(theme::ON_ACCENT, ground.to_linear()) >= 4.5);
        }
        assert!(contrast(theme::TEXT, theme::SELECTION.to_linear()) >= 4.5);
    }

    #[test]
    fn what_can_be_pressed_is_bounded_by_a_line_or_ring_that_is_seen() {
        let panel = over(theme::PANEL_DENSE, over(theme::VEIL, LinearRgba::WHITE));
        // Lines of fields and rings of the focus need 3:1 (WCAG 2.2, 1.4.11).
        for line in [theme::EDGE, theme::ACCENT] {
            let line = Color::LinearRgba(over(line, panel));
            assert!(contrast(line, panel) >= 3.0, "{line:?}");
        }
    }
}
