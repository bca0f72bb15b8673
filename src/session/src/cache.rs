//! Files by content id, on disk, under a size cap. All calls block: use them away from async tasks.
//!
//! `objects/HASH` holds whole, verified files; `parts/HASH` what has come so far of others; `worlds/ID/...` lays
//! objects out under the names that a world gives them (hard links where the system has them).

use protocol::limits::CHUNK_BYTES;
use protocol::{ContentHash, FileEntry};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Cap of a cache when nothing else is wished: 2 GiB.
pub const DEFAULT_CACHE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Tells copies of this program's own apart.
static NEXT_OWN: AtomicU64 = AtomicU64::new(0);

/// A cache; cheap to clone. Several programs may use one folder at once.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    max_bytes: u64,
}

/// The cache cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// No room on the disk.
    #[error("the disk that holds {0} is full: make room and try again")]
    DiskFull(PathBuf),
    /// More than the cap in one world.
    #[error(
        "this needs {needed_bytes} bytes on disk, and the cache may take {max_bytes}: raise its limit in the settings"
    )]
    OverCap {
        /// Bytes of the files that are needed at once.
        needed_bytes: u64,
        /// The cap.
        max_bytes: u64,
    },
    /// Reading or writing failed.
    #[error("the cache file {path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CacheError {
    fn of(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(path.to_owned()),
            _ => Self::File {
                path: path.to_owned(),
                source,
            },
        }
    }
}

/// A file that is still coming in. Locked against other programs while it lives.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    bytes: u64,
    is_shared: bool,
}

impl Cache {
    /// Opens or creates the cache in `folder`.
    ///
    /// # Errors
    /// [`CacheError`] when the folder cannot be made.
    pub fn open(folder: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        for name in ["objects", "parts", "worlds"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|error| CacheError::of(&path, error))?;
        }
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            max_bytes,
        })))
    }

    /// Where a file is, when it is here whole. Its bytes are verified: a file that the disk has damaged is removed.
    pub(crate) fn find(&self, hash: ContentHash) -> Option<PathBuf> {
        let path = self.object(hash);
        let mut file = File::open(&path).ok()?;
        let mut hasher = blake3::Hasher::new();
        let is_whole =
            io::copy(&mut file, &mut hasher).is_ok() && hasher.finalize().as_bytes() == &hash.0;
        if !is_whole {
            remove(&path);
            return None;
        }
        touch(&file, &path);
        Some(path)
    }

    /// Opens what has come of a file so far.
    pub(crate) fn part(&self, hash: ContentHash) -> Result<Part, CacheError> {
        let path = self.0.folder.join("parts").join(hash.to_string());
        let opened = open_part(&path).map_err(|error| CacheError::of(&path, error))?;
        if opened.try_lock().is_ok() {
            return Part::new(path, opened, true);
        }
        // Somebody else fetches the same file: get a copy of one's own, from the start.
        let number = NEXT_OWN.fetch_add(1, Ordering::Relaxed);
        let own = path.with_extension(format!("{}-{number}", std::process::id()));
        remove(&own);
        let opened = open_part(&own).map_err(|error| CacheError::of(&own, error))?;
        Part::new(own, opened, false)
    }

    /// Removes the files unused for longest until `needed` have room as well. Files in `needed` stay, and so does the
    /// folder in which `laid_out` are.
    pub(crate) fn make_room(
        &self,
        needed: &[FileEntry],
        laid_out: &[FileEntry],
    ) -> Result<(), CacheError> {
        let max_bytes = self.0.max_bytes;
        // Entries with the same content are one file here.
        let contents: BTreeMap<_, _> = needed
            .iter()
            .map(|entry| (entry.hash, entry.bytes))
            .collect();
        let needed_bytes = contents
            .values()
            .fold(0, |sum: u64, bytes| sum.saturating_add(*bytes));
        if needed_bytes > max_bytes {
            return Err(CacheError::OverCap {
                needed_bytes,
                max_bytes,
            });
        }
        let kept: BTreeSet<_> = contents.keys().map(ToString::to_string).collect();
        let mut others = Vec::new();
        for folder in ["objects", "parts"] {
            others.extend(
                list(&self.0.folder.join(folder))
                    .into_iter()
                    .filter(|found| {
                        let name = found.path.file_name().and_then(|name| name.to_str());
                        name.is_none_or(|name| !kept.contains(name))
                    }),
            );
        }
        others.sort_by_key(|found| found.used);
        let mut total = needed_bytes + others.iter().map(|found| found.bytes).sum::<u64>();
        if total > max_bytes {
            // Their links would hold the space of what is removed.
            self.forget_layouts(&self.layout(laid_out));
        }
        for found in others {
            if total <= max_bytes {
                break;
            }
            remove(&found.path);
            total -= found.bytes;
        }
        Ok(())
    }

    /// Lays out files of the cache in a folder of their own, under the paths that the entries name. The paths
    /// must have been checked.
    pub(crate) fn lay_out(&self, files: &[FileEntry]) -> Result<PathBuf, CacheError> {
        let folder = self.layout(files);
        for entry in files {
            let to = folder.join(&entry.path);
            let failed = |error| CacheError::of(&to, error);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(failed)?;
            }
            lay(&self.object(entry.hash), &to).map_err(failed)?;
        }
        Ok(folder)
    }

    fn object(&self, hash: ContentHash) -> PathBuf {
        self.0.folder.join("objects").join(hash.to_string())
    }

    /// Folder in which these files are laid out.
    fn layout(&self, files: &[FileEntry]) -> PathBuf {
        let mut id = blake3::Hasher::new();
        for entry in files {
            id.update(&entry.hash.0);
            id.update(entry.path.as_bytes());
            id.update(&[0]);
        }
        let worlds = self.0.folder.join("worlds");
        worlds.join(id.finalize().to_hex().as_str())
    }

    fn forget_layouts(&self, kept: &Path) {
        let worlds = self.0.folder.join("worlds");
        for entry in fs::read_dir(worlds).into_iter().flatten().flatten() {
            if entry.path() == kept {
                continue;
            }
            if let Err(error) = fs::remove_dir_all(entry.path()) {
                tracing::debug!("{} stays: {error}", entry.path().display());
            }
        }
    }
}

