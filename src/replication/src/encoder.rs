//! Snapshots for one client after another, from the shared history.

use crate::datagram::{Acknowledgement, SnapshotHeader};
use crate::history::SharedHistory;
use glam::Vec3;
use protocol::EntityId;

/// Where a client looks from; decides what matters to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewPoint {
    /// The client's own avatar, which is never sent to it (it gets corrections instead).
    pub own: Option<EntityId>,
    /// Eyes in world space, metres.
    pub position: Vec3,
    /// Unit vector along the view.
    pub forward: Vec3,
}

/// What the server knows of one client's knowledge: slots, what was sent when, what arrived. One per client.
#[derive(Debug, Default)]
pub struct ClientView {
    sequence: u64,
}

impl ClientView {
    /// A client that knows nothing yet. Also right for one that reconnected with an empty decoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the client says has arrived. Numbers never sent, and ones too old to matter, are ignored.
    pub fn acknowledge(&mut self, acknowledgement: Acknowledgement) {
        let _ = acknowledgement;
        let _ = self.sequence;
    }
}

/// What one snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EncodeReport {
    /// Bytes written, all of them.
    pub bytes: usize,
    /// Entity records written.
    pub records: u32,
    /// Of those, complete ones: spawns and states without a usable baseline.
    pub complete: u32,
    /// Removals written.
    pub removals: u32,
    /// Entities that were due and did not fit.
    pub withheld: u32,
    /// Sends that the longest waiting of those has been due.
    pub oldest_withheld_sends: u32,
}

/// Makes snapshots; holds scratch memory and work shared between clients. One per thread.
#[derive(Debug, Default)]
pub struct Encoder {}

impl Encoder {
    /// An encoder without warm memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one snapshot of the newest record in `history` for the client behind `view` to `out`, at most
    /// `budget_bytes` long (never less than the fixed part). Counts as sent: call it only when the datagram will
    /// be handed to the network, otherwise skip the send whole.
    pub fn encode(
        &mut self,
        view: &mut ClientView,
        history: &SharedHistory,
        header: &SnapshotHeader,
        viewer: &ViewPoint,
        budget_bytes: usize,
        out: &mut Vec<u8>,
    ) -> EncodeReport {
        let _ = (viewer, budget_bytes);
        let start = out.len();
        header.write(view.sequence, history.tick(), out);
        view.sequence += 1;
        EncodeReport {
            bytes: out.len() - start,
            ..EncodeReport::default()
        }
    }
}
