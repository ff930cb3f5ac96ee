//! ICMP: answering echoes, and telling connections what went wrong on the way.

use super::receive::Carried;
use super::{Stack, StackEvent};
use crate::ip::Interface;
use crate::ip::reassembly::Expired;
use crate::tcp::IcmpError;
use crate::trace::{Cause, DropReason, FrameId, Observer};
use crate::wire::icmpv4::{Message, Packet, Quote, QuotedTransport, Unreachable};
use crate::wire::{ChecksumStatus, Port, Protocol, icmpv4, ipv4, tcp};
use core::net::SocketAddrV4;

impl<O: Observer> Stack<O> {
    pub(super) fn on_icmp(&mut self, carried: &Carried<'_>) -> Result<(), DropReason> {
        let packet = Packet::parse(carried.payload).map_err(|_| DropReason::Malformed)?;
        if packet.checksum_status() != ChecksumStatus::Ok {
            return Err(DropReason::BadChecksum);
        }
        match packet.message() {
            Message::EchoRequest {
                identifier,
                sequence,
                data,
            } => {
                let reply = Message::EchoReply {
                    identifier,
                    sequence,
                    data,
                };
                self.echo(carried, &reply, data.len())
            }
            Message::DestinationUnreachable { reason, quote } => {
                let error = match reason {
                    Unreachable::FragmentationNeeded { next_hop_mtu: mtu } => {
                        IcmpError::FragmentationNeeded { mtu }
                    }
                    other => IcmpError::Unreachable { code: other.code() },
                };
                self.deliver_error(carried.frame, quote, error, Some(reason))
            }
            Message::TimeExceeded { quote, .. } => {
                self.deliver_error(carried.frame, quote, IcmpError::TimeExceeded, None)
            }
            Message::ParameterProblem { quote, .. } => {
                self.deliver_error(carried.frame, quote, IcmpError::ParameterProblem, None)
            }
            // Redirects are how traffic is stolen, and one gateway is all we have;
            // the rest answers no question of ours.
            Message::Redirect { .. } | Message::EchoReply { .. } | Message::Other { .. } => {
                Err(DropReason::IcmpNotOurs)
            }
        }
    }

    /// RFC 1122 §3.2.2.6: every host answers echo requests.
    fn echo(
        &mut self,
        carried: &Carried<'_>,
        reply: &Message<'_>,
        data_len: usize,
    ) -> Result<(), DropReason> {
        // We send no fragments, so that an answer that needs them cannot be given.
        if ipv4::HEADER_LEN + icmpv4::HEADER_LEN + data_len > usize::from(self.config.mtu) {
            return Err(DropReason::FragmentLimit);
        }
        if !self.limits.echo.take(self.now) {
            return Err(DropReason::RateLimited);
        }
        let emit = |out: &mut Vec<u8>| reply.emit(out);
        if self.push_ip(carried.source, Protocol::ICMP, Cause::EchoReply, emit) {
            Ok(())
        } else {
            Err(DropReason::QueueFull)
        }
    }

    /// Tells the sender that its packet is nobody's here. Never in answer to an ICMP
    /// error, a later fragment, or what was not for us alone (RFC 1122 §3.2.2): none
    /// of these comes here.
    pub(super) fn unreachable(
        &mut self,
        carried: &Carried<'_>,
        reason: Unreachable,
        cause: Cause,
    ) -> Result<(), DropReason> {
        if !self.limits.error.take(self.now) {
            return Err(DropReason::RateLimited);
        }
        let quote = carried.quote();
        let message = Message::DestinationUnreachable {
            reason,
            quote: &quote,
        };
        let emit = |out: &mut Vec<u8>| message.emit(out);
        if self.push_ip(carried.source, Protocol::ICMP, cause, emit) {
            Ok(())
        } else {
            Err(DropReason::QueueFull)
        }
    }

    /// RFC 1122 §3.3.2: tells the sender that pieces of its packet are missing, if
    /// the first is here.
    pub(super) fn time_exceeded(&mut self, expired: &Expired) {
        let Some(first) = &expired.first else { return };
        if !self.limits.error.take(self.now) {
            return;
        }
        let mut quote = Vec::new();
        let header = ipv4::Header {
            dont_fragment: false,
            more_fragments: true,
            ..ipv4::Header::new(expired.source, expired.destination, expired.protocol)
        };
        header.emit(first.len(), &mut quote);
        quote.extend_from_slice(first);
        quote.truncate(576 - ipv4::HEADER_LEN - icmpv4::HEADER_LEN);
        let message = Message::TimeExceeded {
            code: 1,
            quote: &quote,
        };
        let emit = |out: &mut Vec<u8>| message.emit(out);
        let cause = Cause::ReassemblyTimeExceeded;
        self.push_ip(expired.source, Protocol::ICMP, cause, emit);
    }

    /// Tells whoever sent the quoted packet. Only a quote that names ends of ours
    /// is believed (RFC 5927 §4.1); its sequence number is the connection's to judge.
    fn deliver_error(
        &mut self,
        frame: FrameId,
        quote: &[u8],
        error: IcmpError,
        reason: Option<Unreachable>,
    ) -> Result<(), DropReason> {
        let quote = Quote::parse(quote).map_err(|_| DropReason::Malformed)?;
        if self.interface().map(Interface::address) != Some(quote.source) {
            return Err(DropReason::IcmpNotOurs);
        }
        match quote.transport {
            QuotedTransport::Tcp(tcp::Start {
                src_port,
                dst_port,
                seq,
            }) => {
                let remote = SocketAddrV4::new(quote.destination, dst_port.0);
                let conn = self
                    .connections
                    .find(src_port, remote)
                    .ok_or(DropReason::IcmpNotOurs)?;
                let now = self.now;
                let observer = &mut self.observer;
                let narrow = self.connections.change(conn, |connection| {
                    connection.on_icmp_error(now, error, seq, frame, observer);
                    connection.narrow_path()
                });
                if let (Some(mtu), IcmpError::FragmentationNeeded { .. }) =
                    (narrow.flatten(), error)
                {
                    self.paths.learn(now, quote.destination, mtu);
                }
                Ok(())
            }
            QuotedTransport::Udp { src_port, dst_port } => {
                let remote = SocketAddrV4::new(quote.destination, dst_port.0);
                self.udp_error(src_port, remote, reason)
            }
            QuotedTransport::Other(_) => Err(DropReason::IcmpNotOurs),
        }
    }

    fn udp_error(
        &mut self,
        port: Port,
        remote: SocketAddrV4,
        reason: Option<Unreachable>,
    ) -> Result<(), DropReason> {
        match reason {
            Some(reason) if self.sockets.contains(port) => {
                self.push_minor_event(StackEvent::UdpUnreachable {
                    port,
                    remote,
                    reason,
                });
                Ok(())
            }
            _ => Err(DropReason::IcmpNotOurs),
        }
    }
}
