//! A capture at a glance, in plain text.

use super::{Conversation, Moment, contents};
use crate::words::{Language, Story, columns, grouped, say};
use core::fmt::Write;

/// More conversations and moments than these are counted, not listed.
const MANY: usize = 20;

/// What there is, what is worth looking at, and what to doubt.
pub fn overview(story: Story<'_>) -> String {
    let contents = contents(story, MANY);
    let language = story.language;
    let (packets, streams) = (story.capture.frames().len(), story.analysis.streams().len());
    let mut out = say!(
        language,
        "{packets} in {lasted}, {streams}\n",
        "{packets}（{lasted}）、{streams}\n",
        packets = many(language, packets, ("packet", "パケット")),
        lasted = contents.lasted,
        streams = many(language, streams, ("TCP conversation", "件の TCP 通信")),
    );
    let left_out = contents.conversations_left_out;
    conversations(language, &mut out, &contents.conversations, left_out);
    worth(
        language,
        &mut out,
        &contents.moments,
        contents.moments_left_out,
    );
    if !contents.doubts.is_empty() {
        out.push_str(language.pick("\nThe capture itself\n", "\nキャプチャそのもの\n"));
    }
    for doubt in contents.doubts {
        let packet = language.pick("packet", "パケット");
        let _ = writeln!(out, "  {packet} {:<7} {}", doubt.packet, doubt.what);
    }
    out
}

fn conversations(language: Language, out: &mut String, all: &[Conversation], left_out: u64) {
    if all.is_empty() {
        return;
    }
    let pick = |english: &'static str, japanese| language.pick(english, japanese).to_owned();
    let heads = [
        pick("stream", "番号"),
        pick("client", "クライアント"),
        pick("server", "サーバー"),
        pick("packets", "パケット"),
        pick("to server B", "サーバーへ B"),
        pick("to client B", "クライアントへ B"),
        pick("again", "再送"),
        pick("lasted", "時間"),
    ];
    out.push('\n');
    row(out, &heads);
    for one in all {
        let end = |(name, port): &(String, u16)| format!("{name} :{port}");
        row(
            out,
            &[
                one.stream.to_string(),
                end(&one.client),
                end(&one.server),
                one.packets.to_string(),
                grouped(one.bytes[0]),
                grouped(one.bytes[1]),
                one.retransmissions.to_string(),
                one.lasted.clone(),
            ],
        );
    }
    if left_out > 0 {
        let more = say!(
            language,
            "  and {left_out} more with less data",
            "  ほかにデータの少ないもの {left_out} 件"
        );
        let _ = writeln!(out, "{more}");
    }
}

/// Cells in their columns: numbers at the right, names at the left.
fn row(out: &mut String, cells: &[String; 8]) {
    const WIDTHS: [usize; 8] = [6, 28, 28, 8, 12, 12, 6, 0];
    out.push_str("  ");
    for (index, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let pad = " ".repeat(width.saturating_sub(columns(cell)));
        let gap = match index {
            0 => "",
            1 | 7 => "  ",
            _ => " ",
        };
        let _ = match index {
            1 | 2 => write!(out, "{gap}{cell}{pad}"),
            _ => write!(out, "{gap}{pad}{cell}"),
        };
    }
    out.push('\n');
}

fn worth(language: Language, out: &mut String, found: &[Moment], left_out: u64) {
    out.push_str(language.pick("\nWorth looking at\n", "\n見どころ\n"));
    if found.is_empty() {
        out.push_str(language.pick(
            "  nothing that cost time: no stall, no reset, no closed window\n",
            "  時間を失った所なし: 停滞、リセット、ウィンドウ閉塞なし\n",
        ));
    }
    let (packet, stream) = (
        language.pick("packet", "パケット"),
        language.pick("stream", "通信"),
    );
    for moment in found {
        let stream = moment
            .stream
            .map_or(String::new(), |number| format!("{stream} {number}"));
        let _ = writeln!(
            out,
            "  {packet} {:<7} {stream:<10} {}",
            moment.packet, moment.what
        );
    }
    if left_out > 0 {
        let more = say!(
            language,
            "  and {left_out} more that cost less",
            "  ほかに影響の小さいもの {left_out} 件"
        );
        let _ = writeln!(out, "{more}");
    }
}

fn many(language: Language, count: usize, (english, japanese): (&str, &str)) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let count = grouped(count as u64);
    say!(language, "{count} {english}{plural}", "{count} {japanese}")
}
