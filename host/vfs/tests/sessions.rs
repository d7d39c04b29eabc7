//! What is remembered of proposers, and what is given up.

mod model;

use model::{Machine, create_workspace, next};
use proptest::prelude::*;
use vraftls_vfs::{
    Applied, ClientId, Command, N_SESSIONS_MAX, Refusal, Request, Response, SESSION_WINDOW, Sequence, State,
    WorkspaceId,
};

fn request_of(client: ClientId, sequence: u64) -> Command {
    let request = Request::RemoveWorkspace { workspace: WorkspaceId(sequence as u32) };
    Command::Once { client, sequence: Sequence(sequence), request }
}

/// What a command of `request_of` is answered when it is executed: it names its sequence.
fn executed(sequence: u64) -> Response {
    Err(Refusal::NoSuchWorkspace { workspace: WorkspaceId(sequence as u32) })
}

fn open(state: &mut State) -> ClientId {
    match state.apply(next(state), Command::OpenSession).0 {
        Ok(Applied::SessionOpened { client }) => client,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_youngest_answers_are_remembered() {
    let mut machine = Machine::new();
    let client = machine.client;
    let window = SESSION_WINDOW as u64;
    for sequence in 1..=window + 3 {
        assert_eq!(machine.apply(request_of(client, sequence)).0, executed(sequence));
    }
    for sequence in 0..=3 {
        assert_eq!(machine.apply(request_of(client, sequence)).0, Err(Refusal::AnswerForgotten { forgotten: 3 }));
    }
    for sequence in 4..=window + 3 {
        assert_eq!(machine.apply(request_of(client, sequence)).0, executed(sequence));
    }
}

#[test]
fn requests_may_overtake_each_other_within_the_window() {
    let mut machine = Machine::new();
    let client = machine.client;
    for sequence in [2, 1, SESSION_WINDOW as u64 + 1, 3] {
        assert_eq!(machine.apply(request_of(client, sequence)).0, executed(sequence));
    }
}

#[test]
fn an_unknown_session_is_refused_and_nothing_happens() {
    let mut state = State::new();
    let client = ClientId(42);
    let command = Command::Once { client, sequence: Sequence(1), request: create_workspace("w") };
    assert_eq!(state.apply(next(&state), command), (Err(Refusal::NoSuchSession { client }), vec![]));
    assert_eq!(state.workspaces().len(), 0);
}

#[test]
fn the_least_recently_used_session_makes_room() {
    let mut state = State::new();
    let clients: Vec<_> = (0..N_SESSIONS_MAX).map(|_| open(&mut state)).collect();
    let _ = state.apply(next(&state), request_of(clients[0], 1));
    // Now the second is the one that was used longest ago.
    let newest = open(&mut state);
    let restored = State::decode(&state.encode()).unwrap();
    for mut state in [state, restored] {
        let gone = state.apply(next(&state), request_of(clients[1], 1)).0;
        assert_eq!(gone, Err(Refusal::NoSuchSession { client: clients[1] }));
        for client in [clients[0], clients[2], newest] {
            assert_eq!(state.apply(next(&state), request_of(client, 1)).0, executed(1));
        }
    }
}

proptest! {
    /// Whatever arrives again or late: no command takes effect twice.
    #[test]
    fn a_command_takes_effect_at_most_once(sequences in prop::collection::vec(1u64..400, 1..400)) {
        let mut machine = Machine::new();
        let mut n_executed = std::collections::BTreeMap::new();
        let mut n_workspaces = 0;
        for sequence in sequences {
            let request = create_workspace(&format!("{sequence}"));
            let command = Command::Once { client: machine.client, sequence: Sequence(sequence), request };
            let _ = machine.apply(command);
            let created = machine.state.workspaces().len() - n_workspaces;
            n_workspaces += created;
            *n_executed.entry(sequence).or_insert(0) += created;
            prop_assert!(n_executed[&sequence] <= 1);
        }
    }
}
