//! Why a packet was sent and what it does, in plain words.
//!
//! The trace knows the cause of what our own stack sent; of everybody else's
//! packets the reason is concluded from the packets around them, and the sentence
//! says so by its wording ("probably", "looks like").

use super::app::app_line;
use super::cause::by_cause;
use super::concluded::by_numbers;
use super::dropped::dropped;
use super::{Story, duration, icmpv6, path, recovery};
use crate::analysis::{Digest, HostId, TcpDigest, fragments};
use crate::capture::{Fate, Frame};

/// Why the packet was sent and what it does, in one or two sentences.
pub fn why(story: Story<'_>, index: usize) -> String {
    let Some((frame, digest)) = story.packet(index) else {
        return String::new();
    };
    let mut text = match (frame.cause, &digest.tcp) {
        (Some(cause), _) => by_cause(story, index, cause, frame, digest),
        (None, Some(tcp)) => by_numbers(story, index, tcp, digest),
        (None, None) => other(story, frame, digest),
    };
    for step in recovery::steps(story, frame, digest) {
        push_sentence(&mut text, &step);
    }
    if let Some(learnt) = path::learnt(story, frame, digest.is_retransmission()) {
        push_sentence(&mut text, &learnt);
    }
    if let Some(reason) = frame.dropped {
        push_sentence(&mut text, &dropped(reason));
    }
    match &frame.fate {
        Fate::Seen => {}
        Fate::LostLater => push_sentence(&mut text, "It was lost on its way."),
        Fate::NeverSeen => push_sentence(&mut text, "It was lost before it came here."),
        Fate::Refused(why) => {
            push_sentence(&mut text, &format!("The bridge did not send it: {why}."));
        }
    }
    if frame.drops_before > 0 {
        let lost = format!(
            "Just before it the capture itself lost {} frames to a full queue.",
            frame.drops_before
        );
        push_sentence(&mut text, &lost);
    }
    text
}

pub(super) fn push_sentence(text: &mut String, sentence: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
}

pub(super) fn range(tcp: &TcpDigest) -> String {
    match tcp.len {
        0 => format!("number {}", tcp.seq),
        1 => format!("byte {}", tcp.seq),
        len => format!("bytes {}–{}", tcp.seq, tcp.seq + i64::from(len) - 1),
    }
}

/// Which bytes are still missing when this ACK is sent, as far as SACK tells.
pub(super) fn missing(story: Story<'_>, frame: &Frame, tcp: &TcpDigest) -> String {
    let packet = story.dissect(frame);
    let first = packet.tcp().and_then(|segment| {
        let blocks = segment.options().sack;
        let ahead = blocks
            .iter()
            .map(|block| block.start.signed_distance(segment.ack()));
        ahead.filter(|&ahead| ahead > 0).min()
    });
    match first {
        Some(ahead) => format!("bytes {}–{}", tcp.ack, tcp.ack + i64::from(ahead) - 1),
        None => format!("what comes from byte {} on", tcp.ack),
    }
}

pub(super) fn since_first(story: Story<'_>, index: usize, digest: &Digest) -> String {
    let Some(first) = digest.first_sent() else {
        return "The first time it was sent it never came by here.".into();
    };
    let at = |index: usize| {
        story
            .capture
            .frames()
            .get(index)
            .map_or(0, |frame| frame.at.as_nanos())
    };
    let ago = duration(at(index).saturating_sub(at(first)));
    format!("First sent {ago} earlier, in packet {}.", first + 1)
}

pub(super) fn name(story: Story<'_>, host: HostId) -> String {
    match story.analysis.hosts().at(host) {
        Some(host) if host.is_page => "This page".into(),
        Some(host) => host.name.clone().unwrap_or_else(|| host.address()),
        None => "Somebody".into(),
    }
}

fn other(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let packet = story.dissect(frame);
    let who = name(story, digest.from);
    if let Some(arp) = packet.arp() {
        let (sender, target) = (arp.sender_ip, arp.target_ip);
        return if arp.is_probe() {
            format!("Asks whether anybody has {target}, before it is used (RFC 5227).")
        } else if arp.is_announcement() {
            format!(
                "Tells everybody that {sender} is at {} now.",
                arp.sender_mac
            )
        } else if digest.answers().is_some() {
            format!("{who} answers: {sender} is at {}.", arp.sender_mac)
        } else {
            format!("{who} wants to send something to {target} and asks for its MAC address.")
        };
    }
    if let Some((from, to)) = fragments::range(&packet) {
        return format!(
            "A packet of {who} was cut up, and this is a piece of it, bytes {from}–{}. What it \
             carries is told with the last piece.",
            to.saturating_sub(1)
        );
    }
    if let Some(icmp) = packet.icmpv6()
        && let Some(text) = icmpv6::why(&icmp.message(), &who, digest.answers().is_some())
    {
        return text;
    }
    let Some(line) = app_line(&packet) else {
        return match packet.icmpv4() {
            Some(_) if packet.quoted_layers().next().is_some() => {
                format!(
                    "{who} reports that a packet could not be delivered; it quotes its beginning."
                )
            }
            _ => String::new(),
        };
    };
    match digest.answers() {
        Some(question) => format!("{who} answers packet {}: {line}.", question + 1),
        None => format!("{who} asks: {line}"),
    }
}
