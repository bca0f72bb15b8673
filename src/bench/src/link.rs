//! A server and one receiver with a fixed round trip, every byte of the product's own codec.

use crate::stopwatch::Stopwatch;
use anyhow::{Result, ensure};
use protocol::EntityId;
use replication::{
    Acknowledgement, ClientView, Encoder, EntityState, Salience, SharedHistory, SnapshotDecoder,
    SnapshotHeader, SymbolCounts, ViewPoint,
};
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of a packet around its state datagram: IP and UDP 28, QUIC short header 11, datagram frame 3, AEAD tag 16,
/// and 8 for the QUIC acknowledgement that rides along.
pub(crate) const PACKET_BYTES: usize = 66;

/// The link and what went over it.
pub(crate) struct Link {
    pub(crate) history: SharedHistory,
    encoder: Encoder,
    view: ClientView,
    pub(crate) decoder: SnapshotDecoder,
    viewer: ViewPoint,
    acknowledgements: VecDeque<Option<Acknowledgement>>,
    bytes: Vec<u8>,
    is_counting: bool,
    pub(crate) payload_bytes: usize,
    pub(crate) packets: usize,
    pub(crate) records: usize,
    pub(crate) encode_time: Duration,
    pub(crate) decode_time: Duration,
}

impl Link {
    /// A link whose acknowledgements come back before the next send but `lag_sends`.
    pub(crate) fn new(viewer: ViewPoint, lag_sends: usize) -> Self {
        Self {
            history: SharedHistory::new(),
            encoder: Encoder::new(),
            view: ClientView::new(),
            decoder: SnapshotDecoder::new(0).counting(),
            viewer,
            acknowledgements: VecDeque::from(vec![None; lag_sends]),
            bytes: Vec::new(),
            is_counting: false,
            payload_bytes: 0,
            packets: 0,
            records: 0,
            encode_time: Duration::ZERO,
            decode_time: Duration::ZERO,
        }
    }

    /// One send; afterwards, once counting, the decoder must hold exactly what the history has.
    pub(crate) fn send(
        &mut self,
        tick: u64,
        entities: &[(EntityId, EntityState, Salience)],
    ) -> Result<()> {
        self.history.record(tick, entities);
        self.bytes.clear();
        let header = SnapshotHeader {
            acknowledgement: self.decoder.acknowledgement(),
            ..SnapshotHeader::default()
        };
        let start = Stopwatch::start();
        let report = self.encoder.encode(
            &mut self.view,
            &self.history,
            &header,
            &self.viewer,
            1_400,
            &mut self.bytes,
        );
        self.encode_time += start.elapsed();
        ensure!(
            report.withheld == 0 || !self.is_counting,
            "not everything fitted into one datagram"
        );
        self.payload_bytes += self.bytes.len();
        self.packets += 1;
        self.records += report.records as usize;
        let start = Stopwatch::start();
        self.decoder.decode(&self.bytes)?;
        self.decode_time += start.elapsed();
        for (id, state) in self.history.states() {
            // Spawns are repeated only when an acknowledgement is late.
            ensure!(
                !self.is_counting || self.decoder.state(id) == Some(state),
                "the receiver holds another state of {id:?} at tick {tick}"
            );
        }
        self.acknowledgements
            .push_back(self.decoder.acknowledgement());
        if let Some(Some(acknowledgement)) = self.acknowledgements.pop_front() {
            self.view.acknowledge(acknowledgement);
        }
        Ok(())
    }

    /// Forgets what was counted: the spawns are not part of a steady state.
    pub(crate) fn start_counting(&mut self) {
        self.is_counting = true;
        self.payload_bytes = 0;
        self.packets = 0;
        self.records = 0;
        self.encode_time = Duration::ZERO;
        self.decode_time = Duration::ZERO;
    }

    /// Symbols for training.
    pub(crate) fn symbol_counts(&self) -> SymbolCounts {
        self.decoder.symbol_counts().cloned().unwrap_or_default()
    }
}
