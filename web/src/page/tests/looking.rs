//! What of the document is looked at: filter, one conversation alone, a file's contents.

use super::{document, extent, reading, scene};
use crate::page::state::{Action, Effect, State};
use crate::protocol::{FilterProblem, FromDocument, ToDocument};
use synema_diagram::view::Filter;

pub(super) fn opened(state: &mut State, packets: u64) -> Vec<Effect> {
    let name = "a.pcap".into();
    let effects = document(
        state,
        FromDocument::Opened {
            name,
            partly: None,
            passed_over: None,
        },
    );
    document(state, extent(1, packets, 900.0));
    effects
}

fn asked_filters(effects: &[Effect]) -> Vec<(u32, &str, bool)> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Document(ToDocument::Wanted {
            number,
            text,
            apply,
        }) => Some((*number, text.as_str(), *apply)),
        _ => None,
    });
    asked.collect()
}

fn type_filter(state: &mut State, text: &str, enter: bool) -> Vec<Effect> {
    let text = text.to_owned();
    state.reduce(Action::Filter { text, enter })
}

#[test]
fn a_filter_is_applied_while_it_is_typed_unless_the_capture_is_large() {
    let mut state = reading();
    opened(&mut state, 300);
    let effects = type_filter(&mut state, " tcp ", false);
    assert_eq!(asked_filters(&effects), [(1, "tcp", true)]);

    document(&mut state, extent(2, 1_000_000, 900.0));
    let effects = type_filter(&mut state, "udp", false);
    assert_eq!(asked_filters(&effects), [(2, "udp", false)]);
    let effects = type_filter(&mut state, "udp", true);
    assert_eq!(asked_filters(&effects), [(3, "udp", true)]);
}

#[test]
fn an_old_answer_about_a_filter_says_nothing_of_the_new_one() {
    let mut state = reading();
    opened(&mut state, 300);
    type_filter(&mut state, "tc", false);
    type_filter(&mut state, "tcp", false);
    let problem = FilterProblem {
        from: 0,
        to: 2,
        what: "no such field".into(),
    };
    let answer = |number, applied, problem| FromDocument::Wanted {
        number,
        applied,
        problem,
    };
    document(&mut state, answer(1, None, Some(problem.clone())));
    assert_eq!(state.looking.filter.state_name(), "waiting");
    document(&mut state, answer(2, Some("tcp".into()), None));
    assert_eq!(state.looking.filter.state_name(), "applied");
    type_filter(&mut state, "tcp &&", false);
    document(&mut state, answer(3, None, Some(problem)));
    assert_eq!(state.looking.filter.state_name(), "bad");
    assert_eq!(
        state.looking.filter.applied, "tcp",
        "it is drawn by that still"
    );
}

#[test]
fn another_document_is_shown_whole_and_asked_for_its_contents() {
    let mut state = reading();
    opened(&mut state, 300);
    type_filter(&mut state, "tcp", true);
    state.reduce(Action::Only(Some(3)));
    let effects = opened(&mut state, 20);
    assert_eq!(asked_filters(&effects), [(2, "", true)]);
    let contents = Effect::Document(ToDocument::Contents);
    assert!(!effects.contains(&contents), "its beginning is drawn first");
    let effects = document(&mut state, scene(1, (0.0, 900.0), 900.0));
    assert!(effects.contains(&contents));
    let effects = document(&mut state, scene(1, (0.0, 900.0), 900.0));
    assert!(!effects.contains(&contents), "asked once");
    assert_eq!(state.reader.view.filter, Filter::All);
    assert!(state.looking.filter.text.is_empty());
}

#[test]
fn a_packet_of_another_conversation_is_gone_to_among_all() {
    let mut state = reading();
    opened(&mut state, 300);
    state.reduce(Action::Only(Some(3)));
    let go = |stream| Action::Go { packet: 17, stream };
    state.reduce(go(Some(3)));
    assert_eq!(state.reader.view.filter, Filter::Stream(3));
    state.reduce(go(Some(4)));
    assert_eq!(state.reader.view.filter, Filter::All);
    assert_eq!(state.reader.selected, Some(17));
}

#[test]
fn a_packet_that_is_left_out_is_told_so_and_shown_with_all_others() {
    let mut state = reading();
    opened(&mut state, 300);
    type_filter(&mut state, "udp", true);
    state.reduce(Action::Select(Some(4)));
    let detail = |row| FromDocument::Detail {
        number: 4,
        detail: Some(Box::default()),
        row,
        stream: Some(0),
        at_ns: 0,
    };
    document(&mut state, detail(None));
    assert!(state.reader.selected_left_out);
    let effects = state.reduce(Action::ShowAll);
    assert_eq!(asked_filters(&effects), [(2, "", true)]);
    assert!(effects.contains(&Effect::Document(ToDocument::Detail { number: 4 })));
    document(&mut state, detail(Some((10.0, 30.0))));
    assert!(!state.reader.selected_left_out);
}
