//! What makes an avatar alive, as plain arithmetic on its description: expressions, gaze, constraints, springs and what
//! its wearer sees of it. The order in a frame is VRM's: pose, gaze, expressions, constraints, springs.

pub(crate) mod constraint;
pub(crate) mod expression;
pub(crate) mod first_person;
pub(crate) mod gaze;
pub(crate) mod skeleton;
pub(crate) mod spring;
