//! Why connections end: the codes that travel, and what either end learns.

use std::fmt;

/// Application error code of a QUIC CONNECTION_CLOSE frame (RFC 9000 section 19.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum CloseCode {
    /// Left in good order.
    Done = 0,
    /// Entry refused; the `Refused` message before it says why.
    Refused = 1,
    /// The peer broke the protocol.
    Protocol = 2,
    /// The peer reads more slowly than it is sent to.
    TooSlow = 3,
    /// The same key entered elsewhere.
    Replaced = 4,
    /// The server stops.
    Closing = 5,
    /// The peer did not do in time what it should have done.
    TimedOut = 6,
    /// The certificate is not the one that the client trusts.
    Certificate = 7,
    /// The peer sends more than it may.
    TooMuch = 8,
    /// Removed by the host.
    Removed = 9,
    /// The world has other files now: come back at once.
    Changed = 10,
    /// A code that this version does not know.
    Unknown = 255,
}

impl CloseCode {
    const ALL: [Self; 11] = [
        Self::Done,
        Self::Refused,
        Self::Protocol,
        Self::TooSlow,
        Self::Replaced,
        Self::Closing,
        Self::TimedOut,
        Self::Certificate,
        Self::TooMuch,
        Self::Removed,
        Self::Changed,
    ];

    pub(crate) fn from_wire(code: u64) -> Self {
        Self::ALL
            .into_iter()
            .find(|known| u64::from(*known as u32) == code)
            .unwrap_or(Self::Unknown)
    }

    /// True when the peer meant it: a client then does not come back by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done
                | Self::Refused
                | Self::Replaced
                | Self::Certificate
                | Self::TooMuch
                | Self::Removed
        )
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disconnected {
    /// Nothing was heard for [`IDLE_TIMEOUT_SECS`](protocol::limits::IDLE_TIMEOUT_SECS).
    Silence,
    /// The peer closed it.
    Closed {
        /// Its code.
        code: CloseCode,
        /// Its sentence, without control characters.
        reason: String,
    },
    /// This end closed it.
    Here,
    /// The peer has forgotten the connection, for example because it was started anew.
    Reset,
    /// QUIC or TLS failed; the text says how.
    Transport(String),
}

impl std::error::Error for Disconnected {}

impl fmt::Display for Disconnected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => formatter.write_str("the other side has gone silent"),
            Self::Closed { code, reason } if reason.is_empty() => {
                write!(formatter, "the other side closed the connection ({code:?})")
            }
            Self::Closed { reason, .. } => formatter.write_str(reason),
            Self::Here => formatter.write_str("the connection was closed here"),
            Self::Reset => formatter.write_str("the other side has forgotten the connection"),
            Self::Transport(text) => write!(formatter, "the connection failed: {text}"),
        }
    }
}

impl From<quinn::ConnectionError> for Disconnected {
    fn from(error: quinn::ConnectionError) -> Self {
        use quinn::ConnectionError as Quic;
        match error {
            Quic::TimedOut => Self::Silence,
            Quic::LocallyClosed => Self::Here,
            Quic::Reset => Self::Reset,
            Quic::ApplicationClosed(close) => Self::Closed {
                code: CloseCode::from_wire(close.error_code.into_inner()),
                reason: readable(&close.reason),
            },
            other => Self::Transport(readable(other.to_string().as_bytes())),
        }
    }
}

/// A peer's sentence, fit to be shown: at most 200 characters, none that controls a terminal.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_wire() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_wire(u64::from(code as u32)), code);
        }
        assert_eq!(CloseCode::from_wire(12345), CloseCode::Unknown);
    }

    #[test]
    fn sentences_of_peers_are_made_fit_to_show() {
        assert_eq!(readable(b"full\x1b[31m\n"), "full[31m");
        assert_eq!(readable(&[b'x'; 5000]).len(), 200);
    }
}
