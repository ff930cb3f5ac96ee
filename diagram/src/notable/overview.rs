//! A capture at a glance, in plain text.

use super::{Conversation, Moment, contents};
use crate::words::{Story, grouped};
use core::fmt::Write;

/// More conversations and moments than these are counted, not listed.
const MANY: usize = 20;

/// What there is, what is worth looking at, and what to doubt.
pub fn overview(story: Story<'_>) -> String {
    let contents = contents(story, MANY);
    let mut out = format!(
        "{} in {}, {}\n",
        many(story.capture.frames().len(), "packet"),
        contents.lasted,
        many(story.analysis.streams().len(), "TCP conversation"),
    );
    let left_out = contents.conversations_left_out;
    conversations(&mut out, &contents.conversations, left_out);
    worth(&mut out, &contents.moments, contents.moments_left_out);
    if !contents.doubts.is_empty() {
        out.push_str("\nThe capture itself\n");
    }
    for doubt in contents.doubts {
        let _ = writeln!(out, "  packet {:<7} {}", doubt.packet, doubt.what);
    }
    out
}

fn conversations(out: &mut String, all: &[Conversation], left_out: u64) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n  {:>6}  {:<28} {:<28} {:>8} {:>12} {:>12} {:>6}  lasted",
        "stream", "client", "server", "packets", "to server B", "to client B", "again"
    );
    for one in all {
        let end = |(name, port): &(String, u16)| format!("{name} :{port}");
        let _ = writeln!(
            out,
            "  {:>6}  {:<28} {:<28} {:>8} {:>12} {:>12} {:>6}  {}",
            one.stream,
            end(&one.client),
            end(&one.server),
            one.packets,
            grouped(one.bytes[0]),
            grouped(one.bytes[1]),
            one.retransmissions,
            one.lasted,
        );
    }
    if left_out > 0 {
        let _ = writeln!(out, "  and {left_out} more with less data");
    }
}

fn worth(out: &mut String, found: &[Moment], left_out: u64) {
    out.push_str("\nWorth looking at\n");
    if found.is_empty() {
        out.push_str("  nothing that cost time: no stall, no reset, no closed window\n");
    }
    for moment in found {
        let stream = moment
            .stream
            .map_or(String::new(), |stream| format!("stream {stream}"));
        let _ = writeln!(
            out,
            "  packet {:<7} {stream:<10} {}",
            moment.packet, moment.what
        );
    }
    if left_out > 0 {
        let _ = writeln!(out, "  and {left_out} more that cost less");
    }
}

fn many(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count as u64))
}
