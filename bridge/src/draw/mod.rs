//! `synema draw`: a capture as a sequence diagram.

pub(crate) mod png;

use crate::capture_input;
use crate::cli::{DrawArgs, DrawAxis, DrawLabels, DrawTheme};
use crate::error::{Exit, Failure};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use synema_diagram::Document;
use synema_diagram::annotate::Annotations;
use synema_diagram::capture::{Payload, file};
use synema_diagram::filter::Expression;
use synema_diagram::link::embed;
use synema_diagram::render::{
    Download, HtmlOptions, Picture, SvgOptions, Theme, description, html, markdown, mermaid, svg,
    text,
};
use synema_diagram::view::{Axis, Filter, LabelMode, View};

/// Columns of a text.
const COLUMNS: u32 = 100;
/// Pixels of a picture.
const PIXELS: u32 = 900;

/// Packets in one picture, and in one text, at the most.
const MOST_IN_PICTURE: u64 = 10_000;
const MOST_IN_TEXT: u64 = 100_000;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
    Html,
    Text,
    Markdown,
    Mermaid,
}

impl Kind {
    /// By how the file's name ends.
    fn of(output: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = output else {
            return Ok(Self::Text);
        };
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            "html" | "htm" => Ok(Self::Html),
            "txt" => Ok(Self::Text),
            "md" => Ok(Self::Markdown),
            "mmd" => Ok(Self::Mermaid),
            _ => Err(Failure::new(
                Exit::Usage,
                format!("{} does not say what to draw", path.display()),
                "let its name end in .svg, .png, .html, .txt, .md or .mmd",
            )),
        }
    }
}

/// Draws a capture.
///
/// # Errors
/// When the capture cannot be read or the picture not be made or written. One that ends
/// before its end is drawn as far as it goes, and then it is an error.
pub fn run(args: &DrawArgs) -> Result<(), Failure> {
    let kind = Kind::of(args.output.as_deref())?;
    if args.picture && kind != Kind::Markdown {
        return Err(Failure::new(
            Exit::Usage,
            "--picture is for Markdown",
            "let the output's name end in .md, or leave --picture out",
        ));
    }
    let wanted = capture_input::wanted(args.filter.as_deref())?;
    let opened = capture_input::open(&args.file)?;
    let title = title(args, opened.capture.annotations());
    // What is told about the file outlives its frames, which the document takes.
    let told = capture_input::told_to_the_end(&args.file, &opened);
    let is_part = wanted.is_some() || args.rows.is_some();
    let wanted = match (wanted, args.rows.clone()) {
        (Some(wanted), Some(rows)) => Some(wanted.among(rows)),
        (None, Some(rows)) => Some(Expression::of_packets(rows)),
        (wanted, None) => wanted,
    };
    let mut document = Document::open_wanted(opened.capture, view(kind, args), wanted);
    if let Some(stream) = args.stream {
        exists(&document, stream)?;
    }
    match document.packets_shown() {
        0 if is_part => return Err(nothing_meant(args, document.capture().frames().len())),
        shown if args.picture => is_of_use(Kind::Svg, shown)?,
        shown => is_of_use(kind, shown)?,
    }
    let drawn = draw(kind, args, &mut document, &title)?;
    write(args.output.as_deref(), &drawn)?;
    told
}

fn nothing_meant(args: &DrawArgs, packets: usize) -> Failure {
    let (what, next_step) = match &args.rows {
        Some(_) if args.filter.is_none() => (
            "no packet has one of these numbers".to_owned(),
            format!("there are {packets} in this capture"),
        ),
        _ => (
            "no packet of this capture is meant by the filter".to_owned(),
            "draw without it first, or look at `synema analyze`".to_owned(),
        ),
    };
    Failure::new(Exit::Usage, what, next_step)
}

/// Nobody looks at a picture of a million packets, and no program opens it.
fn is_of_use(kind: Kind, shown: u64) -> Result<(), Failure> {
    let most = match kind {
        Kind::Svg | Kind::Png | Kind::Html => MOST_IN_PICTURE,
        Kind::Text | Kind::Markdown | Kind::Mermaid => MOST_IN_TEXT,
    };
    if shown <= most {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        format!("{shown} packets are too many for one drawing (at most {most})"),
        "draw a part (--rows 1-1000), one conversation (--stream N), or what you look for (--filter EXPR); \
         `synema analyze` says what is worth looking at",
    ))
}

/// A PNG cannot follow its reader's system.
pub(crate) fn theme(theme: DrawTheme, is_png: bool) -> Theme {
    match theme {
        DrawTheme::Auto if !is_png => Theme::Auto,
        DrawTheme::Light | DrawTheme::Auto => Theme::Light,
        DrawTheme::Dark => Theme::Dark,
    }
}

fn draw(
    kind: Kind,
    args: &DrawArgs,
    document: &mut Document,
    title: &str,
) -> Result<Vec<u8>, Failure> {
    let columns = args.width.unwrap_or(COLUMNS) as usize;
    let theme = theme(args.theme, kind == Kind::Png);
    let options = SvgOptions {
        theme,
        title: title.to_owned(),
        ..SvgOptions::default()
    };
    let payload = if args.payload {
        Payload::Kept
    } else {
        Payload::LeftOut
    };
    Ok(match kind {
        Kind::Svg => carrying_svg(args, document, &options, payload).into_bytes(),
        Kind::Png => {
            let picture = png::png(&svg(document, &options))?;
            match carried(args, document, payload) {
                Some(inside) => embed::into_png(&picture, &inside),
                None => picture,
            }
        }
        Kind::Html => {
            let options = HtmlOptions {
                title: title.to_owned(),
                // Or it would have been refused.
                max_packets: usize::MAX,
                download: (!args.bare).then(|| download(document, payload)),
            };
            html(document, &options).into_bytes()
        }
        Kind::Text => text(document, columns).into_bytes(),
        Kind::Markdown => {
            let drawn = (title, columns, payload);
            in_markdown(args, document, drawn, &options)?.into_bytes()
        }
        Kind::Mermaid => mermaid(document, title).into_bytes(),
    })
}

