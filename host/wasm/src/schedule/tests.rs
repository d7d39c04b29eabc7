//! When what runs makes way, how often, and that nothing is lost by it.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::call_queue::OVERTAKEN_MAX;

/// A job is a number; those that nobody waits for are odd.
fn is_given_up(job: &u32) -> bool {
    job % 2 == 1
}

fn schedule() -> Schedule<u32> {
    Schedule::new(Room { calls_max: 64, per_session_max: 64 })
}

fn push(schedule: &mut Schedule<u32>, session: u64, urgency: Urgency, job: u32) -> Result<Vec<u32>, Full> {
    let call = Call { session: SessionId(session), urgency, n_preempted: 0, job };
    let mut given_up = Vec::new();
    schedule.push(call, Instant::now(), is_given_up, &mut given_up).map(|()| given_up)
}

fn start(schedule: &mut Schedule<u32>) -> Option<Started<u32>> {
    schedule.start(Instant::now(), is_given_up, &mut Vec::new())
}

#[test]
fn only_the_less_urgent_makes_way() {
    for running in Urgency::ALL {
        for arriving in Urgency::ALL {
            let mut schedule = schedule();
            push(&mut schedule, 1, running, 0).unwrap();
            let started = start(&mut schedule).unwrap();
            push(&mut schedule, 2, arriving, 2).unwrap();
            assert_eq!(started.make_way.is_cancelled(), arriving < running, "{arriving:?} while {running:?} runs");
        }
    }
}

#[test]
fn what_made_way_runs_again_after_the_urgent_ones_and_at_last_to_its_end() {
    let mut schedule = schedule();
    push(&mut schedule, 1, Urgency::Background, 0).unwrap();
    push(&mut schedule, 1, Urgency::Background, 2).unwrap();
    for n_preempted in 0..PREEMPTED_MAX {
        let started = start(&mut schedule).unwrap();
        assert_eq!((started.call.job, started.call.n_preempted), (0, n_preempted));
        push(&mut schedule, 2, Urgency::Interactive, 100).unwrap();
        assert!(started.make_way.is_cancelled());
        schedule.put_back(started.call);
        assert_eq!(start(&mut schedule).unwrap().call.job, 100);
        schedule.done();
    }
    let started = start(&mut schedule).unwrap();
    push(&mut schedule, 2, Urgency::Interactive, 100).unwrap();
    assert_eq!((started.call.job, started.make_way.is_cancelled()), (0, false));
}

#[test]
fn who_waited_long_enough_keeps_the_turn() {
    let mut schedule = schedule();
    push(&mut schedule, 1, Urgency::Background, 0).unwrap();
    for _ in 0..OVERTAKEN_MAX {
        push(&mut schedule, 2, Urgency::Interactive, 100).unwrap();
    }
    push(&mut schedule, 2, Urgency::Interactive, 102).unwrap();
    for _ in 0..OVERTAKEN_MAX {
        assert!(start(&mut schedule).unwrap().overtakes);
        schedule.done();
    }
    let started = start(&mut schedule).unwrap();
    push(&mut schedule, 2, Urgency::Interactive, 104).unwrap();
    assert_eq!((started.call.job, started.make_way.is_cancelled()), (0, false));
}

#[test]
fn calls_that_nobody_waits_for_keep_out_nobody() {
    let mut schedule = Schedule::new(Room { calls_max: 3, per_session_max: 2 });
    assert_eq!(push(&mut schedule, 1, Urgency::Interactive, 1), Ok(vec![]));
    assert_eq!(push(&mut schedule, 1, Urgency::Interactive, 3), Ok(vec![]));
    assert_eq!(push(&mut schedule, 1, Urgency::Interactive, 0), Ok(vec![1, 3]), "its session was full");
    assert_eq!(push(&mut schedule, 2, Urgency::Interactive, 5), Ok(vec![]));
    assert_eq!(push(&mut schedule, 2, Urgency::Interactive, 2), Ok(vec![]));
    assert_eq!(push(&mut schedule, 3, Urgency::Interactive, 4), Ok(vec![5]), "the queue was full");
    assert_eq!(push(&mut schedule, 1, Urgency::Interactive, 6), Err(Full::Queue));
    push(&mut schedule, 3, Urgency::Interactive, 8).unwrap_err();
    let mut given_up = Vec::new();
    let jobs = std::iter::from_fn(|| schedule.start(Instant::now(), is_given_up, &mut given_up));
    assert_eq!(jobs.map(|started| started.call.job).collect::<Vec<_>>(), [0, 2, 4]);
}

#[test]
fn what_makes_way_holds_nobody_up_until_it_does_not() {
    let (mut schedule, began) = (schedule(), Instant::now());
    let at = |seconds| began + Duration::from_secs(seconds);
    push(&mut schedule, 1, Urgency::Background, 0).unwrap();
    schedule.start(began, is_given_up, &mut Vec::new()).unwrap();
    let holds_up_since = |schedule: &Schedule<u32>, urgency| schedule.running().unwrap().holds_up_since(urgency, at(9));
    assert_eq!(holds_up_since(&schedule, Urgency::Background), began);
    assert_eq!(holds_up_since(&schedule, Urgency::Interactive), at(9));
    for (job, seconds) in [(2, 5), (4, 7)] {
        let call = Call { session: SessionId(2), urgency: Urgency::Interactive, n_preempted: 0, job };
        schedule.push(call, at(seconds), is_given_up, &mut Vec::new()).unwrap();
    }
    assert_eq!(holds_up_since(&schedule, Urgency::Interactive), at(5), "since it was asked first");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// An engine that always makes way when it is asked to, under any stream of urgent calls: every call ends, once.
    #[test]
    fn every_call_ends_once(arrivals in vec((0..4_u64, 0..3_usize, 0..3_usize), 1..120)) {
        let mut schedule = Schedule::new(Room { calls_max: 1000, per_session_max: 1000 });
        let mut ended = Vec::new();
        let mut n_runs = 0;
        let mut run = |schedule: &mut Schedule<u32>, arriving: &mut dyn FnMut(&mut Schedule<u32>)| {
            let Some(started) = start(schedule) else { return false };
            n_runs += 1;
            arriving(schedule);
            match started.make_way.is_cancelled() {
                true => schedule.put_back(started.call),
                false => {
                    schedule.done();
                    ended.push(started.call.job);
                }
            }
            true
        };
        for (number, (session, urgency, n_runs_between)) in arrivals.iter().enumerate() {
            let mut arrive = |schedule: &mut Schedule<u32>| {
                push(schedule, *session, Urgency::ALL[*urgency], 2 * number as u32).unwrap();
            };
            // It comes while another runs, if one does.
            if !run(&mut schedule, &mut arrive) {
                arrive(&mut schedule);
            }
            for _ in 0..*n_runs_between {
                run(&mut schedule, &mut |_| {});
            }
        }
        while run(&mut schedule, &mut |_| {}) {}
        ended.sort_unstable();
        let all: Vec<u32> = (0..arrivals.len() as u32).map(|number| 2 * number).collect();
        prop_assert_eq!(ended, all);
        prop_assert!(n_runs <= arrivals.len() as u32 * (PREEMPTED_MAX + 1));
        prop_assert!(schedule.is_idle());
    }
}
