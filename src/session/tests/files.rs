//! Files of a world and of avatars.

use crate::support::{Options, Place, content_of, failure_line, internet, start, until};
use network::simulated::LinkConfig;
use protocol::AvatarChoice;
use protocol::limits::CHUNK_BYTES;
use session::{Cache, SessionEvent};
use std::sync::Arc;
use std::time::Duration;

/// Bytes that differ from chunk to chunk.
fn bytes(count: usize, seed: u32) -> Vec<u8> {
    (0..count as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8)
        .collect()
}

fn world() -> Options {
    Options {
        files: vec![
            ("scene.gltf".to_owned(), bytes(3 * CHUNK_BYTES + 100, 1)),
            ("textures/stone.png".to_owned(), bytes(5000, 2)),
            ("empty.bin".to_owned(), Vec::new()),
        ],
        ..Options::default()
    }
}

async fn entered(place: &Place, seed: u8) -> session::WorldFiles {
    let mut session = place.join(seed);
    match until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await
    {
        SessionEvent::Entered { files, .. } => files,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_world_arrives_whole_and_is_fetched_once() {
    let place = Place::new(internet(), world());
    let files = entered(&place, 1).await;
    for (path, content) in world().files {
        assert_eq!(std::fs::read(files.folder().join(path)).unwrap(), content);
    }
    let fetched = place.server.state().fetches.len();
    assert_eq!(fetched, 3);
    assert_eq!(entered(&place, 2).await, files);
    assert_eq!(place.server.state().fetches.len(), fetched);
}

#[tokio::test(start_paused = true)]
async fn files_that_wait_for_others_on_a_thin_path_are_waited_for() {
    for is_one_by_one in [false, true] {
        let files = (0..6).map(|number| (format!("{number}.bin"), bytes(200_000, number)));
        let options = Options {
            files: files.collect(),
            is_one_by_one,
            ..Options::default()
        };
        let thin = LinkConfig {
            bandwidth: Some(20_000),
            ..LinkConfig::path(Duration::from_millis(60), Duration::ZERO, 0.0)
        };
        entered(&Place::new(thin, options), 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn files_with_the_same_content_are_fetched_once() {
    let same = bytes(2 * CHUNK_BYTES, 5);
    let mut options = world();
    options
        .files
        .extend((0..4).map(|number| (format!("copy {number}.bin"), same.clone())));
    let paths: Vec<String> = options.files.iter().map(|(path, _)| path.clone()).collect();
    let place = Place::new(internet(), options);
    let files = entered(&place, 1).await;
    for path in &paths[3..] {
        assert_eq!(std::fs::read(files.folder().join(path)).unwrap(), same);
    }
    let fetches = place.server.state().fetches.clone();
    let count = fetches
        .iter()
        .filter(|(hash, _)| *hash == content_of(&same))
        .count();
    assert_eq!((fetches.len(), count), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_chunk_is_fetched_again() {
    let place = Place::new(
        LinkConfig::default(),
        Options {
            bad_chunks: 2,
            ..world()
        },
    );
    let files = entered(&place, 1).await;
    assert_eq!(
        std::fs::read(files.main_file()).unwrap(),
        world().files[0].1
    );
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stays_damaged_is_named() {
    let place = Place::new(
        LinkConfig::default(),
        Options {
            bad_chunks: 1000,
            ..world()
        },
    );
    let line = failure_line(&mut place.join(1)).await;
    assert!(
        line.contains("of the world cannot be fetched: a part of it came damaged"),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn content_that_is_not_what_was_promised_is_refused() {
    let place = Place::new(
        LinkConfig::default(),
        Options {
            is_lying: true,
            ..world()
        },
    );
    let line = failure_line(&mut place.join(1)).await;
    assert!(
        line.contains("its content is not what the server says"),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_half_fetched_file_goes_on_where_it_ended() {
    let options = Options {
        files: vec![("scene.glb".to_owned(), bytes(6 * CHUNK_BYTES + 7, 3))],
        cut_after_chunks: Some((4, 1)),
        ..Options::default()
    };
    let content = options.files[0].1.clone();
    let place = Place::new(
        LinkConfig::path(Duration::from_millis(100), Duration::ZERO, 0.0),
        options,
    );
    let mut session = place.join(1);
    until(&mut session, |event| {
        matches!(event, SessionEvent::Lost { .. })
    })
    .await;
    let event = until(&mut session, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    let SessionEvent::Entered { files, .. } = event else {
        panic!("not entered");
    };
    assert_eq!(std::fs::read(files.main_file()).unwrap(), content);
    let fetches = place.server.state().fetches.clone();
    assert_eq!(fetches[0], (content_of(&content), 0));
    assert_eq!(fetches[1], (content_of(&content), 4));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_the_disk_damaged_is_not_trusted() {
    let place = Place::new(LinkConfig::default(), world());
    let content = &world().files[0].1;
    let part = place
        .folder
        .path()
        .join("parts")
        .join(content_of(content).to_string());
    let mut damaged = content[..2 * CHUNK_BYTES].to_vec();
    damaged[CHUNK_BYTES + 5] ^= 1;
    place.cache();
    std::fs::write(part, damaged).unwrap();
    let files = entered(&place, 1).await;
    assert_eq!(&std::fs::read(files.main_file()).unwrap(), content);
    let fetches = place.server.state().fetches.clone();
    let first_chunks: Vec<_> = fetches
        .iter()
        .filter(|(hash, _)| *hash == content_of(content))
        .map(|(_, first_chunk)| *first_chunk)
        .collect();
    assert_eq!(first_chunks, [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn paths_that_lead_outside_are_refused_before_anything_is_fetched() {
    let mut options = world();
    options.files[1].0 = "../../outside".to_owned();
    let place = Place::new(LinkConfig::default(), options);
    let line = failure_line(&mut place.join(1)).await;
    assert!(
        line.contains("its description is broken") && line.contains("outside"),
        "{line}"
    );
    assert!(place.server.state().fetches.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_world_over_the_cap_is_refused_with_both_numbers() {
    let place = Place::new(LinkConfig::default(), world());
    let mut config = place.config(1);
    config.cache = Some(Cache::open(place.folder.path(), 1000).unwrap());
    let line = failure_line(&mut start(config)).await;
    assert!(
        line.contains("1000") && line.contains("raise its limit"),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_avatar_goes_from_its_wearer_over_the_server_to_others() {
    let place = Place::new(internet(), world());
    let avatar: Arc<[u8]> = bytes(CHUNK_BYTES + 1, 9).into();
    let hash = content_of(&avatar);
    let mut config = place.config(1);
    config.avatar = AvatarChoice::File {
        hash,
        bytes: avatar.len() as u64,
    };
    let mut wearer = start(config);
    until(&mut wearer, |event| {
        matches!(event, SessionEvent::Entered { .. })
    })
    .await;
    wearer.offer_avatar(avatar.clone(), false).unwrap();
    until(
        &mut wearer,
        |event| matches!(event, SessionEvent::Offered { hash: offered } if *offered == hash),
    )
    .await;
    let mut other = place.enter(2).await;
    other.fetch(hash, avatar.len() as u64).unwrap();
    let event = until(&mut other, |event| {
        matches!(event, SessionEvent::FileReady { .. })
    })
    .await;
    let SessionEvent::FileReady { path, .. } = event else {
        panic!("no file");
    };
    assert_eq!(std::fs::read(path).unwrap(), *avatar);
    other.fetch(content_of(b"nobody has this"), 15).unwrap();
    let event = until(&mut other, |event| {
        matches!(event, SessionEvent::FileFailed { .. })
    })
    .await;
    assert!(matches!(event, SessionEvent::FileFailed { reason, .. } if reason == "no such file"));
}

/// `/dev/full` takes the place of a file that is coming in: every write to it fails as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    let place = Place::new(LinkConfig::default(), world());
    place.cache();
    let hash = content_of(&world().files[0].1).to_string();
    let part = place.folder.path().join("parts").join(hash);
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let line = failure_line(&mut place.join(1)).await;
    assert!(line.contains("is full: make room"), "{line}");
    std::fs::remove_file(part).unwrap();
    let files = entered(&place, 1).await;
    assert_eq!(
        std::fs::read(files.main_file()).unwrap(),
        world().files[0].1
    );
}
