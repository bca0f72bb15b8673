//! The invitation to the world that one is in: an address that vouches for its server.

use super::{
    draw::{Facts, buttons, heading, paragraph},
    notice::Notice,
};
use crate::{
    ClientConfig, HostedWorld,
    app::{Config, order::ClientSystems},
    link::{Servers, Visit},
    ui::{
        button::{Action, Weight, button, plain_button},
        theme,
        words::{Words, fill as fill_in},
    },
};
use bevy::{clipboard::Clipboard, input_focus::AutoFocus, prelude::*};
use protocol::{Fingerprint, WorldAddress};
use std::net::IpAddr;

/// An address to give away, and who can use it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Invitation {
    address: WorldAddress,
    reach: Reach,
}

/// Who can come by an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Everybody,
    /// People in the same network.
    Network,
    /// Programs on this computer.
    Here,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, copy.in_set(ClientSystems::Act));
}

/// The invitation to a world by its id; `seen` is the certificate that its server has shown.
fn invite(config: &ClientConfig, world: &str, seen: Option<Fingerprint>) -> Invitation {
    let given = ours(config).and_then(|hosted| hosted.invitation.as_ref());
    let known = given.unwrap_or(&config.address);
    let address = WorldAddress {
        world: world.to_owned(),
        spawn: None,
        fingerprint: known.fingerprint.or(seen),
        ..known.clone()
    };
    Invitation {
        reach: reach(&address.host),
        address,
    }
}

/// What this program hosts, when the world that one is in is of it.
fn ours(config: &ClientConfig) -> Option<&HostedWorld> {
    let hosted = config.surroundings.hosted.as_ref();
    hosted.filter(|hosted| hosted.serves(&config.address))
}

fn reach(host: &str) -> Reach {
    let ip: Option<IpAddr> = host.parse().ok();
    match ip {
        Some(ip) if ip.is_loopback() || ip.is_unspecified() => Reach::Here,
        Some(IpAddr::V4(ip)) if ip.is_private() || ip.is_link_local() => Reach::Network,
        Some(IpAddr::V6(ip)) if ip.is_unique_local() || ip.is_unicast_link_local() => {
            Reach::Network
        }
        None if host.eq_ignore_ascii_case("localhost") => Reach::Here,
        None if host.to_ascii_lowercase().ends_with(".local") => Reach::Network,
        _ => Reach::Everybody,
    }
}

fn current(config: &Config, visit: &Visit, servers: Option<&Servers>) -> Option<Invitation> {
    let address = &config.0.address;
    let seen = servers.and_then(|servers| servers.0.get(&address.host, address.port));
    let welcome = visit.welcome.as_ref()?;
    Some(invite(&config.0, &welcome.world.id, seen))
}

pub(super) fn fill(panel: &mut ChildSpawnerCommands, facts: &Facts) {
    let words = facts.words.0;
    panel.spawn(heading(words.invite_title));
    let Some(invitation) = current(&facts.config, &facts.visit, facts.servers.as_deref()) else {
        return;
    };
    panel.spawn(paragraph(words.invite_how));
    panel.spawn(code(&invitation.address.to_string()));
    match invitation.reach {
        Reach::Everybody => {}
        Reach::Network => {
            let port = invitation.address.port.to_string();
            panel.spawn(paragraph(fill_in(words.invite_network, &[&port])));
        }
        Reach::Here => {
            panel.spawn(theme::text(
                words.invite_here,
                theme::BODY,
                theme::ALARM_TEXT,
            ));
            if let Some(hosted) = ours(&facts.config.0) {
                panel.spawn(paragraph(words.invite_host));
                panel.spawn(code(&hosted.open_to_others));
            }
        }
    }
    panel.spawn(buttons()).with_children(|row| {
        let key = (KeyCode::KeyC, "C");
        row.spawn((
            button(Action::CopyInvitation, Weight::First, key, words.copy),
            AutoFocus,
        ));
        row.spawn(plain_button(
            Action::Back,
            Weight::Second,
            words.back_to_menu,
        ));
    });
}

