//! From world to world through a portal. Nobody is taken anywhere: one is shown where it leads, and decides.

use super::{
    button::Action,
    card::{self, fact},
    inside::legible,
    theme,
    words::{Texts, Words, fill},
};
use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{self, Doorway, Visit, VisitWorld},
    motion::{InputTaken, Reach},
};
use bevy::prelude::*;
use protocol::WorldAddress;

/// Asks where the portal leads that one stands before.
const KEY: KeyCode = KeyCode::KeyT;
pub(super) const KEY_LABEL: &str = "T";
/// Characters that are shown of a portal's title, and of an address.
const MAX_TITLE: usize = 60;
const MAX_ADDRESS: usize = 200;

/// How far one is.
#[derive(Resource, Default)]
enum Crossing {
    #[default]
    Idle,
    /// Before a portal, with the question.
    Asked(Way),
    /// Out of the world; the way leads on.
    Leaving(Box<WorldAddress>),
}

/// Where a portal leads.
struct Way {
    title: String,
    /// As the file says it, to be shown.
    uri: String,
    /// Nothing when Stoa does not go there.
    address: Option<WorldAddress>,
}

/// The world that one came from, until one has arrived.
#[derive(Resource, Default)]
pub(super) struct CameFrom(Option<Origin>);

struct Origin {
    address: WorldAddress,
    title: String,
}

impl CameFrom {
    /// What leads back there, when one came through a portal and did not arrive.
    pub(super) fn way_out(&self, words: &Texts) -> Option<String> {
        let origin = self.0.as_ref()?;
        Some(fill(words.studio_back, &[&origin.title]))
    }
}

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Crossing>().init_resource::<CameFrom>();
    app.add_systems(
        Update,
        (
            go_on.in_set(ClientSystems::Receive),
            knock
                .in_set(ClientSystems::Listen)
                .run_if(in_state(Stage::Inside)),
            obey.in_set(ClientSystems::Act),
            ask.in_set(ClientSystems::Show),
        ),
    )
    .add_systems(OnEnter(Stage::Inside), arrive)
    .add_systems(OnExit(Stage::Inside), give_way);
}

/// What a portal is called where it is offered.
pub(super) fn label(doorway: &Doorway, words: &Texts) -> String {
    let title = legible::one_line(&doorway.title, MAX_TITLE);
    if title.is_empty() {
        words.crossing_untitled.to_owned()
    } else {
        title
    }
}

impl Way {
    fn of(doorway: &Doorway, here: &WorldAddress, words: &Texts) -> Self {
        Self {
            title: label(doorway, words),
            uri: legible::one_line(&doorway.uri, MAX_ADDRESS),
            address: here.follow(&doorway.uri),
        }
    }
}

fn knock(
    mut keys: ResMut<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    reach: Res<Reach>,
    world: Option<Res<VisitWorld>>,
    (config, words): (Res<Config>, Res<Words>),
    mut crossing: ResMut<Crossing>,
) {
    if taken.is_taken || !keys.just_pressed(KEY) {
        return;
    }
    let doorway = reach.doorway.zip(world.as_ref());
    let Some(doorway) = doorway.and_then(|(index, world)| world.doorways.get(index)) else {
        return;
    };
    keys.clear();
    *crossing = Crossing::Asked(Way::of(doorway, &config.0.address, words.0));
}

fn obey(
    mut commands: Commands,
    mut chosen: MessageReader<Action>,
    (config, visit): (Res<Config>, Res<Visit>),
    mut crossing: ResMut<Crossing>,
    mut came_from: ResMut<CameFrom>,
    mut next: ResMut<NextState<Stage>>,
) {
    for action in chosen.read() {
        let address = match (action, &*crossing) {
            (Action::GoThrough, Crossing::Asked(way)) => {
                let Some(address) = way.address.clone() else {
                    continue;
                };
                came_from.0 = Some(Origin::of(&config, &visit));
                address
            }
            (Action::StayHere, Crossing::Asked(_)) => {
                *crossing = Crossing::Idle;
                continue;
            }
            (Action::TurnBack, _) => match came_from.0.take() {
                Some(origin) => origin.address,
                None => continue,
            },
            _ => continue,
        };
        *crossing = Crossing::Leaving(Box::new(address));
        link::leave(&mut commands);
        next.set(Stage::Outside);
    }
}

impl Origin {
    /// The world of now, to come back to its entrance.
    fn of(config: &Config, visit: &Visit) -> Self {
        let address = config.0.address.clone();
        let welcome = visit.welcome.as_ref();
        let title = welcome.map_or(address.world.as_str(), |welcome| &welcome.world.title);
        Self {
            title: legible::one_line(title, MAX_TITLE),
            address,
        }
    }
}

fn arrive(mut came_from: ResMut<CameFrom>) {
    came_from.0 = None;
}

/// A visit that ends has a screen of its own, whose keys mean something else.
fn give_way(mut crossing: ResMut<Crossing>) {
    if matches!(*crossing, Crossing::Asked(_)) {
        *crossing = Crossing::Idle;
    }
}

