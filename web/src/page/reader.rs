//! The reader's part of the state: where in the ladder he is and what he looks at. Pure.
//!
//! The document's worker is asked for one window at a time. What comes back is drawn as it
//! is; when meanwhile the reader has scrolled on or the document has grown, it is asked again.
//!
//! ```text
//!   version changed, scrolled, resized ──> is the scene still good? ──no──> ask (unless asked)
//!                    ^                                                        │
//!                    '───────────────────── Scene <───────────────────────────'
//! ```

use super::scroll::Scroll;
use crate::protocol::{Extent, FromDocument, ToDocument};
use std::rc::Rc;
use synema_diagram::detail::Detail;
use synema_diagram::scene::Scene;
use synema_diagram::strip::Strip;
use synema_diagram::view::{Axis, Filter, LabelMode, Metrics, View};
use synema_diagram::words::Language;

/// Letters of the strip that are asked for at once.
pub const STRIP_LETTERS: u32 = 80;
/// Room that is kept around a selected row, CSS pixels.
const MARGIN: f64 = 48.0;
/// So near to the end counts as the end, CSS pixels.
const END: f64 = 24.0;

/// Where the reader is and what he looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reader {
    /// The choices.
    pub view: View,
    /// The document's size.
    pub extent: Extent,
    /// Where in the ladder.
    pub scroll: Scroll,
    /// Whether the newest packet is kept in sight.
    pub following: bool,
    /// The part of the ladder that is drawn.
    pub scene: Option<Rc<Scene>>,
    /// The document's version that `scene` was made from.
    pub scene_version: u64,
    /// The strip.
    pub strip: Rc<Strip>,
    /// The whole at a glance.
    pub overview: Rc<Vec<[u32; 2]>>,
    /// The selected packet's number.
    pub selected: Option<u64>,
    /// All about it, once it is known.
    pub detail: Option<Rc<Detail>>,
    /// When it was, ns since the first packet, once it is known.
    pub selected_ns: Option<u64>,
    /// Whether it is known that the selected packet is not drawn.
    pub selected_left_out: bool,
    /// The bytes that are marked in the packet panel: from, to.
    pub marked: Option<(u32, u32)>,
    /// Buckets that the overview has room for.
    buckets: u32,
    asked_scene: bool,
    asked_strip: bool,
    asked_overview: bool,
    strip_of: (u64, u64),
    overview_version: u64,
}

impl Reader {
    /// A reader who follows the newest packet.
    pub fn new() -> Self {
        Self {
            following: true,
            ..Self::default()
        }
    }

