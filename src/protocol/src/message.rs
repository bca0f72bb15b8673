//! Reliable messages, in the order of a visit: hello, challenge, proof, welcome, then talk and actions.
//! They travel on the control stream (the first bidirectional stream that the client opens); files travel on
//! streams of their own, each opened with a [`BulkRequest`].

use crate::{ContentHash, DisplayName, EntityId, PersonId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// First message of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) of the client.
    pub version: u16,
    /// Names of optional features that the client has; unknown ones are ignored.
    pub features: Vec<String>,
    /// Release of the client program, for logs.
    pub program: String,
    /// World id, empty for the server's first world.
    pub world: String,
    /// Title of the wished spawn point.
    pub spawn: Option<String>,
    /// `did:key:z6Mk...` (Ed25519) of the persona.
    pub did: String,
    /// How the person wants to be called; a duplicate gets a number.
    pub name: DisplayName,
    /// What the person looks like.
    pub avatar: AvatarChoice,
    /// True for agents and bots, which every client marks as such.
    pub is_agent: bool,
}

/// File stems of the avatars that every client ships; the first is for who has not chosen.
pub const SHIPPED_AVATARS: [&str; 4] = ["mira", "finn", "juma", "sen"];

/// What somebody looks like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AvatarChoice {
    /// One of the avatars that every client ships, by file stem.
    Shipped(String),
    /// A VRM file by content, fetched from the server, which got it from the wearer.
    File {
        /// Content id of the VRM.
        hash: ContentHash,
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Answer of the client to [`ServerMessage::Challenge`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Ed25519 signature over [`PROOF_CONTEXT`](crate::PROOF_CONTEXT), 32 bytes of TLS exporter output and the nonce.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// What a client sends on the control stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// Who wants to enter which world.
    Hello(Hello),
    /// That it holds the key of its `did:key`, on this connection.
    Proof(Proof),
    /// The world is loaded; from now on state datagrams make sense.
    Ready,
    /// Say something to everybody. `request` comes back in the acknowledgement.
    Chat {
        /// Number chosen by the client.
        request: u32,
        /// At most [`MAX_CHAT_BYTES`](crate::limits::MAX_CHAT_BYTES).
        text: String,
    },
    /// Pin a note to the notice board.
    PinNote {
        /// Number chosen by the client.
        request: u32,
        /// At most [`MAX_NOTE_BYTES`](crate::limits::MAX_NOTE_BYTES).
        text: String,
    },
    /// Take down a note of one's own.
    RemoveNote {
        /// Number chosen by the client.
        request: u32,
        /// The note's id.
        note: u64,
    },
    /// Take a body in the hand.
    Grab {
        /// Number chosen by the client.
        request: u32,
        /// The body.
        entity: EntityId,
    },
    /// Let go, with a velocity in world space (metres a second): zero drops, more throws.
    Release {
        /// Number chosen by the client.
        request: u32,
        /// The body held.
        entity: EntityId,
        /// Wished velocity; clamped to [`MAX_THROW_SPEED`](crate::limits::MAX_THROW_SPEED).
        velocity: [f32; 3],
        /// Where the body is in the hand; where the server has it when absent, or not believable.
        #[serde(default)]
        hand: Option<HandPose>,
    },
    /// Sit down on a seat of the world file (index in [`Welcome::seats`]).
    Sit {
        /// Number chosen by the client.
        request: u32,
        /// Index of the seat.
        seat: u32,
    },
    /// Stand up.
    Stand,
    /// Show a gesture: `wave` and others that avatars know.
    Emote(String),
    /// Change name or avatar while inside.
    ChangePersona {
        /// Number chosen by the client.
        request: u32,
        /// New name.
        name: DisplayName,
        /// New look.
        avatar: AvatarChoice,
    },
    /// Place a thing whose file was offered before ([`BulkRequest::OfferThing`]).
    Place {
        /// Number chosen by the client.
        request: u32,
        /// Content id of the file.
        hash: ContentHash,
        /// What to call it; at most [`MAX_THING_TITLE_BYTES`](crate::limits::MAX_THING_TITLE_BYTES).
        title: String,
        /// Where the file's origin is put, world space, metres.
        position: [f32; 3],
        /// Turn about +Y, radians, counterclockwise seen from above.
        yaw: f32,
    },
    /// Take a placed thing away: one of one's own, or any where the welcome's rights say so.
    TakeAway {
        /// Number chosen by the client.
        request: u32,
        /// The thing's id.
        thing: u64,
    },
    /// Ask how the server fares; answered to agents and on loopback.
    AskStatistics {
        /// Number chosen by the client.
        request: u32,
    },
    /// Leave in good order: no waiting for a return.
    Leave,
}

/// A body in the hand, as the one who holds it has it at the moment of letting go. World space.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandPose {
    /// Position of the body's origin, metres.
    pub position: [f32; 3],
    /// Unit quaternion, x y z w.
    pub rotation: [f32; 4],
    /// Angular velocity, radians a second about each axis.
    pub spin: [f32; 3],
}

