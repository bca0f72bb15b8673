//! Reading the notice board, pinning a note and taking down one's own, when one stands before it.

use super::{
    Layer,
    field::{self, Field, FieldLook},
    legible, root,
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit},
    motion::{Answer, InputTaken, Reach, Request, TakesInput, Wishes},
    ui::{
        theme,
        words::{Texts, Words, fill},
    },
};
use bevy::{
    input::mouse::AccumulatedMouseScroll,
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    text::EditableText,
};
use protocol::{
    Note,
    limits::{MAX_NAME_BYTES, MAX_NOTE_BYTES},
};
use std::time::{SystemTime, UNIX_EPOCH};

/// Opens the board.
const KEY: KeyCode = KeyCode::KeyN;

/// What is done at the board.
#[derive(Resource, Default)]
struct Desk {
    /// What stood in the field when it was closed, or what the server did not take.
    draft: String,
    /// Enter was pressed; sent a frame later, since letters of the same frame are still on their way.
    is_sending: bool,
    /// Note that is chosen.
    chosen: Option<u64>,
}

/// The board on the screen.
#[derive(Component)]
struct Panel;

/// The notes in it, as they are shown.
#[derive(Component, Default, PartialEq)]
struct Sheet {
    notes: Vec<u64>,
    chosen: Option<u64>,
}

/// A note in the sheet.
#[derive(Component)]
struct Slip(u64);

#[derive(Component)]
struct NoteField;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Desk>();
    app.add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Listen),
            (keep_denied, choose_existing, draw, scroll)
                .chain()
                .in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
    app.add_systems(OnExit(Stage::Inside), forget);
}

fn forget(
    mut desk: ResMut<Desk>,
    mut focus: ResMut<InputFocus>,
    written: Query<&EditableText, With<NoteField>>,
) {
    desk.is_sending = false;
    if let Ok(text) = written.single() {
        desk.draft = field::value(text);
        focus.clear();
    }
}

fn listen(
    mut commands: Commands,
    mut keys: ResMut<ButtonInput<KeyCode>>,
    mut desk: ResMut<Desk>,
    mut focus: ResMut<InputFocus>,
    mut wishes: ResMut<Wishes>,
    visit: Res<Visit>,
    reach: Res<Reach>,
    words: Res<Words>,
    link: Option<Res<Link>>,
    taken: Res<InputTaken>,
    panels: Query<Entity, With<Panel>>,
    written: Query<(Entity, &EditableText, &Field), With<NoteField>>,
) {
    let Ok((entity, text, field)) = written.single() else {
        if keys.just_pressed(KEY) && reach.is_at_board && !taken.is_taken {
            keys.clear();
            let draft = std::mem::take(&mut desk.draft);
            let written = open(&mut commands, &draft, words.0);
            focus.set(written, FocusCause::Navigated);
        }
        return;
    };
    if focus.get() != Some(entity) {
        focus.set(entity, FocusCause::Navigated);
    }
    let value = field::value(text);
    let is_composing = text.is_composing();
    let own = link
        .map(|link| link.0.did().to_string())
        .unwrap_or_default();
    if keys.just_pressed(KeyCode::ArrowUp) || keys.just_pressed(KeyCode::ArrowDown) {
        let step = if keys.just_pressed(KeyCode::ArrowUp) {
            1
        } else {
            -1
        };
        desk.chosen = choose(&visit.notes, &own, desk.chosen, step);
    }
    if keys.just_pressed(KeyCode::Delete) && value.is_empty() && desk.chosen.is_some() {
        wishes.unpin = desk.chosen.take();
    }
    let is_sent = desk.is_sending && !value.is_empty() && !field.is_too_long(&value);
    let is_closed = keys.just_pressed(KeyCode::Escape) && !is_composing;
    desk.is_sending =
        keys.any_just_pressed([KeyCode::Enter, KeyCode::NumpadEnter]) && !is_composing;
    if is_sent || is_closed {
        if is_sent {
            wishes.pin = Some(value);
        } else {
            desk.draft = value;
        }
        desk.is_sending = false;
        desk.chosen = None;
        focus.clear();
        for panel in &panels {
            commands.entity(panel).despawn();
        }
    }
    keys.clear();
}

/// The note of one's own that is so many steps newer or older than the chosen one; the newest at first.
fn choose(notes: &[Note], own: &str, chosen: Option<u64>, step: i32) -> Option<u64> {
    let mine: Vec<u64> = notes
        .iter()
        .filter(|note| note.did == own)
        .map(|note| note.id)
        .collect();
    let last = mine.len().checked_sub(1)?;
    let at = chosen.and_then(|chosen| mine.iter().position(|id| *id == chosen));
    let next = match at {
        None => last,
        Some(at) if step > 0 => (at + 1).min(last),
        Some(at) => at.saturating_sub(1),
    };
    mine.get(next).copied()
}

