//! The report beside the file that one looks at. It takes its room from the view, and one key hides it.

use super::{
    Studio,
    arrival::Arrival,
    check::Check,
    conversion::{Again, Converted, Origin},
    name_of,
    parts::{cost_row, counts, findings, heading, rule, soft, title},
    report::{Checked, Report, Room},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    camera::Framing,
    motion::InputTaken,
    ui::{
        button::Action,
        inside::{Layer, legible, root},
        picture_size, theme,
        things::PLACE_KEY,
        words::{Texts, Words, fill},
    },
};
use bevy::{prelude::*, window::PrimaryWindow};
use scene::{Grade, Outcome};

/// Hides the report and shows it again; leaves the studio.
const REPORT_KEY: (KeyCode, &str) = (KeyCode::KeyR, "R");
pub(super) const LEAVE_KEY: (KeyCode, &str) = (KeyCode::KeyB, "B");
/// Width of the panel in the theme's units, in pixels at least, and of the picture at most.
const WIDTH: f32 = 410.0;
const LEAST_WIDTH_PIXELS: f32 = 225.0;
const MAX_WIDTH_SHARE: f32 = 0.45;
/// Width of a letter and height of a line by the size of letters.
const LETTER: f32 = 0.53;
const LINE: f32 = 1.4;
/// Lines that are there in every report: name, verdict, counts, headings, keys.
const FIXED_LINES: f32 = 16.5;
/// Height of a cost in lines, and most costs where there is little room.
const COST_LINES: f32 = 1.4;
const FEW_COSTS: usize = 4;
/// Lines that a finding takes with its heading.
const LEAST_LINES: f32 = 6.5;
/// Below so many lines there is little room.
const FEW_LINES: f32 = 30.0;

#[derive(Component)]
struct Panel;

/// Whether the report is hidden.
#[derive(Resource, Default)]
struct IsHidden(bool);

/// What the panel was made for.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    title: String,
    way_out: Option<String>,
    /// What it is called to place the file where one came from, or to wear it.
    place: Option<String>,
    is_hidden: bool,
    size: Size,
}

/// How large things are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    /// Width of the panel in the theme's units.
    width: f32,
    /// Most height of the panel in the theme's units.
    height: f32,
    /// The width as a share of the picture's width.
    share: f32,
    room: Room,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsHidden>();
    app.add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Listen),
            draw.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

fn listen(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    (studio, config): (Res<Studio>, Res<Config>),
    arrival: Res<Arrival>,
    words: Res<Words>,
    mut is_hidden: ResMut<IsHidden>,
    mut chosen: MessageWriter<Action>,
) {
    let Some(shown) = studio.shown(&config.0).filter(|_| !taken.is_taken) else {
        return;
    };
    if keys.just_pressed(REPORT_KEY.0) {
        is_hidden.0 = !is_hidden.0;
    }
    // The key stops a conversion first.
    let is_waiting = matches!(*arrival, Arrival::Converting(_));
    if keys.just_pressed(LEAVE_KEY.0) && !is_waiting && shown.way_out(words.0).is_some() {
        chosen.write(Action::LeaveStudio);
    }
}

impl Size {
    fn of(picture: Vec2, scale: f32) -> Self {
        let scale = scale.max(0.05);
        let units = (picture / scale).max(Vec2::ONE);
        let width = WIDTH
            .max(LEAST_WIDTH_PIXELS / scale)
            .min(units.x * MAX_WIDTH_SHARE);
        let letters = legible::letters(theme::SMALL, scale);
        Self {
            width,
            height: units.y - 2.0 * theme::PAD,
            share: (width + theme::PAD) / units.x,
            room: Room {
                lines: (units.y - 4.0 * theme::PAD) / (letters * LINE),
                letters: (width - 2.0 * theme::PAD) / (letters * LETTER),
            },
        }
    }
}

fn draw(
    mut commands: Commands,
    (studio, check, again): (Res<Studio>, Res<Check>, Res<Again>),
    config: Res<Config>,
    words: Res<Words>,
    (is_hidden, scale): (Res<IsHidden>, Res<UiScale>),
    windows: Query<&Window, With<PrimaryWindow>>,
    panels: Query<Entity, With<Panel>>,
    mut framing: ResMut<Framing>,
    mut drawn: Local<Option<Drawn>>,
) {
    let shown = studio.shown(&config.0);
    let wished = shown.map(|shown| Drawn {
        title: name_of(shown.opened.source()),
        way_out: shown.way_out(words.0),
        place: match shown.world() {
            _ if shown.is_avatar() => Some(words.0.wear.to_owned()),
            _ if shown.is_clip() => None,
            place => place.map(|place| fill(words.0.studio_place, &[&place.title])),
        },
        is_hidden: is_hidden.0,
        size: Size::of(picture_size(&config, &windows), scale.0),
    });
    let share = match &wished {
        Some(drawn) if !drawn.is_hidden => drawn.size.share,
        _ => 0.0,
    };
    if framing.left_share != share {
        framing.left_share = share;
    }
    let is_missing = wished.is_some() && panels.is_empty();
    let is_news = check.is_changed() || again.is_changed() || words.is_changed();
    if *drawn == wished && !is_missing && !is_news {
        return;
    }
    for panel in &panels {
        commands.entity(panel).despawn();
    }
    drawn.clone_from(&wished);
    match wished {
        Some(drawn) if drawn.is_hidden => put_up_keys(&mut commands, &drawn, words.0),
        Some(drawn) => {
            let converted = shown.and_then(|shown| shown.opened.converted());
            let origin =
                |converted: &Converted| Origin::of(converted, &again, drawn.size.room, words.0);
            put_up(
                &mut commands,
                &drawn,
                converted.map(origin),
                &check,
                words.0,
            );
        }
        None => {}
    }
}

