//! Untrusted bytes: containers, JSON, buffers, accessors.

pub(crate) mod accessor;
pub(crate) mod container;
pub(crate) mod json;
