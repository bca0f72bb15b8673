//! What stands behind the screens outside a world: a stoa at dusk, whose columns the way in lights one by one.

use super::theme;
use bevy::{
    prelude::*,
    ui::{BackgroundGradient, ColorStop, LinearGradient, RadialGradient, RadialGradientShape},
};

/// Columns of the stoa.
pub(super) const COLUMNS: usize = 11;
/// Width of the building in logical pixels.
const WIDTH: f32 = 860.0;
/// Height of a column's shaft.
const SHAFT: f32 = 178.0;

/// The light of a column, by its place from the left: drawn over its stone, as far as it is lit.
#[derive(Component)]
pub(super) struct Glow(pub(super) usize);

/// Sky and building; `warmth` is 1 at a golden evening and 0 at night.
pub(super) fn spawn(parent: &mut ChildSpawnerCommands, warmth: f32) {
    parent.spawn((theme::cover(), sky(warmth), Pickable::IGNORE));
    parent
        .spawn((theme::cover(), Pickable::IGNORE))
        .with_children(|sheet| {
            sheet.spawn((
                Node {
                    position_type: PositionType::Absolute,
                    bottom: percent(-38),
                    width: percent(110),
                    height: percent(120),
                    ..default()
                },
                halo(warmth),
            ));
        });
    parent
        .spawn((
            Node {
                justify_content: JustifyContent::FlexEnd,
                ..theme::cover()
            },
            Pickable::IGNORE,
        ))
        .with_children(|sheet| building(sheet, warmth));
}

fn mix(night: Color, evening: Color, warmth: f32) -> Color {
    night.mix(&evening, warmth)
}

fn sky(warmth: f32) -> BackgroundGradient {
    let stop = |night, evening, place: i32| ColorStop::percent(mix(night, evening, warmth), place);
    BackgroundGradient::from(LinearGradient::to_bottom(vec![
        stop(
            Color::srgb(0.03, 0.045, 0.085),
            Color::srgb(0.075, 0.10, 0.185),
            0,
        ),
        stop(
            Color::srgb(0.05, 0.07, 0.12),
            Color::srgb(0.20, 0.185, 0.30),
            34,
        ),
        stop(
            Color::srgb(0.075, 0.095, 0.15),
            Color::srgb(0.50, 0.30, 0.33),
            58,
        ),
        stop(
            Color::srgb(0.10, 0.12, 0.175),
            Color::srgb(0.86, 0.53, 0.35),
            76,
        ),
        stop(
            Color::srgb(0.12, 0.14, 0.19),
            Color::srgb(0.97, 0.77, 0.50),
            88,
        ),
    ]))
}

fn halo(warmth: f32) -> BackgroundGradient {
    let light = |alpha: f32| Color::srgba(1.0, 0.86, 0.58, alpha * (0.12 + 0.88 * warmth));
    BackgroundGradient::from(RadialGradient {
        shape: RadialGradientShape::ClosestSide,
        stops: vec![
            ColorStop::percent(light(0.75), 0),
            ColorStop::percent(light(0.42), 18),
            ColorStop::percent(light(0.16), 42),
            ColorStop::percent(light(0.04), 70),
            ColorStop::percent(light(0.0), 100),
        ],
        ..default()
    })
}

/// Stone against the light: dark, a little warmer towards the evening.
fn stone(warmth: f32, shade: f32) -> Color {
    let night = Color::srgb(0.045, 0.055, 0.085);
    let evening = Color::srgb(0.125, 0.095, 0.13);
    let base = mix(night, evening, warmth).to_srgba();
    Color::srgb(base.red * shade, base.green * shade, base.blue * shade)
}

fn slab(width: f32, height: f32, color: Color) -> impl Bundle {
    (
        Node {
            width: px(width),
            height: px(height),
            ..default()
        },
        BackgroundColor(color),
    )
}

fn building(sheet: &mut ChildSpawnerCommands, warmth: f32) {
    sheet.spawn(slab(WIDTH + 70.0, 9.0, stone(warmth, 1.25)));
    sheet.spawn(slab(WIDTH + 46.0, 34.0, stone(warmth, 0.92)));
    sheet.spawn(slab(WIDTH + 30.0, 5.0, stone(warmth, 1.3)));
    sheet.spawn(slab(WIDTH + 30.0, 15.0, stone(warmth, 0.86)));
    sheet
        .spawn(Node {
            width: px(WIDTH),
            height: px(SHAFT + 22.0),
            justify_content: JustifyContent::SpaceBetween,
            ..default()
        })
        .with_children(|row| {
            for index in 0..COLUMNS {
                column(row, index, warmth);
            }
        });
    for (width, shade) in [(40.0, 1.25), (78.0, 1.05), (118.0, 0.88)] {
        sheet.spawn(slab(WIDTH + width, 11.0, stone(warmth, shade)));
    }
    sheet.spawn((
        Node {
            width: percent(100),
            height: percent(19),
            ..default()
        },
        BackgroundGradient::from(LinearGradient::to_bottom(vec![
            ColorStop::percent(stone(warmth, 0.8), 0),
            ColorStop::percent(stone(warmth, 0.45), 100),
        ])),
    ));
}

fn column(row: &mut ChildSpawnerCommands, index: usize, warmth: f32) {
    let edge = stone(warmth, 0.8);
    let light = stone(warmth, 1.55);
    row.spawn((Node {
        width: px(38),
        flex_direction: FlexDirection::Column,
        align_items: AlignItems::Center,
        ..default()
    },))
        .with_children(|column| {
            column.spawn(slab(38.0, 6.0, stone(warmth, 1.2)));
            column.spawn((
                Node {
                    width: px(30),
                    height: px(6),
                    border_radius: BorderRadius::bottom(px(5)),
                    ..default()
                },
                BackgroundColor(light),
            ));
            column
                .spawn((
                    Node {
                        width: px(24),
                        height: px(SHAFT),
                        ..default()
                    },
                    BackgroundGradient::from(LinearGradient::to_right(vec![
                        ColorStop::percent(edge, 0),
                        ColorStop::percent(light, 38),
                        ColorStop::percent(edge, 100),
                    ])),
                ))
                .with_children(|shaft| {
                    shaft.spawn((
                        Glow(index),
                        Node {
                            position_type: PositionType::Absolute,
                            bottom: px(0),
                            width: percent(100),
                            height: percent(0),
                            ..default()
                        },
                        BackgroundGradient::from(LinearGradient::to_right(vec![
                            ColorStop::percent(Color::srgb(0.60, 0.36, 0.20), 0),
                            ColorStop::percent(Color::srgb(1.0, 0.84, 0.58), 40),
                            ColorStop::percent(Color::srgb(0.66, 0.40, 0.23), 100),
                        ])),
                    ));
                });
            column.spawn(slab(32.0, 5.0, light));
            column.spawn(slab(38.0, 5.0, stone(warmth, 1.1)));
        });
}
