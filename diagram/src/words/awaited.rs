//! What was being waited for while nobody spoke.

use super::Story;
use crate::analysis::{TcpDigest, Verdicts};
use crate::layout::scene::Kind;
use synema_core::trace::Cause;

/// How many packets back is looked for what was said before.
const LOOKED_AT: usize = 64;

/// Whether the last data before this packet, in its conversation, came from the
/// other end.
fn answers_request(story: Story<'_>, after: usize) -> bool {
    let digests = story.analysis.digests();
    let Some(next) = digests[after].tcp else {
        return false;
    };
    let before = digests[..after]
        .iter()
        .rev()
        .take(LOOKED_AT)
        .filter_map(|digest| digest.tcp);
    before
        .filter(|tcp| tcp.stream == next.stream)
        .find(|tcp| tcp.len > 0)
        .is_some_and(|tcp| tcp.from_client != next.from_client)
}

/// Whether the window into which the sender of this packet sends is closed: it was, by
/// the last that the other end said before.
pub(super) fn meets_closed_window(story: Story<'_>, index: usize) -> bool {
    said_before(story, index, false).is_some_and(|last| last.window == 0 && !last.flags.rst())
}

/// The last segment before this one in its conversation: of its own sender, or of the
/// other end.
fn said_before(story: Story<'_>, index: usize, own: bool) -> Option<TcpDigest> {
    let digests = story.analysis.digests();
    let tcp = digests.get(index)?.tcp?;
    let before = digests[..index].iter().rev().take(LOOKED_AT);
    before
        .filter_map(|digest| digest.tcp)
        .find(|last| last.stream == tcp.stream && (last.from_client == tcp.from_client) == own)
}

/// What was being waited for between two packets.
pub(crate) fn awaited(story: Story<'_>, before: usize, after: usize) -> &'static str {
    let pick = |english: &'static str, japanese| story.language.pick(english, japanese);
    let (Some((_, last)), Some((frame, next))) = (story.packet(before), story.packet(after)) else {
        return pick("nothing happens", "動きなし");
    };
    let page = |host| {
        story
            .analysis
            .hosts()
            .at(host)
            .is_some_and(|host| host.is_page)
    };
    let has = |verdict| next.tcp.is_some_and(|tcp| tcp.verdicts.has(verdict));
    match (last.kind, next.kind) {
        _ if has(Verdicts::KEEP_ALIVE) || has(Verdicts::ZERO_WINDOW_PROBE) => {
            match meets_closed_window(story, after) {
                true => pick("the window is closed", "ウィンドウが閉じている"),
                false => pick("nobody has anything to say", "どちらにも送るものがない"),
            }
        }
        _ if has(Verdicts::WINDOW_UPDATE)
            && said_before(story, after, true).is_some_and(|last| last.window == 0) =>
        {
            pick("the window is closed", "ウィンドウが閉じている")
        }
        (_, Kind::Retransmission) => match (page(next.from), frame.cause) {
            (true, _) => pick(
                "only our retransmission timer runs",
                "こちらの再送タイマー待ち",
            ),
            (false, _) => pick("only the sender's timer runs", "送信側のタイマー待ち"),
        },
        (Kind::Arp, Kind::Arp)
            if matches!(frame.cause, Some(Cause::ArpProbe | Cause::ArpAnnounce)) =>
        {
            pick("does anybody object?", "異議がないか待つ")
        }
        (Kind::Arp, Kind::Arp) if frame.cause == Some(Cause::ArpRequest) => {
            pick("nobody asks for anything", "誰からも要求がない")
        }
        (Kind::Arp, _) if last.answers().is_none() && last.answered_by() == Some(after) => {
            pick("waiting for the neighbour's answer", "ARP の応答待ち")
        }
        (Kind::Dns, Kind::Dns) if last.answered_by() == Some(after) => {
            pick("waiting for the name server", "DNS サーバーの応答待ち")
        }
        (Kind::Dns, Kind::Dns) => pick("no answer; asked again", "応答がなく、再び問い合わせ"),
        (Kind::Icmp, Kind::Icmp) if last.answered_by() == Some(after) => {
            pick("waiting for the echo", "エコー応答待ち")
        }
        (Kind::Syn, _) if last.answered_by() == Some(after) => {
            pick("waiting for the other end", "相手の応答待ち")
        }
        (_, Kind::Syn) => pick("nobody has anything to say", "どちらにも送るものがない"),
        (_, Kind::Fin) => pick("nobody has more to say", "もう送るものがない"),
        (_, Kind::Rst) => pick("then somebody gives up", "やがて一方が打ち切る"),
        _ if frame.cause == Some(Cause::DelayedAckTimer) => {
            pick("only the delayed-ACK timer runs", "遅延 ACK タイマー待ち")
        }
        (Kind::Data, Kind::Ack) if last.answered_by() == Some(after) => pick(
            "the receiver waits before its ACK",
            "受信側が ACK を遅らせている",
        ),
        (_, Kind::Data) if answers_request(story, after) => {
            pick("the other end is working on it", "相手が処理中")
        }
        (_, Kind::Data) if page(next.from) => pick(
            "the application has nothing to send",
            "アプリケーションに送るものがない",
        ),
        (_, Kind::Data) => pick("nothing comes from the other end", "相手から何も来ない"),
        _ => pick("nothing happens", "動きなし"),
    }
}