/// What a server sends on the control stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// Sign this with the exporter value of the connection.
    Challenge {
        /// 32 random bytes.
        #[serde(with = "serde_bytes")]
        nonce: Vec<u8>,
    },
    /// Entry refused; the server closes the connection after it.
    Refused(Refusal),
    /// Entry granted.
    Welcome(Box<Welcome>),
    /// Somebody entered, came back, or changed name or avatar.
    PersonChanged(PersonInfo),
    /// Somebody left for good.
    PersonLeft(PersonId),
    /// A chat line, also the sender's own.
    Chat(ChatLine),
    /// A note was pinned.
    NotePinned(Note),
    /// A note was taken down.
    NoteRemoved(u64),
    /// A thing was placed; its file can be fetched.
    ThingPlaced(PlacedThing),
    /// A thing was taken away, by id.
    ThingTakenAway(u64),
    /// Somebody shows a gesture.
    Emote {
        /// Who.
        person: PersonId,
        /// Which.
        name: String,
    },
    /// The request was carried out and, where it changes stored state, committed to disk.
    Done {
        /// Number of the request.
        request: u32,
    },
    /// The request was not carried out.
    Denied {
        /// Number of the request.
        request: u32,
        /// Why.
        reason: Denial,
    },
    /// You now hold this body, or no longer hold it (`None`), also without a request of yours.
    Holding(Option<EntityId>),
    /// A body has left your hand by your `Release`. Comes before `Done`, which waits for the disk.
    Thrown {
        /// Number of the request.
        request: u32,
        /// The body.
        entity: EntityId,
        /// The server tick whose state is the first one after letting go.
        tick: u64,
        /// True when it began where `Release` said.
        is_as_stated: bool,
    },
    /// You now sit on this seat, or stand (`None`).
    Sitting(Option<u32>),
    /// How the server fares.
    Statistics {
        /// Number of the request.
        request: u32,
        /// Over the last ten seconds.
        statistics: ServerStatistics,
    },
    /// The same key entered elsewhere; this connection ends.
    Replaced,
    /// The server stops.
    Closing {
        /// A sentence to show.
        reason: String,
    },
}

/// How one world of a server fares, over the last ten seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerStatistics {
    /// Tick of the world.
    pub tick: u64,
    /// People inside.
    pub people: u32,
    /// Milliseconds of work in a tick, median.
    pub tick_ms_p50: f32,
    /// Milliseconds of work in a tick that 99 of 100 ticks stay below.
    pub tick_ms_p99: f32,
    /// Milliseconds by which ticks begin late, 99 of 100 less.
    pub late_ms_p99: f32,
    /// Sends left out since the start, because the world ran late.
    pub skipped_sends: u64,
    /// Bytes of state datagrams a second to everybody together, headers not counted.
    pub state_bytes_per_sec: f32,
    /// What whoever asks was told, since they asked before.
    #[serde(default)]
    pub told: ToldStatistics,
}

/// What one person was told of the state of a world. Everybody may know their own; the rest of [`ServerStatistics`] is zero for
/// those who are neither agents nor on the server's machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldStatistics {
    /// State datagrams.
    pub sends: u32,
    /// Records of entities in them.
    pub records: u32,
    /// Records that were due and did not fit.
    pub withheld: u32,
    /// Sends for which the longest waiting of those had been due; 255 also stands for more.
    pub oldest_withheld_sends: u32,
}

/// What somebody is doing, as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Activity {
    /// On their feet.
    Standing,
    /// On a seat, by index.
    Sitting(u32),
}

/// One participant, as everybody knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonInfo {
    /// Who.
    pub person: PersonId,
    /// Their avatar's entity in the state datagrams.
    pub entity: EntityId,
    /// Unique in the world.
    pub name: DisplayName,
    /// What they look like.
    pub avatar: AvatarChoice,
    /// Agent or bot.
    pub is_agent: bool,
    /// Seated or standing.
    pub activity: Activity,
    /// False while their connection is lost and they may still come back.
    pub is_connected: bool,
}

