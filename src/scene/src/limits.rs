//! Every limit on what a file may hold or make us hold. Exceeding one refuses the file by name.

use std::time::Duration;

/// Largest file of a world in bytes, and all files of one scene together.
pub const MAX_WORLD_BYTES: u64 = 256 * 1024 * 1024;
/// Largest avatar file in bytes.
pub const MAX_AVATAR_BYTES: u64 = 64 * 1024 * 1024;
/// Largest file of a thing in bytes.
pub const MAX_PROP_BYTES: u64 = 16 * 1024 * 1024;
/// Largest file of an animation clip in bytes.
pub const MAX_CLIP_BYTES: u64 = 64 * 1024 * 1024;
/// Largest JSON text in bytes.
pub const MAX_JSON_BYTES: usize = 32 * 1024 * 1024;
/// Deepest nesting of JSON.
pub const MAX_JSON_DEPTH: usize = 64;
/// Most values in a JSON text.
pub const MAX_JSON_VALUES: usize = 4_000_000;
/// Longest number of a JSON text in bytes.
pub const MAX_JSON_NUMBER_BYTES: usize = 1_024;
/// Most nodes.
pub const MAX_NODES: usize = 100_000;
/// Deepest node.
pub const MAX_NODE_DEPTH: usize = 4_000;
/// Most elements of any other top-level array.
pub const MAX_ELEMENTS: usize = 100_000;
/// Most memory that one file may take once it is read, beside its own bytes.
pub const MAX_MEMORY_BYTES: u64 = 352 * 1024 * 1024;
/// Most memory of the process that decodes the foreign payloads of one file.
pub const MAX_WORKER_MEMORY_BYTES: u64 = 768 * 1024 * 1024;
/// The same where pictures are decoded to be drawn, each from its file and as pixels once more.
pub const MAX_PICTURE_WORKER_MEMORY_BYTES: u64 = 1536 * 1024 * 1024;
/// Most memory that foreign payloads are thought to take which are decoded at once; one that takes more is decoded alone.
pub const MAX_BYTES_AT_ONCE: u64 = 512 * 1024 * 1024;
/// Most foreign payloads of one file that are decoded at once.
pub const MAX_PAYLOADS_AT_ONCE: u32 = 4;
/// Longest time of a processor that all foreign payloads of one file may take.
pub const MAX_WORKER_PROCESSOR_TIME: Duration = Duration::from_secs(60);
/// Longest time that one foreign payload may take, on the wall.
pub const MAX_PAYLOAD_TIME: Duration = Duration::from_secs(20);
/// Most vertices or indices of one accessor.
pub const MAX_ACCESSOR_COUNT: usize = 16_000_000;
/// Most instances in all of EXT_mesh_gpu_instancing.
pub const MAX_INSTANCES: usize = 200_000;
/// Most splats of a file that keep their size; a primitive for which there is no room left becomes points.
pub const MAX_SPLATS: usize = 50_000;
/// Most collision systems of a file that are told apart; further ones count as the last of these.
pub const MAX_COLLISION_SYSTEMS: usize = 29;
/// Most limits and drives of all joints of a file, and most names in all its collision filters.
pub const MAX_JOINT_PARTS: usize = 100_000;
/// Most joints between bodies of a world that hold: each is solved several times a tick.
pub const MAX_BODY_JOINTS: usize = 4_096;
/// Most colliders and triggers; each mesh and instance below a node that is solid is one.
pub const MAX_COLLIDERS: u64 = 100_000;
/// Most triangles of all triangle colliders together, instances included.
pub const MAX_COLLISION_TRIANGLES: u64 = 4_000_000;
/// Most vertices around which there are convex hulls, all together.
pub const MAX_COLLISION_HULL_VERTICES: u64 = 2_000_000;
/// Most nodes and primitives among which all colliders, triggers and joints look for their form and their place.
pub const MAX_COLLIDER_LOOKS: u64 = 4_000_000;
/// Most triangles, lines and points drawn at once, instances included.
pub const MAX_TRIANGLES: u64 = 20_000_000;
/// Most primitives drawn: at each node, instance and level of detail anew.
pub const MAX_DRAWN_PARTS: u64 = 400_000;
/// Most joints and morph weights of the primitives drawn, of each anew.
pub const MAX_DRAWN_BENDS: u64 = 2_000_000;
/// Most images.
pub const MAX_IMAGES: usize = 4_096;
/// Most parts of an image's header that are passed over in search of its size.
pub const MAX_HEADER_PARTS: usize = 10_000;
/// Most pixels on a side of an image.
pub const MAX_IMAGE_SIDE: u32 = 16_384;
/// Most decoded bytes of one image: four a pixel, eight of a PNG with 16 bits a channel. Decoders of pictures are given as much.
pub const MAX_ONE_IMAGE_BYTES: u64 = 512 * 1024 * 1024;
/// Most decoded bytes of all images, four a pixel.
pub const MAX_IMAGE_BYTES: u64 = 1024 * 1024 * 1024;
/// The same of a file that is converted: its images are made smaller one after the other before anything shows them together.
pub const MAX_SOURCE_IMAGE_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// Most pixels of WebP, DDS and plain KTX 2 images that a report has decoded; of further ones it goes by the head.
pub const MAX_CHECKED_PIXELS: u64 = 32 * 1024 * 1024;
/// Most joints of a skin.
pub const MAX_JOINTS: usize = 1_024;
/// Joints of a skin that every adapter can hold; more take storage buffers, which nearly all have.
pub const MAX_JOINTS_EVERYWHERE: usize = 256;
/// Most morph targets of a mesh (what the renderer can hold).
pub const MAX_MORPH_TARGETS: usize = 256;
/// Most nodes whose morph weights one pointer to their mesh moves; further ones stay as they are.
pub const MAX_NODES_OF_A_MESH: usize = 256;
/// Most texture coordinate, joint or weight sets of a primitive.
pub const MAX_ATTRIBUTE_SETS: usize = 8;
/// Most attributes of a primitive with Draco data.
pub const MAX_DRACO_ATTRIBUTES: usize = 256;
/// Most texture coordinate sets that the textures of one material are drawn with (what the renderer can hold).
pub const MAX_DRAWN_UV_SETS: usize = 2;
/// Most joints that one vertex follows (what the renderer can hold).
pub const MAX_DRAWN_INFLUENCES: usize = 4;
/// Strongest gravity that is believed, metres a second squared.
pub const MAX_GRAVITY: f32 = 1_000.0;
/// Most variants of a file.
pub const MAX_VARIANTS: usize = 1_024;
/// Most levels of detail of a node.
pub const MAX_LEVELS: usize = 16;
/// Most bytes of JSON of all metadata.
pub const MAX_METADATA_BYTES: usize = 1024 * 1024;
/// Most packets of metadata.
pub const MAX_METADATA_PACKETS: usize = 10_000;
/// Most nodes of an avatar: everybody who wears it has them.
pub const MAX_AVATAR_NODES: usize = 4_096;
/// Deepest node of an avatar: whatever turns a node turns what is below it, in each frame.
pub const MAX_AVATAR_NODE_DEPTH: usize = 256;
/// Most primitives drawn of an avatar, at each node anew.
pub const MAX_AVATAR_PARTS: u64 = 1_000;
/// Most joints and morph weights of the primitives drawn of an avatar, of each anew.
pub const MAX_AVATAR_BENDS: u64 = 100_000;
/// Most things that are placed in a world, whatever its manifest says.
pub const MAX_THINGS: usize = 64;
/// Things that one person may place in a world whose manifest says nothing about it.
pub const DEFAULT_THINGS_EACH: usize = 8;
/// Most keys of people who may place things in a world.
pub const MAX_THING_KEYS: usize = 1_000;
/// Most bytes of the files of all things of a world together.
pub const MAX_THINGS_BYTES: u64 = 256 * 1024 * 1024;
/// Most triangles, lines and points drawn of all things of a world together.
pub const MAX_THINGS_TRIANGLES: u64 = 1_500_000;
/// Most decoded bytes of the images of all things of a world together.
pub const MAX_THINGS_IMAGE_BYTES: u64 = 1024 * 1024 * 1024;
/// Largest side of a placed thing, and how far it may reach from its origin, in metres.
pub const MAX_PROP_METRES: f32 = 30.0;
/// Most nodes of a placed thing: many stand in one world.
pub const MAX_PROP_NODES: u64 = 1_000;
/// Deepest node of a placed thing.
pub const MAX_PROP_NODE_DEPTH: u64 = 64;
/// Most primitives drawn of a placed thing, at each node anew.
pub const MAX_PROP_PARTS: u64 = 256;
/// Most triangles, lines and points drawn of a placed thing, and most triangles of its colliders.
pub const MAX_PROP_TRIANGLES: u64 = 100_000;
/// Most vertices of a placed thing, those of each morph target anew, and most vertices of its hulls.
pub const MAX_PROP_VERTICES: u64 = 400_000;
/// Most colliders and triggers of a placed thing.
pub const MAX_PROP_COLLIDERS: u64 = 256;
/// Most joints and morph weights of the primitives drawn of a placed thing, of each anew.
pub const MAX_PROP_BENDS: u64 = 10_000;
/// Most decoded bytes of the images of a placed thing, four a pixel: eight of 2,048 by 2,048.
pub const MAX_PROP_IMAGE_BYTES: u64 = 128 * 1024 * 1024;
/// Most morph targets, colours and textures that the expressions of an avatar move, all together.
pub const MAX_EXPRESSION_BINDS: usize = 16_384;
/// Most joints of one avatar's hair and cloth that swing.
pub const MAX_SPRING_JOINTS: usize = 1_024;
/// Most pairs of such a joint and a collider.
pub const MAX_SPRING_CONTACTS: usize = 16_384;
/// Most node constraints of an avatar.
pub const MAX_CONSTRAINTS: usize = 512;
/// Longest text of a fault or a finding in bytes, which may repeat what a file says; longer ones are cut.
pub const MAX_TOLD_BYTES: usize = 2_000;
/// Longest `name` of an object in bytes, and step of a pointer; longer ones are cut.
pub const MAX_NAME_BYTES: usize = 256;
/// Most vertices from which a convex hull is made.
pub const MAX_HULL_VERTICES: usize = 65_536;
/// Most points around which the hull of a capsule or cylinder with two radii is made.
pub const MAX_TAPERED_POINTS: u64 = 160;
/// Largest coordinate in metres: beyond it single precision shows.
pub const MAX_COORDINATE_METRES: f32 = 1.0e6;
/// Largest number of a transform from a node to the world, scales multiplied out: beyond it products overflow.
pub const MAX_WORLD_NUMBER: f32 = 1.0e9;
/// Most warnings kept of one file.
pub const MAX_WARNINGS: usize = 200;
/// Most files beside the main one.
pub const MAX_SIDE_FILES: usize = 1_000;
/// Longest `extras` of a node in bytes of JSON; longer ones are left out.
pub const MAX_EXTRAS_BYTES: usize = 64 * 1024;
/// Longest address of a portal in bytes.
pub const MAX_URI_BYTES: usize = 2_048;
/// Most findings by the validator's rules kept in the report on one file.
pub const MAX_ISSUES: usize = 10_000;
/// Most bytes of accessors that a report looks into, each use of one counted.
pub const MAX_CHECKED_BYTES: u64 = 512 * 1024 * 1024;
/// Nodes from which on a warning is given.
pub const NODES_TO_WARN_ABOUT: usize = 20_000;
/// Depth of nodes beyond which a warning is given.
pub const NODE_DEPTH_TO_WARN_ABOUT: usize = 1_000;
/// Most lights of a world that shine from a place: each costs wherever it reaches.
pub const MAX_DRAWN_LAMPS: usize = 256;
/// The same of those that shine from far away, in parallel rays.
pub const MAX_DRAWN_SUNS: usize = 8;
