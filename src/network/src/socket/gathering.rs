//! The socket of a busy server. Packets of many clients trickle in all the time, and to be woken for each of them costs
//! far more than to read it. While they come thick the system does not wake us at all: the socket is asked whenever
//! timers fire. When they thin out, or come so fast that the system's buffer would run over
//! meanwhile, the system wakes us at once again.

use super::coarse::{GRID, on_grid};
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::future::Future;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::ops::AddAssign;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Packets that are counted together, and the most time for them in a busy stretch.
const BUSY_PACKETS: usize = 8;
const BUSY_SPAN: Duration = Duration::from_millis(8);
/// Rests in a row after which nothing had come: it is quiet.
const QUIET_RESTS: u32 = 2;
/// What the system counts for a small packet that waits.
const LEAST_PACKET_BYTES: usize = 1_024;
/// Wait for room for a packet that leaves.
const FULL_WAIT: Duration = Duration::from_millis(1);

/// A UDP socket that gathers packets while many come.
#[derive(Debug)]
pub(super) struct GatheringSocket {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Bytes that may come during a rest: half of what the system keeps for us.
    most_per_rest: usize,
    intake: Mutex<Intake>,
    /// The system had no room for the last packet that was to leave.
    is_full: AtomicBool,
}

/// How packets are looked for.
#[derive(Debug)]
enum Intake {
    /// The system wakes us.
    Watching {
        /// The same socket, registered with the system.
        watch: tokio::net::UdpSocket,
        since: Instant,
        came: Load,
    },
    /// We ask.
    Gathering {
        rest: Pin<Box<Sleep>>,
        is_resting: bool,
        quiet_rests: u32,
        bytes: usize,
    },
}

/// What came.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    packets: usize,
    /// As the system counts them while they wait.
    bytes: usize,
}

impl Load {
    fn of(meta: &RecvMeta) -> Self {
        // What arrives as one may be many packets, each of which the system keeps by itself.
        let packets = meta.len.div_ceil(meta.stride.max(1)).max(1);
        Self {
            packets,
            bytes: meta.len.max(packets * LEAST_PACKET_BYTES),
        }
    }

    /// True when as much in such a span is a busy stretch, but no more during a rest than the system keeps.
    fn is_worth_gathering(self, span: Duration, most_per_rest: usize) -> bool {
        let is_thick = span * BUSY_PACKETS as u32 <= BUSY_SPAN * self.packets as u32;
        let per_rest = self.bytes as f64 * GRID.div_duration_f64(span);
        is_thick && per_rest < most_per_rest as f64
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, more: Self) {
        self.packets += more.packets;
        self.bytes += more.bytes;
    }
}

/// When to look again: when timers fire as well.
fn after_rest() -> Instant {
    on_grid(Instant::now().into_std()).into()
}

impl Intake {
    fn watch(socket: &UdpSocket) -> io::Result<Self> {
        Ok(Self::Watching {
            watch: tokio::net::UdpSocket::from_std(socket.try_clone()?)?,
            since: Instant::now(),
            came: Load::default(),
        })
    }

    fn gather() -> Self {
        Self::Gathering {
            rest: Box::pin(sleep_until(after_rest())),
            is_resting: true,
            quiet_rests: 0,
            bytes: 0,
        }
    }
}

impl GatheringSocket {
    /// Takes a bound socket of which the system keeps `receive_bytes`. Needs a tokio runtime.
    pub(super) fn new(socket: UdpSocket, receive_bytes: usize) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            intake: Mutex::new(Intake::watch(&socket)?),
            state: UdpSocketState::new((&socket).into())?,
            socket,
            most_per_rest: receive_bytes / 2,
            is_full: AtomicBool::new(false),
        })
    }

    fn receive(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> io::Result<(usize, Load)> {
        let count = self.state.recv((&self.socket).into(), buffers, meta)?;
        let mut came = Load::default();
        for each in meta.iter().take(count) {
            came += Load::of(each);
        }
        Ok((count, came))
    }
}