impl Part {
    fn new(path: PathBuf, file: File, is_shared: bool) -> Result<Self, CacheError> {
        let bytes = file
            .metadata()
            .map_err(|error| CacheError::of(&path, error))?
            .len();
        Ok(Self {
            path,
            file,
            bytes,
            is_shared,
        })
    }

    /// Whole chunks that are here, verified or not.
    pub(crate) fn whole_chunks(&self) -> u32 {
        u32::try_from(self.bytes / CHUNK_BYTES as u64).unwrap_or(u32::MAX)
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps the leading whole chunks that have these hashes, and cuts off the rest. How many there are.
    pub(crate) fn keep_verified(&mut self, chunks: &[ContentHash]) -> Result<u32, CacheError> {
        let path = self.path.clone();
        let failed = |error| CacheError::of(&path, error);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut good = 0;
        let mut buffer = vec![0; CHUNK_BYTES];
        for expected in chunks.iter().take(self.whole_chunks() as usize) {
            self.file.read_exact(&mut buffer).map_err(failed)?;
            if blake3::hash(&buffer).as_bytes() != &expected.0 {
                break;
            }
            good += 1;
        }
        let verified_bytes = u64::from(good) * CHUNK_BYTES as u64;
        if verified_bytes != self.bytes {
            self.bytes = verified_bytes;
            self.file.set_len(verified_bytes).map_err(failed)?;
        }
        self.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(good)
    }

    /// Appends one verified chunk.
    pub(crate) fn append(&mut self, chunk: &[u8]) -> Result<(), CacheError> {
        let written = self.file.write_all(chunk);
        if let Err(error) = written {
            // What is half written would be taken for a whole chunk otherwise.
            if let Err(second) = self.file.set_len(self.bytes) {
                tracing::debug!("{} keeps half a chunk: {second}", self.path.display());
            }
            return Err(CacheError::of(&self.path, error));
        }
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    /// Makes the part a file of the cache: where it is, or `None` when all of it together is not the content.
    pub(crate) fn finish(
        mut self,
        cache: &Cache,
        hash: ContentHash,
    ) -> Result<Option<PathBuf>, CacheError> {
        let path = self.path.clone();
        let failed = |error| CacheError::of(&path, error);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut self.file, &mut hasher).map_err(failed)?;
        if hasher.finalize().as_bytes() != &hash.0 {
            remove(&self.path);
            return Ok(None);
        }
        self.file.sync_all().map_err(failed)?;
        let object = cache.object(hash);
        fs::rename(&self.path, &object).map_err(failed)?;
        Ok(Some(object))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_shared {
            remove(&self.path);
        }
    }
}

struct Found {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

fn list(folder: &Path) -> Vec<Found> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            metadata.is_file().then(|| Found {
                path: entry.path(),
                bytes: metadata.len(),
                used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            })
        })
        .collect()
}

