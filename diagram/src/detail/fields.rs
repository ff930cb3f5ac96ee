//! Layers and fields, each with its bytes and its meaning.

mod icmpv6;

use super::names::named;
use super::{DetailLayer, Field};
use crate::analysis::exchange::{dns_addresses, dns_question};
use crate::analysis::sack::came_twice;
use crate::analysis::{Digest, TcpDigest, dns_message};
use crate::layout::flags_text;
use crate::words::{Language, app_line, grouped, icmpv4 as icmp, icmpv6 as icmp6, say};
use core::ops::Range;
use simple_dns::PacketFlag;
use synema_core::wire::arp::Operation;
use synema_core::wire::dissect::PayloadOf;
use synema_core::wire::icmpv4::Message;
use synema_core::wire::tcp::{Segment, TcpOption};
use synema_core::wire::{
    Body, ChecksumStatus, EtherType, Layer, LayerKind, Packet, SeqRange, arp, ethernet, icmpv4,
    ipv4, ipv6, udp,
};

/// The layers of a packet, outermost first.
pub(super) fn layers(language: Language, packet: &Packet<'_>, digest: &Digest) -> Vec<DetailLayer> {
    let mut layers: Vec<_> = packet
        .layers
        .iter()
        .map(|layer| of_layer(language, layer, digest))
        .collect();
    // What the payload says, on the layer that holds it.
    for (shown, layer) in layers.iter_mut().zip(&packet.layers) {
        if let Body::Payload { of, .. } = layer.body
            && !layer.quoted
        {
            payload_fields(language, packet, of, &layer.range, shown);
        }
    }
    layers
}

/// Collects the fields of a layer that begins at a given byte.
struct Fields {
    language: Language,
    layer: LayerKind,
    start: usize,
    list: Vec<Field>,
}

impl Fields {
    fn add(&mut self, name: &'static str, bytes: Range<usize>, value: impl Into<String>) {
        let (name, id) = named(self.language, self.layer, name);
        let byte = |at: usize| u32::try_from(self.start + at).unwrap_or(u32::MAX);
        self.list.push(Field {
            name: name.to_owned(),
            id: id.to_owned(),
            value: value.into(),
            range: (byte(bytes.start), byte(bytes.end)),
        });
    }

    fn pick(&self, english: &'static str, japanese: &'static str) -> String {
        self.language.pick(english, japanese).to_owned()
    }

    fn bytes(&self, count: impl core::fmt::Display) -> String {
        say!(self.language, "{count} bytes", "{count} バイト")
    }
}

fn of_layer(language: Language, layer: &Layer<'_>, digest: &Digest) -> DetailLayer {
    let mut fields = Fields {
        language,
        layer: layer.body.kind(),
        start: layer.range.start,
        list: Vec::new(),
    };
    let title = match &layer.body {
        Body::Loopback(family) => {
            fields.add("address family", 0..4, family.to_string());
            fields.pick("Loopback", "ループバック")
        }
        Body::Ethernet(frame) => ethernet_fields(frame, &mut fields),
        Body::Vlan(tag) => {
            fields.add("priority", 0..1, tag.priority.to_string());
            fields.add("VLAN", 0..2, tag.id.to_string());
            fields.add("type", 2..4, ether_type(language, tag.ether_type));
            format!("VLAN {}", tag.id)
        }
        Body::Sll(header) | Body::Sll2(header) => {
            let len = layer.range.len();
            fields.add("direction", 0..len, format!("{:?}", header.direction));
            fields.add("type", 0..len, ether_type(language, header.ether_type));
            "Linux cooked capture".to_owned()
        }
        Body::Arp(packet) => arp_fields(packet, &mut fields),
        Body::Ipv4(packet) => ipv4_fields(packet, layer.checksum, &mut fields),
        Body::Ipv6(packet) => ipv6_fields(packet, &mut fields),
        Body::Icmpv4(packet) => icmp_fields(packet, layer.checksum, &mut fields),
        Body::Icmpv6(packet) => icmpv6::fields(packet, layer.checksum, &mut fields),
        Body::Udp(datagram) => udp_fields(datagram, layer.checksum, &mut fields),
        Body::Tcp(segment) => {
            let tcp = digest.tcp.filter(|_| !layer.quoted);
            tcp_fields(segment, tcp.as_ref(), layer.checksum, &mut fields)
        }
        Body::TcpStart(start) => {
            fields.add("source port", 0..2, start.src_port.to_string());
            fields.add("destination port", 2..4, start.dst_port.to_string());
            fields.add("sequence", 4..8, raw(language, start.seq.0));
            say!(
                language,
                "TCP {src} → {dst} (its beginning)",
                "TCP {src} → {dst}（先頭のみ）",
                src = start.src_port,
                dst = start.dst_port
            )
        }
        Body::Payload {
            of: PayloadOf::Fragment(protocol),
            ..
        } => say!(
            language,
            "Fragment of {protocol}",
            "{protocol} のフラグメント"
        ),
        Body::Payload { .. } => fields.pick("Data", "データ"),
        Body::Padding(_) => fields.pick("Padding", "パディング"),
    };
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    DetailLayer {
        title,
        range: (byte(layer.range.start), byte(layer.range.end)),
        quoted: layer.quoted,
        fields: fields.list,
    }
}

