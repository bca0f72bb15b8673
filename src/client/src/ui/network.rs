//! Why is this one choppy? A panel for whoever wants to know: the line, the state that comes over it and what its bytes
//! are spent on, what one looks at, and how the server fares.

use super::{
    inside::{Layer, legible, root},
    theme,
    words::{Texts, Words, fill},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit},
    motion::{InputTaken, Me},
    stats::ServerSays,
};
use bevy::prelude::*;
use protocol::{EntityId, TICKS_PER_SECOND};
use replication::StateCosts;
use session::SessionStats;
use std::collections::VecDeque;

/// Opens and closes the panel.
const KEY: KeyCode = KeyCode::F3;
/// Seconds between two looks at the figures.
const LOOK_SECS: f64 = 0.5;
/// Seconds over which states of the watched are counted.
const COUNT_SECS: f64 = 2.0;
/// What lies within this cosine of the middle of the view is looked at, up to this distance in metres.
const LOOKED_AT: f32 = 0.985;
const REACH_METRES: f32 = 60.0;

/// The panel's memory; nothing while it is closed.
#[derive(Resource, Default)]
struct Watch(Option<Watching>);

#[derive(Default)]
struct Watching {
    looked_secs: f64,
    /// Totals of the look before.
    before: Option<(SessionStats, StateCosts)>,
    target: Option<EntityId>,
    /// Ticks of states of the target, and when they came.
    states: VecDeque<(f64, u64)>,
    lines: Vec<String>,
}

#[derive(Component)]
struct Panel;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Watch>();
    app.add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Listen),
            (watch, show).chain().in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

fn listen(keys: Res<ButtonInput<KeyCode>>, taken: Res<InputTaken>, mut watch: ResMut<Watch>) {
    if keys.just_pressed(KEY) && !taken.is_taken {
        watch.0 = match watch.0 {
            Some(_) => None,
            None => Some(Watching::default()),
        };
    }
}

fn watch(
    link: Option<Res<Link>>,
    (me, visit, words): (Res<Me>, Res<Visit>, Res<Words>),
    mut says: ResMut<ServerSays>,
    mut watch: ResMut<Watch>,
) {
    let is_shown = watch.0.is_some();
    if says.is_shown != is_shown {
        says.is_shown = is_shown;
    }
    let (Some(link), Some(watching)) = (link, &mut watch.bypass_change_detection().0) else {
        return;
    };
    let now = link.0.now_secs();
    watching.follow(&link, &me, now);
    if now - watching.looked_secs > LOOK_SECS {
        watching.look(&link, &me, &visit, now, words.0);
        watching.lines.extend(server_lines(&says, words.0));
        watch.set_changed();
    }
}

impl Watching {
    /// Notes the states of what is looked at.
    fn follow(&mut self, link: &Link, me: &Me, now: f64) {
        let view = link.0.view();
        let (eyes, direction) = (me.motion.eyes(), me.motion.view_direction());
        let mut best = (LOOKED_AT, None);
        view.sample(now, |entity, pose, _| {
            let away = pose.position + Vec3::Y * 0.5 - eyes;
            let cosine = away.normalize_or_zero().dot(direction);
            if cosine > best.0 && away.length() < REACH_METRES {
                best = (cosine, Some(entity));
            }
        });
        if best.1 != self.target {
            self.states.clear();
            self.target = best.1;
        }
        let newest = self.target.and_then(|target| view.news(target));
        let Some((tick, ..)) = newest else { return };
        if self.states.back().is_none_or(|(_, last)| *last != tick) {
            self.states.push_back((now, tick));
        }
        while self
            .states
            .front()
            .is_some_and(|(at, _)| now - at > COUNT_SECS)
        {
            self.states.pop_front();
        }
    }

    fn look(&mut self, link: &Link, me: &Me, visit: &Visit, now: f64, words: &Texts) {
        let secs = now - self.looked_secs;
        self.looked_secs = now;
        let stats = link.0.stats();
        let view = link.0.view();
        let costs = view.costs();
        let (then, costs_then) = self
            .before
            .replace((stats, costs))
            .unwrap_or((stats, costs));
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / secs;
        let kbit = |now, then| format!("{:.0}", rate(now, then) * 8.0 / 1_000.0);
        let millis = |secs: f64| format!("{:.0}", secs * 1_000.0);
        let mut lines = vec![
            fill(
                words.network_line,
                &[
                    &millis(stats.rtt.as_secs_f64()),
                    &kbit(stats.bytes_in, then.bytes_in),
                    &kbit(stats.bytes_out, then.bytes_out),
                ],
            ),
            fill(
                words.network_states,
                &[
                    &format!("{:.0}", rate(stats.snapshots, then.snapshots)),
                    &millis(view.state_age_secs(now).unwrap_or(0.0)),
                    &millis(view.playout_delay_secs()),
                    &stats.snapshots_late.to_string(),
                    &stats.corrections.to_string(),
                ],
            ),
        ];
        lines.extend(spent(&costs, &costs_then, words));
        lines.push(self.target_line(&view, me, visit, now, words));
        self.lines = lines;
    }

