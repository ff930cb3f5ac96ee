//! The page's one State, its one Action, and its one `reduce`. Pure.

pub use super::action::{Action, Effect};

use super::graphs::Graphs;
use super::looking::Looking;
use super::playing::Playing;
use super::reader::Reader;
use super::sharing::Sharing;
use super::wire::Wire;
use super::writing::{Dialog, Writing};
use crate::protocol::{FromDocument, FromStack, Link, ToDocument, ToStack, Trouble};
use crate::words::{ENGLISH, Words};
use std::rc::Rc;
use synema_diagram::words::Language;
use synema_relay::SessionId;

/// Everything that the page shows follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The language.
    pub words: &'static Words,
    /// Light or dark.
    pub theme: Theme,
    /// Which panel is seen when there is room for one only.
    pub tab: Tab,
    /// Bridge, address, fetch.
    pub wire: Wire,
    /// Ladder, strip, packet.
    pub reader: Reader,
    /// What of the document is looked at.
    pub looking: Looking,
    /// The experiments, and the run of one.
    pub playing: Playing,
    /// The graph below the ladder.
    pub graphs: Graphs,
    /// What is shared of it.
    pub sharing: Sharing,
    /// Where this page is, without its fragment.
    pub home: String,
    /// What is written on it.
    pub writing: Writing,
    /// What is open above the page.
    pub dialog: Option<Dialog>,
    /// What the ladder shows.
    pub source: Source,
    /// The file that is being read.
    pub reading: Option<String>,
    /// What went wrong with a file or with the page itself.
    pub trouble: Option<Trouble>,
    /// How the bridge is reached; none without a key.
    pub entry: Option<Entry>,
    stack_ready: bool,
    document_ready: bool,
    /// What the document's worker will be told when it listens: before, nothing reaches it.
    held: Vec<Effect>,
}

/// How the bridge is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// `ws://…/relay`.
    pub url: String,
    /// Its key.
    pub token: String,
    /// The session before a reload.
    pub session: Option<SessionId>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The value of `data-theme`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

/// Which panel is seen when there is room for one only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The wire's.
    #[default]
    Wire,
    /// The packet's.
    Packet,
}

/// What the ladder shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The live capture.
    #[default]
    Wire,
    /// The run of an experiment.
    Experiment,
    /// A file.
    File {
        /// Its name.
        name: String,
        /// What was wrong with it from some packet on.
        partly: Option<String>,
        /// What was passed over on the way: how many things, and the first of them.
        passed_over: Option<(u64, String)>,
    },
}

impl State {
    /// The page before anything happened.
    pub fn new(entry: Option<Entry>, theme: Theme) -> Self {
        Self {
            words: &ENGLISH,
            theme,
            tab: Tab::default(),
            wire: Wire::new(entry.is_some()),
            reader: Reader::new(),
            looking: Looking::default(),
            playing: Playing::default(),
            graphs: Graphs::default(),
            sharing: Sharing::default(),
            home: String::new(),
            writing: Writing::default(),
            dialog: None,
            source: Source::Wire,
            reading: None,
            trouble: None,
            entry,
            stack_ready: false,
            document_ready: false,
            held: Vec::new(),
        }
    }

    /// All is said in this language from now on.
    pub fn speak(&mut self, language: Language) -> Vec<Effect> {
        self.words = Words::of(language);
        let mut out = documents(self.reader.speak(language));
        out.extend(self.look_again());
        out
    }

    /// Something happened: the state changes; what the browser has to do is answered, in order.
    pub fn reduce(&mut self, action: Action) -> Vec<Effect> {
        let mut effects = if self.asks_first(&action) {
            Vec::new()
        } else {
            self.change(action)
        };
        effects.extend(self.look_beside());
        effects.extend(self.ask_graph());
        if self.document_ready {
            return effects;
        }
        let for_document = |effect: &Effect| {
            matches!(
                effect,
                Effect::Document(_) | Effect::OpenFile(_) | Effect::OpenSample(_)
            )
        };
        let (held, now): (Vec<_>, Vec<_>) = effects.into_iter().partition(for_document);
        self.held.extend(held);
        now
    }

