//! Worlds that follow their files: what a designer saves is in the running world a moment later.

use crate::{files::Library, hosted::WorldContent, world::Inbound};
use protocol::FileEntry;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, SystemTime},
};
use tokio::sync::mpsc;

/// Time between two looks at the files.
const INTERVAL: Duration = Duration::from_millis(200);

/// Size and time of each file of a world; nothing of one that is not there.
type Look = Vec<(PathBuf, Option<(u64, SystemTime)>)>;

/// A running world and where it comes from.
pub(crate) struct Followed {
    /// File or folder.
    path: PathBuf,
    /// Its files as they were read last, the main one first; paths are relative to that.
    files: Vec<FileEntry>,
    inbox: mpsc::Sender<Inbound>,
    library: Library,
    /// Keys of whoever runs the server.
    owners: Vec<String>,
    seen: Look,
    /// It was saved since it was read last: programs save in several steps, so it is read when nothing changes any more.
    is_settling: bool,
}

impl Followed {
    /// A world that was just read.
    pub(crate) fn new(
        path: &Path,
        content: &WorldContent,
        inbox: mpsc::Sender<Inbound>,
        library: Library,
        owners: Vec<String>,
    ) -> Self {
        let files = content.info.files.clone();
        Self {
            path: path.to_path_buf(),
            seen: look(path, &files),
            files,
            inbox,
            library,
            owners,
            is_settling: false,
        }
    }

    /// Looks at the files. When they were saved, and have stayed as they are since the last look, the world gets what they hold;
    /// what cannot be hosted is named in the log, and the world goes on as it was.
    pub(crate) fn look(&mut self) {
        let now = look(&self.path, &self.files);
        if now != self.seen {
            self.seen = now;
            self.is_settling = true;
        } else if self.is_settling {
            self.is_settling = false;
            self.read();
        }
    }

    fn read(&mut self) {
        let content = match WorldContent::read(&self.path, &self.library, &self.owners) {
            Ok(content) => content,
            Err(error) => {
                tracing::warn!("{error}; the world goes on as it was");
                return;
            }
        };
        if content.info.files == self.files {
            return;
        }
        self.files.clone_from(&content.info.files);
        match self.inbox.try_send(Inbound::Changed(Box::new(content))) {
            Ok(()) => {}
            // Busy: with the next look.
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.files.clear();
                self.is_settling = true;
            }
            Err(mpsc::error::TrySendError::Closed(_)) => tracing::debug!("a world had ended"),
        }
    }
}

fn look(path: &Path, files: &[FileEntry]) -> Look {
    let main = scene::main_file(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = main.parent().unwrap_or(Path::new(""));
    let sides = files.iter().skip(1).map(|side| folder.join(&side.path));
    [main.clone(), path.join(scene::MANIFEST_FILE)]
        .into_iter()
        .chain(sides)
        .map(|file| {
            let state = fs::metadata(&file).ok();
            let state = state.and_then(|state| Some((state.len(), state.modified().ok()?)));
            (file, state)
        })
        .collect()
}

/// Looks at the files of all worlds until the other end of `stop` is dropped.
pub(crate) fn follow(mut worlds: Vec<Followed>, stop: &Receiver<()>) {
    while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        for world in &mut worlds {
            world.look();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{}],
        "buffers": [{"byteLength": 4, "uri": "side%20file.bin"}]}"#;

    /// How many changes have come out of so many looks.
    fn changes(followed: &mut Followed, inbox: &mut mpsc::Receiver<Inbound>, looks: u32) -> usize {
        for _ in 0..looks {
            followed.look();
        }
        std::iter::from_fn(|| inbox.try_recv().ok()).count()
    }

    #[test]
    fn a_save_is_noticed_once_it_is_whole_and_a_broken_file_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("hall.gltf"), WORLD).unwrap();
        fs::write(file("side file.bin"), "1234").unwrap();
        let library = Library::default();
        let content = WorldContent::read(folder.path(), &library, &[]).unwrap();
        let (sender, mut inbox) = mpsc::channel(8);
        let mut followed = Followed::new(folder.path(), &content, sender, library, Vec::new());
        assert_eq!(changes(&mut followed, &mut inbox, 3), 0);
        fs::write(file("hall.gltf"), format!("{WORLD} ")).unwrap();
        assert_eq!(changes(&mut followed, &mut inbox, 1), 0, "not whole yet");
        assert_eq!(changes(&mut followed, &mut inbox, 3), 1);
        fs::write(file("hall.gltf"), &WORLD[1..]).unwrap();
        assert_eq!(changes(&mut followed, &mut inbox, 3), 0, "broken");
        fs::write(file("hall.gltf"), format!("{WORLD} ")).unwrap();
        assert_eq!(
            changes(&mut followed, &mut inbox, 3),
            0,
            "mended, as it was"
        );
        fs::write(file("hall.gltf"), WORLD).unwrap();
        assert_eq!(changes(&mut followed, &mut inbox, 3), 1, "mended");
        fs::write(file("side file.bin"), "12345").unwrap();
        assert_eq!(changes(&mut followed, &mut inbox, 3), 1, "beside it");
        fs::write(file("world.toml"), "title = 'Hall'").unwrap();
        assert_eq!(
            changes(&mut followed, &mut inbox, 3),
            1,
            "what the host says"
        );
    }
}
