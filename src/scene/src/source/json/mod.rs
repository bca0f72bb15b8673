//! Bounded JSON: a compact tree of our own, and a view of it that knows where it is.

mod item;
mod parser;
mod tree;

pub(crate) use item::{Item, escaped};
pub(crate) use parser::parse;
pub(crate) use tree::{Kind, Tree};
