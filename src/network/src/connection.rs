//! One connection, for either end.

use crate::certificate::fingerprint_of;
use crate::close::{CloseCode, Disconnected};
use crate::congestion::FlooredCubic;
use crate::pacer::{BulkPacer, Grant, PathView};
use crate::server::UnprovenSlot;
use crate::stream::{ControlStream, StreamReceiver, StreamSender};
use crate::transport::{BULK_SEND_WINDOW, SEND_WINDOW, Tuning};
use bytes::Bytes;
use protocol::Fingerprint;
use protocol::limits::{MAX_MESSAGE_BYTES, MAX_WELCOME_BYTES};
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

const CONTROL_PRIORITY: i32 = 10;
const BULK_PRIORITY: i32 = -10;

/// A QUIC connection; cheap to clone. When the last clone and stream are dropped, it closes.
#[derive(Clone, Debug)]
pub struct Connection {
    quic: quinn::Connection,
    slot: Arc<Mutex<Option<UnprovenSlot>>>,
    bulk: Arc<Bulk>,
    /// Space for state datagrams when none waits.
    empty_space: usize,
    tuning: Tuning,
    /// Keeps the socket of a client's connection.
    _endpoint: Option<quinn::Endpoint>,
}

/// A state datagram cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Longer than [`Connection::max_datagram_size`], which may have shrunk since it was asked for.
    #[error("the datagram is longer than the path takes")]
    TooLong,
    /// The peer takes no datagrams.
    #[error("the other side takes no datagrams")]
    Unsupported,
    /// The connection is gone.
    #[error(transparent)]
    Disconnected(Disconnected),
}

/// What is known of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PathStats {
    /// Smoothed round trip.
    pub rtt: Duration,
    /// Smallest round trip seen.
    pub min_rtt: Duration,
    /// UDP payload bytes received.
    pub bytes_in: u64,
    /// UDP payload bytes sent.
    pub bytes_out: u64,
    /// Packets sent.
    pub packets_out: u64,
    /// Packets that QUIC holds for lost.
    pub packets_lost: u64,
    /// Bytes that may be in flight.
    pub congestion_window: u64,
    /// Largest UDP payload of the path.
    pub mtu: u16,
}

impl Connection {
    pub(crate) fn new(
        quic: quinn::Connection,
        slot: Option<UnprovenSlot>,
        endpoint: Option<quinn::Endpoint>,
        tuning: Tuning,
    ) -> Self {
        Self {
            empty_space: quic.datagram_send_buffer_space(),
            quic,
            slot: Arc::new(Mutex::new(slot)),
            bulk: Arc::default(),
            tuning,
            _endpoint: endpoint,
        }
    }

