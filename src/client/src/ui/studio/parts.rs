//! What a report is made of: its title, counts, findings and costs, as nodes.

use super::report::{CostLine, Finding, Findings, Report};
use crate::ui::{
    inside::legible,
    theme,
    words::{Texts, fill},
};
use bevy::prelude::*;
use scene::Grade;

/// The name of the file, and the grade of its costs.
pub(super) fn title(panel: &mut ChildSpawnerCommands, name: &str, grade: Option<Grade>) {
    panel
        .spawn(Node {
            justify_content: JustifyContent::SpaceBetween,
            align_items: AlignItems::Center,
            column_gap: px(theme::PAD),
            ..default()
        })
        .with_children(|row| {
            row.spawn((
                legible::strong(name, theme::LEAD, theme::TEXT),
                TextLayout::linebreak(LineBreak::WordOrCharacter),
            ));
            if let Some(grade) = grade {
                row.spawn((
                    Node {
                        min_width: px(40),
                        min_height: px(40),
                        flex_shrink: 0.0,
                        align_items: AlignItems::Center,
                        justify_content: JustifyContent::Center,
                        border_radius: BorderRadius::all(px(theme::RADIUS_SMALL + 2.0)),
                        ..default()
                    },
                    BackgroundColor(grade_color(grade)),
                    children![legible::strong(
                        grade.letter().to_string(),
                        theme::LEAD + 2.0,
                        theme::ON_ACCENT,
                    )],
                ));
            }
        });
}

/// How many findings there are of each severity.
pub(super) fn counts(panel: &mut ChildSpawnerCommands, report: &Report) {
    if report.counts.is_empty() {
        return;
    }
    panel
        .spawn(Node {
            column_gap: px(theme::PAD - 2.0),
            row_gap: px(4),
            flex_wrap: FlexWrap::Wrap,
            ..default()
        })
        .with_children(|row| {
            for (severity, count, name) in &report.counts {
                row.spawn(Node {
                    column_gap: px(7),
                    align_items: AlignItems::Center,
                    ..default()
                })
                .with_children(|part| {
                    part.spawn(dot(*severity));
                    part.spawn((
                        legible::text(format!("{name} {count}"), theme::SMALL, theme::TEXT_SOFT),
                        TextLayout::no_wrap(),
                    ));
                });
            }
        });
}

/// Findings, each with what mends it.
pub(super) fn findings(
    panel: &mut ChildSpawnerCommands,
    findings: &Findings,
    words: &'static Texts,
) {
    panel.spawn(rule());
    if findings.shown.is_empty() {
        panel.spawn(heading(words.report_clean));
        return;
    }
    panel.spawn(heading(if findings.are_worth_mending() {
        words.report_findings
    } else {
        words.report_small_findings
    }));
    for finding in &findings.shown {
        finding_row(panel, finding);
    }
    if findings.more > 0 {
        let more = findings.more.to_string();
        panel.spawn(soft(fill(words.report_more, &[&more])));
    }
}

fn finding_row(panel: &mut ChildSpawnerCommands, finding: &Finding) {
    panel
        .spawn(Node {
            column_gap: px(10),
            ..default()
        })
        .with_children(|row| {
            row.spawn((
                Node {
                    padding: UiRect::top(px(6)),
                    flex_shrink: 0.0,
                    ..default()
                },
                children![dot(finding.severity)],
            ));
            row.spawn(Node {
                flex_direction: FlexDirection::Column,
                flex_shrink: 1.0,
                ..default()
            })
            .with_children(|column| {
                let lines = [
                    (finding.message.as_str(), theme::TEXT),
                    (finding.place.as_str(), theme::TEXT_SOFT),
                    (finding.remedy, theme::ACCENT),
                ];
                for (line, color) in lines {
                    column.spawn((
                        legible::text(line, theme::SMALL, color),
                        TextLayout::linebreak(LineBreak::WordOrCharacter),
                    ));
                }
            });
        });
}

pub(super) fn cost_row(list: &mut ChildSpawnerCommands, cost: &CostLine) {
    let color = grade_color(cost.grade);
    list.spawn(Node {
        flex_direction: FlexDirection::Column,
        row_gap: px(1),
        ..default()
    })
    .with_children(|row| {
        row.spawn(Node {
            column_gap: px(theme::GAP),
            ..default()
        })
        .with_children(|line| {
            line.spawn((
                Node {
                    flex_grow: 1.0,
                    ..default()
                },
                children![legible::text(cost.name, theme::SMALL, theme::TEXT)],
            ));
            line.spawn((
                legible::text(cost.amount.as_str(), theme::SMALL, theme::TEXT_SOFT),
                TextLayout::no_wrap(),
            ));
            line.spawn((
                Node {
                    width: px(20),
                    justify_content: JustifyContent::FlexEnd,
                    flex_shrink: 0.0,
                    ..default()
                },
                children![legible::strong(
                    cost.grade.letter().to_string(),
                    theme::SMALL,
                    color,
                )],
            ));
        });
        row.spawn((
            Node {
                width: percent(100),
                height: px(3),
                border_radius: BorderRadius::all(px(2)),
                ..default()
            },
            BackgroundColor(theme::RAISED_BRIGHT),
            children![(
                Node {
                    width: percent(cost.share * 100.0),
                    height: percent(100),
                    border_radius: BorderRadius::all(px(2)),
                    ..default()
                },
                BackgroundColor(color),
            )],
        ));
    });
}

pub(super) fn heading(text: &'static str) -> impl Bundle {
    legible::strong(text, theme::BODY - 1.0, theme::TEXT)
}

pub(super) fn soft(text: impl Into<String>) -> impl Bundle {
    (
        legible::text(text, theme::SMALL, theme::TEXT_SOFT),
        TextLayout::linebreak(LineBreak::WordOrCharacter),
    )
}

pub(super) fn rule() -> impl Bundle {
    (
        Node {
            width: percent(100),
            height: px(1),
            flex_shrink: 0.0,
            ..default()
        },
        BackgroundColor(theme::EDGE),
    )
}

fn dot(severity: u8) -> impl Bundle {
    let color = match severity {
        0 => theme::ALARM,
        1 => theme::ACCENT,
        2 => theme::CALM,
        _ => theme::TEXT_FAINT,
    };
    (
        Node {
            width: px(8),
            height: px(8),
            flex_shrink: 0.0,
            border_radius: BorderRadius::all(px(4)),
            ..default()
        },
        BackgroundColor(color),
    )
}

fn grade_color(grade: Grade) -> Color {
    match grade {
        Grade::A | Grade::B => theme::CALM,
        Grade::C => theme::ACCENT,
        Grade::D | Grade::E => theme::ALARM,
    }
}
