//! Every limit on what a USD file may hold or make us hold. Exceeding one refuses the file by name, unless it says otherwise.

/// Largest layer as text in bytes: its values are kept, and take more room than their words.
pub(crate) const MAX_TEXT_BYTES: usize = 128 * 1024 * 1024;
/// Most numbers, and eighths of texts in bytes, that all values which are read have together.
pub(crate) const MAX_VALUES: usize = 100_000_000;
/// Most numbers or texts of one value.
pub(crate) const MAX_VALUES_OF_ONE: usize = 24_000_000;
/// Most layers.
pub(crate) const MAX_LAYERS: usize = 1_000;
/// Most prims, properties and variants of one layer.
pub(crate) const MAX_SPECS: usize = 500_000;
/// Most fields that the specs of a binary layer name, each use counted.
pub(crate) const MAX_FIELDS: usize = 5_000_000;
/// Most names, paths or fields in a table of a binary layer.
pub(crate) const MAX_TABLE: usize = 4_000_000;
/// Most entries of the tables of all binary layers together.
pub(crate) const MAX_TABLES: usize = 20_000_000;
/// Deepest prim, and deepest nesting of a value. Prims of a composed stage that lie deeper are left out.
pub(crate) const MAX_DEPTH: usize = 128;
/// Longest name of a prim in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 1_024;
/// Longest path of a prim or property in bytes.
pub(crate) const MAX_PATH_BYTES: usize = 4_096;
/// Most references and other arcs that lead from one to the next; what lies further is left out.
pub(crate) const MAX_ARC_DEPTH: usize = 24;
/// Most opinions on all composed prims together.
pub(crate) const MAX_OPINIONS: usize = 300_000;
/// Most prims of the composed stage.
pub(crate) const MAX_PRIMS: usize = 90_000;
/// Most connections that are followed from a shader's input; what lies further is left out.
pub(crate) const MAX_CONNECTIONS: usize = 16;
/// Most numbers of the corners of all triangles.
pub(crate) const MAX_CORNER_NUMBERS: usize = 200_000_000;
/// Most keys of one animated transform; further ones are left out.
pub(crate) const MAX_KEYS: usize = 100_000;
