//! Why our stack made nothing of a packet.

use synema_core::trace::DropReason;

/// The sentence for a reason.
pub(super) fn dropped(reason: DropReason) -> String {
    let why = match reason {
        DropReason::Malformed => "a header is cut off or contradicts itself",
        DropReason::BadChecksum => "its checksum is wrong",
        DropReason::OtherMac => "it is not for our MAC address",
        DropReason::OtherAddress => "it is not for our address",
        DropReason::NoAddress => "no address was claimed yet",
        DropReason::UnknownEtherType => "nobody here speaks its EtherType",
        DropReason::UnknownProtocol => "nobody here speaks its protocol",
        DropReason::BadSource => "no packet may come from its source address",
        DropReason::ArpNotForUs => "it does not concern us",
        DropReason::FragmentLimit => "too many fragments wait already",
        DropReason::FragmentTimeout => "the other fragments never came",
        DropReason::NoNeighbour => "the next hop does not answer ARP",
        DropReason::FragmentOverlap => "its fragments overlap",
        DropReason::NoListener => "nobody listens on its port",
        DropReason::QueueFull => "a queue was full",
        DropReason::RateLimited => "we answer no more often than this",
        DropReason::IcmpNotOurs => "it quotes nothing of ours",
        DropReason::NoConnection => "no connection has these addresses and ports",
        DropReason::OutsideWindow => "it lies outside the receive window",
        DropReason::DuplicateData => "all of its data was here already",
        DropReason::OldTimestamp => "its timestamp is older than one already seen",
        DropReason::NoAck => "it has no ACK where there must be one",
        DropReason::AckOfUnsent => "it acknowledges what was never sent",
        DropReason::OldAck => "it acknowledges what was acknowledged long ago",
        DropReason::ResetNotExact => "a RST must carry exactly the next number",
        DropReason::SynInWindow => "a SYN has no place in the middle of a connection",
        DropReason::NoRoom => "no memory was left for data out of order",
        DropReason::PolicyOutOfOrder { .. } => "the policy keeps nothing that is out of order",
        DropReason::PolicyOverlooked => "the policy overlooks such segments",
        DropReason::AfterFin => "the peer had said that it was done",
        DropReason::ReceiverGone => "the connection is closing and takes no more data",
        DropReason::AcceptQueueFull => {
            "the application has not yet accepted the connections that wait for it"
        }
    };
    format!("Our stack made nothing of it: {why}.")
}
