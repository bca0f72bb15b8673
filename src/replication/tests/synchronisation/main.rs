//! State synchronisation at its boundary: a server and clients over a simulated link, on a manual clock.

mod crowds;
mod harness;
mod hostile;
mod loss;
mod views;
