//! Many independent runs on several threads, in an order that does not show in the result.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `run` for each of `0..count`, on so many threads; outcomes in that order. After a failure nothing new is begun, and the first of the
/// failures is returned.
pub fn side_by_side<T: Send, E: Send>(
    count: usize,
    threads: NonZeroUsize,
    run: &(dyn Fn(usize) -> Result<T, E> + Sync),
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let outcomes: Mutex<Vec<Option<Result<T, E>>>> = Mutex::new((0..count).map(|_| None).collect());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let outcome = run(index);
            if outcome.is_err() {
                // The others would be thrown away with it.
                next.store(count, Ordering::Relaxed);
            }
            outcomes.lock().expect("no thread panics while it holds this")[index] = Some(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(count) {
            scope.spawn(work);
        }
    });
    // After a failure some were not begun: the failure comes first.
    let outcomes = outcomes.into_inner().expect("every thread has ended");
    outcomes.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_keep_their_order_and_a_failure_ends_all() {
        let threads = NonZeroUsize::new(3).unwrap();
        let squares: Result<Vec<usize>, ()> = side_by_side(50, threads, &|index| Ok(index * index));
        assert_eq!(squares.unwrap(), (0..50).map(|index| index * index).collect::<Vec<_>>());
        let fails = |index| if index == 20 { Err(index) } else { Ok(index) };
        assert_eq!(side_by_side(1_000, threads, &fails), Err(20));
        assert_eq!(side_by_side(0, threads, &fails), Ok(vec![]));
    }
}
