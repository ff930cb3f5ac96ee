//! What tshark calls a field, so that a note on it, or a filter, means it elsewhere too.

use synema_core::wire::LayerKind;

/// tshark's name for a field of a layer by the name that the packet panel shows; none for
/// what tshark has no single field for.
pub(super) fn tshark(layer: LayerKind, shown: &str) -> Option<&'static str> {
    let table = match layer {
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
        _ => return None,
    };
    let row = table.iter().find(|(ours, _)| *ours == shown)?;
    Some(row.1)
}

/// Ours, and tshark's.
type Names = &'static [(&'static str, &'static str)];

const ETHERNET: Names = &[
    ("destination", "eth.dst"),
    ("source", "eth.src"),
    ("type", "eth.type"),
];
const VLAN: Names = &[
    ("priority", "vlan.priority"),
    ("VLAN", "vlan.id"),
    ("type", "vlan.etype"),
];
const ARP: Names = &[
    ("hardware type", "arp.hw.type"),
    ("protocol type", "arp.proto.type"),
    ("operation", "arp.opcode"),
    ("sender MAC", "arp.src.hw_mac"),
    ("sender IP", "arp.src.proto_ipv4"),
    ("target MAC", "arp.dst.hw_mac"),
    ("target IP", "arp.dst.proto_ipv4"),
];
const IPV4: Names = &[
    ("version, header length", "ip.hdr_len"),
    ("DSCP, ECN", "ip.dsfield"),
    ("total length", "ip.len"),
    ("identification", "ip.id"),
    ("fragmentation", "ip.flags"),
    ("time to live", "ip.ttl"),
    ("protocol", "ip.proto"),
    ("header checksum", "ip.checksum"),
    ("source", "ip.src"),
    ("destination", "ip.dst"),
];
const ICMPV6: Names = &[
    ("type", "icmpv6.type"),
    ("code", "icmpv6.code"),
    ("checksum", "icmpv6.checksum"),
    ("identifier", "icmpv6.echo.identifier"),
    ("sequence", "icmpv6.echo.sequence_number"),
    ("MTU", "icmpv6.mtu"),
];
const IPV6: Names = &[
    ("traffic class", "ipv6.tclass"),
    ("flow label", "ipv6.flow"),
    ("payload length", "ipv6.plen"),
    ("protocol", "ipv6.nxt"),
    ("hop limit", "ipv6.hlim"),
    ("source", "ipv6.src"),
    ("destination", "ipv6.dst"),
];
const ICMP: Names = &[
    ("type", "icmp.type"),
    ("code", "icmp.code"),
    ("checksum", "icmp.checksum"),
    ("identifier", "icmp.ident"),
    ("sequence", "icmp.seq"),
    ("gateway", "icmp.redir_gw"),
    ("pointer", "icmp.pointer"),
];
const UDP: Names = &[
    ("source port", "udp.srcport"),
    ("destination port", "udp.dstport"),
    ("length", "udp.length"),
    ("checksum", "udp.checksum"),
];
const TCP: Names = &[
    ("source port", "tcp.srcport"),
    ("destination port", "tcp.dstport"),
    ("sequence", "tcp.seq"),
    ("acknowledgment", "tcp.ack"),
    ("header length", "tcp.hdr_len"),
    ("flags", "tcp.flags"),
    ("window", "tcp.window_size"),
    ("checksum", "tcp.checksum"),
    ("urgent pointer", "tcp.urgent_pointer"),
    ("max. segment size", "tcp.options.mss_val"),
    ("window scale", "tcp.options.wscale.shift"),
    ("SACK permitted", "tcp.options.sack_perm"),
    ("SACK: is here", "tcp.options.sack"),
    ("timestamps", "tcp.options.timestamp"),
    ("verdict", "tcp.analysis.flags"),
    ("round trip to this ACK", "tcp.analysis.ack_rtt"),
    ("first round trip", "tcp.analysis.initial_rtt"),
    ("conversation", "tcp.completeness"),
    ("bytes in flight", "tcp.analysis.bytes_in_flight"),
];
const PAYLOAD: Names = &[
    ("id", "dns.id"),
    ("kind", "dns.flags.response"),
    ("name", "dns.qry.name"),
    ("address", "dns.a"),
    ("outcome", "dns.flags.rcode"),
];
