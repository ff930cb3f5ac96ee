//! The application's root: a shell around [`state::State`] that starts the workers, does what
//! `reduce` asks for, and draws.

pub mod action;
pub mod entry;
pub mod fetch;
pub mod graphs;
mod keys;
pub mod looking;
pub mod picture;
pub mod playing;
pub mod reader;
pub mod samples;
pub mod scroll;
pub mod sharing;
pub mod shell;
pub mod state;
#[cfg(test)]
mod tests;
pub mod view;
pub mod wire;
pub mod writing;

use crate::protocol::{FromDocument, FromStack};
use playing::{Play, Playing};
use shell::Shell;
use state::{Action, Source, State, Tab};
use view::ladder::Ladder;
use view::overview::OverviewView;
use view::packet::PacketView;
use view::strip::StripView;
use view::{Shared, does, foot, top};
use wasm_bindgen::JsValue;
use yew::prelude::*;

/// Begins. Called once, by the page's binary.
pub fn start() {
    crate::broken::tell_the_reader();
    yew::Renderer::<App>::new().render();
}

/// The page.
pub struct App {
    state: State,
    shell: Shell,
}

/// What happens to the page.
pub enum Msg {
    /// An action.
    Do(Action),
    /// The document's worker handed over a file to be saved (a `Blob`).
    Save {
        /// The name to propose.
        name: String,
        /// Its content.
        blob: JsValue,
    },
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let (shell, failed) = Shell::start(
            ctx.link()
                .callback(|batch: Vec<FromStack>| Msg::Do(Action::Stack(batch))),
            ctx.link().callback(document_said),
            &ctx.link().callback(Msg::Do),
        );
        let wants_experiments = entry::wants_experiments();
        let mut state = State::new(entry::find(), entry::theme());
        state.home = entry::home();
        let language = entry::language();
        // The document's worker is told of it when it listens.
        state.speak(language);
        state.playing.still = entry::wants_stillness();
        let first = first(state.entry.is_some() && !wants_experiments);
        for effect in first.map_or_else(Vec::new, |first| state.reduce(first)) {
            shell.perform(effect);
        }
        if let Some(why) = failed {
            state.reduce(Action::WorkerFailed(why));
        }
        shell.show_theme(state.theme);
        shell.show_language(language);
        Self { state, shell }
    }

    fn update(&mut self, _ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Do(action) => {
                for effect in self.state.reduce(action) {
                    self.shell.perform(effect);
                }
                true
            }
            Msg::Save { name, blob } => {
                if let Err(error) = shell::save(&name, &blob) {
                    let why = FromDocument::FileFailed {
                        why: format!("{error:?}"),
                    };
                    self.state.reduce(Action::Document(vec![why]));
                }
                true
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let state = &self.state;
        let act = ctx.link().callback(Msg::Do);
        let tab = match state.tab {
            Tab::Wire => "wire",
            Tab::Packet => "packet",
        };
        html! {
            <div class="app" data-test="app" data-theme={state.theme.name()} data-tab={tab}
                data-graph={state.graphs.open.to_string()} data-compare={state.playing.beside.is_some().to_string()}
                data-selected={state.reader.selected.is_some().to_string()}
                data-source={match state.source {
                    Source::Wire => "wire",
                    Source::Experiment => "experiment",
                    Source::File { .. } => "file",
                }}>
                <a class="hidden-text" href="#ladder">{ state.words.skip }</a>
                { top::bar(state, &act) }
                { top::banner(state, &act) }
                { left(state, &act) }
                if state.source == Source::Experiment { { view::experiment::transport(state, &act) } }
                { middle(state, &act) }
                { tabs(state, &act) }
                <PacketView detail={view::packet::shared(&state.reader.detail)}
                    written={Shared(state.writing.written.clone())} bracket_from={state.writing.bracket_from}
                    left_out={state.reader.selected_left_out}
                    packets={state.reader.extent.packets} marked={state.reader.marked}
                    words={state.words} act={act.clone()} />
                { view::dialog::view(state, &act) }
                if state.looking.dragged {
                    <div class="drop-here" data-test="drop-here"><p>{ state.words.drop_here }</p></div>
                }
            </div>
        }
    }
}

/// What the page is opened for: a link's document or experiment; the wire, for who brings a key and
/// asks for nothing else; or the first experiment.
fn first(wire: bool) -> Option<Action> {
    let document = entry::link().map(Action::OpenLink);
    let experiment = || entry::experiment().map(|text| Action::Play(Play::Link(text)));
    let begun = || (!wire).then_some(Action::Play(Play::Show));
    document.or_else(experiment).or_else(begun)
}

/// A file is saved at once; all else is an action.
fn document_said((batch, attached): (Vec<FromDocument>, Option<JsValue>)) -> Msg {
    match (batch.as_slice(), attached) {
        ([FromDocument::File { name }], Some(blob)) => Msg::Save {
            name: name.clone(),
            blob,
        },
        _ => Msg::Do(Action::Document(batch)),
    }
}