    /// Client: opens the control stream. Call once, before any other stream is opened.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub async fn open_control(&self) -> Result<ControlStream, Disconnected> {
        let (send, receive) = self.quic.open_bi().await?;
        Ok(with_priority(
            ControlStream {
                sender: StreamSender::new(send, MAX_MESSAGE_BYTES),
                receiver: StreamReceiver::new(receive, MAX_WELCOME_BYTES),
            },
            CONTROL_PRIORITY,
        ))
    }

    /// Server: the control stream. Call once, before [`Self::accept_bulk`]. It comes with the first message.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub async fn accept_control(&self) -> Result<ControlStream, Disconnected> {
        let (send, receive) = self.quic.accept_bi().await?;
        Ok(with_priority(
            ControlStream {
                sender: StreamSender::new(send, MAX_WELCOME_BYTES),
                receiver: StreamReceiver::new(receive, MAX_MESSAGE_BYTES),
            },
            CONTROL_PRIORITY,
        ))
    }

    /// Client: opens a stream for one file, below everything else in priority. Waits while too many are open.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub async fn open_bulk(&self) -> Result<BulkStream, Disconnected> {
        let (send, receive) = self.quic.open_bi().await?;
        Ok(self.bulk(send, receive, MAX_MESSAGE_BYTES, MAX_WELCOME_BYTES))
    }

    /// Server: the next stream for a file.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub async fn accept_bulk(&self) -> Result<BulkStream, Disconnected> {
        let (send, receive) = self.quic.accept_bi().await?;
        Ok(self.bulk(send, receive, MAX_WELCOME_BYTES, MAX_MESSAGE_BYTES))
    }

    fn bulk(
        &self,
        send: quinn::SendStream,
        receive: quinn::RecvStream,
        send_limit: usize,
        receive_limit: usize,
    ) -> BulkStream {
        let is_first = self.bulk.open.fetch_add(1, Ordering::Relaxed) == 0;
        let is_paced = self.bulk.is_paced.load(Ordering::Relaxed);
        if is_first && !is_paced && self.tuning == Tuning::Stoa {
            self.quic.set_send_window(BULK_SEND_WINDOW);
        }
        let mut stream = with_priority(
            ControlStream {
                sender: StreamSender::new(send, send_limit),
                receiver: StreamReceiver::new(receive, receive_limit),
            },
            BULK_PRIORITY,
        );
        stream.sender.set_pace(Pace {
            quic: self.quic.clone(),
            bulk: self.bulk.clone(),
            empty_space: self.empty_space,
        });
        stream.receiver.set_counter(self.bulk.received.clone());
        BulkStream {
            sender: stream.sender,
            receiver: stream.receiver,
            _window: WindowGuard {
                tuning: self.tuning,
                quic: self.quic.clone(),
                bulk: self.bulk.clone(),
            },
        }
    }

    /// Bytes of all file streams that have arrived and were taken. While they grow, a stream that is silent waits for
    /// others: on a thin path that may take long.
    #[must_use]
    pub fn bulk_bytes_in(&self) -> u64 {
        self.bulk.received.load(Ordering::Relaxed)
    }

    /// Sends a state datagram: soon or never. When two wait already, the older is dropped.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn send_state(&self, bytes: Vec<u8>) -> Result<(), StateError> {
        self.send_shared(bytes.into())
    }

    /// As [`Self::send_state`], from memory that others share.
    pub(crate) fn send_shared(&self, bytes: Bytes) -> Result<(), StateError> {
        self.quic.send_datagram(bytes).map_err(|error| match error {
            quinn::SendDatagramError::TooLarge => StateError::TooLong,
            quinn::SendDatagramError::UnsupportedByPeer | quinn::SendDatagramError::Disabled => {
                StateError::Unsupported
            }
            quinn::SendDatagramError::ConnectionLost(error) => {
                StateError::Disconnected(error.into())
            }
        })
    }

    /// Bytes of state datagrams that can wait without dropping an older one.
    #[must_use]
    pub fn state_space(&self) -> usize {
        self.quic.datagram_send_buffer_space()
    }

    /// True while an earlier state datagram has not left: then skip this send and encode fresh at the next, rather
    /// than queue behind what is stale.
    #[must_use]
    pub fn has_unsent_state(&self) -> bool {
        self.state_space() < self.empty_space
    }

    /// Tells the connection that state travels, and how many bytes of it a second it shall carry: random losses
    /// then do not push the window below that, and files are sent no faster than the path takes without a queue. See [`StateBudget`](crate::StateBudget). A new path (the peer's address changed) may
    /// begin at the default again: tell it now and then.
    pub fn set_state_budget(&self, bytes_per_sec: u64) {
        if !self.bulk.is_paced.swap(true, Ordering::Relaxed) {
            self.quic.set_send_window(SEND_WINDOW);
        }
        // The copy shares its budget with the connection's own controller.
        if let Ok(controller) = self
            .quic
            .congestion_state()
            .into_any()
            .downcast::<FlooredCubic>()
        {
            controller.set_budget(bytes_per_sec);
        }
    }

    /// Longest state datagram that the path takes now; ask before each send, it can shrink. `None` when the peer
    /// takes none at all.
    #[must_use]
    pub fn max_datagram_size(&self) -> Option<usize> {
        self.quic.max_datagram_size()
    }

    /// The next state datagram. The future may be dropped and called again.
    ///
    /// # Errors
    /// [`Disconnected`].
    pub async fn receive_state(&self) -> Result<Vec<u8>, Disconnected> {
        Ok(self.quic.read_datagram().await?.into())
    }

    /// 32 bytes that only the two ends of this TLS session know: what entry proofs are bound to (RFC 8446
    /// section 7.5, label [`EXPORTER_LABEL`](protocol::EXPORTER_LABEL), empty context).
    ///
    /// # Errors
    /// [`Disconnected::Transport`] while the handshake is not complete; not on connections from this crate.
    pub fn exporter(&self) -> Result<[u8; 32], Disconnected> {
        let mut value = [0; 32];
        self.quic
            .export_keying_material(&mut value, protocol::EXPORTER_LABEL, b"")
            .map_err(|error| Disconnected::Transport(format!("no exporter value: {error:?}")))?;
        Ok(value)
    }

    /// Fingerprint of the certificate that the peer showed; clients show none.
    #[must_use]
    pub fn peer_fingerprint(&self) -> Option<Fingerprint> {
        let certificates = self
            .quic
            .peer_identity()?
            .downcast::<Vec<CertificateDer<'static>>>()
            .ok()?;
        certificates.first().map(fingerprint_of)
    }

    /// Server: this participant has proved who they are, and no longer counts against the limit on strangers.
    pub fn set_proven(&self) {
        drop(
            self.slot
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }

    /// Ends the connection at once; what has not left is lost. To be sure that a last message arrives, finish
    /// the control stream and wait for [`StreamSender::finished`] first.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.quic
            .close(quinn::VarInt::from_u32(code as u32), reason.as_bytes());
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> Disconnected {
        self.quic.closed().await.into()
    }

    /// How the connection ended, `None` while it lives.
    #[must_use]
    pub fn close_reason(&self) -> Option<Disconnected> {
        self.quic.close_reason().map(Into::into)
    }

    /// Where the peer is now; changes when its address does.
    #[must_use]
    pub fn remote_address(&self) -> SocketAddr {
        self.quic.remote_address()
    }

    /// Round trip, bytes, losses.
    #[must_use]
    pub fn stats(&self) -> PathStats {
        let stats = self.quic.stats();
        PathStats {
            rtt: stats.path.rtt,
            min_rtt: stats.path.min_rtt,
            bytes_in: stats.udp_rx.bytes,
            bytes_out: stats.udp_tx.bytes,
            packets_out: stats.path.sent_packets,
            packets_lost: stats.path.lost_packets,
            congestion_window: stats.path.cwnd,
            mtu: stats.path.current_mtu,
        }
    }
}

