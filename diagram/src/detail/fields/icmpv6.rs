//! The fields of an ICMPv6 message.

use super::{Fields, checksum};
use crate::words::{icmpv6, say};
use synema_core::wire::ChecksumStatus;
use synema_core::wire::icmpv6::{Message, Packet};

/// Adds them, and gives the layer's title.
pub(super) fn fields(packet: &Packet<'_>, sum: ChecksumStatus, fields: &mut Fields) -> String {
    fields.add("type", 0..1, packet.kind().to_string());
    fields.add("code", 1..2, packet.code().to_string());
    fields.add(
        "checksum",
        2..4,
        checksum(fields.language, packet.checksum(), sum),
    );
    let message = packet.message();
    match message {
        Message::EchoRequest {
            identifier,
            sequence,
        }
        | Message::EchoReply {
            identifier,
            sequence,
        } => {
            fields.add("identifier", 4..6, identifier.to_string());
            fields.add("sequence", 6..8, sequence.to_string());
        }
        Message::PacketTooBig(mtu) => fields.add("MTU", 4..8, fields.bytes(mtu)),
        Message::NeighbourSolicitation { target, mac }
        | Message::NeighbourAdvertisement { target, mac, .. } => {
            fields.add("target", 8..24, target.to_string());
            if let Some(mac) = mac {
                fields.add("MAC", 24..32, mac.to_string());
            }
        }
        _ => {}
    }
    match icmpv6::error(fields.language, &message) {
        Some(error) => format!("ICMPv6 {error}"),
        None => say!(
            fields.language,
            "ICMPv6 type {kind}",
            "ICMPv6 タイプ {kind}",
            kind = packet.kind()
        ),
    }
}