/// A line of the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Grows by one with each line of the world.
    pub id: u64,
    /// Name of who said it at that time.
    pub from: String,
    /// Who said it, when still present.
    pub person: Option<PersonId>,
    /// The text.
    pub text: String,
    /// Seconds since 1970-01-01 UTC by the server's clock.
    pub unix_secs: u64,
}

/// A note on the notice board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Grows by one with each note of the world.
    pub id: u64,
    /// Name of the writer at that time.
    pub from: String,
    /// The writer's `did:key`; who may take it down.
    pub did: String,
    /// The text.
    pub text: String,
    /// Seconds since 1970-01-01 UTC by the server's clock.
    pub unix_secs: u64,
}

/// A thing that somebody placed in the world: a glTF file of its own, which stands still and is solid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedThing {
    /// Not shared with another thing that stands there at the same time. One that was taken away may leave its number to a new one.
    pub thing: u64,
    /// Content id of its file.
    pub hash: ContentHash,
    /// Length of its file in bytes.
    pub bytes: u64,
    /// What it is called.
    pub title: String,
    /// Name of who placed it, at that time.
    pub from: String,
    /// The `did:key` of who placed it; who may take it away.
    pub did: String,
    /// Where the file's origin is, world space, metres.
    pub position: [f32; 3],
    /// Turn about +Y, radians, counterclockwise seen from above.
    pub yaw: f32,
    /// Seconds since 1970-01-01 UTC by the server's clock.
    pub unix_secs: u64,
}

/// What somebody may do beyond what everybody may, and what of theirs a world takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Place things, and take one's own away.
    pub may_place: bool,
    /// Take away what others placed.
    pub may_take_away_all: bool,
    /// Which avatar files are passed on to others.
    #[serde(default)]
    pub avatar_files: AvatarFiles,
}

/// Which avatar files of visitors a world passes on to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AvatarFiles {
    /// None: everybody wears what every client has.
    Nobodys,
    /// Those whose own licence lets everybody have them.
    #[default]
    Licensed,
    /// Others as well, when their wearer confirms to have the right ([`BulkRequest::Offer`]).
    Confirmed,
}

/// A file of the world, to be fetched by its content id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative path inside the world's folder, `/` as separator.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Content id.
    pub hash: ContentHash,
}

/// What a world is, before its files are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldInfo {
    /// Id in addresses.
    pub id: String,
    /// Title to show.
    pub title: String,
    /// Most people at once.
    pub capacity: u32,
    /// The main file, one of `files`.
    pub main_file: String,
    /// Everything to fetch, `world.toml` included when there is one.
    pub files: Vec<FileEntry>,
}

/// A body of the world file that the state datagrams speak of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyInfo {
    /// Its entity.
    pub entity: EntityId,
    /// Index of its node in the scene that both ends read from the same file.
    pub node: u32,
    /// True when it can be carried.
    pub is_carryable: bool,
}

/// Who sits where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatInfo {
    /// Index of the seat's node in the scene.
    pub node: u32,
    /// Who sits there now.
    pub person: Option<PersonId>,
}

/// Everything a participant needs to be inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// You.
    pub person: PersonId,
    /// Your avatar's entity.
    pub entity: EntityId,
    /// The name that you got: yours, or with a number.
    pub name: DisplayName,
    /// True when you came back to an avatar that waited for you.
    pub is_resumed: bool,
    /// Server tick when this was sent.
    pub tick: u64,
    /// Your feet's position in world space, metres.
    pub position: [f32; 3],
    /// Your heading in radians about +Y; 0 looks along -Z.
    pub yaw: f32,
    /// The world and its files.
    pub world: WorldInfo,
    /// Everybody else.
    pub people: Vec<PersonInfo>,
    /// Bodies that move.
    pub bodies: Vec<BodyInfo>,
    /// Seats, in the order of their nodes.
    pub seats: Vec<SeatInfo>,
    /// Last chat lines, oldest first.
    pub chat: Vec<ChatLine>,
    /// Notes on the board, oldest first.
    pub notes: Vec<Note>,
    /// Body that you hold.
    pub holding: Option<EntityId>,
    /// What people have placed, oldest first.
    #[serde(default)]
    pub things: Vec<PlacedThing>,
    /// What you may do beyond what everybody may.
    #[serde(default)]
    pub rights: Rights,
}

