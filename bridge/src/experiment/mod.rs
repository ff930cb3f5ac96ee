//! `synema experiment`: the page's experiments at a terminal, simulated or on a wire.
//!
//! ```text
//!   ID, knobs ── Experiment ──┬── play: the simulator          ──┐
//!                             └── wire: our stack, a kernel      ├─► Document ─► text, pcapng
//!                                 and the lab's impaired wire  ──┘
//! ```

#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod twin;
#[cfg(target_os = "linux")]
mod wire;

use crate::cli::{ExperimentArgs, Spoken};
use crate::error::{Exit, Failure};
use crate::{capture_output, draw};
use std::fmt::Write as _;
use synema_diagram::Document;
use synema_diagram::capture::Capture;
use synema_diagram::render::text;
use synema_diagram::view::{Axis, View};
use synema_play::Play;
use synema_sim::experiment::{Control, Experiment, Knob, Setting, Settings, Text, catalogue};

/// Columns of the ladder.
const COLUMNS: usize = 100;

/// Runs one, or tells which there are.
///
/// # Errors
/// When there is no such experiment, knob or setting; when it cannot be had on a wire; when the
/// capture cannot be written.
pub fn run(args: &ExperimentArgs) -> Result<(), Failure> {
    let all = catalogue();
    let Some(id) = &args.id else {
        return draw::write(None, list(&all, args.language).as_bytes());
    };
    let experiment = all.iter().find(|one| one.id == *id);
    let experiment = experiment.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("there is no experiment {id}"),
            "run `synema experiment` to see which there are",
        )
    })?;
    let settings = settings(experiment, &args.set)?;
    let seed = args.seed.unwrap_or(experiment.seed);
    let capture = match args.lab {
        true => on_a_wire(experiment, &settings, seed)?,
        false => simulated(experiment, &settings, seed)?,
    };
    if let Some(path) = &args.capture {
        capture_output::write(&capture, path)?;
    }
    let title = in_tongue(&experiment.title, args.language);
    let view = View {
        axis: Axis::Gaps,
        language: args.language.into(),
        ..View::default()
    };
    let ladder = text(&Document::open(capture, view), COLUMNS);
    draw::write(None, format!("{title}\n\n{ladder}").as_bytes())
}

/// Runs one on the lab's wire, whose server is a kernel: what our end saw.
///
/// # Errors
/// When the scene has what only a simulation has, or the lab cannot be made.
#[cfg(target_os = "linux")]
pub fn on_the_lab(
    experiment: &Experiment,
    settings: &Settings,
    seed: u64,
    options: crate::lab::LabOptions,
) -> Result<Capture, Failure> {
    let scene = experiment
        .scene(settings)
        .map_err(|error| wrong(&error.to_string()))?;
    wire::play(&twin::Twin::of(&scene, seed)?, experiment, options)
}

#[cfg(target_os = "linux")]
fn on_a_wire(experiment: &Experiment, settings: &Settings, seed: u64) -> Result<Capture, Failure> {
    let options = crate::lab::LabOptions {
        // Segments as the simulator has them: none larger than the wire allows.
        offloads: false,
        die_with_thread: true,
        ..crate::lab::LabOptions::default()
    };
    on_the_lab(experiment, settings, seed, options)
}

#[cfg(not(target_os = "linux"))]
fn on_a_wire(_: &Experiment, _: &Settings, _: u64) -> Result<Capture, Failure> {
    Err(Failure::new(
        Exit::Unsupported,
        "the lab is made of Linux network namespaces",
        "run it in a Linux virtual machine, or leave --lab out: it runs in the simulator",
    ))
}

fn simulated(experiment: &Experiment, settings: &Settings, seed: u64) -> Result<Capture, Failure> {
    let played = Play::new(experiment, settings, seed, &[]);
    let played = played.map_err(|error| wrong(&error.to_string()))?;
    Ok(played.document.capture().clone())
}

/// One a line: its name for this command, and its headline.
fn list(all: &[Experiment], tongue: Spoken) -> String {
    let width = all.iter().map(|one| one.id.len()).max().unwrap_or(0);
    let mut told = String::new();
    for experiment in all {
        let title = in_tongue(&experiment.title, tongue);
        let _ = writeln!(told, "{:width$}  {title}", experiment.id);
        for knob in &experiment.knobs {
            let label = in_tongue(&knob.label, tongue);
            let _ = writeln!(told, "{:width$}    --set {:24} {label}", "", possible(knob));
        }
    }
    told
}

/// `lose=none|1|2|3|4`, the first being where it starts.
fn possible(knob: &Knob) -> String {
    match &knob.control {
        Control::Range(range) => {
            format!("{}={} ({}-{})", knob.id, range.start, range.from, range.to)
        }
        Control::Choice(choices) => {
            let others = choices.of.iter().map(|one| one.id.as_str());
            let others = others.filter(|id| *id != choices.start);
            let ids: Vec<_> = [choices.start.as_str()].into_iter().chain(others).collect();
            format!("{}={}", knob.id, ids.join("|"))
        }
    }
}

fn settings(experiment: &Experiment, told: &[String]) -> Result<Settings, Failure> {
    told.iter().map(|one| setting(experiment, one)).collect()
}

fn setting(experiment: &Experiment, told: &str) -> Result<(String, Setting), Failure> {
    let (id, value) = told
        .split_once('=')
        .ok_or_else(|| wrong(&format!("--set {told} has no =")))?;
    let knob = experiment.knob(id).ok_or_else(|| {
        wrong(&format!(
            "the experiment {} has no knob {id}",
            experiment.id
        ))
    })?;
    let setting = match &knob.control {
        Control::Range(_) => Setting::Number(
            value
                .parse()
                .map_err(|_| wrong(&format!("{value} is no whole number")))?,
        ),
        Control::Choice(_) => Setting::Choice(value.to_owned()),
    };
    Ok((id.to_owned(), setting))
}

fn wrong(cause: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        cause,
        "run `synema experiment` to see which knobs there are, and what they can be set to",
    )
}

fn in_tongue(text: &Text, tongue: Spoken) -> &str {
    match tongue {
        Spoken::En => &text.en,
        Spoken::Ja => &text.ja,
    }
}
