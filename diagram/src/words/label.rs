//! The label on an arrow, from the fullest wording to the shortest: the layout
//! takes the first that finds room.

use super::app::app_line;
use super::{Language, Story, cut, duration, icmpv4, icmpv6, say};
use crate::analysis::{TcpDigest, Verdicts, fragments};
use crate::view::LabelMode;
use synema_core::wire::Packet;
use synema_core::wire::arp::{self, Operation};
use synema_core::wire::icmpv4::Message;
use synema_core::wire::tcp::{Segment, TcpOption};

/// The label of a packet, in wordings from the longest to the shortest.
pub fn labels(story: Story<'_>, index: usize, mode: LabelMode) -> Vec<String> {
    let Some((frame, digest)) = story.packet(index) else {
        return Vec::new();
    };
    let language = story.language;
    let packet = story.dissect(frame);
    let mut wordings = match (&digest.tcp, &story.analysis.segment(index, &packet)) {
        (Some(tcp), Some(segment)) => {
            // Some ask after a closed window with an ACK of a number that was acknowledged.
            let asks = tcp.verdicts.has(Verdicts::KEEP_ALIVE)
                && super::awaited::meets_closed_window(story, index);
            let mut wordings = match asks {
                true => vec![
                    language.pick("window probe", "ウィンドウプローブ").into(),
                    language.pick("probe", "プローブ").into(),
                ],
                false => tcp_labels(language, tcp, segment, &packet, mode),
            };
            if digest.is_retransmission() {
                wordings
                    .iter_mut()
                    .for_each(|text| text.insert_str(0, "R "));
            }
            wordings
        }
        _ => other_labels(language, &packet, mode),
    };
    wordings.retain(|text| !text.is_empty());
    wordings.dedup();
    wordings
}

/// The label of data that was missed before packet `index` and never seen.
pub fn ghost_labels(language: Language, tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    let range = data_range(tcp.seq, tcp.len, mode);
    let long = say!(
        language,
        "{range} ({len} B), never seen here",
        "{range} ({len} B)、ここでは見えず",
        len = tcp.len
    );
    vec![long, range]
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
    language: Language,
    tcp: &TcpDigest,
    segment: &Segment<'_>,
    packet: &Packet<'_>,
    mode: LabelMode,
) -> Vec<String> {
    let flags = tcp.flags;
    if flags.rst() {
        rst_labels(language, tcp, mode)
    } else if flags.syn() {
        syn_labels(language, tcp, segment, mode)
    } else if tcp.len > 0 {
        data_labels(language, tcp, packet, mode)
    } else if flags.fin() {
        fin_labels(language, tcp, mode)
    } else {
        ack_labels(language, tcp, segment, mode)
    }
}

fn rst_labels(language: Language, tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    match mode {
        LabelMode::Words => vec![
            language
                .pick("RST: the connection is cut", "RST: 接続の打ち切り")
                .into(),
            "RST".into(),
        ],
        LabelMode::Numbers if tcp.flags.ack() => {
            vec![
                format!("RST {} ack {}", tcp.seq, tcp.ack),
                format!("RST {}", tcp.seq),
            ]
        }
        LabelMode::Numbers => vec![format!("RST {}", tcp.seq)],
    }
}

