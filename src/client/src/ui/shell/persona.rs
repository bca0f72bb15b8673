//! Name and look: asked at the first start, changed at any time after. Inside a world the server has its say first.

use super::{
    draw::{Facts, buttons, heading, paragraph},
    field::{self, Field},
    notice::Notice,
    page::{Page, Shell, Wish, after},
    portraits,
    settings::Setting,
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{Link, Said, Visit},
    settings::Kept,
    ui::{
        button::{Action, Weight, control, plain_button},
        inside::denial,
        theme,
        words::{Texts, Words},
    },
};
use bevy::{prelude::*, text::EditableText};
use protocol::{
    AvatarChoice, Denial, DisplayName, NameError, SHIPPED_AVATARS, limits::MAX_NAME_BYTES,
};
use session::{ActionError, SessionEvent};

/// Width of a portrait with its frame, in logical pixels.
const CARD_WIDTH: f32 = 132.0;
/// Side of a portrait.
const PORTRAIT_SIDE: f32 = 114.0;

/// What has been written and chosen so far; a page that is drawn anew keeps it.
#[derive(Resource, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) avatar: Option<AvatarChoice>,
}

/// A change that the server has not answered yet.
#[derive(Resource, Default)]
struct Asked(Option<(u32, Persona)>);

#[derive(Clone, Debug, PartialEq)]
struct Persona {
    name: DisplayName,
    avatar: AvatarChoice,
}

/// A portrait, by its place in the list.
#[derive(Component)]
struct Card(usize);

/// The line that says which rule a name breaks.
#[derive(Component)]
struct NameFault;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Draft>().init_resource::<Asked>();
    app.add_systems(
        Update,
        begin
            .in_set(ClientSystems::Act)
            .run_if(resource_changed::<Shell>),
    );
    app.add_systems(Update, (wear, keep, take_answer).in_set(ClientSystems::Act));
    app.add_systems(Update, (read_name, mark_chosen).in_set(ClientSystems::Show));
}

/// The page begins with what holds now.
fn begin(shell: Res<Shell>, config: Res<Config>, mut draft: ResMut<Draft>) {
    match shell.0 {
        Some(Page::Welcome) if draft.avatar.is_none() => {
            draft.name.clear();
            draft.avatar = Some(config.0.avatar.clone());
        }
        Some(Page::Persona) if draft.avatar.is_none() => {
            config.0.name.as_str().clone_into(&mut draft.name);
            draft.avatar = Some(config.0.avatar.clone());
        }
        Some(Page::Welcome | Page::Persona) => {}
        _ => draft.avatar = None,
    }
}

pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts, page: Page) {
    let words = facts.words.0;
    let is_first = page == Page::Welcome;
    panel.spawn(heading(if is_first {
        words.welcome
    } else {
        words.menu_persona
    }));
    if is_first {
        panel.spawn(paragraph(words.welcome_lead));
    }
    panel.spawn(theme::strong(words.ask_name, theme::BODY, theme::TEXT));
    let texts = (facts.draft.name.as_str(), words.name_hint);
    field::spawn(
        panel,
        Field::Name,
        texts,
        MAX_NAME_BYTES,
        Action::KeepPersona,
    );
    panel.spawn((NameFault, theme::text("", theme::SMALL, theme::ALARM_TEXT)));
    panel.spawn(theme::strong(words.ask_avatar, theme::BODY, theme::TEXT));
    panel
        .spawn(Node {
            column_gap: px(theme::PAD - 4.0),
            ..default()
        })
        .with_children(|row| {
            for (place, stem) in SHIPPED_AVATARS.iter().enumerate() {
                card(row, place, stem, facts);
            }
        });
    panel.spawn(buttons()).with_children(|row| {
        let label = if is_first { words.enter } else { words.keep };
        row.spawn(plain_button(Action::KeepPersona, Weight::First, label));
        if is_first {
            row.spawn(plain_button(
                Action::Turn(Setting::Language, 1),
                Weight::Second,
                words.other_language,
            ));
        } else {
            row.spawn(plain_button(
                Action::Back,
                Weight::Second,
                words.back_to_menu,
            ));
        }
    });
}

