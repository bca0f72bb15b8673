//! What a server has to give out: files of its worlds for as long as these have them, and what visitors brought, within
//! limits. What somebody wears, and what stands in a world, stays.

use super::CheckedThing;
use protocol::{AvatarFiles, ContentHash, limits::CHUNK_BYTES};
use std::{collections::BTreeMap, sync::Arc};

/// Avatars of visitors that are kept at once, and their bytes together: 1 GiB.
const AVATARS: Room = Room {
    files: 256,
    bytes: 1024 * 1024 * 1024,
};
/// The same for things that are placed or are to be.
const THINGS: Room = Room {
    files: 1024,
    bytes: 1024 * 1024 * 1024,
};

/// A file and the hashes of its chunks.
#[derive(Debug)]
pub(crate) struct ServedFile {
    pub(crate) bytes: Box<[u8]>,
    pub(super) chunks: Vec<ContentHash>,
}

impl ServedFile {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let chunks = bytes.chunks(CHUNK_BYTES).map(super::content_hash).collect();
        Self {
            bytes: bytes.into_boxed_slice(),
            chunks,
        }
    }
}

/// What was learned of an avatar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckedAvatar {
    /// Its own licence lets everybody have it; else somebody confirmed to have the right.
    pub(super) may_be_shared: bool,
}

impl CheckedAvatar {
    /// True where a world passes it on.
    pub(super) const fn is_passed_on(self, files: AvatarFiles) -> bool {
        match files {
            AvatarFiles::Nobodys => false,
            AvatarFiles::Licensed => self.may_be_shared,
            AvatarFiles::Confirmed => true,
        }
    }
}

/// Everything that can be fetched.
pub(super) struct Shelves {
    /// With how many worlds have each.
    worlds: BTreeMap<ContentHash, (usize, Arc<ServedFile>)>,
    pub(super) avatars: Shelf<CheckedAvatar>,
    pub(super) things: Shelf<Arc<CheckedThing>>,
}

impl Default for Shelves {
    fn default() -> Self {
        Self {
            worlds: BTreeMap::new(),
            avatars: Shelf::new(AVATARS),
            things: Shelf::new(THINGS),
        }
    }
}

impl Shelves {
    pub(super) fn add_world_file(&mut self, hash: ContentHash, file: ServedFile) {
        self.worlds
            .entry(hash)
            .or_insert_with(|| (0, Arc::new(file)))
            .0 += 1;
    }

    /// One world has it no longer.
    pub(super) fn remove_world_file(&mut self, hash: ContentHash) {
        if let Some((count, _)) = self.worlds.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.worlds.remove(&hash);
            }
        }
    }

    /// What can be fetched in a world that passes on such avatars: other worlds of the server may pass on more.
    pub(super) fn get(&self, hash: &ContentHash, avatars: AvatarFiles) -> Option<Arc<ServedFile>> {
        let world_file = self.worlds.get(hash).map(|(_, file)| file);
        let avatar = || {
            let (file, avatar) = self.avatars.get(hash)?;
            avatar.is_passed_on(avatars).then_some(file)
        };
        let thing = || self.things.get(hash).map(|(file, _)| file);
        world_file.or_else(avatar).or_else(thing).cloned()
    }
}

/// How much a shelf holds.
#[derive(Clone, Copy)]
struct Room {
    files: usize,
    bytes: usize,
}

/// Files of one kind that visitors brought, each with what was learned of it.
pub(super) struct Shelf<T> {
    room: Room,
    /// The oldest first.
    brought: Vec<Brought<T>>,
    /// How often each file is in use, whether it is here or not.
    used: BTreeMap<ContentHash, usize>,
}

struct Brought<T> {
    hash: ContentHash,
    /// Key of who brought it.
    owner: String,
    file: Arc<ServedFile>,
    about: T,
    /// What both take of memory.
    bytes: usize,
}