/// What a picture carries of the packets that it shows, if it is to carry any.
fn carried(args: &DrawArgs, document: &mut Document, payload: Payload) -> Option<Vec<u8>> {
    if args.bare {
        return None;
    }
    document.to_carry(None, payload)
}

fn carrying_svg(
    args: &DrawArgs,
    document: &mut Document,
    options: &SvgOptions,
    payload: Payload,
) -> String {
    let picture = svg(document, options);
    match carried(args, document, payload) {
        Some(inside) => embed::into_svg(&picture, &inside),
        None => picture,
    }
}

/// The packets of a page as a file within it.
fn download(document: &mut Document, payload: Payload) -> Download {
    let drawn = document.drawn(None);
    let part = document.capture().excerpt(drawn, payload);
    let mut bytes = Vec::new();
    // A Vec takes all, and an excerpt's notes fit where they were.
    let written = file::write_pcapng(&part, &mut bytes);
    if written.is_err() {
        bytes.clear();
    }
    Download {
        name: "diagram.pcapng".to_owned(),
        bytes,
        without_payload: payload == Payload::LeftOut,
    }
}

/// Markdown, and the picture beside it if it is asked for.
fn in_markdown(
    args: &DrawArgs,
    document: &mut Document,
    (title, columns, payload): (&str, usize, Payload),
    options: &SvgOptions,
) -> Result<String, Failure> {
    let beside = args.output.as_deref().filter(|_| args.picture);
    let Some(beside) = beside.map(|path| path.with_extension("svg")) else {
        return Ok(markdown(document, title, columns, None));
    };
    let drawn = carrying_svg(args, document, options, payload);
    write(Some(&beside), drawn.as_bytes())?;
    let alt = description(document);
    let file = beside.file_name().unwrap_or_default().to_string_lossy();
    let picture = Picture {
        file: &file,
        alt: &alt,
    };
    Ok(markdown(document, title, columns, Some(picture)))
}

fn view(kind: Kind, args: &DrawArgs) -> View {
    // The width of a text is told in columns, and lanes are named in full.
    let pixels = match kind {
        Kind::Svg | Kind::Png | Kind::Html => args.width.unwrap_or(PIXELS),
        Kind::Text | Kind::Markdown | Kind::Mermaid => PIXELS,
    };
    View {
        axis: match args.axis {
            DrawAxis::Rows => Axis::Rows,
            DrawAxis::Time => Axis::Linear,
            DrawAxis::Gaps => Axis::Gaps,
        },
        labels: match args.labels {
            DrawLabels::Words => LabelMode::Words,
            DrawLabels::Numbers => LabelMode::Numbers,
        },
        language: args.language.into(),
        width: pixels.into(),
        filter: args.stream.map_or(Filter::All, Filter::Stream),
        fold: args.fold,
        ..View::default()
    }
}

fn exists(document: &Document, stream: u32) -> Result<(), Failure> {
    let count = document.analysis().streams().len();
    if (stream as usize) < count {
        return Ok(());
    }
    let next_step = match count {
        0 => "leave --stream out: there is no TCP in it".to_owned(),
        1 => "the only one is --stream 0".to_owned(),
        _ => format!("give a number from 0 to {}", count - 1),
    };
    Err(Failure::new(
        Exit::Usage,
        format!("there is no TCP conversation {stream} in this capture"),
        next_step,
    ))
}

/// What is told, or what the document is called, or the file.
fn title(args: &DrawArgs, annotations: &Annotations) -> String {
    let own = Some(annotations.title()).filter(|title| !title.is_empty());
    let told = args.title.as_deref().or(own);
    told.map_or_else(|| named(&args.file), str::to_owned)
}

fn named(file: &Path) -> String {
    match file.file_name() {
        Some(name) if file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "A capture".to_owned(),
    }
}

/// Writes a picture, to standard output where no file is told.
pub(crate) fn write(output: Option<&Path>, drawn: &[u8]) -> Result<(), Failure> {
    let (written, what) = match output {
        Some(path) => (fs::write(path, drawn), path.display().to_string()),
        None => {
            let written = io::stdout().lock().write_all(drawn);
            (written, "standard output".to_owned())
        }
    };
    match written {
        // Whoever reads along may have seen enough (`| head`).
        Err(error) if output.is_none() && error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(
            Exit::LocalIo,
            format!("{what} cannot be written: {error}"),
            "look at its folder, its rights, and the space that is left",
        )),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_drawn() {
        let kind = |name: &str| Kind::of(Some(Path::new(name)));
        assert_eq!(kind("a/b.SVG"), Ok(Kind::Svg));
        assert_eq!(kind("x.md"), Ok(Kind::Markdown));
        assert_eq!(Kind::of(None), Ok(Kind::Text));
        for name in ["x", "x.jpg", ".png"] {
            let failure = kind(name).expect_err(name);
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.next_step.contains(".svg"), "{failure}");
        }
    }
}