/// Text to be taken over letter by letter.
pub(super) fn code(content: &str) -> impl Bundle {
    (
        Node {
            width: percent(100),
            padding: UiRect::axes(px(theme::PAD - 4.0), px(theme::GAP + 2.0)),
            border_radius: BorderRadius::all(px(theme::RADIUS_SMALL)),
            ..default()
        },
        BackgroundColor(theme::RAISED),
        children![(
            theme::text(content, theme::BODY, theme::TEXT),
            TextLayout::linebreak(LineBreak::AnyCharacter),
        )],
    )
}

fn copy(
    mut chosen: MessageReader<Action>,
    words: Res<Words>,
    config: Res<Config>,
    visit: Res<Visit>,
    servers: Option<Res<Servers>>,
    mut clipboard: ResMut<Clipboard>,
    mut notice: ResMut<Notice>,
) {
    if !chosen
        .read()
        .any(|action| *action == Action::CopyInvitation)
    {
        return;
    }
    let Some(invitation) = current(&config, &visit, servers.as_deref()) else {
        return;
    };
    match clipboard.set_text(invitation.address.to_string()) {
        Ok(()) if invitation.reach == Reach::Here => notice.good(words.0.invited_here),
        Ok(()) => notice.good(words.0.invited),
        Err(error) => {
            tracing::debug!("the clipboard: {error:?}");
            notice.bad(words.0.not_copied);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const SEEN: Fingerprint = Fingerprint([7; 32]);

    fn config(address: &str, hosted: Option<HostedWorld>) -> ClientConfig {
        let mut config = testing::config();
        config.address = address.parse().unwrap();
        config.surroundings.hosted = hosted;
        config
    }

    fn text(invitation: &Invitation) -> String {
        invitation.address.to_string()
    }

    #[test]
    fn an_invitation_vouches_for_the_server_and_names_the_world() {
        let config = config("stoa://example.org#stage", None);
        let invitation = invite(&config, "plaza", Some(SEEN));
        let expected = format!("stoa://{SEEN}@example.org:7862/plaza");
        assert_eq!(text(&invitation), expected);
        assert_eq!(invitation.reach, Reach::Everybody);
        let again: WorldAddress = text(&invitation).parse().unwrap();
        assert_eq!(again, invitation.address);
    }

    #[test]
    fn a_hosted_world_is_given_away_by_its_address_in_the_network() {
        let fingerprint = format!("{SEEN}");
        let here = format!("stoa://{fingerprint}@127.0.0.1:7862/plaza");
        let outside = format!("stoa://{fingerprint}@192.168.1.5:7862/plaza");
        let hosted = HostedWorld {
            address: here.parse().unwrap(),
            invitation: outside.parse().ok(),
            open_to_others: String::new(),
        };
        let at_home = config(&here, Some(hosted.clone()));
        let invitation = invite(&at_home, "plaza", None);
        assert_eq!(text(&invitation), outside);
        assert_eq!(invitation.reach, Reach::Network);
        // Somewhere else, the home world is not what one invites to.
        let elsewhere = config("stoa://example.org/hall", Some(hosted));
        assert_eq!(ours(&elsewhere), None);
        assert!(text(&invite(&elsewhere, "hall", None)).contains("example.org"));
    }

    #[test]
    fn a_world_that_listens_on_loopback_alone_says_so() {
        let address = "stoa://127.0.0.1:40000/plaza";
        let hosted = HostedWorld {
            address: address.parse().unwrap(),
            invitation: None,
            open_to_others: String::new(),
        };
        let invitation = invite(&config(address, Some(hosted)), "plaza", None);
        assert_eq!(invitation.reach, Reach::Here);
    }

    #[test]
    fn hosts_are_told_apart_by_who_reaches_them() {
        for host in ["127.0.0.1", "::1", "localhost", "0.0.0.0", "127.8.0.1"] {
            assert_eq!(reach(host), Reach::Here, "{host}");
        }
        for host in [
            "10.0.0.1",
            "172.16.3.4",
            "192.168.0.9",
            "fd00::1",
            "fe80::1",
            "pc.local",
        ] {
            assert_eq!(reach(host), Reach::Network, "{host}");
        }
        for host in ["example.org", "8.8.8.8", "2001:4860:4860::8888"] {
            assert_eq!(reach(host), Reach::Everybody, "{host}");
        }
    }
}
