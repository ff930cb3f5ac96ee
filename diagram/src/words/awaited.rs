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
    let (Some((_, last)), Some((frame, next))) = (story.packet(before), story.packet(after)) else {
        return "nothing happens";
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
                true => "the window is closed",
                false => "nobody has anything to say",
            }
        }
        _ if has(Verdicts::WINDOW_UPDATE)
            && said_before(story, after, true).is_some_and(|last| last.window == 0) =>
        {
            "the window is closed"
        }
        (_, Kind::Retransmission) => match (page(next.from), frame.cause) {
            (true, _) => "only our retransmission timer runs",
            (false, _) => "only the sender's timer runs",
        },
        (Kind::Arp, Kind::Arp)
            if matches!(frame.cause, Some(Cause::ArpProbe | Cause::ArpAnnounce)) =>
        {
            "does anybody object?"
        }
        (Kind::Arp, Kind::Arp) if frame.cause == Some(Cause::ArpRequest) => {
            "nobody asks for anything"
        }
        (Kind::Arp, _) if last.answers().is_none() && last.answered_by() == Some(after) => {
            "waiting for the neighbour's answer"
        }
        (Kind::Dns, Kind::Dns) if last.answered_by() == Some(after) => {
            "waiting for the name server"
        }
        (Kind::Dns, Kind::Dns) => "no answer; asked again",
        (Kind::Icmp, Kind::Icmp) if last.answered_by() == Some(after) => "waiting for the echo",
        (Kind::Syn, _) if last.answered_by() == Some(after) => "waiting for the other end",
        (_, Kind::Syn) => "nobody has anything to say",
        (_, Kind::Fin) => "nobody has more to say",
        (_, Kind::Rst) => "then somebody gives up",
        _ if frame.cause == Some(Cause::DelayedAckTimer) => "only the delayed-ACK timer runs",
        (Kind::Data, Kind::Ack) if last.answered_by() == Some(after) => {
            "the receiver waits before its ACK"
        }
        (_, Kind::Data) if answers_request(story, after) => "the other end is working on it",
        (_, Kind::Data) if page(next.from) => "the application has nothing to send",
        (_, Kind::Data) => "nothing comes from the other end",
        _ => "nothing happens",
    }
}
