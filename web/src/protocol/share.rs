//! What is shared of a capture, as page and document's worker speak of it.

use serde::{Deserialize, Serialize};

/// What is to be shared, and as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShareRequest {
    /// The question's number.
    pub number: u32,
    /// Which packets.
    pub part: Part,
    /// As what.
    pub form: Form,
    /// Whether what the packets carry goes along, not their headers alone.
    pub payload: bool,
    /// Light on dark, where it is a picture.
    pub dark: bool,
}

/// Which packets are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// All that the filter and the choice of a conversation mean.
    #[default]
    Shown,
    /// All there are.
    Everything,
    /// Those of them that are drawn between two heights, CSS pixels.
    Sight {
        /// From.
        y0: f64,
        /// To.
        y1: f64,
    },
}

/// As what packets are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// A picture of lines and text.
    #[default]
    Svg,
    /// A picture of points.
    Png,
    /// A page that needs nothing else.
    Html,
    /// A link to this page, with the packets in it.
    Link,
    /// A link to an experiment: its knobs, and what is written on its run.
    Experiment,
    /// Text for a terminal, a ticket or a mail.
    Text,
    /// Text with headings and notes.
    Markdown,
    /// Text of which others make a picture.
    Mermaid,
    /// A capture with the notes in it.
    Pcapng,
}

impl Form {
    /// What any packets can be shared as, in the order in which that is offered.
    pub const ALL: [Self; 8] = [
        Self::Svg,
        Self::Png,
        Self::Html,
        Self::Link,
        Self::Text,
        Self::Markdown,
        Self::Mermaid,
        Self::Pcapng,
    ];

    /// How its file's name ends; a link is no file.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Html => "html",
            Self::Link => "link",
            Self::Experiment => "experiment",
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Mermaid => "mmd",
            Self::Pcapng => "pcapng",
        }
    }

    /// Whether it is text to be looked at and copied, rather than a file.
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Link | Self::Experiment | Self::Text | Self::Markdown | Self::Mermaid
        )
    }

    /// Whether it is a link, and so no file.
    pub const fn is_link(self) -> bool {
        matches!(self, Self::Link | Self::Experiment)
    }

    /// Whether payload may be in it: text shows of it what labels say, no more.
    pub const fn carries(self) -> bool {
        matches!(
            self,
            Self::Svg | Self::Png | Self::Html | Self::Link | Self::Pcapng
        )
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shared {
    /// Text, a link's fragment without its `#`, or the notes in the link to an experiment.
    Text {
        /// The text.
        text: String,
        /// Its packets.
        packets: u64,
    },
    /// A file, which is with the browser already.
    Saved,
    /// A picture to be made of points.
    Picture {
        /// The name to propose for its file.
        name: String,
        /// The picture as lines.
        svg: String,
        /// The document that goes into its file, if it is not too large.
        #[serde(with = "serde_bytes")]
        inside: Vec<u8>,
    },
    /// Nothing: why not, in words.
    Nothing(String),
}