impl<T> Shelf<T> {
    const fn new(room: Room) -> Self {
        Self {
            room,
            brought: Vec::new(),
            used: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, hash: &ContentHash) -> Option<(&Arc<ServedFile>, &T)> {
        let brought = self.brought.iter().find(|brought| brought.hash == *hash);
        brought.map(|brought| (&brought.file, &brought.about))
    }

    /// It is used once more.
    pub(super) fn begin_use(&mut self, hash: ContentHash) {
        *self.used.entry(hash).or_default() += 1;
    }

    /// It is used once less.
    pub(super) fn end_use(&mut self, hash: ContentHash) {
        if let Some(count) = self.used.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.used.remove(&hash);
            }
        }
    }

    /// Takes a file, unless it is here. Those that are not in use make room: that of the same owner first, then the
    /// oldest. `beside` is what `about` takes of memory, in bytes. False, and nothing has changed, when there is no room.
    pub(super) fn add(
        &mut self,
        owner: &str,
        hash: ContentHash,
        file: ServedFile,
        about: T,
        beside: usize,
    ) -> bool {
        if self.get(&hash).is_some() {
            return true;
        }
        let own = file.bytes.len() + beside;
        let used = &self.used;
        let is_used = |brought: &Brought<T>| used.contains_key(&brought.hash);
        let kept = self.brought.iter().filter(|brought| is_used(brought));
        let (count, bytes) = kept.fold((0, 0), |(count, bytes), brought| {
            (count + 1, bytes + brought.bytes)
        });
        if count >= self.room.files || bytes + own > self.room.bytes {
            return false;
        }
        self.brought
            .retain(|brought| brought.owner != owner || is_used(brought));
        let mut bytes = own
            + self
                .brought
                .iter()
                .map(|brought| brought.bytes)
                .sum::<usize>();
        while (self.brought.len() >= self.room.files || bytes > self.room.bytes)
            && let Some(oldest) = self.brought.iter().position(|brought| !is_used(brought))
        {
            bytes -= self.brought.remove(oldest).bytes;
        }
        self.brought.push(Brought {
            hash,
            owner: owner.to_owned(),
            file: Arc::new(file),
            about,
            bytes: own,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::content_hash;

    /// An avatar of 100 bytes that differ by `number`.
    fn avatar(number: u8) -> (ContentHash, ServedFile) {
        let bytes = vec![number; 100];
        (content_hash(&bytes), ServedFile::new(bytes))
    }

    fn shelf() -> Shelf<()> {
        Shelf::new(Room {
            files: 4,
            bytes: 350,
        })
    }

    fn add(shelf: &mut Shelf<()>, owner: &str, number: u8) -> bool {
        let (hash, file) = avatar(number);
        shelf.add(owner, hash, file, (), 0)
    }

    fn has(shelf: &Shelf<()>, number: u8) -> bool {
        shelf.get(&avatar(number).0).is_some()
    }

    #[test]
    fn the_shelves_are_bounded_by_bytes_and_the_oldest_goes() {
        let mut shelves = shelf();
        for number in 0..10 {
            assert!(add(&mut shelves, &format!("owner {number}"), number));
        }
        let here: Vec<u8> = (0..10).filter(|number| has(&shelves, *number)).collect();
        assert_eq!(here, [7, 8, 9]);
    }

    #[test]
    fn what_was_learned_of_a_file_takes_room_as_well() {
        let mut shelf = shelf();
        let mut add = |number: u8, beside: usize| {
            let (hash, file) = avatar(number);
            shelf.add(&format!("owner {number}"), hash, file, (), beside)
        };
        assert!(!add(0, 251));
        assert!(add(1, 0) && add(2, 250));
        assert!(!has(&shelf, 1) && has(&shelf, 2));
    }

    #[test]
    fn what_is_worn_stays_whatever_others_bring() {
        let mut shelves = shelf();
        shelves.begin_use(avatar(0).0);
        assert!(add(&mut shelves, "wearer", 0));
        for number in 1..100 {
            assert!(add(&mut shelves, &format!("owner {number}"), number));
        }
        assert!(has(&shelves, 0));
        for number in [98, 99] {
            shelves.begin_use(avatar(number).0);
        }
        assert!(!add(&mut shelves, "late", 100), "all are worn");
        assert!((98..100).all(|number| has(&shelves, number)));
        shelves.end_use(avatar(98).0);
        assert!(add(&mut shelves, "late", 100));
        assert!(!has(&shelves, 98) && has(&shelves, 0));
    }

    #[test]
    fn a_key_has_one_avatar_beside_what_is_worn() {
        let mut shelves = shelf();
        assert!(add(&mut shelves, "other", 0));
        for number in 1..5 {
            assert!(add(&mut shelves, "owner", number));
        }
        let here: Vec<u8> = (0..5).filter(|number| has(&shelves, *number)).collect();
        assert_eq!(here, [0, 4]);
        shelves.begin_use(avatar(4).0);
        assert!(add(&mut shelves, "owner", 5));
        assert!(has(&shelves, 4) && has(&shelves, 5));
    }

    #[test]
    fn a_file_stays_as_long_as_a_world_has_it() {
        let mut shelves = Shelves::default();
        for _ in 0..2 {
            let (hash, file) = avatar(7);
            shelves.add_world_file(hash, file);
        }
        for is_left in [true, false] {
            shelves.remove_world_file(avatar(7).0);
            let files = AvatarFiles::Nobodys;
            assert_eq!(shelves.get(&avatar(7).0, files).is_some(), is_left);
        }
        shelves.remove_world_file(avatar(7).0);
    }

    #[test]
    fn the_same_avatar_is_kept_once() {
        let mut shelves = shelf();
        for owner in ["one", "two", "three"] {
            assert!(add(&mut shelves, owner, 1));
        }
        assert_eq!(shelves.brought.len(), 1);
    }
}
