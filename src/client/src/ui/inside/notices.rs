//! Short lines at the top that come and go: who enters and leaves, what was done, what was denied.
//! Nothing that went wrong goes before it could be read.

use super::{Layer, fade::Opacity, legible, root};
use crate::{
    app::order::{ClientSystems, Stage},
    ui::theme,
};
use bevy::prelude::*;
use std::collections::VecDeque;

/// Notices that are seen at the same time.
const MAX_SEEN: usize = 4;
/// Notices that wait for room; of more than that, calm ones are left out first.
const MAX_WAITING: usize = 24;
/// Seconds that a notice is seen at least.
const STAY_SECS: f32 = 3.5;
/// Seconds more for each byte of it.
const SECS_A_BYTE: f32 = 0.06;
/// Seconds more for what went wrong.
const ALARM_SECS: f32 = 3.0;
/// Seconds in which a notice comes, and in which it goes.
const FADE_SECS: (f32, f32) = (0.18, 0.5);

/// What kind of notice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Tone {
    /// A fact about others.
    Calm,
    /// Something that one wished was done.
    Good,
    /// Something went wrong.
    Alarm,
}

/// Tells something to the person.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub(in crate::ui) struct Notice {
    pub(in crate::ui) tone: Tone,
    pub(in crate::ui) text: String,
    /// A line below, or nothing.
    pub(in crate::ui) detail: String,
}

/// Notices that are not seen yet.
#[derive(Resource, Default)]
struct Waiting(VecDeque<Notice>);

/// The place at the top.
#[derive(Component)]
struct Shelf;

/// A notice that is seen.
#[derive(Component)]
struct Seen {
    notice: Notice,
    age_secs: f32,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Waiting>().add_message::<Notice>();
    app.add_systems(OnEnter(Stage::Inside), put_up);
    app.add_systems(
        Update,
        (take, age, show)
            .chain()
            .in_set(ClientSystems::Show)
            .run_if(in_state(Stage::Inside)),
    );
}

fn put_up(mut commands: Commands, mut waiting: ResMut<Waiting>) {
    waiting.0.clear();
    let shelf = Node {
        position_type: PositionType::Absolute,
        top: percent(9),
        width: percent(100),
        flex_direction: FlexDirection::Column,
        align_items: AlignItems::Center,
        row_gap: px(theme::GAP),
        ..default()
    };
    commands.spawn((Shelf, root(Layer::Notices, shelf)));
}

fn take(mut told: MessageReader<Notice>, mut waiting: ResMut<Waiting>, mut seen: Query<&mut Seen>) {
    for notice in told.read() {
        // What is told again stays longer instead of standing there twice.
        if let Some(mut same) = seen.iter_mut().find(|seen| seen.notice == *notice) {
            same.age_secs = same.age_secs.min(FADE_SECS.0);
        } else {
            waiting.push(notice.clone());
        }
    }
}

impl Waiting {
    fn push(&mut self, notice: Notice) {
        if self.0.contains(&notice) {
            return;
        }
        if self.0.len() >= MAX_WAITING {
            let least = self.0.iter().position(|other| other.tone == Tone::Calm);
            self.0.remove(least.unwrap_or(0));
        }
        self.0.push_back(notice);
    }

    /// What is shown next: what went wrong comes first.
    fn next(&mut self) -> Option<Notice> {
        let alarm = self.0.iter().position(|other| other.tone == Tone::Alarm);
        self.0.remove(alarm.unwrap_or(0))
    }
}

/// Seconds that a notice is wholly seen.
fn stay_secs(notice: &Notice) -> f32 {
    let bytes = notice.text.len() + notice.detail.len();
    let more = if notice.tone == Tone::Alarm {
        ALARM_SECS
    } else {
        0.0
    };
    STAY_SECS + bytes as f32 * SECS_A_BYTE + more
}

/// How much is seen of a notice that stays so long, after so many seconds; `None` when it is over.
fn opacity(age_secs: f32, stay_secs: f32) -> Option<f32> {
    let (come, go) = FADE_SECS;
    let left = come + stay_secs + go - age_secs;
    (left > 0.0).then(|| (age_secs / come).min(left / go).clamp(0.0, 1.0))
}

