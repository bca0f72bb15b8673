//! What a server has to give out: files of its worlds for as long as these have them, and avatars that visitors brought, within
//! limits. What somebody wears stays.

use protocol::{ContentHash, limits::CHUNK_BYTES};
use std::{collections::BTreeMap, sync::Arc};

/// Avatars of visitors that are kept at once.
const MAX_AVATARS: usize = 256;
/// Their bytes together: 1 GiB.
const MAX_AVATARS_BYTES: usize = 1024 * 1024 * 1024;

/// A file and the hashes of its chunks.
pub(super) struct ServedFile {
    pub(super) bytes: Box<[u8]>,
    pub(super) chunks: Vec<ContentHash>,
}

impl ServedFile {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let chunks = bytes.chunks(CHUNK_BYTES).map(super::content_hash).collect();
        Self {
            bytes: bytes.into_boxed_slice(),
            chunks,
        }
    }
}

/// Everything that can be fetched.
#[derive(Default)]
pub(super) struct Shelves {
    /// With how many worlds have each.
    worlds: BTreeMap<ContentHash, (usize, Arc<ServedFile>)>,
    /// The oldest first.
    avatars: Vec<Brought>,
    /// By how many people each avatar is worn, whether it is here or not.
    worn: BTreeMap<ContentHash, usize>,
}

/// An avatar of a visitor.
struct Brought {
    hash: ContentHash,
    /// Key of who brought it.
    owner: String,
    file: Arc<ServedFile>,
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

    pub(super) fn get(&self, hash: &ContentHash) -> Option<Arc<ServedFile>> {
        let brought = || self.avatars.iter().find(|brought| brought.hash == *hash);
        self.worlds
            .get(hash)
            .map(|(_, file)| file)
            .or_else(|| brought().map(|brought| &brought.file))
            .cloned()
    }

    /// One more person wears it.
    pub(super) fn put_on(&mut self, hash: ContentHash) {
        *self.worn.entry(hash).or_default() += 1;
    }

    /// One person fewer wears it.
    pub(super) fn take_off(&mut self, hash: ContentHash) {
        if let Some(count) = self.worn.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.worn.remove(&hash);
            }
        }
    }

    /// Takes an avatar, unless it is here. Those that nobody wears make room: that of the same owner first, then the
    /// oldest. False, and nothing has changed, when there is no room.
    pub(super) fn add_avatar(&mut self, owner: &str, hash: ContentHash, file: ServedFile) -> bool {
        self.add_within(owner, hash, file, (MAX_AVATARS, MAX_AVATARS_BYTES))
    }

    fn add_within(
        &mut self,
        owner: &str,
        hash: ContentHash,
        file: ServedFile,
        (most, most_bytes): (usize, usize),
    ) -> bool {
        if self.get(&hash).is_some() {
            return true;
        }
        let worn = &self.worn;
        let is_worn = |brought: &Brought| worn.contains_key(&brought.hash);
        let length = |brought: &Brought| brought.file.bytes.len();
        let kept = self.avatars.iter().filter(|brought| is_worn(brought));
        let (count, bytes) = kept.fold((0, 0), |(count, bytes), brought| {
            (count + 1, bytes + length(brought))
        });
        if count >= most || bytes + file.bytes.len() > most_bytes {
            return false;
        }
        self.avatars
            .retain(|brought| brought.owner != owner || is_worn(brought));
        let mut bytes = self.avatars.iter().map(length).sum::<usize>() + file.bytes.len();
        while (self.avatars.len() >= most || bytes > most_bytes)
            && let Some(oldest) = self.avatars.iter().position(|brought| !is_worn(brought))
        {
            bytes -= length(&self.avatars.remove(oldest));
        }
        self.avatars.push(Brought {
            hash,
            owner: owner.to_owned(),
            file: Arc::new(file),
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

    fn add(shelves: &mut Shelves, owner: &str, number: u8) -> bool {
        let (hash, file) = avatar(number);
        shelves.add_within(owner, hash, file, (4, 350))
    }

    fn has(shelves: &Shelves, number: u8) -> bool {
        shelves.get(&avatar(number).0).is_some()
    }

    #[test]
    fn the_shelves_are_bounded_by_bytes_and_the_oldest_goes() {
        let mut shelves = Shelves::default();
        for number in 0..10 {
            assert!(add(&mut shelves, &format!("owner {number}"), number));
        }
        let here: Vec<u8> = (0..10).filter(|number| has(&shelves, *number)).collect();
        assert_eq!(here, [7, 8, 9]);
    }

    #[test]
    fn what_is_worn_stays_whatever_others_bring() {
        let mut shelves = Shelves::default();
        shelves.put_on(avatar(0).0);
        assert!(add(&mut shelves, "wearer", 0));
        for number in 1..100 {
            assert!(add(&mut shelves, &format!("owner {number}"), number));
        }
        assert!(has(&shelves, 0));
        for number in [98, 99] {
            shelves.put_on(avatar(number).0);
        }
        assert!(!add(&mut shelves, "late", 100), "all are worn");
        assert!((98..100).all(|number| has(&shelves, number)));
        shelves.take_off(avatar(98).0);
        assert!(add(&mut shelves, "late", 100));
        assert!(!has(&shelves, 98) && has(&shelves, 0));
    }

    #[test]
    fn a_key_has_one_avatar_beside_what_is_worn() {
        let mut shelves = Shelves::default();
        assert!(add(&mut shelves, "other", 0));
        for number in 1..5 {
            assert!(add(&mut shelves, "owner", number));
        }
        let here: Vec<u8> = (0..5).filter(|number| has(&shelves, *number)).collect();
        assert_eq!(here, [0, 4]);
        shelves.put_on(avatar(4).0);
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
            assert_eq!(has(&shelves, 7), is_left);
        }
        shelves.remove_world_file(avatar(7).0);
    }

    #[test]
    fn the_same_avatar_is_kept_once() {
        let mut shelves = Shelves::default();
        for owner in ["one", "two", "three"] {
            assert!(add(&mut shelves, owner, 1));
        }
        assert_eq!(shelves.avatars.len(), 1);
    }
}