/// A chosen note may be gone.
fn choose_existing(visit: Res<Visit>, mut desk: ResMut<Desk>) {
    let chosen = desk.chosen;
    if chosen.is_some_and(|chosen| visit.notes.iter().all(|note| note.id != chosen)) {
        desk.chosen = None;
    }
}

fn keep_denied(mut answers: MessageReader<Answer>, mut desk: ResMut<Desk>) {
    for answer in answers.read() {
        if let Answer {
            request: Request::Pin(text),
            outcome: Err(_),
        } = answer
            && desk.draft.is_empty()
        {
            desk.draft.clone_from(text);
        }
    }
}

fn open(commands: &mut Commands, draft: &str, words: &Texts) -> Entity {
    let panel = commands
        .spawn((
            Panel,
            TakesInput,
            root(
                Layer::Panels,
                Node {
                    padding: UiRect::all(px(theme::PAD)),
                    ..theme::cover()
                },
            ),
            BackgroundColor(theme::VEIL),
        ))
        .id();
    let card = commands
        .spawn((
            Node {
                width: px(720),
                max_width: percent(94),
                max_height: percent(94),
                row_gap: px(12),
                ..theme::panel_node()
            },
            theme::ground(theme::PANEL_DENSE),
            children![
                legible::strong(words.board_title, theme::LEAD, theme::ACCENT),
                (Sheet::default(), sheet_node()),
            ],
        ))
        .id();
    commands.entity(panel).add_child(card);
    let look = FieldLook {
        draft,
        hint: words.note_hint,
        max_bytes: MAX_NOTE_BYTES,
        lines: 2,
    };
    let written = field::spawn(commands, card, &look, NoteField);
    commands.entity(card).with_child((
        Node {
            column_gap: px(theme::PAD),
            row_gap: px(4),
            flex_wrap: FlexWrap::Wrap,
            flex_shrink: 0.0,
            ..default()
        },
        children![
            legible::key_hint(words.key_enter, words.note_pin),
            legible::key_hint("↑ ↓", words.note_choose),
            legible::key_hint(words.key_delete, words.note_take_down),
            legible::key_hint("Esc", words.help_close),
        ],
    ));
    written
}

fn sheet_node() -> Node {
    Node {
        flex_direction: FlexDirection::Column,
        row_gap: px(theme::GAP),
        min_height: px(60),
        flex_shrink: 1.0,
        overflow: Overflow::scroll_y(),
        ..default()
    }
}

/// The notes, newest first.
fn draw(
    mut commands: Commands,
    visit: Res<Visit>,
    desk: Res<Desk>,
    words: Res<Words>,
    link: Option<Res<Link>>,
    mut sheets: Query<(Entity, &mut Sheet, Option<&Children>)>,
) {
    let own = link
        .map(|link| link.0.did().to_string())
        .unwrap_or_default();
    for (entity, mut sheet, slips) in &mut sheets {
        let wished = Sheet {
            notes: visit.notes.iter().map(|note| note.id).collect(),
            chosen: desk.chosen,
        };
        if *sheet == wished && slips.is_some() {
            continue;
        }
        *sheet = wished;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut slips = commands.entity(entity);
        slips.despawn_related::<Children>();
        slips.with_children(|sheet| {
            for note in visit.notes.iter().rev() {
                let is_own = note.did == own;
                slip(
                    sheet,
                    note,
                    is_own,
                    desk.chosen == Some(note.id),
                    now,
                    words.0,
                );
            }
            if visit.notes.is_empty() {
                sheet.spawn(legible::text(
                    words.0.board_empty,
                    theme::BODY,
                    theme::TEXT_SOFT,
                ));
            }
        });
    }
}