/// Where the report was, how to have it back.
fn put_up_keys(commands: &mut Commands, drawn: &Drawn, words: &Texts) {
    let corner = Node {
        position_type: PositionType::Absolute,
        left: px(theme::PAD),
        top: px(theme::PAD),
        ..theme::panel_node()
    };
    commands
        .spawn((
            Panel,
            root(Layer::Hints, corner),
            theme::ground(theme::PANEL_DENSE),
        ))
        .with_children(|panel| keys(panel, drawn, words));
}

fn keys(parent: &mut ChildSpawnerCommands, drawn: &Drawn, words: &Texts) {
    let report = if drawn.is_hidden {
        words.report_show
    } else {
        words.report_hide
    };
    parent
        .spawn(Node {
            flex_direction: FlexDirection::Column,
            row_gap: px(6),
            ..default()
        })
        .with_children(|column| {
            column.spawn(legible::key_hint(REPORT_KEY.1, report));
            if let Some(place) = &drawn.place {
                column.spawn(legible::key_hint(PLACE_KEY.1, place));
            }
            if let Some(way_out) = &drawn.way_out {
                column.spawn(legible::key_hint(LEAVE_KEY.1, way_out));
            }
        });
}

fn put_up(
    commands: &mut Commands,
    drawn: &Drawn,
    origin: Option<Origin>,
    check: &Check,
    words: &'static Texts,
) {
    let node = Node {
        position_type: PositionType::Absolute,
        left: px(theme::PAD),
        top: px(theme::PAD),
        width: px(drawn.size.width),
        max_height: px(drawn.size.height),
        overflow: Overflow::clip_y(),
        ..theme::panel_node()
    };
    commands
        .spawn((
            Panel,
            root(Layer::Hints, node),
            theme::ground(theme::PANEL_DENSE),
        ))
        .with_children(|panel| {
            let checked = check.checked.as_ref();
            let checked = checked.map(|Checked(report, purpose)| match report {
                Ok(report) => Ok(Report::of(report, *purpose, words)),
                Err(line) => Err(line),
            });
            let grade = match &checked {
                Some(Ok(report)) => report.grade,
                _ => None,
            };
            title(panel, &drawn.title, grade);
            let (mut room, is_converted) = (drawn.size.room, origin.is_some());
            if let Some(origin) = origin {
                room.lines -= origin.lines(room);
                origin.spawn(panel);
            }
            match checked {
                None => {
                    panel.spawn(soft(words.report_checking));
                }
                Some(Err(line)) => {
                    panel.spawn(soft(fill(words.report_none, &[line])));
                }
                Some(Ok(report)) => fill_in(panel, &report, room, is_converted, words),
            }
            panel.spawn(rule());
            keys(panel, drawn, words);
        });
}

fn fill_in(
    panel: &mut ChildSpawnerCommands,
    report: &Report,
    room: Room,
    is_converted: bool,
    words: &'static Texts,
) {
    let color = match report.outcome {
        Outcome::Load => theme::CALM,
        Outcome::Warn => theme::TEXT,
        Outcome::Reject => theme::ALARM_TEXT,
    };
    panel.spawn(legible::text(report.verdict, theme::BODY, color));
    counts(panel, report);
    let limit = if room.lines < FEW_LINES {
        FEW_COSTS
    } else {
        usize::MAX
    };
    let costs = &report.costs[..report.costs.len().min(limit)];
    let taken = FIXED_LINES + costs.len() as f32 * COST_LINES;
    let left = Room {
        lines: room.lines - taken,
        ..room
    };
    let found = report.findings(left);
    // What is only worth knowing gives way to what a converter says.
    let is_due = found.shown.is_empty() || found.are_worth_mending();
    if is_due || !is_converted || left.lines >= LEAST_LINES {
        findings(panel, &found, words);
    }
    if costs.is_empty() {
        return;
    }
    panel.spawn(rule());
    panel.spawn(heading(report.costs_title));
    panel
        .spawn(Node {
            flex_direction: FlexDirection::Column,
            row_gap: px(3),
            ..default()
        })
        .with_children(|list| {
            for cost in costs {
                cost_row(list, cost);
            }
        });
    let more = report.costs.len() - costs.len();
    if more > 0 && report.costs[costs.len()].grade == Grade::A {
        panel.spawn(soft(fill(words.report_more_costs, &[&more.to_string()])));
    }
}
