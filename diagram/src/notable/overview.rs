//! A capture at a glance, in plain text.

use super::{Moment, doubts, moments};
use crate::analysis::{HostId, StreamInfo};
use crate::words::{Story, duration, grouped, host_name};
use core::fmt::Write;

/// More conversations and moments than these are counted, not listed.
const MANY: usize = 20;

/// What there is, what is worth looking at, and what to doubt.
pub fn overview(story: Story<'_>) -> String {
    let frames = story.capture.frames();
    let streams = story.analysis.streams();
    let lasted = match (frames.first(), frames.last()) {
        (Some(first), Some(last)) => last.at.as_nanos().saturating_sub(first.at.as_nanos()),
        _ => 0,
    };
    let mut out = format!(
        "{} in {}, {}\n",
        many(frames.len(), "packet"),
        duration(lasted),
        many(streams.len(), "TCP conversation"),
    );
    conversations(&mut out, story, streams);
    worth(&mut out, &moments(story));
    let doubts = doubts(story);
    if !doubts.is_empty() {
        out.push_str("\nThe capture itself\n");
    }
    for doubt in doubts {
        let _ = writeln!(out, "  packet {:<7} {}", doubt.packet, doubt.what);
    }
    out
}

fn conversations(out: &mut String, story: Story<'_>, streams: &[StreamInfo]) {
    if streams.is_empty() {
        return;
    }
    // The largest first: those are looked for.
    let mut ranked: Vec<_> = (0..).zip(streams).collect();
    ranked.sort_by_key(|(number, info): &(u32, _)| {
        (core::cmp::Reverse(info.bytes[0] + info.bytes[1]), *number)
    });
    let _ = writeln!(
        out,
        "\n  {:>6}  {:<28} {:<28} {:>8} {:>12} {:>12} {:>6}  lasted",
        "stream", "client", "server", "packets", "to server B", "to client B", "again"
    );
    for (number, info) in ranked.iter().take(MANY) {
        let end = |(host, port): (HostId, u16)| {
            let name = host_name(story, host);
            format!("{name} :{port}")
        };
        let at = |index: u32| {
            let frame = story.capture.frames().get(index as usize);
            frame.map_or(0, |frame| frame.at.as_nanos())
        };
        let _ = writeln!(
            out,
            "  {number:>6}  {:<28} {:<28} {:>8} {:>12} {:>12} {:>6}  {}",
            end(info.client),
            end(info.server),
            info.packets,
            grouped(info.bytes[0]),
            grouped(info.bytes[1]),
            info.retransmissions,
            duration(at(info.last).saturating_sub(at(info.first))),
        );
    }
    if let Some(more) = ranked.len().checked_sub(MANY).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more with less data");
    }
}

fn worth(out: &mut String, found: &[Moment]) {
    out.push_str("\nWorth looking at\n");
    if found.is_empty() {
        out.push_str("  nothing that cost time: no stall, no reset, no closed window\n");
    }
    for moment in found.iter().take(MANY) {
        let stream = moment
            .stream
            .map_or(String::new(), |stream| format!("stream {stream}"));
        let _ = writeln!(
            out,
            "  packet {:<7} {stream:<10} {}",
            moment.packet, moment.what
        );
    }
    if let Some(more) = found.len().checked_sub(MANY).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more that cost less");
    }
}

fn many(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count as u64))
}