fn open_part(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Puts an object at its place, unless it is there.
fn lay(object: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if fs::hard_link(object, to).is_ok() {
        return Ok(());
    }
    fs::copy(object, to).map(|_bytes| ())
}

/// The time of last use: access times are often not kept by the system.
fn touch(file: &File, path: &Path) {
    if let Err(error) = file.set_modified(SystemTime::now()) {
        tracing::debug!("{} keeps its old time: {error}", path.display());
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::debug!("{} stays: {error}", path.display());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(cache: &Cache, content: &[u8]) -> FileEntry {
        let hash = ContentHash(*blake3::hash(content).as_bytes());
        let mut part = cache.part(hash).unwrap();
        part.append(content).unwrap();
        part.finish(cache, hash).unwrap().unwrap();
        FileEntry {
            path: format!("{}.bin", content.len()),
            bytes: content.len() as u64,
            hash,
        }
    }

    #[test]
    fn damaged_files_are_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let entry = store(&cache, b"as it should be");
        let path = cache.find(entry.hash).unwrap();
        fs::write(&path, b"as it should not").unwrap();
        assert_eq!(cache.find(entry.hash), None);
        assert!(!path.exists());
    }

    #[test]
    fn what_was_unused_for_longest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let (old, new) = (store(&cache, &[1; 400]), store(&cache, &[2; 401]));
        for (entry, secs) in [(&old, 100), (&new, 200)] {
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs);
            let file = File::options()
                .write(true)
                .open(cache.object(entry.hash))
                .unwrap();
            file.set_modified(time).unwrap();
        }
        let coming = FileEntry {
            bytes: 500,
            ..store(&cache, &[3; 10])
        };
        cache.make_room(std::slice::from_ref(&coming), &[]).unwrap();
        assert_eq!(cache.find(old.hash), None);
        assert!(cache.find(new.hash).is_some());
        let error = cache
            .make_room(
                &[FileEntry {
                    bytes: 1001,
                    ..coming
                }],
                &[],
            )
            .unwrap_err();
        assert!(matches!(error, CacheError::OverCap { .. }));
    }

    #[test]
    fn worlds_are_laid_out_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let mut entry = store(&cache, b"stone");
        entry.path = "textures/stone.png".to_owned();
        for _again in 0..2 {
            let world = cache.lay_out(&[entry.clone()]).unwrap();
            assert_eq!(
                fs::read(world.join("textures/stone.png")).unwrap(),
                b"stone"
            );
        }
    }

    #[test]
    fn two_programs_fetch_the_same_file_without_harm() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let hash = ContentHash(*blake3::hash(b"ab").as_bytes());
        let (mut one, mut two) = (cache.part(hash).unwrap(), cache.part(hash).unwrap());
        one.append(b"a").unwrap();
        two.append(b"ab").unwrap();
        assert!(two.finish(&cache, hash).unwrap().is_some());
        one.append(b"b").unwrap();
        assert!(one.finish(&cache, hash).unwrap().is_some());
        assert!(cache.find(hash).is_some());
    }

    #[test]
    fn a_file_may_come_several_times_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let hash = ContentHash(*blake3::hash(b"ab").as_bytes());
        let mut parts: Vec<Part> = (0..4).map(|_| cache.part(hash).unwrap()).collect();
        for byte in [b"a", b"b"] {
            for part in &mut parts {
                part.append(byte).unwrap();
            }
        }
        for part in parts {
            assert!(part.finish(&cache, hash).unwrap().is_some());
        }
    }

    #[test]
    fn room_for_more_leaves_the_world_that_is_laid_out() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let world = [store(&cache, &[1; 400])];
        let other = [store(&cache, &[2; 401])];
        let (here, there) = (
            cache.lay_out(&world).unwrap(),
            cache.lay_out(&other).unwrap(),
        );
        let coming = FileEntry {
            bytes: 500,
            ..store(&cache, &[3; 10])
        };
        let needed = [world[0].clone(), coming];
        cache.make_room(&needed, &world).unwrap();
        assert!(here.join(&world[0].path).exists() && cache.find(world[0].hash).is_some());
        assert!(!there.exists() && cache.find(other[0].hash).is_none());
    }

    #[test]
    fn a_part_that_is_not_the_content_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000).unwrap();
        let hash = ContentHash([7; 32]);
        let mut part = cache.part(hash).unwrap();
        part.append(b"something else").unwrap();
        assert_eq!(part.finish(&cache, hash).unwrap(), None);
        assert_eq!(cache.part(hash).unwrap().bytes(), 0);
    }
}
