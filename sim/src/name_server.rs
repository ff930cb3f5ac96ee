//! A small name server on our own stack, over UDP and TCP.

use crate::host::TracedStack;
use core::net::Ipv4Addr;
use simple_dns::rdata::{A, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use std::collections::BTreeMap;
use synema_core::app::dns::DNS_PORT;
use synema_core::app::server::Service;
use synema_core::stack::{ListenError, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Record};
use synema_core::wire::Port;

/// RFC 1035 §4.2.1: longer answers are cut, and fetched over TCP.
const MAX_UDP_LEN: usize = 512;
/// Most aliases that are followed into one answer.
const MAX_ALIASES: usize = 8;
/// How long answers may be kept, seconds.
const TTL_SECS: u32 = 300;

/// What a name comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Addresses.
    Addrs(Vec<Ipv4Addr>),
    /// Another name.
    Alias(String),
    /// SERVFAIL.
    Failure,
    /// No answer at all.
    Silence,
}

/// A name server.
#[derive(Debug, Default)]
pub struct NameServer {
    zone: BTreeMap<String, Entry>,
    /// Bytes so far of queries over TCP.
    clients: BTreeMap<ConnId, Vec<u8>>,
}

impl NameServer {
    /// Says what a name comes to.
    #[must_use]
    pub fn with(mut self, name: &str, entry: Entry) -> Self {
        self.zone.insert(name.to_owned(), entry);
        self
    }

    /// Says that a name has this address.
    #[must_use]
    pub fn with_addr(self, name: &str, addr: Ipv4Addr) -> Self {
        self.with(name, Entry::Addrs(vec![addr]))
    }

    fn on_datagrams(&self, stack: &mut TracedStack, now: Instant) {
        let port = Port(DNS_PORT);
        while let Some(datagram) = stack.udp_recv(port) {
            if let Some(answer) = self.answer(&datagram.payload, Some(MAX_UDP_LEN)) {
                // A full queue loses datagrams, as it may: the client asks again.
                let _ = stack.udp_send_to(now, port, datagram.remote, &answer);
            }
        }
    }

    fn on_tcp(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId) {
        let Some(bytes) = self.clients.get_mut(&conn) else {
            return;
        };
        let mut buf = [0; 1024];
        loop {
            let len = stack.recv(now, conn, &mut buf);
            if len == 0 || bytes.len() > usize::from(u16::MAX) {
                break;
            }
            bytes.extend_from_slice(&buf[..len]);
        }
        let [high, low, message @ ..] = bytes.as_slice() else {
            return;
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(query) = message.get(..len).map(<[u8]>::to_vec) else {
            return;
        };
        bytes.clear();
        if let Some(answer) = self.answer(&query, None) {
            let len = u16::try_from(answer.len()).unwrap_or(u16::MAX);
            stack.send(now, conn, &len.to_be_bytes());
            stack.send(now, conn, &answer);
        }
    }

    /// The answer to a query, cut to its header if it is longer than `max_len`.
    fn answer(&self, query: &[u8], max_len: Option<usize>) -> Option<Vec<u8>> {
        let packet = Packet::parse(query).ok()?;
        let question = packet.questions.first()?.clone();
        let mut name = question.qname.to_string().to_ascii_lowercase();
        let mut reply = packet.into_reply();
        reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
        for _ in 0..MAX_ALIASES {
            match self.zone.get(&name) {
                Some(Entry::Silence) => return None,
                Some(Entry::Failure) => *reply.rcode_mut() = RCODE::ServerFailure,
                None => *reply.rcode_mut() = RCODE::NameError,
                Some(Entry::Addrs(addrs)) => {
                    for addr in addrs {
                        push(&mut reply, &name, RData::A(A::from(*addr)));
                    }
                }
                Some(Entry::Alias(target)) => {
                    let alias = Name::new(target).ok()?.into_owned();
                    push(&mut reply, &name, RData::CNAME(CNAME(alias)));
                    name.clone_from(target);
                    continue;
                }
            }
            break;
        }
        let bytes = reply.build_bytes_vec_compressed().ok()?;
        if max_len.is_none_or(|max| bytes.len() <= max) {
            return Some(bytes);
        }
        reply.answers.clear();
        reply.set_flags(PacketFlag::TRUNCATION);
        reply.build_bytes_vec_compressed().ok()
    }
}

fn push(reply: &mut Packet<'_>, name: &str, rdata: RData<'static>) {
    if let Ok(name) = Name::new(name) {
        let record = ResourceRecord::new(name.into_owned(), CLASS::IN, TTL_SECS, rdata);
        reply.answers.push(record);
    }
}

impl Service<Vec<Record>> for NameServer {
    fn start(&mut self, stack: &mut TracedStack) -> Result<(), ListenError> {
        // Only a port that is taken is refused, and this host has no others.
        let _ = stack.udp_bind(Some(Port(DNS_PORT)));
        stack.listen(Port(DNS_PORT), &Policy::rfc())
    }

    fn on_event(&mut self, stack: &mut TracedStack, now: Instant, event: StackEvent) {
        match event {
            StackEvent::UdpReadable { .. } => self.on_datagrams(stack, now),
            StackEvent::Acceptable { port } => {
                while let Some((conn, _)) = stack.accept(port) {
                    self.clients.insert(conn, Vec::new());
                    self.on_tcp(stack, now, conn);
                }
            }
            StackEvent::Connection { conn, event } => match event {
                ConnectionEvent::Readable => self.on_tcp(stack, now, conn),
                ConnectionEvent::PeerClosed => stack.shutdown(now, conn),
                ConnectionEvent::Closed(_) => {
                    self.clients.remove(&conn);
                }
                ConnectionEvent::Connected
                | ConnectionEvent::Writable
                | ConnectionEvent::Urgent
                | ConnectionEvent::Stalled => {}
            },
            StackEvent::AddressGranted { .. }
            | StackEvent::AddressInUse { .. }
            | StackEvent::AddressLost { .. }
            | StackEvent::NoNeighbour { .. }
            | StackEvent::UdpUnreachable { .. } => {}
        }
    }
}
