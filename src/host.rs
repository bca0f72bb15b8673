//! A server in this process, started when it is first needed.

use crate::own_key::OwnKey;
use anyhow::anyhow;
use client::{HostedWorld, Opened};
use server::{RunningServer, Server, ServerConfig, StartError, StoreError};
use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::{Mutex, PoisonError},
};

/// An address that no packet is sent to (RFC 5737): asking for the way there tells which address of this machine
/// faces the network.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// A world that this process can host.
pub(crate) struct Host {
    pub(crate) config: ServerConfig,
    /// Whose world it is; nobody's where nothing of it is kept.
    owner: Option<OwnKey>,
    /// When another Stoa has the folder, start afresh beside it and keep nothing.
    may_forget: bool,
    /// The command that hosts the same world for others.
    pub(crate) open_to_others: String,
    running: Mutex<Option<RunningServer>>,
}

impl Host {
    pub(crate) fn new(
        config: ServerConfig,
        owner: Option<OwnKey>,
        may_forget: bool,
        open_to_others: String,
    ) -> Self {
        Self {
            config,
            owner,
            may_forget,
            open_to_others,
            running: Mutex::new(None),
        }
    }

    /// The world, hosted from now on.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub(crate) fn open(&self) -> anyhow::Result<HostedWorld> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match running.take() {
            Some(server) => server,
            None => self.start()?,
        };
        let hosted = self.describe(&server);
        *running = Some(server);
        hosted
    }

    /// Tells everybody, saves everything, and ends; nothing when it was never started.
    pub(crate) fn stop(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.take() {
            server.stop();
        }
    }

    fn start(&self) -> Result<RunningServer, StartError> {
        let config = ServerConfig {
            owners: self
                .owner
                .as_ref()
                .and_then(OwnKey::did)
                .into_iter()
                .collect(),
            ..self.config.clone()
        };
        match Server::start(&config) {
            Err(StartError::Data(StoreError::InUse(_))) if self.may_forget => {
                tracing::warn!(
                    "another Stoa has the home world open: what happens in this one is not kept"
                );
                Server::start(&ServerConfig {
                    data: None,
                    ..config
                })
            }
            outcome => outcome,
        }
    }

    fn describe(&self, server: &RunningServer) -> anyhow::Result<HostedWorld> {
        let listens_at = self.config.listen.ip();
        let mut invitation = server
            .addresses()
            .first()
            .cloned()
            .ok_or_else(|| anyhow!("the server hosts no world"))?;
        invitation.fingerprint = Some(server.fingerprint());
        let mut address = invitation.clone();
        address.host = loopback(listens_at);
        if listens_at.is_unspecified() {
            invitation.host = facing_address().map_or(invitation.host, |ip| ip.to_string());
        }
        let is_reachable = !listens_at.is_loopback();
        Ok(HostedWorld {
            address,
            invitation: is_reachable.then_some(invitation),
            open_to_others: self.open_to_others.clone(),
        })
    }
}

/// Most worlds of dropped files that are hosted at once: the one that is looked at, and the one that takes its place.
const MAX_DROPPED: usize = 2;

/// The worlds of files that were dropped on the window, the last ones, with what their hosts follow.
#[derive(Default)]
pub(crate) struct Dropped(Mutex<VecDeque<(Host, Opened)>>);

impl Dropped {
    /// Hosts one more, and ends the one before the last.
    ///
    /// # Errors
    /// When the world cannot be hosted; the others stay.
    pub(crate) fn open(&self, host: Host, opened: Opened) -> anyhow::Result<HostedWorld> {
        let hosted = host.open()?;
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while hosts.len() >= MAX_DROPPED
            && let Some((oldest, _)) = hosts.pop_front()
        {
            oldest.stop();
        }
        hosts.push_back((host, opened));
        Ok(hosted)
    }

    /// Ends all of them.
    pub(crate) fn stop(&self) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, _) in hosts.drain(..) {
            host.stop();
        }
    }
}

/// How this process reaches a server that listens there.
fn loopback(listens_at: IpAddr) -> String {
    if listens_at.is_unspecified() {
        Ipv4Addr::LOCALHOST.to_string()
    } else {
        listens_at.to_string()
    }
}

/// The address of this machine that others in its network use; `None` without a network.
fn facing_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}
