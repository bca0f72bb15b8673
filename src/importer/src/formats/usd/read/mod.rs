//! Layers as text and binary, and the package that they may lie in.

mod crate_file;
mod crate_layer;
mod crate_value;
mod ints;
pub(crate) mod layer;
pub(crate) mod package;
mod text;
pub(crate) mod value;
mod words;

use layer::Layer;
use value::Budget;

/// True when bytes begin as a layer does.
pub(crate) fn is_layer(bytes: &[u8]) -> bool {
    bytes.starts_with(crate_file::MAGIC) || bytes.starts_with(text::MAGIC)
}

/// Reads a layer of either form.
///
/// # Errors
/// One line when it is none, or damaged.
pub(crate) fn layer(bytes: &[u8], path: &str, budget: &Budget) -> Result<Layer, String> {
    if bytes.starts_with(crate_file::MAGIC) {
        crate_layer::read(bytes.to_vec(), path, budget)
    } else if bytes.starts_with(text::MAGIC) {
        text::read(bytes, path, budget)
    } else {
        Err("it is no USD, neither as text nor binary".to_owned())
    }
}
