//! All that can happen to the page, and all that the browser is then asked to do.

use super::graphs::Plotting;
use super::playing::Play;
use super::sharing::Share;
use super::state::{Tab, Theme};
use super::writing::{Dialog, Pen};
use crate::protocol::{FromDocument, FromStack, ToDocument, ToStack};
use synema_diagram::view::{Axis, LabelMode, Metrics};
use synema_diagram::words::Language;
use synema_relay::SessionId;
use web_sys::File;

/// All that can happen.
#[derive(Debug)]
pub enum Action {
    /// The stack's worker said something.
    Stack(Vec<FromStack>),
    /// The document's worker said something.
    Document(Vec<FromDocument>),
    /// A worker could not be started, or its script failed.
    WorkerFailed(String),
    /// The reader types an address.
    TypeAddress(String),
    /// The reader types a URL.
    TypeUrl(String),
    /// Claim the address.
    Claim,
    /// Fetch the URL.
    Fetch,
    /// Fetch one of the examples.
    FetchExample(String),
    /// End the fetch.
    Cancel,
    /// Connect to the bridge again.
    Connect {
        /// End another page's session.
        take_over: bool,
    },
    /// The page is about to go.
    Leave,
    /// Open a file.
    Open(File),
    /// Open a capture that comes with the page: its file's name.
    OpenSample(&'static str),
    /// A file is dragged over the page, or no longer.
    Dragged(bool),
    /// The filter's field has another text.
    Filter {
        /// The text.
        text: String,
        /// Whether the reader is done with it.
        enter: bool,
    },
    /// Show all packets, whatever was left out.
    ShowAll,
    /// Show one conversation alone, or all.
    Only(Option<u32>),
    /// Do something with the graph.
    Plot(Plotting),
    /// Open the document that stands in a link.
    OpenLink(String),
    /// Share something.
    Share(Share),
    /// Write on the capture.
    Pen(Pen),
    /// Open something above the page, or close it.
    Dialog(Option<Dialog>),
    /// Notes are saved before they would be thrown away, or they are not.
    Answer {
        /// Whether they are.
        save: bool,
    },
    /// Go to a packet.
    Go {
        /// Its number.
        packet: u64,
        /// Its conversation, if it is TCP.
        stream: Option<u32>,
    },
    /// Do something with experiments.
    Play(Play),
    /// Something is done in the ladder of the run beside.
    Beside(Box<Action>),
    /// Show the wire.
    ShowWire,
    /// Save the capture.
    Download,
    /// Save the body.
    SaveBody,
    /// The labels' face was measured.
    Measured(Metrics),
    /// The ladder's place has a new size.
    Resized {
        /// CSS pixels.
        width: f64,
        /// CSS pixels.
        height: f64,
    },
    /// The ladder was scrolled.
    Scrolled(f64),
    /// A part of the whole is wanted, 0 to 1.
    Jump(f64),
    /// Follow the newest packet.
    Follow,
    /// Another time axis.
    Axis(Axis),
    /// Draw runs of alike packets as one, or each by itself.
    Fold(bool),
    /// Draw the packets of a folded arrow each by itself, or the run of one as one again.
    Unfold {
        /// The packet.
        packet: u64,
        /// Whether each is drawn by itself.
        on: bool,
    },
    /// Other labels.
    Labels(LabelMode),
    /// Select a packet, or none.
    Select(Option<u64>),
    /// Select the packet so many further on.
    Step(i64),
    /// Mark bytes of the packet, or none.
    Mark(Option<(u32, u32)>),
    /// Another panel.
    Show(Tab),
    /// Light or dark.
    Theme(Theme),
    /// Speak this language.
    Speak(Language),
    /// The message about a trouble was read.
    Dismiss,
}

/// What the browser is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the stack's worker.
    Stack(ToStack),
    /// Tell the document's worker.
    Document(ToDocument),
    /// Hand a file over to the document's worker.
    OpenFile(File),
    /// Get a capture that comes with the page, and hand it over to the document's worker.
    OpenSample(&'static str),
    /// Keep the session's id for a reload of this tab.
    Remember(SessionId),
    /// Join the workers.
    Join,
    /// Keep the choice of theme.
    KeepTheme(Theme),
    /// Keep the choice of language.
    KeepLanguage(Language),
    /// The link by which the page was opened is no longer what it shows.
    ForgetLink,
    /// The address bar has this fragment from now on.
    Address(String),
    /// Tell when the next frame of the screen is drawn.
    Frame,
    /// Put a text into the clipboard.
    Copy(String),
    /// Save a text.
    SaveText {
        /// The name to propose for its file.
        name: String,
        /// The text.
        text: String,
    },
    /// Make a picture of points, and save it.
    MakePng {
        /// The name to propose for its file.
        name: String,
        /// The picture as lines.
        svg: String,
        /// The document to put into the file; empty for none.
        inside: Vec<u8>,
    },
    /// Whether who leaves the page is warned: something is in no file.
    Warn(bool),
}
