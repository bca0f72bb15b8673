//! Visitors with files, over a simulated network.

use super::*;
use crate::testing::cube;
use network::{
    Certificate, ClientEndpoint, KnownServers, ServerEndpoint, Trust,
    simulated::{LinkConfig, Network},
};
use protocol::{
    AvatarFiles::{Confirmed, Licensed, Nobodys},
    limits::MAX_AVATAR_BYTES,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::sync::mpsc;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7862);
const ROUND_TRIP: Duration = Duration::from_millis(40);
/// For an answer.
const MOMENT: Duration = Duration::from_secs(1);

/// A library at a server, and what it tells the world.
struct Place {
    network: Network,
    library: Library,
    inbox: mpsc::Receiver<Inbound>,
}

impl Place {
    /// In which visitors may place things.
    fn new(library: Library) -> Self {
        let rights = Rights {
            may_place: true,
            ..Rights::default()
        };
        Self::with(library, rights)
    }

    fn with(library: Library, rights: Rights) -> Self {
        let network = Network::new(1);
        network.set_default_link(LinkConfig::path(ROUND_TRIP, Duration::ZERO, 0.0));
        let certificate = Certificate::temporary().unwrap();
        let endpoint = ServerEndpoint::simulated(&network, SERVER, &certificate).unwrap();
        let (world, inbox) = mpsc::channel(64);
        let worlds: Worlds = Arc::new(vec![("box".to_owned(), world)]);
        let served = library.clone();
        tokio::spawn(async move {
            let mut number = 0;
            while let Some(handshake) = endpoint.accept().await {
                let connection = handshake.finish().await.unwrap();
                let (library, worlds) = (served.clone(), worlds.clone());
                number += 1;
                let owner = format!("visitor {number}");
                tokio::spawn(library.serve(connection, owner, rights, worlds));
            }
        });
        Self {
            network,
            library,
            inbox,
        }
    }

    async fn visitor(&self) -> Connection {
        let ip = Ipv4Addr::new(10, 0, 1, 1).into();
        let trust = Trust {
            host: "10.0.0.1",
            port: SERVER.port(),
            invited: None,
            known: &KnownServers::in_memory(),
            pin_unknown: true,
        };
        ClientEndpoint::simulated(self.network.clone(), ip)
            .connect(SERVER, trust, MOMENT)
            .await
            .unwrap()
    }

    /// Avatars of which the world has been told.
    fn arrived(&mut self) -> usize {
        let mut count = 0;
        while let Ok(inbound) = self.inbox.try_recv() {
            assert!(matches!(inbound, Inbound::AvatarArrived(_)));
            count += 1;
        }
        count
    }
}

async fn ask(visitor: &Connection, request: &BulkRequest) -> BulkStream {
    let mut stream = visitor.open_bulk().await.unwrap();
    stream.sender.send(request).await.unwrap();
    stream
}

async fn answer(stream: &mut BulkStream) -> BulkResponse {
    stream.receiver.receive().await.unwrap()
}

