//! The graph below the ladder: a picture that the document's worker drew, and a line at the
//! selected packet.

use super::menus::menu;
use super::watch::Watch;
use super::{Language, Shared, does};
use crate::page::graphs::Plotting;
use crate::page::state::{Action, State};
use crate::protocol::DrawnGraph;
use synema_diagram::graph::GraphKind;
use synema_diagram::words::Language as Spoken;
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};
use yew::prelude::*;

/// The panel, if it is open.
pub fn panel(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let graphs = &state.graphs;
    if !graphs.open {
        return html! {};
    }
    let spoken = state.reader.view.language;
    let kinds = GraphKind::ALL.map(|kind| (kind, kind.words(Spoken::English), kind.words(spoken)));
    html! {
        <section class="graph" aria-label={words.graph} data-test="graph"
            data-drawn={graphs.drawn.as_ref().is_some_and(|drawn| drawn.is_ok()).to_string()}>
            <div class="graph-menu">
                { menu("graph-kind", words.graph, &kinds, graphs.kind, act, |kind| Action::Plot(Plotting::Kind(kind))) }
                <button class="link" data-test="graph-turn"
                    onclick={does(act, || Action::Plot(Plotting::Turn))}>{ words.graph_turn }</button>
                <button class="link" data-test="graph-close" aria-label={words.unselect} title={words.unselect}
                    onclick={does(act, || Action::Plot(Plotting::Toggle))}>{ "✕" }</button>
            </div>
            <GraphView drawn={graphs.drawn.clone().map(Shared)} at={state.reader.selected_ns} {words} act={act.clone()} />
        </section>
    }
}

/// What the graph is given.
#[derive(Clone, PartialEq, Properties)]
pub struct GraphProps {
    /// The graph, or why there is none.
    pub drawn: Option<Shared<Result<DrawnGraph, String>>>,
    /// When the selected packet was, ns since the capture's first.
    pub at: Option<u64>,
    /// The language.
    pub words: Language,
    /// What is done.
    pub act: Callback<Action>,
}

/// The graph's place, which tells its size.
pub struct GraphView {
    element: NodeRef,
    watch: Option<Watch>,
    /// The picture as the browser has it, and what it was made from.
    picture: Option<(Shared<Result<DrawnGraph, String>>, String)>,
}

impl Component for GraphView {
    type Message = ();
    type Properties = GraphProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut view = Self {
            element: NodeRef::default(),
            watch: None,
            picture: None,
        };
        view.take(ctx.props());
        view
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Self::Properties) -> bool {
        self.take(ctx.props());
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        html! {
            <div class="graph-room" ref={self.element.clone()}>{ self.content(props) }</div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if !first {
            return;
        }
        if let Some(element) = self.element.cast::<HtmlElement>() {
            let act = ctx.props().act.clone();
            self.watch = Watch::new(&element, move |width, height| {
                act.emit(Action::Plot(Plotting::Resized(width, height)));
            });
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        self.forget();
    }
}

impl GraphView {
    fn content(&self, props: &GraphProps) -> Html {
        let (Some(drawn), Some((_, url))) = (&props.drawn, &self.picture) else {
            let why = props
                .drawn
                .as_ref()
                .and_then(|drawn| drawn.0.as_ref().as_ref().err());
            let why = why.map_or(props.words.graph_working, String::as_str);
            return html! { <p class="quiet no-graph" role="status">{ why.to_owned() }</p> };
        };
        let Ok(graph) = drawn.0.as_ref() else {
            return html! {};
        };
        let act = props.act.clone();
        let onclick = Callback::from(move |event: MouseEvent| {
            let (x, y) = (event.offset_x().into(), event.offset_y().into());
            act.emit(Action::Plot(Plotting::Pick(x, y)));
        });
        let (top, bottom) = (graph.plot.y0, graph.plot.y1);
        let line = props.at.and_then(|ns| graph.x_of(ns)).map(|x| {
            html! {
                <svg class="graph-here" data-test="graph-here" aria-hidden="true">
                    <path d={format!("M{x:.1} {top:.1}V{bottom:.1}")} />
                </svg>
            }
        });
        html! {
            <>
                <img src={url.clone()} alt={graph.description.clone()} {onclick} data-test="graph-picture" data-kind={graph.kind.words(Spoken::English)} draggable="false" />
                { for line }
            </>
        }
    }

    /// Makes the picture anew when another was drawn.
    fn take(&mut self, props: &GraphProps) {
        let is_same = match (&self.picture, &props.drawn) {
            (Some((made, _)), Some(drawn)) => made == drawn,
            _ => false,
        };
        if is_same {
            return;
        }
        self.forget();
        let Some(drawn) = &props.drawn else {
            return;
        };
        if let Ok(graph) = drawn.0.as_ref()
            && let Some(url) = url_of(&graph.svg)
        {
            self.picture = Some((drawn.clone(), url));
        }
    }

    fn forget(&mut self) {
        if let Some((_, url)) = self.picture.take() {
            // A URL that is not known any more is forgotten already.
            let _ = Url::revoke_object_url(&url);
        }
    }
}

/// A picture as something that an image can show.
fn url_of(svg: &str) -> Option<String> {
    let options = BlobPropertyBag::new();
    options.set_type("image/svg+xml");
    let parts = js_sys::Array::of1(&svg.into());
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}