fn card(row: &mut ChildSpawnerCommands, place: usize, stem: &str, facts: &Facts) {
    row.spawn((
        Card(place),
        control(Action::Wear(place), Weight::Second),
        Node {
            width: px(CARD_WIDTH),
            flex_direction: FlexDirection::Column,
            align_items: AlignItems::Center,
            padding: UiRect::all(px(theme::GAP)),
            row_gap: px(6),
            border: UiRect::all(px(1)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL + 4.0)),
            ..default()
        },
    ))
    .with_children(|card| {
        let mut picture = card.spawn((
            Node {
                width: px(PORTRAIT_SIDE),
                height: px(PORTRAIT_SIDE),
                border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
                ..default()
            },
            Pickable::IGNORE,
        ));
        if let Some(portrait) = facts.portraits.get(place) {
            picture.insert(ImageNode::new(portrait));
        }
        let name = portraits::name(stem);
        card.spawn(theme::strong(name, theme::BODY, theme::TEXT));
    });
}

/// Says as one writes which rule is broken.
fn read_name(
    words: Res<Words>,
    fields: Query<(&Field, &EditableText)>,
    mut draft: ResMut<Draft>,
    mut faults: Query<&mut Text, With<NameFault>>,
) {
    let Some((_, text)) = fields.iter().find(|(field, _)| **field == Field::Name) else {
        return;
    };
    let name = field::content(text);
    if draft.name != name {
        draft.name = name;
    }
    let line = match DisplayName::new(&draft.name) {
        // Nobody needs to be told that they have not begun.
        Err(fault) if !draft.name.is_empty() => explain(fault, words.0),
        _ => "",
    };
    for mut text in &mut faults {
        if text.0 != line {
            line.clone_into(&mut text.0);
        }
    }
}

/// The rule that a name breaks.
fn explain(fault: NameError, words: &Texts) -> &'static str {
    match fault {
        NameError::Empty => words.name_empty,
        NameError::TooLong => words.name_long,
        NameError::Character(_) => words.name_character,
    }
}

fn mark_chosen(draft: Res<Draft>, mut cards: Query<(&Card, &mut Weight)>) {
    for (card, mut weight) in &mut cards {
        let is_chosen = draft.avatar == shipped(card.0);
        weight.set_if_neq(if is_chosen {
            Weight::Chosen
        } else {
            Weight::Second
        });
    }
}

fn shipped(place: usize) -> Option<AvatarChoice> {
    let stem = SHIPPED_AVATARS.get(place)?;
    Some(AvatarChoice::Shipped((*stem).to_owned()))
}

fn wear(mut chosen: MessageReader<Action>, mut draft: ResMut<Draft>) {
    for action in chosen.read() {
        if let Action::Wear(place) = action {
            draft.avatar = shipped(*place);
        }
    }
}

fn keep(
    mut chosen: MessageReader<Action>,
    words: Res<Words>,
    draft: Res<Draft>,
    link: Option<Res<Link>>,
    stage: Res<State<Stage>>,
    mut shell: ResMut<Shell>,
    mut next: ResMut<NextState<Stage>>,
    mut asked: ResMut<Asked>,
    mut notice: ResMut<Notice>,
    mut config: ResMut<Config>,
    mut kept: ResMut<Kept>,
) {
    let is_asked = chosen.read().any(|action| *action == Action::KeepPersona);
    let Some(avatar) = draft.avatar.clone().filter(|_| is_asked) else {
        return;
    };
    let name = match DisplayName::new(&draft.name) {
        Ok(name) => name,
        Err(fault) => return notice.bad(explain(fault, words.0)),
    };
    let persona = Persona { name, avatar };
    if let Some(link) = link.filter(|_| *stage.get() == Stage::Inside) {
        match link
            .0
            .change_persona(persona.name.clone(), persona.avatar.clone())
        {
            Ok(request) => {
                asked.0 = Some((request, persona));
                notice.good(words.0.keeping);
            }
            Err(ActionError::Busy) => notice.bad(words.0.denied_fast),
            Err(ActionError::Over) => notice.bad(words.0.fault_closed),
        }
        return;
    }
    take(persona, &mut config, &mut kept);
    if shell.0 == Some(Page::Welcome) {
        config.0.surroundings.is_first_start = false;
        next.set(Stage::Entering);
    } else {
        shell.0 = after(shell.0, *stage.get(), Wish::Back);
    }
}

