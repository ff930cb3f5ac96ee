//! The label on an arrow, from the fullest wording to the shortest: the layout
//! takes the first that finds room.

use super::app::app_line;
use super::{Story, duration, icmpv6};
use crate::analysis::{TcpDigest, Verdicts, fragments};
use crate::view::LabelMode;
use synema_core::wire::Packet;
use synema_core::wire::arp::Operation;
use synema_core::wire::icmpv4::Message;
use synema_core::wire::tcp::{Segment, TcpOption};

/// The label of a packet, in wordings from the longest to the shortest.
pub fn labels(story: Story<'_>, index: usize, mode: LabelMode) -> Vec<String> {
    let Some((frame, digest)) = story.packet(index) else {
        return Vec::new();
    };
    let packet = story.dissect(frame);
    let mut wordings = match (&digest.tcp, &story.analysis.segment(index, &packet)) {
        (Some(tcp), Some(segment)) => {
            // Some ask after a closed window with an ACK of a number that was acknowledged.
            let asks = tcp.verdicts.has(Verdicts::KEEP_ALIVE)
                && super::awaited::meets_closed_window(story, index);
            let mut wordings = match asks {
                true => vec!["window probe".into(), "probe".into()],
                false => tcp_labels(tcp, segment, &packet, mode),
            };
            if digest.is_retransmission() {
                wordings
                    .iter_mut()
                    .for_each(|text| text.insert_str(0, "R "));
            }
            wordings
        }
        _ => other_labels(&packet, mode),
    };
    wordings.retain(|text| !text.is_empty());
    wordings.dedup();
    wordings
}

/// The label of data that was missed before packet `index` and never seen.
pub fn ghost_labels(tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    let range = data_range(tcp.seq, tcp.len, mode);
    vec![format!("{range} ({} B), never seen here", tcp.len), range]
}

fn data_range(seq: i64, len: u32, mode: LabelMode) -> String {
    let end = seq + i64::from(len);
    match mode {
        // The last byte, as people count.
        LabelMode::Words => format!("{seq}–{}", end - 1),
        // One past it, as tcpdump and the RFCs do.
        LabelMode::Numbers => format!("{seq}:{end}"),
    }
}

fn tcp_labels(
    tcp: &TcpDigest,
    segment: &Segment<'_>,
    packet: &Packet<'_>,
    mode: LabelMode,
) -> Vec<String> {
    let flags = tcp.flags;
    if flags.rst() {
        rst_labels(tcp, mode)
    } else if flags.syn() {
        syn_labels(tcp, segment, mode)
    } else if tcp.len > 0 {
        data_labels(tcp, packet, mode)
    } else if flags.fin() {
        fin_labels(tcp, mode)
    } else {
        ack_labels(tcp, segment, mode)
    }
}

fn rst_labels(tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    match mode {
        LabelMode::Words => vec!["RST: the connection is cut".into(), "RST".into()],
        LabelMode::Numbers if tcp.flags.ack() => {
            vec![
                format!("RST {} ack {}", tcp.seq, tcp.ack),
                format!("RST {}", tcp.seq),
            ]
        }
        LabelMode::Numbers => vec![format!("RST {}", tcp.seq)],
    }
}

fn syn_labels(tcp: &TcpDigest, segment: &Segment<'_>, mode: LabelMode) -> Vec<String> {
    let name = if tcp.flags.ack() { "SYN ACK" } else { "SYN" };
    match mode {
        LabelMode::Words if tcp.flags.ack() => vec![
            format!("{name} number {}, wants {}", tcp.seq, tcp.ack),
            format!("{name} {}", tcp.seq),
        ],
        LabelMode::Words => {
            vec![
                format!("{name} number {}", tcp.seq),
                format!("{name} {}", tcp.seq),
            ]
        }
        LabelMode::Numbers => {
            let ack = if tcp.flags.ack() {
                format!(" ack {}", tcp.ack)
            } else {
                String::new()
            };
            let short = format!("{name} {}{ack}", tcp.seq);
            let options = options_text(segment);
            vec![
                format!("{short} win {}{options}", segment.window()),
                format!("{short}{options}"),
                short,
            ]
        }
    }
}

