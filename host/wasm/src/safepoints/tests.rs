//! Small components, and damaged ones, before and after.

use proptest::prelude::*;

use super::*;

fn rewritten(text: &str) -> Vec<u8> {
    with_polls(&wat::parse_str(text).unwrap()).unwrap()
}

/// Every function of a component, as the texts of its operators.
fn functions(component: &[u8]) -> Vec<Vec<String>> {
    let bodies = Parser::new(0).parse_all(component).filter_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let operators = |body: FunctionBody<'_>| {
        let operators = body.get_operators_reader().unwrap();
        operators.into_iter().map(|operator| format!("{:?}", operator.unwrap())).collect()
    };
    bodies.map(operators).collect()
}

fn polled() -> Vec<String> {
    let mut poll_text = Vec::new();
    poll(&mut poll_text);
    let mut body = vec![0];
    body.extend(&poll_text);
    body.push(0x0b);
    let body = FunctionBody::new(wasmparser::BinaryReader::new(&body, 0));
    let operators = body.get_operators_reader().unwrap().into_iter();
    operators.map(|operator| format!("{:?}", operator.unwrap())).take(3).collect()
}

const LOOPS: &str = r#"(component (core module
    (memory 1)
    (global $g (mut i32) (i32.const 0))
    (func $empty)
    (func (param i32 i64) (result i32) (local f32 v128 i32)
        (block
            (loop (br_if 1 (local.get 0)) (loop (br 1))))
        (i32.const 3)
        (loop (param i32) (result i32) (call $empty) (global.set $g (i32.const 7))))
))"#;

#[test]
fn each_entry_and_each_loop_polls_and_nothing_else_is_different() {
    let before = wat::parse_str(LOOPS).unwrap();
    let after = rewritten(LOOPS);
    Validator::new_with_features(WasmFeatures::all()).validate_all(&after).unwrap();
    let poll = polled();
    assert!(poll[2].starts_with("I32Store8"), "{poll:?}");
    let expected: Vec<Vec<String>> = functions(&before)
        .into_iter()
        .map(|operators| {
            let mut with_polls = poll.clone();
            for operator in operators {
                let is_loop = operator.starts_with("Loop");
                with_polls.push(operator);
                if is_loop {
                    with_polls.extend(poll.clone());
                }
            }
            with_polls
        })
        .collect();
    assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [4, 28], "four polls in the second");
    assert_eq!(functions(&after), expected);
}

/// What each module of a component needs.
fn needs(text: &str) -> Vec<Needs> {
    let component = wat::parse_str(text).unwrap();
    let modules = Parser::new(0).parse_all(&component).filter_map(|payload| match payload.unwrap() {
        Payload::ModuleSection { unchecked_range, .. } => Some(Needs::of(&component[unchecked_range]).unwrap()),
        _ => None,
    });
    modules.collect()
}

#[test]
fn a_module_gets_a_memory_only_where_it_could_not_be_stopped_without() {
    let text = r#"(component
        (core module (import "m" "m" (memory 1)) (func (loop (br 0))))
        (core module (func))
        (core module (import "f" "f" (func $f)) (table 1 funcref) (func (call $f)) (func (call_indirect (i32.const 0))))
        (core module (func (loop (br 0))))
        (core module (import "f" "f" (func $f)) (func (call $f) (call $f)))
        (core module (func $f (return_call $f)))
        (core module (global i32 (i32.const 1)) (export "g" (global 0)) (func $f (loop (br 0))) (start $f))
    )"#;
    use Needs::{Nothing, Polls, PollsAndMemory};
    let expected = [Polls, Nothing, Nothing, PollsAndMemory, PollsAndMemory, PollsAndMemory, PollsAndMemory];
    assert_eq!(needs(text), expected);
    let after = rewritten(text);
    Validator::new_with_features(WasmFeatures::all()).validate_all(&after).unwrap();
    let has_memory = |payload: &Payload<'_>| matches!(payload, Payload::MemorySection(_));
    let n_memories = Parser::new(0).parse_all(&after).filter(|payload| has_memory(payload.as_ref().unwrap())).count();
    assert_eq!(n_memories, 4);
}

#[test]
fn names_and_other_custom_sections_stay() {
    let before =
        wat::parse_str(r#"(component $c (core module $m (@custom "mine" "kept") (memory 1) (func $f)))"#).unwrap();
    let custom = |component: &[u8]| {
        let sections = Parser::new(0).parse_all(component).filter_map(|payload| match payload.unwrap() {
            Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
            _ => None,
        });
        sections.collect::<Vec<_>>()
    };
    assert_eq!(custom(&before).len(), 3);
    assert_eq!(custom(&with_polls(&before).unwrap()), custom(&before));
}

#[test]
fn what_is_invalid_is_not_made_valid() {
    // The store would be to the memory that the loop brings.
    let text = "(component (core module (func (loop (i32.store (i32.const 0) (i32.const 0)) (br 0)))))";
    let error = with_polls(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(format!("{error:#}").contains("memory"), "{error:#}");
}

#[test]
fn a_component_that_ends_in_the_middle_of_a_module_is_refused() {
    let component = wat::parse_str(LOOPS).unwrap();
    for end in 0..component.len() {
        // Without the module it would be whole.
        assert!(with_polls(&component[..end]).is_err() || end == 8, "cut at {end}");
    }
}

#[test]
fn a_module_has_no_memory_that_is_not_polled() {
    for memories in [r#"(import "m" "m" (memory 1)) (memory 1)"#, "(memory 1) (memory 1)"] {
        let text = format!("(component (core module {memories}))");
        let error = with_polls(&wat::parse_str(text).unwrap()).unwrap_err();
        assert!(format!("{error:#}").contains("multiple memories"), "{error:#}");
    }
}

#[test]
fn components_are_nested_so_deep_and_no_deeper() {
    let nested = |depth: usize| wat::parse_str("(component ".repeat(depth + 1) + &")".repeat(depth + 1)).unwrap();
    assert!(with_polls(&nested(DEPTH_MAX)).is_ok());
    let error = with_polls(&nested(DEPTH_MAX + 1)).unwrap_err();
    assert!(error.to_string().contains("nested"), "{error}");
}

proptest! {
    #[test]
    fn damaged_components_are_refused_or_rewritten_to_valid_ones(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut component = wat::parse_str(LOOPS).unwrap();
        for (place, byte) in damage {
            let place = place.index(component.len());
            component[place] = byte;
        }
        if is_cut {
            component.truncate(end.index(component.len()));
        }
        if let Ok(rewritten) = with_polls(&component) {
            Validator::new_with_features(WasmFeatures::all()).validate_all(&rewritten).unwrap();
        }
    }
}
