//! The redb file of a world.

use super::{Change, Restored, StoreError, StoredBody};
use protocol::{PlacedThing, limits::MAX_CHAT_HISTORY};
use redb::{
    CommitError, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, StorageError, Table, TableDefinition, TableError, TransactionError,
    WriteTransaction, backends::InMemoryBackend,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const POSES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("poses");
const HOLDS: TableDefinition<'_, u32, &str> = TableDefinition::new("holds");
const CHAT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chat");
const NOTES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("notes");
const THINGS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("things");
const FILES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("files");

/// Layout of the tables; a store of a newer layout is not touched.
const LAYOUT: u8 = 1;

/// The database of a world. Closed after a write error, and opened again for the next change: that is how redb
/// recovers from a full disk.
pub(super) struct Tables {
    database: Option<Database>,
    /// `None` in memory.
    path: Option<PathBuf>,
}

/// Any fault of the database, in words.
type Fault = Box<dyn std::error::Error>;

impl Tables {
    pub(super) fn open(
        folder: Option<&Path>,
        world: &str,
        content: &[u8; 32],
    ) -> Result<(Self, Restored), StoreError> {
        let Some(folder) = folder else {
            let database = Database::builder()
                .create_with_backend(InMemoryBackend::new())
                .map_err(|error| unusable(Path::new("memory"), &error))?;
            let restored = restore(&database, content)
                .map_err(|error| unusable(Path::new("memory"), &error))?;
            let tables = Self {
                database: Some(database),
                path: None,
            };
            return Ok((tables, restored));
        };
        let folder = folder.join("worlds");
        fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
        let path = folder.join(format!("{world}.redb"));
        if !path.exists() {
            create(&folder, &path)?;
        }
        // A damaged file must never end the program: redb checks much, but not everything.
        let opened = std::panic::catch_unwind(|| {
            let database = Database::open(&path).map_err(|error| open_fault(&path, error))?;
            let restored =
                restore(&database, content).map_err(|fault| restore_fault(&path, &fault))?;
            Ok((database, restored))
        });
        let (database, restored) = opened
            .unwrap_or_else(|_panic| Err(damaged(&path, &"its tables contradict each other")))?;
        let tables = Self {
            database: Some(database),
            path: Some(path),
        };
        Ok((tables, restored))
    }

    /// Writes changes in one transaction, on disk when it returns.
    pub(super) fn commit<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<(), String> {
        let database = match (&mut self.database, &self.path) {
            (Some(database), _) => database,
            (closed, Some(path)) => {
                let database = Database::open(path).map_err(|error| plain(&error))?;
                closed.insert(database)
            }
            (None, None) => return Err("the store is closed".to_owned()),
        };
        let result = try_commit(database, changes);
        if result.is_err() && self.path.is_some() {
            self.database = None;
        }
        result.map_err(|error| plain(error.as_ref()))
    }
}

fn try_commit<'a>(
    database: &Database,
    changes: impl Iterator<Item = &'a Change>,
) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        let mut poses = transaction.open_table(POSES)?;
        let mut holds = transaction.open_table(HOLDS)?;
        let mut chat = transaction.open_table(CHAT)?;
        let mut notes = transaction.open_table(NOTES)?;
        for change in changes {
            match change {
                Change::Content(content) => {
                    set_content(&mut meta, &mut poses, &mut holds, content)?;
                }
                Change::Poses(states) => {
                    for (node, state) in states {
                        poses.insert(node, pack(&StoredBody::from(state))?.as_slice())?;
                    }
                }
                Change::Hold {
                    node,
                    did: Some(did),
                } => drop(holds.insert(node, did.as_str())?),
                Change::Hold { node, did: None } => drop(holds.remove(node)?),
                Change::Say(line) => {
                    chat.insert(line.id, pack(line)?.as_slice())?;
                    // Ids say nothing about how many there are: lines that were refused have some as well.
                    while chat.len()? > MAX_CHAT_HISTORY as u64 {
                        chat.pop_first()?;
                    }
                }
                Change::Pin(note) => drop(notes.insert(note.id, pack(note)?.as_slice())?),
                Change::Unpin(id) => drop(notes.remove(id)?),
                Change::Place(thing, file) => place(&transaction, thing, &file.bytes)?,
                Change::TakeAway(id) => take_away(&transaction, *id)?,
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn place(transaction: &WriteTransaction, thing: &PlacedThing, file: &[u8]) -> Result<(), Fault> {
    let mut things = transaction.open_table(THINGS)?;
    things.insert(thing.thing, pack(thing)?.as_slice())?;
    let mut files = transaction.open_table(FILES)?;
    if files.get(&thing.hash.0)?.is_none() {
        files.insert(&thing.hash.0, file)?;
    }
    Ok(())
}

fn take_away(transaction: &WriteTransaction, id: u64) -> Result<(), Fault> {
    let mut things = transaction.open_table(THINGS)?;
    let removed = things.remove(id)?.map(|bytes| unpack(bytes.value()));
    let Some(removed) = removed else {
        return Ok(());
    };
    let removed: PlacedThing = removed?;
    for entry in things.iter()? {
        if unpack::<PlacedThing>(entry?.1.value())?.hash == removed.hash {
            return Ok(());
        }
    }
    transaction.open_table(FILES)?.remove(&removed.hash.0)?;
    Ok(())
}

/// What was stored; poses and holds of another world file are forgotten.
pub(super) fn restore(database: &Database, content: &[u8; 32]) -> Result<Restored, Fault> {
    // A full disk is no reason not to start: what is right already is not written again.
    if !is_prepared(database, content)? {
        prepare(database, content)?;
    }
    let transaction = database.begin_read()?;
    let mut restored = Restored::default();
    for entry in transaction.open_table(POSES)?.iter()? {
        let (node, bytes) = entry?;
        if let Some(state) = unpack::<StoredBody>(bytes.value())?.state() {
            restored.poses.push((node.value(), state));
        }
    }
    for entry in transaction.open_table(HOLDS)?.iter()? {
        let (node, did) = entry?;
        restored.holds.push((node.value(), did.value().to_owned()));
    }
    for entry in transaction.open_table(CHAT)?.iter()? {
        restored.chat.push(unpack(entry?.1.value())?);
    }
    for entry in transaction.open_table(NOTES)?.iter()? {
        restored.notes.push(unpack(entry?.1.value())?);
    }
    let files = transaction.open_table(FILES)?;
    for entry in transaction.open_table(THINGS)?.iter()? {
        let thing: PlacedThing = unpack(entry?.1.value())?;
        if let Some(file) = files.get(&thing.hash.0)? {
            restored.things.push((thing, file.value().to_vec()));
        }
    }
    Ok(restored)
}

/// True when everything is there in this layout and of this world file: it is made in one transaction.
fn is_prepared(database: &Database, content: &[u8; 32]) -> Result<bool, Fault> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(false),
        opened => opened?,
    };
    // A store from before things could be placed lacks their tables.
    if let Err(TableError::TableDoesNotExist(_)) = transaction.open_table(FILES) {
        return Ok(false);
    }
    let layout = meta.get("layout")?;
    let known = meta.get("content")?;
    Ok(layout.is_some_and(|value| value.value() == [LAYOUT])
        && known.is_some_and(|value| value.value() == content))
}

