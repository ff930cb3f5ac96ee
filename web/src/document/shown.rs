//! One document that can be shown: the live capture, or a file.

use super::{live, writing};
use crate::protocol::{DrawnGraph, Extent, FilterProblem, GraphRequest, Live, Write, Written};
use crate::words::Words;
use synema_core::wire::MacAddr;
use synema_diagram::Document;
use synema_diagram::annotate::Annotations;
use synema_diagram::capture::{Frame, Interface, MemoryPolicy, file};
use synema_diagram::detail::Detail;
use synema_diagram::filter::{Expression, FilterError};
use synema_diagram::graph::{GraphOptions, GraphScene};
use synema_diagram::link;
use synema_diagram::notable::Contents;
use synema_diagram::render::{Theme, graph_svg};
use synema_diagram::scene::Scene;
use synema_diagram::strip::Strip;
use synema_diagram::view::{Filter, View};
use synema_diagram::words::Language;

/// So many conversations and moments are listed; the rest is counted.
const MOST: usize = 100;

/// A document, as the page asks for it.
pub struct Shown {
    pub(super) document: Document,
    /// What it is called where nobody gave it a title.
    pub(super) title: String,
    /// Which packets alone are drawn.
    pub(super) wanted: Option<Expression>,
    /// Of the live capture.
    numbers: live::Numbers,
    /// What is written in a file already.
    saved: Annotations,
    /// The graph that was drawn last.
    graph: Option<GraphScene>,
}

/// What was wrong with a file that could be read.
pub struct Reading {
    /// From some packet on.
    pub partly: Option<String>,
    /// On the way: how many things, and the first of them.
    pub passed_over: Option<(u64, String)>,
}

impl Shown {
    /// The live capture of one run, before its first packet.
    pub fn wire(interface: &str, mac: Option<MacAddr>, view: View) -> Self {
        let interface = Interface::ethernet(interface, mac);
        let view = unselected(view);
        let document = Document::live(interface, MemoryPolicy::default(), view);
        Self::of(document, Words::of(view.language).live_title)
    }

    /// A file's content, and what was wrong with it.
    ///
    /// # Errors
    /// Why nothing of it can be read.
    pub fn file(name: &str, bytes: &[u8], view: View) -> Result<(Self, Reading), String> {
        let opened = file::read(bytes).map_err(|problem| problem.to_string())?;
        let first = opened.warnings.first().map(ToString::to_string);
        let reading = Reading {
            partly: opened.stopped.map(|problem| problem.to_string()),
            passed_over: first.map(|first| (opened.passed_over, first)),
        };
        let document = Document::open(opened.capture, unselected(view));
        Ok((Self::of(document, name), reading))
    }

    /// The document of a link.
    ///
    /// # Errors
    /// Why there is none in it.
    pub fn link(text: &str, view: View) -> Result<Self, String> {
        let capture = link::decode(text).map_err(|problem| problem.words(view.language))?;
        let document = Document::open(capture, unselected(view));
        Ok(Self::of(document, Words::of(view.language).from_link))
    }

    /// Takes what the stack's worker told; says whether that changed something.
    pub fn take(&mut self, offset_ns: u64, told: Live) -> bool {
        live::take(&mut self.document, &mut self.numbers, offset_ns, told)
    }

    /// How many packets there are.
    pub fn packets(&self) -> u64 {
        self.document.capture().frames().len() as u64
    }

    /// How large it is.
    pub fn extent(&mut self, version: u64, view: View) -> Extent {
        self.look(view);
        Extent {
            version,
            packets: self.packets(),
            height: self.document.extent(),
            shown: self.document.packets_shown(),
            let_go: self.document.capture().payloads_let_go(),
            missing: self.document.stats().drops,
        }
    }

    /// What there is in it, and what is worth looking at.
    pub fn contents(&mut self, view: View) -> Contents {
        self.look(view);
        self.document.contents(MOST)
    }

    /// Reads a filter, and draws only what it means from now on if that is asked for. An empty
    /// one means everything.
    ///
    /// # Errors
    /// What is wrong with it, and where; everything stays as it was then.
    pub fn filter(
        &mut self,
        language: Language,
        text: &str,
        apply: bool,
    ) -> Result<(), FilterProblem> {
        let wanted = if text.is_empty() {
            None
        } else {
            Some(Expression::parse(text).map_err(|error| problem(language, &error))?)
        };
        if apply {
            self.wanted.clone_from(&wanted);
            self.document.set_wanted(wanted);
        }
        Ok(())
    }

