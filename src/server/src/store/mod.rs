//! What outlives the process: body poses, who holds what, notes, chat. One redb file a world, one writer thread.
//! A change is acknowledged after its commit; all changes that came while one commit ran go into the next.

mod records;
mod tables;

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

/// Handle of a world's writer thread.
pub(crate) struct Store {
    jobs: Option<SyncSender<Job>>,
    outcomes: Receiver<Outcome>,
    next_number: u64,
    writer: Option<thread::JoinHandle<()>>,
}

impl Store {
    /// Opens or makes a world's state. `content` identifies the world file: poses of another file are forgotten.
    pub(crate) fn open(
        folder: Option<&Path>,
        world: &str,
        content: &[u8; 32],
    ) -> Result<(Self, Restored), StoreError> {
        let (tables, restored) = Tables::open(folder, world, content)?;
        let (jobs, inbox) = sync_channel(MAX_WAITING);
        let (outbox, outcomes) = sync_channel(MAX_WAITING * 2);
        let unusable = |error: std::io::Error| StoreError::Unusable {
            path: folder.map(Path::to_path_buf).unwrap_or_default(),
            fault: error.to_string(),
        };
        let writer = thread::Builder::new()
            .name(format!("stoa-store-{world}"))
            .spawn(move || write(&tables, &inbox, &outbox))
            .map_err(unusable)?;
        Ok((
            Self {
                jobs: Some(jobs),
                outcomes,
                next_number: 0,
                writer: Some(writer),
            },
            restored,
        ))
    }

    /// Queues a change. `Err` when too many wait: the disk does not keep up.
    pub(crate) fn submit(&mut self, change: Change) -> Result<u64, String> {
        self.next_number += 1;
        let job = Job {
            number: self.next_number,
            change,
        };
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(self.next_number),
            Some(Err(TrySendError::Full(_))) => Err("the disk does not keep up".to_owned()),
            _ => Err("the store has stopped".to_owned()),
        }
    }

    /// Results that have come since the last call.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = Outcome> + '_ {
        self.outcomes.try_iter()
    }

    /// Writes what waits and ends the thread.
    pub(crate) fn close(&mut self) {
        self.jobs = None;
        if self
            .writer
            .take()
            .is_some_and(|writer| writer.join().is_err())
        {
            tracing::error!("the store's thread ended badly");
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(tables: &Tables, inbox: &Receiver<Job>, outbox: &SyncSender<Outcome>) {
    while let Ok(first) = inbox.recv() {
        let mut group = vec![first];
        group.extend(inbox.try_iter());
        let result = tables.commit(group.iter().map(|job| &job.change));
        // A group that fails is tried change by change, so that one bad change spoils no other.
        let results: Vec<Result<(), String>> = match result {
            Err(_) if group.len() > 1 => group
                .iter()
                .map(|job| tables.commit(std::iter::once(&job.change)))
                .collect(),
            result => vec![result; group.len()],
        };
        for (job, result) in group.into_iter().zip(results) {
            if let Err(fault) = &result {
                tracing::error!("a change could not be stored: {fault}");
            }
            if outbox
                .send(Outcome {
                    number: job.number,
                    result,
                })
                .is_err()
            {
                return;
            }
        }
    }
}