fn syn_labels(
    language: Language,
    tcp: &TcpDigest,
    segment: &Segment<'_>,
    mode: LabelMode,
) -> Vec<String> {
    let name = if tcp.flags.ack() { "SYN ACK" } else { "SYN" };
    let seq = tcp.seq;
    match mode {
        LabelMode::Words if tcp.flags.ack() => vec![
            say!(
                language,
                "{name} number {seq}, wants {ack}",
                "{name} 番号 {seq}、次は {ack}",
                ack = tcp.ack
            ),
            format!("{name} {seq}"),
        ],
        LabelMode::Words => {
            vec![
                say!(language, "{name} number {seq}", "{name} 番号 {seq}"),
                format!("{name} {seq}"),
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

fn data_labels(
    language: Language,
    tcp: &TcpDigest,
    packet: &Packet<'_>,
    mode: LabelMode,
) -> Vec<String> {
    let range = data_range(tcp.seq, tcp.len, mode);
    let with_len = format!("{range} ({} B)", tcp.len);
    let fin = if tcp.flags.fin() { " FIN" } else { "" };
    let mut wordings = Vec::new();
    let probe = tcp.verdicts.has(Verdicts::ZERO_WINDOW_PROBE);
    if probe || tcp.verdicts.has(Verdicts::KEEP_ALIVE) {
        let what = if probe {
            language.pick("window probe", "ウィンドウプローブ")
        } else {
            language.pick("keep-alive", "キープアライブ")
        };
        return vec![format!("{what} {range}"), what.into()];
    }
    if let Some(line) = app_line(language, packet) {
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

fn fin_labels(language: Language, tcp: &TcpDigest, mode: LabelMode) -> Vec<String> {
    let short = format!("FIN {}", tcp.seq);
    match mode {
        LabelMode::Words => vec![
            say!(
                language,
                "FIN number {seq}",
                "FIN 番号 {seq}",
                seq = tcp.seq
            ),
            short,
        ],
        LabelMode::Numbers => vec![format!("FIN {} ack {}", tcp.seq, tcp.ack), short],
    }
}

fn ack_labels(
    language: Language,
    tcp: &TcpDigest,
    segment: &Segment<'_>,
    mode: LabelMode,
) -> Vec<String> {
    let has = |verdict| tcp.verdicts.has(verdict);
    let short = format!("ACK {}", tcp.ack);
    if has(Verdicts::KEEP_ALIVE) {
        return vec![language.pick("keep-alive", "キープアライブ").into()];
    }
    let sack = sack_text(tcp, segment, mode);
    let mut wordings = Vec::new();
    match mode {
        LabelMode::Words => {
            let note = if has(Verdicts::ZERO_WINDOW) {
                language
                    .pick(", window closed", "、ウィンドウが閉じた")
                    .to_owned()
            } else if has(Verdicts::WINDOW_UPDATE) {
                language
                    .pick(", window opened", "、ウィンドウが開いた")
                    .to_owned()
            } else if tcp.duplicate_ack > 0 {
                say!(
                    language,
                    " again ({n})",
                    " 重複 ({n})",
                    n = tcp.duplicate_ack
                )
            } else {
                String::new()
            };
            if !sack.is_empty() {
                wordings.push(say!(
                    language,
                    "{short}{note}, has {sack}",
                    "{short}{note}、{sack} 受信済み"
                ));
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

fn other_labels(language: Language, packet: &Packet<'_>, mode: LabelMode) -> Vec<String> {
    if let Some(arp) = packet.arp() {
        return arp_labels(language, arp, mode);
    }
    if let Some(icmp) = packet.icmpv4() {
        return icmp_labels(language, &icmp.message());
    }
    if let Some(icmp) = packet.icmpv6() {
        return icmpv6::labels(language, &icmp.message(), mode);
    }
    if let Some(line) = app_line(language, packet) {
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
        return vec![
            say!(language, "fragment {from}–{to}", "フラグメント {from}–{to}"),
            language.pick("fragment", "フラグメント").into(),
        ];
    }
    if let Some(ip) = packet.ipv4() {
        return vec![ip.protocol().to_string()];
    }
    if let Some(ip) = packet.ipv6() {
        return vec![ip.protocol().to_string()];
    }
    match packet.ethernet() {
        Some(header) if header.ether_type().is_length() => {
            vec![language.pick("802.3 frame", "802.3 フレーム").into()]
        }
        Some(header) => vec![format!("EtherType 0x{:04x}", header.ether_type().0)],
        None => vec![language.pick("frame", "フレーム").into()],
    }
}

fn arp_labels(language: Language, arp: &arp::Packet, mode: LabelMode) -> Vec<String> {
    let (sender, target, mac) = (arp.sender_ip, arp.target_ip, arp.sender_mac);
    let words = mode == LabelMode::Words;
    if arp.is_probe() {
        return match words {
            true => vec![
                say!(
                    language,
                    "does anybody have {target}?",
                    "{target} は使用中か?"
                ),
                say!(language, "anybody at {target}?", "{target} 使用中?"),
                format!("{target}?"),
            ],
            false => vec![
                say!(language, "ARP probe {target}", "ARP プローブ {target}"),
                language.pick("ARP probe", "ARP プローブ").into(),
            ],
        };
    }
    if arp.is_announcement() {
        return match words {
            true => vec![
                say!(language, "{sender} is mine", "{sender} は自分だ"),
                say!(language, "{sender} mine", "{sender} は自分"),
            ],
            false => vec![
                say!(language, "ARP announce {sender}", "ARP 通知 {sender}"),
                language.pick("ARP announce", "ARP 通知").into(),
            ],
        };
    }
    match arp.operation {
        Operation::Request if words => vec![
            say!(language, "who has {target}?", "{target} は誰か?"),
            format!("{target}?"),
        ],
        Operation::Request => {
            vec![
                format!("ARP who-has {target} tell {sender}"),
                format!("who-has {target}"),
            ]
        }
        Operation::Reply if words => {
            vec![
                say!(language, "{sender} is at {mac}", "{sender} は {mac}"),
                say!(language, "I have {sender}", "{sender} は自分だ"),
                say!(language, "{sender}: me", "{sender} は自分"),
            ]
        }
        Operation::Reply => vec![
            format!("ARP {sender} is-at {mac}"),
            format!("is-at {mac}"),
            language.pick("ARP reply", "ARP 応答").into(),
        ],
        Operation::Other(number) => vec![say!(
            language,
            "ARP operation {number}",
            "ARP 操作 {number}"
        )],
    }
}

fn icmp_labels(language: Language, message: &Message<'_>) -> Vec<String> {
    let pick = |english, japanese| language.pick(english, japanese).to_owned();
    match message {
        Message::EchoRequest { sequence, .. } => {
            vec![
                say!(language, "echo request {sequence}", "エコー要求 {sequence}"),
                say!(language, "echo {sequence}", "エコー {sequence}"),
            ]
        }
        Message::EchoReply { sequence, .. } => {
            vec![
                say!(language, "echo reply {sequence}", "エコー応答 {sequence}"),
                say!(language, "reply {sequence}", "応答 {sequence}"),
            ]
        }
        Message::DestinationUnreachable { reason, .. } => {
            let reason = icmpv4::unreachable(language, *reason);
            vec![format!("ICMP {reason}"), pick("unreachable", "到達不能")]
        }
        Message::Redirect { gateway, .. } => vec![
            say!(
                language,
                "ICMP redirect to {gateway}",
                "ICMP リダイレクト、{gateway} へ"
            ),
            pick("redirect", "リダイレクト"),
        ],
        Message::TimeExceeded { .. } => vec![
            pick("ICMP time exceeded", "ICMP 時間超過"),
            pick("time exceeded", "時間超過"),
        ],
        Message::ParameterProblem { .. } => {
            vec![pick("ICMP parameter problem", "ICMP パラメーター異常")]
        }
        Message::Other { kind, code, .. } => vec![say!(
            language,
            "ICMP type {kind} code {code}",
            "ICMP タイプ {kind} コード {code}"
        )],
    }
}

/// `20.0 ms of silence: waiting for ...`, from the longest to the shortest.
pub(crate) fn silence_labels(language: Language, ns: u64, awaited: &str) -> Vec<String> {
    let time = duration(ns);
    vec![
        say!(
            language,
            "{time} of silence: {awaited}",
            "無通信 {time}: {awaited}"
        ),
        say!(language, "{time} of silence", "無通信 {time}"),
        time,
    ]
}
