//! What a packet is, in a few words.

use super::Story;
use crate::analysis::{Digest, Verdicts, fragments};
use crate::capture::Frame;
use crate::layout::scene::Kind;

/// What a packet is: `Retransmission`, `Duplicate ACK 2`, `ARP probe 1`.
pub fn title(story: Story<'_>, index: usize) -> String {
    let Some((frame, digest)) = story.packet(index) else {
        return String::new();
    };
    let Some(tcp) = &digest.tcp else {
        return other_title(story, frame, digest);
    };
    let has = |verdict| tcp.verdicts.has(verdict);
    let name = if tcp.flags.rst() {
        "Reset"
    } else if tcp.flags.syn() {
        match (tcp.flags.ack(), digest.is_retransmission()) {
            (false, false) => "SYN: a connection is opened",
            (false, true) => "SYN, sent again",
            (true, false) => "SYN-ACK: the SYN is answered",
            (true, true) => "SYN-ACK, sent again",
        }
    } else if digest.is_overtaken() {
        "Data, overtaken on its way"
    } else if has(Verdicts::FAST_RETRANSMISSION) {
        "Fast retransmission"
    } else if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        "Spurious retransmission"
    } else if digest.is_retransmission() {
        "Retransmission"
    } else if has(Verdicts::ZERO_WINDOW_PROBE) {
        "Window probe"
    } else if has(Verdicts::KEEP_ALIVE) {
        "Keep-alive"
    } else if has(Verdicts::OUT_OF_ORDER) {
        "Data, out of order"
    } else if has(Verdicts::LOST_SEGMENT) && tcp.len > 0 {
        "Data, with some missing before it"
    } else if tcp.len > 0 {
        if tcp.flags.fin() {
            "Data and FIN"
        } else {
            "Data"
        }
    } else if tcp.flags.fin() {
        "FIN: nothing more will be sent"
    } else if tcp.duplicate_ack > 0 {
        return format!("Duplicate ACK {}", tcp.duplicate_ack);
    } else if has(Verdicts::ZERO_WINDOW) {
        "ACK: the window is closed"
    } else if has(Verdicts::WINDOW_UPDATE) {
        "Window update"
    } else if has(Verdicts::KEEP_ALIVE_ACK) {
        "ACK of a keep-alive"
    } else {
        "ACK"
    };
    name.to_owned()
}

fn other_title(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let packet = story.dissect(frame);
    if let Some(arp) = packet.arp() {
        return if arp.is_probe() {
            "ARP probe"
        } else if arp.is_announcement() {
            "ARP announcement"
        } else if digest.answers().is_some() {
            "ARP reply"
        } else {
            "ARP request"
        }
        .to_owned();
    }
    if fragments::range(&packet).is_some() {
        return "IP fragment".into();
    }
    match (digest.kind, digest.answers()) {
        (Kind::Dns, None) => "DNS question".into(),
        (Kind::Dns, Some(_)) => "DNS answer".into(),
        (Kind::Icmp, _) => "ICMP".into(),
        _ => match packet.udp() {
            Some(_) => "UDP datagram".into(),
            None => "Frame".into(),
        },
    }
}