    fn target_line(
        &self,
        view: &session::WorldView,
        me: &Me,
        visit: &Visit,
        now: f64,
        words: &Texts,
    ) -> String {
        let news = self
            .target
            .and_then(|target| Some((target, view.news(target)?)));
        let Some((target, (tick, pose, state))) = news else {
            return words.network_nothing.to_owned();
        };
        let person = visit.people.values().find(|person| person.entity == target);
        let name = person.map_or(words.network_thing, |person| person.name.as_str());
        let age = view.server_tick(now).map_or(0.0, |now| now - tick as f64);
        let metres = pose.position.distance(me.motion.position);
        let rest = if state.is_still {
            words.network_rests
        } else {
            ""
        };
        fill(
            words.network_target,
            &[
                &legible::one_line(name, 24),
                &format!("{metres:.1}"),
                &format!("{:.0}", self.states.len() as f64 / COUNT_SECS),
                &format!("{:.0}", age / f64::from(TICKS_PER_SECOND) * 1_000.0),
                rest,
            ],
        )
    }
}

/// What the server says of what it told us, and of itself to whoever may know.
fn server_lines(says: &ServerSays, words: &Texts) -> Vec<String> {
    let Some(server) = &says.newest else {
        return Vec::new();
    };
    let told = server.told;
    let per_send = |count: u32| format!("{:.1}", f64::from(count) / f64::from(told.sends.max(1)));
    let mut lines = vec![fill(
        words.network_told,
        &[
            &per_send(told.records),
            &per_send(told.withheld),
            &told.oldest_withheld_sends.to_string(),
        ],
    )];
    if server.tick > 0 {
        lines.push(fill(
            words.network_server,
            &[
                &server.people.to_string(),
                &format!("{:.1}", server.tick_ms_p99),
                &format!("{:.1}", server.late_ms_p99),
                &server.skipped_sends.to_string(),
            ],
        ));
    }
    lines
}

/// What the state's bits were spent on since the last look; nothing when none came.
fn spent(now: &StateCosts, then: &StateCosts, words: &Texts) -> Option<String> {
    let total = now.total() - then.total();
    let share = |now: f64, then: f64| format!("{:.0}", 100.0 * (now - then).max(0.0) / total);
    (total > 0.0).then(|| {
        fill(
            words.network_spent,
            &[
                &share(now.avatar_positions, then.avatar_positions),
                &share(now.avatar_headings, then.avatar_headings),
                &share(now.body_positions, then.body_positions),
                &share(now.body_rotations, then.body_rotations),
                &share(now.velocities, then.velocities),
                &share(now.bookkeeping, then.bookkeeping),
            ],
        )
    })
}

fn show(mut commands: Commands, watch: Res<Watch>, panels: Query<Entity, With<Panel>>) {
    if !watch.is_changed() {
        return;
    }
    for panel in &panels {
        commands.entity(panel).despawn();
    }
    let Some(watching) = watch
        .0
        .as_ref()
        .filter(|watching| !watching.lines.is_empty())
    else {
        return;
    };
    let node = Node {
        position_type: PositionType::Absolute,
        right: px(theme::PAD),
        top: px(theme::PAD),
        max_width: percent(70),
        row_gap: px(4),
        ..theme::panel_node()
    };
    commands
        .spawn((
            Panel,
            root(Layer::Panels, node),
            theme::ground(theme::PANEL_DENSE),
        ))
        .with_children(|panel| {
            for line in &watching.lines {
                panel.spawn(legible::text(line.as_str(), theme::SMALL, theme::TEXT));
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Locale;

    #[test]
    fn shares_are_of_what_came_since_the_last_look() {
        let words = Words::of(Locale::English).0;
        let then = StateCosts {
            avatar_positions: 1_000.0,
            ..StateCosts::default()
        };
        let now = StateCosts {
            avatar_positions: 1_300.0,
            bookkeeping: 100.0,
            ..StateCosts::default()
        };
        assert_eq!(spent(&then, &then, words), None);
        let said = spent(&now, &then, words).unwrap();
        assert!(said.contains("75") && said.contains("25"), "{said}");
    }
}
