//! Whole visits: a real server and real sessions over a simulated network, on a clock that the tests move.

mod support;
mod together;