fn ethernet_fields(frame: &ethernet::Frame<'_>, fields: &mut Fields) -> String {
    let destination = frame.destination();
    let to = match (destination.is_broadcast(), destination.is_multicast()) {
        (true, _) => say!(
            fields.language,
            "{destination} (everybody)",
            "{destination}（全員）"
        ),
        (false, true) => say!(
            fields.language,
            "{destination} (a group)",
            "{destination}（グループ）"
        ),
        (false, false) => destination.to_string(),
    };
    fields.add("destination", 0..6, to);
    let source = frame.source();
    let local = if source.is_local() {
        fields
            .language
            .pick(" (locally administered)", "（ローカル管理）")
    } else {
        ""
    };
    fields.add("source", 6..12, format!("{source}{local}"));
    fields.add(
        "type",
        12..14,
        ether_type(fields.language, frame.ether_type()),
    );
    "Ethernet II".to_owned()
}

fn ether_type(language: Language, kind: EtherType) -> String {
    let name = match kind {
        EtherType::IPV4 => "IPv4",
        EtherType::ARP => "ARP",
        EtherType::IPV6 => "IPv6",
        _ if kind.is_vlan() => language.pick("VLAN tag", "VLAN タグ"),
        _ if kind.is_length() => language.pick("length", "長さ"),
        _ => language.pick("other", "その他"),
    };
    format!("{name} (0x{:04x})", kind.0)
}

fn arp_fields(packet: &arp::Packet, fields: &mut Fields) -> String {
    let operation = match packet.operation {
        Operation::Request => fields.pick("request (1)", "要求 (1)"),
        Operation::Reply => fields.pick("reply (2)", "応答 (2)"),
        Operation::Other(number) => number.to_string(),
    };
    fields.add("hardware type", 0..2, "Ethernet (1)");
    fields.add("protocol type", 2..4, "IPv4 (0x0800)");
    fields.add("operation", 6..8, operation);
    fields.add("sender MAC", 8..14, packet.sender_mac.to_string());
    let nobody = if packet.sender_ip.is_unspecified() {
        fields.language.pick(" (none: a probe)", "（空: プローブ）")
    } else {
        ""
    };
    fields.add("sender IP", 14..18, format!("{}{nobody}", packet.sender_ip));
    let asked = if packet.operation == Operation::Request {
        fields.language.pick(" (asked for)", "（尋ねている）")
    } else {
        ""
    };
    fields.add("target MAC", 18..24, packet.target_mac.to_string());
    fields.add("target IP", 24..28, format!("{}{asked}", packet.target_ip));
    let what = if packet.is_probe() {
        fields.language.pick("probe", "プローブ")
    } else if packet.is_announcement() {
        fields.language.pick("announcement", "通知")
    } else if packet.operation == Operation::Reply {
        fields.language.pick("reply", "応答")
    } else {
        fields.language.pick("request", "要求")
    };
    format!("ARP {what}")
}

