//! What is shared: when it is asked for, and what becomes of it.

use super::looking::opened;
use super::{document, reading};
use crate::page::sharing::{PartChoice, Said, Share};
use crate::page::state::{Action, Effect, State};
use crate::page::writing::Dialog;
use crate::protocol::{Form, FromDocument, Part, ShareRequest, Shared, ToDocument};

fn sharing() -> State {
    let mut state = reading();
    state.home = "http://127.0.0.1:8620/".into();
    opened(&mut state, 300);
    state.reduce(Action::Share(Share::Open));
    assert_eq!(state.dialog, Some(Dialog::Share));
    state
}

fn asked(state: &mut State, share: Share) -> Option<ShareRequest> {
    let effects = state.reduce(Action::Share(share));
    effects.iter().find_map(|effect| match effect {
        Effect::Document(ToDocument::Share(request)) => Some(*request),
        _ => None,
    })
}

fn text(number: u32, text: &str) -> FromDocument {
    let shared = Shared::Text {
        text: text.into(),
        packets: 3,
    };
    FromDocument::Shared { number, shared }
}

#[test]
fn text_is_made_when_it_is_chosen_and_a_file_when_it_is_wanted() {
    let mut state = sharing();
    assert_eq!(asked(&mut state, Share::Form(Form::Png)), None);
    let request = asked(&mut state, Share::Download).expect("a picture is wanted");
    assert_eq!((request.form, request.part), (Form::Png, Part::Shown));
    assert_eq!(state.sharing.said, Some(Said::Making));
    let request = asked(&mut state, Share::Form(Form::Text)).expect("text is looked at first");
    document(&mut state, text(request.number, "the ladder"));
    assert_eq!(state.sharing.text().as_deref(), Some("the ladder"));
    let copy = state.reduce(Action::Share(Share::Copy));
    assert_eq!(copy, [Effect::Copy("the ladder".into())]);
    let saved = Effect::SaveText {
        name: "synema.txt".into(),
        text: "the ladder".into(),
    };
    assert_eq!(state.reduce(Action::Share(Share::Download)), [saved]);
}

#[test]
fn payload_goes_along_only_when_it_is_asked_for() {
    let mut state = sharing();
    let request = asked(&mut state, Share::Form(Form::Link)).expect("a link");
    assert!(!request.payload);
    let request = asked(&mut state, Share::Payload(true)).expect("another link");
    assert!(request.payload);
}

#[test]
fn an_answer_to_an_older_question_is_not_shared() {
    let mut state = sharing();
    let old = asked(&mut state, Share::Form(Form::Link)).expect("a link");
    let new = asked(&mut state, Share::Part(PartChoice::Sight)).expect("another link");
    assert!(matches!(new.part, Part::Sight { .. }));
    document(&mut state, text(old.number, "old"));
    assert_eq!(state.sharing.link(), None);
    document(&mut state, text(new.number, "new"));
    let link = state.sharing.link();
    assert_eq!(link.as_deref(), Some("http://127.0.0.1:8620/#d=new"));
}

#[test]
fn a_link_tells_its_cost_and_whether_it_leads_home() {
    let mut state = sharing();
    let words = state.words;
    for (len, told) in [
        (100, "any program"),
        (4_000, "cut links"),
        (9_000, "too long"),
    ] {
        let request = asked(&mut state, Share::Form(Form::Link)).expect("a link");
        document(&mut state, text(request.number, &"a".repeat(len)));
        let cost = state.sharing.cost(words).expect("its cost");
        assert!(cost.contains(told), "{len}: {cost}");
    }
    for (viewer, local) in [
        ("http://127.0.0.1:8620/", true),
        ("http://localhost:80/x", true),
        ("http://[::1]:80/", true),
        ("https://example.org/localhost/", false),
        ("http://127.example.org/", false),
    ] {
        state.reduce(Action::Share(Share::Viewer(viewer.into())));
        assert_eq!(state.sharing.is_local(), local, "{viewer}");
    }
    assert!(
        state.sharing.link().is_some(),
        "it is made of the new address"
    );
}
