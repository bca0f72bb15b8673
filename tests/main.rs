//! The product as people have it: the built programs over real sockets, on real files, drawn by the software rasterizer.
//! How the tests are laid out and run is in `docs/TESTING.md`; start reading at `harness/mod.rs`.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod data_folder;
mod failures;
mod full_disk;
mod harness;
mod hostile;
mod kill;
mod looks;
mod people;
mod pictures;
mod portals;
mod previews;
mod samples;
mod studio;
mod things;
mod walks;
