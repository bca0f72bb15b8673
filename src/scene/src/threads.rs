//! Work in several threads, with results that are the same with any number of them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// As many threads as the machine has cores, at most `most`.
#[must_use]
pub fn of_machine(most: usize) -> usize {
    thread::available_parallelism().map_or(1, |all| all.get().min(most))
}

/// The results in the order of the items; each of at most so many threads takes the next item that is left. `lost` is the result of an item at
/// which the work breaks down.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
    lost: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let work = |item: &T| {
        let attempt = AssertUnwindSafe(|| work(item));
        catch_unwind(attempt).unwrap_or_else(|_panic| lost(item))
    };
    if threads.min(items.len()) <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let empty: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let results = Mutex::new(empty);
    let take = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        Some((place, items.get(place)?))
    };
    let run = || {
        while let Some((place, item)) = take() {
            let result = work(item);
            results.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(result);
        }
    };
    thread::scope(|scope| {
        let started = (0..threads.min(items.len())).map(|_| {
            let builder = thread::Builder::new().name("work".to_owned());
            builder.spawn_scoped(scope, run)
        });
        let started: Vec<_> = started.collect();
        if started.iter().all(Result::is_err) {
            run();
        }
        for thread in started.into_iter().flatten() {
            // What a thread that is no more had in hand is lost, and nothing else.
            drop(thread.join());
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let results = results.into_iter().zip(items);
    results
        .map(|(result, item)| result.unwrap_or_else(|| lost(item)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_down_is_lost_and_nothing_else() {
        let items: Vec<u32> = (0..50).collect();
        let half = |item: &u32| {
            assert!(item.is_multiple_of(2), "odd");
            Some(item / 2)
        };
        let expected: Vec<_> = items
            .iter()
            .map(|item| (item % 2 == 0).then_some(item / 2))
            .collect();
        for threads in [1, 2, 7] {
            assert_eq!(in_order(&items, threads, half, |_| None), expected);
        }
    }
}
