//! Who is here: a list that one key opens and closes, while one goes on walking.

use super::{Layer, legible, root};
use crate::{
    app::order::{ClientSystems, Stage},
    link::Visit,
    motion::InputTaken,
    people::{Credit, Credits},
    ui::{
        theme,
        words::{Texts, Words, fill},
    },
};
use bevy::prelude::*;
use protocol::PersonId;
use std::collections::BTreeMap;

/// Opens and closes the list.
const KEY: KeyCode = KeyCode::KeyP;
/// People that are listed by name, and lines of these with what is below them; of the others there is the number.
const MAX_LISTED: usize = 16;
const MAX_LINES: usize = 18;
/// Characters that are shown of an avatar's name, and of the names of those who made it.
const MAX_AVATAR: usize = 32;
const MAX_AUTHORS: usize = 48;
/// Side of the dot before a name.
const DOT: f32 = 8.0;
const DOT_GAP: f32 = theme::GAP + 2.0;

/// Is the list wished?
#[derive(Resource, Default)]
struct IsOpen(bool);

/// The list as it is shown.
#[derive(Component)]
struct Panel(Listing);

/// Somebody in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    is_own: bool,
    is_agent: bool,
    is_away: bool,
    /// Of their avatar, where its licence wants it.
    credit: Option<Credit>,
}

/// What the list says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listing {
    entries: Vec<Entry>,
    /// How many more there are.
    others: usize,
    capacity: u32,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsOpen>();
    app.add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Intend),
            show.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

fn listen(keys: Res<ButtonInput<KeyCode>>, taken: Res<InputTaken>, mut is_open: ResMut<IsOpen>) {
    if keys.just_pressed(KEY) && !taken.is_taken {
        is_open.0 = !is_open.0;
    }
}

impl Listing {
    fn of(visit: &Visit, mut credits: BTreeMap<PersonId, Credit>) -> Option<Self> {
        let welcome = visit.welcome.as_ref()?;
        let mut entries: Vec<Entry> = visit
            .people
            .values()
            .filter(|person| person.person != welcome.person)
            .map(|person| Entry {
                name: person.name.to_string(),
                is_own: false,
                is_agent: person.is_agent,
                is_away: !person.is_connected,
                credit: credits.remove(&person.person),
            })
            .collect();
        entries.push(Entry {
            name: welcome.name.to_string(),
            is_own: true,
            is_agent: false,
            is_away: false,
            credit: credits.remove(&welcome.person),
        });
        entries.sort_by_key(|entry| (!entry.is_own, entry.is_agent, entry.name.to_lowercase()));
        let mut lines = 0;
        let lines = entries.iter().map(|entry| {
            lines += 1 + usize::from(entry.credit.is_some());
            lines
        });
        let listed = lines.take_while(|lines| *lines <= MAX_LINES).count();
        let listed = listed.min(MAX_LISTED);
        let others = entries.len() - listed;
        entries.truncate(listed);
        Some(Self {
            entries,
            others,
            capacity: welcome.world.capacity,
        })
    }

    fn count(&self) -> usize {
        self.entries.len() + self.others
    }
}

fn show(
    mut commands: Commands,
    is_open: Res<IsOpen>,
    visit: Res<Visit>,
    words: Res<Words>,
    credits: Credits,
    panels: Query<(Entity, &Panel)>,
) {
    let listing = || Listing::of(&visit, credits.by_person());
    let wished = is_open.0.then(listing).flatten();
    let shown = panels.iter().next().map(|(_, panel)| &panel.0);
    if shown == wished.as_ref() && !words.is_changed() {
        return;
    }
    for (panel, _) in &panels {
        commands.entity(panel).despawn();
    }
    if let Some(listing) = wished {
        put_up(&mut commands, listing, words.0);
    }
}

fn put_up(commands: &mut Commands, listing: Listing, words: &Texts) {
    let node = Node {
        position_type: PositionType::Absolute,
        right: px(theme::PAD),
        top: px(theme::PAD),
        min_width: px(270),
        max_width: percent(60),
        max_height: percent(92),
        overflow: Overflow::clip_y(),
        row_gap: px(6),
        ..theme::panel_node()
    };
    let title = fill(
        words.people_here,
        &[&listing.count().to_string(), &listing.capacity.to_string()],
    );
    let more = (listing.others > 0).then(|| fill(words.and_more, &[&listing.others.to_string()]));
    let entries = listing.entries.clone();
    commands
        .spawn((
            Panel(listing),
            root(Layer::Panels, node),
            theme::ground(theme::PANEL_DENSE),
        ))
        .with_children(|panel| {
            panel.spawn((
                legible::strong(title, theme::BODY, theme::ACCENT),
                TextLayout::no_wrap(),
            ));
            for entry in &entries {
                row(panel, entry, words);
                if let Some(credit) = &entry.credit {
                    panel.spawn(credit_line(credit, words));
                }
            }
            if let Some(more) = more {
                panel.spawn(legible::text(more, theme::SMALL, theme::TEXT_SOFT));
            }
        });
}