/// What is to be done on the wire, or what an opened file contains.
fn left(state: &State, act: &Callback<Action>) -> Html {
    if state.writing.open {
        return view::notes::panel(state, act);
    }
    match state.source {
        Source::Wire => view::wire::panel(state, act),
        Source::Experiment => view::experiment::panel(state, act),
        Source::File { .. } => view::contents::panel(state, act),
    }
}

/// Strip, ladder, counters.
fn middle(state: &State, act: &Callback<Action>) -> Html {
    let reader = &state.reader;
    let words = state.words;
    let playing = Some(&state.playing).filter(|_| state.source == Source::Experiment);
    let curtain = playing.and_then(Playing::curtain);
    let cursor = curtain.map(|y| {
        let time = view::experiment::time(state.playing.time_ns());
        (y, AttrValue::from(time))
    });
    let until = curtain.map(|_| state.playing.last_departed());
    html! {
        <main class="middle">
            <div class="above">
                <StripView strip={Shared(reader.strip.clone())} selected={reader.selected} {until}
                    following={reader.following || until.is_some()} {words} act={act.clone()} />
                { view::menus::menus(state, act) }
            </div>
            { view::filter::note(state, act) }
            { view::notes::bracket_note(state, act) }
            { view::experiment::compared(state, act, html! {
                <Ladder scene={view::ladder::shared(&reader.scene)} scroll={reader.scroll}
                    selected={reader.selected} {cursor} {words}
                    empty={empty(state, act)} overview={overview(state, act)} act={act.clone()} />
            }) }
            { view::graph::panel(state, act) }
            { foot::bar(state, act) }
        </main>
    }
}

fn overview(state: &State, act: &Callback<Action>) -> Html {
    let reader = &state.reader;
    let height = reader.extent.height.max(1.0);
    let top = reader.scroll.top();
    let seen = (
        top / height,
        ((top + reader.scroll.view()) / height).min(1.0),
    );
    html! {
        <OverviewView overview={Shared(reader.overview.clone())} {seen} theme={state.theme}
            height={reader.scroll.view()} words={state.words} act={act.clone()} />
    }
}

/// What stands in the ladder's place before the first packet: what to do.
fn empty(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    if let Some(name) = &state.reading {
        let text = crate::words::fill(words.working, &[("name", name)]);
        return html! { <div class="empty" role="status"><div><strong>{ text }</strong></div></div> };
    }
    let extent = &state.reader.extent;
    if extent.packets > 0 && extent.shown == 0 {
        return html! { <div class="empty" role="status"><div><strong>{ words.filter_nothing }</strong></div></div> };
    }
    let waits = state.playing.is_at_start() && !state.playing.is_moving();
    if state.source == Source::Experiment && state.playing.run.is_some() && waits {
        let what = match state.playing.told() {
            Some(told) if told.by_hand => words.hand_ready_text,
            _ => words.experiment_ready_text,
        };
        return html! {
            <div class="empty" data-test="before-run"><div>
                <strong>{ words.experiment_ready }</strong>
                <p>{ what }</p>
            </div></div>
        };
    }
    if extent.packets > 0 {
        return html! {};
    }
    let text = match (&state.source, &state.wire.bridge) {
        (Source::Experiment, _) => return html! {},
        (Source::File { .. }, _) => words.empty_file,
        (_, wire::Bridge::Absent | wire::Bridge::Refused { .. }) => words.empty_absent,
        (_, wire::Bridge::Open) if state.wire.is_lab() => words.empty_lab,
        (_, wire::Bridge::Open) => words.empty_open,
        (_, wire::Bridge::Connecting | wire::Bridge::Lost { .. }) => words.empty_connecting,
    };
    let title = if text == words.empty_absent || text == words.empty_file {
        words.empty_title_absent
    } else {
        words.empty_title
    };
    html! {
        <div class="empty"><div>
            { view::picture() }
            <strong>{ title }</strong>
            <p>{ text }</p>
            if state.source == Source::Wire && state.wire.bridge == wire::Bridge::Absent {
                { view::contents::samples(words, "sample", act) }
            }
        </div></div>
    }
}

fn tabs(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let one = |tab: Tab, text: &'static str, panel: &'static str| {
        html! {
            <button role="tab" aria-selected={(state.tab == tab).to_string()} aria-controls={panel}
                onclick={does(act, move || Action::Show(tab))}>{ text }</button>
        }
    };
    let left = match state.source {
        _ if state.writing.open => words.notes_title,
        Source::Wire => words.tab_wire,
        Source::Experiment => words.tab_experiment,
        Source::File { .. } => words.tab_capture,
    };
    html! {
        <div class="tabs" role="tablist">
            { one(Tab::Wire, left, "panel-wire") }
            { one(Tab::Packet, words.tab_packet, "panel-packet") }
        </div>
    }
}
