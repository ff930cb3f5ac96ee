//! smoltcp as a host, with nothing that could hold it up: no Nagle, no congestion control, no limit on
//! bursts, ACKs as soon as it wants to send them, frames written and read in place.

use crate::host::{Call, Host, Setting};
use crate::memory::Pipe;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use std::time::Duration;

/// An IP packet of 1500 bytes behind an Ethernet header.
const FRAME_LEN: usize = 1514;

/// smoltcp's interface, and one socket.
pub(crate) struct Theirs {
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
}

impl Host for Theirs {
    fn new(setting: &Setting) -> Self {
        let start = Instant::ZERO;
        let mut config = Config::new(EthernetAddress(setting.mac).into());
        config.random_seed = u64::from(setting.mac[5]);
        let (mut incoming, mut outgoing) = (Pipe::default(), Pipe::default());
        let mut wire = Wire {
            incoming: &mut incoming,
            outgoing: &mut outgoing,
        };
        let mut interface = Interface::new(config, &mut wire, start);
        interface.update_ip_addrs(|addresses| {
            let own = IpCidr::new(IpAddress::Ipv4(setting.address), 24);
            addresses.push(own).expect("room for one");
        });
        if let Some(gateway) = setting.gateway {
            let added = interface.routes_mut().add_default_ipv4_route(gateway);
            added.expect("room for one");
        }
        let buffer = || SocketBuffer::new(vec![0; setting.buffer_len]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        match setting.call {
            Call::To(server) => {
                let remote = (IpAddress::Ipv4(*server.ip()), server.port());
                socket
                    .connect(interface.context(), remote, 49152)
                    .expect("there is a way");
            }
            Call::From(port) => socket.listen(port).expect("nobody listens"),
        }
        let mut sockets = SocketSet::new(Vec::new());
        let socket = sockets.add(socket);
        Self {
            interface,
            sockets,
            socket,
        }
    }

    fn write(&mut self, _now: Duration, bytes: &[u8]) -> usize {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.socket);
        if !socket.can_send() {
            return 0;
        }
        socket.send_slice(bytes).expect("it may send")
    }

    fn read(&mut self, _now: Duration, see: &mut dyn FnMut(&[u8])) -> usize {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.socket);
        if !socket.can_recv() {
            return 0;
        }
        let read = socket.recv(|bytes| {
            see(bytes);
            (bytes.len(), bytes.len())
        });
        read.expect("it may receive")
    }

    fn run(&mut self, now: Duration, incoming: &mut Pipe, outgoing: &mut Pipe) {
        let now = Instant::from_micros(now.as_micros() as i64);
        let mut wire = Wire { incoming, outgoing };
        self.interface.poll(now, &mut wire, &mut self.sockets);
    }

    fn idle(&mut self, now: Duration) -> Option<Duration> {
        let now = Instant::from_micros(now.as_micros() as i64);
        let delay = self.interface.poll_delay(now, &self.sockets)?;
        Some(Duration::from_micros(delay.total_micros()))
    }
}

/// Both directions, as smoltcp sees them.
struct Wire<'a> {
    incoming: &'a mut Pipe,
    outgoing: &'a mut Pipe,
}

struct Arrived<'a> {
    frame: Vec<u8>,
    pipe: &'a mut Pipe,
}

struct Leaving<'a>(&'a mut Pipe);

impl Device for Wire<'_> {
    type RxToken<'b>
        = Arrived<'b>
    where
        Self: 'b;
    type TxToken<'b>
        = Leaving<'b>
    where
        Self: 'b;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived<'_>, Leaving<'_>)> {
        let frame = self.incoming.pop()?;
        let pipe = &mut *self.incoming;
        Some((Arrived { frame, pipe }, Leaving(self.outgoing)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(self.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LEN;
        capabilities
    }
}

impl RxToken for Arrived<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let result = read(&self.frame);
        self.pipe.give_back(self.frame);
        result
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = self.0.buffer();
        frame.resize(len, 0);
        let result = write(&mut frame);
        self.0.push(frame);
        result
    }
}
