//! What outlives the process: body poses, who holds what, notes, chat, placed things. One redb file a world, one writer
//! thread.
//! A change is acknowledged after its commit; all changes that came while one commit ran go into the next.

mod records;
mod tables;
#[cfg(test)]
mod tests;

use records::StoredBody;
pub(crate) use records::{Change, Restored};
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
};
use tables::Tables;

/// Changes that may wait for the disk.
const MAX_WAITING: usize = 4_096;

/// Why a world's state cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error(
        "the data folder {0} is in use by another server: stop that one, or choose another folder with --data"
    )]
    InUse(PathBuf),
    /// The folder or file cannot be written.
    #[error("the data folder {path} cannot be used: {fault}")]
    Unusable {
        /// Folder or file.
        path: PathBuf,
        /// What the system says.
        fault: String,
    },
    /// The file is no store of ours, or damaged. It is left as it is.
    #[error(
        "{path} is not a world state that can be read ({fault}): move it away to start afresh, or restore a backup"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
}

/// A change with the number under which its result comes back.
struct Job {
    number: u64,
    change: Change,
}

/// Whether a change is on disk.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) number: u64,
    /// `Err` holds what to tell the person; nothing was changed then.
    pub(crate) result: Result<(), String>,
}

/// Where stored state lives, and who writes it.
#[derive(Clone, Copy)]
pub(crate) struct StorePlace<'a> {
    /// Data folder; `None` keeps everything in memory.
    pub(crate) folder: Option<&'a Path>,
    /// Write in the caller's thread instead of one of its own: what tests on a manual clock need.
    pub(crate) is_inline: bool,
}

/// Handle of a world's stored state.
pub(crate) struct Store {
    writer: Writer,
    next_number: u64,
}

enum Writer {
    /// Writes at once.
    Inline(Box<Tables>, Vec<Outcome>),
    /// A thread writes.
    Thread {
        jobs: SyncSender<Job>,
        outcomes: Receiver<Outcome>,
        thread: thread::JoinHandle<()>,
    },
    /// The thread has ended; what it said last.
    Closed(Vec<Outcome>),
}

impl Store {
    /// Opens or makes a world's state. `content` identifies the world file: poses of another file are forgotten.
    pub(crate) fn open(
        place: StorePlace<'_>,
        world: &str,
        content: &[u8; 32],
    ) -> Result<(Self, Restored), StoreError> {
        let (tables, restored) = Tables::open(place.folder, world, content)?;
        let writer = if place.is_inline {
            Writer::Inline(Box::new(tables), Vec::new())
        } else {
            spawn_writer(tables, world).map_err(|error| StoreError::Unusable {
                path: place.folder.map(Path::to_path_buf).unwrap_or_default(),
                fault: error.to_string(),
            })?
        };
        let store = Self {
            writer,
            next_number: 0,
        };
        Ok((store, restored))
    }

    /// Queues a change. `Err` when too many wait: the disk does not keep up.
    pub(crate) fn submit(&mut self, change: Change) -> Result<u64, String> {
        self.next_number += 1;
        let number = self.next_number;
        match &mut self.writer {
            Writer::Inline(tables, outcomes) => {
                let result = tables.commit(std::iter::once(&change));
                outcomes.push(Outcome { number, result });
                Ok(number)
            }
            Writer::Thread { jobs, .. } => match jobs.try_send(Job { number, change }) {
                Ok(()) => Ok(number),
                Err(TrySendError::Full(_)) => Err("the disk does not keep up".to_owned()),
                Err(TrySendError::Disconnected(_)) => Err("the store has stopped".to_owned()),
            },
            Writer::Closed(_) => Err("the world is closing".to_owned()),
        }
    }

    /// Results that have come since the last call.
    pub(crate) fn outcomes(&mut self) -> Vec<Outcome> {
        match &mut self.writer {
            Writer::Inline(_, outcomes) | Writer::Closed(outcomes) => std::mem::take(outcomes),
            Writer::Thread { outcomes, .. } => outcomes.try_iter().collect(),
        }
    }

    /// Writes what waits and ends the thread.
    pub(crate) fn close(&mut self) {
        let last = self.outcomes();
        let writer = std::mem::replace(&mut self.writer, Writer::Closed(last));
        let Writer::Thread {
            jobs,
            outcomes,
            thread,
        } = writer
        else {
            return;
        };
        drop(jobs);
        // The thread ends once its queue is empty; until then it must not wait for us.
        if let Writer::Closed(last) = &mut self.writer {
            last.extend(outcomes.iter());
        }
        if thread.join().is_err() {
            tracing::error!("the store's thread ended badly");
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn_writer(mut tables: Tables, world: &str) -> std::io::Result<Writer> {
    let (jobs, inbox) = sync_channel(MAX_WAITING);
    let (outbox, outcomes) = sync_channel(MAX_WAITING * 2);
    let thread = thread::Builder::new()
        .name(format!("stoa-store-{world}"))
        .spawn(move || write(&mut tables, &inbox, &outbox))?;
    Ok(Writer::Thread {
        jobs,
        outcomes,
        thread,
    })
}

/// Everything that came while one commit ran goes into the next.
fn write(tables: &mut Tables, inbox: &Receiver<Job>, outbox: &SyncSender<Outcome>) {
    while let Ok(first) = inbox.recv() {
        let mut group = vec![first];
        group.extend(inbox.try_iter().take(MAX_WAITING));
        let result = tables.commit(group.iter().map(|job| &job.change));
        if let Err(fault) = &result {
            tracing::error!(
                changes = group.len(),
                "changes could not be stored: {fault}"
            );
        }
        for job in group {
            let outcome = Outcome {
                number: job.number,
                result: result.clone(),
            };
            if outbox.send(outcome).is_err() {
                return;
            }
        }
    }
}
