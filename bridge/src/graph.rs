//! `synema graph`: one direction of a conversation over time.

use crate::capture_input;
use crate::cli::{GraphArgs, GraphWhat};
use crate::draw::{png, theme, write};
use crate::error::{Exit, Failure};
use std::path::Path;
use synema_diagram::Document;
use synema_diagram::graph::{GraphKind, GraphOptions, NoGraph, Way};
use synema_diagram::render::{chart, graph_svg};
use synema_diagram::view::View;

/// Columns of a text.
const COLUMNS: u32 = 100;
/// Pixels of a picture.
const PIXELS: u32 = 900;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Svg,
    Png,
    Text,
}

impl Form {
    /// By how the file's name ends.
    fn of(output: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = output else {
            return Ok(Self::Text);
        };
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            "txt" => Ok(Self::Text),
            _ => Err(Failure::new(
                Exit::Usage,
                format!("{} does not say what to draw", path.display()),
                "let its name end in .svg, .png or .txt",
            )),
        }
    }
}

/// Draws a graph.
///
/// # Errors
/// When the capture cannot be read, has no such conversation or nothing of that kind in it, or
/// the picture cannot be made or written. A capture that ends before its end is drawn as far as
/// it goes, and then it is an error.
pub fn run(args: &GraphArgs) -> Result<(), Failure> {
    let form = Form::of(args.output.as_deref())?;
    let opened = capture_input::open(&args.file)?;
    let told = capture_input::told_to_the_end(&args.file, &opened);
    let view = View {
        language: args.language.into(),
        ..View::default()
    };
    let document = Document::open(opened.capture, view);
    let scene = document.graph(&options(form, args)).map_err(no_graph)?;
    let theme = theme(args.theme, form == Form::Png);
    let drawn = match form {
        Form::Svg => graph_svg(&scene, theme).into_bytes(),
        Form::Png => png::png(&graph_svg(&scene, theme))?,
        Form::Text => chart(&scene, args.width.unwrap_or(COLUMNS) as usize).into_bytes(),
    };
    write(args.output.as_deref(), &drawn)?;
    told
}

fn options(form: Form, args: &GraphArgs) -> GraphOptions {
    let width = match form {
        Form::Svg | Form::Png => args.width.unwrap_or(PIXELS),
        // Told in columns, and made of as many characters.
        Form::Text => PIXELS,
    };
    GraphOptions {
        stream: args.stream,
        kind: match args.kind {
            GraphWhat::Sequence => GraphKind::Sequence,
            GraphWhat::Throughput => GraphKind::Throughput,
            GraphWhat::Rtt => GraphKind::RoundTrip,
            GraphWhat::Flight => GraphKind::Flight,
            GraphWhat::Window => GraphKind::Window,
        },
        way: if args.reverse {
            Way::Quieter
        } else {
            Way::Busier
        },
        from_ns: args.from,
        to_ns: args.to,
        width: width.into(),
        height: args.height.into(),
        ..GraphOptions::default()
    }
}

fn no_graph(why: NoGraph) -> Failure {
    let next_step = match why {
        NoGraph::NoStream { count: 0 } => "draw it with `synema draw` instead".to_owned(),
        NoGraph::NoStream { count } => format!("give --stream a number below {count}"),
        NoGraph::NoTime => "let --from be less than --to".to_owned(),
        NoGraph::Nothing(_) => {
            "look at the conversation with `synema draw --stream N`, or try --reverse".to_owned()
        }
    };
    Failure::new(Exit::Usage, why.to_string(), next_step)
}
