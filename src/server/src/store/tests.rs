use super::{
    tables::{restore, restore_fault},
    *,
};
use protocol::{ChatLine, limits::MAX_CHAT_HISTORY};
use redb::{Database, StorageBackend, backends::InMemoryBackend};
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const CONTENT: [u8; 32] = [7; 32];

fn store_in(folder: &Path) -> (Store, Restored) {
    let place = StorePlace {
        folder: Some(folder),
        is_inline: true,
    };
    Store::open(place, "box", &CONTENT).unwrap()
}

fn line(id: u64) -> Change {
    Change::Say(ChatLine {
        id,
        from: "Ada".to_owned(),
        person: None,
        text: format!("line {id}"),
        unix_secs: 0,
    })
}

#[test]
fn lines_stay_however_many_were_refused_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_in(folder.path());
    let later = 10 * MAX_CHAT_HISTORY as u64;
    for id in [1, 2, later] {
        store.submit(line(id)).unwrap();
    }
    drop(store);
    let (mut store, restored) = store_in(folder.path());
    let ids: Vec<u64> = restored.chat.iter().map(|line| line.id).collect();
    assert_eq!(ids, [1, 2, later]);
    for id in 1..MAX_CHAT_HISTORY as u64 {
        store.submit(line(later + id)).unwrap();
    }
    drop(store);
    let (_, restored) = store_in(folder.path());
    assert_eq!(restored.chat.len(), MAX_CHAT_HISTORY);
    assert_eq!(restored.chat[0].id, later);
}

/// A disk that can become full.
#[derive(Debug, Default)]
struct Disk {
    memory: InMemoryBackend,
    is_full: Arc<AtomicBool>,
}

impl Disk {
    fn check(&self) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.memory.write(offset, data)
    }
}

#[test]
fn a_full_disk_is_no_damage_and_stops_no_world_that_was_there_before() {
    let is_full = Arc::new(AtomicBool::new(false));
    let disk = Disk {
        is_full: is_full.clone(),
        ..Disk::default()
    };
    let database = Database::builder().create_with_backend(disk).unwrap();
    restore(&database, &CONTENT).unwrap();
    is_full.store(true, Ordering::Relaxed);
    restore(&database, &CONTENT).unwrap();
    // Poses of another world file cannot be forgotten without a write.
    let fault = restore(&database, &[8; 32]).unwrap_err();
    let error = restore_fault(Path::new("box.redb"), &fault);
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
}

#[test]
fn a_file_that_ends_too_early_is_damaged() {
    let fault = redb::StorageError::Io(io::ErrorKind::UnexpectedEof.into());
    let error = restore_fault(Path::new("box.redb"), &fault.into());
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}
