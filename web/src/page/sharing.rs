//! The part of the state that shares: which packets, as what, and what came of it. Pure.
//!
//! ```text
//!   part, form, payload chosen ──> text is asked for at once, a file when “Download” is pressed
//!                                     │
//!   preview, copy, download <─────────' Shared
//! ```

use super::state::{Effect, Source, State, Theme};
use super::writing::Dialog;
use crate::protocol::{Form, Part, ShareRequest, Shared, ToDocument};
use crate::words::{Words, fill, grouped};
use std::net::Ipv4Addr;
use synema_diagram::link::{KEY, Reach};

/// What is shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sharing {
    /// Which packets.
    pub part: PartChoice,
    /// As what.
    pub form: Form,
    /// Whether what the packets carry goes along.
    pub payload: bool,
    /// Where others find this page: a link begins with it.
    pub viewer: String,
    /// What came of the last question.
    pub made: Option<Shared>,
    /// What was done with it, or could not be.
    pub said: Option<Said>,
    /// The last question's number.
    number: u32,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is in the clipboard.
    Copied,
    /// The browser does not let the clipboard be written.
    NotCopied,
    /// A file is on its way.
    Making,
}

/// Which packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartChoice {
    /// All that the filter and the choice of a conversation mean.
    #[default]
    Shown,
    /// All there are.
    Everything,
    /// Those that are drawn in sight.
    Sight,
}

/// What is done in the dialog.
#[derive(Clone, Debug)]
pub enum Share {
    /// It is opened.
    Open,
    /// Other packets.
    Part(PartChoice),
    /// As something else.
    Form(Form),
    /// With or without what the packets carry.
    Payload(bool),
    /// Others find this page elsewhere.
    Viewer(String),
    /// A file is wanted.
    Download,
    /// The text or link is to be copied.
    Copy,
    /// It was, or it was not.
    Copied(bool),
    /// A picture of points was made, or could not be: why not.
    Pictured(Option<String>),
}

impl Sharing {
    /// The whole link, once its fragment is there.
    pub fn link(&self) -> Option<String> {
        match (&self.made, self.form) {
            (Some(Shared::Text { text, .. }), form) if form.is_link() => {
                let viewer = self.viewer.trim().trim_end_matches('#');
                let key = if form == Form::Link { KEY } else { "" };
                Some(format!("{viewer}#{key}{text}"))
            }
            _ => None,
        }
    }

    /// What is copied or shown: the text, or the whole link.
    pub fn text(&self) -> Option<String> {
        self.link().or_else(|| match &self.made {
            Some(Shared::Text { text, .. }) => Some(text.clone()),
            _ => None,
        })
    }

    /// What a link costs, and what that means.
    pub fn cost(&self, words: &Words) -> Option<String> {
        let len = self.link()?.chars().count();
        let text = match Reach::of(len) {
            Reach::Anywhere => words.link_short,
            Reach::Most => words.link_long,
            Reach::File => words.link_too_long,
        };
        Some(fill(text, &[("n", &grouped(len as u64))]))
    }

    /// Whether the link leads to the reader's own machine.
    pub fn is_local(&self) -> bool {
        let host = self.viewer.split("://").nth(1).unwrap_or_default();
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        name == "localhost"
            || name.ends_with(".localhost")
            || name
                .parse::<Ipv4Addr>()
                .is_ok_and(|addr| addr.is_loopback())
            || name == "[::1]"
    }
}

impl State {
    pub(super) fn share(&mut self, share: Share) -> Vec<Effect> {
        let sharing = &mut self.sharing;
        match share {
            Share::Open => {
                self.dialog = Some(Dialog::Share);
                if sharing.viewer.is_empty() {
                    sharing.viewer.clone_from(&self.home);
                }
                sharing.form = match (self.source == Source::Experiment, sharing.form) {
                    (true, _) => Form::Experiment,
                    (false, Form::Experiment) => Form::default(),
                    (false, form) => form,
                };
            }
            Share::Part(part) => sharing.part = part,
            Share::Form(form) => sharing.form = form,
            Share::Payload(payload) => sharing.payload = payload,
            Share::Viewer(viewer) => {
                sharing.viewer = viewer;
                sharing.said = None;
                return Vec::new();
            }
            Share::Download => return self.share_file(),
            Share::Copy => return sharing.text().map(Effect::Copy).into_iter().collect(),
            Share::Pictured(problem) => {
                sharing.said = None;
                sharing.made = problem.map(Shared::Nothing);
                return Vec::new();
            }
            Share::Copied(copied) => {
                let said = if copied {
                    Said::Copied
                } else {
                    Said::NotCopied
                };
                sharing.said = Some(said);
                return Vec::new();
            }
        }
        self.sharing.made = None;
        self.sharing.said = None;
        if !self.sharing.form.is_text() {
            return Vec::new();
        }
        vec![self.share_request()]
    }

    /// A file: of a text that is there already, or of what the worker makes.
    fn share_file(&mut self) -> Vec<Effect> {
        let form = self.sharing.form;
        if form.is_text() {
            let text = self.sharing.text();
            let name = format!("synema.{}", form.ending());
            return text
                .map(|text| Effect::SaveText { name, text })
                .into_iter()
                .collect();
        }
        self.sharing.said = Some(Said::Making);
        vec![self.share_request()]
    }

    fn share_request(&mut self) -> Effect {
        self.sharing.number = self.sharing.number.wrapping_add(1);
        let top = self.reader.scroll.top();
        let part = match self.sharing.part {
            PartChoice::Shown => Part::Shown,
            PartChoice::Everything => Part::Everything,
            PartChoice::Sight => Part::Sight {
                y0: top,
                y1: top + self.reader.scroll.view(),
            },
        };
        Effect::Document(ToDocument::Share(ShareRequest {
            number: self.sharing.number,
            part,
            form: self.sharing.form,
            payload: self.sharing.payload,
            dark: self.theme == Theme::Dark,
        }))
    }

    /// The document's worker made something.
    pub(super) fn shared(&mut self, number: u32, shared: Shared) -> Vec<Effect> {
        if number != self.sharing.number {
            return Vec::new();
        }
        if !matches!(shared, Shared::Picture { .. }) {
            self.sharing.said = None;
        }
        match shared {
            Shared::Picture { name, svg, inside } => vec![Effect::MakePng { name, svg, inside }],
            Shared::Saved => Vec::new(),
            Shared::Text { text, packets } if self.sharing.form == Form::Experiment => {
                let text = self.playing.fragment(&text);
                self.sharing.made = Some(Shared::Text { text, packets });
                Vec::new()
            }
            made => {
                self.sharing.made = Some(made);
                Vec::new()
            }
        }
    }
}
