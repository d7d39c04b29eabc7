//! The laws of the order: nothing is lost or doubled, sessions keep their order and take turns, and nobody starves.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const N_SESSIONS: u64 = 4;

/// A call by its number, and whether it is given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Job {
    number: u64,
    given_up: bool,
}

/// What is done to a queue.
#[derive(Clone, Debug)]
enum Step {
    Push {
        session: u64,
        urgency: Urgency,
        given_up: bool,
    },
    Next,
    /// The next call is taken and made way for another.
    NextAndBack,
    TakeGivenUp,
}

fn any_urgency() -> impl Strategy<Value = Urgency> {
    prop_oneof![Just(Urgency::Interactive), Just(Urgency::Patient), Just(Urgency::Background)]
}

fn any_step() -> impl Strategy<Value = Step> {
    let push = (0..N_SESSIONS, any_urgency(), prop::bool::weighted(0.2));
    let push = push.prop_map(|(session, urgency, given_up)| Step::Push { session, urgency, given_up });
    prop_oneof![6 => push, 4 => Just(Step::Next), 1 => Just(Step::NextAndBack), 1 => Just(Step::TakeGivenUp)]
}

fn queue() -> CallQueue<Job> {
    CallQueue::new(Room { calls_max: 40, per_session_max: 16 })
}

fn call(session: u64, urgency: Urgency, number: u64) -> Call<Job> {
    Call { session: SessionId(session), urgency, n_preempted: 0, job: Job { number, given_up: false } }
}

fn next(queue: &mut CallQueue<Job>) -> Option<Turn<Job>> {
    let mut given_up = Vec::new();
    let turn = queue.next(|job| job.given_up, &mut given_up);
    assert_eq!(given_up, []);
    turn
}

/// The numbers of the calls in the order of their turns.
fn order(queue: &mut CallQueue<Job>) -> Vec<u64> {
    std::iter::from_fn(|| next(queue)).map(|turn| turn.call.job.number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Against a model that is a plain list: what comes in comes out once, given up or not, in the order of its session and class.
    #[test]
    fn nothing_is_lost_or_doubled_and_sessions_keep_their_order(steps in vec(any_step(), 0..200)) {
        let mut queue = queue();
        let mut waiting: Vec<(u64, Urgency, Job)> = Vec::new();
        let mut out = BTreeSet::new();
        let mut number = 0;
        for step in steps {
            let mut given_up = Vec::new();
            match step {
                Step::Push { session, urgency, given_up } => {
                    let job = Job { number, given_up };
                    number += 1;
                    let n_own = waiting.iter().filter(|(own, ..)| *own == session).count();
                    let fits = (n_own < Room::share(16, urgency), waiting.len() < Room::share(40, urgency));
                    let expected = match fits {
                        (false, _) => Err(Full::Session),
                        (true, false) => Err(Full::Queue),
                        (true, true) => Ok(()),
                    };
                    prop_assert_eq!(queue.check_room(SessionId(session), urgency), expected);
                    if expected.is_ok() {
                        queue.push(Call { session: SessionId(session), urgency, n_preempted: 0, job });
                        waiting.push((session, urgency, job));
                    }
                }
                Step::Next | Step::NextAndBack => {
                    let turn = queue.next(|job| job.given_up, &mut given_up);
                    prop_assert_eq!(turn.is_none(), waiting.iter().all(|(.., job)| job.given_up));
                    if let Some(Turn { call, .. }) = turn {
                        let of_its_kind = |(session, urgency, job): &&(u64, Urgency, Job)| {
                            SessionId(*session) == call.session && *urgency == call.urgency && !job.given_up
                        };
                        prop_assert_eq!(waiting.iter().find(of_its_kind).map(|(.., job)| *job), Some(call.job));
                        if matches!(step, Step::NextAndBack) {
                            queue.put_back(call);
                        } else {
                            prop_assert!(out.insert(call.job.number));
                            waiting.retain(|(.., job)| *job != call.job);
                        }
                    }
                }
                Step::TakeGivenUp => {
                    given_up = queue.take_given_up(|job| job.given_up);
                    prop_assert_eq!(given_up.len(), waiting.iter().filter(|(.., job)| job.given_up).count());
                }
            }
            for job in given_up {
                prop_assert!(job.given_up && out.insert(job.number));
                waiting.retain(|(.., waits)| *waits != job);
            }
            prop_assert_eq!(queue.len(), waiting.len());
        }
    }

    /// Whatever comes, a class that waits is served after so many calls of others.
    #[test]
    fn no_class_starves(steps in vec(any_step(), 0..400)) {
        let mut queue = queue();
        let mut n_passed: BTreeMap<Urgency, u32> = BTreeMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            if let Step::Push { session, urgency, .. } = step {
                if queue.check_room(SessionId(session), urgency).is_ok() {
                    queue.push(call(session, urgency, number as u64));
                }
                continue;
            }
            let Some(turn) = next(&mut queue) else { continue };
            for (lane, urgency) in queue.lanes.iter().zip(Urgency::ALL) {
                let passed = n_passed.entry(urgency).or_default();
                *passed = if urgency == turn.call.urgency || lane.n_calls == 0 { 0 } else { *passed + 1 };
                // The patient may have to wait for a background call that waited as long, at the beginning and at the end.
                let passed_max = if urgency == Urgency::Background { OVERTAKEN_MAX } else { OVERTAKEN_MAX + 2 };
                prop_assert!(*passed <= passed_max, "{urgency:?} was passed {passed} times");
            }
        }
    }

    /// However much one session asks, each other session of the class has its turn before it has two.
    #[test]
    fn sessions_of_a_class_take_turns(steps in vec(any_step(), 0..400)) {
        let mut queue = queue();
        // Who had a turn since the session had its last one, while it waits.
        let mut had: BTreeMap<(SessionId, Urgency), BTreeSet<SessionId>> = BTreeMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            if let Step::Push { session, urgency, .. } = step {
                if queue.check_room(SessionId(session), urgency).is_ok() {
                    queue.push(call(session, urgency, number as u64));
                }
                continue;
            }
            let Some(Turn { call, .. }) = next(&mut queue) else { continue };
            let lane = &queue.lanes[call.urgency as usize];
            for session in (0..N_SESSIONS).map(SessionId) {
                let others = had.entry((session, call.urgency)).or_default();
                match session != call.session && lane.calls.contains_key(&session) {
                    true => prop_assert!(others.insert(call.session), "{:?} went twice before {session:?}", call.session),
                    false => others.clear(),
                }
            }
        }
    }
}