fn age(
    mut commands: Commands,
    time: Res<Time<Real>>,
    waiting: Res<Waiting>,
    mut seen: Query<(Entity, &mut Seen, &mut Opacity)>,
) {
    let mut calm_to_hurry = waiting.0.len();
    for (entity, mut seen, mut opacity_seen) in &mut seen {
        let stay = stay_secs(&seen.notice);
        seen.age_secs += time.delta_secs();
        // Others wait: what only tells of comings and goings makes room.
        if calm_to_hurry > 0 && seen.notice.tone == Tone::Calm && seen.age_secs > STAY_SECS * 0.5 {
            seen.age_secs = seen.age_secs.max(FADE_SECS.0 + stay);
            calm_to_hurry -= 1;
        }
        match opacity(seen.age_secs, stay) {
            Some(value) => Opacity::set(&mut opacity_seen, value.max(0.01)),
            None => commands.entity(entity).despawn(),
        }
    }
}

fn show(
    mut commands: Commands,
    mut waiting: ResMut<Waiting>,
    shelf: Query<Entity, With<Shelf>>,
    seen: Query<(), With<Seen>>,
) {
    let Ok(shelf) = shelf.single() else { return };
    let room = MAX_SEEN.saturating_sub(seen.iter().count());
    for _ in 0..room {
        let Some(notice) = waiting.next() else { return };
        let slip = slip(&mut commands, notice);
        commands.entity(shelf).add_child(slip);
    }
}

fn slip(commands: &mut Commands, notice: Notice) -> Entity {
    let (mark, color) = match notice.tone {
        Tone::Calm => (theme::CALM, theme::TEXT),
        Tone::Good => (theme::ACCENT, theme::TEXT),
        Tone::Alarm => (theme::ALARM, theme::TEXT),
    };
    let lines = commands
        .spawn((
            Node {
                flex_direction: FlexDirection::Column,
                ..default()
            },
            children![legible::text(notice.text.as_str(), theme::BODY, color)],
        ))
        .id();
    if !notice.detail.is_empty() {
        let detail = legible::text(notice.detail.as_str(), theme::SMALL, theme::TEXT_SOFT);
        commands.entity(lines).with_child(detail);
    }
    commands
        .spawn((
            Seen {
                notice,
                age_secs: 0.0,
            },
            Opacity(0.01),
            Node {
                max_width: percent(70),
                padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP - 1.0)),
                column_gap: px(theme::GAP + 2.0),
                align_items: AlignItems::Center,
                border: UiRect::all(px(1)),
                border_radius: BorderRadius::all(px(theme::RADIUS)),
                ..default()
            },
            BackgroundColor(theme::PANEL_DENSE),
            BorderColor::all(theme::HAIRLINE),
            children![(
                Node {
                    width: px(8),
                    height: px(8),
                    flex_shrink: 0.0,
                    border_radius: BorderRadius::all(px(4)),
                    ..default()
                },
                BackgroundColor(mark),
            )],
        ))
        .add_child(lines)
        .id()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(tone: Tone, text: &str) -> Notice {
        Notice {
            tone,
            text: text.to_owned(),
            detail: String::new(),
        }
    }

    #[test]
    fn a_notice_comes_stays_as_long_as_it_takes_to_read_and_goes() {
        let stay = stay_secs(&notice(Tone::Calm, "Ada has come in"));
        assert!(opacity(0.05, stay).unwrap() < 1.0);
        assert_eq!(opacity(1.0, stay), Some(1.0));
        assert_eq!(opacity(FADE_SECS.0 + stay, stay), Some(1.0));
        assert_eq!(opacity(FADE_SECS.0 + stay + FADE_SECS.1, stay), None);
        let long = notice(Tone::Calm, &"a word and ".repeat(10));
        assert!(stay_secs(&long) > stay);
        let alarm = notice(Tone::Alarm, "Ada has come in");
        assert!(stay_secs(&alarm) > stay);
    }

    #[test]
    fn what_went_wrong_comes_first_and_is_not_crowded_out() {
        let mut waiting = Waiting::default();
        waiting.push(notice(Tone::Calm, "first"));
        waiting.push(notice(Tone::Alarm, "wrong"));
        for number in 0..100 {
            waiting.push(notice(Tone::Calm, &format!("{number}")));
        }
        assert_eq!(waiting.0.len(), MAX_WAITING);
        assert_eq!(
            waiting.next().map(|next| next.text),
            Some("wrong".to_owned())
        );
        assert_eq!(waiting.next().map(|next| next.tone), Some(Tone::Calm));
    }

    #[test]
    fn the_same_is_not_told_twice() {
        let mut app = App::new();
        app.init_resource::<Time<Real>>().init_resource::<Waiting>();
        app.add_message::<Notice>();
        app.add_systems(Update, (take, age, show).chain());
        app.world_mut().spawn(Shelf);
        for _ in 0..3 {
            app.world_mut()
                .write_message(notice(Tone::Alarm, "too far"));
            app.update();
        }
        let mut seen = app.world_mut().query::<&Seen>();
        assert_eq!(seen.iter(app.world()).count(), 1);
    }
}
