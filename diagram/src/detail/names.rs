//! What a field is called: in each language, and by tshark, so that a note on it, or a filter,
//! means it elsewhere too.

use crate::words::Language;
use synema_core::wire::LayerKind;

/// A field's name in a language, and tshark's; empty for what tshark has no single field for.
pub(super) fn named(
    language: Language,
    layer: LayerKind,
    name: &'static str,
) -> (&'static str, &'static str) {
    let table = match layer {
        LayerKind::Loopback => LOOPBACK,
        LayerKind::Ethernet => ETHERNET,
        LayerKind::Vlan => VLAN,
        LayerKind::Arp => ARP,
        LayerKind::Ipv4 => IPV4,
        LayerKind::Ipv6 => IPV6,
        LayerKind::Icmpv4 => ICMP,
        LayerKind::Icmpv6 => ICMPV6,
        LayerKind::Udp => UDP,
        LayerKind::Tcp => TCP,
        LayerKind::Payload => PAYLOAD,
        _ => COOKED,
    };
    match table.iter().find(|(ours, ..)| *ours == name) {
        Some((english, japanese, tshark)) => (language.pick(english, japanese), tshark),
        None => (name, ""),
    }
}

/// In English, in Japanese, and in tshark.
type Names = &'static [(&'static str, &'static str, &'static str)];

const ETHERNET: Names = &[
    ("destination", "宛先", "eth.dst"),
    ("source", "送信元", "eth.src"),
    ("type", "タイプ", "eth.type"),
];
const LOOPBACK: Names = &[("address family", "アドレスファミリー", "")];
const COOKED: Names = &[("direction", "方向", ""), ("type", "タイプ", "")];
const VLAN: Names = &[
    ("priority", "優先度", "vlan.priority"),
    ("VLAN", "VLAN", "vlan.id"),
    ("type", "タイプ", "vlan.etype"),
];
const ARP: Names = &[
    ("hardware type", "ハードウェアタイプ", "arp.hw.type"),
    ("protocol type", "プロトコルタイプ", "arp.proto.type"),
    ("operation", "操作", "arp.opcode"),
    ("sender MAC", "送信側 MAC", "arp.src.hw_mac"),
    ("sender IP", "送信側 IP", "arp.src.proto_ipv4"),
    ("target MAC", "対象 MAC", "arp.dst.hw_mac"),
    ("target IP", "対象 IP", "arp.dst.proto_ipv4"),
];
const IPV4: Names = &[
    (
        "version, header length",
        "バージョン、ヘッダー長",
        "ip.hdr_len",
    ),
    ("DSCP, ECN", "DSCP、ECN", "ip.dsfield"),
    ("total length", "全長", "ip.len"),
    ("identification", "識別子", "ip.id"),
    ("fragmentation", "フラグメント", "ip.flags"),
    ("time to live", "生存時間", "ip.ttl"),
    ("protocol", "プロトコル", "ip.proto"),
    ("header checksum", "ヘッダーチェックサム", "ip.checksum"),
    ("source", "送信元", "ip.src"),
    ("destination", "宛先", "ip.dst"),
    ("options", "オプション", ""),
];
const ICMPV6: Names = &[
    ("type", "タイプ", "icmpv6.type"),
    ("code", "コード", "icmpv6.code"),
    ("checksum", "チェックサム", "icmpv6.checksum"),
    ("identifier", "識別子", "icmpv6.echo.identifier"),
    ("sequence", "シーケンス番号", "icmpv6.echo.sequence_number"),
    ("MTU", "MTU", "icmpv6.mtu"),
    ("target", "対象", ""),
    ("MAC", "MAC", ""),
];
const IPV6: Names = &[
    ("traffic class", "トラフィッククラス", "ipv6.tclass"),
    ("flow label", "フローラベル", "ipv6.flow"),
    ("payload length", "ペイロード長", "ipv6.plen"),
    ("protocol", "プロトコル", "ipv6.nxt"),
    ("hop limit", "ホップリミット", "ipv6.hlim"),
    ("source", "送信元", "ipv6.src"),
    ("destination", "宛先", "ipv6.dst"),
];
const ICMP: Names = &[
    ("type", "タイプ", "icmp.type"),
    ("code", "コード", "icmp.code"),
    ("checksum", "チェックサム", "icmp.checksum"),
    ("identifier", "識別子", "icmp.ident"),
    ("sequence", "シーケンス番号", "icmp.seq"),
    ("gateway", "ゲートウェイ", "icmp.redir_gw"),
    ("pointer", "ポインター", "icmp.pointer"),
];
const UDP: Names = &[
    ("source port", "送信元ポート", "udp.srcport"),
    ("destination port", "宛先ポート", "udp.dstport"),
    ("length", "長さ", "udp.length"),
    ("checksum", "チェックサム", "udp.checksum"),
];
const TCP: Names = &[
    ("source port", "送信元ポート", "tcp.srcport"),
    ("destination port", "宛先ポート", "tcp.dstport"),
    ("sequence", "シーケンス番号", "tcp.seq"),
    ("acknowledgment", "確認応答番号", "tcp.ack"),
    ("header length", "ヘッダー長", "tcp.hdr_len"),
    ("flags", "フラグ", "tcp.flags"),
    ("window", "ウィンドウ", "tcp.window_size"),
    ("checksum", "チェックサム", "tcp.checksum"),
    ("urgent pointer", "緊急ポインター", "tcp.urgent_pointer"),
    (
        "max. segment size",
        "最大セグメント長",
        "tcp.options.mss_val",
    ),
    (
        "window scale",
        "ウィンドウスケール",
        "tcp.options.wscale.shift",
    ),
    ("SACK permitted", "SACK 許可", "tcp.options.sack_perm"),
    ("SACK: is here", "SACK: 受信済み", "tcp.options.sack"),
    ("timestamps", "タイムスタンプ", "tcp.options.timestamp"),
    ("verdict", "判定", "tcp.analysis.flags"),
    (
        "round trip to this ACK",
        "この ACK までの往復時間",
        "tcp.analysis.ack_rtt",
    ),
    (
        "first round trip",
        "最初の往復時間",
        "tcp.analysis.initial_rtt",
    ),
    ("conversation", "通信", "tcp.completeness"),
    (
        "bytes in flight",
        "未確認のバイト数",
        "tcp.analysis.bytes_in_flight",
    ),
    ("D-SACK: came twice", "D-SACK: 二度受信", ""),
    ("option", "オプション", ""),
    ("waited before it", "直前の待ち時間", ""),
];
const PAYLOAD: Names = &[
    ("id", "ID", "dns.id"),
    ("kind", "種類", "dns.flags.response"),
    ("name", "名前", "dns.qry.name"),
    ("address", "アドレス", "dns.a"),
    ("outcome", "結果", "dns.flags.rcode"),
    ("begins", "先頭", ""),
];
