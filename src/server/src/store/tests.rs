use super::*;
use protocol::{ChatLine, limits::MAX_CHAT_HISTORY};
use std::path::Path;

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
