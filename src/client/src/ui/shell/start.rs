//! The start screen: the home world, or somebody else's by its address.

use super::{
    draw::{Facts, buttons, heading},
    field::{self, Field},
    page::Page,
};
use crate::ui::{
    button::{Action, Weight, control, plain_button},
    theme,
    words::{Texts, fill as fill_in},
};
use bevy::prelude::*;
use protocol::{AddressError, limits::MAX_ADDRESS_BYTES};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<LastAddress>();
}

/// What was written into the field, for another try.
#[derive(Resource, Default)]
pub(super) struct LastAddress(pub(super) String);

pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts) {
    let words = facts.words.0;
    panel.spawn(heading(words.start_title));
    if facts.config.0.surroundings.home.is_some() {
        panel.spawn(home(words));
    }
    panel.spawn((
        theme::strong(words.start_address, theme::BODY, theme::TEXT),
        Node {
            margin: UiRect::top(px(theme::GAP)),
            ..default()
        },
    ));
    let texts = (facts.address.0.as_str(), "stoa://example.org/plaza");
    field::spawn(
        panel,
        Field::Address,
        texts,
        MAX_ADDRESS_BYTES,
        Action::EnterAddress,
    );
    panel.spawn(buttons()).with_children(|row| {
        row.spawn(plain_button(
            Action::EnterAddress,
            Weight::Second,
            words.enter,
        ));
    });
    panel.spawn((
        theme::text(
            fill_in(words.start_as, &[facts.config.0.name.as_str()]),
            theme::BODY,
            theme::TEXT_SOFT,
        ),
        Node {
            margin: UiRect::top(px(theme::GAP)),
            ..default()
        },
    ));
    panel.spawn(buttons()).with_children(|row| {
        let open = |page, label| plain_button(Action::Open(page), Weight::Second, label);
        row.spawn(open(Page::Persona, words.menu_persona));
        row.spawn(open(Page::Settings, words.menu_settings));
        row.spawn(plain_button(Action::Quit, Weight::Second, words.quit));
    });
}

fn home(words: &'static Texts) -> impl Bundle {
    (
        control(Action::EnterHome, Weight::First),
        Node {
            width: percent(100),
            height: px(64),
            padding: UiRect::horizontal(px(theme::PAD + 4.0)),
            align_items: AlignItems::Center,
            justify_content: JustifyContent::SpaceBetween,
            border: UiRect::all(px(1)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL + 4.0)),
            ..default()
        },
        children![
            theme::strong(words.start_home, theme::LEAD, theme::ON_ACCENT),
            theme::text(words.start_home_about, theme::BODY, theme::ON_ACCENT),
        ],
    )
}

/// What is wrong with an address.
pub(super) fn explain(fault: &AddressError, words: &Texts) -> &'static str {
    match fault {
        AddressError::Scheme(_) => words.address_scheme,
        AddressError::Host => words.address_host,
        AddressError::Port(_) => words.address_port,
        AddressError::World(_) => words.address_world,
        AddressError::Fingerprint => words.address_fingerprint,
        AddressError::TooLong => words.address_long,
    }
}
