//! The fields, their kinds, and how they are read from a packet.

use crate::analysis::{Digest, TcpDigest, dns_message};
use crate::capture::Frame;
use crate::words::Story;
use core::net::IpAddr;
use std::cmp::Ordering;
use synema_core::wire::tcp::Flags;
use synema_core::wire::{MacAddr, Packet};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: it is there or not.
    Presence,
    Number,
    /// Yes or no, written `1` or `0`, `True` or `False`.
    Flag,
    /// Seconds, written `0.25`.
    Seconds,
    Ipv4,
    Ipv6,
    Mac,
}

/// One value of a field, or one to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Number(u64),
    /// In nanoseconds.
    Seconds(i128),
    /// An address, and how many of its bits are compared.
    Ip(IpAddr, u32),
    Mac(MacAddr),
}

impl Value {
    /// How this value of a packet stands to a wanted one of the same kind.
    pub(super) fn compare(&self, wanted: &Self) -> Ordering {
        match (self, wanted) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Seconds(a), Self::Seconds(b)) => a.cmp(b),
            (Self::Mac(a), Self::Mac(b)) => a.0.cmp(&b.0),
            (Self::Ip(a, _), Self::Ip(b, bits)) => masked(*a, *bits).cmp(&masked(*b, *bits)),
            // Kinds are told apart when the expression is read.
            _ => Ordering::Less,
        }
    }
}

fn masked(ip: IpAddr, bits: u32) -> u128 {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
            u128::from(u32::from(ip) & mask)
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0);
            u128::from(ip) & mask
        }
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal $kind:ident,)*) => {
        /// A field, by tshark's name for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $($variant,)*
        }

        impl Field {
            /// Every field's name, in the order of the layers.
            pub(super) const NAMES: &[&str] = &[$($name,)*];

            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(super) fn kind(self) -> Kind {
                match self {
                    $(Self::$variant => Kind::$kind,)*
                }
            }
        }
    };
}

fields! {
    FrameNumber "frame.number" Number,
    FrameLen "frame.len" Number,
    FrameCapLen "frame.cap_len" Number,
    FrameTimeRelative "frame.time_relative" Seconds,
    FrameTimeDelta "frame.time_delta" Seconds,
    FrameComment "frame.comment" Presence,
    Eth "eth" Presence,
    EthAddr "eth.addr" Mac,
    EthSrc "eth.src" Mac,
    EthDst "eth.dst" Mac,
    EthType "eth.type" Number,
    Arp "arp" Presence,
    ArpOpcode "arp.opcode" Number,
    Ip "ip" Presence,
    IpAddr "ip.addr" Ipv4,
    IpSrc "ip.src" Ipv4,
    IpDst "ip.dst" Ipv4,
    IpProto "ip.proto" Number,
    IpTtl "ip.ttl" Number,
    IpId "ip.id" Number,
    IpLen "ip.len" Number,
    Ipv6 "ipv6" Presence,
    Ipv6Addr "ipv6.addr" Ipv6,
    Ipv6Src "ipv6.src" Ipv6,
    Ipv6Dst "ipv6.dst" Ipv6,
    Icmp "icmp" Presence,
    IcmpType "icmp.type" Number,
    IcmpCode "icmp.code" Number,
    Icmpv6 "icmpv6" Presence,
    Icmpv6Type "icmpv6.type" Number,
    Icmpv6Code "icmpv6.code" Number,
    Udp "udp" Presence,
    UdpPort "udp.port" Number,
    UdpSrcPort "udp.srcport" Number,
    UdpDstPort "udp.dstport" Number,
    Dns "dns" Presence,
    Tcp "tcp" Presence,
    Conversation "tcp.stream" Number,
    TcpPort "tcp.port" Number,
    TcpSrcPort "tcp.srcport" Number,
    TcpDstPort "tcp.dstport" Number,
    TcpLen "tcp.len" Number,
    TcpSeq "tcp.seq" Number,
    TcpSeqRaw "tcp.seq_raw" Number,
    TcpAck "tcp.ack" Number,
    TcpAckRaw "tcp.ack_raw" Number,
    TcpWindow "tcp.window_size" Number,
    TcpWindowValue "tcp.window_size_value" Number,
    TcpFlags "tcp.flags" Number,
    TcpFin "tcp.flags.fin" Flag,
    TcpSyn "tcp.flags.syn" Flag,
    TcpReset "tcp.flags.reset" Flag,
    TcpPush "tcp.flags.push" Flag,
    TcpAckFlag "tcp.flags.ack" Flag,
    TcpUrg "tcp.flags.urg" Flag,
    TcpEce "tcp.flags.ece" Flag,
    TcpCwr "tcp.flags.cwr" Flag,
    TcpAnalysisFlags "tcp.analysis.flags" Presence,
    TcpDuplicateAck "tcp.analysis.duplicate_ack_num" Number,
    TcpAckRtt "tcp.analysis.ack_rtt" Seconds,
    TcpBytesInFlight "tcp.analysis.bytes_in_flight" Number,
    TcpAcksFrame "tcp.analysis.acks_frame" Number,
    TcpRto "tcp.analysis.rto" Seconds,
    TcpRtoFrame "tcp.analysis.rto_frame" Number,
    TcpInitialRtt "tcp.analysis.initial_rtt" Seconds,
    TcpCompleteness "tcp.completeness" Number,
    TcpSackCount "tcp.options.sack.count" Number,
    TcpSackLeft "tcp.options.sack_le" Number,
    TcpSackRight "tcp.options.sack_re" Number,
    TcpDsack "tcp.options.sack.dsack" Presence,
    TcpDsackLeft "tcp.options.sack.dsack_le" Number,
    TcpDsackRight "tcp.options.sack.dsack_re" Number,
}