    pub(super) fn change(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Stack(batch) => batch
                .into_iter()
                .flat_map(|said| self.stack_said(said))
                .collect(),
            Action::Document(batch) => batch
                .into_iter()
                .flat_map(|said| self.document_said(said))
                .collect(),
            Action::WorkerFailed(why) => self.broken(&why),
            Action::TypeAddress(_)
            | Action::TypeUrl(_)
            | Action::Claim
            | Action::Fetch
            | Action::FetchExample(_)
            | Action::Cancel
            | Action::Connect { .. }
            | Action::Leave
            | Action::SaveBody => self.wire_action(action),
            Action::Open(file) => {
                self.begin_reading(file.name());
                vec![Effect::ForgetLink, Effect::OpenFile(file)]
            }
            Action::OpenSample(name) => {
                self.begin_reading(name.to_owned());
                vec![Effect::ForgetLink, Effect::OpenSample(name)]
            }
            Action::Filter { .. }
            | Action::Only(_)
            | Action::ShowAll
            | Action::Go { .. }
            | Action::Dragged(_) => self.looking_action(action),
            Action::Plot(plotting) => self.plot(plotting),
            Action::Play(play) => self.play(play),
            Action::Beside(action) => self.act_beside(&action),
            Action::OpenLink(text) => {
                self.begin_reading(self.words.from_link.to_owned());
                documents(vec![ToDocument::OpenLink { text }])
            }
            Action::Share(share) => self.share(share),
            Action::Pen(pen) => self.pen(pen),
            Action::Dialog(dialog) => {
                self.dialog = dialog;
                Vec::new()
            }
            Action::Answer { save } => self.answered(save),
            Action::ShowWire => self.show_wire(),
            Action::Download => vec![Effect::Document(ToDocument::Download)],
            Action::Show(tab) => {
                self.tab = tab;
                Vec::new()
            }
            Action::Theme(theme) => {
                self.theme = theme;
                vec![Effect::KeepTheme(theme)]
            }
            Action::Speak(language) => {
                let mut out = vec![Effect::KeepLanguage(language)];
                out.extend(self.speak(language));
                out
            }
            Action::Dismiss => {
                self.trouble = None;
                Vec::new()
            }
            reading => documents(self.reader_action(&reading)),
        }
    }

    fn begin_reading(&mut self, name: String) {
        self.reading = Some(name);
        self.trouble = None;
        self.looking.dragged = false;
    }

    fn wire_action(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::TypeAddress(text) => {
                self.wire.address.typed = text;
                self.wire.address.touched = true;
                Vec::new()
            }
            Action::TypeUrl(text) => {
                self.wire.fetch.url = text;
                self.wire.fetch.touched = true;
                Vec::new()
            }
            Action::Claim => stacks(self.wire.claim()),
            Action::Fetch => self.fetch(),
            Action::FetchExample(url) => {
                self.wire.fetch.url = url;
                self.fetch()
            }
            Action::Cancel => stacks([ToStack::Cancel {
                fetch: self.wire.fetch.number,
            }]),
            Action::Connect { take_over } => self.connect(take_over),
            Action::Leave => stacks([ToStack::Goodbye]),
            Action::SaveBody => documents(vec![ToDocument::SaveBody {
                fetch: self.wire.fetch.number,
            }]),
            _ => Vec::new(),
        }
    }

    fn reader_action(&mut self, action: &Action) -> Vec<ToDocument> {
        let reader = &mut self.reader;
        match *action {
            Action::Measured(metrics) => reader.measured(metrics),
            Action::Resized { width, height } => reader.resize(width, height),
            Action::Scrolled(top) => reader.scrolled(top),
            Action::Jump(part) => reader.jump(part),
            Action::Follow => reader.follow(),
            Action::Axis(axis) => reader.axis(axis),
            Action::Fold(fold) => reader.fold(fold),
            Action::Unfold { packet, on } => vec![ToDocument::Unfold { packet, on }],
            Action::Labels(labels) => reader.labels(labels),
            Action::Select(number) => {
                if number.is_some() {
                    self.tab = Tab::Packet;
                }
                let told = reader.select(number);
                self.see_selected();
                told
            }
            Action::Step(by) => {
                self.tab = Tab::Packet;
                let told = reader.step(by);
                self.see_selected();
                told
            }
            Action::Mark(range) => {
                reader.marked = range;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn fetch(&mut self) -> Vec<Effect> {
        let mut out = Vec::new();
        if self.wire.can_fetch() && self.source != Source::Wire {
            out.extend(self.show_wire());
        }
        if self.wire.can_fetch() {
            out.extend(documents(self.reader.follow()));
        }
        out.extend(stacks(self.wire.begin_fetch()));
        out
    }

    fn show_wire(&mut self) -> Vec<Effect> {
        if self.source == Source::Wire {
            return Vec::new();
        }
        let mut out = documents(vec![ToDocument::ShowWire]);
        if self.source == Source::Experiment {
            out.push(Effect::ForgetLink);
        }
        self.source = Source::Wire;
        out.extend(self.look_anew());
        out.extend(documents(self.reader.start_over(true)));
        out
    }

    fn connect(&mut self, take_over: bool) -> Vec<Effect> {
        let Some(entry) = &self.entry else {
            return Vec::new();
        };
        stacks([ToStack::Connect {
            url: entry.url.clone(),
            token: entry.token.clone(),
            session: entry.session,
            take_over,
        }])
    }

    fn stack_said(&mut self, said: FromStack) -> Vec<Effect> {
        match said {
            FromStack::Ready => {
                self.stack_ready = true;
                return self.ready();
            }
            FromStack::Broken(why) => return self.broken(&why),
            _ => {}
        }
        let remember = match &said {
            FromStack::Link(Link::Open { hello, .. }) => Some(Effect::Remember(hello.session)),
            _ => None,
        };
        self.wire.heard(said);
        remember.into_iter().collect()
    }

    fn document_said(&mut self, said: FromDocument) -> Vec<Effect> {
        match said {
            FromDocument::Ready => {
                self.document_ready = true;
                let mut out = documents(vec![ToDocument::Look(self.reader.view)]);
                out.append(&mut self.held);
                out.extend(self.ready());
                out
            }
            FromDocument::Broken(why) => self.broken(&why),
            FromDocument::Body { fetch, body } => {
                self.wire.body(fetch, body);
                Vec::new()
            }
            FromDocument::Opened {
                name,
                partly,
                passed_over,
            } => {
                self.reading = None;
                self.source = Source::File {
                    name,
                    partly,
                    passed_over,
                };
                self.tab = Tab::Wire;
                let mut out = self.look_anew();
                out.extend(documents(self.reader.start_over(false)));
                out
            }
            FromDocument::Catalogue(catalogue) => self.catalogue(catalogue),
            FromDocument::Played(played) => self.played(*played),
            FromDocument::PlayFailed { number, why } => self.play_failed(number, why),
            FromDocument::Heights(heights) => self.heights(heights),
            FromDocument::Beside(said) => self.heard_beside(*said),
            FromDocument::Contents(contents) => {
                self.looking.contents = Some(Rc::new(*contents));
                Vec::new()
            }
            FromDocument::Graph(drawn) => {
                self.plotted(drawn);
                Vec::new()
            }
            FromDocument::Picked(packet) => self.change(Action::Select(Some(packet))),
            FromDocument::Written(written) => self.written(*written),
            FromDocument::Wanted {
                number,
                applied,
                problem,
            } => {
                self.filter_read(number, applied, problem);
                Vec::new()
            }
            FromDocument::Shared { number, shared } => self.shared(number, shared),
            FromDocument::LinkFailed { why } => {
                self.reading = None;
                self.trouble = Some(Trouble::Link(why));
                vec![Effect::ForgetLink]
            }
            FromDocument::OpenFailed { name, why } => {
                self.reading = None;
                self.trouble = Some(Trouble::Open(name, why));
                Vec::new()
            }
            FromDocument::FileFailed { why } => {
                self.trouble = Some(Trouble::Save(why));
                Vec::new()
            }
            said => {
                if let FromDocument::Detail { stream, .. } = &said {
                    self.plot_stream(*stream);
                }
                let is_drawn = matches!(said, FromDocument::Scene { .. });
                let mut out = documents(self.reader.heard(said));
                if is_drawn {
                    out.extend(self.drawn());
                }
                out
            }
        }
    }

    fn ready(&mut self) -> Vec<Effect> {
        if !(self.stack_ready && self.document_ready) {
            return Vec::new();
        }
        let mut out = vec![Effect::Join];
        out.extend(self.connect(false));
        out
    }

    fn broken(&mut self, why: &str) -> Vec<Effect> {
        self.trouble = Some(Trouble::Worker(why.to_owned()));
        Vec::new()
    }
}

fn stacks(messages: impl IntoIterator<Item = ToStack>) -> Vec<Effect> {
    messages.into_iter().map(Effect::Stack).collect()
}

fn documents(messages: Vec<ToDocument>) -> Vec<Effect> {
    messages.into_iter().map(Effect::Document).collect()
}
