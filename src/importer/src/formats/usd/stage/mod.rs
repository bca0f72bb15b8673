//! Layers as one stage, and the values of its prims.

pub(crate) mod compose;
pub(crate) mod library;
pub(crate) mod values;
