//! What every library must do to be measured.

use crate::scene::{Scene, State};
use anyhow::Result;
use std::collections::VecDeque;

/// Bytes of the largest message or packet that is not to be split.
pub(crate) const MOST_BYTES: usize = 1_200;

/// What went to all clients together.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) packets: usize,
    pub(crate) bytes: usize,
}

impl Traffic {
    pub(crate) const fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes;
    }
}

/// A server and its clients in one process, without sockets.
pub(crate) trait Peer: Sized {
    const NAME: &'static str;

    /// A server of `people` clients, all of them connected. Each client is told of all people, itself as well, and all things.
    fn new(people: usize, scene: &Scene) -> Result<Self>;

    /// Shows the server the world as it is now. Not measured.
    fn put(&mut self, scene: &Scene) -> Result<()>;

    /// Takes what came from the clients and makes what goes to them. This is what is measured.
    fn send(&mut self);

    /// Hands everything over: to the clients now, to the server with a delay.
    fn deliver(&mut self) -> Result<Traffic>;

    /// True when a client holds exactly these states.
    fn holds(&mut self, client: usize, states: &[State]) -> bool;
}

/// Holds back what a client sends for one, two or three sends: 100 ms on average. Clients differ, so that no encoder can live on
/// all of them having the same past.
pub(crate) struct Late<T>(VecDeque<Vec<T>>);

impl<T> Late<T> {
    pub(crate) fn new(client: usize) -> Self {
        Self((0..=client % 3).map(|_| Vec::new()).collect())
    }

    /// Takes what is sent now and gives what arrives now.
    pub(crate) fn pass(&mut self, sent: Vec<T>) -> Vec<T> {
        self.0.push_back(sent);
        self.0.pop_front().unwrap_or_default()
    }
}