/// From now on this is who one is, in this run and in later ones.
fn take(persona: Persona, config: &mut Config, kept: &mut Kept) {
    if let AvatarChoice::Shipped(stem) = &persona.avatar {
        kept.0.values.avatar = Some(stem.clone());
    }
    kept.0.values.name = Some(persona.name.clone());
    config.0.name = persona.name;
    config.0.avatar = persona.avatar;
}

fn take_answer(
    mut said: MessageReader<Said>,
    words: Res<Words>,
    visit: Res<Visit>,
    stage: Res<State<Stage>>,
    mut asked: ResMut<Asked>,
    mut shell: ResMut<Shell>,
    mut notice: ResMut<Notice>,
    mut config: ResMut<Config>,
    mut kept: ResMut<Kept>,
) {
    for Said(event) in said.read() {
        let Some(number) = asked.0.as_ref().map(|(number, _)| *number) else {
            return;
        };
        match event {
            SessionEvent::Done { request } if *request == number => {
                if let Some((_, persona)) = asked.0.take() {
                    take(persona, &mut config, &mut kept);
                }
                if shell.0 == Some(Page::Persona) {
                    shell.0 = after(shell.0, *stage.get(), Wish::Back);
                }
            }
            SessionEvent::Denied { request, reason } if *request == number => {
                asked.0 = None;
                notice.bad(refusal(reason, visit.lost.is_some(), words.0));
            }
            _ => {}
        }
    }
}

/// Why the server did not take a name or a look.
fn refusal(reason: &Denial, is_lost: bool, words: &Texts) -> String {
    if is_lost {
        return words.lost.to_owned();
    }
    match denial(reason, words) {
        (line, detail) if detail.is_empty() => line.to_owned(),
        (line, detail) => format!("{line}: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{settings::SettingsFile, testing, ui::Locale};
    use bevy::state::app::StatesPlugin;

    #[test]
    fn what_the_server_denies_is_said_in_the_language_of_the_screens() {
        let mut app = App::new();
        let config = testing::config();
        let persona = Persona {
            name: config.name.clone(),
            avatar: config.avatar.clone(),
        };
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .insert_resource(Words::of(Locale::Chinese))
            .insert_resource(Config(config))
            .insert_resource(Kept(SettingsFile::default()))
            .insert_resource(Asked(Some((7, persona))))
            .init_resource::<Visit>()
            .init_resource::<Shell>()
            .init_resource::<Notice>()
            .add_message::<Said>()
            .add_systems(Update, take_answer);
        app.world_mut().write_message(Said(SessionEvent::Denied {
            request: 7,
            reason: Denial::TooFast,
        }));
        app.update();
        assert_eq!(app.world().resource::<Notice>().line, "慢一点");
        let words = Words::of(Locale::Chinese).0;
        let why = Denial::Other("the file is too large".to_owned());
        assert_eq!(
            refusal(&why, false, words),
            "现在不行: the file is too large"
        );
        assert_eq!(refusal(&why, true, words), "连接已断开");
    }

    #[test]
    fn every_rule_of_names_is_explained_in_both_languages() {
        let faults =
            ["", "\u{202E}x", &"a".repeat(25)].map(|text| DisplayName::new(text).unwrap_err());
        for locale in Locale::ALL {
            let words = Words::of(locale).0;
            let lines: std::collections::BTreeSet<_> =
                faults.iter().map(|fault| explain(*fault, words)).collect();
            assert_eq!(lines.len(), faults.len());
        }
    }

    #[test]
    fn a_name_fits_into_its_field_whatever_its_script() {
        for name in ["👩‍🚀".repeat(8), "明".repeat(24), "a".repeat(24)] {
            assert!(DisplayName::new(&name).is_ok());
            assert!(name.chars().count() <= MAX_NAME_BYTES);
        }
    }
}
