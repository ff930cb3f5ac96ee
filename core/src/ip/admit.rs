//! Which packets a host takes in (RFC 1122 §3.2.1).

use super::interface::{Interface, is_host};
use crate::trace::DropReason;
use crate::wire::{ChecksumStatus, Problem, ipv4};

/// A packet for us, or why it is none. `group_frame` if its frame was for more
/// than one station.
pub fn admit<'a>(
    bytes: &'a [u8],
    interface: &Interface,
    group_frame: bool,
) -> Result<ipv4::Packet<'a>, DropReason> {
    let packet = ipv4::Packet::parse(bytes).map_err(|problem| match problem {
        Problem::FragmentTooLong => DropReason::FragmentLimit,
        _ => DropReason::Malformed,
    })?;
    // RFC 1122 §3.2.1.2: verify the header checksum, discard silently.
    if packet.checksum_status() != ChecksumStatus::Ok {
        return Err(DropReason::BadChecksum);
    }
    let (source, destination) = (packet.source(), packet.destination());
    if destination != interface.address() {
        return Err(DropReason::OtherAddress);
    }
    // RFC 1122 §3.3.6: a unicast packet in a broadcast frame is nobody's.
    if group_frame {
        return Err(DropReason::OtherMac);
    }
    // RFC 1122 §3.2.1.3: no host can have sent it.
    if !is_host(source) || interface.is_broadcast(source) || source == interface.address() {
        return Err(DropReason::BadSource);
    }
    Ok(packet)
}
