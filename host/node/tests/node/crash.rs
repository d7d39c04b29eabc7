//! Nothing that was acknowledged is lost by `kill -9`, whenever it comes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::child::{OtherNode, Said};
use super::support::Place;

/// Kills in a normal run; `VRAFTLS_TEST_KILLS` says how many else.
const KILLS: u64 = 15;

/// The paths that are written over and over.
const N_PATHS: u64 = 40;

/// A stream of numbers that a seed determines (SplitMix64, Steele and others 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Changes some files: small ones, and now and then one that is too large for a log entry, or a removal.
fn change_files(place: &Place, numbers: &mut Numbers, round: u64) {
    for _ in 0..=numbers.below(30) {
        let at = numbers.below(N_PATHS);
        let path = format!("d{}/f{at}.toy", at % 5);
        match numbers.below(10) {
            0 if place.root.join(&path).exists() => place.remove(&path),
            1 => place.write(&path, &format!("# {round} {at} {}\n", "z".repeat(120 << 10))),
            _ => place.write(&path, &format!("def round{round}at{at}\n")),
        }
    }
}

fn revision(said: &Said) -> u64 {
    match said {
        Said::Open(revision) | Said::InStep(revision) => *revision,
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a failure is repeated with the seed")]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = number_from_environment("VRAFTLS_TEST_SEED").unwrap_or(u64::from(clock.subsec_nanos()));
    let kills = number_from_environment("VRAFTLS_TEST_KILLS").unwrap_or(KILLS);
    eprintln!("VRAFTLS_TEST_SEED={seed} VRAFTLS_TEST_KILLS={kills}");
    let (place, mut numbers) = (Place::new(), Numbers(seed));
    place.write("toy.project", "");
    let mut acknowledged = 0;
    let mut hear = |heard: &[Said]| {
        for said in heard {
            assert!(revision(said) >= acknowledged, "seed {seed}: {said:?} after {acknowledged} was acknowledged");
            acknowledged = revision(said);
        }
    };
    for round in 0..kills {
        // Some changes are there before the node, some come while it takes the others in.
        change_files(&place, &mut numbers, round);
        let node = OtherNode::start_sweeping(&place.data, &place.root);
        match numbers.below(4) {
            // At a moment of the start.
            0 => hear(&node.listen(Duration::from_millis(numbers.below(150)))),
            // While changes are taken in.
            1 | 2 => {
                hear(&[node.next()]);
                change_files(&place, &mut numbers, round);
                hear(&node.listen(Duration::from_millis(numbers.below(120))));
            }
            // When all is taken in.
            _ => hear(&[node.next(), node.next()]),
        }
        hear(&node.kill());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let running = place.open().await;
        hear(&[Said::Open(running.revision().0)]);
        running.shows(&place.disk()).await;
        let settled = running.in_step().await;
        running.end().await;
        // Had contents or files been lost, they would be brought in again now.
        let running = place.open().await;
        assert_eq!(running.in_step().await, settled, "seed {seed}");
        assert_eq!(running.sees().await, place.disk(), "seed {seed}");
        running.end().await;
    });
}