    /// A reader with the same place on the screen and the same choices, who knows of nothing yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self {
            view: self.view,
            scroll: self.scroll,
            ..Self::default()
        }
    }

    /// The ladder's place on the screen has this size.
    pub fn resize(&mut self, width: f64, height: f64) -> Vec<ToDocument> {
        let width = width.max(280.0).floor();
        self.scroll.resize(self.extent.height, height);
        if self.following {
            self.scroll.go_end();
        }
        let mut out = Vec::new();
        if (self.view.width - width).abs() >= 1.0 {
            self.view.width = width;
            out.push(ToDocument::Look(self.view));
        }
        self.buckets = (height / 2.0).clamp(16.0, 1200.0) as u32;
        out.extend(self.ask());
        out
    }

    /// The labels' face was measured.
    pub fn measured(&mut self, metrics: Metrics) -> Vec<ToDocument> {
        self.view.metrics = metrics;
        vec![ToDocument::Look(self.view)]
    }

    /// The reader scrolled the element.
    pub fn scrolled(&mut self, element_top: f64) -> Vec<ToDocument> {
        self.scroll.scrolled(element_top);
        self.following = self.scroll.at_end(END);
        self.ask()
    }

    /// The reader wants to see a part of the whole, 0 to 1.
    pub fn jump(&mut self, part: f64) -> Vec<ToDocument> {
        let middle = part.clamp(0.0, 1.0) * self.extent.height;
        self.scroll.go(middle - self.scroll.view() / 2.0);
        self.following = self.scroll.at_end(END);
        self.ask()
    }

    /// Keeps a height in sight, with so much above it and below.
    pub fn bring(&mut self, y: f64, (above, below): (f64, f64)) -> Vec<ToDocument> {
        self.scroll.reveal(y - above, y + below, 0.0);
        self.following = false;
        self.ask()
    }

    /// The reader wants the newest packet kept in sight.
    pub fn follow(&mut self) -> Vec<ToDocument> {
        self.following = true;
        self.scroll.go_end();
        self.ask()
    }

    /// Another axis.
    pub fn axis(&mut self, axis: Axis) -> Vec<ToDocument> {
        self.view.axis = axis;
        self.look()
    }

    /// Other labels.
    pub fn labels(&mut self, labels: LabelMode) -> Vec<ToDocument> {
        self.view.labels = labels;
        self.look()
    }

    /// Another language.
    pub fn speak(&mut self, language: Language) -> Vec<ToDocument> {
        self.view.language = language;
        self.look()
    }

    /// Runs of alike packets are drawn as one, or each by itself.
    pub fn fold(&mut self, fold: bool) -> Vec<ToDocument> {
        self.view.fold = fold;
        self.look()
    }

    /// Other conversations.
    pub fn only(&mut self, filter: Filter) -> Vec<ToDocument> {
        self.view.filter = filter;
        self.look()
    }

    fn look(&self) -> Vec<ToDocument> {
        let mut out = vec![ToDocument::Look(self.view)];
        // The rows move: the selected one is found again.
        out.extend(self.selected.map(|number| ToDocument::Detail { number }));
        out
    }

    /// Selects a packet, or none.
    pub fn select(&mut self, number: Option<u64>) -> Vec<ToDocument> {
        let number = number.filter(|number| (1..=self.extent.packets).contains(number));
        self.selected = number;
        self.marked = None;
        // Who looks at a packet does not want it to run away.
        self.following &= number.is_none();
        if number.is_none() {
            self.detail = None;
            self.selected_left_out = false;
            self.selected_ns = None;
        }
        self.view.selected = number;
        self.look()
    }

    /// Selects the packet `by` further on; the first that is seen if none is selected.
    pub fn step(&mut self, by: i64) -> Vec<ToDocument> {
        let next = match self.selected {
            Some(number) => number.saturating_add_signed(by),
            None => self.first_seen(),
        };
        self.select(Some(next.clamp(1, self.extent.packets.max(1))))
    }

    /// The number of the first packet that departs in sight.
    fn first_seen(&self) -> u64 {
        let top = self.scroll.top();
        let arrows = self.scene.iter().flat_map(|scene| &scene.arrows);
        arrows
            .filter(|arrow| arrow.tail.y >= top)
            .map(|arrow| arrow.number)
            .min()
            .unwrap_or(1)
    }

    /// The document's worker answered.
    pub fn heard(&mut self, said: FromDocument) -> Vec<ToDocument> {
        match said {
            FromDocument::Extent(extent) => self.extent_changed(extent),
            FromDocument::Scene { version, scene } => {
                self.asked_scene = false;
                self.scene_version = version;
                self.scene = Some(Rc::new(*scene));
                self.ask()
            }
            FromDocument::Strip { version, strip } => {
                self.asked_strip = false;
                self.strip_of.0 = version;
                self.strip = Rc::new(strip);
                self.ask()
            }
            FromDocument::Overview(overview) => {
                self.asked_overview = false;
                self.overview = Rc::new(overview);
                self.ask()
            }
            FromDocument::Detail {
                number,
                detail,
                row,
                at_ns,
                ..
            } => {
                if self.selected != Some(number) {
                    return Vec::new();
                }
                self.selected_left_out = detail.is_some() && row.is_none();
                self.selected_ns = detail.is_some().then_some(at_ns);
                self.detail = detail.map(|detail| Rc::new(*detail));
                if let Some((from, to)) = row {
                    self.scroll.reveal(from, to, MARGIN);
                    self.following = self.following && self.scroll.at_end(END);
                }
                self.ask()
            }
            _ => Vec::new(),
        }
    }

    fn extent_changed(&mut self, extent: Extent) -> Vec<ToDocument> {
        let another = extent.packets < self.extent.packets;
        self.extent = extent;
        if another {
            self.selected = None;
            self.view.selected = None;
            self.detail = None;
            self.marked = None;
        }
        self.scroll.resize(extent.height, self.scroll.view());
        if self.following {
            self.scroll.go_end();
        }
        self.ask()
    }

    /// A new document: nothing of the old one is shown, and it is read from its start
    /// (a file) or its end (the wire).
    pub fn start_over(&mut self, following: bool) -> Vec<ToDocument> {
        self.following = following;
        self.scene = None;
        self.strip = Rc::default();
        self.overview = Rc::default();
        self.scroll.go(0.0);
        self.select(None)
    }

    /// Asks for what is not known or no longer true.
    fn ask(&mut self) -> Vec<ToDocument> {
        let mut out = Vec::new();
        if !self.asked_scene && !self.is_scene_good() {
            self.asked_scene = true;
            let (top, view) = (self.scroll.top(), self.scroll.view());
            out.push(ToDocument::Window {
                y0: (top - view * 0.75).max(0.0),
                y1: top + view * 1.75,
            });
        }
        let from = self.strip_from();
        if !self.asked_strip && self.strip_of != (self.extent.version, from) {
            self.asked_strip = true;
            self.strip_of.1 = from;
            let count = STRIP_LETTERS;
            out.push(ToDocument::Strip { from, count });
        }
        if !self.asked_overview && self.overview_version != self.extent.version && self.buckets > 0
        {
            self.asked_overview = true;
            self.overview_version = self.extent.version;
            let buckets = self.buckets;
            out.push(ToDocument::Overview { buckets });
        }
        out
    }

    fn is_scene_good(&self) -> bool {
        let Some(scene) = &self.scene else {
            return false;
        };
        if self.scene_version != self.extent.version {
            return false;
        }
        let (top, view) = (self.scroll.top(), self.scroll.view());
        let reserve = view * 0.25;
        let above = scene.window.0 <= (top - reserve).max(0.0) + 0.5;
        let below = scene.window.1 + 0.5 >= (top + view + reserve).min(self.extent.height);
        above && below
    }

    /// The strip tells of the packets that are in sight; of the newest while these are followed.
    fn strip_from(&self) -> u64 {
        let newest = self
            .extent
            .packets
            .saturating_sub(u64::from(STRIP_LETTERS) / 2)
            + 1;
        if self.following || self.extent.packets <= u64::from(STRIP_LETTERS) / 2 {
            newest
        } else {
            self.first_seen().min(newest)
        }
    }
}