fn ipv4_fields(packet: &ipv4::Packet<'_>, sum: ChecksumStatus, fields: &mut Fields) -> String {
    fields.add(
        "version, header length",
        0..1,
        say!(
            fields.language,
            "4, {len} bytes",
            "4、{len} バイト",
            len = packet.header_len()
        ),
    );
    fields.add(
        "DSCP, ECN",
        1..2,
        format!("{}, {}", packet.dscp(), packet.ecn()),
    );
    fields.add("total length", 2..4, fields.bytes(packet.total_len()));
    fields.add(
        "identification",
        4..6,
        format!("0x{:04x}", packet.identification()),
    );
    let mut flags = Vec::new();
    if packet.dont_fragment() {
        flags.push(fields.pick("don't fragment", "分割禁止"));
    }
    if packet.more_fragments() {
        flags.push(fields.pick("more fragments follow", "続きあり"));
    }
    if packet.fragment_offset() > 0 {
        flags.push(say!(
            fields.language,
            "offset {at}",
            "オフセット {at}",
            at = packet.fragment_offset()
        ));
    }
    let flags = if flags.is_empty() {
        fields.pick("none", "なし")
    } else {
        flags.join(", ")
    };
    fields.add("fragmentation", 6..8, flags);
    fields.add("time to live", 8..9, packet.ttl().to_string());
    let protocol = packet.protocol();
    fields.add("protocol", 9..10, format!("{protocol} ({})", protocol.0));
    fields.add(
        "header checksum",
        10..12,
        checksum(fields.language, packet.checksum(), sum),
    );
    fields.add("source", 12..16, packet.source().to_string());
    fields.add("destination", 16..20, packet.destination().to_string());
    if !packet.options().is_empty() {
        fields.add(
            "options",
            20..packet.header_len(),
            fields.bytes(packet.options().len()),
        );
    }
    format!("IPv4 {} → {}", packet.source(), packet.destination())
}

fn ipv6_fields(packet: &ipv6::Packet<'_>, fields: &mut Fields) -> String {
    fields.add(
        "traffic class",
        0..2,
        format!("0x{:02x}", packet.traffic_class()),
    );
    fields.add("flow label", 1..4, format!("0x{:05x}", packet.flow_label()));
    fields.add(
        "payload length",
        4..6,
        say!(
            fields.language,
            "{len} bytes after extensions",
            "拡張ヘッダーの後 {len} バイト",
            len = packet.upper_len()
        ),
    );
    fields.add("protocol", 6..7, packet.protocol().to_string());
    fields.add("hop limit", 7..8, packet.hop_limit().to_string());
    fields.add("source", 8..24, packet.source().to_string());
    fields.add("destination", 24..40, packet.destination().to_string());
    format!("IPv6 {} → {}", packet.source(), packet.destination())
}

fn icmp_fields(packet: &icmpv4::Packet<'_>, sum: ChecksumStatus, fields: &mut Fields) -> String {
    fields.add("type", 0..1, packet.kind().to_string());
    fields.add("code", 1..2, packet.code().to_string());
    fields.add(
        "checksum",
        2..4,
        checksum(fields.language, packet.checksum(), sum),
    );
    match packet.message() {
        Message::EchoRequest {
            identifier,
            sequence,
            data,
        } => {
            fields.add("identifier", 4..6, identifier.to_string());
            fields.add("sequence", 6..8, sequence.to_string());
            say!(
                fields.language,
                "ICMP echo request, {len} bytes",
                "ICMP エコー要求、{len} バイト",
                len = data.len()
            )
        }
        Message::EchoReply {
            identifier,
            sequence,
            data,
        } => {
            fields.add("identifier", 4..6, identifier.to_string());
            fields.add("sequence", 6..8, sequence.to_string());
            say!(
                fields.language,
                "ICMP echo reply, {len} bytes",
                "ICMP エコー応答、{len} バイト",
                len = data.len()
            )
        }
        Message::DestinationUnreachable { reason, .. } => {
            format!("ICMP {}", icmp::unreachable(fields.language, reason))
        }
        Message::Redirect { gateway, .. } => {
            fields.add("gateway", 4..8, gateway.to_string());
            fields.pick("ICMP redirect", "ICMP リダイレクト")
        }
        Message::TimeExceeded { code, .. } => {
            format!("ICMP {}", icmp6::time_exceeded(fields.language, code))
        }
        Message::ParameterProblem { pointer, .. } => {
            fields.add(
                "pointer",
                4..5,
                say!(
                    fields.language,
                    "byte {pointer} of what is quoted",
                    "引用の {pointer} バイト目"
                ),
            );
            fields.pick("ICMP parameter problem", "ICMP パラメーター異常")
        }
        Message::Other { kind, .. } => {
            say!(fields.language, "ICMP type {kind}", "ICMP タイプ {kind}")
        }
    }
}

