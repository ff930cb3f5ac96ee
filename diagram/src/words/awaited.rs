//! What was being waited for while nobody spoke.

use super::Story;
use crate::layout::scene::Kind;
use synema_core::trace::Cause;

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
        .take(64)
        .filter_map(|digest| digest.tcp);
    before
        .filter(|tcp| tcp.stream == next.stream)
        .find(|tcp| tcp.len > 0)
        .is_some_and(|tcp| tcp.from_client != next.from_client)
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
    match (last.kind, next.kind) {
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
