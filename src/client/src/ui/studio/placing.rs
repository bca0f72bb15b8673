//! From the studio into the world from which one came: what it is, whether it may be placed there, and that others will
//! receive it. Nothing leaves before the person says yes, and then puts it down.

use super::{
    Studio,
    asking::{self, Asking},
    name_of,
};
use crate::{
    Opened,
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::Link,
    motion::InputTaken,
    things::{Parcel, Placing},
    ui::{
        button::Action,
        card::{self, fact},
        inside::legible,
        theme,
        things::PLACE_KEY,
        words::{Texts, Words, fill},
    },
};
use bevy::prelude::*;
use protocol::{
    WorldAddress,
    limits::{MAX_THING_BYTES, MAX_THING_TITLE_BYTES},
};
use scene::{Authorship, Prop, Scene, Unit};
use simulation::Thing;
use std::path::Path;

/// Characters that are shown of each thing that a file says of its licence, and of why it is refused.
const MAX_LICENCE: usize = 160;
const MAX_FAULT: usize = 240;

/// The way of a file into the world from which one came.
enum Way {
    Open(Fit),
    /// The host does not let one.
    Barred,
    /// One came from no world.
    Nowhere,
}

/// A file that may become a thing. It has all that is taken along: the studio forgets the file as soon as one says yes.
#[derive(Clone)]
struct Fit {
    parcel: Parcel,
    /// Empty when the file says nothing.
    licence: String,
    triangles: u64,
}

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_plugins(asking::plugin::<Way>).add_systems(
        Update,
        (
            listen.in_set(ClientSystems::Listen),
            obey.in_set(ClientSystems::Act),
            ask.in_set(ClientSystems::Show),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

impl Fit {
    /// Reads a file and sends it through the gate that the server will send it through.
    fn of(opened: &Opened, to: WorldAddress) -> Result<Self, String> {
        let bytes = scene::read_bounded(&opened.world(), MAX_THING_BYTES)?;
        let Prop { scene, cost, .. } = Thing::load(&bytes)?.prop;
        Ok(Self {
            licence: licence_of(&scene),
            triangles: cost.triangles,
            parcel: Parcel {
                title: title_of(opened.source()),
                bytes: bytes.into(),
                to,
            },
        })
    }
}

fn listen(
    keys: Res<ButtonInput<KeyCode>>,
    taken: Res<InputTaken>,
    (studio, config): (Res<Studio>, Res<Config>),
    mut asking: ResMut<Asking<Way>>,
) {
    if taken.is_taken || !keys.just_pressed(PLACE_KEY.0) {
        return;
    }
    let Some(shown) = studio.shown(&config.0) else {
        return;
    };
    // Avatars are worn with the same key, and an animation is nothing to put down.
    if shown.is_avatar() || shown.is_clip() {
        return;
    }
    *asking = match shown.world() {
        None => Asking::Asked(Ok(Way::Nowhere)),
        Some(place) if !place.may_place => Asking::Asked(Ok(Way::Barred)),
        Some(place) => {
            let (opened, to) = (shown.opened.clone(), place.address.clone());
            Asking::after(move || Fit::of(&opened, to).map(Way::Open))
        }
    };
}

/// The way back is that of the studio, in whichever order the two hear of it.
fn obey(
    mut chosen: MessageReader<Action>,
    mut asking: ResMut<Asking<Way>>,
    mut placing: ResMut<Placing>,
) {
    for action in chosen.read() {
        match action {
            Action::PlaceThing => {
                if let Asking::Asked(Ok(Way::Open(fit))) = &*asking {
                    placing.bring(fit.parcel.clone());
                }
                *asking = Asking::Idle;
            }
            Action::KeepThing => *asking = Asking::Idle,
            _ => {}
        }
    }
}

/// What a file says of its maker and licence.
fn licence_of(scene: &Scene) -> String {
    let said = Authorship::of_scene(scene);
    let parts = [said.authors, said.rights, said.license];
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = parts
        .map(|part| legible::one_line(part, MAX_LICENCE))
        .collect();
    parts.join(" · ")
}

/// The name of a file without its ending, as long as a title may be.
fn title_of(file: &Path) -> String {
    let stem = Path::new(file.file_stem().unwrap_or_default());
    let mut title = name_of(stem);
    while title.len() > MAX_THING_TITLE_BYTES {
        title.pop();
    }
    title
}

fn ask(
    mut commands: Commands,
    asking: Res<Asking<Way>>,
    (words, link): (Res<Words>, Option<Res<Link>>),
    (studio, config): (Res<Studio>, Res<Config>),
    questions: Query<Entity, With<Question>>,
) {
    if !asking.is_changed() && !words.is_changed() {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let Some(shown) = studio.shown(&config.0) else {
        return;
    };
    let (file, words) = (name_of(shown.opened.source()), words.0);
    let world = shown.world().map_or("", |place| &place.title);
    let mut put_up = |fill: &dyn Fn(&mut ChildSpawnerCommands)| {
        card::ask(&mut commands, Question, 640.0, |card| fill(card));
    };
    match &*asking {
        Asking::Idle | Asking::Reading(_) => {}
        Asking::Asked(Ok(Way::Open(fit))) => put_up(&|card| offer(card, fit, &file, world, words)),
        Asking::Asked(Err(fault)) => put_up(&|card| {
            let title = fill(words.place_unfit, &[&file]);
            card.spawn(heading(title));
            card.spawn(legible::text(
                words.place_unfit_about,
                theme::BODY,
                theme::TEXT,
            ));
            let fault = legible::one_line(fault, MAX_FAULT);
            card.spawn(fact(words.fault_detail, fault));
            card::answers(card, (Action::KeepThing, words.stranger_back), None);
        }),
        Asking::Asked(Ok(Way::Nowhere)) => put_up(&|card| {
            card.spawn(heading(fill(words.place_nowhere, &[&file])));
            let about = words.place_nowhere_about;
            card.spawn(legible::text(about, theme::BODY, theme::TEXT));
            card::answers(card, (Action::KeepThing, words.stranger_back), None);
        }),
        Asking::Asked(Ok(Way::Barred)) => put_up(&|card| {
            let title = fill(words.place_barred, &[world]);
            card.spawn(heading(title));
            card.spawn(legible::text(
                words.place_barred_about,
                theme::BODY,
                theme::TEXT,
            ));
            if let Some(link) = &link {
                card.spawn(fact(words.place_key, link.0.did().to_string()));
            }
            card::answers(card, (Action::KeepThing, words.stranger_back), None);
        }),
    }
}

fn offer(
    card: &mut ChildSpawnerCommands,
    fit: &Fit,
    file: &str,
    world: &str,
    words: &'static Texts,
) {
    card.spawn(heading(fill(words.place_ask, &[file, world])));
    let about = fill(words.place_about, &[world]);
    card.spawn(legible::text(about, theme::BODY, theme::TEXT));
    let licence = match fit.licence.as_str() {
        "" => words.place_no_licence.to_owned(),
        licence => licence.to_owned(),
    };
    card.spawn(fact(words.place_licence, licence));
    let size = scene::amount(fit.parcel.bytes.len() as u64, Unit::Bytes);
    let triangles = scene::amount(fit.triangles, Unit::Count);
    let size = fill(words.place_measure, &[&size, &triangles]);
    card.spawn(fact(words.place_size, size));
    let place = (Action::PlaceThing, words.place_yes);
    card::answers(card, (Action::KeepThing, words.place_no), Some(place));
}

fn heading(text: String) -> impl Bundle {
    (
        legible::strong(text, theme::TITLE - 4.0, theme::TEXT),
        TextLayout::linebreak(LineBreak::WordOrCharacter),
    )
}
