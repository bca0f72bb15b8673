//! Work in several threads, with results that are the same with any number of them.

use std::thread;

/// The results in the order of the items. `lost` is the result of an item whose thread broke down.
pub(super) fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
    lost: impl Fn(&T) -> R,
) -> Vec<R> {
    let share = items.len().div_ceil(threads.max(1)).max(1);
    let work = |part: &[T]| -> Vec<R> { part.iter().map(&work).collect() };
    if share >= items.len() {
        return work(items);
    }
    thread::scope(|scope| {
        let started: Vec<_> = items
            .chunks(share)
            .map(|part| {
                let builder = thread::Builder::new().name("convert".to_owned());
                let work = &work;
                (part, builder.spawn_scoped(scope, move || work(part)))
            })
            .collect();
        let finish =
            |(part, thread): (&[T], std::io::Result<thread::ScopedJoinHandle<'_, Vec<R>>>)| {
                let done = thread.ok().and_then(|thread| thread.join().ok());
                done.unwrap_or_else(|| part.iter().map(&lost).collect())
            };
        started.into_iter().flat_map(finish).collect()
    })
}
