//! Every limit on what a peer may send or make us hold. Both ends enforce them; exceeding one is an error of
//! the message or of the connection, never a panic.

/// Longest reliable message in bytes, checked on the length prefix before anything is allocated.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest `Welcome` in bytes: it lists people, notes, chat and bodies.
pub const MAX_WELCOME_BYTES: usize = 1024 * 1024;
/// Latest tick that a server may tell of: 148,000 years. What is reckoned with ticks cannot overflow below it.
pub const MAX_TICK: u64 = 1 << 48;
/// Longest display name in grapheme clusters.
pub const MAX_NAME_GRAPHEMES: usize = 24;
/// Longest display name in UTF-8 bytes.
pub const MAX_NAME_BYTES: usize = 96;
/// Longest chat line in UTF-8 bytes.
pub const MAX_CHAT_BYTES: usize = 512;
/// Chat lines that the server keeps and sends to who enters.
pub const MAX_CHAT_HISTORY: usize = 200;
/// Longest note on the notice board in UTF-8 bytes.
pub const MAX_NOTE_BYTES: usize = 280;
/// Notes on one notice board; one more is refused.
pub const MAX_NOTES: usize = 64;
/// Largest file of a placed thing in bytes.
pub const MAX_THING_BYTES: u64 = 16 * 1024 * 1024;
/// Most things in a world, whatever its manifest says.
pub const MAX_THINGS: usize = 64;
/// Longest title of a thing in UTF-8 bytes.
pub const MAX_THING_TITLE_BYTES: usize = 96;
/// How far from the eyes the nearest part of a thing may be placed, in metres.
pub const PLACE_METRES: f32 = 12.0;
/// Largest coordinate of the place of a thing, in metres: numbers far beyond it stop being numbers in what is computed of them.
pub const MAX_THING_COORDINATE_METRES: f32 = 1.0e6;
/// Longest emote name in bytes.
pub const MAX_EMOTE_BYTES: usize = 32;
/// Longest world id in an address, in bytes.
pub const MAX_WORLD_ID_BYTES: usize = 64;
/// Longest address text in bytes.
pub const MAX_ADDRESS_BYTES: usize = 512;
/// Most people in a world, whatever its manifest says.
pub const MAX_CAPACITY: usize = 2048;
/// Capacity of a world whose manifest names none.
pub const DEFAULT_CAPACITY: usize = 64;
/// Most files of a world.
pub const MAX_WORLD_FILES: usize = 1024;
/// Largest single file of a world in bytes.
pub const MAX_WORLD_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Streams both ways that a client may have open: one for control, the others for files.
pub const MAX_CLIENT_STREAMS: u32 = 16;
/// Longest time in seconds for an avatar file to arrive; another of the same client waits meanwhile.
pub const UPLOAD_TIMEOUT_SECS: u64 = 900;
/// Largest avatar file in bytes that travels.
pub const MAX_AVATAR_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of one verified chunk of a file.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// Reliable messages that a client may send in a second on average, and at once.
pub const MAX_MESSAGES_PER_SECOND: u32 = 30;
/// Reliable messages that a client may send at once before the rate counts.
pub const MAX_MESSAGE_BURST: u32 = 60;
/// Chat lines, notes, gestures, changes of name or look, and seats taken, of a client in ten seconds.
pub const MAX_CHAT_PER_TEN_SECONDS: u32 = 20;
/// Reliable messages that wait for one client before it counts as too slow and is disconnected.
pub const MAX_OUTGOING_QUEUE: usize = 1024;
/// Connections at one server whose participants have not proved who they are; one more is refused.
pub const MAX_UNPROVEN_CONNECTIONS: usize = 512;
/// Unproven connections from which on a newcomer must first show that its address is its own (QUIC Retry).
pub const RETRY_ABOVE_UNPROVEN: usize = 64;
/// Seconds for everything between the first packet and `Welcome`.
pub const HANDSHAKE_TIMEOUT_SECS: u64 = 10;
/// Seconds of silence after which a connection is dead.
pub const IDLE_TIMEOUT_SECS: u64 = 10;
/// Seconds within which a peer must send the next bytes of a file, or ask for one on a stream that it has opened.
pub const STALL_TIMEOUT_SECS: u64 = 30;
/// Seconds that a person's avatar waits for its owner to come back after a lost connection.
pub const RESUME_SECS: u64 = 30;
/// State and input datagrams that a client may send in a second, and at once.
pub const MAX_DATAGRAMS_PER_SECOND: u32 = 60;
/// Datagrams that may arrive at once before the rate counts.
pub const MAX_DATAGRAM_BURST: u32 = 16;
/// State that one client is sent at most in kbit/s, headers included, unless the host says otherwise.
pub const DEFAULT_CLIENT_KBIT_PER_SEC: u32 = 64;
/// The most that a host may say: one full datagram a send.
pub const MAX_CLIENT_KBIT_PER_SEC: u32 = 256;
/// How far from the eyes something can be grabbed, touched or sat on, in metres.
pub const REACH_METRES: f32 = 3.0;
/// Heaviest body that can be carried, in kilograms.
pub const MAX_CARRIED_KILOGRAMS: f32 = 30.0;
/// Fastest throw in metres a second.
pub const MAX_THROW_SPEED: f32 = 12.0;
/// Fastest spin of a throw in radians a second.
pub const MAX_THROW_SPIN: f32 = 20.0;
/// Nesting of MessagePack values.
pub const MAX_MESSAGE_DEPTH: usize = 16;
/// Most bodies of a world whose poses travel; a world with more is refused when it is loaded.
pub const MAX_BODIES: usize = 3000;
/// Seconds that a participant has for loading the world, from `Welcome` to `Ready`.
pub const LOADING_TIMEOUT_SECS: u64 = 1800;
/// Seconds without any datagram of a participant who is inside, after which their program counts as stuck.
pub const SILENCE_TIMEOUT_SECS: u64 = 30;