fn row(panel: &mut ChildSpawnerCommands, entry: &Entry, words: &Texts) {
    let (dot, letters) = match entry {
        Entry { is_away: true, .. } => (theme::TEXT_FAINT, theme::TEXT_SOFT),
        Entry { is_own: true, .. } => (theme::ACCENT, theme::TEXT),
        Entry { is_agent: true, .. } => (theme::TEXT_SOFT, theme::TEXT),
        Entry { .. } => (theme::CALM, theme::TEXT),
    };
    panel
        .spawn(Node {
            column_gap: px(DOT_GAP),
            align_items: AlignItems::Center,
            flex_shrink: 0.0,
            ..default()
        })
        .with_children(|row| {
            row.spawn((
                Node {
                    width: px(DOT),
                    height: px(DOT),
                    flex_shrink: 0.0,
                    border_radius: BorderRadius::all(px(DOT / 2.0)),
                    ..default()
                },
                BackgroundColor(dot),
            ));
            row.spawn((
                legible::text(entry.name.as_str(), theme::BODY, letters),
                TextLayout::no_wrap(),
            ));
            let marks = [
                (entry.is_own, words.you),
                (entry.is_agent, words.bot),
                (entry.is_away, words.away),
            ];
            for (_, mark) in marks.into_iter().filter(|(is_so, _)| *is_so) {
                row.spawn(legible::mark(mark));
            }
        });
}

/// Below the name of who wears it.
fn credit_line(credit: &Credit, words: &Texts) -> impl Bundle + use<> {
    let avatar = legible::one_line(&credit.avatar, MAX_AVATAR);
    let authors = legible::one_line(&credit.authors, MAX_AUTHORS);
    let indent = Node {
        margin: UiRect::left(px(DOT + DOT_GAP)),
        flex_shrink: 0.0,
        ..default()
    };
    let line = fill(words.avatar_by, &[&avatar, &authors]);
    (
        indent,
        children![(
            legible::text(line, theme::SMALL, theme::TEXT_SOFT),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        )],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use protocol::{AvatarChoice, SHIPPED_AVATARS};

    fn entry(name: &str, is_own: bool, is_agent: bool) -> Entry {
        Entry {
            name: name.to_owned(),
            is_own,
            is_agent,
            is_away: false,
            credit: None,
        }
    }

    #[test]
    fn the_count_holds_those_who_are_not_listed() {
        let listing = Listing {
            entries: vec![entry("Ada", true, false), entry("Bo", false, true)],
            others: 7,
            capacity: 64,
        };
        assert_eq!(listing.count(), 9);
    }

    #[test]
    fn before_the_welcome_there_is_no_list() {
        assert_eq!(Listing::of(&Visit::default(), BTreeMap::new()), None);
    }

    #[test]
    fn makers_of_avatars_stand_with_who_wears_them() {
        let mut visit = Visit {
            welcome: Some(testing::welcome()),
            ..Visit::default()
        };
        for (number, name) in [(8, "Cora"), (9, "Bo")] {
            let look = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
            let person = testing::person(number, name, look);
            visit.people.insert(person.person, person);
        }
        let made = Credit {
            avatar: "Yuki".to_owned(),
            authors: "Cleo".to_owned(),
        };
        let credits = BTreeMap::from([(PersonId(9), made.clone())]);
        let listing = Listing::of(&visit, credits).unwrap();
        let of = |name: &str| {
            let entry = listing.entries.iter().find(|entry| entry.name == name);
            entry.unwrap().credit.clone()
        };
        assert_eq!((of("Cora"), of("Bo")), (None, Some(made.clone())));
        for number in 10..40 {
            let look = AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned());
            let person = testing::person(number, "Dora", look);
            visit.people.insert(person.person, person);
        }
        let listed = |credits| Listing::of(&visit, credits).unwrap().entries.len();
        assert_eq!(listed(BTreeMap::new()), MAX_LISTED);
        let everybody = (0..40).map(|number| (PersonId(number), made.clone()));
        assert_eq!(listed(everybody.collect()), MAX_LINES / 2);
    }
}