#[test]
fn the_more_urgent_go_first_until_the_others_are_due() {
    let mut queue = queue();
    for number in 0..4 {
        queue.push(call(1, Urgency::Background, number));
    }
    for number in 10..22 {
        queue.push(call(2, Urgency::Interactive, number));
    }
    queue.push(call(3, Urgency::Patient, 100));
    let order = order(&mut queue);
    assert_eq!(order, [10, 11, 12, 13, 14, 15, 16, 17, 0, 100, 18, 19, 20, 21, 1, 2, 3]);
}

#[test]
fn sessions_take_turns_whoever_came_first() {
    let mut queue = queue();
    (0..4).for_each(|number| queue.push(call(1, Urgency::Interactive, number)));
    (10..12).for_each(|number| queue.push(call(2, Urgency::Interactive, number)));
    queue.push(call(3, Urgency::Interactive, 20));
    assert_eq!(order(&mut queue), [0, 10, 20, 1, 11, 2, 3]);
}

#[test]
fn what_is_put_back_is_the_next_of_its_class_and_its_session_loses_no_turn() {
    let mut queue = queue();
    (0..2).for_each(|number| queue.push(call(1, Urgency::Background, number)));
    (10..12).for_each(|number| queue.push(call(2, Urgency::Background, number)));
    let first = next(&mut queue).unwrap().call;
    queue.push(call(3, Urgency::Interactive, 20));
    queue.put_back(first);
    assert_eq!(order(&mut queue), [20, 0, 10, 1, 11]);
}

#[test]
fn background_leaves_room_for_who_waits() {
    let mut queue = queue();
    let mut number = 0..;
    let mut fill = |queue: &mut CallQueue<Job>, session: u64, urgency| {
        loop {
            match queue.check_room(SessionId(session), urgency) {
                Ok(()) => queue.push(call(session, urgency, number.next().unwrap())),
                Err(full) => break full,
            }
        }
    };
    assert_eq!(fill(&mut queue, 1, Urgency::Background), Full::Session);
    assert_eq!(queue.len(), 8, "half of what a session may have");
    assert_eq!(fill(&mut queue, 1, Urgency::Patient), Full::Session);
    assert_eq!(queue.len(), 12, "three quarters");
    assert_eq!(fill(&mut queue, 1, Urgency::Interactive), Full::Session);
    assert_eq!(queue.len(), 16);
    assert_eq!(fill(&mut queue, 2, Urgency::Background), Full::Queue);
    assert_eq!(queue.len(), 20, "half of what there may be");
    assert_eq!(fill(&mut queue, 2, Urgency::Interactive), Full::Session);
    assert_eq!(fill(&mut queue, 3, Urgency::Interactive), Full::Queue);
    assert_eq!(queue.len(), 40);
}

#[test]
fn a_queue_of_one_takes_any_call() {
    let queue: CallQueue<Job> = CallQueue::new(Room { calls_max: 1, per_session_max: 1 });
    for urgency in Urgency::ALL {
        assert_eq!(queue.check_room(SessionId(1), urgency), Ok(()));
    }
}