fn options_text(segment: &Segment<'_>) -> String {
    let mut text = String::new();
    for option in segment.option_iter().flatten() {
        match option {
            TcpOption::MaxSegmentSize(bytes) => text.push_str(&format!(" mss {bytes}")),
            TcpOption::WindowScale(shift) => text.push_str(&format!(" ws {shift}")),
            TcpOption::SackPermitted => text.push_str(" sackOK"),
            TcpOption::Timestamps(_) => text.push_str(" ts"),
            _ => {}
        }
    }
    text
}

fn data_labels(tcp: &TcpDigest, packet: &Packet<'_>, mode: LabelMode) -> Vec<String> {
    let range = data_range(tcp.seq, tcp.len, mode);
    let with_len = format!("{range} ({} B)", tcp.len);
    let fin = if tcp.flags.fin() { " FIN" } else { "" };
    let mut wordings = Vec::new();
    let probe = tcp.verdicts.has(Verdicts::ZERO_WINDOW_PROBE);
    if probe || tcp.verdicts.has(Verdicts::KEEP_ALIVE) {
        let what = if probe { "window probe" } else { "keep-alive" };
        return vec![format!("{what} {range}"), what.into()];
    }
    if let Some(line) = app_line(packet) {
        wordings.push(format!("{line} {with_len}{fin}"));
        wordings.push(format!("{}{fin}", cut(&line, 24)));
        wordings.push(format!("{}{fin}", cut(&line, 16)));
    }
    let full = match mode {
        LabelMode::Numbers if tcp.in_flight > tcp.len => {
            format!("{with_len} ack {} flight {}{fin}", tcp.ack, tcp.in_flight)
        }
        LabelMode::Numbers => format!("{with_len} ack {}{fin}", tcp.ack),
        LabelMode::Words => format!("{with_len}{fin}"),
    };
    if wordings.is_empty() {
        wordings.push(full);
    }
    wordings.push(format!("{with_len}{fin}"));
    wordings.push(format!("{range}{fin}"));
    wordings
}

fn fin_labels(tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    let short = format!("FIN {}", tcp.seq);
    match mode {
        LabelMode::Words => vec![format!("FIN number {}", tcp.seq), short],
        LabelMode::Numbers => vec![format!("FIN {} ack {}", tcp.seq, tcp.ack), short],
    }
}

fn ack_labels(tcp: &TcpDigest, segment: &Segment<'_>, mode: LabelMode) -> Vec<String> {
    let has = |verdict| tcp.verdicts.has(verdict);
    let short = format!("ACK {}", tcp.ack);
    if has(Verdicts::KEEP_ALIVE) {
        return vec!["keep-alive".into()];
    }
    let sack = sack_text(tcp, segment, mode);
    let mut wordings = Vec::new();
    match mode {
        LabelMode::Words => {
            let note = if has(Verdicts::ZERO_WINDOW) {
                ", window closed".to_owned()
            } else if has(Verdicts::WINDOW_UPDATE) {
                ", window opened".to_owned()
            } else if tcp.duplicate_ack > 0 {
                format!(" again ({})", tcp.duplicate_ack)
            } else {
                String::new()
            };
            if !sack.is_empty() {
                wordings.push(format!("{short}{note}, has {sack}"));
            }
            wordings.push(format!("{short}{note}"));
        }
        LabelMode::Numbers => {
            let dup = match tcp.duplicate_ack {
                0 => String::new(),
                number => format!(" dup {number}"),
            };
            if !sack.is_empty() {
                wordings.push(format!("{short}{dup} win {} sack {sack}", tcp.window));
                wordings.push(format!("{short}{dup} sack {sack}"));
            }
            wordings.push(format!("{short}{dup} win {}", tcp.window));
            wordings.push(format!("{short}{dup}"));
        }
    }
    wordings.push(short);
    wordings
}

/// The SACK blocks in relative numbers.
fn sack_text(tcp: &TcpDigest, segment: &Segment<'_>, mode: LabelMode) -> String {
    let mut text = String::new();
    for option in segment.option_iter().flatten() {
        let TcpOption::Sack(blocks) = option else {
            continue;
        };
        for block in blocks.iter() {
            let start = tcp.ack + i64::from(block.start.signed_distance(segment.ack()));
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&data_range(start, block.len(), mode));
        }
    }
    text
}

