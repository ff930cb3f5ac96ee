//! Experiments that were played to their end, and how they are told.

use std::fmt::Write;
use synema_core::trace::{Event, Record, TcpState, TimerKind};
use synema_core::wire::tcp::Flags;
use synema_diagram::Document;
use synema_diagram::analysis::{TcpDigest, Verdicts};
use synema_diagram::capture::Fate;
use synema_sim::experiment::{Control, Experiment, Run, Setting, Settings, catalogue};

/// A run at its end, and what the page's end makes of it.
pub(crate) struct Played {
    pub(crate) run: Run,
    pub(crate) document: Document,
}

/// An experiment by its name.
pub(crate) fn experiment(id: &str) -> Experiment {
    let found = catalogue().into_iter().find(|one| one.id == id);
    found.unwrap_or_else(|| panic!("there is no experiment {id}"))
}

/// Settings from knobs and what a reader would choose.
pub(crate) fn settings(experiment: &Experiment, set: &[(&str, &str)]) -> Settings {
    let setting = |(knob, to): &(&str, &str)| {
        let found = experiment
            .knob(knob)
            .unwrap_or_else(|| panic!("there is no knob {knob}"));
        let setting = match found.control {
            Control::Range(_) => Setting::Number(to.parse().expect("a number")),
            Control::Choice(_) => Setting::Choice((*to).to_owned()),
        };
        ((*knob).to_owned(), setting)
    };
    set.iter().map(setting).collect()
}

/// Plays an experiment to its end.
pub(crate) fn play(id: &str, set: &[(&str, &str)]) -> Played {
    let experiment = experiment(id);
    let settings = settings(&experiment, set);
    let mut run = Run::new(&experiment, &settings, experiment.seed).expect("it has these settings");
    run.run_to_end();
    Played {
        document: document(&run),
        run,
    }
}

/// The run as the page saw it.
fn document(run: &Run) -> Document {
    synema_play::document(&run.journeys(), &run.machines())
}

impl Played {
    /// The segments that the page saw, one a line: when, whose, what, and what the analysis
    /// says of it.
    pub(crate) fn story(&self) -> String {
        let mut story = String::new();
        let frames = self.document.capture().frames();
        for (frame, digest) in frames.iter().zip(self.document.analysis().digests()) {
            let Some(tcp) = &digest.tcp else { continue };
            if frame.fate == Fate::Elsewhere {
                continue;
            }
            let tenths = frame.at.as_micros() / 100;
            let who = if tcp.from_client { "page  " } else { "server" };
            let _ = write!(
                story,
                "{:<7} {who} {}",
                format!("{}.{}", tenths / 10, tenths % 10),
                segment(tcp)
            );
            if !frame.fate.was_seen() || frame.fate == Fate::LostLater {
                story.push_str(" LOST");
            }
            for name in tcp.verdicts.names() {
                let _ = write!(story, " [{name}]");
            }
            story.push('\n');
        }
        story
    }

    /// How many segments bear all of these verdicts.
    pub(crate) fn count(&self, verdicts: Verdicts) -> usize {
        let digests = self.document.analysis().digests().iter();
        let tcp = digests.filter_map(|digest| digest.tcp);
        tcp.filter(|tcp| tcp.verdicts.has(verdicts)).count()
    }

    /// How often the server's retransmission timer ran out.
    pub(crate) fn server_timeouts(&self) -> usize {
        let fired = |record: &&Record| {
            matches!(
                record.event,
                Event::TimerFired {
                    timer: TimerKind::Retransmission,
                    ..
                }
            )
        };
        self.run.server_trace().iter().filter(fired).count()
    }

    /// When the page's application read something for the last time, milliseconds.
    pub(crate) fn last_read_ms(&self) -> u64 {
        let read = |record: &&Record| matches!(record.event, Event::Delivered { .. });
        let last = self.run.page_trace().iter().rfind(read);
        last.map_or(0, |record| record.at.as_millis())
    }

    /// When the page and the server were ESTABLISHED, milliseconds.
    pub(crate) fn established_ms(&self) -> (Option<u64>, Option<u64>) {
        let first = |trace: &[Record]| {
            trace.iter().find_map(|record| match record.event {
                Event::State {
                    to: TcpState::Established,
                    ..
                } => Some(record.at.as_millis()),
                _ => None,
            })
        };
        (first(self.run.page_trace()), first(self.run.server_trace()))
    }
}

fn segment(tcp: &TcpDigest) -> String {
    let mut text = String::new();
    let flags = tcp.flags;
    for (flag, name) in [
        (Flags::SYN, "SYN "),
        (Flags::FIN, "FIN "),
        (Flags::RST, "RST "),
        (Flags::PSH, "PSH "),
        (Flags::ACK, "ACK "),
    ] {
        if flags.contains(flag) {
            text.push_str(name);
        }
    }
    let _ = write!(text, "{}", tcp.seq);
    if tcp.len > 0 {
        let _ = write!(text, "+{}", tcp.len);
    }
    if flags.contains(Flags::ACK) {
        let _ = write!(text, " ack {}", tcp.ack);
    }
    text
}
