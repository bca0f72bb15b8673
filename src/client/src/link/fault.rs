//! Why a visit is over, sorted by what a person can do about it.

use protocol::{Fingerprint, Refusal};
use session::{Failure, SessionEvent};

/// The end of a visit.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// One line with the particulars.
    pub(crate) line: String,
    /// What an unknown server showed.
    pub(crate) presented: Option<Fingerprint>,
}

/// What kind of end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The host is not found, or does not answer in time.
    Unreachable,
    /// The server takes nobody at the moment.
    Busy,
    Full,
    Refused,
    NoSuchWorld,
    Version,
    Certificate,
    /// A server that was never seen before: the person decides.
    Stranger,
    /// The world's files are at fault.
    Broken,
    /// Files cannot be kept.
    Disk,
    /// This machine gives no socket, thread or folder.
    Here,
    /// The same person entered elsewhere.
    Replaced,
    /// Sent away, or the server stopped.
    Closed,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, line: impl Into<String>) -> Self {
        Self {
            kind,
            line: line.into(),
            presented: None,
        }
    }
}

impl Fault {
    /// The end that an event means, if it means one.
    pub(super) fn of(event: &SessionEvent) -> Option<Self> {
        match event {
            SessionEvent::Failed(failure) => Some(failure.into()),
            SessionEvent::Closed { reason } => Some(Self::new(FaultKind::Closed, reason.clone())),
            SessionEvent::Replaced => Some(Self::new(
                FaultKind::Replaced,
                "you have entered from another place: this visit is over",
            )),
            _ => None,
        }
    }
}

impl From<&Failure> for Fault {
    fn from(failure: &Failure) -> Self {
        let presented = match failure {
            Failure::CertificateUnknown { presented, .. } => Some(*presented),
            _ => None,
        };
        Self {
            presented,
            ..Self::new(kind_of(failure), failure.to_string())
        }
    }
}

fn kind_of(failure: &Failure) -> FaultKind {
    match failure {
        Failure::NameNotResolved(_)
        | Failure::Unreachable { .. }
        | Failure::TooSlow(_)
        | Failure::Disconnected(_) => FaultKind::Unreachable,
        Failure::Busy(_) | Failure::Refused(Refusal::Closing) => FaultKind::Busy,
        Failure::Refused(Refusal::Full { .. }) => FaultKind::Full,
        Failure::Refused(Refusal::NoSuchWorld { .. }) => FaultKind::NoSuchWorld,
        Failure::Refused(Refusal::Version { .. }) | Failure::Version(_) | Failure::Protocol(_) => {
            FaultKind::Version
        }
        Failure::Refused(_) => FaultKind::Refused,
        Failure::CertificateChanged { .. } => FaultKind::Certificate,
        Failure::CertificateUnknown { .. } => FaultKind::Stranger,
        Failure::WorldBroken(_) | Failure::WorldFile { .. } => FaultKind::Broken,
        Failure::Cache(_) => FaultKind::Disk,
        Failure::Here(_) => FaultKind::Here,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::CacheError;

    const FINGERPRINTS: [Fingerprint; 2] = [Fingerprint([1; 32]), Fingerprint([2; 32])];

    fn host() -> String {
        "example.org".to_owned()
    }

    /// What a server refuses for, the kind of its screen, and words of its line.
    fn refusals() -> Vec<(Refusal, FaultKind, &'static str)> {
        let worlds = vec!["plaza".to_owned()];
        vec![
            (Refusal::Closing, FaultKind::Busy, "is stopping"),
            (Refusal::Full { capacity: 2 }, FaultKind::Full, "2 people"),
            (
                Refusal::Barred("noise".to_owned()),
                FaultKind::Refused,
                "noise",
            ),
            (Refusal::Proof, FaultKind::Refused, "your key"),
            (
                Refusal::NoSuchWorld { worlds },
                FaultKind::NoSuchWorld,
                "plaza",
            ),
            (
                Refusal::Version { server: 9 },
                FaultKind::Version,
                "version 9",
            ),
        ]
    }

    /// Other ways to fail.
    fn failures() -> Vec<(Failure, FaultKind, &'static str)> {
        let address = ([10, 0, 0, 1], 7862).into();
        let [known, presented] = FINGERPRINTS;
        let unreachable = Failure::Unreachable {
            host: host(),
            address,
        };
        let changed = Failure::CertificateChanged {
            host: host(),
            known,
            presented,
        };
        let unknown = Failure::CertificateUnknown {
            host: host(),
            presented,
        };
        let broken_file = Failure::WorldFile {
            path: "a.glb".to_owned(),
            reason: "damaged".to_owned(),
        };
        let broken = Failure::WorldBroken("no file".to_owned());
        let full_disk = Failure::Cache(CacheError::DiskFull("/cache".into()));
        vec![
            (unreachable, FaultKind::Unreachable, "does not answer"),
            (Failure::TooSlow(host()), FaultKind::Unreachable, "in time"),
            (Failure::Busy(host()), FaultKind::Busy, "at its door"),
            (Failure::Version(host()), FaultKind::Version, "update"),
            (changed, FaultKind::Certificate, "another certificate"),
            (unknown, FaultKind::Stranger, "not known yet"),
            (broken, FaultKind::Broken, "tell the host"),
            (broken_file, FaultKind::Broken, "a.glb"),
            (full_disk, FaultKind::Disk, "is full"),
            (
                Failure::Here("no socket".to_owned()),
                FaultKind::Here,
                "no socket",
            ),
        ]
    }

    #[test]
    fn every_failure_has_a_kind_and_one_line() {
        let refusals = refusals()
            .into_iter()
            .map(|(refusal, kind, words)| (Failure::Refused(refusal), kind, words));
        for (failure, kind, words) in refusals.chain(failures()) {
            let fault = Fault::of(&SessionEvent::Failed(failure)).unwrap();
            assert_eq!(fault.kind, kind, "{}", fault.line);
            assert!(fault.line.contains(words), "{}", fault.line);
            assert!(!fault.line.contains('\n'), "{}", fault.line);
            let is_stranger = kind == FaultKind::Stranger;
            assert_eq!(fault.presented, is_stranger.then_some(FINGERPRINTS[1]));
        }
    }

    #[test]
    fn being_replaced_and_being_sent_away_are_ends_and_a_lost_connection_is_none() {
        let kind = |event| Fault::of(&event).map(|fault| fault.kind);
        assert_eq!(kind(SessionEvent::Replaced), Some(FaultKind::Replaced));
        let reason = "the host ended the visit".to_owned();
        assert_eq!(
            kind(SessionEvent::Closed { reason }),
            Some(FaultKind::Closed)
        );
        let lost = SessionEvent::Lost {
            reason: String::new(),
            retry_in: std::time::Duration::ZERO,
            tries: 0,
        };
        assert_eq!(kind(lost), None);
    }
}
