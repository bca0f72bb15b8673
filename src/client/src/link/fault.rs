//! Why a visit is over, sorted by what a person can do about it.

use protocol::Refusal;
use session::Failure;

/// The end of a visit.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// One line with the particulars.
    pub(crate) line: String,
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
    /// By one's own wish.
    Left,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, line: impl Into<String>) -> Self {
        Self {
            kind,
            line: line.into(),
        }
    }
}

impl From<&Failure> for Fault {
    fn from(failure: &Failure) -> Self {
        Self::new(kind_of(failure), failure.to_string())
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
        Failure::CertificateChanged { .. } | Failure::CertificateUnknown { .. } => {
            FaultKind::Certificate
        }
        Failure::WorldBroken(_) | Failure::WorldFile { .. } => FaultKind::Broken,
        Failure::Cache(_) => FaultKind::Disk,
        Failure::Here(_) => FaultKind::Here,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let kind = |refusal| Fault::from(&Failure::Refused(refusal)).kind;
        assert_eq!(kind(Refusal::Full { capacity: 2 }), FaultKind::Full);
        assert_eq!(kind(Refusal::Version { server: 9 }), FaultKind::Version);
        assert_eq!(kind(Refusal::Barred(String::new())), FaultKind::Refused);
        assert_eq!(
            kind(Refusal::NoSuchWorld { worlds: vec![] }),
            FaultKind::NoSuchWorld
        );
        let full = Fault::from(&Failure::Refused(Refusal::Full { capacity: 2 }));
        assert!(full.line.contains("2 people"), "{}", full.line);
    }
}