fn udp_fields(datagram: &udp::Datagram<'_>, sum: ChecksumStatus, fields: &mut Fields) -> String {
    let (src, dst) = (datagram.src_port(), datagram.dst_port());
    fields.add("source port", 0..2, src.to_string());
    fields.add("destination port", 2..4, dst.to_string());
    fields.add("length", 4..6, fields.bytes(datagram.len()));
    fields.add(
        "checksum",
        6..8,
        checksum(fields.language, datagram.checksum(), sum),
    );
    format!("UDP {src} → {dst}")
}

/// A segment that was put together from fragments: its bytes are in several frames.
pub(super) fn put_together(
    language: Language,
    segment: &Segment<'_>,
    digest: &Digest,
) -> DetailLayer {
    let mut fields = Fields {
        language,
        layer: LayerKind::Tcp,
        start: 0,
        list: Vec::new(),
    };
    let tcp = digest.tcp.as_ref();
    let title = tcp_fields(segment, tcp, ChecksumStatus::Fragment, &mut fields);
    for field in &mut fields.list {
        field.range = (0, 0);
    }
    DetailLayer {
        title: say!(
            language,
            "{title}, put together from fragments",
            "{title}、フラグメントから再構成"
        ),
        fields: fields.list,
        ..DetailLayer::default()
    }
}

fn tcp_fields(
    segment: &Segment<'_>,
    tcp: Option<&TcpDigest>,
    sum: ChecksumStatus,
    fields: &mut Fields,
) -> String {
    let (src, dst) = (segment.src_port(), segment.dst_port());
    fields.add("source port", 0..2, src.to_string());
    fields.add("destination port", 2..4, dst.to_string());
    let language = fields.language;
    let relative = |relative: Option<i64>, number: u32| match relative {
        Some(relative) => format!("{relative} ({})", raw(language, number)),
        None => raw(language, number),
    };
    let seq = relative(tcp.map(|tcp| tcp.seq), segment.seq().0);
    fields.add("sequence", 4..8, seq);
    let ack = if segment.flags().ack() {
        relative(tcp.map(|tcp| tcp.ack), segment.ack().0)
    } else {
        fields.pick("none", "なし")
    };
    fields.add("acknowledgment", 8..12, ack);
    fields.add("header length", 12..13, fields.bytes(segment.header_len()));
    fields.add("flags", 12..14, flags_text(segment.flags()));
    fields.add("window", 14..16, window(segment, tcp));
    fields.add(
        "checksum",
        16..18,
        checksum(fields.language, segment.checksum(), sum),
    );
    if segment.urgent_pointer() != 0 {
        fields.add(
            "urgent pointer",
            18..20,
            segment.urgent_pointer().to_string(),
        );
    }
    let mut options = segment.option_iter();
    let mut from = options.offset();
    while let Some(option) = options.next() {
        let to = options.offset().max(from);
        if let Ok(option) = option {
            option_field(&option, segment, tcp, 20 + from..20 + to, fields);
        }
        from = to;
    }
    if let Some(tcp) = tcp {
        summary_fields(tcp, segment, fields);
    }
    format!("TCP {src} → {dst}")
}

/// A number as it stands in the header.
fn raw(language: Language, number: u32) -> String {
    let number = grouped(number.into());
    say!(language, "raw {number}", "生の値 {number}")
}

/// `509 × 128 = 65 152`.
fn window(segment: &Segment<'_>, tcp: Option<&TcpDigest>) -> String {
    let raw = u32::from(segment.window());
    match tcp {
        Some(tcp) if tcp.window != raw && raw > 0 => {
            format!(
                "{raw} × {} = {}",
                tcp.window / raw,
                grouped(tcp.window.into())
            )
        }
        _ => grouped(raw.into()),
    }
}

