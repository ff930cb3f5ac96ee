//! Why a packet was sent and what it does, in plain words.
//!
//! The trace knows the cause of what our own stack sent; of everybody else's
//! packets the reason is concluded from the packets around them, and the sentence
//! says so by its wording ("probably", "looks like").

use super::app::app_line;
use super::cause::by_cause;
use super::concluded::by_numbers;
use super::dropped::dropped;
use super::{Language, Story, duration, icmpv6, machine_name, path, recovery, say};
use crate::analysis::{Digest, HostId, TcpDigest, fragments};
use crate::capture::{Fate, Frame, MachineId};
use synema_core::wire::arp;

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
    let language = story.language;
    for step in recovery::steps(story, frame, digest) {
        push_sentence(&mut text, &step);
    }
    if let Some(learnt) = path::learnt(story, frame, digest.is_retransmission()) {
        push_sentence(&mut text, &learnt);
    }
    if let Some(reason) = frame.dropped {
        // Our own stack speaks of itself.
        let is_other = frame.between.to.is_some_and(|to| to != MachineId::OWN);
        let who = is_other.then(|| name(story, digest.to));
        push_sentence(&mut text, &dropped(language, reason, who.as_deref()));
    }
    match &frame.fate {
        Fate::Seen => {}
        Fate::LostLater => push_sentence(&mut text, lost_on_the_way(language)),
        Fate::Elsewhere if frame.died.is_some() => {
            push_sentence(&mut text, lost_on_the_way(language));
        }
        Fate::Elsewhere => push_sentence(
            &mut text,
            language.pick("It never came by here.", "ここは通りませんでした。"),
        ),
        Fate::NeverSeen => push_sentence(
            &mut text,
            language.pick(
                "It was lost before it came here.",
                "ここに届く前に失われました。",
            ),
        ),
        Fate::Refused(why) => push_sentence(
            &mut text,
            &say!(
                language,
                "The bridge did not send it: {why}.",
                "ブリッジはこれを送りませんでした: {why}。"
            ),
        ),
    }
    if frame.drops_before > 0 {
        let lost = say!(
            language,
            "Just before it the capture itself lost {n} frames to a full queue.",
            "この直前に、キャプチャ側のキューがあふれて {n} フレームを取りこぼしました。",
            n = frame.drops_before
        );
        push_sentence(&mut text, &lost);
    }
    text
}

fn lost_on_the_way(language: Language) -> &'static str {
    language.pick("It was lost on its way.", "途中で失われました。")
}

pub(super) fn push_sentence(text: &mut String, sentence: &str) {
    // Japanese sentences stand without a space between them.
    if !text.is_empty() && !text.ends_with('。') {
        text.push(' ');
    }
    text.push_str(sentence);
}

pub(super) fn range(language: Language, tcp: &TcpDigest) -> String {
    let seq = tcp.seq;
    match tcp.len {
        0 => say!(language, "number {seq}", "番号 {seq} のもの"),
        1 => say!(language, "byte {seq}", "{seq} バイト目"),
        len => bytes(language, seq, seq + i64::from(len) - 1),
    }
}

/// A range of bytes, both ends included.
pub(super) fn bytes(language: Language, first: i64, last: i64) -> String {
    say!(language, "bytes {first}–{last}", "{first}–{last} バイト目")
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
        Some(ahead) => bytes(story.language, tcp.ack, tcp.ack + i64::from(ahead) - 1),
        None => say!(
            story.language,
            "what comes from byte {ack} on",
            "{ack} バイト目以降",
            ack = tcp.ack
        ),
    }
}

pub(super) fn since_first(story: Story<'_>, index: usize, digest: &Digest) -> String {
    let Some(first) = digest.first_sent() else {
        return story
            .language
            .pick(
                "The first time it was sent it never came by here.",
                "最初に送られたものは、ここでは見えていません。",
            )
            .into();
    };
    let at = |index: usize| {
        story
            .capture
            .frames()
            .get(index)
            .map_or(0, |frame| frame.at.as_nanos())
    };
    let ago = duration(at(index).saturating_sub(at(first)));
    say!(
        story.language,
        "First sent {ago} earlier, in packet {n}.",
        "最初に送ったのは {ago} 前、パケット {n} です。",
        n = first + 1
    )
}

pub(super) fn name(story: Story<'_>, host: HostId) -> String {
    match story.analysis.hosts().at(host) {
        Some(host) if host.machine.is_some() => {
            capitalised(machine_name(story, host).unwrap_or(&host.address()))
        }
        Some(host) if host.is_page => story.language.pick("This page", "このページ").into(),
        Some(host) => host.name.clone().unwrap_or_else(|| host.address()),
        None => story.language.pick("Somebody", "不明なホスト").into(),
    }
}

/// As it stands at the beginning of a sentence. What has a dot in it is a name of its own.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !name.contains('.') => first.to_uppercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

fn other(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let language = story.language;
    let packet = story.dissect(frame);
    let who = name(story, digest.from);
    if let Some(arp) = packet.arp() {
        return of_arp(language, arp, &who, digest.answers().is_some());
    }
    if let Some((from, to)) = fragments::range(&packet) {
        return say!(
            language,
            "A packet of {who} was cut up, and this is a piece of it, bytes {from}–{to}. What it \
             carries is told with the last piece.",
            "{who} のパケットが分割されたうちの 1 片、{from}–{to} バイト目です。中身は最後の \
             1 片のところに示します。",
            to = to.saturating_sub(1)
        );
    }
    if let Some(icmp) = packet.icmpv6()
        && let Some(text) = icmpv6::why(language, &icmp.message(), &who, digest.answers().is_some())
    {
        return text;
    }
    let Some(line) = app_line(language, &packet) else {
        return match packet.icmpv4() {
            Some(_) if packet.quoted_layers().next().is_some() => say!(
                language,
                "{who} reports that a packet could not be delivered; it quotes its beginning.",
                "{who} が、パケットを届けられなかったと知らせています。その先頭が引用されています。"
            ),
            _ => String::new(),
        };
    };
    match digest.answers() {
        Some(question) => say!(
            language,
            "{who} answers packet {n}: {line}.",
            "パケット {n} への {who} の応答です: {line}。",
            n = question + 1
        ),
        None => say!(
            language,
            "{who} asks: {line}",
            "{who} からの問い合わせです: {line}"
        ),
    }
}

fn of_arp(language: Language, arp: &arp::Packet, who: &str, is_answer: bool) -> String {
    let (sender, target, mac) = (arp.sender_ip, arp.target_ip, arp.sender_mac);
    if arp.is_probe() {
        say!(
            language,
            "Asks whether anybody has {target}, before it is used (RFC 5227).",
            "使う前に、{target} を持つホストがいないか尋ねています (RFC 5227)。"
        )
    } else if arp.is_announcement() {
        say!(
            language,
            "Tells everybody that {sender} is at {mac} now.",
            "{sender} が今は {mac} にあると、全員に知らせています。"
        )
    } else if is_answer {
        say!(
            language,
            "{who} answers: {sender} is at {mac}.",
            "{who} の応答です。{sender} は {mac} にあります。"
        )
    } else {
        say!(
            language,
            "{who} wants to send something to {target} and asks for its MAC address.",
            "{who} が {target} に送りたいものがあり、その MAC アドレスを尋ねています。"
        )
    }
}