fn go_on(
    stage: Res<State<Stage>>,
    mut crossing: ResMut<Crossing>,
    mut config: ResMut<Config>,
    mut next: ResMut<NextState<Stage>>,
) {
    if *stage.get() != Stage::Outside || !matches!(*crossing, Crossing::Leaving(_)) {
        return;
    }
    if let Crossing::Leaving(address) = std::mem::take(&mut *crossing) {
        config.0.address = *address;
        next.set(Stage::Entering);
    }
}

fn ask(
    mut commands: Commands,
    crossing: Res<Crossing>,
    (words, config): (Res<Words>, Res<Config>),
    questions: Query<Entity, With<Question>>,
) {
    if !crossing.is_changed() && !words.is_changed() {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let Crossing::Asked(way) = &*crossing else {
        return;
    };
    card::ask(&mut commands, Question, 640.0, |card| {
        fill_card(card, way, &config.0.address, words.0);
    });
}

/// What is said of a way, and the address to show.
fn about(way: &Way, here: &WorldAddress, words: &'static Texts) -> (&'static str, String) {
    let Some(address) = &way.address else {
        let is_web = way.uri.starts_with("https:");
        let about = if is_web {
            words.crossing_web
        } else {
            words.crossing_nowhere
        };
        return (about, way.uri.clone());
    };
    let about = if !address.is_same_server(here) {
        words.crossing_elsewhere
    } else if address.world == here.world {
        words.crossing_within
    } else {
        words.crossing_beside
    };
    let shown = WorldAddress {
        fingerprint: None,
        ..address.clone()
    };
    (about, legible::one_line(&shown.to_string(), MAX_ADDRESS))
}

fn fill_card(
    card: &mut ChildSpawnerCommands,
    way: &Way,
    here: &WorldAddress,
    words: &'static Texts,
) {
    let (about, shown) = about(way, here, words);
    card.spawn((
        legible::strong(
            fill(words.crossing_ask, &[&way.title]),
            theme::TITLE - 4.0,
            theme::TEXT,
        ),
        TextLayout::linebreak(LineBreak::WordOrCharacter),
    ));
    card.spawn(legible::text(about, theme::BODY, theme::TEXT));
    card.spawn(fact(words.crossing_address, shown));
    let go = way.address.as_ref();
    card::answers(
        card,
        (Action::StayHere, words.crossing_stay),
        go.map(|_| (Action::GoThrough, words.crossing_go)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{testing, ui::Locale};
    use bevy::state::app::StatesPlugin;

    #[test]
    fn who_does_not_arrive_can_turn_back() {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_state(Stage::Inside)
            .insert_resource(Config(testing::config()))
            .init_resource::<Visit>()
            .init_resource::<CameFrom>()
            .insert_resource(Crossing::Asked(Way {
                title: "Gate".to_owned(),
                uri: String::new(),
                address: "stoa://other.org/hall".parse().ok(),
            }))
            .add_message::<Action>()
            .add_systems(Update, (obey, go_on).chain());
        let mut choose = |action| {
            app.world_mut().write_message(action);
            for _ in 0..3 {
                app.update();
            }
            let words = Words::of(Locale::English).0;
            let back = app.world().resource::<CameFrom>().way_out(words);
            let stage = *app.world().resource::<State<Stage>>().get();
            let address = &app.world().resource::<Config>().0.address;
            (address.world.clone(), stage, back)
        };
        let back = Some("Back to nowhere".to_owned());
        let there = choose(Action::GoThrough);
        assert_eq!(there, ("hall".to_owned(), Stage::Entering, back));
        let here = choose(Action::TurnBack);
        assert_eq!(here, ("nowhere".to_owned(), Stage::Entering, None));
        // There is nowhere to turn back to any more.
        assert_eq!(choose(Action::TurnBack), here);
    }

    #[test]
    fn one_is_told_whether_a_way_leads_out_of_the_server() {
        let words = Words::of(Locale::English).0;
        let here: WorldAddress = "stoa://example.org/plaza".parse().unwrap();
        let said = |uri: &str| {
            let way = Way {
                title: "Gate".to_owned(),
                uri: uri.to_owned(),
                address: here.follow(uri),
            };
            about(&way, &here, words)
        };
        let at = |rest: &str| format!("stoa://example.org:7862/{rest}");
        assert_eq!(said("#gate"), (words.crossing_within, at("plaza#gate")));
        assert_eq!(
            said("workshop.glb"),
            (words.crossing_beside, at("workshop"))
        );
        let hex = "ab".repeat(32);
        assert_eq!(
            said(&format!("stoa://{hex}@other.org:9/hall")),
            (
                words.crossing_elsewhere,
                "stoa://other.org:9/hall".to_owned()
            )
        );
        let page = "https://example.org/page";
        assert_eq!(said(page), (words.crossing_web, page.to_owned()));
        assert_eq!(said(".."), (words.crossing_nowhere, "..".to_owned()));
    }
}