fn other_labels(packet: &Packet<'_>, mode: LabelMode) -> Vec<String> {
    if let Some(arp) = packet.arp() {
        return arp_labels(arp, mode);
    }
    if let Some(icmp) = packet.icmpv4() {
        return icmp_labels(&icmp.message());
    }
    if let Some(icmp) = packet.icmpv6() {
        return icmpv6::labels(&icmp.message(), mode);
    }
    if let Some(line) = app_line(packet) {
        let short = cut(&line, 20);
        return vec![line, short];
    }
    if let Some(udp) = packet.udp() {
        let len = udp.len().saturating_sub(8);
        let (src, dst) = (udp.src_port(), udp.dst_port());
        return vec![
            format!("UDP {src} → {dst} ({len} B)"),
            format!("UDP → {dst}"),
        ];
    }
    if let Some((from, to)) = fragments::range(packet) {
        return vec![format!("fragment {from}–{to}"), "fragment".into()];
    }
    if let Some(ip) = packet.ipv4() {
        return vec![ip.protocol().to_string()];
    }
    if let Some(ip) = packet.ipv6() {
        return vec![ip.protocol().to_string()];
    }
    match packet.ethernet() {
        Some(header) if header.ether_type().is_length() => vec!["802.3 frame".into()],
        Some(header) => vec![format!("EtherType 0x{:04x}", header.ether_type().0)],
        None => vec!["frame".into()],
    }
}

fn arp_labels(arp: &synema_core::wire::arp::Packet, mode: LabelMode) -> Vec<String> {
    let (sender, target) = (arp.sender_ip, arp.target_ip);
    let words = mode == LabelMode::Words;
    if arp.is_probe() {
        return match words {
            true => vec![
                format!("does anybody have {target}?"),
                format!("anybody at {target}?"),
                format!("{target}?"),
            ],
            false => vec![format!("ARP probe {target}"), "ARP probe".into()],
        };
    }
    if arp.is_announcement() {
        return match words {
            true => vec![format!("{sender} is mine"), format!("{sender} mine")],
            false => vec![format!("ARP announce {sender}"), "ARP announce".into()],
        };
    }
    match arp.operation {
        Operation::Request if words => vec![format!("who has {target}?"), format!("{target}?")],
        Operation::Request => {
            vec![
                format!("ARP who-has {target} tell {sender}"),
                format!("who-has {target}"),
            ]
        }
        Operation::Reply if words => {
            vec![
                format!("{sender} is at {}", arp.sender_mac),
                format!("I have {sender}"),
                format!("{sender}: me"),
            ]
        }
        Operation::Reply => vec![
            format!("ARP {sender} is-at {}", arp.sender_mac),
            format!("is-at {}", arp.sender_mac),
            "ARP reply".into(),
        ],
        Operation::Other(number) => vec![format!("ARP operation {number}")],
    }
}

fn icmp_labels(message: &Message<'_>) -> Vec<String> {
    match message {
        Message::EchoRequest { sequence, .. } => {
            vec![
                format!("echo request {sequence}"),
                format!("echo {sequence}"),
            ]
        }
        Message::EchoReply { sequence, .. } => {
            vec![
                format!("echo reply {sequence}"),
                format!("reply {sequence}"),
            ]
        }
        Message::DestinationUnreachable { reason, .. } => {
            vec![format!("ICMP {reason}"), "unreachable".into()]
        }
        Message::Redirect { gateway, .. } => {
            vec![format!("ICMP redirect to {gateway}"), "redirect".into()]
        }
        Message::TimeExceeded { .. } => vec!["ICMP time exceeded".into(), "time exceeded".into()],
        Message::ParameterProblem { .. } => vec!["ICMP parameter problem".into()],
        Message::Other { kind, code, .. } => vec![format!("ICMP type {kind} code {code}")],
    }
}

/// At most `max` characters, the last of them an ellipsis where it was cut.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// `20.0 ms of silence: waiting for ...`, from the longest to the shortest.
pub(crate) fn silence_labels(ns: u64, awaited: &str) -> Vec<String> {
    let time = duration(ns);
    vec![
        format!("{time} of silence: {awaited}"),
        format!("{time} of silence"),
        time,
    ]
}