    /// A packet's conversation, if it is TCP, and when it was, ns since the first.
    pub fn whereabouts(&self, number: u64) -> (Option<u32>, u64) {
        let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let digests = self.document.analysis().digests();
        let tcp = digests.get(at).and_then(|digest| digest.tcp);
        let frames = self.document.capture().frames();
        let ns = |frame: Option<&Frame>| frame.map_or(0, |frame| frame.at.as_nanos());
        let since = ns(frames.get(at)).saturating_sub(ns(frames.first()));
        (tcp.map(|tcp| tcp.stream), since)
    }

    /// Draws a graph.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn graph(&mut self, view: View, request: GraphRequest) -> Result<DrawnGraph, String> {
        let options = GraphOptions {
            stream: request.stream,
            kind: request.kind,
            way: request.way,
            width: request.width,
            height: request.height,
            metrics: view.metrics,
            ..GraphOptions::default()
        };
        self.graph = None;
        self.look(view);
        let scene = self.document.graph(&options);
        let scene = scene.map_err(|why| why.words(view.language))?;
        let theme = if request.dark {
            Theme::Dark
        } else {
            Theme::Light
        };
        let drawn = DrawnGraph {
            kind: request.kind,
            svg: graph_svg(&scene, theme),
            description: scene.description.clone(),
            plot: scene.plot,
            range_ns: scene.range_ns,
        };
        self.graph = Some(scene);
        Ok(drawn)
    }

    /// The packet that is drawn nearest to here in the last graph, if one is near.
    pub fn picked(&self, x: f64, y: f64) -> Option<u64> {
        self.graph.as_ref()?.nearest(x, y)
    }

    /// Changes what is written on it.
    pub fn write(&mut self, change: Write) {
        writing::write(&mut self.document, change);
    }

    /// What is written on it.
    pub fn written(&self) -> Written {
        writing::written(&self.document, &self.saved)
    }

    /// Whether something is written on it that is in no file.
    pub fn is_unsaved(&self) -> bool {
        *self.document.annotations() != self.saved
    }

    /// What is written on it is in a file now.
    pub fn saved(&mut self) {
        self.saved = self.document.annotations().clone();
    }

    /// A part of the ladder.
    pub fn scene(&mut self, view: View, y0: f64, y1: f64) -> Scene {
        self.look(view);
        self.document.window(y0, y1)
    }

    /// The strip's letters for so many packets.
    pub fn strip(&mut self, view: View, from: u64, count: u32) -> Strip {
        self.look(view);
        self.document
            .strip(from..from.saturating_add(u64::from(count)))
    }

    /// The whole in parts of equal height: packets, and troubles among them.
    pub fn overview(&mut self, view: View, bins: u32) -> Vec<[u32; 2]> {
        self.look(view);
        self.document.overview(bins as usize)
    }

    /// All about a packet.
    pub fn detail(&mut self, view: View, number: u64) -> Option<Detail> {
        self.look(view);
        self.document.detail(number)
    }

    /// Where a packet's row is.
    pub fn row(&mut self, view: View, number: u64) -> Option<(f64, f64)> {
        self.look(view);
        self.document.row_of(number).map(|band| (band.y0, band.y1))
    }

    /// A capture file.
    ///
    /// # Errors
    /// None that a buffer in memory has.
    pub fn pcapng(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file::write_pcapng(self.document.capture(), &mut bytes)?;
        Ok(bytes)
    }

    /// A document as the page sees it first.
    pub(super) fn of(document: Document, title: &str) -> Self {
        Self {
            saved: document.annotations().clone(),
            title: title.to_owned(),
            wanted: None,
            document,
            numbers: live::Numbers::default(),
            graph: None,
        }
    }

    /// What a link brings is written on it.
    pub(super) fn write_all(&mut self, brought: &Annotations) {
        self.document.annotate(writing::all_of(brought));
        self.saved();
    }

    /// What is written on it.
    pub(super) fn annotations(&self) -> &Annotations {
        self.document.annotations()
    }

    /// Looks at it so, if it is not looked at so already.
    pub(super) fn look(&mut self, view: View) {
        if *self.document.view() != view {
            self.document.set_view(view);
        }
    }
}

fn problem(language: Language, error: &FilterError) -> FilterProblem {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    FilterProblem {
        from: byte(error.at.start),
        to: byte(error.at.end),
        what: error.what(language).to_owned(),
    }
}

/// A selection belongs to the document that it was made in.
fn unselected(view: View) -> View {
    View {
        selected: None,
        filter: Filter::All,
        ..view
    }
}