fn option_field(
    option: &TcpOption<'_>,
    segment: &Segment<'_>,
    tcp: Option<&TcpDigest>,
    range: Range<usize>,
    fields: &mut Fields,
) {
    match option {
        TcpOption::EndOfList | TcpOption::NoOperation => {}
        TcpOption::MaxSegmentSize(bytes) => {
            fields.add("max. segment size", range, fields.bytes(bytes));
        }
        TcpOption::WindowScale(shift) => {
            fields.add(
                "window scale",
                range,
                format!("{shift} (× {})", 1u32 << shift.min(&14)),
            );
        }
        TcpOption::SackPermitted => {
            let yes = fields.pick("yes", "あり");
            fields.add("SACK permitted", range, yes);
        }
        TcpOption::Sack(blocks) => {
            let base = tcp.map_or(i64::from(segment.ack().0), |tcp| tcp.ack);
            let shown = |block: SeqRange| {
                let start = base + i64::from(block.start.signed_distance(segment.ack()));
                format!("{start}–{}", start + i64::from(block.len()) - 1)
            };
            let twice = came_twice(segment);
            let here = blocks.iter().skip(twice.iter().count());
            let here: Vec<_> = here.map(shown).collect();
            if !here.is_empty() {
                fields.add("SACK: is here", range.clone(), here.join(", "));
            }
            if let Some(twice) = twice {
                fields.add("D-SACK: came twice", range, shown(twice));
            }
        }
        TcpOption::Timestamps(times) => {
            let text = format!(
                "val {} ecr {}",
                grouped(times.value.into()),
                grouped(times.echo.into())
            );
            fields.add("timestamps", range, text);
        }
        TcpOption::Other { kind, data } => {
            fields.add(
                "option",
                range,
                say!(
                    fields.language,
                    "kind {kind}, {len} bytes",
                    "種類 {kind}、{len} バイト",
                    len = data.len()
                ),
            );
        }
    }
}

/// What was concluded; it has no bytes of its own.
fn summary_fields(tcp: &TcpDigest, segment: &Segment<'_>, fields: &mut Fields) {
    let header = 0..segment.header_len();
    let verdicts: Vec<_> = tcp
        .verdicts
        .names()
        .map(|name| name.replace('_', " "))
        .collect();
    if !verdicts.is_empty() {
        fields.add("verdict", header.clone(), verdicts.join(", "));
    }
    if tcp.ack_rtt_ns > 0 {
        let text = crate::words::duration(tcp.ack_rtt_ns);
        fields.add("round trip to this ACK", header.clone(), text);
    }
    if tcp.in_flight > 0 {
        fields.add("bytes in flight", header, grouped(tcp.in_flight.into()));
    }
}

fn checksum(language: Language, field: u16, status: ChecksumStatus) -> String {
    let what = match status {
        ChecksumStatus::Ok => language.pick("right", "正しい").to_owned(),
        ChecksumStatus::Bad { expected, .. } => say!(
            language,
            "wrong, should be 0x{expected:04x}",
            "誤り、正しくは 0x{expected:04x}"
        ),
        ChecksumStatus::Unfinished => language
            .pick("left to the network card", "ネットワークカード任せ")
            .to_owned(),
        ChecksumStatus::Absent => language.pick("none", "なし").to_owned(),
        ChecksumStatus::Snapped => language
            .pick(
                "cannot be checked: not all was kept",
                "全体がなく検証できない",
            )
            .to_owned(),
        ChecksumStatus::Fragment => language
            .pick(
                "cannot be checked: a fragment",
                "フラグメントなので検証できない",
            )
            .to_owned(),
        ChecksumStatus::None => return format!("0x{field:04x}"),
    };
    format!("0x{field:04x} ({what})")
}

fn payload_fields(
    language: Language,
    packet: &Packet<'_>,
    of: PayloadOf,
    range: &Range<usize>,
    shown: &mut DetailLayer,
) {
    let mut fields = Fields {
        language,
        layer: LayerKind::Payload,
        start: range.start,
        list: Vec::new(),
    };
    let all = 0..range.len();
    match of {
        PayloadOf::Udp => {
            let Some(message) = dns_message(packet) else {
                return;
            };
            shown.title = "DNS".to_owned();
            fields.add("id", 0..2, format!("0x{:04x}", message.id()));
            let answer = message.has_flags(PacketFlag::RESPONSE);
            let kind = match answer {
                true => language.pick("answer", "応答"),
                false => language.pick("question", "問い合わせ"),
            };
            fields.add("kind", 2..4, kind);
            if let Some((kind, name)) = dns_question(&message) {
                fields.add("name", 12..range.len(), format!("{name} ({kind})"));
            }
            for address in dns_addresses(&message) {
                fields.add("address", all.clone(), address.to_string());
            }
            if answer {
                fields.add("outcome", 2..4, format!("{:?}", message.rcode()));
            }
        }
        PayloadOf::Tcp => {
            let Some(line) = app_line(language, packet) else {
                return;
            };
            fields.add("begins", 0..line.len().min(range.len()), line);
        }
        _ => return,
    }
    shown.fields.extend(fields.list);
}
