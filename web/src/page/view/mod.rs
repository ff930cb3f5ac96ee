//! What is seen: each view is given data and answers with elements. None keeps state.

pub mod contents;
pub mod dialog;
pub mod draft;
pub mod experiment;
pub mod filter;
pub mod foot;
pub mod graph;
pub mod ladder;
pub mod legend;
pub mod marks;
pub mod measure;
pub mod menus;
pub mod notes;
pub mod overview;
pub mod packet;
pub mod response;
pub mod scene;
pub mod share;
pub mod strip;
pub mod top;
pub mod watch;
pub mod wire;

pub use measure::Faces;

use super::state::Action;
use crate::protocol::Trouble;
use crate::words::{Words, fill};
use std::rc::Rc;
use yew::prelude::*;

/// Something large that is the same as long as it is the same object.
#[derive(Debug)]
pub struct Shared<T>(pub Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The language, as a property of components.
pub type Language = &'static Words;

/// A callback that makes an action of whatever event came.
pub fn does<E>(act: &Callback<Action>, action: impl Fn() -> Action + 'static) -> Callback<E> {
    act.reform(move |_| action())
}

/// What went wrong, and what to do.
pub fn problem(words: Language, trouble: &Trouble) -> Html {
    let problem = trouble.words(words);
    html! {
        <div class="error" role="alert" data-test="error">
            <strong>{ problem.cause }</strong>
            { fill(words.error_next, &[("next", &problem.next)]) }
        </div>
    }
}

/// A handshake, for the empty place: what is going to be seen here.
pub fn picture() -> Html {
    html! {
        <svg viewBox="0 0 240 120" aria-hidden="true">
            <line class="lane-line" x1="40" x2="40" y1="6" y2="114" />
            <line class="lane-line" x1="200" x2="200" y1="6" y2="114" />
            <g class="arrow kind-syn"><path class="line" d="M44 18L192 38" stroke-width="1.6" />
                <polygon class="tip" points="198,39 190,41 191,34" /></g>
            <g class="arrow kind-syn"><path class="line" d="M196 46L48 66" stroke-width="1.6" />
                <polygon class="tip" points="42,67 49,62 50,69" /></g>
            <g class="arrow kind-data"><path class="line" d="M44 76L192 96" stroke-width="2" />
                <polygon class="tip" points="198,97 190,99 191,92" /></g>
        </svg>
    }
}