fn refusal(answer: BulkResponse) -> String {
    match answer {
        BulkResponse::Refused(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn large() -> BulkRequest {
    BulkRequest::Offer {
        hash: ContentHash([7; 32]),
        bytes: MAX_AVATAR_BYTES,
        is_right_confirmed: false,
    }
}

fn world_file(bytes: Vec<u8>) -> WorldFile {
    WorldFile {
        path: "file".to_owned(),
        bytes,
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stalls_is_given_up() {
    let place = Place::new(Library::default());
    let visitor = place.visitor().await;
    let mut stream = ask(&visitor, &large()).await;
    assert_eq!(answer(&mut stream).await, BulkResponse::Send);
    stream.sender.send_raw(&[0; 10_000]).await.unwrap();
    let began = Instant::now();
    let reason = refusal(answer(&mut stream).await);
    assert!(reason.contains("in time"), "{reason}");
    assert!(began.elapsed() < Duration::from_secs(STALL_TIMEOUT_SECS + 2));
    assert_eq!(
        place.library.under_way.available_permits(),
        MAX_BYTES_UNDER_WAY
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_trickles_is_given_up() {
    let place = Place::new(Library::default());
    let visitor = place.visitor().await;
    let mut stream = ask(&visitor, &large()).await;
    assert_eq!(answer(&mut stream).await, BulkResponse::Send);
    let began = Instant::now();
    let mut sender = stream.sender;
    tokio::spawn(async move {
        while sender.send_raw(&[0]).await.is_ok() {
            sleep(Duration::from_secs(STALL_TIMEOUT_SECS - 1)).await;
        }
    });
    let last = stream.receiver.receive::<BulkResponse>().await.unwrap();
    assert!(refusal(last).contains("in time"));
    assert!(began.elapsed() < Duration::from_secs(1_000));
}

#[tokio::test(start_paused = true)]
async fn uploads_together_take_no_more_memory_than_is_set_aside() {
    let share = 100_000;
    let library = Library {
        under_way: Arc::new(Semaphore::new(share)),
        ..Library::default()
    };
    let place = Place::new(library);
    let (one, other) = (place.visitor().await, place.visitor().await);
    let mut first = ask(&one, &large()).await;
    assert_eq!(answer(&mut first).await, BulkResponse::Send);
    first.sender.send_raw(&[0; 60_000]).await.unwrap();
    sleep(MOMENT).await;
    let mut second = ask(&other, &large()).await;
    assert_eq!(answer(&mut second).await, BulkResponse::Send);
    second.sender.send_raw(&[0; 60_000]).await.unwrap();
    let reason = refusal(answer(&mut second).await);
    assert!(reason.contains("as many files as it can"), "{reason}");
    one.close(network::CloseCode::Done, "");
    sleep(MOMENT).await;
    assert_eq!(place.library.under_way.available_permits(), share);
}

#[tokio::test(start_paused = true)]
async fn a_visitor_brings_few_avatars_and_one_at_a_time() {
    let place = Place::new(Library::default());
    let visitor = place.visitor().await;
    let mut first = ask(&visitor, &large()).await;
    assert_eq!(answer(&mut first).await, BulkResponse::Send);
    let mut second = ask(&visitor, &large()).await;
    assert!(
        timeout(MOMENT, answer(&mut second)).await.is_err(),
        "it waits"
    );
    drop(first);
    assert_eq!(answer(&mut second).await, BulkResponse::Send);
    drop(second);
    let mut refused = 0;
    for _ in 0..10 {
        let mut stream = ask(&visitor, &large()).await;
        if let BulkResponse::Refused(reason) = answer(&mut stream).await {
            assert!(reason.contains("too many"), "{reason}");
            refused += 1;
        }
    }
    assert_eq!(refused, 8);
}

#[tokio::test(start_paused = true)]
async fn the_world_is_told_of_a_new_avatar_alone() {
    let mut place = Place::new(Library::default());
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/avatars/mira.vrm");
    let file = std::fs::read(assets).unwrap();
    let hash = content_hash(&file);
    let bytes = file.len() as u64;
    let offer = BulkRequest::Offer {
        hash,
        bytes,
        is_right_confirmed: false,
    };
    let (one, other) = (place.visitor().await, place.visitor().await);
    let mut first = ask(&one, &offer).await;
    assert_eq!(answer(&mut first).await, BulkResponse::Send);
    first.sender.send_raw(&file).await.unwrap();
    assert_eq!(answer(&mut first).await, BulkResponse::Have);
    sleep(MOMENT).await;
    assert_eq!(place.arrived(), 1);
    let (files, _shelved) = place.library.shelve(vec![world_file(vec![1; 100])]);
    let known = BulkRequest::Offer {
        hash: files[0].hash,
        bytes: 100,
        is_right_confirmed: false,
    };
    for request in [&offer, &known].repeat(20) {
        let mut stream = ask(&other, request).await;
        assert_eq!(answer(&mut stream).await, BulkResponse::Have);
    }
    sleep(MOMENT).await;
    assert_eq!(place.arrived(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_much_waits() {
    let place = Place::new(Library::default());
    // Without a way, time passes in the limiter alone.
    place.network.set_default_link(LinkConfig::default());
    let visitor = place.visitor().await;
    let hash = ContentHash([1; 32]);
    let request = BulkRequest::Fetch {
        hash,
        first_chunk: 0,
    };
    let more = 100.0;
    let began = Instant::now();
    for _ in 0..(REQUEST_BURST + more) as u32 {
        let mut stream = ask(&visitor, &request).await;
        refusal(answer(&mut stream).await);
    }
    assert!(began.elapsed().as_secs_f64() > 0.8 * more / REQUESTS_PER_SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_read_holds_no_other_up() {
    let library = Library::default();
    let files = [vec![5; 40 * CHUNK_BYTES], vec![6; 100]].map(world_file);
    let (files, _shelved) = library.shelve(files.into());
    let (large, small) = (files[0].hash, files[1].hash);
    let place = Place::new(library);
    let visitor = place.visitor().await;
    let fetch = |hash| BulkRequest::Fetch {
        hash,
        first_chunk: 0,
    };
    let mut ahead = ask(&visitor, &fetch(large)).await;
    assert!(matches!(
        answer(&mut ahead).await,
        BulkResponse::File { .. }
    ));
    sleep(MOMENT).await;
    let mut behind = ask(&visitor, &fetch(small)).await;
    let found = timeout(MOMENT, answer(&mut behind)).await.unwrap();
    assert!(matches!(found, BulkResponse::File { bytes: 100, .. }));
}

/// Offers a file as a thing; the last answer.
async fn bring(visitor: &Connection, file: &[u8]) -> BulkResponse {
    let request = BulkRequest::OfferThing {
        hash: content_hash(file),
        bytes: file.len() as u64,
    };
    offer(visitor, &request, file).await
}

/// Offers a file and sends it where it is wanted; the last answer.
async fn offer(visitor: &Connection, request: &BulkRequest, file: &[u8]) -> BulkResponse {
    let mut stream = ask(visitor, request).await;
    match answer(&mut stream).await {
        BulkResponse::Send => {}
        other => return other,
    }
    stream.sender.send_raw(file).await.unwrap();
    stream.sender.finish();
    answer(&mut stream).await
}

#[tokio::test(start_paused = true)]
async fn a_thing_is_taken_from_who_may_place_it_and_from_nobody_else() {
    let file = cube(1);
    let place = Place::with(Library::default(), Rights::default());
    let visitor = place.visitor().await;
    let reason = refusal(bring(&visitor, &file).await);
    assert!(reason.contains("host does not let you"), "{reason}");
    let mut place = Place::new(Library::default());
    let visitor = place.visitor().await;
    assert_eq!(bring(&visitor, &file).await, BulkResponse::Have);
    let fetch = BulkRequest::Fetch {
        hash: content_hash(&file),
        first_chunk: 0,
    };
    let mut stream = ask(&visitor, &fetch).await;
    let found = answer(&mut stream).await;
    assert!(matches!(found, BulkResponse::File { bytes, .. } if bytes == file.len() as u64));
    assert_eq!(place.arrived(), 0, "no avatar came");
}

#[tokio::test(start_paused = true)]
async fn broken_hostile_and_too_large_things_are_refused_with_a_sentence() {
    let place = Place::new(Library::default());
    let visitor = place.visitor().await;
    let large = BulkRequest::OfferThing {
        hash: ContentHash([7; 32]),
        bytes: protocol::limits::MAX_THING_BYTES + 1,
    };
    let reason = refusal(answer(&mut ask(&visitor, &large).await).await);
    assert!(reason.contains("the limit is 16777216"), "{reason}");
    let mut cut = cube(1);
    cut.truncate(200);
    let wall = String::from_utf8(cube(1))
        .unwrap()
        .replace("[1, 1, 1]", "[1, 1, 90]");
    for file in [b"no glTF at all".to_vec(), cut, wall.into_bytes()] {
        let reason = refusal(bring(&visitor, &file).await);
        assert!(reason.contains("the thing cannot be used"), "{reason}");
        assert!(place.library.stand(content_hash(&file)).is_none());
    }
    // What the world is made of may not be placed for it: it was checked as something else.
    let (files, _shelved) = place.library.shelve(vec![world_file(b"a world".to_vec())]);
    assert!(place.library.stand(files[0].hash).is_none());
    assert_eq!(bring(&visitor, &cube(2)).await, BulkResponse::Have);
}

#[tokio::test(start_paused = true)]
async fn what_stands_stays_and_what_was_never_placed_makes_room() {
    let place = Place::new(Library::default());
    let visitor = place.visitor().await;
    let hashes = [1, 2, 3].map(|number| content_hash(&cube(number)));
    assert_eq!(bring(&visitor, &cube(1)).await, BulkResponse::Have);
    let standing = place.library.stand(hashes[0]).unwrap();
    for number in [2, 3] {
        assert_eq!(bring(&visitor, &cube(number)).await, BulkResponse::Have);
    }
    let is_here = |hash: &ContentHash| place.library.get(hash, Rights::default()).is_some();
    assert_eq!(hashes.each_ref().map(is_here), [true, false, true]);
    drop(standing);
    let other = place.library.stand(hashes[2]).unwrap();
    assert_eq!(bring(&visitor, &cube(4)).await, BulkResponse::Have);
    assert_eq!(hashes.each_ref().map(is_here), [false, false, true]);
    drop(other);
}

/// Offers a file as an avatar; the last answer.
async fn dress(visitor: &Connection, file: &[u8], is_right_confirmed: bool) -> BulkResponse {
    let request = BulkRequest::Offer {
        hash: content_hash(file),
        bytes: file.len() as u64,
        is_right_confirmed,
    };
    offer(visitor, &request, file).await
}

#[tokio::test(start_paused = true)]
async fn a_world_decides_which_avatar_files_it_passes_on() {
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/avatars/mira.vrm");
    let open = std::fs::read(assets).unwrap();
    let closed = strictly_licensed(&open);
    let taken = async |avatar_files, file: &[u8], is_right_confirmed| {
        let rights = Rights {
            avatar_files,
            ..Rights::default()
        };
        let place = Place::with(Library::default(), rights);
        let visitor = place.visitor().await;
        match dress(&visitor, file, is_right_confirmed).await {
            BulkResponse::Have => Ok(()),
            other => Err(refusal(other)),
        }
    };
    for (files, is_right_confirmed) in [(Licensed, false), (Confirmed, false), (Confirmed, true)] {
        assert_eq!(taken(files, &open, is_right_confirmed).await, Ok(()));
    }
    let reason = taken(Nobodys, &open, true).await.unwrap_err();
    assert!(reason.contains("does not let people bring"), "{reason}");
    assert_eq!(taken(Confirmed, &closed, true).await, Ok(()));
    for (files, is_right_confirmed) in [(Licensed, false), (Licensed, true), (Confirmed, false)] {
        let reason = taken(files, &closed, is_right_confirmed).await.unwrap_err();
        assert!(reason.contains("licence does not allow"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_world_takes_by_word_goes_to_nobody_in_one_that_does_not() {
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/avatars/mira.vrm");
    let open = std::fs::read(assets).unwrap();
    let closed = strictly_licensed(&open);
    let library = Library::default();
    let world = |avatar_files| {
        let rights = Rights {
            avatar_files,
            ..Rights::default()
        };
        Place::with(library.clone(), rights)
    };
    let [nobodys, licensed, confirmed] = [Nobodys, Licensed, Confirmed].map(world);
    for file in [&open, &closed] {
        let somebody = confirmed.visitor().await;
        assert_eq!(dress(&somebody, file, true).await, BulkResponse::Have);
    }
    let gets = async |place: &Place, file: &[u8]| {
        let request = BulkRequest::Fetch {
            hash: content_hash(file),
            first_chunk: 0,
        };
        let answer = answer(&mut ask(&place.visitor().await, &request).await).await;
        matches!(answer, BulkResponse::File { .. })
    };
    for (place, of_open, of_closed) in [
        (&nobodys, false, false),
        (&licensed, true, false),
        (&confirmed, true, true),
    ] {
        assert_eq!(gets(place, &open).await, of_open);
        assert_eq!(gets(place, &closed).await, of_closed);
    }
    // Whoever brings what is there already is asked as if it were not.
    for (place, is_right_confirmed) in [(&licensed, true), (&confirmed, false)] {
        let answer = dress(&place.visitor().await, &closed, is_right_confirmed).await;
        let reason = refusal(answer);
        assert!(reason.contains("licence does not allow"), "{reason}");
    }
}

/// The same avatar without what its licence lets others do.
fn strictly_licensed(file: &[u8]) -> Vec<u8> {
    let mut strict = file.to_vec();
    for (word, other) in [
        (&b"\"avatarPermission\""[..], &b"\"avatarPermissioN\""[..]),
        (b"\"allowRedistribution\"", b"\"allowRedistributioN\""),
    ] {
        if let Some(at) = strict.windows(word.len()).position(|part| part == word) {
            strict[at..at + word.len()].copy_from_slice(other);
        }
    }
    strict
}