fn slip(
    sheet: &mut ChildSpawnerCommands,
    note: &Note,
    is_own: bool,
    is_chosen: bool,
    now_secs: u64,
    words: &Texts,
) {
    let name = legible::one_line(&note.from, MAX_NAME_BYTES);
    let text = legible::one_line(&note.text, MAX_NOTE_BYTES);
    let mut about = format!(
        "{name} · {}",
        age(now_secs.saturating_sub(note.unix_secs), words)
    );
    if is_own {
        about = format!("{about} · {}", words.note_own);
    }
    let border = if is_chosen {
        theme::ACCENT
    } else {
        theme::HAIRLINE
    };
    sheet.spawn((
        Slip(note.id),
        Node {
            flex_direction: FlexDirection::Column,
            padding: UiRect::axes(px(12), px(8)),
            flex_shrink: 0.0,
            border: UiRect::all(px(2)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        BorderColor::all(border),
        children![
            (
                legible::text(text, theme::BODY, theme::TEXT),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
            ),
            legible::text(
                about,
                theme::SMALL,
                if is_own { theme::ACCENT } else { theme::NAME },
            ),
        ],
    ));
}

/// How long ago, in the largest unit that fits.
fn age(secs: u64, words: &Texts) -> String {
    let (count, text) = match secs {
        0..60 => return words.age_now.to_owned(),
        60..3_600 => (secs / 60, words.age_minutes),
        3_600..86_400 => (secs / 3_600, words.age_hours),
        _ => (secs / 86_400, words.age_days),
    };
    fill(text, &[&count.to_string()])
}

/// A note that has just been chosen comes into sight; after that the wheel has its way.
fn scroll(
    desk: Res<Desk>,
    wheel: Res<AccumulatedMouseScroll>,
    scale: Res<UiScale>,
    mut sheets: Query<(&ComputedNode, &UiGlobalTransform, &mut ScrollPosition), With<Sheet>>,
    slips: Query<(&Slip, &ComputedNode, &UiGlobalTransform)>,
    mut sought: Local<Option<u64>>,
) {
    for (computed, place, mut position) in &mut sheets {
        let to_units = computed.inverse_scale_factor();
        let room = ((computed.content_size().y - computed.size().y) * to_units).max(0.0);
        let mut y = position.y - super::turned(&wheel, &scale);
        // A slip that was put up in this frame has no size yet.
        let chosen = slips.iter().find(|(slip, node, _)| {
            *sought != desk.chosen && Some(slip.0) == desk.chosen && node.size().y > 0.0
        });
        if let Some((_, node, slip_place)) = chosen {
            *sought = desk.chosen;
            let half = (computed.size().y - node.size().y) * 0.5 * to_units;
            let off = (slip_place.translation.y - place.translation.y) * to_units;
            y += if off > half {
                off - half
            } else if off < -half {
                off + half
            } else {
                0.0
            };
        }
        let y = y.clamp(0.0, room);
        if (position.y - y).abs() > 0.5 {
            position.y = y;
        }
    }
    if desk.chosen.is_none() {
        *sought = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;
    use bevy::{input::mouse::MouseScrollUnit, math::Affine2};

    /// A board 200 pixels high with slips of 100 pixels, two of them beneath what is seen; and its sheet.
    fn board() -> (App, Entity) {
        let mut app = App::new();
        app.init_resource::<Desk>()
            .init_resource::<AccumulatedMouseScroll>()
            .insert_resource(UiScale(2.0))
            .add_systems(Update, scroll);
        let node = |height: f32, content: f32| ComputedNode {
            size: Vec2::new(400.0, height),
            content_size: Vec2::new(400.0, content),
            ..ComputedNode::DEFAULT
        };
        let sheet = (
            Sheet::default(),
            node(200.0, 400.0),
            ScrollPosition::default(),
        );
        let sheet = app
            .world_mut()
            .spawn(sheet)
            .insert(UiGlobalTransform::default())
            .id();
        for number in 0..4u8 {
            let place = Vec2::new(0.0, f32::from(number) * 100.0 - 50.0);
            let place = UiGlobalTransform::from(Affine2::from_translation(place));
            app.world_mut()
                .spawn((Slip(number.into()), node(100.0, 100.0), place));
        }
        (app, sheet)
    }

    fn position(app: &App, sheet: Entity) -> f32 {
        app.world().get::<ScrollPosition>(sheet).unwrap().y
    }

    #[test]
    fn the_wheel_turns_the_board_also_when_a_note_is_chosen() {
        let (mut app, sheet) = board();
        app.world_mut().resource_mut::<Desk>().chosen = Some(3);
        app.update();
        assert_eq!(position(&app, sheet), 200.0, "what is chosen is in sight");
        app.world_mut()
            .resource_mut::<AccumulatedMouseScroll>()
            .delta
            .y = 1.0;
        app.update();
        assert_eq!(position(&app, sheet), 140.0);
    }

    #[test]
    fn a_touchpad_turns_the_board_as_far_as_the_fingers_go() {
        let (mut app, sheet) = board();
        let mut wheel = app.world_mut().resource_mut::<AccumulatedMouseScroll>();
        (wheel.unit, wheel.delta.y) = (MouseScrollUnit::Pixel, -30.0);
        app.update();
        assert_eq!(position(&app, sheet), 15.0, "30 pixels at a scale of 2");
    }

    fn note(id: u64, did: &str) -> Note {
        Note {
            id,
            from: "Ada".to_owned(),
            did: did.to_owned(),
            text: "hello".to_owned(),
            unix_secs: 0,
        }
    }

    #[test]
    fn only_notes_of_ones_own_can_be_chosen() {
        let notes = [note(1, "me"), note(2, "other"), note(3, "me")];
        assert_eq!(choose(&notes, "me", None, -1), Some(3));
        assert_eq!(choose(&notes, "me", Some(3), -1), Some(1));
        assert_eq!(choose(&notes, "me", Some(1), -1), Some(1));
        assert_eq!(choose(&notes, "me", Some(1), 1), Some(3));
        assert_eq!(choose(&notes, "nobody", None, 1), None);
    }

    #[test]
    fn ages_are_told_in_the_largest_unit_that_fits() {
        let words = Words::of(Locale::English).0;
        assert_eq!(age(5, words), "just now");
        assert_eq!(age(125, words), "2 min ago");
        assert_eq!(age(7_300, words), "2 h ago");
        assert_eq!(age(200_000, words), "2 d ago");
    }
}
