//! What was said: the newest lines for a while, all of them while the chat is open.

use super::{
    chat::{Chat, ChatCorner, ChatKeys},
    fade::Opacity,
    legible,
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
    ui::{
        theme,
        words::{Texts, Words},
    },
};
use bevy::{input::mouse::AccumulatedMouseScroll, prelude::*};
use protocol::{
    ChatLine,
    limits::{MAX_CHAT_BYTES, MAX_CHAT_HISTORY, MAX_NAME_BYTES},
};

/// Seconds that a line is seen at least while the chat is closed.
const STAY_SECS: f32 = 9.0;
/// Seconds more for each byte of it.
const SECS_A_BYTE: f32 = 0.04;
/// Seconds in which it then goes.
const FADE_SECS: f32 = 1.6;
/// Share of what is seen that Page Up goes.
const PAGE_SHARE: f32 = 0.8;
/// Share of the picture's height, in percent, for the lines while the chat is closed, and while it is open.
const HEIGHTS: (f32, f32) = (38.0, 52.0);

/// The list of lines, and how far one has gone up in it, in the theme's units.
#[derive(Component, Default)]
struct List {
    up: f32,
}

/// A line in the list.
#[derive(Component)]
struct Line {
    id: u64,
    bytes: usize,
    /// Seconds since it came; `None` for what was said before.
    age_secs: Option<f32>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            scroll.in_set(ClientSystems::Listen).before(ChatKeys),
            (draw, age, look).chain().in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

/// Keeps the list as the visit has it: new lines at the end, at most as many as the server keeps.
fn draw(
    mut commands: Commands,
    visit: Res<Visit>,
    words: Res<Words>,
    corner: Query<Entity, With<ChatCorner>>,
    lists: Query<Entity, With<List>>,
    lines: Query<(Entity, &Line)>,
) {
    let Ok(corner) = corner.single() else { return };
    let Ok(list) = lists.single() else {
        let list = commands.spawn((List::default(), list_node())).id();
        commands.entity(corner).insert_children(0, &[list]);
        for line in newest(&visit.chat) {
            append(&mut commands, list, line, &visit, words.0, None);
        }
        return;
    };
    if !visit.is_changed() {
        return;
    }
    let newest_drawn = lines.iter().map(|(_, line)| line.id).max();
    let newest_said = visit.chat.last().map(|line| line.id);
    if newest_said == newest_drawn {
        return;
    }
    if newest_said < newest_drawn {
        // The world began anew, and so did its numbers.
        commands.entity(list).despawn();
        return;
    }
    for line in newest(&visit.chat).filter(|line| Some(line.id) > newest_drawn) {
        append(&mut commands, list, line, &visit, words.0, Some(0.0));
    }
    let oldest_kept = newest(&visit.chat).next().map_or(0, |line| line.id);
    for (entity, _) in lines.iter().filter(|(_, line)| line.id < oldest_kept) {
        commands.entity(entity).despawn();
    }
}

fn newest(chat: &[ChatLine]) -> impl Iterator<Item = &ChatLine> {
    chat[chat.len().saturating_sub(MAX_CHAT_HISTORY)..].iter()
}

fn list_node() -> Node {
    Node {
        flex_direction: FlexDirection::Column,
        align_items: AlignItems::FlexStart,
        row_gap: px(4),
        max_height: vh(HEIGHTS.0),
        overflow: Overflow::scroll_y(),
        ..default()
    }
}

fn append(
    commands: &mut Commands,
    list: Entity,
    line: &ChatLine,
    visit: &Visit,
    words: &Texts,
    age_secs: Option<f32>,
) {
    let person = line.person.and_then(|person| visit.people.get(&person));
    let own = visit.welcome.as_ref().map(|welcome| welcome.person);
    let is_own = line.person.is_some() && line.person == own;
    let color = if is_own { theme::ACCENT } else { theme::NAME };
    let mark = if person.is_some_and(|person| person.is_agent) {
        format!(" · {}", words.bot)
    } else {
        String::new()
    };
    let name = legible::one_line(&line.from, MAX_NAME_BYTES);
    let text = legible::one_line(&line.text, MAX_CHAT_BYTES);
    let (plain, size) = (FontWeight::NORMAL, theme::BODY);
    let drawn = commands
        .spawn((
            Line {
                id: line.id,
                bytes: text.len(),
                age_secs,
            },
            Node {
                padding: UiRect::axes(px(10), px(3)),
                border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
                flex_shrink: 0.0,
                ..default()
            },
            BackgroundColor(theme::PANEL_DENSE),
            Opacity(1.0),
            children![(
                legible::strong(name, size, color),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
                children![
                    legible::span(mark, theme::SMALL, plain, theme::TEXT_SOFT),
                    legible::span(format!("   {text}"), size, plain, theme::TEXT),
                ],
            )],
        ))
        .id();
    commands.entity(list).add_child(drawn);
}

fn age(time: Res<Time<Real>>, mut lines: Query<&mut Line>) {
    for mut line in &mut lines {
        if let Some(secs) = &mut line.age_secs {
            *secs += time.delta_secs();
        }
    }
}

/// How much is seen of a line of so many bytes, so long after it came, while the chat is closed.
fn opacity(age_secs: f32, bytes: usize) -> f32 {
    let stay = STAY_SECS + bytes as f32 * SECS_A_BYTE;
    (1.0 - (age_secs - stay) / FADE_SECS).clamp(0.0, 1.0)
}

fn look(
    chat: Res<Chat>,
    mut corner: Query<&mut BackgroundColor, With<ChatCorner>>,
    mut lists: Query<(&mut List, &mut Node, &ComputedNode, &mut ScrollPosition)>,
    mut lines: Query<(&Line, &mut Opacity, &mut Node), Without<List>>,
) {
    for mut ground in &mut corner {
        let wished = if chat.is_open {
            theme::PANEL
        } else {
            Color::NONE
        };
        ground.set_if_neq(BackgroundColor(wished));
    }
    for (line, mut seen, mut node) in &mut lines {
        let wished = if chat.is_open {
            1.0
        } else {
            line.age_secs.map_or(0.0, |secs| opacity(secs, line.bytes))
        };
        Opacity::set(&mut seen, wished);
        let display = if wished > 0.0 {
            Display::Flex
        } else {
            Display::None
        };
        if node.display != display {
            node.display = display;
        }
    }
    for (mut list, mut node, computed, mut position) in &mut lists {
        let height = vh(if chat.is_open { HEIGHTS.1 } else { HEIGHTS.0 });
        if node.max_height != height {
            node.max_height = height;
        }
        let room = room(computed);
        let wished = if chat.is_open {
            list.up.clamp(0.0, room)
        } else {
            0.0
        };
        if list.up != wished {
            list.up = wished;
        }
        // The end is beyond what is there now: lines that are laid out in this frame count too.
        let y = if wished > 0.0 {
            room - wished
        } else {
            f32::MAX / 4.0
        };
        if position.y != y {
            position.y = y;
        }
    }
}

/// How far a list can be scrolled, in the theme's units.
fn room(computed: &ComputedNode) -> f32 {
    let hidden = computed.content_size().y - computed.size().y;
    hidden.max(0.0) * computed.inverse_scale_factor()
}

fn scroll(
    chat: Res<Chat>,
    keys: Res<ButtonInput<KeyCode>>,
    wheel: Res<AccumulatedMouseScroll>,
    scale: Res<UiScale>,
    mut lists: Query<(&mut List, &ComputedNode)>,
) {
    if !chat.is_open {
        return;
    }
    for (mut list, computed) in &mut lists {
        let page = computed.size().y * computed.inverse_scale_factor() * PAGE_SHARE;
        let mut up = list.up + super::turned(&wheel, &scale);
        if keys.just_pressed(KeyCode::PageUp) {
            up += page;
        }
        if keys.just_pressed(KeyCode::PageDown) {
            up -= page;
        }
        let up = up.clamp(0.0, room(computed));
        if list.up != up {
            list.up = up;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_for_a_while_and_then_goes_softly() {
        assert_eq!(opacity(0.0, 10), 1.0);
        assert_eq!(opacity(STAY_SECS, 0), 1.0);
        let half = opacity(STAY_SECS + FADE_SECS * 0.5, 0);
        assert!((half - 0.5).abs() < 1e-5);
        assert_eq!(opacity(STAY_SECS + FADE_SECS * 2.0, 0), 0.0);
    }

    #[test]
    fn a_longer_line_stays_longer() {
        let secs = STAY_SECS + FADE_SECS;
        assert!(opacity(secs, MAX_CHAT_BYTES) > opacity(secs, 0));
    }
}