impl AsyncUdpSocket for GatheringSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(RoomPoller {
            socket: self,
            wait: None,
        })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let sent = self.state.send((&self.socket).into(), transmit);
        if let Err(error) = &sent
            && error.kind() == ErrorKind::WouldBlock
        {
            self.is_full.store(true, Ordering::Relaxed);
        }
        sent
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &mut *intake {
                Intake::Watching { watch, since, came } => {
                    ready!(watch.poll_recv_ready(context))?;
                    let taken = watch.try_io(Interest::READABLE, || self.receive(buffers, meta));
                    let (count, more) = match taken {
                        Ok(taken) => taken,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                        Err(error) => return Poll::Ready(Err(error)),
                    };
                    *came += more;
                    if came.packets >= BUSY_PACKETS {
                        if came.is_worth_gathering(since.elapsed(), self.most_per_rest) {
                            *intake = Intake::gather();
                        } else {
                            (*since, *came) = (Instant::now(), Load::default());
                        }
                    }
                    return Poll::Ready(Ok(count));
                }
                Intake::Gathering {
                    rest,
                    is_resting,
                    quiet_rests,
                    bytes,
                } => {
                    if *is_resting {
                        ready!(rest.as_mut().poll(context));
                        (*is_resting, *bytes) = (false, 0);
                    }
                    match self.receive(buffers, meta) {
                        Ok((count, more)) => {
                            *bytes += more.bytes;
                            return Poll::Ready(Ok(count));
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                    *quiet_rests = if *bytes == 0 { *quiet_rests + 1 } else { 0 };
                    if *quiet_rests == QUIET_RESTS || *bytes > self.most_per_rest {
                        match Intake::watch(&self.socket) {
                            Ok(watching) => {
                                *intake = watching;
                                continue;
                            }
                            // An error would end the endpoint with all its connections: go on as before, and try again.
                            Err(error) => tracing::debug!("the socket cannot be watched: {error}"),
                        }
                        *quiet_rests = 0;
                    }
                    rest.as_mut().reset(after_rest());
                    *is_resting = true;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

/// Waits until the system has room for packets again, which it seldom lacks.
#[derive(Debug)]
struct RoomPoller {
    socket: Arc<GatheringSocket>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl UdpPoller for RoomPoller {
    fn poll_writable(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poller = self.get_mut();
        if poller.wait.is_none() && !poller.socket.is_full.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let wait = poller
            .wait
            .get_or_insert_with(|| Box::pin(sleep(FULL_WAIT)));
        ready!(wait.as_mut().poll(context));
        poller.wait = None;
        poller.socket.is_full.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::net::Ipv4Addr;
    use tokio::time::timeout;

    const LONG: Duration = Duration::from_secs(20);

    fn pair(receive_bytes: usize) -> (GatheringSocket, UdpSocket) {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (socket, peer) = (bind(), bind());
        peer.connect(socket.local_addr().unwrap()).unwrap();
        (GatheringSocket::new(socket, receive_bytes).unwrap(), peer)
    }

    impl GatheringSocket {
        fn is_gathering(&self) -> bool {
            matches!(&*self.intake.lock().unwrap(), Intake::Gathering { .. })
        }

        async fn take(&self) -> usize {
            let mut bytes = vec![0; 4 * 2_000];
            let received = poll_fn(|context| {
                let mut buffers: Vec<_> = bytes.chunks_mut(2_000).map(IoSliceMut::new).collect();
                let mut meta = [RecvMeta::default(); 4];
                self.poll_recv(context, &mut buffers, &mut meta)
                    .map_ok(|count| meta[..count].iter().map(packets).sum())
            });
            timeout(LONG, received).await.unwrap().unwrap()
        }
    }

    /// The system may have put packets of one size together.
    fn packets(meta: &RecvMeta) -> usize {
        meta.len.div_ceil(meta.stride.max(1))
    }

    #[test]
    fn it_counts_how_many_come_and_not_how_often_one_is_woken() {
        let is_worth = |packets: usize, millis: u64| {
            let came = Load {
                packets,
                bytes: packets * LEAST_PACKET_BYTES,
            };
            came.is_worth_gathering(Duration::from_millis(millis), 64 * LEAST_PACKET_BYTES)
        };
        // A busy machine wakes us twice for forty packets in ten milliseconds.
        assert!(is_worth(40, 10) && is_worth(8, 8));
        assert!(!is_worth(8, 9) && !is_worth(40, 60));
        // More come during a rest than the system keeps.
        assert!(!is_worth(400, 10) && !is_worth(8, 0));
    }

    #[tokio::test]
    async fn packets_that_are_gathered_all_come_and_silence_ends_the_gathering() {
        let (socket, peer) = pair(1 << 20);
        peer.send(b"first").unwrap();
        assert_eq!(socket.take().await, 1);
        *socket.intake.lock().unwrap() = Intake::gather();
        for _ in 0..40 {
            peer.send(b"one of many").unwrap();
        }
        let mut taken = 0;
        while taken < 40 {
            taken += socket.take().await;
        }
        assert_eq!(taken, 40);
        // Whoever waits in silence is woken by the system again, for the first packet that comes.
        let waiting = async {
            assert_eq!(socket.take().await, 1);
        };
        let sending = async {
            while socket.is_gathering() {
                sleep(GRID).await;
            }
            peer.send(b"after the silence").unwrap();
        };
        timeout(LONG, async { tokio::join!(waiting, sending) })
            .await
            .unwrap();
        assert!(!socket.is_gathering());
    }

    #[tokio::test]
    async fn more_than_the_system_keeps_during_a_rest_is_not_gathered() {
        let (socket, peer) = pair(4 * LEAST_PACKET_BYTES);
        *socket.intake.lock().unwrap() = Intake::gather();
        for _ in 0..8 {
            peer.send(&[7; 1_000]).unwrap();
        }
        let mut taken = 0;
        while taken < 8 {
            taken += socket.take().await;
        }
        // Nothing more is there: only now it is known how much came.
        assert!(timeout(GRID, socket.take()).await.is_err());
        assert!(!socket.is_gathering());
        peer.send(b"one more").unwrap();
        assert_eq!(socket.take().await, 1);
    }
}