/// A stream for one file: a request frame, a response frame, then raw bytes.
#[derive(Debug)]
pub struct BulkStream {
    /// Outgoing half.
    pub sender: StreamSender,
    /// Incoming half.
    pub receiver: StreamReceiver,
    _window: WindowGuard,
}

/// Gives a connection a larger send window while files travel.
#[derive(Debug)]
struct WindowGuard {
    tuning: Tuning,
    quic: quinn::Connection,
    bulk: Arc<Bulk>,
}

impl Drop for WindowGuard {
    fn drop(&mut self) {
        let is_last = self.bulk.open.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_last && self.tuning == Tuning::Stoa {
            self.quic.set_send_window(SEND_WINDOW);
        }
    }
}

/// What the file streams of a connection share.
#[derive(Debug)]
struct Bulk {
    open: AtomicUsize,
    /// Bytes that have arrived on them and were taken.
    received: Arc<AtomicU64>,
    /// Who sends next: first come, first served, so that none starves however little goes.
    turn: tokio::sync::Mutex<()>,
    /// True once state travels.
    is_paced: AtomicBool,
    pacer: Mutex<BulkPacer>,
    epoch: Instant,
}

impl Default for Bulk {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            received: Arc::default(),
            turn: tokio::sync::Mutex::default(),
            is_paced: AtomicBool::new(false),
            pacer: Mutex::default(),
            epoch: Instant::now(),
        }
    }
}

/// Holds a file stream back while state travels.
#[derive(Debug)]
pub(crate) struct Pace {
    quic: quinn::Connection,
    bulk: Arc<Bulk>,
    empty_space: usize,
}

impl Pace {
    /// Waits for the turn to send.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.bulk.turn.lock().await
    }

    /// Waits until some of `wanted` bytes may go; gives how many.
    pub(crate) async fn wait(&self, wanted: usize) -> usize {
        let _turn = self.turn().await;
        loop {
            if !self.bulk.is_paced.load(Ordering::Relaxed) {
                return wanted;
            }
            let stats = self.quic.stats();
            let path = PathView {
                rtt: stats.path.rtt,
                min_rtt: stats.path.min_rtt,
                has_unsent_state: self.quic.datagram_send_buffer_space() < self.empty_space,
            };
            let grant = {
                let mut pacer = self
                    .bulk
                    .pacer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                pacer.ask(self.bulk.epoch.elapsed().as_secs_f64(), wanted, path)
            };
            match grant {
                Grant::Send(bytes) => return bytes.min(wanted),
                Grant::Wait(time) => tokio::time::sleep(time).await,
            }
        }
    }
}

fn with_priority(stream: ControlStream, priority: i32) -> ControlStream {
    stream.sender.set_priority(priority);
    stream
}
