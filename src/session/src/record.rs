//! Recording a session, and playing a recording back into a view.

use crate::view::{Reading, WorldView};
use replication::{MAX_TRACE_BYTES, TraceError, TraceEvent, TraceReader, TraceWriter};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes down what a session receives and sends; cheap to clone. The format is `replication`'s trace. It stops by
/// itself at [`MAX_TRACE_BYTES`], or when nothing more can be written, and the session goes on.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Recording>>);

struct Recording {
    writer: TraceWriter,
    /// `None` once it has stopped.
    out: Option<Box<dyn Write + Send>>,
    buffer: Vec<u8>,
    written: usize,
}

impl Recorder {
    /// Records into a new file, which replaces an old one.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::new(Box::new(BufWriter::new(File::create(path)?)))
    }

    /// Records into anything.
    ///
    /// # Errors
    /// When not even the beginning can be written.
    pub fn new(mut out: Box<dyn Write + Send>) -> io::Result<Self> {
        let mut buffer = Vec::new();
        let writer = TraceWriter::begin(&mut buffer);
        out.write_all(&buffer)?;
        Ok(Self(Arc::new(Mutex::new(Recording {
            writer,
            out: Some(out),
            written: buffer.len(),
            buffer,
        }))))
    }

    /// Notes what happened at [`Session::now_secs`](crate::Session::now_secs) `at_secs`. The session notes its own
    /// datagrams; who also knows the server adds [`TraceEvent::Truth`].
    pub fn note(&self, at_secs: f64, event: &TraceEvent) {
        let mut recording = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Recording {
            writer,
            out,
            buffer,
            written,
        } = &mut *recording;
        let Some(file) = out else { return };
        buffer.clear();
        writer.write(at_secs, event, buffer);
        *written += buffer.len();
        let is_full = *written > MAX_TRACE_BYTES;
        if is_full || file.write_all(buffer).is_err() {
            tracing::warn!(is_full, "the recording ends here");
            *out = None;
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recorder")
    }
}

/// Plays a trace into a view, as a session would have seen it: `visit` is called after each record with its time, the
/// view by then, and the record. Datagrams that cannot be read are passed over, as a session does.
///
/// # Errors
/// [`TraceError`]; what came before it has been played.
pub fn replay(
    trace: &[u8],
    mut visit: impl FnMut(f64, &WorldView, &TraceEvent),
) -> Result<(), TraceError> {
    let mut view = WorldView::new(Reading::Whole);
    for record in TraceReader::new(trace)? {
        let (at_secs, event) = record?;
        match &event {
            TraceEvent::Visit {
                server_tick,
                is_return,
            } => view.begin_visit(*server_tick, *is_return, at_secs),
            TraceEvent::Received(bytes) => {
                if let Err(error) = view.take(bytes, at_secs) {
                    tracing::trace!("a recorded snapshot was passed over: {error}");
                }
            }
            TraceEvent::Sent(_) | TraceEvent::Truth { .. } => {}
        }
        visit(at_secs, &view, &event);
    }
    Ok(())
}
