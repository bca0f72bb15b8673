use super::{
    tables::{restore, restore_fault},
    *,
};
use crate::files::{ServedFile, content_hash};
use protocol::{ChatLine, PlacedThing, limits::MAX_CHAT_HISTORY};
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

fn thing(id: u64, bytes: &[u8]) -> Change {
    let thing = PlacedThing {
        thing: id,
        hash: content_hash(bytes),
        bytes: bytes.len() as u64,
        title: "Lamp".to_owned(),
        from: "Ada".to_owned(),
        did: "did:key:ada".to_owned(),
        position: [1.0, 2.0, 3.0],
        yaw: 0.5,
        unix_secs: 0,
    };
    Change::Place(thing, ServedFile::new(bytes.to_vec()).into())
}

#[test]
fn a_file_is_kept_as_long_as_a_thing_is_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let things = || {
        let (_, restored) = store_in(folder.path());
        let things = restored.things.into_iter();
        let known = things.map(|(thing, bytes)| (thing.thing, bytes));
        known.collect::<Vec<_>>()
    };
    let submit = |changes: Vec<Change>| {
        let (mut store, _) = store_in(folder.path());
        for change in changes {
            store.submit(change).unwrap();
        }
        assert!(
            store
                .outcomes()
                .iter()
                .all(|outcome| outcome.result.is_ok())
        );
    };
    submit(vec![
        thing(1, b"lamp"),
        thing(2, b"lamp"),
        thing(3, b"bench"),
    ]);
    let (lamp, bench) = (b"lamp".to_vec(), b"bench".to_vec());
    assert_eq!(
        things(),
        [(1, lamp.clone()), (2, lamp.clone()), (3, bench.clone())]
    );
    submit(vec![Change::TakeAway(1), Change::TakeAway(77)]);
    assert_eq!(things(), [(2, lamp), (3, bench.clone())]);
    submit(vec![Change::TakeAway(2)]);
    assert_eq!(things(), [(3, bench)]);
}

#[test]
fn a_store_from_before_there_were_things_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_in(folder.path());
    store.submit(line(1)).unwrap();
    drop(store);
    let file = folder.path().join("worlds/box.redb");
    let database = Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    for name in ["things", "files"] {
        let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new(name);
        transaction.delete_table(table).ok();
        let table: redb::TableDefinition<'_, &[u8; 32], &[u8]> = redb::TableDefinition::new(name);
        transaction.delete_table(table).ok();
    }
    transaction.commit().unwrap();
    drop(database);
    let (mut store, restored) = store_in(folder.path());
    assert_eq!((restored.chat.len(), restored.things.len()), (1, 0));
    store.submit(thing(1, b"lamp")).unwrap();
    drop(store);
    assert_eq!(store_in(folder.path()).1.things.len(), 1);
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
