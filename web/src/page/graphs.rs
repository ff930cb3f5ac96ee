//! The part of the state that shows a graph below the ladder: of the conversation that is looked
//! at. Pure.
//!
//! ```text
//!   conversation, kind, way, size, theme, version changed ──> ask (unless asked) ──> Graph ──> drawn
//! ```

use super::state::{Effect, State, Theme};
use crate::protocol::{DrawnGraph, GraphRequest, ToDocument};
use std::rc::Rc;
use synema_diagram::graph::{GraphKind, Way};
use synema_diagram::view::Filter;

/// The graph below the ladder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graphs {
    /// Whether it is shown.
    pub open: bool,
    /// What is shown over time.
    pub kind: GraphKind,
    /// Of which direction.
    pub way: Way,
    /// The graph, or why there is none.
    pub drawn: Option<Rc<Result<DrawnGraph, String>>>,
    /// The last conversation that was looked at.
    stream: Option<u32>,
    /// Its place on the screen, CSS pixels.
    size: (f64, f64),
    asked: bool,
    /// What the last question was, and the document's version then.
    question: Option<(GraphRequest, u64)>,
}

/// What is done with the graph.
#[derive(Clone, Copy, Debug)]
pub enum Plotting {
    /// Show it, or no longer.
    Toggle,
    /// Another kind.
    Kind(GraphKind),
    /// The other direction.
    Turn,
    /// Its place has this size, CSS pixels.
    Resized(f64, f64),
    /// Go to the packet that is drawn nearest to here, CSS pixels within it.
    Pick(f64, f64),
}

impl State {
    pub(super) fn plot(&mut self, plotting: Plotting) -> Vec<Effect> {
        let graphs = &mut self.graphs;
        match plotting {
            Plotting::Toggle => graphs.open = !graphs.open,
            Plotting::Kind(kind) => graphs.kind = kind,
            Plotting::Turn => {
                graphs.way = match graphs.way {
                    Way::Busier => Way::Quieter,
                    Way::Quieter => Way::Busier,
                }
            }
            Plotting::Resized(width, height) => graphs.size = (width, height),
            Plotting::Pick(x, y) => {
                return vec![Effect::Document(ToDocument::GraphPick { x, y })];
            }
        }
        Vec::new()
    }

    /// The selected packet's conversation is the one that is drawn.
    pub(super) fn plot_stream(&mut self, stream: Option<u32>) {
        self.graphs.stream = stream.or(self.graphs.stream);
    }

    /// Another document is shown.
    pub(super) fn plot_anew(&mut self) {
        self.graphs.stream = None;
        self.graphs.drawn = None;
        self.graphs.question = None;
    }

    pub(super) fn plotted(&mut self, drawn: Result<DrawnGraph, String>) {
        self.graphs.asked = false;
        self.graphs.drawn = Some(Rc::new(drawn));
    }

    /// The question for the graph, if the one that is drawn is not what is to be seen.
    pub(super) fn ask_graph(&mut self) -> Option<Effect> {
        let (width, height) = self.graphs.size;
        if !self.graphs.open || self.graphs.asked || width < 1.0 || self.reader.extent.packets == 0
        {
            return None;
        }
        let alone = match self.reader.view.filter {
            Filter::Stream(stream) => Some(stream),
            Filter::All => None,
        };
        let largest = self.looking.contents.as_ref();
        let largest = largest.and_then(|contents| Some(contents.conversations.first()?.stream));
        let request = GraphRequest {
            stream: alone.or(self.graphs.stream).or(largest).unwrap_or(0),
            kind: self.graphs.kind,
            way: self.graphs.way,
            width,
            height,
            dark: self.theme == Theme::Dark,
        };
        let question = (request, self.reader.extent.version);
        if self.graphs.question == Some(question) {
            return None;
        }
        self.graphs.question = Some(question);
        self.graphs.asked = true;
        Some(Effect::Document(ToDocument::Graph(request)))
    }
}
