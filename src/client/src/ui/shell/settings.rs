//! The settings page. Each row is a control: the arrows to the left and right turn it, and so do its two buttons.

use super::draw::{Facts, buttons, heading};
use crate::{
    app::{Config, order::ClientSystems},
    look::SuitedPreset,
    settings::{Dial, Graphics, Kept, Settings},
    ui::{
        Locale,
        button::{Action, Turns, Weight, control, plain_button},
        theme,
        words::{Texts, Words, fill as fill_in},
    },
};
use bevy::{input_focus::AutoFocus, picking::hover::Hovered, prelude::*};

/// What can be turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::ui) enum Setting {
    Language,
    Sensitivity,
    FieldOfView,
    Volume,
    Graphics,
    Fullscreen,
}

/// The text that tells a setting's value.
#[derive(Component)]
struct Shown(Setting);

/// The part of a scale that is filled.
#[derive(Component)]
struct Filled(Setting);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, turn_all.in_set(ClientSystems::Act));
    app.add_systems(Update, show.in_set(ClientSystems::Show));
}

impl Setting {
    const ALL: [Self; 6] = [
        Self::Language,
        Self::Sensitivity,
        Self::FieldOfView,
        Self::Volume,
        Self::Graphics,
        Self::Fullscreen,
    ];

    fn label(self, words: &Texts) -> &'static str {
        match self {
            Self::Language => words.setting_language,
            Self::Sensitivity => words.setting_sensitivity,
            Self::FieldOfView => words.setting_field,
            Self::Volume => words.setting_volume,
            Self::Graphics => words.setting_graphics,
            Self::Fullscreen => words.setting_fullscreen,
        }
    }

    /// Its scale, where it has one, and its value on it.
    fn dial(self, settings: &Settings) -> Option<(Dial, f32)> {
        match self {
            Self::Sensitivity => Some((Settings::MOUSE, settings.mouse_sensitivity)),
            Self::FieldOfView => Some((Settings::FIELD_OF_VIEW, settings.field_of_view_degrees)),
            Self::Volume => Some((Settings::VOLUME, settings.volume)),
            Self::Language | Self::Graphics | Self::Fullscreen => None,
        }
    }
}

/// Turns a setting; choices go round, scales end. Gives the language that holds from now on.
fn turn(settings: &mut Settings, language: Locale, setting: Setting, steps: i8) -> Locale {
    let turned = setting
        .dial(settings)
        .map(|(dial, value)| dial.turned(value, steps));
    match (setting, turned) {
        (Setting::Sensitivity, Some(value)) => settings.mouse_sensitivity = value,
        (Setting::FieldOfView, Some(value)) => settings.field_of_view_degrees = value,
        (Setting::Volume, Some(value)) => settings.volume = value,
        (Setting::Graphics, _) => {
            settings.graphics = beside(&Graphics::ALL, settings.graphics, steps);
        }
        (Setting::Fullscreen, _) => settings.is_fullscreen = !settings.is_fullscreen,
        (Setting::Language, _) => {
            let language = beside(&Locale::ALL, language, steps);
            settings.language = Some(language);
            return language;
        }
        _ => {}
    }
    language
}

/// The choice so many places further, round and round.
fn beside<T: Copy + PartialEq>(all: &[T], current: T, steps: i8) -> T {
    let place = all
        .iter()
        .position(|choice| *choice == current)
        .unwrap_or(0) as i64;
    all[(place + i64::from(steps)).rem_euclid(all.len() as i64) as usize]
}

fn turn_all(mut chosen: MessageReader<Action>, mut kept: ResMut<Kept>, mut config: ResMut<Config>) {
    for action in chosen.read() {
        if let Action::Turn(setting, steps) = action {
            let language = config.0.locale;
            config.0.locale = turn(&mut kept.0.values, language, *setting, *steps);
        }
    }
}

/// What a setting says of itself.
fn value(setting: Setting, settings: &Settings, suited: Graphics, words: &'static Texts) -> String {
    let graphics = |graphics| match graphics {
        Graphics::Automatic | Graphics::Low => words.graphics_low,
        Graphics::Medium => words.graphics_medium,
        Graphics::High => words.graphics_high,
    };
    match setting {
        Setting::Language => words.this_language.to_owned(),
        Setting::Sensitivity => format!("{:.1}", settings.mouse_sensitivity),
        Setting::FieldOfView => format!("{:.0}°", settings.field_of_view_degrees),
        Setting::Volume => format!("{:.0} %", settings.volume * 100.0),
        Setting::Graphics if settings.graphics == Graphics::Automatic => {
            fill_in(words.graphics_auto, &[graphics(suited)])
        }
        Setting::Graphics => graphics(settings.graphics).to_owned(),
        Setting::Fullscreen if settings.is_fullscreen => words.on.to_owned(),
        Setting::Fullscreen => words.off.to_owned(),
    }
}

pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts) {
    let words = facts.words.0;
    panel.spawn(heading(words.menu_settings));
    for setting in Setting::ALL {
        let mut row = panel.spawn((
            control(Action::Turn(setting, 1), Weight::Second),
            Turns(setting),
            row_node(),
        ));
        if setting == Setting::Language {
            row.insert(AutoFocus);
        }
        let has_scale = setting.dial(&Settings::default()).is_some();
        row.with_children(|row| fill_row(row, setting, has_scale, words));
    }
    panel.spawn(theme::text(
        words.graphics_later,
        theme::SMALL,
        theme::TEXT_SOFT,
    ));
    if let Some(line) = &facts.fault.0 {
        panel.spawn(theme::text(line, theme::SMALL, theme::ALARM_TEXT));
    }
    panel.spawn(buttons()).with_children(|row| {
        row.spawn(plain_button(
            Action::Back,
            Weight::First,
            words.back_to_menu,
        ));
    });
}

fn row_node() -> Node {
    Node {
        width: percent(100),
        height: px(48),
        padding: UiRect::left(px(theme::PAD)).with_right(px(theme::GAP)),
        column_gap: px(theme::GAP),
        align_items: AlignItems::Center,
        border: UiRect::all(px(1)),
        border_radius: BorderRadius::all(px(theme::RADIUS_SMALL + 2.0)),
        ..default()
    }
}

fn fill_row(
    row: &mut ChildSpawnerCommands,
    setting: Setting,
    has_scale: bool,
    words: &'static Texts,
) {
    row.spawn((
        Node {
            flex_grow: 1.0,
            ..default()
        },
        Pickable::IGNORE,
        children![theme::text(setting.label(words), theme::BODY, theme::TEXT)],
    ));
    let (less, more) = if has_scale {
        ("−", "+")
    } else {
        ("‹", "›")
    };
    row.spawn(turner(Action::Turn(setting, -1), less));
    row.spawn((
        Node {
            width: px(216),
            flex_direction: FlexDirection::Column,
            align_items: AlignItems::Center,
            row_gap: px(4),
            ..default()
        },
        Pickable::IGNORE,
    ))
    .with_children(|middle| {
        middle.spawn((Shown(setting), theme::strong("", theme::BODY, theme::TEXT)));
        if has_scale {
            middle.spawn(scale(setting));
        }
    });
    row.spawn(turner(Action::Turn(setting, 1), more));
}

fn scale(setting: Setting) -> impl Bundle {
    let bar = |width: Val| Node {
        width,
        height: px(4),
        border_radius: BorderRadius::all(px(2)),
        ..default()
    };
    (
        bar(percent(92)),
        BackgroundColor(theme::HAIRLINE),
        Pickable::IGNORE,
        children![(
            Filled(setting),
            bar(percent(0)),
            BackgroundColor(theme::ACCENT),
            Pickable::IGNORE,
        )],
    )
}

/// A small button for the pointer; the keyboard turns the whole row.
fn turner(action: Action, sign: &'static str) -> impl Bundle {
    (
        bevy::ui_widgets::Button,
        action,
        Weight::Second,
        Hovered::default(),
        Outline::new(px(0), px(0), Color::NONE),
        Node {
            width: px(36),
            height: px(36),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::Center,
            border_radius: BorderRadius::all(px(18)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![theme::strong(sign, theme::LEAD, theme::TEXT)],
    )
}

fn show(
    kept: Res<Kept>,
    words: Res<Words>,
    suited: Res<SuitedPreset>,
    mut texts: Query<(&Shown, &mut Text)>,
    mut bars: Query<(&Filled, &mut Node)>,
) {
    let values = &kept.0.values;
    for (shown, mut text) in &mut texts {
        let line = value(shown.0, values, suited.as_setting(), words.0);
        if text.0 != line {
            text.0 = line;
        }
    }
    for (filled, mut node) in &mut bars {
        if let Some((dial, value)) = filled.0.dial(values) {
            let width = percent(dial.share(value) * 100.0);
            if node.width != width {
                node.width = width;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_turned_there_and_back() {
        for setting in Setting::ALL {
            let mut settings = Settings::default();
            let before = settings.clone();
            let there = turn(&mut settings, Locale::English, setting, 1);
            assert_ne!(settings, before, "{setting:?}");
            let back = turn(&mut settings, there, setting, -1);
            assert_eq!(back, Locale::English);
            // A chosen language is chosen, even the one of the system.
            settings.language = None;
            assert_eq!(settings, before, "{setting:?}");
        }
    }

    #[test]
    fn every_value_is_told_in_both_languages() {
        for locale in Locale::ALL {
            let words = Words::of(locale).0;
            let mut settings = Settings::default();
            for setting in Setting::ALL {
                for _ in 0..4 {
                    turn(&mut settings, locale, setting, 1);
                    let line = value(setting, &settings, Graphics::Medium, words);
                    assert!(!line.is_empty() && !line.contains("{}"), "{setting:?}");
                }
            }
        }
    }

    #[test]
    fn the_automatic_preset_says_what_it_chose() {
        let words = Words::of(Locale::English).0;
        let settings = Settings::default();
        let line = value(Setting::Graphics, &settings, Graphics::Low, words);
        assert_eq!(line, "Automatic (Low)");
    }
}
