//! What is written on the capture, and that nothing of it is lost unasked.

use super::looking::opened;
use super::{document, reading};
use crate::page::state::{Action, Effect, Source, State};
use crate::page::writing::{Dialog, Pen};
use crate::protocol::{FromDocument, Place, ToDocument, Write, Written};

fn changes(effects: &[Effect]) -> Vec<Write> {
    let changes = effects.iter().filter_map(|effect| match effect {
        Effect::Document(ToDocument::Write(change)) => Some(change.clone()),
        _ => None,
    });
    changes.collect()
}

fn pen(state: &mut State, pen: Pen) -> Vec<Write> {
    let effects = state.reduce(Action::Pen(pen));
    changes(&effects)
}

/// A file with a packet selected.
fn at_packet(number: u64) -> State {
    let mut state = reading();
    opened(&mut state, 300);
    state.reduce(Action::Select(Some(number)));
    state
}

fn tell_written(state: &mut State, written: Written) -> Vec<Effect> {
    document(state, FromDocument::Written(Box::new(written)))
}

#[test]
fn a_note_is_written_on_the_selected_packet_when_it_is_done() {
    let mut state = at_packet(12);
    assert_eq!(pen(&mut state, Pen::Note), []);
    pen(&mut state, Pen::Text("why is it late?".into()));
    let note = Write::Note {
        on: Place::Packet(12),
        text: "why is it late?".into(),
    };
    assert_eq!(pen(&mut state, Pen::Done), [note]);
    assert_eq!(state.dialog, None);
    state.reduce(Action::Select(None));
    assert_eq!(pen(&mut state, Pen::Note), []);
    assert_eq!(state.dialog, None, "there is nothing to write on");
}

#[test]
fn a_bracket_has_two_ends_or_is_none() {
    let mut state = at_packet(12);
    pen(&mut state, Pen::Bracket);
    pen(&mut state, Pen::Bracket);
    assert_eq!(state.writing.bracket_from, None, "the same packet twice");
    pen(&mut state, Pen::Bracket);
    state.reduce(Action::Select(Some(9)));
    pen(&mut state, Pen::Bracket);
    pen(&mut state, Pen::Text("a round trip".into()));
    let bracket = Write::Bracket {
        from: 12,
        to: 9,
        text: "a round trip".into(),
    };
    assert_eq!(pen(&mut state, Pen::Done), [bracket]);
    assert_eq!(state.writing.bracket_from, None);
}

#[test]
fn marks_are_taken_away_where_they_are() {
    let mut state = at_packet(12);
    let marked = Written {
        highlights: vec![3, 12],
        ..Written::default()
    };
    tell_written(&mut state, marked);
    let highlight = |on| Write::Highlight { packet: 12, on };
    assert_eq!(pen(&mut state, Pen::Highlight), [highlight(false)]);
    tell_written(&mut state, Written::default());
    assert_eq!(pen(&mut state, Pen::Highlight), [highlight(true)]);
    let hide = Write::Hide {
        packet: 12,
        on: true,
    };
    assert_eq!(pen(&mut state, Pen::Hide), [hide]);
}

#[test]
fn a_title_is_one_change_however_many_letters_it_has() {
    let mut state = at_packet(1);
    for text in ["L", "Lo", "Loss "] {
        assert_eq!(pen(&mut state, Pen::Typing(0, text.into())), []);
    }
    let title = Write::Title("Loss".into());
    assert_eq!(pen(&mut state, Pen::Typed(0)), [title]);
    assert_eq!(
        pen(&mut state, Pen::Typed(0)),
        [],
        "nothing was typed since"
    );
}

#[test]
fn notes_are_not_thrown_away_unasked() {
    let mut state = at_packet(12);
    let unsaved = Written {
        unsaved: true,
        unsaved_anywhere: true,
        ..Written::default()
    };
    assert_eq!(
        tell_written(&mut state, unsaved.clone()),
        [Effect::Warn(true)]
    );
    assert_eq!(tell_written(&mut state, unsaved), [], "said already");

    assert_eq!(state.reduce(Action::ShowWire), []);
    assert!(matches!(state.dialog, Some(Dialog::Unsaved(_))));
    state.reduce(Action::Dialog(None));
    assert!(matches!(state.source, Source::File { .. }), "it stays");

    state.reduce(Action::OpenSample("a.pcapng"));
    let effects = state.reduce(Action::Answer { save: true });
    assert_eq!(
        effects,
        [
            Effect::Document(ToDocument::Download),
            Effect::ForgetLink,
            Effect::OpenSample("a.pcapng")
        ]
    );
    assert_eq!(
        state.reduce(Action::Answer { save: true }),
        [],
        "asked once"
    );
}
