//! The points of the later experiments, each beside the figures that it stands on.

mod enough;
mod google;
mod letters;
mod missing;
mod network;
mod programs;

use crate::played::{Played, experiment, settings};
use synema_core::trace::{Event, Record};
use synema_sim::experiment::Run;

/// An experiment's runs to their ends, for some seeds.
fn runs(id: &str, set: &[(&str, &str)], seeds: core::ops::Range<u64>) -> Vec<Run> {
    let experiment = experiment(id);
    let settings = settings(&experiment, set);
    let run = |seed| {
        let mut run = Run::new(&experiment, &settings, seed).expect("it has these settings");
        run.run_to_end();
        run
    };
    seeds.map(run).collect()
}

/// How many events of a trace are such.
fn count(trace: &[Record], is_such: impl Fn(&Event) -> bool) -> usize {
    trace.iter().filter(|record| is_such(&record.event)).count()
}

/// How often an application read.
fn reads(trace: &[Record]) -> usize {
    count(trace, |event| matches!(event, Event::Delivered { .. }))
}

/// How many segments with data each end sent that the page saw: the page, the server.
fn data_segments(played: &Played) -> [usize; 2] {
    let digests = played.document.analysis().digests().iter();
    let data: Vec<_> = digests
        .filter_map(|digest| digest.tcp)
        .filter(|tcp| tcp.len > 0)
        .collect();
    let pages = data.iter().filter(|tcp| tcp.from_client).count();
    [pages, data.len() - pages]
}

/// Whether `is` lies within `percent` of `of`.
fn is_within(percent: u64, is: u64, of: u64) -> bool {
    is.abs_diff(of) * 100 <= of * percent
}
