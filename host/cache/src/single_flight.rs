//! The same work once for all who want it at the same time.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

/// An error of work that several may wait for.
pub trait FlightError: Clone {
    /// Whether it says something of the one who did the work, who gave up or ran out of time, rather than of the work.
    /// Such an error is not handed to the others: the next of them does the work itself.
    fn is_of_one_asker(&self) -> bool;
}

/// Work under way, by key. At most one asker at a time does the work of a key; all others wait for what comes of it.
///
/// If the one at work is dropped, the next takes over from the beginning. Nothing outlives the last asker.
pub struct SingleFlight<K: Hash + Eq, V, E> {
    flights: Mutex<Flights<K, V, E>>,
}

type Flights<K, V, E> = FxHashMap<K, Flight<V, E>>;
type Flight<V, E> = Arc<OnceCell<Result<V, E>>>;

impl<K: Hash + Eq, V, E> Default for SingleFlight<K, V, E> {
    fn default() -> Self {
        Self { flights: Mutex::default() }
    }
}

impl<K: Hash + Eq + Clone, V: Clone, E: FlightError> SingleFlight<K, V, E> {
    /// What comes of `work`, or of the work on the same key that is under way.
    pub async fn run<F: Future<Output = Result<V, E>>>(&self, key: K, work: impl FnOnce() -> F) -> Result<V, E> {
        let boarded = self.board(key);
        let flight = boarded.flight.as_ref().expect("taken out only when dropped");
        let landed = flight.get_or_try_init(async || match work().await {
            Err(error) if error.is_of_one_asker() => Err(error),
            result => Ok(result),
        });
        landed.await?.clone()
    }

    /// How many keys are worked on.
    pub fn n_under_way(&self) -> usize {
        lock(&self.flights).len()
    }

    fn board(&self, key: K) -> Boarded<'_, K, V, E> {
        let flight = Arc::clone(lock(&self.flights).entry(key.clone()).or_default());
        Boarded { flights: &self.flights, key, flight: Some(flight) }
    }
}

fn lock<K: Hash + Eq, V, E>(flights: &Mutex<Flights<K, V, E>>) -> MutexGuard<'_, Flights<K, V, E>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One who waits for a flight or flies it.
struct Boarded<'a, K: Hash + Eq, V, E> {
    flights: &'a Mutex<Flights<K, V, E>>,
    key: K,
    flight: Option<Flight<V, E>>,
}

impl<K: Hash + Eq, V, E> Drop for Boarded<'_, K, V, E> {
    /// The first to leave after the landing, or the last to leave, takes the flight from the board: who comes later
    /// starts anew.
    fn drop(&mut self) {
        let mut flights = lock(self.flights);
        let Some(flight) = self.flight.take() else { return };
        // Everybody's `Arc` is dropped under the lock, so two are the board's and this one.
        let is_over = flight.initialized() || Arc::strong_count(&flight) == 2;
        if is_over && flights.get(&self.key).is_some_and(|current| Arc::ptr_eq(current, &flight)) {
            flights.remove(&self.key);
        }
        drop(flight);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[derive(Clone, PartialEq, Eq, Debug)]
    enum Failure {
        Mine,
        Everybodys,
    }

    impl FlightError for Failure {
        fn is_of_one_asker(&self) -> bool {
            *self == Failure::Mine
        }
    }

    type Flights = SingleFlight<u8, usize, Failure>;

    #[tokio::test]
    async fn a_hundred_askers_do_the_work_once() {
        let (flights, n_done) = (Flights::default(), AtomicUsize::new(0));
        let ask = || {
            flights.run(1, async || {
                tokio::task::yield_now().await;
                Ok(n_done.fetch_add(1, Ordering::Relaxed))
            })
        };
        let results = join_all((0..100).map(|_| ask())).await;
        assert!(results.iter().all(|result| *result == Ok(0)));
        assert_eq!(flights.n_under_way(), 0);
        assert_eq!(ask().await, Ok(1), "what landed is not kept");
    }

    #[tokio::test]
    async fn other_keys_do_not_wait() {
        let flights = Flights::default();
        let mut stuck = Box::pin(flights.run(1, std::future::pending));
        assert!(stuck.as_mut().now_or_never().is_none());
        assert_eq!(flights.run(2, async || Ok(2)).await, Ok(2));
    }

    #[tokio::test]
    async fn a_dropped_leader_hands_over() {
        let flights = Flights::default();
        let mut leader = Box::pin(flights.run(1, std::future::pending));
        assert!(leader.as_mut().now_or_never().is_none());
        let mut follower = Box::pin(flights.run(1, async || Ok(2)));
        assert!(follower.as_mut().now_or_never().is_none(), "the follower waits");
        drop(leader);
        assert_eq!(follower.await, Ok(2));
        assert_eq!(flights.n_under_way(), 0);
    }

    #[tokio::test]
    async fn a_leader_that_gives_up_hands_over() {
        let (flights, gate) = (Flights::default(), Semaphore::new(0));
        let leader = flights.run(1, async || {
            let _permit = gate.acquire().await;
            Err(Failure::Mine)
        });
        let mut leader = Box::pin(leader);
        assert!(leader.as_mut().now_or_never().is_none());
        let mut follower = Box::pin(flights.run(1, async || Ok(2)));
        assert!(follower.as_mut().now_or_never().is_none());
        gate.add_permits(1);
        assert_eq!(leader.await, Err(Failure::Mine));
        assert_eq!(follower.await, Ok(2));
    }

    #[tokio::test]
    async fn an_error_of_the_work_is_everybodys() {
        let (flights, n_done) = (Flights::default(), AtomicUsize::new(0));
        let ask = || {
            flights.run(1, async || {
                n_done.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Err(Failure::Everybodys)
            })
        };
        let results = join_all((0..10).map(|_| ask())).await;
        assert!(results.iter().all(|result| *result == Err(Failure::Everybodys)));
        assert_eq!(n_done.load(Ordering::Relaxed), 1);
        assert_eq!(flights.n_under_way(), 0);
    }

    #[tokio::test]
    async fn nothing_is_left_when_everybody_goes() {
        let flights = Flights::default();
        let mut askers: Vec<_> = (0..3).map(|_| Box::pin(flights.run(1, std::future::pending))).collect();
        askers.iter_mut().for_each(|asker| assert!(asker.as_mut().now_or_never().is_none()));
        drop(askers);
        assert_eq!(flights.n_under_way(), 0);
    }
}
