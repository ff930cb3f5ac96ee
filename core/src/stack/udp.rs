//! Datagrams in and out.

use super::receive::Carried;
use super::{Stack, StackEvent, UdpError};
use crate::ip::udp::{Datagram, Delivery};
use crate::time::Instant;
use crate::trace::{Cause, DropReason, Observer};
use crate::wire::checksum::Sum;
use crate::wire::icmpv4::Unreachable;
use crate::wire::{ChecksumStatus, Ipv4Addr, Port, Protocol, ipv4, udp};
use core::net::SocketAddrV4;

impl<O: Observer> Stack<O> {
    /// Makes a socket on `port`, or on a free one that strangers cannot guess
    /// (RFC 5452 §9.2 asks for that in DNS). The port is the socket's name.
    pub fn udp_bind(&mut self, port: Option<Port>) -> Result<Port, UdpError> {
        if !self.sockets.has_room() {
            return Err(UdpError::TooMany);
        }
        let port = match port {
            Some(port) if port.0 == 0 || self.sockets.contains(port) => {
                return Err(UdpError::InUse(port));
            }
            Some(port) => port,
            None => self.free_udp_port().ok_or(UdpError::TooMany)?,
        };
        self.sockets.open(port);
        Ok(port)
    }

    /// Queues a datagram. It goes out with [`Stack::poll_transmit`], once the next
    /// hop is known.
    pub fn udp_send_to(
        &mut self,
        now: Instant,
        port: Port,
        remote: SocketAddrV4,
        payload: &[u8],
    ) -> Result<(), UdpError> {
        self.advance(now);
        if !self.sockets.contains(port) {
            return Err(UdpError::NotBound(port));
        }
        let (interface, _) = match self.route(*remote.ip()) {
            None => return Err(UdpError::NoAddress),
            Some(Err(no_route)) => return Err(UdpError::NoRoute(no_route.0)),
            Some(Ok(route)) => route,
        };
        let max = usize::from(self.config.mtu) - ipv4::HEADER_LEN - udp::HEADER_LEN;
        if payload.len() > max {
            return Err(UdpError::TooLong { max });
        }
        let header = udp::Header {
            src_port: port,
            dst_port: Port(remote.port()),
        };
        let (us, them) = (interface.address(), *remote.ip());
        let emit = |out: &mut Vec<u8>| header.emit(us, them, payload, out);
        if self.push_ip(them, Protocol::UDP, Cause::Datagram, emit) {
            Ok(())
        } else {
            Err(UdpError::QueueFull)
        }
    }

    /// The next datagram that came in for a socket. Ask until there is none: the
    /// next [`StackEvent::UdpReadable`] comes only after that.
    pub fn udp_recv(&mut self, port: Port) -> Option<Datagram> {
        self.sockets.recv(port)
    }

    /// Forgets a socket and what waits in it.
    pub fn udp_close(&mut self, port: Port) {
        self.sockets.close(port);
    }

    pub(super) fn on_udp(&mut self, carried: &Carried<'_>) -> Result<(), DropReason> {
        let datagram = udp::Datagram::parse(carried.payload).map_err(|_| DropReason::Malformed)?;
        let (source, destination) = (carried.source, carried.destination);
        let pseudo = Sum::pseudo_v4(source, destination, Protocol::UDP, datagram.len());
        match datagram.checksum_status(pseudo) {
            ChecksumStatus::Ok | ChecksumStatus::Absent => {}
            _ => return Err(DropReason::BadChecksum),
        }
        let port = datagram.dst_port();
        let remote = SocketAddrV4::new(source, datagram.src_port().0);
        match self
            .sockets
            .deliver(port, remote, datagram.payload(), carried.frame)
        {
            Delivery::Queued { tell } => {
                if tell {
                    self.push_minor_event(StackEvent::UdpReadable { port });
                }
                Ok(())
            }
            Delivery::Full => Err(DropReason::QueueFull),
            Delivery::NoSocket => {
                // RFC 1122 §4.1.3.1: tell the sender that nobody has the port.
                self.unreachable(carried, Unreachable::Port, Cause::PortUnreachable)?;
                Err(DropReason::NoListener)
            }
        }
    }

    fn free_udp_port(&mut self) -> Option<Port> {
        let salt = self.random.next_u32();
        let sockets = &self.sockets;
        // RFC 6056 §3.3.1: a fresh random offset each time, for there is no destination yet.
        let [a, b, c, d] = salt.to_be_bytes();
        let remote = SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), 0);
        self.secrets
            .ephemeral_port(Ipv4Addr::UNSPECIFIED, remote, |port| {
                !sockets.contains(port)
            })
    }
}
