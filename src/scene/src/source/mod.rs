//! Untrusted bytes: containers, JSON, buffers, accessors.

pub(crate) mod accessor;
pub(crate) mod array;
pub(crate) mod budget;
pub(crate) mod component;
pub(crate) mod container;
pub(crate) mod files;
pub(crate) mod json;
pub(crate) mod packed;
