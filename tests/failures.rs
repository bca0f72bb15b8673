//! Every way in that is closed ends the client with one readable line and an exit code, and loses nothing.

mod files;

use crate::harness::{Ended, HostedServer, Program, Scratch, Visitors, checkout, offscreen, turn};
use bots::write_box_world;
use network::{Certificate, KnownServers, ServerEndpoint};
use protocol::{Refusal, ServerMessage, WorldAddress};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
};

/// Any free port of this machine.
const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn join(folder: &Path, address: &WorldAddress, more: &[&str]) -> Ended {
    let address = address.to_string();
    let words = ["join", &address].into_iter().chain(more.iter().copied());
    Program::start("stoa", offscreen(folder, words).args(["--frames", "1"])).end()
}

fn box_server(place: &Scratch, capacity: u32) -> HostedServer {
    let world = write_box_world(place.path(), capacity).unwrap();
    HostedServer::start(&world, &place.path().join("data"))
}

fn address(port: u16) -> WorldAddress {
    format!("stoa://127.0.0.1:{port}/box").parse().unwrap()
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let _turn = turn();
    let place = Scratch::new();
    // Bound and silent: nobody else can listen there meanwhile.
    let silent = UdpSocket::bind(HERE).unwrap();
    let port = silent.local_addr().unwrap().port();
    let stats = place.path().join("stats.json");
    let ended = join(
        place.path(),
        &address(port),
        &["--stats", stats.to_str().unwrap()],
    );
    let line = ended.line(1);
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{line}");
    assert!(
        line.contains("does not answer: check the address"),
        "{line}"
    );
    let stats: serde_json::Value = serde_json::from_slice(&fs::read(stats).unwrap()).unwrap();
    let told = stats["errors"][0].as_str().unwrap();
    assert!(line.contains(told), "{line} / {told}");
}

#[test]
fn a_full_world_and_one_that_is_not_there_say_so() {
    let _turn = turn();
    let place = Scratch::new();
    let server = box_server(&place, 1);
    let visitors = Visitors::new();
    let mut ada = visitors.enter(&server.address, 1, "Ada");
    let full = join(place.path(), &server.address, &[]);
    assert!(full.line(1).contains("full"), "{full:?}");
    let elsewhere = WorldAddress {
        world: "nowhere".to_owned(),
        ..server.address.clone()
    };
    let ended = join(place.path(), &elsewhere, &[]);
    let line = ended.line(1);
    assert!(
        line.contains("no such world") && line.contains("box"),
        "{line}"
    );
    // Who was inside has noticed nothing.
    visitors.live(&mut [&mut ada], std::time::Duration::from_millis(100));
    assert!(ada.is_inside && ada.losses == 0);
}

#[test]
fn a_changed_certificate_is_refused_and_key_and_pins_stay() {
    let _turn = turn();
    let place = Scratch::new();
    let server = box_server(&place, 8);
    let mine = place.path().join("mine");
    fs::create_dir(&mine).unwrap();
    let other = Certificate::temporary().unwrap().fingerprint();
    let address = WorldAddress {
        fingerprint: None,
        ..server.address.clone()
    };
    let pins = KnownServers::load(&mine.join("known_servers")).unwrap();
    pins.pin(&address.host, address.port, other).unwrap();
    drop(identity::Key::load_or_create(&mine.join("identity.key")).unwrap());
    let before = ["known_servers", "identity.key"].map(|name| fs::read(mine.join(name)).unwrap());

    let ended = join(place.path(), &address, &["--data", mine.to_str().unwrap()]);
    let line = ended.line(1);
    assert!(
        line.contains("shows another certificate than before"),
        "{line}"
    );
    let shown = server.address.fingerprint.unwrap().to_string();
    assert!(
        line.contains(&shown) && line.contains(&other.to_string()),
        "{line}"
    );
    let after = ["known_servers", "identity.key"].map(|name| fs::read(mine.join(name)).unwrap());
    assert!(before == after, "key or pins have changed");
}

#[test]
fn a_server_of_another_version_is_told_apart() {
    let _turn = turn();
    let place = Scratch::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let certificate = Certificate::temporary().unwrap();
    let endpoint = {
        let _entered = runtime.enter();
        ServerEndpoint::bind(HERE, &certificate).unwrap()
    };
    let port = endpoint.local_address().unwrap().port();
    let refusing = runtime.spawn(async move {
        let connection = endpoint.accept().await.unwrap().finish().await.unwrap();
        let mut control = connection.accept_control().await.unwrap();
        let refusal = ServerMessage::Refused(Refusal::Version { server: 9_999 });
        control.sender.send(&refusal).await.unwrap();
        connection.closed().await
    });
    let ended = join(place.path(), &address(port), &[]);
    let line = ended.line(1);
    assert!(line.contains("9999"), "{line}");
    drop(refusing);
}

#[test]
fn what_cannot_be_begun_is_said_at_once() {
    let place = Scratch::new();
    let script = place.path().join("script.txt");
    fs::write(&script, "0 walk forward 1\n1 fly\n").unwrap();
    let world = checkout().join("assets/worlds/plaza");
    let open = |more: &[&str]| {
        let words = ["open", world.to_str().unwrap()]
            .into_iter()
            .chain(more.iter().copied());
        Program::start("stoa", &mut offscreen(place.path(), words)).end()
    };
    let ended = open(&["--script", script.to_str().unwrap()]);
    assert!(
        ended
            .line(1)
            .contains("script line 2: there is no command `fly`"),
        "{ended:?}"
    );
    let ended = open(&["--script", "no_such_file.txt"]);
    assert!(
        ended
            .line(1)
            .contains("the script no_such_file.txt cannot be read"),
        "{ended:?}"
    );
    let ended = open(&["--avatar", "no_such_avatar.vrm"]);
    assert!(
        ended
            .line(1)
            .contains("the avatar cannot be read: no_such_avatar.vrm: "),
        "{ended:?}"
    );
    let ended = Program::start(
        "stoa",
        &mut offscreen(place.path(), ["join", "http://example.org"]),
    )
    .end();
    assert!(ended.line(1).contains("stoa://"), "{ended:?}");
}

#[test]
fn no_graphics_adapter_is_one_line_and_exit_code_3() {
    let _turn = turn();
    let place = Scratch::new();
    let world = write_box_world(place.path(), 8).unwrap();
    let mut command = offscreen(place.path(), ["open", world.to_str().unwrap()]);
    for name in [
        "VK_ICD_FILENAMES",
        "VK_DRIVER_FILES",
        "__EGL_VENDOR_LIBRARY_FILENAMES",
    ] {
        command.env(name, "/nonexistent.json");
    }
    command
        .env("LIBGL_DRIVERS_PATH", "/nonexistent")
        .env("GBM_BACKENDS_PATH", "/nonexistent");
    let ended = Program::start("stoa", &mut command).end();
    let line = ended.line(3);
    assert!(line.contains("there is no graphics adapter"), "{line}");
}