/// Why entry is refused; what the person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The two programs speak different versions.
    Version {
        /// The server's [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION).
        server: u16,
    },
    /// As many people as fit are inside.
    Full {
        /// How many that is.
        capacity: u32,
    },
    /// No world of that id here.
    NoSuchWorld {
        /// Ids that exist.
        worlds: Vec<String>,
    },
    /// The signature does not fit key and connection.
    Proof,
    /// The hello breaks a rule; the text says which.
    Hello(String),
    /// The host does not let this key in.
    Barred(String),
    /// The server is stopping.
    Closing,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { server } => {
                write!(
                    formatter,
                    "the server speaks protocol version {server}, this program {}: update the older one",
                    crate::PROTOCOL_VERSION
                )
            }
            Self::Full { capacity } => write!(
                formatter,
                "the world is full ({capacity} people): try again in a while"
            ),
            Self::NoSuchWorld { worlds } => write!(
                formatter,
                "there is no such world here; there are: {}",
                worlds.join(", ")
            ),
            Self::Proof => formatter.write_str("the server could not verify your key: try again"),
            Self::Hello(reason) => write!(formatter, "the server refused the entry: {reason}"),
            Self::Barred(reason) => write!(formatter, "the host does not let you in: {reason}"),
            Self::Closing => formatter.write_str("the server is stopping: try again in a minute"),
        }
    }
}

/// Why a request was not carried out; what the person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Denial {
    /// Too far away.
    OutOfReach,
    /// Somebody else has it.
    Taken,
    /// It cannot be carried.
    NotCarryable,
    /// No such thing here.
    Unknown,
    /// Only who wrote or placed it may.
    NotYours,
    /// Too many requests.
    TooFast,
    /// The text is empty, too long or has characters that cannot be shown.
    Text,
    /// There is no room for more notes.
    BoardFull,
    /// The host does not let this person do that.
    NotAllowed,
    /// Somebody is there, or people arrive there.
    Occupied,
    /// As many things are placed as may be, or they are too much together; the text says which.
    NoRoom(String),
    /// The server does not have the file, or no longer: offer it again.
    NoFile,
    /// The change could not be stored; the text says why. Nothing was changed.
    Storage(String),
    /// Not possible now; the text says why.
    Other(String),
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfReach => formatter.write_str("too far away: step closer"),
            Self::Taken => formatter.write_str("somebody else has it"),
            Self::NotCarryable => formatter.write_str("this cannot be carried"),
            Self::Unknown => formatter.write_str("it is no longer there"),
            Self::NotYours => formatter.write_str("it is somebody else's"),
            Self::TooFast => formatter.write_str("too many requests: wait a moment"),
            Self::Text => formatter
                .write_str("the text is empty, too long or has characters that cannot be shown"),
            Self::BoardFull => {
                formatter.write_str("the notice board is full: take down a note first")
            }
            Self::NotAllowed => formatter.write_str("the host does not let you do that here"),
            Self::Occupied => formatter
                .write_str("somebody is there, or people arrive there: choose another place"),
            Self::NoRoom(reason) => write!(formatter, "there is no room for it: {reason}"),
            Self::NoFile => {
                formatter.write_str("the server does not have the file: offer it again")
            }
            Self::Storage(reason) => write!(
                formatter,
                "the server could not store it, so nothing was changed: {reason}"
            ),
            Self::Other(reason) => formatter.write_str(reason),
        }
    }
}

/// First frame of a bulk stream that the client opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkRequest {
    /// Send me a file from a chunk on.
    Fetch {
        /// Content id.
        hash: ContentHash,
        /// First chunk ([`CHUNK_BYTES`](crate::limits::CHUNK_BYTES) each) that is still missing.
        first_chunk: u32,
    },
    /// Here is my avatar file; its bytes follow the response.
    Offer {
        /// Content id.
        hash: ContentHash,
        /// Length in bytes.
        bytes: u64,
        /// The wearer has the right to send it to others, though its licence does not say so.
        #[serde(default)]
        is_right_confirmed: bool,
    },
    /// Here is the file of a thing to be placed; its bytes follow the response.
    OfferThing {
        /// Content id.
        hash: ContentHash,
        /// Length in bytes, at most [`MAX_THING_BYTES`](crate::limits::MAX_THING_BYTES).
        bytes: u64,
    },
}

/// First frame of the answer on a bulk stream; for `Fetch` the raw bytes from that chunk on follow until the stream ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkResponse {
    /// The file follows.
    File {
        /// Length of the whole file in bytes.
        bytes: u64,
        /// BLAKE3 hash of each chunk of the whole file, so that each is verified as it arrives.
        chunks: Vec<ContentHash>,
    },
    /// Send the offered bytes now.
    Send,
    /// The offered file is here already, or has been received whole and verified.
    Have,
    /// No such file, or the offer is refused; the text says why.
    Refused(String),
}