/// Makes the tables, checks the layout, and forgets poses of another world file.
fn prepare(database: &Database, content: &[u8; 32]) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        let layout = meta.get("layout")?.map(|value| value.value().to_vec());
        match layout.as_deref() {
            None => drop(meta.insert("layout", [LAYOUT].as_slice())?),
            Some([LAYOUT]) => {}
            Some(other) => {
                return Err(format!("it has layout {other:?}, this program reads {LAYOUT}").into());
            }
        }
        let mut poses = transaction.open_table(POSES)?;
        let mut holds = transaction.open_table(HOLDS)?;
        transaction.open_table(CHAT)?;
        transaction.open_table(NOTES)?;
        transaction.open_table(THINGS)?;
        transaction.open_table(FILES)?;
        set_content(&mut meta, &mut poses, &mut holds, content)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Notes which main file the world has; poses and holds of another one are forgotten.
fn set_content(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    poses: &mut Table<'_, u32, &'static [u8]>,
    holds: &mut Table<'_, u32, &'static str>,
    content: &[u8; 32],
) -> Result<(), Fault> {
    let known = meta.insert("content", content.as_slice())?;
    let is_same = known.is_some_and(|value| value.value() == content);
    if !is_same {
        poses.retain(|_, _| false)?;
        holds.retain(|_, _| false)?;
    }
    Ok(())
}

/// Makes an empty database under another name and gives it its own when it is whole: a crash leaves no half of one.
fn create(folder: &Path, path: &Path) -> Result<(), StoreError> {
    let unfinished = path.with_extension("redb.new");
    let fault = |error: &dyn std::fmt::Display| unusable(path, error);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(&error)),
        _ => {}
    }
    let database = Database::create(&unfinished).map_err(|error| fault(&plain(&error)))?;
    database.close().map_err(|error| fault(&plain(&error)))?;
    fs::rename(&unfinished, path).map_err(|error| fault(&error))?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| fault(&error))
}

fn open_fault(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            StoreError::InUse(path.to_path_buf())
        }
        DatabaseError::Storage(StorageError::Io(error)) if !is_about_content(&error) => {
            unusable(path, &error)
        }
        error => damaged(path, &error),
    }
}

/// A disk that does not take or give bytes says nothing about the file.
pub(super) fn restore_fault(path: &Path, fault: &Fault) -> StoreError {
    match storage_error(fault) {
        Some(StorageError::Io(error)) if !is_about_content(error) => unusable(path, error),
        Some(error @ StorageError::PreviousIo) => unusable(path, error),
        _ => damaged(path, fault.as_ref()),
    }
}

/// What the storage under the tables said.
fn storage_error(fault: &Fault) -> Option<&StorageError> {
    if let Some(TransactionError::Storage(error)) = fault.downcast_ref() {
        return Some(error);
    }
    if let Some(TableError::Storage(error)) = fault.downcast_ref() {
        return Some(error);
    }
    if let Some(CommitError::Storage(error)) = fault.downcast_ref() {
        return Some(error);
    }
    fault.downcast_ref()
}

/// A file that is no database, or ends before its pages do.
fn is_about_content(error: &io::Error) -> bool {
    [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof].contains(&error.kind())
}

fn damaged(path: &Path, error: &(impl std::fmt::Display + ?Sized)) -> StoreError {
    StoreError::Damaged {
        path: path.to_path_buf(),
        fault: plain(error),
    }
}

/// A fault in one line.
fn plain(error: &(impl std::fmt::Display + ?Sized)) -> String {
    error.to_string().replace('\n', " ")
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unusable {
        path: path.to_path_buf(),
        fault: error.to_string(),
    }
}

fn pack(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    Ok(rmp_serde::to_vec_named(value)?)
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    Ok(rmp_serde::from_slice(bytes)?)
}
