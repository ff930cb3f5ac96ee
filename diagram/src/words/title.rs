//! What a packet is, in a few words.

use super::{Story, say};
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
    let pick = |english: &'static str, japanese| story.language.pick(english, japanese);
    let has = |verdict| tcp.verdicts.has(verdict);
    let name = if tcp.flags.rst() {
        pick("Reset", "リセット")
    } else if tcp.flags.syn() {
        match (tcp.flags.ack(), digest.is_retransmission()) {
            (false, false) => pick("SYN: a connection is opened", "SYN: 接続の開始"),
            (false, true) => pick("SYN, sent again", "SYN の再送"),
            (true, false) => pick("SYN-ACK: the SYN is answered", "SYN-ACK: SYN への応答"),
            (true, true) => pick("SYN-ACK, sent again", "SYN-ACK の再送"),
        }
    } else if digest.is_overtaken() {
        pick("Data, overtaken on its way", "データ（途中で追い越された）")
    } else if has(Verdicts::FAST_RETRANSMISSION) {
        pick("Fast retransmission", "高速再送")
    } else if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        pick("Spurious retransmission", "不要な再送")
    } else if digest.is_retransmission() {
        pick("Retransmission", "再送")
    } else if has(Verdicts::ZERO_WINDOW_PROBE) {
        pick("Window probe", "ウィンドウプローブ")
    } else if has(Verdicts::KEEP_ALIVE) {
        pick("Keep-alive", "キープアライブ")
    } else if has(Verdicts::OUT_OF_ORDER) {
        pick("Data, out of order", "データ（順序外）")
    } else if has(Verdicts::LOST_SEGMENT) && tcp.len > 0 {
        pick(
            "Data, with some missing before it",
            "データ（手前に欠落あり）",
        )
    } else if tcp.len > 0 {
        if tcp.flags.fin() {
            pick("Data and FIN", "データと FIN")
        } else {
            pick("Data", "データ")
        }
    } else if tcp.flags.fin() {
        pick("FIN: nothing more will be sent", "FIN: もう何も送らない")
    } else if tcp.duplicate_ack > 0 {
        let count = tcp.duplicate_ack;
        return say!(story.language, "Duplicate ACK {count}", "重複 ACK {count}");
    } else if has(Verdicts::ZERO_WINDOW) {
        pick("ACK: the window is closed", "ACK: ウィンドウが閉じた")
    } else if has(Verdicts::WINDOW_UPDATE) {
        pick("Window update", "ウィンドウ更新")
    } else if has(Verdicts::KEEP_ALIVE_ACK) {
        pick("ACK of a keep-alive", "キープアライブへの ACK")
    } else {
        pick("ACK", "ACK")
    };
    name.to_owned()
}

fn other_title(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let pick = |english: &'static str, japanese| story.language.pick(english, japanese);
    let packet = story.dissect(frame);
    if let Some(arp) = packet.arp() {
        return if arp.is_probe() {
            pick("ARP probe", "ARP プローブ")
        } else if arp.is_announcement() {
            pick("ARP announcement", "ARP 通知")
        } else if digest.answers().is_some() {
            pick("ARP reply", "ARP 応答")
        } else {
            pick("ARP request", "ARP 要求")
        }
        .to_owned();
    }
    if fragments::range(&packet).is_some() {
        return pick("IP fragment", "IP フラグメント").into();
    }
    match (digest.kind, digest.answers()) {
        (Kind::Dns, None) => pick("DNS question", "DNS の問い合わせ").into(),
        (Kind::Dns, Some(_)) => pick("DNS answer", "DNS の応答").into(),
        (Kind::Icmp, _) => pick("ICMP", "ICMP").into(),
        _ => match packet.udp() {
            Some(_) => pick("UDP datagram", "UDP データグラム").into(),
            None => pick("Frame", "フレーム").into(),
        },
    }
}