/// A packet whose fields are read.
pub(super) struct Read<'a> {
    pub(super) story: Story<'a>,
    pub(super) index: usize,
    pub(super) frame: &'a Frame,
    pub(super) digest: &'a Digest,
    pub(super) packet: &'a Packet<'a>,
}

impl Read<'_> {
    pub(super) fn tcp(&self) -> Option<&TcpDigest> {
        self.digest.tcp.as_ref()
    }

    /// Hands out each value that the packet has of a field.
    pub(super) fn each(&self, field: Field, give: &mut dyn FnMut(Value)) {
        let name = field.name();
        let layer = name.split_once('.').map_or(name, |(layer, _)| layer);
        match layer {
            "frame" => self.of_frame(field, give),
            "eth" | "arp" => self.of_link(field, give),
            "ip" | "ipv6" | "icmp" | "icmpv6" => self.of_ip(field, give),
            "udp" | "dns" => self.of_udp(field, give),
            _ => self.of_tcp(field, give),
        }
    }

    fn of_frame(&self, field: Field, give: &mut dyn FnMut(Value)) {
        let frame = self.frame;
        let since = |earlier: Option<&Frame>| {
            let earlier = earlier.map_or(frame.at, |earlier| earlier.at);
            Value::Seconds(i128::from(frame.at.as_nanos()) - i128::from(earlier.as_nanos()))
        };
        let frames = self.story.capture.frames();
        match field {
            Field::FrameNumber => give(Value::Number(self.index as u64 + 1)),
            Field::FrameLen => give(Value::Number(frame.original_len.into())),
            Field::FrameCapLen => give(Value::Number(frame.bytes.len() as u64)),
            Field::FrameTimeRelative => give(since(frames.first())),
            Field::FrameTimeDelta => {
                let before = self.index.checked_sub(1);
                give(since(before.and_then(|before| frames.get(before))));
            }
            Field::FrameComment if self.story.capture.annotations().is_noted(frame.id) => {
                give(Value::Nothing);
            }
            _ => {}
        }
    }

    fn of_link(&self, field: Field, give: &mut dyn FnMut(Value)) {
        if let Some(arp) = self.packet.arp() {
            match field {
                Field::Arp => give(Value::Nothing),
                Field::ArpOpcode => give(number(u16::from(arp.operation))),
                _ => {}
            }
        }
        let Some(eth) = self.packet.ethernet() else {
            return;
        };
        let (source, destination) = (Value::Mac(eth.source()), Value::Mac(eth.destination()));
        match field {
            Field::Eth => give(Value::Nothing),
            Field::EthSrc => give(source),
            Field::EthDst => give(destination),
            Field::EthAddr => both(destination, source, give),
            Field::EthType => give(number(eth.ether_type().0)),
            _ => {}
        }
    }

    fn of_ip(&self, field: Field, give: &mut dyn FnMut(Value)) {
        if let Some(ip) = self.packet.ipv4() {
            let address = |ip: core::net::Ipv4Addr| Value::Ip(ip.into(), 32);
            let (source, destination) = (address(ip.source()), address(ip.destination()));
            match field {
                Field::Ip => give(Value::Nothing),
                Field::IpSrc => give(source),
                Field::IpDst => give(destination),
                Field::IpAddr => both(source, destination, give),
                Field::IpProto => give(number(ip.protocol().0)),
                Field::IpTtl => give(number(ip.ttl())),
                Field::IpId => give(number(ip.identification())),
                Field::IpLen => give(Value::Number(ip.total_len() as u64)),
                _ => {}
            }
        }
        if let Some(ip) = self.packet.ipv6() {
            let address = |ip: core::net::Ipv6Addr| Value::Ip(ip.into(), 128);
            let (source, destination) = (address(ip.source()), address(ip.destination()));
            match field {
                Field::Ipv6 => give(Value::Nothing),
                Field::Ipv6Src => give(source),
                Field::Ipv6Dst => give(destination),
                Field::Ipv6Addr => both(source, destination, give),
                _ => {}
            }
        }
        if let Some(icmp) = self.packet.icmpv6() {
            match field {
                Field::Icmpv6 => give(Value::Nothing),
                Field::Icmpv6Type => give(number(icmp.kind())),
                Field::Icmpv6Code => give(number(icmp.code())),
                _ => {}
            }
        }
        if let Some(icmp) = self.packet.icmpv4() {
            match field {
                Field::Icmp => give(Value::Nothing),
                Field::IcmpType => give(number(icmp.kind())),
                Field::IcmpCode => give(number(icmp.code())),
                _ => {}
            }
        }
    }

    fn of_udp(&self, field: Field, give: &mut dyn FnMut(Value)) {
        let Some(udp) = self.packet.udp() else { return };
        let (source, destination) = (number(udp.src_port().0), number(udp.dst_port().0));
        match field {
            Field::Udp => give(Value::Nothing),
            Field::UdpSrcPort => give(source),
            Field::UdpDstPort => give(destination),
            Field::UdpPort => both(source, destination, give),
            Field::Dns if dns_message(self.packet).is_some() => give(Value::Nothing),
            _ => {}
        }
    }

    fn of_tcp(&self, field: Field, give: &mut dyn FnMut(Value)) {
        let Some(segment) = &self.story.analysis.segment(self.index, self.packet) else {
            return;
        };
        let (source, destination) = (number(segment.src_port().0), number(segment.dst_port().0));
        match field {
            Field::Tcp => return give(Value::Nothing),
            Field::TcpSrcPort => return give(source),
            Field::TcpDstPort => return give(destination),
            Field::TcpPort => return both(source, destination, give),
            Field::TcpSeqRaw => return give(number(segment.seq().0)),
            Field::TcpAckRaw => return give(number(segment.ack().0)),
            Field::TcpWindowValue => return give(number(segment.window())),
            Field::TcpFlags => return give(number(segment.flags().bits())),
            _ => {}
        }
        if let Some(bit) = flag(field) {
            return give(Value::Number(segment.flags().contains(bit).into()));
        }
        if let Some(tcp) = self.tcp() {
            self.concluded(field, tcp, segment, give);
        }
    }
}

fn flag(field: Field) -> Option<Flags> {
    Some(match field {
        Field::TcpFin => Flags::FIN,
        Field::TcpSyn => Flags::SYN,
        Field::TcpReset => Flags::RST,
        Field::TcpPush => Flags::PSH,
        Field::TcpAckFlag => Flags::ACK,
        Field::TcpUrg => Flags::URG,
        Field::TcpEce => Flags::ECE,
        Field::TcpCwr => Flags::CWR,
        _ => return None,
    })
}

fn both(one: Value, other: Value, give: &mut dyn FnMut(Value)) {
    give(one);
    give(other);
}

pub(super) fn number(value: impl Into<u64>) -> Value {
    Value::Number(value.into())
}
