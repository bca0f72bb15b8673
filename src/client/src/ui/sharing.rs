//! Before others get the file of one's own avatar: what its licence says, and what they will do with it.

use super::{
    button::Action,
    card::{self, fact},
    inside::{Notice, Tone, legible},
    theme,
    words::{Texts, Words, fill},
};
use crate::{
    app::order::{ClientSystems, Stage},
    link::{Link, Visit},
    motion::TakesInput,
    people::{Sharing, SharingStep, Terms, Withheld},
    settings::Kept,
};
use bevy::prelude::*;
use scene::AvatarMeta;

/// Characters that are shown of a name, of an address, and of why it failed.
const MAX_SHOWN: usize = 160;

/// Of each thing that a licence says, and of all makers together: the answers stay on the screen.
const MAX_PART: usize = 90;
const MAX_MAKERS: usize = 200;

/// The key of the yes.
const YES_KEY: (KeyCode, &str) = (KeyCode::KeyY, "Y");

#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            obey.in_set(ClientSystems::Act),
            ask.in_set(ClientSystems::Show),
            tell.in_set(ClientSystems::Show)
                .run_if(resource_changed::<Sharing>),
        )
            .run_if(in_state(Stage::Inside)),
    );
}

fn obey(
    mut chosen: MessageReader<Action>,
    mut sharing: ResMut<Sharing>,
    mut kept: ResMut<Kept>,
    link: Option<Res<Link>>,
) {
    let Some(link) = link else { return };
    for action in chosen.read() {
        let is_yes = match action {
            Action::ShareAvatar => true,
            Action::KeepAvatar => false,
            _ => continue,
        };
        sharing.answer(is_yes, &mut kept, &link);
    }
}

/// Nobody called for this question: it waits until nothing else takes the keys, and is answered by a key that means nothing
/// else, so that no press that was meant for the world gives a file away.
fn ask(
    mut commands: Commands,
    sharing: Res<Sharing>,
    (words, visit): (Res<Words>, Res<Visit>),
    questions: Query<Entity, With<Question>>,
    others: Query<(), (With<TakesInput>, Without<Question>)>,
) {
    let SharingStep::Asked(terms) = &sharing.step else {
        for question in &questions {
            commands.entity(question).despawn();
        }
        return;
    };
    let is_up_to_date = !questions.is_empty() && !sharing.is_changed() && !words.is_changed();
    if is_up_to_date || (questions.is_empty() && !others.is_empty()) {
        return;
    }
    for question in &questions {
        commands.entity(question).despawn();
    }
    let welcome = visit.welcome.as_ref();
    let world = welcome.map_or("", |welcome| welcome.world.title.as_str());
    let world = legible::one_line(world, MAX_SHOWN);
    card::ask(&mut commands, Question, 640.0, |card| {
        offer(card, terms, &world, words.0);
    });
}

fn offer(card: &mut ChildSpawnerCommands, terms: &Terms, world: &str, words: &'static Texts) {
    card.spawn((
        legible::strong(words.share_ask, theme::TITLE - 4.0, theme::TEXT),
        TextLayout::linebreak(LineBreak::WordOrCharacter),
    ));
    let about = fill(words.share_about, &[world]);
    card.spawn(legible::text(about, theme::BODY, theme::TEXT));
    if terms.needs_right {
        card.spawn(legible::text(
            words.share_right,
            theme::BODY,
            theme::ALARM_TEXT,
        ));
    }
    let meta = &terms.meta;
    let made = [meta.name.as_str()]
        .into_iter()
        .chain(meta.authors.iter().map(String::as_str));
    let made: String = one_line(made).chars().take(MAX_MAKERS).collect();
    card.spawn(fact(words.share_maker, made));
    let says = says(&terms.meta, words);
    let says = says.iter().map(String::as_str);
    card.spawn(fact(words.share_licence, one_line(says)));
    let share = (Action::ShareAvatar, words.share_yes);
    card::answers_by(
        YES_KEY,
        card,
        (Action::KeepAvatar, words.share_no),
        Some(share),
    );
}

/// What a licence lets others do, all that VRM knows of, and where it stands.
fn says(meta: &AvatarMeta, words: &Texts) -> Vec<String> {
    let wear = match meta.avatar_permission.as_str() {
        "everyone" => words.share_everyone,
        "onlySeparatelyLicensedPerson" => words.share_some,
        _ => words.share_maker_alone,
    };
    let pass = match meta.is_redistribution_allowed {
        true => words.share_pass,
        false => words.share_no_pass,
    };
    let change = match meta.modification.as_str() {
        "allowModificationRedistribution" => words.share_change_and_pass,
        "allowModification" => words.share_change,
        _ => words.share_no_change,
    };
    let trade = match meta.commercial_usage.as_str() {
        "corporation" => words.share_companies,
        "personalProfit" => words.share_profit,
        _ => words.share_no_profit,
    };
    let closed = [
        (meta.is_violence_allowed, words.share_violence),
        (meta.is_sexual_content_allowed, words.share_sexual_content),
        (meta.is_political_use_allowed, words.share_politics),
        (meta.is_hateful_use_allowed, words.share_hate),
    ];
    let closed = closed.into_iter().filter(|(is_allowed, _)| !is_allowed);
    let closed = closed.map(|(_, what)| what.to_owned());
    let closed = closed.reduce(|all, what| fill(words.share_and, &[&all, &what]));
    let mut says = [wear, pass, change, trade].map(str::to_owned).to_vec();
    says.extend(closed.map(|closed| fill(words.share_not_for, &[&closed])));
    if meta.is_credit_required {
        says.push(words.share_credit.to_owned());
    }
    let elsewhere = [
        &meta.license_url,
        &meta.other_license_url,
        &meta.third_party_licenses,
    ];
    says.extend(elsewhere.into_iter().cloned());
    says
}

fn one_line<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(|part| legible::one_line(part, MAX_PART))
        .collect();
    parts.join(" · ")
}

fn tell(sharing: Res<Sharing>, words: Res<Words>, mut notices: MessageWriter<Notice>) {
    let words = words.0;
    let (tone, detail) = match &sharing.step {
        SharingStep::Withheld(Withheld::ByWearer) => (Tone::Calm, String::new()),
        SharingStep::Withheld(Withheld::ByWorld) => {
            (Tone::Alarm, words.shared_not_world.to_owned())
        }
        SharingStep::Withheld(Withheld::ByLicence) => {
            (Tone::Alarm, words.shared_not_licence.to_owned())
        }
        SharingStep::Withheld(Withheld::Unreadable(reason))
        | SharingStep::Offered {
            fault: Some(reason),
            ..
        } => (Tone::Alarm, legible::one_line(reason, MAX_SHOWN)),
        _ => return,
    };
    notices.write(Notice {
        tone,
        text: words.shared_not.to_owned(),
        detail,
    });
}
