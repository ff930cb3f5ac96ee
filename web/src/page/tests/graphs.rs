//! The graph below the ladder: when it is asked for, and of which conversation.

use super::looking::opened;
use super::{document, extent, reading};
use crate::page::graphs::Plotting;
use crate::page::state::{Action, Effect, State};
use crate::protocol::{DrawnGraph, FromDocument, GraphRequest, ToDocument};
use synema_diagram::graph::GraphKind;

fn asked(effects: &[Effect]) -> Vec<GraphRequest> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Document(ToDocument::Graph(request)) => Some(*request),
        _ => None,
    });
    asked.collect()
}

fn plot(state: &mut State, plotting: Plotting) -> Vec<GraphRequest> {
    asked(&state.reduce(Action::Plot(plotting)))
}

fn with_graph() -> State {
    let mut state = reading();
    opened(&mut state, 300);
    plot(&mut state, Plotting::Resized(700.0, 240.0));
    let first = plot(&mut state, Plotting::Toggle);
    assert_eq!(first.len(), 1, "it is asked for when it is opened");
    document(&mut state, FromDocument::Graph(Ok(DrawnGraph::default())));
    state
}

#[test]
fn a_graph_that_nobody_sees_is_not_drawn() {
    let mut state = reading();
    opened(&mut state, 300);
    assert_eq!(plot(&mut state, Plotting::Kind(GraphKind::Window)), []);
    assert_eq!(plot(&mut state, Plotting::Toggle), [], "it has no size yet");
    let request = plot(&mut state, Plotting::Resized(700.0, 240.0));
    assert_eq!(request[0].kind, GraphKind::Window);
}

#[test]
fn one_question_is_asked_at_a_time_and_the_last_wish_is_the_next() {
    let mut state = with_graph();
    assert_eq!(plot(&mut state, Plotting::Kind(GraphKind::Flight)).len(), 1);
    assert_eq!(plot(&mut state, Plotting::Kind(GraphKind::Throughput)), []);
    assert_eq!(plot(&mut state, Plotting::Kind(GraphKind::RoundTrip)), []);
    let effects = document(&mut state, FromDocument::Graph(Err("nothing".into())));
    let kinds: Vec<_> = asked(&effects).iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [GraphKind::RoundTrip]);
    let effects = document(&mut state, FromDocument::Graph(Err("nothing".into())));
    assert_eq!(asked(&effects), [], "it is what is wanted");
    let effects = document(&mut state, extent(2, 301, 900.0));
    assert_eq!(asked(&effects).len(), 1, "the document has grown");
}

#[test]
fn it_is_of_the_conversation_that_is_looked_at() {
    let mut state = with_graph();
    state.reduce(Action::Select(Some(9)));
    let detail = |stream| FromDocument::Detail {
        number: 9,
        detail: None,
        row: None,
        stream,
        at_ns: 5,
    };
    let effects = document(&mut state, detail(Some(4)));
    assert_eq!(asked(&effects)[0].stream, 4);
    document(&mut state, FromDocument::Graph(Ok(DrawnGraph::default())));
    let effects = document(&mut state, detail(None));
    assert_eq!(
        asked(&effects),
        [],
        "ARP has no conversation: the last stays"
    );
    let effects = state.reduce(Action::Only(Some(7)));
    assert_eq!(asked(&effects)[0].stream, 7);
}
